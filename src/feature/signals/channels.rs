//! The names of channels: keyed hashes, so that who reads what an engine is told learns of nobody, and who guesses hears nothing.

use crate::base::token;
use crate::feature::{House, Priority};

/// What the key is derived for by which they are hashed.
const HASHED: &str = "channels";
/// The characters of a name that are a hash: 128 bits.
const CHARACTERS: usize = 32;

/// Who is told of something.
#[derive(Debug, Clone, Copy)]
pub enum Channel<'c> {
    /// A user, on each of their devices.
    User(i64),
    /// A user, of what their own devices do.
    Own {
        /// The user.
        user: i64,
        /// Which part of that.
        part: Part<'c>,
    },
    /// A session.
    Session(&'c str),
    /// A device, by the author that it is.
    Device(i64),
    /// Who is in a tenant: whoever left is in another one's channel then.
    Tenant {
        /// The tenant.
        tenant: i64,
        /// Who is in it, as [`membership`](super::store::membership) has it.
        membership: &'c str,
        /// Which part of what happens there.
        part: Part<'c>,
    },
}

/// A part of what happens in a tenant, or of what a user's devices do there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part<'p> {
    /// All of it, of this urgency and more.
    Whole(Priority),
    /// A kind of the feed, of this urgency and more.
    Kind(&'p str, Priority),
    /// Messages to everybody.
    Messages,
    /// Messages to everybody on which somebody must act.
    Critical,
    /// All of it, rarely.
    Slow,
}

impl Part<'_> {
    fn words(&self) -> [&str; 2] {
        match self {
            Part::Whole(priority) => ["whole", priority.word()],
            Part::Kind(kind, priority) => [kind, priority.word()],
            Part::Messages => ["messages", ""],
            Part::Critical => ["critical", ""],
            Part::Slow => ["slow", ""],
        }
    }
}

impl House {
    /// The name of a channel.
    pub fn channel(&self, channel: Channel<'_>) -> String {
        let key = self.derive(HASHED);
        let number = |number: i64| number.to_string();
        let (prefix, mut hash) = match channel {
            Channel::User(user) => ("u", token::keyed(&key, &[b"user", number(user).as_bytes()])),
            Channel::Own { user, part } => {
                let [what, more] = part.words();
                ("u", token::keyed(&key, &["own", &number(user), what, more].map(str::as_bytes)))
            }
            Channel::Session(session) => ("s", token::keyed(&key, &[b"session", session.as_bytes()])),
            Channel::Device(author) => ("d", token::keyed(&key, &[b"device", number(author).as_bytes()])),
            Channel::Tenant { tenant, membership, part } => {
                let [what, more] = part.words();
                let tenant = number(tenant);
                let parts = ["tenant", &tenant, membership, what, more].map(str::as_bytes);
                ("t", token::keyed(&key, &parts))
            }
        };
        hash.truncate(CHARACTERS);
        format!("{prefix}-{hash}")
    }
}
