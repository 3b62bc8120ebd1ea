//! A device: its fields, its states, and how much it counts.

use super::texts;
use crate::base::error::{Error, Refusal, Result};
use crate::base::text::Message;
use crate::base::time::Timestamp;
use crate::base::word;
use crate::feature::news::MAX_DEVICE;
use crate::http::input::{Extent, Field, Input, Shape};
use serde_json::Value;

/// Each type of device, and its priority where its user set none: the larger the keyboard, the more an edit was meant.
const TYPES: [(i64, &str); 5] = [(40, "phone"), (60, "tablet"), (80, "laptop"), (100, "desktop"), (50, OTHER)];
/// The words of types.
const WORDS: &[&str] = &word::list(&TYPES);
/// The type of what does not say one.
pub const OTHER: &str = "other";
/// The highest priority.
const MAX_PRIORITY: i64 = 100;
/// The longest name, in characters.
const MAX_NAME: usize = 100;
/// The longest name or version of a system or an app, in characters.
const MAX_WORD: usize = 50;
/// What stands in the path of devices and is none.
const RESERVED: [&str; 3] = ["register", "handoff", "wiped"];

/// The field of a device's id.
pub const ID: Field = Field::new("device_id", Shape::Text { min: 1, max: MAX_DEVICE, trim: true, blank: false })
    .about("The app's own random UUID for each installation, or another text without control characters and `/`.");
const NAME: Field = Field::name("name", MAX_NAME);
const TYPE: Field = Field::new("type", Shape::Choice(WORDS));
/// The field of how much its edits count.
pub const PRIORITY: Field = Field::new("priority", Shape::Int(0, MAX_PRIORITY))
    .nullable()
    .about("Null is the type's: desktop 100, laptop 80, tablet 60, other 50, phone 40.");
const CAN_WIPE: Field =
    Field::new("can_wipe", Shape::Bool).about("Does the app delete what it holds of the account when it is asked to?");
const OS: Field = Field::name("os", MAX_WORD);
const OS_VERSION: Field = Field::name("os_version", MAX_WORD);
const APP: Field = Field::name("app", MAX_WORD);
const APP_VERSION: Field = Field::name("app_version", MAX_WORD);

/// What a device says of itself.
pub const DETAILS: &[Field] = &[NAME, TYPE, PRIORITY, OS, OS_VERSION, APP, APP_VERSION, CAN_WIPE];
/// The same with its id.
pub const WHOLE: &[Field] = &[ID.required(), NAME, TYPE, PRIORITY, OS, OS_VERSION, APP, APP_VERSION, CAN_WIPE];
/// What its user changes of it from anywhere.
pub const CHANGE: &[Field] = &[NAME, TYPE, PRIORITY, CAN_WIPE];
/// The field of a sign-in that holds the device.
pub const DEVICE: Field =
    Field::new("device", Shape::Object(WHOLE)).nullable().about("The device that signs in: the session is bound to it.");

/// How a device stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It may be signed in.
    Active,
    /// Its sessions were ended.
    Revoked,
    /// So they were, and it shall delete what it holds.
    WipePending,
    /// It said that it has.
    Wiped,
}

impl State {
    /// Every state with its word in the store and on the wire.
    pub const ALL: [(State, &str); 4] =
        [(State::Active, "active"), (State::Revoked, "revoked"), (State::WipePending, "wipe_pending"), (State::Wiped, "wiped")];

    /// Its word.
    pub fn word(self) -> &'static str {
        word::of(&State::ALL, &self)
    }
}

/// A device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// What it calls itself.
    pub device_id: String,
    /// What its user calls it.
    pub name: String,
    /// Its type's word.
    pub kind: String,
    /// How much its edits count, if its user said so.
    pub set_priority: Option<i64>,
    /// The team whose admin let it count more than its type does; 0 is none.
    pub granted_in: i64,
    /// Its system.
    pub os: String,
    /// The version of that.
    pub os_version: String,
    /// Its app.
    pub app: String,
    /// The version of that.
    pub app_version: String,
    /// Does it delete what it holds when it is asked to?
    pub can_wipe: bool,
    /// How it stands.
    pub state: State,
    /// Since when.
    pub state_at: Timestamp,
    /// When it was first known.
    pub registered_at: Timestamp,
    /// When it was last heard of.
    pub seen_at: Timestamp,
}

impl Device {
    /// One of which nothing but its id is known.
    pub fn new(id: &str, now: Timestamp) -> Device {
        let [name, os, os_version, app, app_version] = [const { String::new() }; 5];
        Device {
            device_id: id.to_owned(),
            name,
            kind: OTHER.to_owned(),
            set_priority: None,
            granted_in: 0,
            os,
            os_version,
            app,
            app_version,
            can_wipe: false,
            state: State::Active,
            state_at: now,
            registered_at: now,
            seen_at: now,
        }
    }

