//! Problem details (RFC 9457): the one place where an error becomes a status.

use super::problems::{self, Type};
use super::version::{self, Version};
use super::{Request, Response, texts};
use crate::base::error::{DbError, DbFault, Error, Limit, Refusal, Refused, Room};
use crate::base::text::{self, Message};
use crate::base::time::SECOND;
use crate::base::words;
use schemars::{Schema, json_schema};
use serde_json::{Map, Value, json};

/// The media type of every error (RFC 9457 §3).
pub const MEDIA_TYPE: &str = "application/problem+json";
/// Seconds after which a client may try again when another writer held the lock for too long.
const RETRY_AFTER_BUSY: u32 = 1;
/// Seconds after which a client may try again when the operator has something to do.
const RETRY_AFTER_REPAIR: u32 = 60;

/// What errors of the whole body stand under in version 1.
const WHOLE: &str = "non_field_errors";

/// What every problem looks like in a version of the API.
pub fn schema(version: &Version) -> Schema {
    if version.number == 1 { spread_schema() } else { pointed_schema() }
}

/// An error of a field stands where a standard member of the same name would.
fn spread_schema() -> Schema {
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
            "code": {"oneOf": [{"type": "string"}, messages], "description": "The type of the problem, for a program."},
            "errors": {"type": "object", "additionalProperties": messages, "description": "Errors by field."},
            "reason": {"oneOf": [{"type": "string"}, messages], "description": "The limit that was passed."},
            "poll_after": {"type": "integer", "description": "Seconds until the next poll of the feed."},
            "quota": quota_schema(),
            "max_items": {"type": "integer", "description": "How many items an upload had better send at once."},
        },
        "additionalProperties": true,
    })
}

fn quota_schema() -> Value {
    json!({
        "type": "object",
        "description": "With 507: whose room is used up, what is counted, how many are used, how many there may be.",
        "required": ["whose", "unit"],
        "properties": {
            "whose": {"enum": ["couple", "team", "server"]},
            "unit": {"enum": ["bytes", "objects"]},
            "used": {"type": ["integer", "null"]},
            "limit": {"type": ["integer", "null"]},
        },
    })
}

fn pointed_schema() -> Schema {
    let codes: Vec<&str> = problems::TYPES.iter().map(|kind| kind.name).collect();
    let error = json!({
        "type": "object",
        "required": ["code", "detail"],
        "properties": {
            "pointer": {"type": "string", "description": "The field of the body (RFC 6901)."},
            "parameter": {"type": "string", "description": "The parameter of the query."},
            "code": {"type": "string", "description": "What is wrong with it, in a word that stays."},
            "detail": {"type": "string", "description": "One sentence for a person."},
        },
    });
    json_schema!({
        "type": "object",
        "description": "What is wrong (RFC 9457); a route may add members.",
        "required": ["type", "title", "status", "detail", "code", "retryable"],
        "properties": {
            "type": {"type": "string", "format": "uri-reference", "description": "Where the type is described."},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string", "description": "One sentence for a person."},
            "code": {"type": "string", "enum": codes, "description": "The type of the problem, for a program."},
            "retryable": {"type": "boolean", "description": "May the same request succeed later, sent again unchanged?"},
            "errors": {"type": "array", "items": error, "minItems": 1},
            "reason": {"type": "string", "description": "The limit that was passed."},
            "poll_after": {"type": "integer", "description": "Seconds until the next poll of the feed."},
            "quota": quota_schema(),
            "max_items": {"type": "integer", "description": "How many items an upload had better send at once."},
        },
        "additionalProperties": true,
    })
}

/// The answer to a request that did not succeed.
pub fn answer(error: &Error, request: &Request<'_>) -> Response {
    match error {
        Error::Refused(refusal) => refused(refusal, request),
        Error::Db(DbError { kind: DbFault::Busy | DbFault::Retry, .. }) => {
            unavailable("busy", &texts::BUSY, RETRY_AFTER_BUSY, request, Map::new())
        }
        Error::Db(DbError { kind: DbFault::Full, .. }) => {
            unavailable("no-room", &texts::FULL, RETRY_AFTER_REPAIR, request, Map::new())
        }
        Error::Db(DbError { kind: DbFault::TooLarge, .. }) => {
            refused(&Refusal::new(Refused::TooLarge, &texts::TOO_LARGE_AT_ONCE), request)
        }
        Error::Db(_) | Error::NotReady(_) => unwell(Map::new(), request),
        Error::Internal(_) => {
            let kind = problems::known("internal");
            Told { kind, status: kind.status, detail: &Message::plain(&texts::INTERNAL), fields: &[], request }.told(Map::new())
        }
    }
}

