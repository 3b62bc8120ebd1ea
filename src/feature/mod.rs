//! The seam between the nouns and the house: what a noun declares, and what its handlers are given.

pub mod attempts;
pub mod author;
pub mod backups;
pub mod contract;
pub mod creation;
pub mod ctx;
pub mod cursor;
pub mod degraded;
mod doubt;
pub mod face;
pub mod graphql;
pub mod held;
mod house;
mod kind;
pub mod lifecycle;
pub mod mail;
pub mod messages;
pub mod meters;
pub mod names;
pub mod news;
pub mod offline;
pub mod restore;
pub mod rhythm;
pub mod rights;
pub mod room;
pub mod sessions;
pub mod settings;
pub mod shelf;
pub mod signals;
pub mod stamps;
pub mod store;
pub mod tenant;
pub mod texts;
pub mod upload;
pub mod usage;
pub mod version;
pub mod walk;
mod within;
pub mod work;

pub use attempts::{Bucket, Taken};
pub use backups::Backups;
pub use contract::{Answer, Content, Contract, Describe, Schemas};
pub use creation::{Creation, Made, Met, Trace};
pub use ctx::{Ctx, House};
pub use doubt::{Doubt, Doubts};
pub use face::Face;
pub use graphql::{Asked, Graph, Root, Shown};
pub use held::{Held, LoadHeld};
pub use kind::{Kind, LastEdit, Load, Objects, Own, written};
pub use lifecycle::{Deprecated, Lifecycle};
pub use messages::{Messages, Wishes};
pub use names::Names;
pub use news::News;
pub use offline::Offline;
pub use restore::Restore;
pub use rhythm::{Priority, Rhythm, Wakes};
pub use rights::{Reach, Right};
pub use room::{Measure, Stock};
pub use settings::{Engine, Grip, Push, Rate, Sendmail, Settings, Starts};
pub use tenant::{Caller, Role, Tenant, TenantKind};
pub use upload::Upload;
pub use work::{Job, Shift, When};

use crate::base::error::{Error, Result};
use crate::http::{Method, Request, Response, problem};
pub use meters::Meter;
use meters::Meters;

/// The list of the couple or team itself in the feed: accounts and pairing both change what it shows.
pub const COUPLE: &str = "couple";

/// A noun: its entry in the registry. Everything that must know all of something walks the registry.
#[derive(Debug)]
pub struct Feature {
    /// The noun, as its folder is called.
    pub name: &'static str,
    /// What it answers.
    pub routes: &'static [Route],
    /// What it shows in the feed.
    pub kinds: &'static [Kind],
    /// What it shows through GraphQL.
    pub graph: Graph,
    /// What it does in the background.
    pub jobs: &'static [Job],
    /// What it holds on a user that the feed does not show.
    pub held: &'static [Held],
    /// What it counts of the room beside the feed.
    pub stocks: &'static [Stock],
    /// What devices edit of it without a connection.
    pub offline: &'static [Offline],
    /// What it makes of the others' news, inside their transaction.
    pub hears: Option<Hear>,
    /// What it brings polls beside the changes, if they ask for it.
    pub messages: Option<Messages>,
    /// What it does with a backup before that takes the store's place.
    pub restored: Restore,
    /// What it doubts of its own, for the doctor.
    pub doubts: Option<Doubts>,
}

impl Feature {
    /// A noun with routes alone; the others are added by struct update.
    pub const fn new(name: &'static str, routes: &'static [Route]) -> Feature {
        Feature {
            name,
            routes,
            kinds: &[],
            graph: Graph::NONE,
            jobs: &[],
            held: &[],
            stocks: &[],
            offline: &[],
            hears: None,
            messages: None,
            restored: Restore::NONE,
            doubts: None,
        }
    }
}

/// Who may call a route; checked before its handler runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody; an `Authorization` field is not even looked at.
    Public,
    /// Anybody; but whoever sends a token must send a good one.
    Optional,
    /// Who is signed in.
    User,
    /// Who is in a couple or a team; what others are told is part of the contract.
    Member(Without),
}

/// What a user without a couple is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Without {
    /// An empty list.
    Empty,
    /// 404: to them, no id exists.
    NotFound,
    /// 404 `No couple found.`
    NoCouple,
    /// 400 `No couple found.`
    Invalid,
}

/// The transaction a handler runs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tx {
    /// One snapshot.
    Read,
    /// One write transaction; a member's tenant is locked and its clock advanced before the handler runs.
    Write,
    /// None: the handler does slow work first (a password's hash) and then calls [`Ctx::write`].
    Own,
    /// None: the handler reads what was sent, its key too, and then calls [`Ctx::write_upload`].
    Upload,
}

/// Makes something of others' news; what does not concern it passes.
pub type Hear = fn(&mut Ctx<'_>, &News<'_>) -> Result<()>;

