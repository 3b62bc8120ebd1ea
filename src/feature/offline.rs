//! What devices edit without a connection: a noun that is an entry here goes through the uploads, where the engine of mobile sync lands its
//! edits as it lands those of records. A noun says how its objects are found and written; its own routes write them by the same functions.

use super::creation::{Made, Trace, mark};
use super::ctx::value;
use super::{Creation, Ctx, Names, Right, store, texts};
use crate::base::error::{Refusal, Refused, Result, refuse};
use crate::base::text::{self, Message};
use crate::base::time::Timestamp;
use crate::db::Db;
use crate::http::input::{Extent, Field, Input};
use serde_json::{Map, Value};

/// A kind of object that devices edit without a connection.
#[derive(Debug)]
pub struct Offline {
    /// What it is called: in bodies, in paths, and its list in the feed.
    pub names: Names,
    /// Its fields, the parent's id among them.
    pub fields: &'static [Field],
    /// Those of its fields that take room.
    pub texts: &'static [&'static str],
    /// The field that names its parent, and what that is also called.
    pub parent: Option<(&'static str, &'static str)>,
    /// Who may edit it.
    pub edits: By,
    /// Who may delete it.
    pub deletes: By,
    /// Finds one.
    pub find: fn(&mut Db, tenant: i64, id: &str) -> Result<Option<Held>>,
    /// Where there may be but one: the id of the one that is there.
    pub twin: fn(&mut Ctx<'_>, fields: &Map<String, Value>) -> Result<Option<String>>,
    /// Writes one, new or changed, holds it to the noun's rules first, and moves it in the feed.
    pub write: fn(&mut Ctx<'_>, &Draft) -> Result<()>,
    /// Deletes one, with what hangs on it, as this version.
    pub delete: fn(&mut Ctx<'_>, id: &str, version: i64) -> Result<()>,
}

impl Offline {
    /// There may be as many as one likes.
    pub const NO_TWIN: fn(&mut Ctx<'_>, &Map<String, Value>) -> Result<Option<String>> = |_, _| Ok(None);

    /// May its author alone edit it?
    pub fn is_own(&self) -> bool {
        matches!(self.edits, By::Author)
    }
}

/// Who may do something with an object.
#[derive(Debug, Clone, Copy)]
pub enum By {
    /// Every member.
    All,
    /// Who made it.
    Author,
    /// Who made it, and whose right reaches to everything.
    AuthorOr(Right),
}

impl By {
    /// Refuses who may not.
    ///
    /// # Errors
    /// [`Refused::Forbidden`].
    pub fn require(self, ctx: &Ctx<'_>, author: Option<i64>) -> Result<()> {
        let own = author == Some(ctx.user()?);
        let may = match self {
            By::All => true,
            By::Author => own,
            By::AuthorOr(right) => own || ctx.tenant()?.may(right),
        };
        if may { Ok(()) } else { refuse(Refused::Forbidden, &text::FORBIDDEN) }
    }
}

/// An object as its noun has it.
#[derive(Debug)]
pub struct Held {
    /// It as its own route shows it.
    pub object: Value,
    /// Who made it, where it says so.
    pub author: Option<i64>,
    /// See there.
    pub trace: Trace,
}

impl Held {
    /// An object that was found.
    ///
    /// # Errors
    /// When it cannot be written, which is a defect.
    pub fn of<T: Made>(object: Option<T>) -> Result<Option<Held>> {
        let held = |object: T| Ok(Held { object: value(&object)?, author: object.maker(), trace: object.trace().clone() });
        object.map(held).transpose()
    }
}

/// The version that an edit makes, and when that was made by a device's clock.
#[derive(Debug, Clone, Copy)]
pub struct Edit {
    /// The version.
    pub version: i64,
    /// Nothing when it is made now.
    pub at: Option<Timestamp>,
}

impl Edit {
    /// An edit of this version, made now.
    pub fn of(version: i64) -> Edit {
        Edit { version: version + 1, at: None }
    }
}

/// An object as an edit makes it.
#[derive(Debug)]
pub struct Draft {
    /// Its id.
    pub id: String,
    /// All of its fields: null where one is cleared.
    pub input: Input,
    /// What the edit makes of it.
    pub edit: Edit,
    /// What is kept of its making, if it is new.
    made: String,
}

impl Draft {
    /// An object with these fields.
    ///
    /// # Errors
    /// Fields that break a rule.
    pub fn read(ctx: &Ctx<'_>, offline: &Offline, id: &str, fields: &Map<String, Value>, edit: Edit) -> Result<Draft> {
        let mut whole = fields.clone();
        for field in offline.fields.iter().filter(|field| field.nullable) {
            whole.entry(field.name).or_insert(Value::Null);
        }
        let mut input = Input::of(&whole, offline.fields, Extent::Whole);
        input.finish()?;
        let mut sent = fields.clone();
        let parent = offline.parent.and_then(|(field, _)| sent.remove(field));
        let within = parent.as_ref().and_then(Value::as_str).unwrap_or_default();
        let made = mark(ctx, offline.names.list, within, &sent)?;
        Ok(Draft { id: id.to_owned(), input, edit, made })
    }

    /// What a new object is made of.
    pub fn creation(&self) -> Creation {
        let trace = Trace { made: Some(self.made.clone()), edited_at: self.edit.at };
        Creation::offline(self.id.clone(), trace, self.edit.version)
    }
}

/// The refusal of an object whose parent is not there: it may come yet, unless it was deleted.
///
/// # Errors
/// The database's.
pub fn no_parent(ctx: &mut Ctx<'_>, field: &'static str, kind: &str, id: &str) -> Result<Refusal> {
    let tenant = ctx.tenant_id()?;
    let gone = store::buried(ctx.db, tenant, kind, id)?.is_some();
    Ok(Refusal::field(field, Message::plain(if gone { &texts::DELETED } else { &texts::NO_PARENT })))
}
