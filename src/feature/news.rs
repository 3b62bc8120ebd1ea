//! What nouns and guards tell each other: who tells does not know who hears.
//!
//! News is told inside the transaction that made it, and heard there before that ends: what hearers write is committed or
//! undone with it. What must happen, a noun does itself; news is for what others make of it. What the operator does from the
//! shell is told, too, in a context in which nobody is admitted (`cli::site::telling`): who hears of it must not ask for the caller.

use crate::base::time::Timestamp;
use std::cell::Cell;
use std::time::Duration;

/// The longest name of a device, in characters.
pub const MAX_DEVICE: usize = 255;

/// Something that has just happened, and is about to be committed.
#[derive(Debug, Clone, Copy)]
pub enum News<'n> {
    /// The caller signed in.
    SignedIn {
        /// The user.
        user: i64,
        /// The new session.
        session: &'n str,
        /// The device that it is on; empty where it is on none.
        device: &'n str,
        /// Are there other sessions of theirs?
        others: bool,
    },
    /// A session of a user was ended from elsewhere, and somebody is signed in as them who did not do it.
    SessionEnded {
        /// The user.
        user: i64,
    },
    /// Sessions of a user have ended, whoever ended them; other news tell of some of them, too.
    SignedOut {
        /// The user.
        user: i64,
    },
    /// A user has another password: of their sessions at most the one that changed it goes on.
    PasswordChanged {
        /// The user.
        user: i64,
    },
    /// The caller changed what others see of their account.
    AccountChanged {
        /// The user.
        user: i64,
    },
    /// The caller's account is about to end, and their name with it: whoever holds something of theirs lets go of it, or moves
    /// what shows that name, in every tenant that they ever wrote in.
    AccountEnding {
        /// The user.
        user: i64,
    },
    /// Another user is about to take a seat in the tenant that is being written, or one of its members to leave.
    Regrouping {
        /// The tenant.
        tenant: i64,
    },
    /// A user took a seat in the tenant that is being written.
    Joined {
        /// The tenant.
        tenant: i64,
        /// The user.
        user: i64,
    },
    /// A user left the tenant that is being written, or was removed; a couple that nobody is left in is gone.
    Left {
        /// The tenant.
        tenant: i64,
        /// The user.
        user: i64,
    },
    /// A user gives up what they may claim of a couple that they are in no more: what is theirs alone there is erased. Whoever hears
    /// it looks for what they hold of it first: with the last claim the couple itself is gone.
    ArchiveEnding {
        /// The couple.
        tenant: i64,
        /// The user.
        user: i64,
    },
    /// The caller's device sent something, and it was written.
    Uploaded(Uploaded<'n>),
    /// An edit of a record that was there already has landed.
    Landed(&'n Landed<'n>),
    /// An upload that was sent again is given its answer of then.
    Replayed {
        /// That answer, as JSON.
        answer: &'n [u8],
    },
    /// An object of the tenant that is being written is deleted: what others keep of it goes with it.
    Buried {
        /// Its list in the feed.
        kind: &'static str,
        /// Its id.
        id: &'n str,
    },
    /// Edits of an upload of the caller's met newer versions.
    Clashed(&'n [Clashed]),
    /// The caller said how conflicts of a domain are settled in the tenant that is being written.
    PolicySet {
        /// The domain's list in the feed.
        list: &'static str,
    },
    /// The caller settled a conflict.
    Resolved {
        /// The conflict.
        conflict: &'n str,
    },
}

/// An edit that met a newer version.
#[derive(Debug, Clone)]
pub struct Clashed {
    /// The conflict.
    pub conflict: String,
    /// The domain of what was edited.
    pub domain: &'static str,
    /// Its id.
    pub id: String,
    /// Must somebody choose?
    pub waits: bool,
    /// Does the tenant want to be told of conflicts?
    pub notify: bool,
    /// Who wrote the version that it met, where that is known.
    pub against: Option<i64>,
}

/// What an upload came to.
#[derive(Debug, Clone, Copy)]
pub struct Uploaded<'n> {
    /// What the device calls itself: at most [`MAX_DEVICE`] characters.
    pub device: &'n str,
    /// The operation.
    pub operation: &'static str,
    /// The records that were taken, and the objects of nouns: their lists in the feed, and their ids.
    pub landed: &'n [(&'static str, String)],
    /// Items that were sent.
    pub items: i64,
    /// Items that were taken.
    pub synced: i64,
    /// Conflicts that were met.
    pub conflicts: i64,
    /// Bytes of the items as JSON.
    pub bytes: i64,
    /// How long it took.
    pub took: Duration,
}

/// An edit of a record that was there already, and where it landed.
#[derive(Debug, Clone, Copy)]
pub struct Landed<'n> {
    /// The record's domain.
    pub domain: &'static str,
    /// The record.
    pub record: &'n str,
    /// What its device calls itself; empty where no device is known.
    pub device: &'n str,
    /// Where it is remembered, if it is.
    pub key: EditKey,
    /// Where the one before it of this record is.
    pub earlier: EditKey,
    /// Set by whoever remembers it.
    pub remembered: &'n Cell<bool>,
    /// The version that the device had seen; 0 is none.
    pub base: i64,
    /// The record before the edit.
    pub before: Before,
    /// The version that the edit made; 0 where it made none.
    pub version: i64,
    /// The fields that are not any more what they were.
    pub fields: &'n [&'n str],
    /// When it was made, by its device's clock.
    pub edited_at: Timestamp,
    /// How far its session had polled the record's list.
    pub cursor: Option<Timestamp>,
    /// What it came to.
    pub outcome: Outcome,
}

/// Where an edit is remembered. The default is nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EditKey {
    /// When it landed.
    pub stamp: Timestamp,
    /// Its number among those of its transaction.
    pub place: i64,
}

/// A record before an edit.
#[derive(Debug, Clone, Copy)]
pub struct Before {
    /// Its version.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// The stamp of its last change.
    pub stamp: Timestamp,
}

/// What an edit came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is the next version.
    Written,
    /// It was laid over a newer version that changed other fields.
    Merged,
    /// It changed what a newer version had changed, too.
    Conflict,
    /// The record was that already.
    Unchanged,
}

impl Outcome {
    /// Every outcome with its word in the store.
    pub const ALL: [(Outcome, &str); 4] = [
        (Outcome::Written, "written"),
        (Outcome::Merged, "merged"),
        (Outcome::Conflict, "conflict"),
        (Outcome::Unchanged, "unchanged"),
    ];
}
