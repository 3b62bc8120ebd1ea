//! Outcomes and errors.
//!
//! A [`Refusal`] is an outcome: the caller asked for something the rules do not allow. Everything
//! else in [`Error`] is what the protocol does not foresee. `http::problem` alone turns either
//! into a status.

use super::text::{Message, Text};
use super::time::SECOND;
use serde_json::{Map, Value};
use std::fmt;

/// What any fallible function of the product returns.
pub type Result<T> = std::result::Result<T, Error>;

/// Why something did not happen.
#[derive(Debug)]
pub enum Error {
    /// The rules refuse; the answer tells the caller why.
    Refused(Box<Refusal>),
    /// The database did not do it.
    Db(DbError),
    /// The configuration, the data folder or the schema is not ready; the text says what the operator can do next.
    NotReady(String),
    /// A defect, or a part of the machine that failed. The text is for the log, never for the caller.
    Internal(String),
}

/// What went wrong in the database, by what can be done about it.
#[derive(Debug, Clone)]
pub struct DbError {
    /// What kind of failure it was.
    pub kind: DbFault,
    /// The driver's words, for the log.
    pub text: String,
}

/// The kinds of database failure that the product tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DbFault {
    /// Another process held the lock for longer than the busy time-out.
    Busy,
    /// A UNIQUE or PRIMARY KEY constraint refused the row.
    Duplicate,
    /// The disk or the quota is full.
    Full,
    /// The file or folder cannot be written.
    ReadOnly,
    /// The file cannot be opened, or has vanished.
    Missing,
    /// No server answers, or none lets this account in.
    Unreachable,
    /// The file is damaged or is no database.
    Corrupt,
    /// The engine chose this transaction to give way; the request may be run again.
    Retry,
    /// The server takes no statement as large as this one; nothing of it was sent.
    TooLarge,
    /// Anything else.
    Other,
}

/// What can be done about a failure of the database.
#[derive(Debug, Clone, Copy)]
pub struct Advice {
    /// For the log, behind the driver's words; empty where the request's answer says all.
    pub log: &'static str,
    /// For the operator who has just asked for something: what is wrong and what to do, in a sentence.
    pub operator: &'static str,
}

impl DbFault {
    /// The one table of advice.
    pub fn advice(self) -> Advice {
        let (log, operator) = match self {
            DbFault::Busy => (
                "if this goes on, look for a process that keeps the database locked",
                "The database is busy: try again in a minute.",
            ),
            DbFault::Retry => ("", "The database is busy: try again in a minute."),
            DbFault::Full => (
                "free some space or raise the quota; if there is room, ask the host whether the disk fails. Nothing of the request was saved",
                "The disk or the quota is full: make room, then try again.",
            ),
            DbFault::ReadOnly => (
                "let the account write: to the data folder and every file in it, or to the database server",
                "The database cannot be written: run this as the account that owns the data folder.",
            ),
            DbFault::Missing => (
                "see that the data folder is there and that the account may write to it",
                "The database cannot be opened: `tandem doctor` says what is missing.",
            ),
            DbFault::Unreachable => (
                "see that the database server runs and that database_url is right",
                "The database server cannot be reached: see that it runs and that database_url is right.",
            ),
            DbFault::Corrupt => (
                "restore the newest backup; the file was left as it is",
                "The database is damaged: stop using it and restore a backup.",
            ),
            DbFault::TooLarge => (
                "ask the host to raise max_allowed_packet to 16777216, its usual; until then, uploads of fewer items pass",
                "The database takes no statement as large as this one: ask the host to raise max_allowed_packet.",
            ),
            DbFault::Duplicate | DbFault::Other => ("", "The database did not do it: `tandem doctor` may say why."),
        };
        Advice { log, operator }
    }
}

/// A refusal's kind. Storage and rules name these, never an HTTP status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The input breaks a rule.
    Invalid,
    /// The caller is not signed in, or the token is not good; the string is the machine-readable code.
    Unauthenticated(&'static str),
    /// No such version of the API; in the path it is as good as a path that does not exist.
    UnknownVersion {
        /// Did the path name it?
        in_path: bool,
    },
    /// An upload must say how it is told from others.
    KeyRequired,
    /// It was there, and its last day is over.
    Sunset,
    /// The client's app is too old.
    ClientTooOld,
    /// The caller may not do this.
    Forbidden,
    /// There is no such object, or it belongs to another tenant.
    NotFound,
    /// The path is there, the method is not.
    Method,
    /// `If-Match` failed.
    Stale,
    /// Something is there that the request would replace or erase without saying which.
    Unnamed,
    /// The id that the caller chose is another object's.
    IdTaken,
    /// There is one already where there may be but one, such as a day's check-in.
    Exists,
    /// There was such an object, and it was deleted.
    Deleted,
    /// The body is larger than the limit.
    TooLarge,
    /// The answer would be: in parts it is to be had.
    AnswerTooLarge,
    /// Too many conflicts of the record wait for somebody: once one is settled, the same edit is taken.
    OpenConflicts,
    /// There is no room for more; the number is the seconds until it is worth trying again.
    NoRoom(u32),
    /// The body took too long to arrive; the number is how many items an upload had better send at once.
    TooSlow(Option<u32>),
    /// The body is of a type that is not read.
    MediaType,
    /// Too often; the number is the seconds until the next try.
    TooMany(u32),
    /// The same idempotency key came with another request.
    KeyReused,
    /// The same idempotency key is being worked on.
    InProgress,
    /// The same was done under this key, and its answer is forgotten.
    AlreadyDone,
    /// The store was restored since the client last looked.
    EpochChanged,
    /// The user has no such active device.
    DeviceUnknown,
    /// The session is on another device.
    DeviceMismatch,
    /// The device is to be wiped before it is signed in again.
    DeviceWiping,
    /// The device's app does not delete what it holds.
    CannotWipe,
    /// The user has as many devices as there may be.
    TooManyDevices,
    /// The caller's address must be verified first.
    EmailUnverified,
    /// It takes a mail, and this server sends none.
    MailUnavailable,
    /// This server wakes no devices.
    PushUnavailable,
    /// This server holds no sockets and no streams.
    RealtimeUnavailable,
    /// The user has as many subscriptions as there may be.
    TooManySubscriptions,
    /// The subscription wakes nobody: it is not verified, or is no good any more.
    SubscriptionInactive,
    /// A device that wants to be let in is not, or not yet; the string is the name of the type of problem.
    NotLinked(&'static str),
}

/// A refusal: what is wrong with the request, for the caller to read.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// What kind it is.
    pub kind: Refused,
    /// One sentence for a person.
    pub detail: Message,
    /// Errors by field, in the order they were found.
    pub fields: Vec<(&'static str, Message)>,
    /// The limit that was reached.
    pub limit: Option<Limit>,
    /// What else a program needs to act on it, by its name: the object that is in the way, or its id.
    pub more: Map<String, Value>,
    /// The room that is used up.
    pub room: Option<Room>,
}

/// Room that is used up, as the answer shows it to the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Whose it is: `couple`, `team` or `server`.
    pub whose: &'static str,
    /// What is counted: `bytes` or `objects`.
    pub unit: &'static str,
    /// How many are used; nobody is told of the server's.
    pub used: Option<i64>,
    /// How many there may be.
    pub most: Option<i64>,
}