/// Answers from the store, in the route's transaction.
pub type Handler = fn(&mut Ctx<'_>) -> Result<Response>;

/// Does the request only go on from what its caller knows, so that an earlier answer is good? Asked in the replica's snapshot.
pub type Continues = fn(&Ctx<'_>) -> bool;
/// Answers even when there is no store to be had.
pub type Apart = fn(&Request<'_>, &House, &mut Meters) -> Result<Response>;

/// What a route calls.
#[derive(Debug, Clone, Copy)]
pub enum Calls {
    /// What needs the store.
    Handler(Handler),
    /// What does not. Such a route is public.
    Apart(Apart),
}

/// How an error is told to the caller.
pub type Tell = fn(&Error, &Request<'_>) -> Response;

/// A route: what it needs is declared here and checked in one place.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// The method.
    pub method: Method,
    /// The face through which it is reached.
    pub face: Face,
    /// The first version of the API in which it exists.
    pub since: u8,
    /// The last version of the API in which it exists.
    pub until: u8,
    /// Is it the same in every version, though it is reached through REST?
    pub versionless: bool,
    /// The path below the version, `{…}` for one segment: `/goals/{id}/`.
    pub path: &'static str,
    /// Who may call it.
    pub access: Access,
    /// What members need to call it, if not all of them may.
    pub right: Option<Right>,
    /// The transaction it runs in.
    pub tx: Tx,
    /// The limit that counts it.
    pub meter: Meter,
    /// What it does, in a few words, for the operator and the API's description.
    pub summary: &'static str,
    /// What it takes and gives.
    pub contract: Contract,
    /// What answers.
    pub calls: Calls,
    /// How an error is told.
    pub tell: Tell,
    /// May a replica that lags answer, and is a poll without news answered from admission alone?
    pub replica: Option<Continues>,
    /// Is it to go, by what the code says?
    pub deprecated: Option<Deprecated>,
}

impl Route {
    const fn new(method: Method, path: &'static str, access: Access, tx: Tx, calls: Calls, summary: &'static str) -> Route {
        let (face, since, until) = (Face::Rest, u8::MIN, u8::MAX);
        let (meter, contract, tell) = (Meter::Requests, Contract::NONE, problem::answer as Tell);
        let (right, replica, versionless, deprecated) = (None, None, false, None);
        Route {
            face,
            since,
            until,
            versionless,
            method,
            path,
            access,
            right,
            tx,
            meter,
            summary,
            contract,
            calls,
            tell,
            replica,
            deprecated,
        }
    }

    /// A route that reads.
    pub const fn get(path: &'static str, access: Access, handler: Handler, summary: &'static str) -> Route {
        Route::new(Method::Get, path, access, Tx::Read, Calls::Handler(handler), summary)
    }

    /// A route that makes something.
    pub const fn post(path: &'static str, access: Access, handler: Handler, summary: &'static str) -> Route {
        Route::new(Method::Post, path, access, Tx::Write, Calls::Handler(handler), summary)
    }

    /// A route that replaces something.
    pub const fn put(path: &'static str, access: Access, handler: Handler, summary: &'static str) -> Route {
        Route::new(Method::Put, path, access, Tx::Write, Calls::Handler(handler), summary)
    }

    /// A route that alters something.
    pub const fn patch(path: &'static str, access: Access, handler: Handler, summary: &'static str) -> Route {
        Route::new(Method::Patch, path, access, Tx::Write, Calls::Handler(handler), summary)
    }

    /// A route that deletes something.
    pub const fn delete(path: &'static str, access: Access, handler: Handler, summary: &'static str) -> Route {
        Route::new(Method::Delete, path, access, Tx::Write, Calls::Handler(handler), summary)
    }

    /// A route that needs no store.
    pub const fn apart(method: Method, path: &'static str, answer: Apart, summary: &'static str) -> Route {
        Route::new(method, path, Access::Public, Tx::Own, Calls::Apart(answer), summary)
    }

    /// May its answers be compressed? Tokens and codes are answers to a POST; uploads are the only ones of those that are long.
    pub const fn may_compress(&self) -> bool {
        matches!(self.method, Method::Get) || matches!(self.meter, Meter::Uploads | Meter::Graphql)
    }

    /// Members need this right: whoever has nothing of it is refused before the handler runs.
    #[must_use]
    pub const fn needs(mut self, right: Right) -> Route {
        self.right = Some(right);
        self
    }

    /// It writes nothing, whatever its method: what it asks about is too long for a query.
    #[must_use]
    pub const fn reads(mut self) -> Route {
        self.tx = Tx::Read;
        self
    }

    /// The handler opens its own transaction, after slow work.
    #[must_use]
    pub const fn own(mut self) -> Route {
        self.tx = Tx::Own;
        self
    }

    /// It is an upload: see [`Tx::Upload`] and [`Meter::Uploads`].
    #[must_use]
    pub const fn upload(mut self) -> Route {
        (self.tx, self.meter) = (Tx::Upload, Meter::Uploads);
        self
    }

    /// Errors are told otherwise than as problems.
    #[must_use]
    pub const fn told(mut self, tell: Tell) -> Route {
        self.tell = tell;
        self
    }

    /// A replica that lags may answer what this says.
    #[must_use]
    pub const fn replicated(mut self, continues: Continues) -> Route {
        self.replica = Some(continues);
        self
    }

    /// Another limit counts it.
    #[must_use]
    pub const fn metered(mut self, meter: Meter) -> Route {
        self.meter = meter;
        self
    }
}
