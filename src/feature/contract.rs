//! What a route takes and gives, as data. The API's description is made from it, and the tests hold real answers to it.

use super::{Face, Feature, Route};
use crate::http::input::Field;
use crate::http::version::Version;
use crate::http::{body, paging, response};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

/// Where schemas are collected while the API is described.
#[derive(Debug)]
pub struct Schemas {
    /// Collects the schemas of types under their names.
    pub generator: SchemaGenerator,
    /// The registry, for what shows all of something.
    pub features: &'static [&'static Feature],
    /// Whose schema is being told: a route by its path, or a kind by its name. Who describes several looks here which.
    pub subject: &'static str,
    /// The version of the API that is described.
    pub version: &'static Version,
}

impl Schemas {
    /// The schema that is told of a subject.
    pub fn of(&mut self, subject: &'static str, describe: Describe) -> Schema {
        let outer = std::mem::replace(&mut self.subject, subject);
        let schema = describe(self);
        self.subject = outer;
        schema
    }
}

impl Schemas {
    /// Puts a schema under a name, which becomes a type of clients that are generated; answers the reference to it.
    pub fn named(&mut self, name: String, schema: Schema) -> Schema {
        let place = self.generator.settings().definitions_path.clone();
        let reference = format!("#{}/{name}", place.trim_end_matches('/'));
        self.generator.definitions_mut().insert(name, schema.to_value());
        Schema::new_ref(reference)
    }
}

/// Tells a schema.
pub type Describe = fn(&mut Schemas) -> Schema;

/// The schema of a type that is written as JSON.
pub fn of<T: JsonSchema>(schemas: &mut Schemas) -> Schema {
    schemas.generator.subschema_for::<T>()
}

fn page<T: JsonSchema>(schemas: &mut Schemas) -> Schema {
    paging::schema::<T>(&mut schemas.generator)
}

/// What the body of a request may hold.
#[derive(Debug, Clone, Copy)]
pub enum Takes {
    /// Nobody said; a route that makes or alters something must say.
    Unsaid,
    /// Nothing: a body is not looked at.
    Nothing,
    /// These fields, which the handler reads by the same table.
    Fields(&'static [Field]),
    /// JSON of another shape.
    Json(Describe),
}

/// The content of an answer.
#[derive(Debug, Clone, Copy)]
pub enum Content {
    /// None.
    Nothing,
    /// JSON.
    Json(Describe),
    /// JSON: an object whose one member has this name.
    Under(&'static str, Describe),
    /// Bytes of this media type.
    Bytes(&'static str),
    /// One of several media types, as the client prefers; without a schema when it is no JSON.
    Any(&'static [(&'static str, Option<Describe>)]),
}

impl Content {
    /// Its media types, each with its schema when it is JSON; none when there is no content.
    pub fn media(self, schemas: &mut Schemas) -> Vec<(&'static str, Option<Schema>)> {
        match self {
            Content::Nothing => Vec::new(),
            Content::Json(describe) => vec![(response::JSON, Some(describe(schemas)))],
            Content::Under(name, describe) => {
                let properties = serde_json::Map::from_iter([(name.to_owned(), describe(schemas).to_value())]);
                let schema = json_schema!({ "type": "object", "properties": properties, "required": [name] });
                vec![(response::JSON, Some(schema))]
            }
            Content::Bytes(media) => vec![(media, None)],
            Content::Any(media) => {
                media.iter().map(|(media, describe)| (*media, describe.map(|describe| describe(schemas)))).collect()
            }
        }
    }
}

/// An answer of a route when all is well.
#[derive(Debug, Clone, Copy)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The content.
    pub content: Content,
}

/// The most good answers of one route: made, or already there.
const MOST: usize = 2;

/// The most bytes of messages that an engine brings at once: Pushpin sends 200,000, with the last one that began within them.
const MOST_OF_SOCKET: u64 = 256 * 1024;

