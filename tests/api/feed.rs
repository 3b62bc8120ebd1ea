//! Reading the feed: its rows in order, instants, and one object of every kind that users make.

use super::Phone;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};
use std::time::SystemTime;

/// The seven lists, in the alphabet's order.
pub const LISTS: [&str; 7] = ["checkins", "couple", "goal_actions", "goals", "letters", "qna_answers", "qna_questions"];

/// One row of a poll.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// When it was changed, as it came.
    pub at: String,
    /// The list that it stood in.
    pub list: String,
    /// The object.
    pub id: String,
    /// Is it a tombstone?
    pub deleted: bool,
}

/// A text.
#[track_caller]
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

/// A poll's rows, oldest first across its lists; every list must be in order by itself, and hold nothing unforeseen.
#[track_caller]
pub fn rows(poll: &Value) -> Vec<Row> {
    let mut rows = Vec::new();
    for (list, items) in poll["changes"].as_object().unwrap() {
        let items = items.as_array().unwrap();
        let in_order = items.windows(2).all(|pair| pair[0]["updated_at"].as_str() <= pair[1]["updated_at"].as_str());
        assert!(in_order, "{list} is not oldest first: {items:?}");
        rows.extend(items.iter().map(|item| row(list, item)));
    }
    rows.sort_by(|a: &Row, b| a.at.cmp(&b.at));
    rows
}

#[track_caller]
fn row(list: &str, item: &Value) -> Row {
    for (name, value) in item.as_object().unwrap() {
        let foreseen = match name.as_str() {
            "id" | "updated_at" => value.is_string(),
            "version" => value.as_i64().is_some_and(|version| version > 0),
            // What is alive does not say so.
            "deleted" => *value == json!(true),
            "object" => value.is_object(),
            _ => false,
        };
        assert!(foreseen, "{list}: {name} = {value}");
    }
    Row { at: text(&item["updated_at"]), list: list.to_owned(), id: text(&item["id"]), deleted: item["deleted"] == true }
}

/// The couple's clock now: the cursor of somebody who has everything.
#[track_caller]
pub fn now(phone: &Phone) -> String {
    text(&phone.poll(&ago(1))["server_time"])
}

/// The wall clock's instant so many minutes ago.
pub fn ago(minutes: i64) -> String {
    let at = DateTime::<Utc>::from(SystemTime::now()) - TimeDelta::minutes(minutes);
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// An instant moved by so many milliseconds.
pub fn after(at: &str, milliseconds: i64) -> String {
    let at = DateTime::parse_from_rfc3339(at).unwrap().to_utc() + TimeDelta::milliseconds(milliseconds);
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// An object of one kind, and how it is changed and deleted.
pub struct Object {
    /// Its list in the feed.
    pub list: &'static str,
    /// Its id.
    pub id: String,
    /// Its own route; an answer's is its question's.
    path: String,
    change: (&'static str, String, Value),
    delete: Option<String>,
}

impl Object {
    /// The requests that change it and, where it has a route of its own, delete it: path, method, body.
    pub fn steps(&self) -> Vec<(String, &'static str, Value)> {
        let (method, path, body) = self.change.clone();
        let delete = self.delete.clone().map(|path| (path, "DELETE", json!({})));
        std::iter::once((path, method, body)).chain(delete).collect()
    }

    /// The object as its own route shows it; an answer, which has none, as its question does, with the question's id.
    #[track_caller]
    pub fn alone(&self, phone: &Phone) -> Value {
        let shown = phone.get(&self.path).expect(200).json();
        if self.list != "qna_answers" {
            return shown;
        }
        let mut answer = shown["answers"].as_array().unwrap().iter().find(|a| a["id"] == self.id.as_str()).unwrap().clone();
        answer["question_id"] = shown["id"].clone();
        answer
    }
}

/// Makes an object of each kind that users make; each creation must be in the feed at once.
#[track_caller]
pub fn objects(phone: &Phone) -> Vec<Object> {
    let since = now(phone);
    let plain = |list, base: &str, id: String, change: Value| {
        let path = format!("{base}{id}/");
        Object { list, id, path: path.clone(), change: ("PATCH", path.clone(), change), delete: Some(path) }
    };
    let question = phone.make("/qna/questions/", &json!({"text": "Où? 어디?", "theme": "t"}));
    let to = format!("/qna/questions/{question}/answer/");
    let answer = text(&phone.post(&to, &json!({"text": "Là. 여기."})).expect(200).json()["answer"]["id"]);
    let goal = phone.make("/goals/", &json!({"title": "g", "target_date": "2027-01-01", "owner": phone.id}));
    let add = format!("/goals/{goal}/actions/");
    let action = text(&phone.post(&add, &json!({"text": "a"})).expect(201).json()["action"]["id"]);
    let checkin = phone.make("/checkins/", &json!({"date": "2026-01-01", "mood": 1}));
    let letter = text(&phone.post("/letters/", &json!({"month": "2026-01", "content": "c"})).expect(201).json()["letter"]["id"]);
    let path = format!("/qna/questions/{question}/");
    let answered = Object { list: "qna_answers", id: answer, path, change: ("POST", to, json!({"text": "b"})), delete: None };
    // What is deleted first must not take the others with it.
    let made = vec![
        answered,
        plain("qna_questions", "/qna/questions/", question, json!({"text": "u"})),
        plain("goal_actions", "/goals/actions/", action, json!({"done": true})),
        plain("goals", "/goals/", goal, json!({"status": "DONE"})),
        plain("checkins", "/checkins/", checkin, json!({"mood": 9})),
        plain("letters", "/letters/", letter, json!({"content": "d"})),
    ];
    let found = rows(&phone.poll(&since));
    for object in &made {
        let row = found.iter().find(|row| row.id == object.id && row.list == object.list);
        assert!(row.is_some_and(|row| !row.deleted), "{} {} is not in {found:?}", object.list, object.id);
    }
    assert_eq!(found.len(), made.len(), "{found:?}");
    made
}
