//! What those who hold a socket or a stream are told of, as it happens: noted in the transaction that makes it, published once that is
//! committed and answered. It is a hint and may be lost, late or doubled; the cursor of polls is the truth.
//!
//! | file | what |
//! |---|---|
//! | `channels.rs` | the names of channels, which tell nothing |
//! | `items.rs` | what is published, on which of them |
//! | `closing.rs` | connections that are to end, until they have |
//! | `publish.rs` | handing it to the engine in front, which passes it on |
//! | `owed.rs` | what was held back, so that no channel is told of more than one write in a second |
//! | `store.rs` | who is in a tenant |

mod channels;
pub mod closing;
mod items;
pub mod owed;
mod publish;
pub mod store;

pub use channels::{Channel, Part};
pub use items::{Update, changes, event, own, slow};
pub use publish::{Published, note_slow, publish, publish_now, rest, try_out};

/// The name under which it is noted that a device holds a socket, by the author that it is.
pub const SOCKET: &str = "socket of";

use super::{Ctx, Priority, version};
use crate::base::error::Result;
use crate::base::time::Timestamp;
use crate::db::Db;
use crate::feature::store::NOBODY;
use serde_json::Value;
use std::cmp::Reverse;

/// Something that somebody is told of.
#[derive(Debug, Clone)]
pub enum Signal {
    /// Objects of the feed moved.
    Changed(Changed),
    /// A message to devices was stored.
    Sent(Sent),
    /// Connections end.
    End(Whose, End),
}

impl Signal {
    /// Whose connections end by it, and why.
    fn ended(&self) -> Option<(Whose, End)> {
        if let Signal::End(whose, end) = self { Some((whose.clone(), *end)) } else { None }
    }
}

/// Whose connections end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whose {
    /// A user's, on each of their devices.
    User(i64),
    /// A session's.
    Session(String),
    /// Those that hear of a tenant as it was while these were in it.
    Members {
        /// The tenant.
        tenant: i64,
        /// Who was in it, as [`store::membership`] has it.
        membership: String,
    },
}

/// Why they do, as the code of a socket's close says (RFC 6455 §7.4). A stream only ends: its client comes back, or is refused.
/// Of several reasons the last of these counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    /// Others joined or left: it comes back, and hears the channel of those who are there now.
    Again,
    /// Its user is not any more in the couple or team that it heard of.
    Elsewhere,
    /// The session has ended.
    SignedOut,
}

impl End {
    /// The code.
    pub const fn code(self) -> u16 {
        match self {
            End::SignedOut => 4401,
            End::Elsewhere => 4403,
            End::Again => 1012,
        }
    }
}

/// Objects of a kind that moved in one transaction: the first of them, and how many.
#[derive(Debug, Clone)]
pub struct Changed {
    /// The tenant.
    pub tenant: i64,
    /// Who is in it, as [`store::membership`] has it.
    pub membership: String,
    /// The kind.
    pub kind: &'static str,
    /// The first one's id.
    pub id: String,
    /// What was done to it: `create`, `update` or `delete`.
    pub operation: &'static str,
    /// How many there are.
    pub count: u32,
    /// The most urgent of them.
    pub priority: Priority,
    /// The last one's stamp.
    pub stamp: Timestamp,
    /// Who did it, as [`Ctx::author`] has it.
    pub author: i64,
    /// The user who did it, and on which device; nobody where only the author is known.
    pub by: Option<(i64, String)>,
}

/// A message to devices.
#[derive(Debug, Clone)]
pub struct Sent {
    /// The tenant.
    pub tenant: i64,
    /// Who is in it, as [`store::membership`] has it.
    pub membership: String,
    /// The user whom it is for; 0 is every member.
    pub user: i64,
    /// The author that their device is; 0 is each of their devices.
    pub device: i64,
    /// Who sent it, and is not told of it.
    pub author: i64,
    /// How urgent it is.
    pub priority: Priority,
    /// When it was made.
    pub stamp: Timestamp,
    /// What it is about.
    pub type_name: String,
    /// Its id.
    pub id: String,
    /// Ids and states.
    pub data: Value,
}

/// What the transactions of a request have for others.
#[derive(Debug, Default)]
pub struct Signals {
    pending: Vec<Signal>,
    committed: Vec<Signal>,
}

impl Signals {
    /// Another transaction begins.
    pub(super) fn begin(&mut self) {
        self.pending.clear();
    }

