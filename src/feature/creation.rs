//! Ids that phones make: POST takes an `id`, so that a phone that heard no answer, be it a week ago, sends the same again and is given
//! what it made, and so that what it makes without a connection has its id at once. One place for every noun.

use super::ctx::value;
use super::{Ctx, store, texts};
use crate::base::error::{Refusal, Refused, Result};
use crate::base::id;
use crate::base::json::{self, Canonical};
use crate::base::text::{self, Message};
use crate::base::time::Timestamp;
use crate::base::token;
use crate::db::Db;
use crate::http::body;
use crate::http::input::{Field, Input, Shape};
use serde::Serialize;
use serde_json::{Map, Value};

/// The longest id that is looked at, in characters: a UUID in braces behind `urn:uuid:`.
const MAX_ID: usize = 50;

/// The member of a body that holds the id. [`Creation::read`] reads it, whatever it holds.
pub const ID: Field = Field::new("id", Shape::Text { min: 0, max: MAX_ID, trim: true, blank: true })
    .nullable()
    .about("A UUID that the client made. Sent again with the same content it is answered 200 and the object as it is by now.");

/// What a route that takes an id refuses for its sake.
pub const REFUSES: &[u16] = &[409, 410];

/// The version of the API from which on an id that is none is refused. Before, clients sent what they liked there.
const STRICT_SINCE: u8 = 2;

/// What the row of an object says of its making and of its last edit, and what nobody is shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trace {
    /// What was sent when it was made, as a keyed hash; an older program wrote none.
    pub made: Option<String>,
    /// When it was last edited, by the clock of a device that was offline; nothing when that was its stamp.
    pub edited_at: Option<Timestamp>,
}

/// An object that was made under an id.
pub trait Made: Serialize {
    /// Its trace.
    fn trace(&self) -> &Trace;
    /// Who made it, where it says so.
    fn maker(&self) -> Option<i64>;
}

/// An object that is about to be made.
#[derive(Debug)]
pub struct Creation {
    /// Its id: the client's, or a new one.
    pub id: String,
    /// Its row's trace.
    pub trace: Trace,
    /// Its first version; later where there was one before.
    pub version: i64,
    chosen: bool,
}

/// What there is under an id that a client chose.
#[derive(Debug)]
pub enum Met<T> {
    /// Nothing.
    Nothing,
    /// What the same user made of the same content, as it is by now.
    Again(T),
    /// Something else.
    Other(T),
}

impl<T: Made> Met<T> {
    /// What was made before, if it was.
    ///
    /// # Errors
    /// [`Refused::IdTaken`], with the object.
    pub fn again(self) -> Result<Option<T>> {
        match self {
            Met::Nothing => Ok(None),
            Met::Again(object) => Ok(Some(object)),
            Met::Other(object) => Err(Refusal::new(Refused::IdTaken, &texts::ID_TAKEN).and("object", value(&object)?).into()),
        }
    }
}

impl Creation {
    /// Reads the id in the request's body, of an object of a kind, `within` what the path names. `input` is what else was sent.
    ///
    /// # Errors
    /// An id that is none, from version 2 on.
    pub fn read(ctx: &Ctx<'_>, kind: &str, within: &str, input: &Input) -> Result<Creation> {
        let sent = body::object(ctx.request)?.remove(ID.name).filter(|sent| !sent.is_null());
        let chosen = sent.as_ref().and_then(Value::as_str).and_then(|text| id::parse(text.trim()));
        if sent.is_some() && chosen.is_none() && ctx.request.version.number >= STRICT_SINCE {
            return Err(Refusal::field(ID.name, Message::plain(&text::NOT_UUID)).into());
        }
        let made = mark(ctx, kind, within, &input.members())?;
        let trace = Trace { made: Some(made), edited_at: None };
        Ok(Creation { chosen: chosen.is_some(), id: chosen.unwrap_or_else(id::object), trace, version: ctx.first_version() })
    }

    /// What an upload makes.
    pub fn offline(id: String, trace: Trace, version: i64) -> Creation {
        Creation { id, trace, version, chosen: true }
    }

    /// Looks for what there is under the id.
    ///
    /// # Errors
    /// [`Refused::Deleted`].
    pub fn meet<T: Made>(&self, ctx: &mut Ctx<'_>, kind: &str, find: Find<T>) -> Result<Met<T>> {
        if !self.chosen {
            return Ok(Met::Nothing);
        }
        let (tenant, user) = (ctx.tenant_id()?, ctx.user()?);
        match find(ctx.db, tenant, &self.id)? {
            Some(object) if self.made(&object, user) => Ok(Met::Again(object)),
            Some(object) => Ok(Met::Other(object)),
            None if store::buried(ctx.db, tenant, kind, &self.id)?.is_some() => {
                Err(Refusal::new(Refused::Deleted, &texts::DELETED).into())
            }
            None => Ok(Met::Nothing),
        }
    }

    /// Is an object the one that this made? The mark knows its user; an older program left none.
    fn made(&self, object: &impl Made, user: i64) -> bool {
        let made = &object.trace().made;
        if made.is_some() { *made == self.trace.made } else { object.maker() == Some(user) }
    }
}

/// Finds a tenant's object by its id.
pub type Find<T> = fn(&mut Db, i64, &str) -> Result<Option<T>>;

/// The keyed hash of what a user sends to make an object: the store alone tells nothing of it. A field that is null is one that is not
/// sent, in whatever way the object comes.
///
/// # Errors
/// When it cannot be written, which is a defect.
pub fn mark(ctx: &Ctx<'_>, kind: &str, within: &str, sent: &Map<String, Value>) -> Result<String> {
    let set = sent.iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| (name.clone(), value.clone()));
    let content = json::write(&Canonical(&Value::Object(set.collect()), 0))?;
    let user = ctx.user()?.to_string();
    let parts = [user.as_str(), kind, within, &content].map(str::as_bytes);
    Ok(token::keyed(&ctx.house.derive("creations"), &parts))
}
