//! Pages of a list: `{"count", "next", "previous", "results"}`.

use super::texts;
use super::{Request, Response};
use crate::base::error::{Refused, Result, refuse};
use crate::http::input::Field;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;

/// Items on a page when the client does not say.
const PAGE_SIZE: i64 = 50;
/// The most items on a page: a phone's screenful many times over.
const MAX_PAGE_SIZE: i64 = 200;

/// A page of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    number: i64,
    size: i64,
    count: i64,
}

/// The query parameters of every list.
pub const PARAMETERS: &[Field] = &[
    Field::lenient("page").about("A number from 1, or `last`. A page that does not exist is 404."),
    Field::lenient("page_size").about("1 to 200; 50 when it is missing or unreadable."),
];

/// One page of a list.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "{T}Page")]
struct Envelope<'a, T> {
    /// How many there are on all pages.
    count: i64,
    /// Where the next page is.
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
    /// The page that `?page=` and `?page_size=` ask for, in a list of `count` items.
    ///
    /// # Errors
    /// [`Refused::NotFound`] when there is no such page.
    pub fn of(request: &Request<'_>, count: i64) -> Result<Page> {
        let size = request.query.get("page_size").and_then(|s| s.parse().ok()).filter(|n| *n >= 1);
        let size = size.unwrap_or(PAGE_SIZE).min(MAX_PAGE_SIZE);
        let last = ((count + size - 1) / size).max(1);
        let number = match request.query.get("page").as_deref() {
            None | Some("") => 1,
            Some("last") => last,
            Some(text) => text.parse().unwrap_or(0),
        };
        if (1..=last).contains(&number) {
            Ok(Page { number, size, count })
        } else {
            refuse(Refused::NotFound, &texts::INVALID_PAGE)
        }
    }

    /// The statement's LIMIT.
    pub fn limit(&self) -> i64 {
        self.size
    }

    /// The statement's OFFSET.
    pub fn offset(&self) -> i64 {
        (self.number - 1) * self.size
    }

    /// This page of items that are all at hand.
    pub fn slice<'t, T>(&self, items: &'t [T]) -> &'t [T] {
        let start = usize::try_from(self.offset()).unwrap_or(0).min(items.len());
        let end = start.saturating_add(usize::try_from(self.size).unwrap_or(0)).min(items.len());
        &items[start..end]
    }

    /// The answer with this page's items.
    pub fn answer<T: Serialize>(&self, request: &Request<'_>, results: &[T]) -> Response {
        let link = |number: i64| request.url_with(&request.query.with("page", &number.to_string()));
        let next = (self.number * self.size < self.count).then(|| link(self.number + 1));
        let previous = (self.number > 1).then(|| link(self.number - 1));
        Response::json(200, &Envelope { count: self.count, next, previous, results })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Vars;

    fn page(query: &str, count: i64) -> Option<(i64, i64)> {
        let vars = Vars::from_iter([("REQUEST_URI", &*format!("/api/goals/?{query}"))]);
        Page::of(&Request::new(&vars, String::new()), count).ok().map(|p| (p.limit(), p.offset()))
    }

    #[test]
    fn pages_exist_or_are_refused() {
        assert_eq!(page("", 0), Some((50, 0)));
        assert_eq!(page("page=2", 51), Some((50, 50)));
        assert_eq!(page("page=last&page_size=20", 51), Some((20, 40)));
        assert_eq!(page("page_size=9999", 5), Some((200, 0)));
        for bad in ["page=2", "page=0", "page=-1", "page=x", "page=99999999999999999999"] {
            assert_eq!(page(bad, 50), None, "{bad}");
        }
    }
}
