//! What a noun shows through GraphQL: its part of the schema, and what answers its root fields.
//!
//! A root field answers the JSON of a type of `rules.rs`, the same that REST shows. The face `graphql` turns it into what
//! the schema says: `createdById` is read from `created_by_id`, an `ID` is a string, a word of an enumeration is in
//! capitals.

use super::{Access, Ctx, ctx::value};
use crate::base::error::Result;
use crate::base::id;
use crate::base::time::Local;
use crate::http::input::{Extent, Field, Input, Shape};
use crate::http::paging::{After, Keyed, Span};
use serde::Serialize;
use serde_json::{Map, Value, json};

/// A noun's part of GraphQL.
#[derive(Debug)]
pub struct Graph {
    /// Its types, in the schema definition language; `extend type Query` adds its fields to the root.
    pub schema: &'static str,
    /// Puts into that text what is made from a table.
    pub fill: Option<fn(schema: &str, features: &[&super::Feature]) -> String>,
    /// What answers those fields.
    pub roots: &'static [Root],
    /// The types of its kinds in the feed.
    pub shown: &'static [Shown],
}

impl Graph {
    /// A noun that shows nothing.
    pub const NONE: Graph = Graph { schema: "", fill: None, roots: &[], shown: &[] };
}

/// A field of `Query` or `Mutation`.
#[derive(Debug)]
pub struct Root {
    /// Its name.
    pub name: &'static str,
    /// Who may ask.
    pub access: Access,
    /// How many times heavier than a plain query it is.
    pub weight: f64,
    /// The page of objects that it shows.
    pub page: Option<Page>,
    /// What answers: the JSON of an object, or null.
    pub resolve: fn(&mut Ctx<'_>, &Asked) -> Result<Value>,
}

/// A query weighs what its fields do.
pub const QUERY_WEIGHT: f64 = 1.0;

impl Root {
    /// A field of `Query`.
    pub const fn query(name: &'static str, access: Access, resolve: fn(&mut Ctx<'_>, &Asked) -> Result<Value>) -> Root {
        Root { name, access, weight: QUERY_WEIGHT, page: None, resolve }
    }

    /// A field of `Mutation` of members, so many times heavier than a query. It opens its own transaction.
    pub const fn mutation(name: &'static str, weight: f64, resolve: fn(&mut Ctx<'_>, &Asked) -> Result<Value>) -> Root {
        Root { name, access: Access::User, weight, page: None, resolve }
    }

    /// The same, of objects by the page.
    #[must_use]
    pub const fn paged(self, page: Page) -> Root {
        Root { page: Some(page), ..self }
    }
}

/// How many objects a root field may show, by which its cost is counted.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    /// The argument that says it.
    pub argument: &'static str,
    /// How many when it is left out.
    pub size: i64,
    /// The most.
    pub most: i64,
}

/// What is asked about one by one, in a list, is looked up one by one: each takes as much as so many objects of a page.
pub const EACH: i64 = 50;

/// So many objects take as much as a list of this length.
pub fn listed(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX).saturating_mul(EACH)
}

/// The page of [`Asked::window`].
pub const WINDOWED: Page = Page { argument: "first", size: PAGE_SIZE, most: MAX_PAGE_SIZE };

/// The member that names an object's type, where the schema allows several.
pub const TYPE_NAME: &str = "__typename";

/// How a kind of the feed looks in GraphQL.
#[derive(Debug, Clone, Copy)]
pub struct Shown {
    /// The kind.
    pub kind: &'static str,
    /// Its type.
    pub type_name: &'static str,
    /// Puts into an object of this kind, as the feed loads it, what its type has besides.
    pub complete: fn(kind: &str, object: &mut Value),
}

impl Shown {
    /// A kind whose type has nothing besides.
    pub const fn plain(kind: &'static str, type_name: &'static str) -> Shown {
        Shown { kind, type_name, complete: |_, _| {} }
    }
}

/// One root field of a request: its arguments, and what it shall show.
#[derive(Debug)]
pub struct Asked {
    /// The arguments in the form of REST: names in snake_case, words in small letters, without nulls.
    pub arguments: Map<String, Value>,
    /// The fields below it that were asked for, as paths: `nodes.title`.
    pub fields: Vec<String>,
    /// What it costs; see the limits.
    pub points: u32,
    /// The most objects of a page, once more of them made an answer too large.
    pub portion: i64,
}

/// Objects on a page when the client does not say.
const PAGE_SIZE: i64 = 50;
/// The most objects on a page, as in REST.
const MAX_PAGE_SIZE: i64 = 200;
/// The longest cursor, in characters: an instant, a user and the longest name of a device.
const MAX_CURSOR: usize = 300;