    /// Takes what was sent and is sound; what was not sent stays.
    pub fn take(&mut self, input: &Input) {
        input.set(NAME.name, &mut self.name);
        input.set(TYPE.name, &mut self.kind);
        let before = self.set_priority;
        input.set(PRIORITY.name, &mut self.set_priority);
        // What a team's admin let it be does not let it be more.
        if self.set_priority > before {
            self.granted_in = 0;
        }
        input.set(OS.name, &mut self.os);
        input.set(OS_VERSION.name, &mut self.os_version);
        input.set(APP.name, &mut self.app);
        input.set(APP_VERSION.name, &mut self.app_version);
        input.set(CAN_WIPE.name, &mut self.can_wipe);
    }

    /// How much its edits count.
    pub fn priority(&self) -> i64 {
        self.set_priority.unwrap_or_else(|| self.usual_priority())
    }

    /// The same where it is used: in a team no more than its type's, unless who runs that let it count more there.
    pub fn priority_in(&self, team: Option<i64>) -> i64 {
        match team {
            Some(team) if self.granted_in != team => self.priority().min(self.usual_priority()),
            _ => self.priority(),
        }
    }

    /// How much edits of its type count.
    pub fn usual_priority(&self) -> i64 {
        word::named(&TYPES, &self.kind).unwrap_or(TYPES[TYPES.len() - 1].0)
    }

    /// Is in a state from now on.
    pub fn enter(&mut self, state: State, now: Timestamp) {
        if self.state != state {
            (self.state, self.state_at) = (state, now);
        }
    }
}

/// May a device be called so?
pub fn is_id(id: &str) -> bool {
    let length = id.chars().count();
    let plain = !id.chars().any(|c| c.is_control() || c == '/') && id.trim() == id;
    let is_step = matches!(id, "." | "..");
    (1..=MAX_DEVICE).contains(&length) && plain && !is_step && !RESERVED.contains(&id)
}

/// What was sent of a device.
#[derive(Debug)]
pub struct Sent {
    /// What it calls itself.
    pub id: String,
    /// The rest.
    pub details: Input,
}

impl Sent {
    /// A device by its id and fields of [`DETAILS`].
    ///
    /// # Errors
    /// When one of them is not sound.
    pub fn of(id: &str, mut details: Input) -> Result<Sent> {
        let id = id.trim().to_owned();
        if !is_id(&id) {
            details.error(ID.name, Message::plain(&texts::DEVICE_ID));
        }
        details.finish()?;
        Ok(Sent { id, details })
    }

    /// A device by fields of [`WHOLE`].
    ///
    /// # Errors
    /// When one of them is not sound.
    pub fn whole(mut input: Input) -> Result<Sent> {
        input.finish()?;
        let id = input.text(ID.name).unwrap_or_default().to_owned();
        Sent::of(&id, input)
    }

    /// The device that a sign-in names in [`DEVICE`].
    ///
    /// # Errors
    /// When its id is none.
    pub fn within(input: &Input) -> Result<Option<Sent>> {
        let Some(Value::Object(device)) = input.json(DEVICE.name) else { return Ok(None) };
        let details = Input::of(device, WHOLE, Extent::Whole);
        let id = details.text(ID.name).unwrap_or_default().to_owned();
        if !is_id(&id) {
            return Err(Error::from(Refusal::field(DEVICE.name, Message::plain(&texts::DEVICE_ID))));
        }
        Sent::of(&id, details).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_can_stand_in_a_path() {
        for good in ["x", "phone ü", "0b6c8f6e-7d1c-7000-8000-000000000001", &"é".repeat(255), "Register"] {
            assert!(is_id(good), "{good}");
        }
        for bad in ["", " x", "a/b", "a\nb", "register", "handoff", "wiped", &"x".repeat(256), "\u{7f}"] {
            assert!(!is_id(bad), "{bad:?}");
        }
    }

    #[test]
    fn a_priority_is_the_types_unless_it_was_set() {
        let mut device = Device::new("d", Timestamp(7));
        assert_eq!(device.priority(), 50);
        let sent = |json: Value| Input::of(json.as_object().unwrap(), DETAILS, Extent::Whole);
        device.take(&sent(serde_json::json!({"type": "desktop", "name": "Desk"})));
        assert_eq!((device.priority(), device.name.as_str()), (100, "Desk"));
        device.take(&sent(serde_json::json!({"priority": 3})));
        assert_eq!((device.priority(), device.usual_priority(), device.kind.as_str()), (3, 100, "desktop"));
        device.take(&sent(serde_json::json!({"priority": null})));
        assert_eq!(device.priority(), 100);
    }
}
