//! The media types of answers, and what they say of statuses (GraphQL over HTTP, draft, §6).

use crate::base::json;
use crate::http::accept::quality;
use crate::http::{Request, Response};
use serde::Serialize;

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Media {
    /// `application/json`, as clients of old expect it: what GraphQL refuses is 200.
    Json,
    /// `application/graphql-response+json`: what GraphQL refuses is 400.
    Graphql,
}

const JSON: &str = "application/json";
const GRAPHQL: &str = "application/graphql-response+json";
/// What `Accept` may name, and what it is answered with; of equals the first.
const KNOWN: [(&str, Media); 4] =
    [(GRAPHQL, Media::Graphql), (JSON, Media::Json), ("application/*", Media::Json), ("*/*", Media::Json)];

impl Media {
    /// What `Accept` prefers (RFC 9110 §12.5.1); JSON where it names nothing that is known.
    pub fn accepted(accept: &str) -> Media {
        let mut best = (0.0, Media::Json);
        for (name, media) in KNOWN {
            let quality = quality(accept, name).unwrap_or(0.0);
            if quality > best.0 {
                best = (quality, media);
            }
        }
        best.1
    }

    /// What a request prefers.
    pub fn of(request: &Request<'_>) -> Media {
        Media::accepted(request.header("ACCEPT").unwrap_or_default())
    }

    /// The status of a well-formed request that GraphQL refuses: its document or its variables are not valid.
    pub fn refusal(self) -> u16 {
        match self {
            Media::Json => 200,
            Media::Graphql => 400,
        }
    }

    /// An answer.
    pub fn response(self, status: u16, content: &impl Serialize) -> Response {
        let name = match self {
            Media::Json => "application/json; charset=utf-8",
            Media::Graphql => "application/graphql-response+json; charset=utf-8",
        };
        match json::write(content) {
            Ok(body) => Response::bytes(status, name, body.into_bytes()).with("Vary", "Accept"),
            Err(_) => Response::empty(500),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_known_media_type_wins() {
        for (accept, media) in [
            ("", Media::Json),
            ("*/*", Media::Json),
            ("text/html", Media::Json),
            ("application/json", Media::Json),
            ("application/graphql-response+json", Media::Graphql),
            ("Application/GraphQL-Response+JSON; charset=utf-8, application/json; charset=utf-8", Media::Graphql),
            ("application/json, application/graphql-response+json", Media::Graphql),
            ("application/graphql-response+json;q=0.5, application/json", Media::Json),
            ("application/graphql-response+json;q=0, */*", Media::Json),
        ] {
            assert_eq!(Media::accepted(accept), media, "{accept}");
        }
    }
}
