//! The types of problems (RFC 9457 §3.1.1): everything that the API refuses, under names that stay. One table.

use super::Request;
use crate::base::error::Refused;

/// A type of problem.
#[derive(Debug, PartialEq, Eq)]
pub struct Type {
    /// Its name: the member `code`, and the end of the URI in `type`.
    pub name: &'static str,
    /// What version 1 has called it since before it had a name.
    pub older: Option<&'static str>,
    /// The status that it usually has.
    pub status: u16,
    /// The title, the same whatever the occurrence.
    pub title: &'static str,
    /// May the same request succeed when it is sent again unchanged, later?
    pub retryable: bool,
    /// What it means and what to do, for developers of clients.
    pub about: &'static str,
}

const fn problem(status: u16, name: &'static str, title: &'static str, about: &'static str) -> Type {
    Type { name, older: None, status, title, retryable: false, about }
}

const fn older(older: &'static str, problem: Type) -> Type {
    Type { older: Some(older), ..problem }
}

const fn later(problem: Type) -> Type {
    Type { retryable: true, ..problem }
}

/// Every type.
pub static TYPES: &[Type] = &[
    problem(
        400,
        "invalid",
        "Bad Request",
        "The request breaks a rule: `errors` says which field, `detail` says it in a sentence. Mend it before it is sent again.",
    ),
    problem(
        400,
        "key-required",
        "Bad Request",
        "From version 2 on an upload names itself by an `Idempotency-Key`, in the field or in the body, so that a lost answer never makes it twice.",
    ),
    problem(
        400,
        "unknown-version",
        "Unknown Version",
        "The version of the API that the request asks for does not exist: `supported_versions` lists those that do.",
    ),
    older(
        "not_authenticated",
        problem(
            401,
            "not-authenticated",
            "Unauthorized",
            "The request carries no token. Sign in, and send `Authorization: Bearer …`.",
        ),
    ),
    older(
        "token_not_valid",
        problem(
            401,
            "token-not-valid",
            "Unauthorized",
            "The token is spoilt, has expired, or its session has ended. Refresh once; if that is refused too, sign in. Unsent edits stay on the device: never drop a queue because of a 401.",
        ),
    ),
    older(
        "device_revoked",
        problem(
            401,
            "device-revoked",
            "Unauthorized",
            "The session of this refresh token was ended from elsewhere. Sign in again; unsent edits stay on the device. Where `wipe` is true, delete what the device holds of this account and of no other, then say so: POST `/devices/wiped/`.",
        ),
    ),
    older("user_not_found", problem(401, "user-not-found", "Unauthorized", "The account of the token is gone or was disabled.")),
    problem(403, "forbidden", "Forbidden", "It is somebody else's to do."),
    problem(
        403,
        "email-unverified",
        "Forbidden",
        "This server lets nobody join before their e-mail address is verified: POST `/auth/email/verify/` sends a code.",
    ),
    problem(404, "not-found", "Not Found", "There is no such thing, or it is another couple's or team's."),
    problem(
        405,
        "method-not-allowed",
        "Method Not Allowed",
        "The path exists, the method does not: the field `Allow` lists those that do.",
    ),
    later(problem(
        408,
        "too-slow",
        "Request Timeout",
        "The body took too long to arrive: `max_items` says how many items to send at once.",
    )),
    later(problem(409, "in-progress", "Conflict", "The request under this key is still being worked on: ask again in a second.")),
    later(problem(
        409,
        "conflict-open",
        "Conflict",
        "Too many conflicts of the record wait for somebody: once one is settled, the same edit is taken.",
    )),
    older(
        "already_done",
        problem(
            409,
            "already-done",
            "Conflict",
            "The same request was done under this key, longer ago than its answer is kept. Nothing was done: `stamps` says where the feed tells of it, `not_done` what of it did not land.",
        ),
    ),
    older(
        "epoch_changed",
        problem(
            409,
            "epoch-changed",
            "Conflict",
            "The store was restored since the client last polled, or the caller is in another couple or team now. Nothing was done: start over with the member `epoch`, then send again what the server does not have; where `couple` has another id, ask the person first.",
        ),
    ),
    problem(
        409,
        "id-taken",
        "Conflict",
        "The `id` in the body is another object's, which stands in `object`: somebody else's, or made with other content. Edit that one, or make a new id.",
    ),
    problem(
        409,
        "exists",
        "Conflict",
        "There is one already where there may be but one, as a user has one check-in a day: `existing_id` names it. Edit that one.",
    ),
    problem(
        409,
        "device-unknown",
        "Conflict",
        "The upload names a device that its user has not, or has no more. Register it (PUT `/devices/{device_id}/`), then send the same again.",
    ),
    problem(
        409,
        "device-mismatch",
        "Conflict",
        "The upload names another device than the one that its session is on. Register the device that this is (PUT `/devices/{device_id}/`), then send the same again.",
    ),
    problem(
        400,
        "device-wiping",
        "Bad Request",
        "The device is to be wiped. Delete what it holds of this account, say so (POST `/devices/wiped/` with the refresh token of then), then sign in; or its user ends the wish on another device.",
    ),
    later(problem(
        400,
        "authorization-pending",
        "Bad Request",
        "Nobody has let the device in yet: poll again after the seconds of `interval`. Its `error` is OAuth's (RFC 8628).",
    )),
    later(problem(
        400,
        "slow-down",
        "Bad Request",
        "The device polls too often: from now on it waits for five seconds more between two polls.",
    )),
    problem(400, "access-denied", "Bad Request", "The device was not let in. Ask for new codes only if its user wants that."),
    problem(400, "expired-token", "Bad Request", "The device's codes have ended: ask for new ones (POST `/auth/device/code/`)."),
    problem(
        400,
        "invalid-grant",
        "Bad Request",
        "There is no such code to poll with, or it was used: ask for new ones (POST `/auth/device/code/`).",
    ),
    problem(
        409,
        "cannot-wipe",
        "Conflict",
        "The device never said that its app deletes what it holds (`can_wipe`). End its sessions instead: DELETE `/devices/{device_id}/`.",
    ),
    problem(
        409,
        "too-many-devices",
        "Conflict",
        "The user has as many devices as there may be: `least_recently_seen` is the one to end first (DELETE `/devices/{device_id}/`), if its user agrees.",
    ),
    problem(
        409,
        "too-many-subscriptions",
        "Conflict",
        "The user has as many subscriptions as there may be: end one (DELETE `/push/subscriptions/{id}/`) of a device that is not used any more.",
    ),
    problem(
        409,
        "subscription-inactive",
        "Conflict",
        "The subscription is not active: its `state` says why. Verify it by the code that its device is sent, or subscribe anew.",
    ),
    problem(410, "deleted", "Gone", "The object of this `id` was made and has been deleted since: forget it, or make a new one."),
    problem(
        410,
        "sunset",
        "Gone",
        "Its last day is over: `successor` takes its place, `link` says more. Nothing that was stored is gone: unsent edits stay on the device, and uploads are taken until `drain_until`.",
    ),
    problem(
        410,
        "client-too-old",
        "Client Too Old",
        "The app is older than `minimum`: `url` has a newer one. Its unsent edits stay on the device, and uploads are taken until `drain_until`.",
    ),
    problem(
        412,
        "precondition-failed",
        "Precondition Failed",
        "The object is not the one that the precondition names, or is there already. Read it again, then decide.",
    ),
    problem(
        428,
        "precondition-required",
        "Precondition Required",
        "Something is there that the request would replace or erase: read it, and name it in `If-Match`.",
    ),
    problem(
        413,
        "too-large",
        "Content Too Large",
        "The request, or the answer to it, is larger than one may be: ask or send in parts.",
    ),
    problem(415, "media-type", "Unsupported Media Type", "The body is of a type that is not read: send JSON."),
    older(
        "SYNC_003",
        problem(
            422,
            "key-reused",
            "Unprocessable Content",
            "The key came before, with another request. A new request needs a new key.",
        ),
    ),
    older(
        "RATE_LIMIT_EXCEEDED",
        later(problem(429, "rate-limited", "Too Many Requests", "Too often: wait for the seconds in `Retry-After`.")),
    ),
    problem(
        500,
        "internal",
        "Internal Server Error",
        "A defect of the server. Its log says more under the answer's `X-Request-Id`.",
    ),
    problem(
        501,
        "mail-unavailable",
        "Not Implemented",
        "The server has no working mailer: nothing was sent, and nothing will be. Whoever runs it can make a link to set a new password.",
    ),
    problem(
        501,
        "push-unavailable",
        "Not Implemented",
        "The server wakes no devices, and will not: poll. Whoever runs it can set that up.",
    ),
    problem(
        501,
        "realtime-unavailable",
        "Not Implemented",
        "The server holds no sockets and no streams, or was not asked through what holds them (`GET /push/` has the addresses): poll, every `poll_after` seconds.",
    ),
    later(problem(503, "busy", "Service Unavailable", "Others are writing: ask again in a second.")),
    later(problem(
        503,
        "unavailable",
        "Service Unavailable",
        "The server is not ready: its operator has something to do. Ask again in some minutes.",
    )),
    later(problem(
        507,
        "quota",
        "Insufficient Storage",
        "The room of the couple, the team or the server is used up: `quota` says whose. Delete something, or ask the operator for more room; deletions and edits that do not grow always pass.",
    )),
    later(problem(
        507,
        "no-room",
        "Insufficient Storage",
        "The server's disk or quota is full. Nothing of the request was kept: keep it, and send it again later.",
    )),
];

