//! Errors as GraphQL tells them: `errors` with a code for programs. Nothing that is for the log gets here.

use super::media::Media;
use crate::base::error::{Error, Refusal, Refused};
use crate::base::text::Language;
use crate::http::{Request, Response, problem};
use serde_json::{Map, Value, json};

/// The document is no GraphQL.
pub const PARSE_FAILED: &str = "GRAPHQL_PARSE_FAILED";
/// The document, its variables or the operation's name do not fit the schema.
pub const VALIDATION_FAILED: &str = "GRAPHQL_VALIDATION_FAILED";
/// The schema may not be asked for.
pub const INTROSPECTION_DISABLED: &str = "INTROSPECTION_DISABLED";
/// What changes is told by polls and sockets, not by an operation that stays open.
pub const SUBSCRIPTION_UNSUPPORTED: &str = "SUBSCRIPTION_UNSUPPORTED";
/// The operation is too deep or costs too much.
pub const TOO_COMPLEX: &str = "QUERY_COMPLEXITY_EXCEEDED";

/// What the operation names is not there any more.
pub const SUNSET: &str = "SUNSET";

/// The code of a refusal.
pub const fn code(kind: Refused) -> &'static str {
    match kind {
        Refused::Invalid | Refused::UnknownVersion { .. } | Refused::KeyRequired => "VALIDATION_ERROR",
        Refused::Unauthenticated(_) => "UNAUTHENTICATED",
        Refused::Sunset => SUNSET,
        Refused::ClientTooOld => "client-too-old",
        Refused::Forbidden => "FORBIDDEN",
        Refused::NotFound => "NOT_FOUND",
        Refused::Method => "METHOD_NOT_ALLOWED",
        Refused::IdTaken => "ID_TAKEN",
        Refused::Exists => "EXISTS",
        Refused::Deleted => "DELETED",
        Refused::Stale => "STALE",
        Refused::Unnamed => "PRECONDITION_REQUIRED",
        Refused::TooLarge => "BODY_TOO_LARGE",
        Refused::AnswerTooLarge => "ANSWER_TOO_LARGE",
        Refused::OpenConflicts => "CONFLICT_OPEN",
        Refused::NoRoom(_) => "QUOTA",
        Refused::TooSlow(_) => "BODY_TOO_SLOW",
        Refused::MediaType => "MEDIA_TYPE_NOT_SUPPORTED",
        Refused::TooMany(_) => "RATE_LIMIT_EXCEEDED",
        Refused::KeyReused => "IDEMPOTENCY_KEY_REUSED",
        Refused::InProgress => "IDEMPOTENCY_KEY_IN_PROGRESS",
        Refused::AlreadyDone => "ALREADY_DONE",
        Refused::EpochChanged => "EPOCH_CHANGED",
        Refused::DeviceUnknown => "DEVICE_UNKNOWN",
        Refused::DeviceMismatch => "DEVICE_MISMATCH",
        Refused::DeviceWiping => "DEVICE_WIPING",
        Refused::CannotWipe => "CANNOT_WIPE",
        Refused::TooManyDevices => "TOO_MANY_DEVICES",
        Refused::EmailUnverified => "EMAIL_UNVERIFIED",
        Refused::MailUnavailable => "MAIL_UNAVAILABLE",
        Refused::PushUnavailable => "PUSH_UNAVAILABLE",
        Refused::RealtimeUnavailable => "REALTIME_UNAVAILABLE",
        Refused::TooManySubscriptions => "TOO_MANY_SUBSCRIPTIONS",
        Refused::SubscriptionInactive => "SUBSCRIPTION_INACTIVE",
        Refused::NotLinked(_) => "NOT_LINKED",
    }
}

/// What a program is told of a refusal.
pub fn extensions(refusal: &Refusal, language: Language) -> Map<String, Value> {
    let mut told = Map::from_iter([("code".to_owned(), json!(code(refusal.kind)))]);
    if let Refused::TooMany(seconds) | Refused::NoRoom(seconds) = refusal.kind {
        told.insert("retryAfter".to_owned(), json!(seconds));
    }
    if let Some(limit) = refusal.limit {
        told.insert("reason".to_owned(), json!(limit.reason));
    }
    told.extend(refusal.more.iter().map(|(name, value)| (camel(name), value.clone())));
    if let Some(room) = &refusal.room {
        told.insert("quota".to_owned(), problem::quota(room));
    }
    if !refusal.fields.is_empty() {
        let field =
            |(name, message): &(&str, crate::base::text::Message)| json!({"field": name, "message": message.render(language)});
        told.insert("fields".to_owned(), refusal.fields.iter().map(field).collect());
    }
    told
}

/// `not_done` as GraphQL writes it: `notDone`.
fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |all, word| all + &word[..1].to_ascii_uppercase() + &word[1..])
}

/// One error.
pub fn error(message: &str, extensions: Map<String, Value>) -> Value {
    json!({"message": message, "extensions": extensions})
}

/// The answer to a request of which nothing was run. The status and what a client needs to behave are those of REST.
pub fn tell(error: &Error, request: &Request<'_>) -> Response {
    let told = match error {
        Error::Refused(refusal) => extensions(refusal, request.language),
        Error::Db(_) | Error::NotReady(_) => Map::from_iter([("code".to_owned(), json!("DATABASE_ERROR"))]),
        Error::Internal(_) => Map::from_iter([("code".to_owned(), json!("INTERNAL_ERROR"))]),
    };
    let problem = problem::answer(error, request);
    let detail = serde_json::from_slice::<Value>(&problem.body).ok().and_then(|body| Some(body["detail"].as_str()?.to_owned()));
    let errors = json!({"errors": [self::error(&detail.unwrap_or_default(), told)]});
    let mut response = Media::of(request).response(problem.status, &errors);
    response.headers.extend(problem.headers.into_iter().filter(|(name, _)| *name != "Content-Type"));
    response
}