    /// The transaction is about to be committed: who is in its tenants is read in it, and which connections end is noted.
    pub(super) fn complete(&mut self, db: &mut Db, now: Timestamp) -> Result<()> {
        let mut known: Vec<(i64, String)> = Vec::new();
        for signal in &mut self.pending {
            let (tenant, into) = match signal {
                Signal::Changed(changed) => (changed.tenant, &mut changed.membership),
                Signal::Sent(sent) => (sent.tenant, &mut sent.membership),
                Signal::End(whose, end) => {
                    closing::owe(db, whose, *end, now)?;
                    continue;
                }
            };
            if !known.iter().any(|(known, _)| *known == tenant) {
                known.push((tenant, store::membership(db, tenant)?));
            }
            *into = known.iter().find(|(known, _)| *known == tenant).map_or_else(String::new, |(_, members)| members.clone());
        }
        Ok(())
    }

    /// The transaction is committed.
    pub(super) fn commit(&mut self) {
        self.committed.append(&mut self.pending);
    }

    /// What another request has for others, too.
    pub(super) fn join(&mut self, other: Signals) {
        self.committed.extend(other.committed);
    }

    /// What was committed; first whose connections end, the gravest first: who left hears that before all others come back.
    pub fn committed(mut self) -> Vec<Signal> {
        self.committed.sort_by_key(|signal| Reverse(if let Signal::End(_, end) = signal { Some(*end) } else { None }));
        self.committed
    }

    fn note(&mut self, changed: Changed) {
        let same =
            |signal: &&mut Signal| matches!(signal, Signal::Changed(c) if (c.tenant, c.kind) == (changed.tenant, changed.kind));
        match self.pending.iter_mut().find(same) {
            Some(Signal::Changed(before)) => before.and(&changed),
            _ => self.pending.push(Signal::Changed(changed)),
        }
    }
}

impl Changed {
    /// The same with one more.
    pub fn and(&mut self, more: &Changed) {
        self.count += more.count;
        self.priority = self.priority.max(more.priority);
        self.stamp = self.stamp.max(more.stamp);
        if self.author != more.author {
            (self.author, self.by) = (NOBODY, None);
        }
    }
}

/// An object that moves.
#[derive(Debug, Clone, Copy)]
pub struct Moving<'m> {
    /// Its kind.
    pub kind: &'static str,
    /// Its id.
    pub id: &'m str,
    /// Its version, where it has any.
    pub version: Option<i64>,
    /// Is it a deletion?
    pub deleted: bool,
}

impl Moving<'_> {
    /// What is done to it.
    pub const fn operation(&self) -> &'static str {
        match (self.deleted, self.version) {
            (true, _) => "delete",
            (false, Some(version)) if version::is_first(version) => "create",
            (false, _) => "update",
        }
    }
}

impl Ctx<'_> {
    /// Does anybody hold sockets and streams in this site's place?
    pub fn has_engine(&self) -> bool {
        self.house.settings.grip.engine().is_some()
    }

    /// Whoever holds a socket in a tenant is told of an object that moved, once this transaction is committed.
    pub(in crate::feature) fn signal(&mut self, tenant: i64, moving: Moving<'_>, priority: Priority) {
        if !self.has_engine() {
            return;
        }
        let Some(stamp) = self.stamps.iter().find(|advanced| advanced.tenant == tenant).map(|advanced| advanced.stamp) else {
            return;
        };
        let author = self.author();
        let by = self.admitted().map(|caller| (caller.user, caller.device.clone()));
        let Moving { kind, id, .. } = moving;
        let (id, operation, membership) = (id.to_owned(), moving.operation(), String::new());
        self.signals.note(Changed { tenant, membership, kind, id, operation, count: 1, priority, stamp, author, by });
    }

    /// The object that moved last is told to whoever sent it, too.
    pub(in crate::feature) fn signal_all(&mut self, kind: &str) {
        for signal in &mut self.signals.pending {
            if let Signal::Changed(changed) = signal
                && changed.kind == kind
            {
                (changed.author, changed.by) = (NOBODY, None);
            }
        }
    }

    /// Whom a message is for is told of it, once this transaction is committed.
    pub fn signal_sent(&mut self, sent: Sent) {
        if self.has_engine() {
            self.signals.pending.push(Signal::Sent(sent));
        }
    }

    /// Connections end once this transaction is committed; of several reasons the gravest counts.
    pub fn signal_end(&mut self, whose: Whose, end: End) {
        if !self.has_engine() {
            return;
        }
        let known = self.signals.pending.iter_mut().find_map(|signal| match signal {
            Signal::End(known, why) if *known == whose => Some(why),
            _ => None,
        });
        match known {
            Some(why) => *why = end.max(*why),
            None => self.signals.pending.push(Signal::End(whose, end)),
        }
    }

    /// Do connections end with this transaction? When the courier is to see to it, should this process be killed before it has.
    pub fn closing(&self) -> Option<Timestamp> {
        let ends = self.signals.pending.iter().any(|signal| matches!(signal, Signal::End(..)));
        ends.then(|| closing::due(self.now))
    }
}
