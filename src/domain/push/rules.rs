//! Messages to devices: what they are, who they are for, and how many are kept.

use super::texts;
use crate::base::error::{Error, Result};
use crate::base::text::Message as Told;
use crate::base::time::{DAY, Timestamp};
use crate::base::word;
use crate::feature::news::MAX_DEVICE;
use crate::http::input::{Field, Input, Shape};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

/// How many messages are kept for an addressee: a device that comes back after days needs to know that much happened, not all of it.
pub const MOST_KEPT: usize = 50;
/// The most bytes of what a message says: ids and states, never content.
pub const MAX_DATA: usize = 2 << 10;
/// The longest text that the operator or a member of a team sends along, in characters: a notification's.
pub const MAX_TEXT: usize = 200;
/// The most conflicts that one message names; it counts all of them.
pub const MOST_NAMED: usize = 20;
/// Why somebody has devices poll by hand.
pub const MANUAL: &str = "manual";
/// The most lists or domains that a message names.
const MOST_DOMAINS: usize = 20;
/// The most messages on a page.
pub const MAX_LIMIT: i64 = 50;

pub use crate::feature::Priority;

impl Priority {
    /// How long a message waits for who never asks, in milliseconds.
    pub const fn kept(self) -> i64 {
        match self {
            Priority::Normal | Priority::High => 7 * DAY,
            Priority::Critical => 30 * DAY,
        }
    }

    /// The priority of a number in the store.
    pub fn of(number: i64) -> Result<Priority> {
        let found = Priority::ALL.into_iter().map(|(priority, _)| priority).find(|priority| priority.number() == number);
        found.ok_or_else(|| Error::Internal("the store holds a priority that is not known".into()))
    }
}

/// What a message is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// Poll now.
    SyncTrigger,
    /// An edit met another.
    ConflictAlert,
    /// Of the account, or from the operator.
    System,
}

impl Type {
    /// Every type with its word.
    pub const ALL: [(Type, &str); 3] =
        [(Type::SyncTrigger, "sync_trigger"), (Type::ConflictAlert, CONFLICT_ALERT), (Type::System, "system")];
    /// Those that people send.
    const SENT: [&str; 2] = ["sync_trigger", "system"];
}

/// The one type that a device is told of what it did itself.
pub const CONFLICT_ALERT: &str = "conflict_alert";

/// A message as its device is shown it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "PushMessage")]
pub struct Message {
    /// Its id.
    pub id: String,
    /// The tenant's stamp of the transaction that made it.
    pub stamp: Timestamp,
    /// `sync_trigger`, `conflict_alert` or `system`.
    #[serde(rename = "type")]
    pub type_name: String,
    /// `normal`, `high` or `critical`.
    pub priority: String,
    /// Ids and states, as its type has them; no content.
    pub data: Value,
    /// When it is forgotten.
    pub expires_at: Timestamp,
}

/// Who a message is for. The messages of each are counted apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct To {
    /// The user; 0 is every member.
    pub user: i64,
    /// The author that their device is; 0 is each of their devices.
    pub device: i64,
}

impl To {
    /// Every member.
    pub const ALL: To = To { user: 0, device: 0 };

    /// Each device of a user.
    pub const fn user(user: i64) -> To {
        To { user, device: 0 }
    }
}

/// What a message of type `system` is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// The user signed in somewhere.
    SignIn,
    /// The user has another password.
    Password,
    /// A device of theirs was signed out.
    SessionEnded,
    /// The server will be away.
    Maintenance,
    /// The app is to be renewed.
    UpgradeRequired,
    /// What its text says.
    Text,
}

impl Code {
    /// Every code with its word.
    pub const ALL: [(Code, &str); 6] = [
        (Code::SignIn, "sign_in"),
        (Code::Password, "password"),
        (Code::SessionEnded, "session_ended"),
        (Code::Maintenance, "maintenance"),
        (Code::UpgradeRequired, "upgrade_required"),
        (Code::Text, "text"),
    ];
    /// Those that the operator sends.
    pub const OPERATORS: [(Code, &str); 3] = [Code::ALL[3], Code::ALL[4], Code::ALL[5]];
}

/// A message that is to be written.
#[derive(Debug, Clone)]
pub struct Draft {
    /// What it is about.
    pub about: Type,
    /// How urgent it is.
    pub priority: Priority,
    /// What it says.
    pub data: Value,
}

impl Draft {
    /// A message of type `system`.
    pub fn system(code: Code, priority: Priority, text: Option<&str>) -> Draft {
        let mut data = json!({"code": word::of(&Code::ALL, &code)});
        if let Some(text) = text {
            data["text"] = text.into();
        }
        Draft { about: Type::System, priority, data }
    }

    /// Has devices poll.
    pub fn trigger(reason: &str, domains: &[&str]) -> Draft {
        Draft { about: Type::SyncTrigger, priority: Priority::High, data: json!({"reason": reason, "domains": domains}) }
    }
}

/// What a message counts beside others, when some have to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Worth {
    /// How urgent it is.
    pub priority: Priority,
    /// When it is forgotten.
    pub expires_at: Timestamp,
    /// Is it one that people send?
    pub is_sent: bool,
}

/// Is it a message that people send, by its type and what it says?
pub fn is_sent(type_name: &str, data: &Value) -> bool {
    let says = |member: &str, word: &str| data.get(member).and_then(Value::as_str) == Some(word);
    match word::named(&Type::ALL, type_name) {
        Some(Type::SyncTrigger) => says("reason", MANUAL),
        Some(Type::System) => says("code", word::of(&Code::ALL, &Code::Text)),
        _ => false,
    }
}

