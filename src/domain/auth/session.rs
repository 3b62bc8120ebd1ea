//! Refresh tokens: rotation with reuse detection, and mercy for clients that keep their first token.
//!
//! The refresh tokens of a session are numbered. `generation` is the newest that the client has shown to hold:
//!
//! | the client sends | what it shows | what happens |
//! |---|---|---|
//! | generation + 1 | it holds a successor | that becomes the generation; the one before is retired |
//! | generation, that very token | it kept its token, or the answer was lost | the same successor within 60 s, else a newer one |
//! | generation, another of that number | two took turns at the token before | the session ends |
//! | the one before, within 60 s | two of its requests crossed | the same successor again |
//! | anything older | a token was stolen | the session ends |
//!
//! Tokens of one number differ by the instant of their issue. Whoever shares a token with a thief is given another successor
//! than the thief, at another time: the first of the two that is used is the session's, and the other one gives them away.
//!
//! What is promised: a client that takes each new token shares its session with nobody for longer than two of its refreshes,
//! except with who asks within 60 s of each of them and so is given the same bytes. What is not: of a client that keeps one
//! token for ever, a thief who does the same cannot be told.

use super::rules::User;
use crate::base::time::{MINUTE, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;

/// How long the same question gets the same successor.
pub const GRACE: i64 = MINUTE;

/// What signing in answers.
#[derive(Serialize, JsonSchema)]
pub struct SignedIn<'a> {
    /// The account.
    pub user: &'a User,
    /// The token that requests carry.
    pub access: String,
    /// The token that gets new tokens.
    pub refresh: String,
}

/// What a refresh token is exchanged for.
#[derive(Serialize, JsonSchema)]
pub struct Tokens {
    /// The token that requests carry.
    pub access: String,
    /// The token that gets the next ones.
    pub refresh: String,
}

/// Where a session's refresh tokens stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotation {
    /// The newest token that the client has shown to hold.
    pub generation: i64,
    /// When that very token was issued.
    pub generation_at: Timestamp,
    /// When the client first showed it.
    pub rotated_at: Timestamp,
    /// When the successor was last issued.
    pub successor_at: Timestamp,
}

/// What a refresh token leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Issue the token of this number as of this instant; the session stands as given.
    Issue(i64, Timestamp, Rotation),
    /// End the session.
    Reused,
}

impl Rotation {
    /// A session whose first token, number 0, is issued now.
    pub fn start(now: Timestamp) -> Rotation {
        Rotation { generation: 0, generation_at: now, rotated_at: now, successor_at: Timestamp(0) }
    }

    /// What the token of this number, issued at this instant, leads to.
    pub fn present(self, number: i64, issued: Timestamp, now: Timestamp) -> Next {
        if number == self.generation + 1 {
            let turned = Rotation { generation: number, generation_at: issued, rotated_at: now, successor_at: now };
            return Next::Issue(number + 1, now, turned);
        }
        if number == self.generation && issued == self.generation_at {
            let at = if recent(self.successor_at, now) { self.successor_at } else { now };
            return Next::Issue(number + 1, at, Rotation { successor_at: at, ..self });
        }
        if number == self.generation - 1 && recent(self.rotated_at, now) {
            return Next::Issue(self.generation, self.generation_at, self);
        }
        Next::Reused
    }
}

fn recent(at: Timestamp, now: Timestamp) -> bool {
    now.0.abs_diff(at.0) < GRACE.unsigned_abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp(1_000_000_000 + seconds * 1000)
    }

    fn issue(next: Next) -> (i64, Timestamp, Rotation) {
        match next {
            Next::Issue(number, when, rotation) => (number, when, rotation),
            Next::Reused => panic!("reused"),
        }
    }

    #[test]
    fn a_client_that_keeps_its_first_token_is_served_for_ever() {
        let mut session = Rotation::start(at(0));
        for minute in 1..100 {
            session = issue(session.present(0, at(0), at(minute * 600))).2;
        }
        assert_eq!(session.generation, 0);
    }

    #[test]
    fn a_lost_answer_gets_the_same_successor() {
        let (number, when, session) = issue(Rotation::start(at(0)).present(0, at(0), at(100)));
        assert_eq!((number, when), (1, at(100)));
        assert_eq!(issue(session.present(0, at(0), at(130))), (1, at(100), session));
        assert_eq!(issue(session.present(0, at(0), at(170))).1, at(170));
    }

    #[test]
    fn a_used_successor_retires_its_predecessor() {
        let session = issue(Rotation::start(at(0)).present(0, at(0), at(100))).2;
        let (number, _, session) = issue(session.present(1, at(100), at(200)));
        assert_eq!(number, 2);
        assert_eq!(issue(session.present(0, at(0), at(230))), (1, at(100), session), "requests that crossed");
        assert_eq!(session.present(0, at(0), at(261)), Next::Reused);
        assert_eq!(session.present(3, at(200), at(201)), Next::Reused);
        assert_eq!(session.present(-1, at(0), at(201)), Next::Reused);
    }

    #[test]
    fn two_that_take_turns_are_found_out_whoever_is_first() {
        for thief_first in [true, false] {
            // Both hold the first token, and each asks an hour after the other.
            let (_, one, session) = issue(Rotation::start(at(0)).present(0, at(0), at(3_600)));
            let (_, other, session) = issue(session.present(0, at(0), at(7_200)));
            let (first, second) = if thief_first { (other, one) } else { (one, other) };
            let (number, next, session) = issue(session.present(1, first, at(10_800)));
            assert_eq!(session.present(1, second, at(14_400)), Next::Reused);
            // Who was first goes on until then, also by the very same token.
            assert_eq!(issue(session.present(1, first, at(14_400))).0, number);
            assert_eq!(issue(session.present(number, next, at(14_400))).0, number + 1);
        }
    }

    proptest::proptest! {
        /// Clients that are alone: each keeps a token for so many refreshes before it takes a new one, whatever the time between.
        #[test]
        fn a_client_that_is_alone_is_served_for_ever(
            steps in proptest::collection::vec((1_i64..100_000, proptest::prelude::any::<bool>()), 1..60),
        ) {
            let (mut session, mut held, mut now) = (Rotation::start(at(0)), (0, at(0)), at(0));
            for (wait, takes) in steps {
                now = now.plus(wait);
                let (number, when, next) = issue(session.present(held.0, held.1, now));
                session = next;
                if takes {
                    held = (number, when);
                }
            }
        }
    }
}
