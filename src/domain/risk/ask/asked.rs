//! What is asked: fields, and how they are read.

use crate::base::error::{Error, Refusal, Refused, Result};
use crate::base::id;
use crate::base::json;
use crate::base::text::{self, Message};
use crate::base::time::{Local, Timestamp};
use crate::domain::risk::history::edit::names;
use crate::domain::risk::marks::{KIND, called};
use crate::domain::risk::texts;
use crate::feature::news::MAX_DEVICE;
use crate::feature::{Ctx, Kind, version};
use crate::http::input::{Extent, Field, Input, Shape};
use serde_json::{Map, Value};

/// The longest name of a kind or an id, in characters.
const MAX_WORD: usize = 50;
/// The most fields that are edited at once.
const MOST_FIELDS: usize = 50;
/// The most records of one question.
pub const MOST_RECORDS: usize = 100;
/// The most bytes of the names of fields: longer ones are no words of a schema.
const FIELDS_BYTES: usize = MOST_FIELDS * MAX_WORD;
/// The most bytes of one record of a question, beside the names of its fields.
const RECORD_BYTES: usize = FIELDS_BYTES + 1_000;
/// What a refusal calls the place of the record that is wrong, counted from 0.
const PLACE: &str = "record";
/// The longest unknown kind that a message repeats, in characters.
const SHOWN: usize = 40;

/// What the device calls itself.
pub const DEVICE: Field =
    Field::new("device_id", Shape::Text { min: 1, max: MAX_DEVICE, trim: true, blank: false }).about("The device that asks.");
const VERSION: Field = Field::new("version", Shape::Int(0, version::HIGHEST))
    .nullable()
    .about("The version that the device holds; 0 is none. Records have one, and the couple's objects.");
const SEEN: Field =
    Field::new("seen", Shape::Instant).nullable().about("The `updated_at` that the device holds, where it holds no version.");
const FIELDS: Field = Field::new("fields", Shape::List)
    .of_bytes(FIELDS_BYTES)
    .nullable()
    .about("The names of the fields that are edited, at most 50; none says any.");
const PENDING: Field = Field::new("pending", Shape::Bool).nullable().about("Has the device edits of it that it has not sent?");
const CURSOR: Field = Field::new("cursor", Shape::Instant).nullable().about("The device's last `server_time`.");
const QUIET: Field = Field::new("quiet", Shape::Bool).nullable().about("True: it is asked and remembered, and shown to nobody.");
/// What a record is.
pub const KIND_FIELD: Field =
    Field::name("kind", MAX_WORD).about("A domain of records, such as `task`, or a list of the feed, such as `goals`.");
const ID: Field = Field::name("id", MAX_WORD).about("The record.");

/// A mark that is begun or renewed.
pub const MARK: &[Field] = &[DEVICE.required(), VERSION, SEEN, FIELDS, PENDING, CURSOR, QUIET];
/// A question about records.
pub const RISK: &[Field] = &[
    DEVICE.required(),
    Field::new("records", Shape::List).of_bytes(MOST_RECORDS * RECORD_BYTES).of_items(RECORD, (1, MOST_RECORDS)).required().about(
        "The records that are asked about, each with `kind`, `id` and what a mark takes (`version` or `seen`, `fields`, `pending`, `cursor`). Where one of them is refused, `record` says which, from 0 on.",
    ),
];
/// One of them.
pub const RECORD: &[Field] = &[KIND_FIELD.required(), ID.required(), VERSION, SEEN, FIELDS, PENDING, CURSOR];
/// A question of the earlier API.
pub const PREDICTION: &[Field] = &[DEVICE, KIND_FIELD, ID, VERSION, SEEN, FIELDS, PENDING, CURSOR];
/// The end of a mark.
pub const END: &[Field] = &[KIND_FIELD, DEVICE.required()];
/// The segment of a mark's path.
pub const PATH: &[Field] = &[KIND_FIELD];

/// Who asks.
#[derive(Debug, Clone)]
pub struct Asker {
    /// The user.
    pub user: i64,
    /// The number of their device.
    pub device: i64,
    /// What it calls itself.
    pub name: String,
    /// The number of their session, where it is on no device; else of the device.
    pub session: i64,
}

impl Asker {
    /// The caller, on a device of this name, which was read as [`DEVICE`].
    fn of(ctx: &Ctx<'_>, name: &str) -> Result<Asker> {
        let caller = ctx.caller()?;
        let number = |device: &str| ctx.house.author(caller.user, device, &caller.session);
        let session = if caller.device.is_empty() { number("") } else { number(name) };
        Ok(Asker { user: caller.user, device: number(name), name: name.to_owned(), session })
    }

    /// The caller, on the device that is named among what was sent.
    ///
    /// # Errors
    /// No name, or none that a device may have.
    pub fn named(ctx: &Ctx<'_>, sent: &Map<String, Value>) -> Result<Asker> {
        let device = Map::from_iter(sent.get(DEVICE.name).map(|name| (DEVICE.name.to_owned(), name.clone())));
        let mut input = Input::of(&device, &[DEVICE.required()], Extent::Whole);
        input.finish()?;
        Asker::of(ctx, input.text(DEVICE.name).unwrap_or_default())
    }
}