/// A rate limit, as the answer shows it to the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// What it counts, in a word.
    pub reason: &'static str,
    /// How many requests it allows.
    pub count: u32,
    /// The time in which it allows them, in milliseconds.
    pub window: i64,
}

impl Refusal {
    /// A refusal with a sentence and no fields.
    pub fn new(kind: Refused, detail: &'static Text) -> Self {
        Refusal::with(kind, Message::plain(detail))
    }

    /// A refusal with a sentence that has arguments, and no fields.
    pub fn with(kind: Refused, detail: Message) -> Self {
        Refusal { kind, detail, fields: Vec::new(), limit: None, room: None, more: Map::new() }
    }

    /// A refusal that ends after `wait` milliseconds; the caller reads it in whole seconds.
    pub fn too_many(wait: i64) -> Self {
        let seconds = u32::try_from((wait + SECOND - 1) / SECOND).unwrap_or(u32::MAX);
        Refusal::with(Refused::TooMany(seconds), Message::with(&super::text::TOO_MANY, &[&seconds]))
    }

    /// A refusal that ends after `wait` milliseconds, with the limit that was reached.
    pub fn over(limit: Limit, wait: i64) -> Self {
        Refusal { limit: Some(limit), ..Refusal::too_many(wait) }
    }

    /// The same, with something that a program needs to act on it.
    #[must_use]
    pub fn and(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.more.insert(name.to_owned(), value.into());
        self
    }

    /// A refusal of one field.
    pub fn field(name: &'static str, message: Message) -> Self {
        Refusal::fields(vec![(name, message)])
    }

    /// A refusal of several fields; the first one's message is the detail.
    pub fn fields(fields: Vec<(&'static str, Message)>) -> Self {
        let detail = fields.first().map_or(Message::plain(&super::text::INVALID), |f| f.1.clone());
        Refusal { kind: Refused::Invalid, detail, fields, limit: None, room: None, more: Map::new() }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Error::Refused(Box::new(refusal))
    }
}

impl From<DbError> for Error {
    fn from(error: DbError) -> Self {
        Error::Db(error)
    }
}

impl Error {
    /// Is this a violated UNIQUE or PRIMARY KEY constraint?
    pub fn is_duplicate(&self) -> bool {
        matches!(self, Error::Db(DbError { kind: DbFault::Duplicate, .. }))
    }

    /// Would the answer be larger than one may be?
    pub fn is_too_much(&self) -> bool {
        matches!(self, Error::Refused(refusal) if refusal.kind == Refused::AnswerTooLarge)
    }

    /// Did another hold the right to write for too long, or was this transaction chosen to give way?
    pub fn is_busy(&self) -> bool {
        matches!(self, Error::Db(DbError { kind: DbFault::Busy | DbFault::Retry, .. }))
    }

    /// A defect or a failed part of the machine, with words for the log.
    pub fn internal(text: impl fmt::Display) -> Self {
        Error::Internal(text.to_string())
    }
}

/// Shorthand: the refusal as an `Err`.
pub fn refuse<T>(kind: Refused, detail: &'static Text) -> Result<T> {
    Err(Refusal::new(kind, detail).into())
}

/// The refusal for an object that is not there, or belongs to another tenant.
pub fn not_found() -> Error {
    Refusal::new(Refused::NotFound, &super::text::NOT_FOUND).into()
}

impl fmt::Display for Error {
    /// For the operator: what happened, never the content of a request.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Refused(r) => write!(f, "refused: {}", r.detail.render(super::text::Language::En)),
            Error::Db(e) => {
                let advice = e.kind.advice().log;
                write!(f, "database: {:?}: {}{}{advice}", e.kind, e.text, if advice.is_empty() { "" } else { ": " })
            }
            Error::NotReady(text) | Error::Internal(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for Error {}