/// Which messages go when an addressee has too many: expired ones, then what people send, then the least urgent, then the oldest. So nobody
/// who sends many hides a sign-in. `kept` is what there is in the order of its stamps; answers the places of those that go so that one more
/// has room.
pub fn to_go(kept: &[Worth], now: Timestamp) -> Vec<usize> {
    let beyond = (kept.len() + 1).saturating_sub(MOST_KEPT);
    let mut places: Vec<usize> = (0..kept.len()).collect();
    places.sort_by_key(|place| (rank(&kept[*place], now), *place));
    places.truncate(beyond);
    places
}

/// The lower goes first.
fn rank(worth: &Worth, now: Timestamp) -> (bool, bool, Priority) {
    (worth.expires_at > now, !worth.is_sent, worth.priority)
}

/// The parameters of a list of messages.
pub const PAGE: &[Field] = &[
    Field::lenient("since")
        .about("The last `server_time`: what came later. Everything that is kept when it is missing or unreadable."),
    Field::new("limit", Shape::Int(1, MAX_LIMIT))
        .about("1 to 50, which holds when it is left out; a page never ends inside one stamp."),
];

/// Up to where a device has seen its messages.
pub const ACK: &[Field] =
    &[Field::new("up_to", Shape::Instant).required().about("A `stamp`, or the last `server_time`. It never goes back.")];

/// What a member sends.
pub const SEND: &[Field] = &[
    Field::new("to", Shape::Json)
        .of_bytes(MAX_DATA)
        .required()
        .about("`\"all\"`, or an object with `user_id`, `device_id` (one's own) or both; who runs a team reaches anybody in it."),
    Field::new("type", Shape::Choice(&Type::SENT)).required(),
    Field::new("priority", Shape::Choice(&word::list(&Priority::ALL))).about("`normal` when it is left out."),
    Field::new("domains", Shape::Json)
        .of_bytes(MAX_DATA)
        .about("With `sync_trigger`: which lists or domains; at most 20. All when it is left out."),
    Field::new("text", Shape::Text { min: 1, max: MAX_TEXT, trim: true, blank: false }).about("With `system`: what to show."),
];

/// Whom a member means by `to`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whom {
    /// Everybody.
    All,
    /// A user's devices, or one of them; nobody named is the sender.
    Devices(Option<i64>, Option<String>),
}

/// Reads `to`.
pub fn whom(input: &mut Input) -> Option<Whom> {
    let read = match input.json("to")? {
        Value::String(all) if all == "all" => Some(Whom::All),
        Value::Object(object) if !object.is_empty() && object.keys().all(|key| key == "user_id" || key == "device_id") => {
            let user = object.get("user_id").map(number);
            let device = object.get("device_id").map(|id| id.as_str().filter(|id| id.len() <= 4 * MAX_DEVICE).map(str::to_owned));
            (user != Some(None) && device != Some(None)).then(|| Whom::Devices(user.flatten(), device.flatten()))
        }
        _ => None,
    };
    input.check(read.is_some(), "to", &texts::NOT_TO);
    read
}

/// A user's id: GraphQL's are strings.
fn number(id: &Value) -> Option<i64> {
    id.as_i64().or_else(|| id.as_str()?.parse().ok())
}

/// Reads `domains`: by any name of a list or a domain, told by the name of its list.
pub fn domains<'k>(input: &mut Input, list_of: impl Fn(&str) -> Option<&'k str>) -> Option<Vec<String>> {
    let sent = input.json("domains")?.as_array().cloned();
    let known = sent
        .as_ref()
        .filter(|all| !all.is_empty() && all.len() <= MOST_DOMAINS)
        .and_then(|all| all.iter().map(|word| word.as_str().and_then(&list_of).map(str::to_owned)).collect::<Option<Vec<_>>>());
    if known.is_none() {
        input.error("domains", Told::with(&texts::NOT_DOMAINS, &[&MOST_DOMAINS]));
    }
    known
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: Timestamp = Timestamp(100 * DAY);

    #[test]
    fn what_is_expired_and_least_urgent_goes_first() {
        let worth = |priority, expires_at, is_sent| Worth { priority, expires_at, is_sent };
        let mut kept = vec![worth(Priority::Critical, NOW.plus(1), false); MOST_KEPT];
        assert_eq!(to_go(&kept, NOW), [0]);
        kept[7] = worth(Priority::High, NOW.plus(1), false);
        assert_eq!(to_go(&kept, NOW), [7]);
        kept[9] = worth(Priority::Normal, NOW.plus(1), false);
        assert_eq!(to_go(&kept, NOW), [9]);
        kept[20] = worth(Priority::Critical, NOW.plus(1), true);
        assert_eq!(to_go(&kept, NOW), [20], "what somebody sends hides nothing");
        kept[30] = worth(Priority::Critical, NOW, false);
        assert_eq!(to_go(&kept, NOW), [30]);
        assert!(to_go(&kept[..MOST_KEPT - 1], NOW).is_empty());
    }

    proptest! {
        #[test]
        fn a_bound_is_kept_and_nothing_more_urgent_goes(kept in prop::collection::vec((0_i64..3, -5_i64..5, any::<bool>()), 0..70)) {
            let worth = |(n, left, is_sent)| Worth { priority: Priority::of(n).unwrap(), expires_at: NOW.plus(left), is_sent };
            let kept: Vec<_> = kept.into_iter().map(worth).collect();
            let gone = to_go(&kept, NOW);
            prop_assert!(kept.len() - gone.len() < MOST_KEPT);
            let worth = |place: usize| rank(&kept[place], NOW);
            let stays = (0..kept.len()).filter(|place| !gone.contains(place));
            let least = stays.map(worth).min();
            prop_assert!(gone.iter().all(|place| least.is_none_or(|least| worth(*place) <= least)));
        }
    }
}