/// What a route takes and gives. The problems that follow from its method, access and limit need not be said.
#[derive(Debug, Clone, Copy)]
pub struct Contract {
    /// What its body may hold.
    pub takes: Takes,
    /// The query parameters it reads, and the segments `{…}` of its path that are no object ids.
    pub parameters: &'static [Field],
    /// Its good answers; none when nobody said.
    pub answers: [Option<Answer>; MOST],
    /// Does it answer pages of a list, by `?page=` and `?page_size=`?
    pub paged: bool,
    /// Statuses of refusals that do not follow from method, access and limit.
    pub refuses: &'static [u16],
    /// What its refusals look like when they are no problems.
    pub refusal: Option<Content>,
}

impl Contract {
    /// Nothing said yet.
    pub const NONE: Contract =
        Contract { takes: Takes::Unsaid, parameters: &[], answers: [None; MOST], paged: false, refuses: &[], refusal: None };

    /// The good answers.
    pub fn answers(&self) -> impl Iterator<Item = Answer> {
        self.answers.into_iter().flatten()
    }
}

impl Route {
    /// The most bytes that its body may have. Documents of GraphQL carry uploads, and the operator's own routes are tried with
    /// large bodies.
    pub fn most_bytes(&self) -> u64 {
        let bytes = match (self.face, self.contract.takes) {
            (Face::Socket, _) => MOST_OF_SOCKET,
            (Face::Graphql | Face::Operator, _) | (_, Takes::Json(_)) => body::MAX_BODY,
            (_, Takes::Fields(fields)) => fields.iter().fold(body::MIN_BODY, |sum, field| sum.saturating_add(field.most_bytes)),
            (_, Takes::Nothing | Takes::Unsaid) => body::MIN_BODY,
        };
        bytes.min(body::MAX_BODY)
    }

    /// Has its body a field of this name?
    pub fn takes_field(&self, name: &str) -> bool {
        matches!(self.contract.takes, Takes::Fields(fields) if fields.iter().any(|field| field.name == name))
    }

    /// Its body is read by this table of fields.
    #[must_use]
    pub const fn takes(mut self, fields: &'static [Field]) -> Route {
        self.contract.takes = Takes::Fields(fields);
        self
    }

    /// Its body is not looked at.
    #[must_use]
    pub const fn takes_nothing(mut self) -> Route {
        self.contract.takes = Takes::Nothing;
        self
    }

    /// Its body is JSON of this shape, which no table of fields can tell.
    #[must_use]
    pub const fn takes_json(mut self, describe: Describe) -> Route {
        self.contract.takes = Takes::Json(describe);
        self
    }

    /// It reads these query parameters; one with the name of a segment `{…}` of the path describes that.
    #[must_use]
    pub const fn parameters(mut self, fields: &'static [Field]) -> Route {
        self.contract.parameters = fields;
        self
    }

    /// It answers an object of this type.
    #[must_use]
    pub const fn gives<T: JsonSchema>(self, status: u16) -> Route {
        self.answers(status, Content::Json(of::<T>))
    }

    /// It answers an object of this type as the one member of another.
    #[must_use]
    pub const fn gives_under<T: JsonSchema>(self, status: u16, name: &'static str) -> Route {
        self.answers(status, Content::Under(name, of::<T>))
    }

    /// It answers without content.
    #[must_use]
    pub const fn gives_nothing(self) -> Route {
        self.answers(204, Content::Nothing)
    }

    /// It answers pages of objects of this type.
    #[must_use]
    pub const fn lists<T: JsonSchema>(self) -> Route {
        self.paged().answers(200, Content::Json(page::<T>))
    }

    /// It answers pages in an envelope of its own.
    #[must_use]
    pub const fn paged(mut self) -> Route {
        self.contract.paged = true;
        self
    }

    /// It answers this; a route that has more answers than there is room for does not compile.
    #[must_use]
    pub const fn answers(mut self, status: u16, content: Content) -> Route {
        let mut free = 0;
        while self.contract.answers[free].is_some() {
            free += 1;
        }
        self.contract.answers[free] = Some(Answer { status, content });
        self
    }

    /// It refuses for reasons that do not follow from its method, access and limit.
    #[must_use]
    pub const fn refuses(mut self, statuses: &'static [u16]) -> Route {
        self.contract.refuses = statuses;
        self
    }

    /// Its refusals look like this, and are no problems.
    #[must_use]
    pub const fn refuses_by(mut self, content: Content) -> Route {
        self.contract.refusal = Some(content);
        self
    }
}
