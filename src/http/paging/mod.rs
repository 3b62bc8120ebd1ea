//! Pages of a list: `{"count", "next", "previous", "results"}`.
//!
//! A page is found by its number; or, where the client follows `next`, by the key of the object that it comes after. What is
//! added, changed or deleted meanwhile moves objects from one number to another, but no unchanged object past a key.

use super::texts;
use super::{Request, Response};
use crate::base::error::{Refusal, Refused, Result, refuse};
use crate::base::id;
use crate::base::text::Message;
use crate::http::input::Field;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;

/// Items on a page when the client does not say.
const PAGE_SIZE: i64 = 50;
/// The most items on a page: a phone's screenful many times over.
const MAX_PAGE_SIZE: i64 = 200;
/// Between the parts of a key that is written as text.
const SEPARATOR: char = '_';

/// The query parameters of every list.
pub const PARAMETERS: &[Field] = &[
    Field::lenient("page")
        .about("A number from 1, or `last`. A page that does not exist is 404, unless `after` says where it begins."),
    Field::lenient("page_size").about("1 to 200; 50 when it is missing or unreadable."),
    Field::lenient("after").about("As `next` has it: the page begins behind this key, whatever was added or deleted before it."),
];

/// An object of a list.
pub trait Keyed {
    /// What the list is ordered by, in parts: no two objects have the same.
    fn key(&self) -> Vec<String>;
}

/// Where a part of a list begins: behind a key, or at the list's beginning.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct After(Option<Vec<String>>);

impl After {
    /// Reads what [`After::text`] wrote; nothing is the beginning.
    pub fn read(text: Option<&str>) -> After {
        let text = text.filter(|text| !text.is_empty());
        After(text.map(|text| text.split(SEPARATOR).map(str::to_owned).collect()))
    }

    /// The key of an object as a client sends it back.
    pub fn text(object: &impl Keyed) -> String {
        object.key().join(&SEPARATOR.to_string())
    }

    /// The key, read from its parts; `start` at the list's beginning. A last part that holds the separator is several.
    ///
    /// # Errors
    /// When it is none that this list gave.
    pub fn key<T>(&self, start: T, read: impl FnOnce(&[&str]) -> Option<T>) -> Result<T> {
        let Some(parts) = &self.0 else { return Ok(start) };
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        read(&parts).ok_or_else(|| Refusal::field("after", Message::plain(&texts::NOT_CURSOR)).into())
    }

    /// The key of a list that is ordered by an instant and an id, newest first.
    pub fn newest(&self) -> Result<(i64, String)> {
        self.instant_and_id(i64::MAX)
    }

    /// The key of a list that is ordered by an instant and an id, oldest first.
    pub fn oldest(&self) -> Result<(i64, String)> {
        self.instant_and_id(i64::MIN)
    }

    fn instant_and_id(&self, start: i64) -> Result<(i64, String)> {
        self.key((start, String::new()), |parts| match parts {
            [at, id] => Some((at.parse().ok()?, id::parse(id)?)),
            _ => None,
        })
    }

    /// A last part that holds the separator, whole again.
    pub fn whole(parts: &[&str]) -> String {
        parts.join(&SEPARATOR.to_string())
    }
}

/// Which rows behind the key a statement reads: one more than is shown, to know whether there are more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Its LIMIT.
    pub limit: i64,
    /// Its OFFSET.
    pub offset: i64,
}

impl Span {
    /// These rows of a list that is at hand from the key on.
    pub fn of<T>(self, rows: impl Iterator<Item = T>) -> Vec<T> {
        let number = |n: i64| usize::try_from(n).unwrap_or_default();
        rows.skip(number(self.offset)).take(number(self.limit)).collect()
    }
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    number: i64,
    size: i64,
    /// How many objects one answer holds: fewer than were asked for, when these would make it too large.
    most: i64,
    count: i64,
    /// The key that it comes after; where there is none, the number decides.
    pub after: After,
    /// What the request left to the moment, and all pages of its list must have alike.
    kept: Option<(&'static str, String)>,
}

/// Where the pages beside a page are.
#[derive(Debug)]
pub struct Links {
    /// The next one, by the key of this page's last object.
    pub next: Option<String>,
    /// The one before, by its number.
    pub previous: Option<String>,
}

/// One page of a list.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "{T}Page")]
struct Envelope<'a, T> {
    /// How many there are on all pages.
    count: i64,
    /// Where the next page is. Whoever follows it misses nothing that was not changed meanwhile.
    next: Option<String>,
    /// Where the page before is.
    previous: Option<String>,
    /// This page's items.
    results: &'a [T],
}