fn unavailable(name: &str, detail: &'static text::Text, after: u32, request: &Request<'_>, more: Map<String, Value>) -> Response {
    let kind = problems::known(name);
    let told = Told { kind, status: kind.status, detail: &Message::plain(detail), fields: &[], request };
    told.told(more).with("Retry-After", after.to_string())
}

/// The answer of a program that finds itself unwell, with extension members (RFC 9457 §3.2) that say in what.
pub fn unwell(extension: Map<String, Value>, request: &Request<'_>) -> Response {
    unavailable("unavailable", &texts::UNAVAILABLE, RETRY_AFTER_REPAIR, request, extension)
}

/// The answer to a refusal.
pub fn refused(refusal: &Refusal, request: &Request<'_>) -> Response {
    refused_with(refusal, request, Map::new())
}

/// The answer to a refusal, with extension members (RFC 9457 §3.2).
pub fn refused_with(refusal: &Refusal, request: &Request<'_>, mut extension: Map<String, Value>) -> Response {
    let kind = problems::of(refusal.kind);
    extension.extend(refusal.more.clone());
    if let Some(limit) = &refusal.limit {
        extension.insert("reason".to_owned(), json!(limit.reason));
    }
    if let Some(room) = &refusal.room {
        extension.insert("quota".to_owned(), quota(room));
    }
    let mut status = kind.status;
    match refusal.kind {
        Refused::TooSlow(Some(items)) => drop(extension.insert("max_items".to_owned(), json!(items))),
        Refused::UnknownVersion { in_path } => {
            extension.extend(version::known());
            status = if in_path { 404 } else { status };
        }
        _ => {}
    }
    let told = Told { kind, status, detail: &refusal.detail, fields: &refusal.fields, request };
    let response = limited(told.told(extension), refusal);
    match refusal.kind {
        Refused::Unauthenticated(_) => response.with("WWW-Authenticate", "Bearer"),
        Refused::TooMany(after) | Refused::NoRoom(after) => response.with("Retry-After", after.to_string()),
        Refused::InProgress => response.with("Retry-After", "1"),
        _ => response,
    }
}

/// Whose room is used up, and by how much.
pub fn quota(room: &Room) -> Value {
    json!({"whose": room.whose, "unit": room.unit, "used": room.used, "limit": room.most})
}

/// What a caller who is over a limit needs to behave (draft-ietf-httpapi-ratelimit-headers).
fn limited(response: Response, refusal: &Refusal) -> Response {
    let (Some(limit), Refused::TooMany(after)) = (&refusal.limit, refusal.kind) else { return response };
    let Limit { reason, count, window } = limit;
    response
        .with("RateLimit", format!("\"{reason}\";r=0;t={after}"))
        .with("RateLimit-Policy", format!("\"{reason}\";q={count};w={}", window / SECOND))
}

/// One occurrence of a problem.
struct Told<'p> {
    kind: &'static Type,
    status: u16,
    detail: &'p Message,
    fields: &'p [(&'static str, Message)],
    request: &'p Request<'p>,
}

