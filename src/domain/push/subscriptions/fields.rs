//! What a device sends of its subscription, and how that is read.

use super::rules::{LIFE, Preferences};
use super::target::{MAX_ENDPOINT, Target, place};
use crate::base::text::Message;
use crate::base::time::Timestamp;
use crate::base::word;
use crate::domain::push::{rules, texts};
use crate::feature::rhythm::Quiet;
use crate::feature::sessions::device;
use crate::feature::{House, Priority};
use crate::http::input::{Field, Input, Shape, Value};
use serde_json::json;

/// The most characters of a key in base64url: a point of P-256 has 87.
const MAX_KEY: usize = 100;
/// The most characters of a code, which has 32.
const MAX_CODE: usize = 100;
/// What takes every list of the feed.
pub const ALL: &str = "all";
/// The least urgent that wakes a device, with its word.
pub const FILTERS: [(Priority, &str); 3] = [(Priority::Normal, ALL), (Priority::High, "high"), (Priority::Critical, "critical")];
const FILTER_WORDS: &[&str] = &word::list(&FILTERS);

const ENDPOINT: Field = Field::new("endpoint", Shape::Text { min: 1, max: MAX_ENDPOINT, trim: true, blank: false })
    .nullable()
    .about("The address that the push service gave the app. Without it and its keys the subscription holds preferences alone.");
const KEYS: Field = Field::new("keys", Shape::Object(&[P256DH, AUTH])).nullable().about("The keys that came with the endpoint.");
const P256DH: Field = Field::name("p256dh", MAX_KEY).required().about("In base64url.");
const AUTH: Field = Field::name("auth", MAX_KEY).required().about("In base64url.");
const DOMAINS: Field = Field::new("domains", Shape::Json)
    .of_bytes(rules::MAX_DATA)
    .about("The lists of the feed or domains whose changes wake the device, or `[\"all\"]`, which holds when it is left out.");
const FILTER: Field = Field::new("priority_filter", Shape::Choice(FILTER_WORDS))
    .about("The least urgent that wakes the device; `all` when it is left out.");
const SAVER: Field = Field::new("battery_saver", Shape::Bool).about("Wake the device rarely, and have it poll rarely.");
const FROM: Field = Field::new("quiet_from", Shape::Text { min: 0, max: 5, trim: true, blank: true })
    .nullable()
    .about("`HH:MM` in the user's time zone: from then to `quiet_to` only what is critical wakes the device.");
const TO: Field = Field::new("quiet_to", Shape::Text { min: 0, max: 5, trim: true, blank: true })
    .nullable()
    .about("Null for both, or an empty text, ends the quiet hours.");
const VISIBLE: Field = Field::new("visible", Shape::Bool).about(
    "Each wake-up shows a notification, as some browsers want: nothing normal is sent then, and `code` names what to show.",
);
const EXPIRES: Field = Field::new("expires_at", Shape::Instant)
    .nullable()
    .about("When the subscription ends; 30 days from now at most, which holds when it is left out. Send it again before.");

/// A whole subscription.
pub const WHOLE: &[Field] = &[device::ID.required(), ENDPOINT, KEYS, DOMAINS, FILTER, SAVER, FROM, TO, VISIBLE, EXPIRES];
/// What is changed of one.
pub const CHANGE: &[Field] = &[DOMAINS, FILTER, SAVER, FROM, TO, VISIBLE, EXPIRES];
/// The code that was sent to the device.
pub const CODE: &[Field] = &[Field::new("code", Shape::Text { min: 1, max: MAX_CODE, trim: true, blank: false })
    .required()
    .about("The `code` of the message of type `verify` that the push service brought.")];