/// A record that is asked about.
#[derive(Debug, Clone)]
pub struct Record {
    /// What it is.
    pub kind: &'static Kind,
    /// Which it is.
    pub id: String,
    /// The version that the device holds.
    pub version: Option<i64>,
    /// The stamp that it holds.
    pub seen: Option<Timestamp>,
    /// The fields that are edited, as they are kept.
    pub fields: String,
    /// Has the device edits that it has not sent?
    pub pending: bool,
    /// How far it has polled.
    pub cursor: Option<Timestamp>,
    /// Shall nobody be shown it?
    pub quiet: bool,
}

/// The kind that is called so anywhere.
///
/// # Errors
/// [`Refused::NotFound`].
pub fn kind(ctx: &Ctx<'_>, word: &str) -> Result<&'static Kind> {
    let is_asked_of = |kind: &&Kind| kind.name != KIND;
    ctx.house.kind(word).filter(is_asked_of).ok_or_else(|| {
        let known = ctx.house.kinds().filter(is_asked_of).map(called).collect::<Vec<_>>().join(", ");
        let shown: String = word.chars().take(SHOWN).collect();
        Refusal::with(Refused::NotFound, Message::with(&texts::UNKNOWN_KIND, &[&shown, &known])).into()
    })
}

impl Record {
    /// Reads a record whose kind and id are known.
    ///
    /// # Errors
    /// Wrong fields.
    pub fn read(kind: &'static Kind, id: &str, sent: &Map<String, Value>, local: Local) -> Result<Record> {
        let mut input = Input::at(sent, MARK_ALONE, Extent::Whole, local);
        let fields = listed(&mut input);
        let id = id::parse(id);
        input.check(id.is_some(), ID.name, &texts::NOT_UUID);
        input.finish()?;
        Ok(Record {
            kind,
            id: id.unwrap_or_default(),
            version: input.int("version"),
            seen: input.instant("seen"),
            fields,
            pending: input.bool("pending").unwrap_or_default(),
            cursor: input.instant("cursor"),
            quiet: input.bool("quiet").unwrap_or_default(),
        })
    }

    /// Reads one of several records.
    ///
    /// # Errors
    /// Wrong fields; an unknown kind.
    fn named(ctx: &Ctx<'_>, sent: &Map<String, Value>) -> Result<Record> {
        let mut input = Input::of(sent, RECORD, Extent::Whole);
        input.finish()?;
        let word = |name| input.text(name).unwrap_or_default().to_owned();
        Record::read(kind(ctx, &word("kind"))?, &word("id"), sent, ctx.earlier())
    }

    /// What its kind is called.
    pub fn called(&self) -> &'static str {
        called(self.kind)
    }
}

/// What a mark says beside its device.
const MARK_ALONE: &[Field] = &[VERSION, SEEN, FIELDS, PENDING, CURSOR, QUIET];

/// The names of fields, as they are kept.
fn listed(input: &mut Input) -> String {
    let Some(list) = input.json(FIELDS.name).and_then(Value::as_array).cloned() else { return String::new() };
    let words: Vec<&str> = list.iter().filter_map(json::string).collect();
    input.check(words.len() == list.len(), FIELDS.name, &texts::NOT_NAMES);
    if list.len() > MOST_FIELDS {
        input.error(FIELDS.name, Message::with(&texts::MOST_FIELDS, &[&MOST_FIELDS, &list.len()]));
    }
    names(&words)
}

/// Reads a question: who asks, and about which records.
///
/// # Errors
/// Wrong fields; an unknown kind.
pub fn question(ctx: &Ctx<'_>, body: &Map<String, Value>) -> Result<(Asker, Vec<Record>)> {
    let mut input = Input::of(body, RISK, Extent::Whole);
    let records = input.json("records").and_then(Value::as_array).cloned().unwrap_or_default();
    if input.json("records").is_some() && !(1..=MOST_RECORDS).contains(&records.len()) {
        input.error("records", Message::with(&texts::MOST_RECORDS, &[&MOST_RECORDS, &records.len()]));
    }
    input.check(records.iter().all(Value::is_object), "records", &text::NOT_OBJECT);
    input.finish()?;
    let asker = Asker::named(ctx, body)?;
    let records = records.iter().filter_map(Value::as_object).enumerate();
    let read = |(place, record)| {
        Record::named(ctx, record).map_err(|error| match error {
            Error::Refused(refusal) => refusal.and(PLACE, place).into(),
            other => other,
        })
    };
    Ok((asker, records.map(read).collect::<Result<_>>()?))
}

/// Reads a question of the earlier API, which may be about nothing.
///
/// # Errors
/// Wrong fields; an unknown kind.
pub fn prediction(ctx: &Ctx<'_>, body: &Map<String, Value>) -> Result<(Asker, Option<Record>)> {
    let mut input = Input::of(body, PREDICTION, Extent::Part);
    input.finish()?;
    let device = input.text(DEVICE.name).or(ctx.device()).unwrap_or_default();
    let asker = Asker::of(ctx, device)?;
    let is_asked = input.text("kind").is_some() || input.text("id").is_some();
    let record = if is_asked { Some(Record::named(ctx, body)?) } else { None };
    Ok((asker, record))
}