/// The schema of a page of such items.
pub fn schema<'t, T: JsonSchema + 't>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<Envelope<'t, T>>()
}

impl Page {
    /// The page that `?page=`, `?page_size=` and `?after=` ask for, in a list of `count` items.
    ///
    /// # Errors
    /// [`Refused::NotFound`] when there is no page of this number and no key says where it begins.
    pub fn of(request: &Request<'_>, count: i64) -> Result<Page> {
        let size = request.query.get("page_size").and_then(|s| s.parse().ok()).filter(|n| *n >= 1);
        let size = size.unwrap_or(PAGE_SIZE).min(MAX_PAGE_SIZE);
        let (last, most) = (last(count, size), size.min(request.portion.get()));
        let number = match request.query.get("page").as_deref() {
            None | Some("") => 1,
            Some("last") => last,
            Some(text) => text.parse().unwrap_or(0),
        };
        let after = After::read(request.query.get("after").as_deref());
        if after != After::default() {
            Ok(Page { number: number.max(1), size, most, count, after, kept: None })
        } else if (1..=last).contains(&number) {
            Ok(Page { number, size, most, count, after, kept: None })
        } else {
            refuse(Refused::NotFound, &texts::INVALID_PAGE)
        }
    }

    /// This page; its links say what the request left to the moment, so that the pages beside it show the same list.
    #[must_use]
    pub fn keeping(mut self, name: &'static str, value: &str) -> Page {
        self.kept = Some((name, value.to_owned()));
        self
    }

    /// Which rows behind [`Page::after`] to read.
    pub fn span(&self) -> Span {
        let offset = if self.after == After::default() { (self.number - 1) * self.size } else { 0 };
        Span { limit: self.most + 1, offset }
    }

    /// Takes off the row that was read beyond the page, and says where the pages beside it are.
    pub fn links<T: Keyed>(&self, request: &Request<'_>, rows: &mut Vec<T>) -> Links {
        let most = usize::try_from(self.most).unwrap_or_default();
        let more = rows.len() > most;
        rows.truncate(most);
        let end = rows.last().filter(|_| more).map(After::text);
        let next = end.map(|end| self.link(request, self.number.saturating_add(1), Some(&end)));
        Links { next, previous: self.previous(request) }
    }

    /// By its number, which must be there: the list may have become shorter than the way to this page was.
    fn previous(&self, request: &Request<'_>) -> Option<String> {
        let number = (self.number - 1).min(last(self.count, self.size));
        (self.number > 1).then(|| self.link(request, number, None))
    }

    /// This list's page of a number, behind a key or not.
    fn link(&self, request: &Request<'_>, number: i64, after: Option<&str>) -> String {
        let number = number.to_string();
        let kept = self.kept.iter().map(|(name, value)| (*name, Some(value.as_str())));
        let set: Vec<_> = kept.chain([("page", Some(number.as_str())), ("after", after)]).collect();
        request.url_with(&request.query.with(&set))
    }

    /// The answer with the rows that [`Page::span`] asked for.
    pub fn answer<T: Keyed + Serialize>(&self, request: &Request<'_>, mut rows: Vec<T>) -> Response {
        let Links { next, previous } = self.links(request, &mut rows);
        Response::json(200, &Envelope { count: self.count, next, previous, results: &rows })
    }

    /// The answer of a list that is empty to the caller.
    pub fn empty(&self, request: &Request<'_>) -> Response {
        Response::json(200, &Envelope::<()> { count: 0, next: None, previous: self.previous(request), results: &[] })
    }
}

/// The last page; an empty list has one.
fn last(count: i64, size: i64) -> i64 {
    ((count + size - 1) / size).max(1)
}

#[cfg(test)]
mod tests;
