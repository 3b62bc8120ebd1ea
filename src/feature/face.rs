//! Through which face a route is reached, and in which versions of the API it exists.

use super::{Deprecated, Route};
use crate::http::version::Version;

/// What callers see a route as. Where the API is described, counted or changed, faces differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Face {
    /// JSON for clients, described by OpenAPI.
    Rest,
    /// GraphQL, described by its schema.
    Graphql,
    /// Messages of a WebSocket, which an engine in front makes requests of.
    Socket,
    /// A page for a browser.
    Page,
    /// What the operator's own program asks.
    Operator,
}

impl Route {
    /// It is reached through another face than REST.
    #[must_use]
    pub const fn through(mut self, face: Face) -> Route {
        self.face = face;
        self
    }

    /// It exists from this version of the API on.
    #[must_use]
    pub const fn since(mut self, number: u8) -> Route {
        self.since = number;
        self
    }

    /// It exists up to this version of the API and not beyond.
    #[must_use]
    pub const fn until(mut self, number: u8) -> Route {
        self.until = number;
        self
    }

    /// It is the same in every version, and under none.
    #[must_use]
    pub const fn versionless(mut self) -> Route {
        self.versionless = true;
        self
    }

    /// It is to go.
    #[must_use]
    pub const fn deprecated(mut self, deprecated: Deprecated) -> Route {
        self.deprecated = Some(deprecated);
        self
    }

    /// Does it depend on the version of the API? GraphQL evolves without versions, and pages are for people.
    pub fn is_versioned(&self) -> bool {
        matches!(self.face, Face::Rest | Face::Socket) && !self.versionless
    }

    /// Does it exist in this version?
    pub fn exists_in(&self, version: &Version) -> bool {
        (self.since..=self.until).contains(&version.number)
    }
}