const WINDOW: &[Field] = &[
    Field::new("first", Shape::Int(1, MAX_PAGE_SIZE)),
    Field::new("after", Shape::Text { min: 1, max: MAX_CURSOR, trim: false, blank: false }),
];

impl Asked {
    /// Was the field of this path below the root field asked for?
    pub fn shows(&self, path: &str) -> bool {
        self.fields.iter().any(|field| field == path)
    }

    /// The object that the argument `id` names; null when there is none, or it is no id.
    pub fn object<T: Serialize>(&self, find: impl FnOnce(&str) -> Result<Option<T>>) -> Result<Value> {
        match self.arguments.get("id").and_then(Value::as_str).and_then(id::parse) {
            Some(id) => value(&find(&id)?),
            None => Ok(Value::Null),
        }
    }

    /// The arguments, read by a table of fields.
    pub fn input(&self, fields: &[Field]) -> Input {
        Input::of(&self.arguments, fields, Extent::Part)
    }

    /// The arguments, read by a table of fields; a time without an offset is what `local` says.
    pub fn input_at(&self, fields: &[Field], local: Local) -> Input {
        Input::at(&self.arguments, fields, Extent::Part, local)
    }

    /// The page that `first` and `after` ask for.
    ///
    /// # Errors
    /// When either is out of bounds.
    pub fn window(&self) -> Result<Window> {
        let mut input = self.input(WINDOW);
        input.finish()?;
        Ok(Window { first: input.int("first").unwrap_or(PAGE_SIZE).min(self.portion), after: After::read(input.text("after")) })
    }

    /// A page of a list, for `nodes`, `pageInfo` and `totalCount`. `rows` holds one object more than asked when there
    /// are more; `count` is asked only when the client wants to know.
    pub fn connection<T: Keyed + Serialize>(
        &self,
        window: &Window,
        mut rows: Vec<T>,
        count: impl FnOnce() -> Result<i64>,
    ) -> Result<Value> {
        let size = usize::try_from(window.first).unwrap_or_default();
        let has_next_page = rows.len() > size;
        rows.truncate(size);
        let end_cursor = rows.last().map(After::text);
        let total_count = if self.shows("totalCount") { count()? } else { 0 };
        let page_info = json!({"has_next_page": has_next_page, "end_cursor": end_cursor});
        Ok(json!({"nodes": value(&rows)?, "page_info": page_info, "total_count": total_count}))
    }

    /// The list of who is in no couple.
    pub fn empty() -> Value {
        json!({"nodes": [], "page_info": {"has_next_page": false, "end_cursor": null}, "total_count": 0})
    }
}

/// A page of a list: by key, so that what is added or deleted meanwhile moves nothing from one page to another.
#[derive(Debug)]
pub struct Window {
    first: i64,
    /// The key that it comes after.
    pub after: After,
}

impl Window {
    /// Which rows behind [`Window::after`] to read.
    pub fn span(&self) -> Span {
        Span { limit: self.first + 1, offset: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(arguments: Value) -> Asked {
        Asked {
            arguments: arguments.as_object().unwrap().clone(),
            fields: vec!["totalCount".into()],
            points: 0,
            portion: i64::MAX,
        }
    }

    #[derive(Serialize)]
    struct Number(i64);

    impl Keyed for Number {
        fn key(&self) -> Vec<String> {
            vec![self.0.to_string(), "x".to_owned()]
        }
    }

    #[test]
    fn a_page_has_the_size_that_was_asked_for_and_says_whether_there_are_more() {
        let asked = asked(json!({"first": 2}));
        let window = asked.window().unwrap();
        assert_eq!(window.span(), Span { limit: 3, offset: 0 });
        let page = |rows: &[i64]| asked.connection(&window, rows.iter().map(|n| Number(*n)).collect(), || Ok(9)).unwrap();
        let full = json!({"nodes": [1, 2], "page_info": {"has_next_page": true, "end_cursor": "2_x"}, "total_count": 9});
        assert_eq!(page(&[1, 2, 3]), full);
        assert_eq!(page(&[])["page_info"], json!({"has_next_page": false, "end_cursor": null}));
    }

    #[test]
    fn pages_out_of_bounds_are_refused() {
        for bad in [json!({"first": 0}), json!({"first": 201}), json!({"after": ""}), json!({"after": "x".repeat(301)})] {
            assert!(asked(bad.clone()).window().is_err(), "{bad}");
        }
    }
}