/// The type of this name in any version.
pub fn called(name: &str) -> Option<&'static Type> {
    TYPES.iter().find(|known| known.name == name || known.older == Some(name))
}

/// The URI of a type, which leads to its description.
pub fn uri(kind: &Type, request: &Request<'_>) -> String {
    format!("{}/problems/{}/", request.mount(), kind.name)
}

/// The type of a refusal.
pub fn of(kind: Refused) -> &'static Type {
    let name = match kind {
        Refused::Invalid => "invalid",
        Refused::Unauthenticated(code) => code,
        Refused::UnknownVersion { .. } => "unknown-version",
        Refused::KeyRequired => "key-required",
        Refused::Sunset => "sunset",
        Refused::ClientTooOld => "client-too-old",
        Refused::Forbidden => "forbidden",
        Refused::NotFound => "not-found",
        Refused::Method => "method-not-allowed",
        Refused::TooSlow(_) => "too-slow",
        Refused::InProgress => "in-progress",
        Refused::OpenConflicts => "conflict-open",
        Refused::AlreadyDone => "already-done",
        Refused::EpochChanged => "epoch-changed",
        Refused::DeviceUnknown => "device-unknown",
        Refused::DeviceMismatch => "device-mismatch",
        Refused::DeviceWiping => "device-wiping",
        Refused::CannotWipe => "cannot-wipe",
        Refused::TooManyDevices => "too-many-devices",
        Refused::EmailUnverified => "email-unverified",
        Refused::MailUnavailable => "mail-unavailable",
        Refused::PushUnavailable => "push-unavailable",
        Refused::RealtimeUnavailable => "realtime-unavailable",
        Refused::TooManySubscriptions => "too-many-subscriptions",
        Refused::SubscriptionInactive => "subscription-inactive",
        Refused::NotLinked(name) => name,
        Refused::IdTaken => "id-taken",
        Refused::Exists => "exists",
        Refused::Deleted => "deleted",
        Refused::NoRoom(_) => "quota",
        Refused::Stale => "precondition-failed",
        Refused::Unnamed => "precondition-required",
        Refused::TooLarge | Refused::AnswerTooLarge => "too-large",
        Refused::MediaType => "media-type",
        Refused::KeyReused => "key-reused",
        Refused::TooMany(_) => "rate-limited",
    };
    known(name)
}

/// The type of a name that stands in this program.
pub fn known(name: &str) -> &'static Type {
    called(name).unwrap_or(&TYPES[0])
}

impl Type {
    /// What a program calls it in a version of the API.
    pub fn code(&self, version: u8) -> &'static str {
        if version == 1 { self.older.unwrap_or(self.name) } else { self.name }
    }
}

#[cfg(test)]
mod tests;