/// Where the device is woken, if it says so. What is wrong is told of its field.
pub fn target(input: &mut Input, house: &House) -> Option<Target> {
    let endpoint = input.text(ENDPOINT.name).map(str::to_owned);
    let keys = input.json(KEYS.name).cloned();
    let (endpoint, keys) = match (endpoint, keys) {
        (Some(endpoint), Some(keys)) => (endpoint, keys),
        (None, None) => return None,
        _ => {
            input.error(
                if input.text(ENDPOINT.name).is_some() { KEYS.name } else { ENDPOINT.name },
                Message::plain(&texts::TOGETHER),
            );
            return None;
        }
    };
    let key = |name: &str| keys[name].as_str().unwrap_or_default().trim_end_matches('=').to_owned();
    let target = Target { endpoint, p256dh: key(P256DH.name), auth: key(AUTH.name) };
    check_endpoint(input, &target.endpoint, house);
    input.check(target.reader().is_some_and(|reader| reader.is_sound()), KEYS.name, &texts::NOT_KEYS);
    Some(target)
}

fn check_endpoint(input: &mut Input, endpoint: &str, house: &House) {
    let push = &house.settings.push;
    let Some(place) = place(endpoint) else { return input.error(ENDPOINT.name, Message::plain(&texts::NOT_ENDPOINT)) };
    input.check(place.is_of(&push.hosts), ENDPOINT.name, &texts::NOT_HOST);
    input.check(push.ports.contains(&place.port), ENDPOINT.name, &texts::NOT_PORT);
}

/// Takes the preferences that were sent.
pub fn take(input: &mut Input, preferences: &mut Preferences, house: &House) {
    let list = |word: &str| house.kind(word).map(|kind| kind.name);
    if input.json(DOMAINS.name) == Some(&json!([ALL])) {
        preferences.domains.clear();
    } else if input.value(DOMAINS.name).is_some()
        && let Some(mut lists) = rules::domains(input, list)
    {
        lists.sort_unstable();
        lists.dedup();
        preferences.domains = lists;
    }
    if let Some(filter) = input.text(FILTER.name).and_then(|word| word::named(&FILTERS, word)) {
        preferences.priority = filter;
    }
    input.set(SAVER.name, &mut preferences.saver);
    input.set(VISIBLE.name, &mut preferences.visible);
    quiet(input, preferences);
}

/// Takes the quiet hours: both ends, or none.
fn quiet(input: &mut Input, preferences: &mut Preferences) {
    let before = preferences.quiet;
    let from = end(input, FROM.name, before.map(|quiet| quiet.from));
    let to = end(input, TO.name, before.map(|quiet| quiet.to));
    preferences.quiet = from.zip(to).map(|(from, to)| Quiet { from, to });
    if from.is_some() != to.is_some() || from.is_some() && from == to {
        input.error(if from.is_some() { TO.name } else { FROM.name }, Message::plain(&texts::NOT_QUIET));
    }
}

/// One end of the quiet hours: what was sent, or else what was.
fn end(input: &mut Input, name: &'static str, before: Option<i64>) -> Option<i64> {
    match input.value(name) {
        None => before,
        Some(Value::Text(text)) if !text.is_empty() => {
            let read = minute(text);
            input.check(read.is_some(), name, &texts::NOT_TIME);
            read
        }
        Some(_) => None,
    }
}

/// The minute of the day of `HH:MM`.
fn minute(text: &str) -> Option<i64> {
    let (hour, minute) = text.split_once(':')?;
    let number =
        |digits: &str| digits.parse::<i64>().ok().filter(|_| digits.len() == 2 && digits.bytes().all(|b| b.is_ascii_digit()));
    let (hour, minute) = (number(hour)?, number(minute)?);
    (hour < 24 && minute < 60).then_some(hour * 60 + minute)
}

/// When the subscription ends that was sent now.
pub fn expires(input: &mut Input, now: Timestamp) -> Timestamp {
    let latest = now.plus(LIFE);
    let sent = input.instant(EXPIRES.name);
    input.check(sent.is_none_or(|at| at > now), EXPIRES.name, &texts::IS_OVER);
    sent.map_or(latest, |at| at.min(latest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_day_has_four_digits() {
        assert_eq!((minute("00:00"), minute("22:30"), minute("23:59")), (Some(0), Some(1_350), Some(1_439)));
        for bad in ["24:00", "12:60", "1:00", "12:0", "+1:00", "12-00", ""] {
            assert_eq!(minute(bad), None, "{bad}");
        }
    }
}
