//! What linking takes and gives.

use super::INTERVAL;
use crate::base::text::Text;
use crate::base::time::{SECOND, Timestamp};
use crate::domain::auth::rules::{MAX_CODE, known};
use crate::domain::auth::session::SignedIn;
use crate::domain::auth::texts;
use crate::feature::sessions::device::DEVICE;
use crate::http::input::{Field, Shape};
use schemars::JsonSchema;
use serde::Serialize;

/// The longest code that a device polls with: twice what there are, and what a client makes of them.
const MAX_DEVICE_CODE: usize = 128;
/// What an OAuth client says that it asks for (RFC 8628 §3.4).
const GRANTS: &[&str] = &["urn:ietf:params:oauth:grant-type:device_code"];

/// The field of a device that wants to be let in.
pub const ASK: &[Field] = &[DEVICE];

/// The code that the new device shows.
const USER_CODE: Field = Field::name("user_code", MAX_CODE).about("Small letters, blanks and hyphens do not matter.");
/// The segment of a path that is the same.
pub const SHOWN: &[Field] = &[USER_CODE];

/// The fields of a decision.
pub const DECIDE: &[Field] = &[
    USER_CODE.required(),
    Field::new("allow", Shape::Bool).required(),
    Field::name("match", MAX_CODE).about("The two digits that the new device shows, wanted where `allow` is true; two wrong ones deny it."),
    known("password").about("Wanted where the session has not signed in or given it within 10 minutes, and from another network than the new device's."),
];

/// The fields of a poll. What else an OAuth client sends, as its `client_id`, is ignored.
pub const POLL: &[Field] =
    &[Field::name("device_code", MAX_DEVICE_CODE).required(), Field::new("grant_type", Shape::Choice(GRANTS))];

/// The codes of a device that wants to be let in.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "DeviceCodes")]
pub struct Codes {
    /// What it polls with; it shows this to nobody.
    pub device_code: String,
    /// What it shows.
    pub user_code: String,
    /// Where a person enters that.
    pub verification_uri: String,
    /// The same with the code: what a QR holds.
    pub verification_uri_complete: String,
    /// How many seconds they are good.
    pub expires_in: i64,
    /// How many seconds it waits between two polls.
    pub interval: i64,
    /// Two digits that it shows beside the code, and that no QR holds.
    #[serde(rename = "match")]
    pub digits: String,
}

/// A device that wants to be let in, as the one that is asked shows it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "NewDevice")]
pub struct Waiting {
    /// What it calls itself.
    pub name: String,
    /// phone, tablet, laptop, desktop or other.
    #[serde(rename = "type")]
    pub kind: String,
    /// What its app calls itself: `NAME/VERSION`.
    pub client: String,
    /// When it asked.
    pub asked_at: Timestamp,
    /// How many seconds ago that was.
    pub seconds_ago: i64,
    /// Did it ask from the network of who asks here?
    pub same_network: bool,
    /// Does letting it in want the password?
    pub password_required: bool,
}

/// What was decided.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "NewDeviceDecided")]
pub struct Decided {
    /// allowed or denied.
    pub status: &'static str,
}

/// What a device is given that was let in: as a sign-in, and by the names of OAuth (RFC 6749 §5.1).
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "NewDeviceSignedIn")]
pub struct LetIn<'a> {
    /// As a sign-in answers it.
    #[serde(flatten)]
    pub signed_in: SignedIn<'a>,
    /// The same as `access`.
    pub access_token: String,
    /// The same as `refresh`.
    pub refresh_token: String,
    /// Always `Bearer`.
    pub token_type: &'static str,
    /// How many seconds the access token is good.
    pub expires_in: i64,
}

/// Why a poll is given no tokens (RFC 8628 §3.5, RFC 6749 §5.2).
pub struct NotYet {
    /// The type of the problem.
    pub problem: &'static str,
    /// The member `error`.
    pub error: &'static str,
    /// A sentence.
    pub text: &'static Text,
}

/// Nobody has decided.
pub const PENDING: NotYet =
    NotYet { problem: "authorization-pending", error: "authorization_pending", text: &texts::LINK_PENDING };
/// So it is, and the poll came too early.
pub const SLOW_DOWN: NotYet = NotYet { problem: "slow-down", error: "slow_down", text: &texts::LINK_SLOW_DOWN };
/// Somebody said no.
pub const DENIED: NotYet = NotYet { problem: "access-denied", error: "access_denied", text: &texts::LINK_DENIED };
/// The codes have ended.
pub const EXPIRED: NotYet = NotYet { problem: "expired-token", error: "expired_token", text: &texts::LINK_EXPIRED };
/// There is no such code, or it was used.
pub const UNKNOWN: NotYet = NotYet { problem: "invalid-grant", error: "invalid_grant", text: &texts::LINK_UNKNOWN };

/// How many seconds a device waits between two polls at first.
pub const SECONDS: i64 = INTERVAL / SECOND;
