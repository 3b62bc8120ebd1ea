//! Problem details (RFC 9457): the one place where an error becomes a status.

use super::texts;
use super::{Request, Response};
use crate::base::error::{DbError, DbFault, Error, Limit, Refusal, Refused};
use crate::base::text::{self, Language, Message};
use crate::base::time::SECOND;
use schemars::{Schema, json_schema};
use serde_json::{Map, Value, json};

/// The media type of every error (RFC 9457 §3).
pub const MEDIA_TYPE: &str = "application/problem+json";
/// Seconds after which a client may try again when another writer held the lock for too long.
const RETRY_AFTER_BUSY: u32 = 1;
/// Seconds after which a client may try again when the operator has something to do.
const RETRY_AFTER_REPAIR: u32 = 60;

/// Status, title and machine-readable code of a refusal.
fn shape(kind: Refused) -> (u16, &'static str, Option<&'static str>) {
    match kind {
        Refused::Invalid => (400, "Bad Request", None),
        Refused::Unauthenticated(code) => (401, "Unauthorized", Some(code)),
        Refused::Forbidden => (403, "Forbidden", None),
        Refused::NotFound => (404, "Not Found", None),
        Refused::Method => (405, "Method Not Allowed", None),
        Refused::TooSlow(_) => (408, "Request Timeout", Some("too-slow")),
        Refused::InProgress => (409, "Conflict", None),
        Refused::OpenConflicts => (409, "Conflict", Some("conflict-open")),
        Refused::Stale => (412, "Precondition Failed", None),
        Refused::TooLarge => (413, "Content Too Large", None),
        Refused::AnswerTooLarge => (413, "Content Too Large", Some("answer-too-large")),
        Refused::MediaType => (415, "Unsupported Media Type", None),
        Refused::KeyReused => (422, "Unprocessable Content", Some("SYNC_003")),
        Refused::TooMany(_) => (429, "Too Many Requests", Some("RATE_LIMIT_EXCEEDED")),
    }
}

/// What every problem looks like. An error of a field stands where a standard member of the same name would.
pub fn schema() -> Schema {
    let messages = json!({"type": "array", "items": {"type": "string"}, "minItems": 1});
    json_schema!({
        "type": "object",
        "description": "What is wrong (RFC 9457). Errors of fields also stand as members of their own; a route may add members.",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": {"type": "string", "format": "uri-reference"},
            "title": {"oneOf": [{"type": "string"}, messages]},
            "status": {"oneOf": [{"type": "integer"}, messages]},
            "detail": {"type": "string", "description": "One sentence for a person."},
            "code": {"oneOf": [{"type": "string"}, messages], "description": "For a program, where the status does not tell enough."},
            "errors": {"type": "object", "additionalProperties": messages, "description": "Errors by field."},
            "reason": {"oneOf": [{"type": "string"}, messages], "description": "The limit that was passed."},
            "poll_after": {"type": "integer", "description": "Seconds until the next poll of the feed."},
            "max_items": {"type": "integer", "description": "How many items an upload had better send at once."},
        },
        "additionalProperties": true,
    })
}

/// The answer to a request that did not succeed.
pub fn answer(error: &Error, request: &Request<'_>) -> Response {
    let language = request.language;
    match error {
        Error::Refused(refusal) => refused(refusal, language),
        Error::Db(DbError { kind: DbFault::Busy | DbFault::Retry, .. }) => {
            unavailable(503, &texts::BUSY, RETRY_AFTER_BUSY, language)
        }
        Error::Db(DbError { kind: DbFault::Full, .. }) => unavailable(507, &texts::FULL, RETRY_AFTER_REPAIR, language),
        Error::Db(DbError { kind: DbFault::TooLarge, .. }) => {
            refused(&Refusal::new(Refused::TooLarge, &texts::TOO_LARGE_AT_ONCE), language)
        }
        Error::Db(_) | Error::NotReady(_) => unavailable(503, &texts::UNAVAILABLE, RETRY_AFTER_REPAIR, language),
        Error::Internal(_) => problem(500, "Internal Server Error", &Message::plain(&texts::INTERNAL), language, Map::new()),
    }
}

fn unavailable(status: u16, detail: &'static text::Text, after: u32, language: Language) -> Response {
    unavailable_with(status, detail, after, language, Map::new())
}

