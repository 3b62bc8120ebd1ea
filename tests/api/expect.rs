//! What every answer of the contract looks like.

use super::Phone;
use crate::servers::client::Answer;
use serde_json::{Value, json};

/// A field error is a list of sentences under the field's own name.
#[track_caller]
pub fn refused(answer: Answer, field: &str) -> Value {
    let body = problem(answer, 400);
    for list in [&body[field], &body["errors"][field]] {
        let said = list.as_array().unwrap_or_else(|| panic!("no errors of {field} in {body}"));
        assert!(!said.is_empty() && said.iter().all(Value::is_string), "{body}");
    }
    body
}

/// A problem (RFC 9457) of this status, with everything that every answer carries.
#[track_caller]
pub fn problem(answer: Answer, status: u16) -> Value {
    guarded(&answer);
    let answer = answer.expect(status);
    assert_eq!(answer.header("Content-Type"), Some("application/problem+json"));
    let body = answer.json();
    assert!(body["type"].is_string() && body["detail"].is_string(), "{body}");
    assert!(body["title"].is_string() || body["title"].is_array(), "{body}");
    assert!(body["status"] == status || body["status"].is_array(), "{body}");
    body
}

/// 401: with a code, and the scheme that would do.
#[track_caller]
pub fn unauthenticated(answer: Answer, code: &str) {
    assert_eq!(answer.header("WWW-Authenticate"), Some("Bearer"), "{} {}", answer.status, answer.text());
    assert_eq!(problem(answer, 401)["code"], code);
}

/// The fields that every answer carries, errors too.
#[track_caller]
pub fn guarded(answer: &Answer) {
    let fields = [("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer")];
    for (name, value) in fields {
        assert_eq!(answer.header(name), Some(value), "{name}: {} {:?}", answer.status, answer.headers);
    }
    assert!(answer.header("X-Request-Id").is_some_and(|id| !id.is_empty()), "{:?}", answer.headers);
    assert_eq!(answer.header("Access-Control-Allow-Origin"), None, "CORS is off until origins are configured");
}

/// One object of each kind that a couple has.
pub struct Things {
    /// A goal with one action.
    pub goal: String,
    /// The goal's action.
    pub action: String,
    /// A question, answered by its asker.
    pub question: String,
    /// A check-in.
    pub checkin: String,
    /// A letter.
    pub letter: String,
}

impl Things {
    /// Makes one of each.
    #[track_caller]
    pub fn of(phone: &Phone) -> Things {
        let goal = phone.make("/goals/", &json!({"title": "Walk"}));
        let question = phone.make("/qna/questions/", &json!({"text": "Where to?"}));
        phone.post(&format!("/qna/questions/{question}/answer/"), &json!({"text": "South"})).expect(200);
        let letter = phone.post("/letters/", &json!({"month": "2026-01", "content": "Dear"})).expect(201).json();
        Things {
            action: add_action(phone, &goal, "Buy shoes"),
            checkin: phone.make("/checkins/", &json!({"date": "2026-01-16"})),
            letter: letter["letter"]["id"].as_str().unwrap().to_owned(),
            goal,
            question,
        }
    }

    /// Where each is read.
    pub fn paths(&self) -> [String; 5] {
        let Things { goal, action, question, checkin, letter } = self;
        [
            format!("/goals/{goal}/"),
            format!("/goals/actions/{action}/"),
            format!("/qna/questions/{question}/"),
            format!("/checkins/{checkin}/"),
            format!("/letters/{letter}/"),
        ]
    }

    /// Every id.
    pub fn ids(&self) -> [&str; 5] {
        [&self.goal, &self.action, &self.question, &self.checkin, &self.letter]
    }
}

/// Adds an action to a goal; answers its id.
#[track_caller]
pub fn add_action(phone: &Phone, goal: &str, text: &str) -> String {
    let answer = phone.post(&format!("/goals/{goal}/actions/"), &json!({ "text": text })).expect(201).json();
    answer["action"]["id"].as_str().unwrap().to_owned()
}

/// Is it an instant as the contract writes it, `2026-01-16T14:30:45.123Z`?
pub fn is_instant(value: &Value) -> bool {
    let shape = "dddd-dd-ddTdd:dd:dd.dddZ";
    let fits = |(c, s): (char, char)| if s == 'd' { c.is_ascii_digit() } else { c == s };
    value.as_str().is_some_and(|text| text.len() == shape.len() && text.chars().zip(shape.chars()).all(fits))
}

/// Is it a UUID in its canonical form?
pub fn is_id(value: &Value) -> bool {
    value.as_str().is_some_and(|text| uuid::Uuid::try_parse(text).is_ok_and(|id| id.hyphenated().to_string() == text))
}
