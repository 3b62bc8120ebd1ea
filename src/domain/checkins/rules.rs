//! What a check-in may look like, and which of them a list shows.

use super::texts;
use crate::base::error::Result;
use crate::base::time::{self, Timestamp};
use crate::feature::creation::ID;
use crate::feature::walk::chain;
use crate::feature::{Creation, Made, Trace};
use crate::http::input::{Field, Input, Shape};
use crate::http::paging::{After, Keyed};
use chrono::{Days, NaiveDate};
use schemars::JsonSchema;
use serde::Serialize;

/// Mood, stress and energy: from nothing to all there is.
const SCALE: Shape = Shape::Int(0, 10);
/// Where a scale stands when nothing is said: in its middle.
const MIDDLE: i64 = 5;
/// The longest note, in characters: a few pages.
const MAX_NOTE: usize = 10_000;
/// How many days before today a list without a range begins.
const DAYS_BEFORE: Days = Days::new(7);

/// Before and after every date that the contract can write.
const OPEN: (&str, &str) = ("0001-01-01", "9999-12-31");
/// After every date that the contract can write.
const END: &str = "9999-12-32";

/// The fields of a check-in.
pub const CHECKIN: &[Field] = &[
    Field::new("date", Shape::Date).required(),
    Field::new("mood", SCALE),
    Field::new("stress", SCALE),
    Field::new("energy", SCALE),
    Field::text("note", MAX_NOTE),
];

/// What a new check-in may hold.
pub const NEW_CHECKIN: &[Field] = &chain::<_, { 1 + CHECKIN.len() }>(&[&[ID], CHECKIN]);

/// The parameters of a list.
pub const FILTER: &[Field] = &[
    Field::new("from", Shape::Date),
    Field::new("to", Shape::Date),
    Field::new("user", Shape::Choice(&["me", "partner", "all"])),
];

/// A check-in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Checkin {
    /// Its id.
    #[schemars(extend("format" = "uuid"))]
    pub id: String,
    /// Whose it is: they alone may change it.
    pub user_id: i64,
    /// Their user name, as the account has it now.
    pub username: String,
    /// The day, `YYYY-MM-DD`.
    #[schemars(extend("format" = "date"))]
    pub date: String,
    /// 0 to 10.
    #[schemars(range(min = 0, max = 10))]
    pub mood: i64,
    /// 0 to 10.
    #[schemars(range(min = 0, max = 10))]
    pub stress: i64,
    /// 0 to 10.
    #[schemars(range(min = 0, max = 10))]
    pub energy: i64,
    /// What there is to say about the day.
    pub note: String,
    /// Grows with each edit.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// The stamp of its last change.
    pub updated_at: Timestamp,
    /// See there.
    #[serde(skip)]
    #[schemars(skip)]
    pub trace: Trace,
}

impl Made for Checkin {
    fn trace(&self) -> &Trace {
        &self.trace
    }

    fn maker(&self) -> Option<i64> {
        Some(self.user_id)
    }
}

impl Checkin {
    /// A check-in with the contract's defaults. The store knows the user name.
    pub fn new(made: Creation, user_id: i64, at: Timestamp) -> Checkin {
        let Creation { id, trace, version, .. } = made;
        let (username, date, note) = (String::new(), String::new(), String::new());
        let (mood, stress, energy) = (MIDDLE, MIDDLE, MIDDLE);
        Checkin { id, user_id, username, date, mood, stress, energy, note, version, created_at: at, updated_at: at, trace }
    }

    /// Takes what was sent and is sound.
    pub fn take(&mut self, input: &Input) {
        input.set("date", &mut self.date);
        input.set("mood", &mut self.mood);
        input.set("stress", &mut self.stress);
        input.set("energy", &mut self.energy);
        input.set("note", &mut self.note);
    }
}

impl Keyed for Checkin {
    fn key(&self) -> Vec<String> {
        vec![self.date.clone(), self.user_id.to_string()]
    }
}

/// The day and the user that a part of the list lies before.
pub fn before(after: &After) -> Result<(String, i64)> {
    after.key((END.to_owned(), 0), |parts| match parts {
        [day, user] => Some((time::date(day)?.to_string(), user.parse().ok()?)),
        _ => None,
    })
}

/// Which check-ins a list shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// The first and the last day.
    pub days: (String, String),
    /// The first and the last user id.
    pub users: (i64, i64),
    /// The user who is left out; 0 is nobody.
    pub but: i64,
}

impl Filter {
    /// What the parameters ask for. Without a range: from 7 days before `today` on; with one end: the other is open. No list ends
    /// with today by itself: where the partner lives, it may be tomorrow already.
    pub fn of(input: &mut Input, user: i64, today: NaiveDate) -> Filter {
        let days = days(input.text("from"), input.text("to"), today);
        input.check(days.0 <= days.1, "from", &texts::RANGE_ORDER);
        let (users, but) = match input.text("user") {
            Some("all") => ((0, i64::MAX), 0),
            // In a team: everybody else.
            Some("partner") => ((0, i64::MAX), user),
            _ => ((user, user), 0),
        };
        Filter { days, users, but }
    }
}

fn days(from: Option<&str>, to: Option<&str>, today: NaiveDate) -> (String, String) {
    if from.is_none() && to.is_none() {
        let first = today.checked_sub_days(DAYS_BEFORE).unwrap_or(today);
        return (first.to_string(), OPEN.1.to_owned());
    }
    (from.unwrap_or(OPEN.0).to_owned(), to.unwrap_or(OPEN.1).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::input::Extent;
    use serde_json::{Value, json};

    fn filter(parameters: Value) -> (Filter, bool) {
        let mut input = Input::of(parameters.as_object().unwrap(), FILTER, Extent::Part);
        let filter = Filter::of(&mut input, 7, NaiveDate::from_ymd_opt(2026, 3, 2).unwrap());
        (filter, input.finish().is_ok())
    }

    fn range(parameters: Value) -> (String, String) {
        filter(parameters).0.days
    }

    fn days(from: &str, to: &str) -> (String, String) {
        (from.to_owned(), to.to_owned())
    }

    #[test]
    fn a_list_shows_the_last_week_and_what_is_to_come_unless_it_is_told_otherwise() {
        assert_eq!(range(json!({})), days("2026-02-23", "9999-12-31"));
        assert_eq!(range(json!({"from": "2026-01-05", "to": "2026-01-05"})), days("2026-01-05", "2026-01-05"));
        assert_eq!(range(json!({"from": "2026-01-05"})), days("2026-01-05", "9999-12-31"));
        assert_eq!(range(json!({"to": "2026-01-05"})), days("0001-01-01", "2026-01-05"));
    }

    #[test]
    fn a_range_has_its_ends_in_order() {
        assert!(filter(json!({"from": "2026-01-05", "to": "2026-01-06"})).1);
        assert!(!filter(json!({"from": "2026-01-06", "to": "2026-01-05"})).1);
    }

    #[test]
    fn a_list_shows_ones_own_unless_it_is_told_otherwise() {
        let users = |word: Option<&str>| {
            let filter = filter(word.map_or(json!({}), |word| json!({"user": word}))).0;
            let shown = |id: i64| (filter.users.0..=filter.users.1).contains(&id) && id != filter.but;
            (shown(7), shown(8))
        };
        assert_eq!(users(None), (true, false));
        assert_eq!(users(Some("me")), (true, false));
        assert_eq!(users(Some("partner")), (false, true));
        assert_eq!(users(Some("all")), (true, true));
    }
}