impl Told<'_> {
    /// The answer, as the request's version of the API writes problems.
    fn told(&self, mut members: Map<String, Value>) -> Response {
        let version = self.request.version.number;
        if version == 1 {
            self.spread(&mut members)
        } else {
            self.point(&mut members)
        }
        for (name, value) in [("title", json!(self.kind.title)), ("status", json!(self.status))] {
            members.entry(name).or_insert(value);
        }
        // Clients of version 1 take a `code` for an error of their field of that name, where they have one.
        if version > 1 || self.kind.older.is_some() || !self.request.code_is_field {
            members.entry("code").or_insert_with(|| json!(self.kind.code(version)));
        }
        members.insert("detail".to_owned(), json!(self.detail.render(self.request.language)));
        let mut response = Response::json(self.status, &members);
        response.headers = vec![("Content-Type", MEDIA_TYPE.into())];
        response
    }

    /// Version 1: field errors as members of their own, which existing clients read, and all together under `errors`. A field
    /// called like a standard member (a goal's `title` and `status`) wins over it: existing clients read the field, and RFC 9457
    /// §3.1 has others ignore a member of an unexpected type.
    fn spread(&self, members: &mut Map<String, Value>) {
        let mut errors: Map<String, Value> = Map::new();
        for (name, message) in self.fields {
            let list = errors.entry(*name).or_insert_with(|| Value::Array(Vec::new()));
            if let Value::Array(list) = list {
                list.push(json!(message.render(self.request.language)));
            }
        }
        if !errors.is_empty() {
            // Whoever looks for the type of a problem finds that; no client of before has a field of this name.
            members.extend(errors.iter().filter(|(name, _)| *name != "type").map(|(name, list)| (name.clone(), list.clone())));
            members.insert("errors".to_owned(), Value::Object(errors));
        }
        members.entry("type").or_insert_with(|| json!("about:blank"));
    }

    /// From version 2 on: a URI for the type, and pointers to fields, so that no field displaces a standard member.
    fn point(&self, members: &mut Map<String, Value>) {
        members.insert("type".to_owned(), json!(problems::uri(self.kind, self.request)));
        members.insert("retryable".to_owned(), json!(self.kind.retryable));
        if !self.fields.is_empty() {
            members.insert("errors".to_owned(), self.fields.iter().map(|field| self.pointed(field)).collect());
        }
    }

    /// A field of the body by its JSON Pointer (RFC 6901 §6), one of the query by its name.
    fn pointed(&self, (name, message): &(&'static str, Message)) -> Value {
        let detail = message.render(self.request.language);
        let (place, field) = match *name {
            WHOLE => ("pointer", "#".to_owned()),
            name if self.request.method.writes() => ("pointer", format!("#/{name}")),
            name => ("parameter", name.to_owned()),
        };
        // The noun's own sentence says what there is already.
        let code = match words::of(message) {
            words::INVALID if self.kind.name == words::EXISTS => words::EXISTS,
            word => word,
        };
        json!({place: field, "code": code, "detail": detail})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(response: &Response) -> Value {
        serde_json::from_slice(&response.body).unwrap()
    }

    fn goal_refused(target: &str) -> Value {
        let refusal =
            Refusal::fields(vec![("title", Message::plain(&text::REQUIRED)), ("theme", Message::plain(&text::NOT_TEXT))]);
        let vars = crate::http::Vars::from_iter([("REQUEST_METHOD", "POST"), ("REQUEST_URI", target)]);
        body(&refused(&refusal, &Request::new(&vars, String::new())))
    }

    #[test]
    fn field_errors_stand_as_members_even_where_a_field_is_called_like_a_standard_one() {
        let json = goal_refused("/api/v1/goals/");
        assert_eq!(json["title"][0], "This field is required.");
        assert_eq!((&json["status"], &json["code"]), (&json!(400), &json!("invalid")));
        assert_eq!(json["detail"], "This field is required.");
        assert_eq!(json["errors"]["theme"][0], "Not a valid string.");
    }

    #[test]
    fn from_version_2_on_no_field_displaces_a_standard_member() {
        let json = goal_refused("/app/api/v2/goals/");
        assert_eq!((&json["title"], &json["type"]), (&json!("Bad Request"), &json!("/app/api/problems/invalid/")));
        let first = json!({"pointer": "#/title", "code": "required", "detail": "This field is required."});
        assert_eq!((&json["errors"][0], json["retryable"].as_bool()), (&first, Some(false)));
        assert!(json.get("theme").is_none());
    }

    #[test]
    fn the_log_keeps_what_the_caller_must_not_see() {
        let vars = crate::http::Vars::default();
        let answer = answer(&Error::Internal("secret path".into()), &Request::new(&vars, String::new()));
        assert_eq!(answer.status, 500);
        assert!(!String::from_utf8_lossy(&answer.body).contains("secret"));
    }
}