fn unavailable_with(
    status: u16,
    detail: &'static text::Text,
    after: u32,
    language: Language,
    extension: Map<String, Value>,
) -> Response {
    let title = if status == 507 { "Insufficient Storage" } else { "Service Unavailable" };
    problem(status, title, &Message::plain(detail), language, extension).with("Retry-After", after.to_string())
}

/// The answer of a program that finds itself unwell, with extension members (RFC 9457 §3.2) that say in what.
pub fn unwell(extension: Map<String, Value>, language: Language) -> Response {
    unavailable_with(503, &texts::UNAVAILABLE, RETRY_AFTER_REPAIR, language, extension)
}

/// The answer to a refusal.
pub fn refused(refusal: &Refusal, language: Language) -> Response {
    refused_with(refusal, language, Map::new())
}

/// The answer to a refusal, with extension members (RFC 9457 §3.2).
pub fn refused_with(refusal: &Refusal, language: Language, extension: Map<String, Value>) -> Response {
    let (status, title, code) = shape(refusal.kind);
    let mut members = fields(refusal, language);
    members.extend(extension);
    if let Some(code) = code {
        members.insert("code".to_owned(), json!(code));
    }
    if let Some(limit) = &refusal.limit {
        members.insert("reason".to_owned(), json!(limit.reason));
    }
    if let Refused::TooSlow(Some(items)) = refusal.kind {
        members.insert("max_items".to_owned(), json!(items));
    }
    let response = limited(problem(status, title, &refusal.detail, language, members), refusal);
    match refusal.kind {
        Refused::Unauthenticated(_) => response.with("WWW-Authenticate", "Bearer"),
        Refused::TooMany(after) => response.with("Retry-After", after.to_string()),
        Refused::InProgress => response.with("Retry-After", "1"),
        _ => response,
    }
}

/// What a caller who is over a limit needs to behave (draft-ietf-httpapi-ratelimit-headers).
fn limited(response: Response, refusal: &Refusal) -> Response {
    let (Some(limit), Refused::TooMany(after)) = (&refusal.limit, refusal.kind) else { return response };
    let Limit { reason, count, window } = limit;
    response
        .with("RateLimit", format!("\"{reason}\";r=0;t={after}"))
        .with("RateLimit-Policy", format!("\"{reason}\";q={count};w={}", window / SECOND))
}

/// Field errors as members of their own, which existing clients read, and all together under `errors`.
fn fields(refusal: &Refusal, language: Language) -> Map<String, Value> {
    let mut members: Map<String, Value> = Map::new();
    for (name, message) in &refusal.fields {
        let list = members.entry(*name).or_insert_with(|| Value::Array(Vec::new()));
        if let Value::Array(list) = list {
            list.push(json!(message.render(language)));
        }
    }
    if !members.is_empty() {
        members.insert("errors".to_owned(), Value::Object(members.clone()));
    }
    members
}

/// A field called like a standard member (a goal's `title` and `status`) wins over it: existing clients read the field,
/// and RFC 9457 §3.1 has others ignore a member of an unexpected type.
fn problem(status: u16, title: &str, detail: &Message, language: Language, mut members: Map<String, Value>) -> Response {
    let standard = [("type", json!("about:blank")), ("title", json!(title)), ("status", json!(status))];
    for (name, value) in standard {
        members.entry(name).or_insert(value);
    }
    members.insert("detail".to_owned(), json!(detail.render(language)));
    let mut response = Response::json(status, &members);
    response.headers = vec![("Content-Type", MEDIA_TYPE.into())];
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(response: &Response) -> Value {
        serde_json::from_slice(&response.body).unwrap()
    }

    #[test]
    fn field_errors_stand_as_members_even_where_a_field_is_called_like_a_standard_one() {
        let refusal =
            Refusal::fields(vec![("title", Message::plain(&text::REQUIRED)), ("theme", Message::plain(&text::NOT_TEXT))]);
        let json = body(&refused(&refusal, Language::En));
        assert_eq!(json["title"][0], "This field is required.");
        assert_eq!(json["status"], 400);
        assert_eq!(json["detail"], "This field is required.");
        assert_eq!(json["errors"]["theme"][0], "Not a valid string.");
    }

    #[test]
    fn the_log_keeps_what_the_caller_must_not_see() {
        let vars = crate::http::Vars::default();
        let answer = answer(&Error::Internal("secret path".into()), &Request::new(&vars, String::new()));
        assert_eq!(answer.status, 500);
        assert!(!String::from_utf8_lossy(&answer.body).contains("secret"));
    }
}
