//! A writer: it creates, changes and deletes at random, and notes what the server acknowledged.

use super::actor::{Client, Task, instant};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Days between the check-ins of two writers: a user has one a day.
const DAYS: u64 = 20_000;

/// Operations of which one is a message, on average: fewer than are kept come between two polls of who waits for killed workers.
const PER_MESSAGE: usize = 64;
/// What a message is noted as.
pub const MESSAGES: &str = "messages";

/// One acknowledged operation on one object.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Note {
    /// The operation, unique among all writers.
    pub operation: String,
    pub kind: String,
    pub id: String,
    /// The object's stamp, in milliseconds; a deletion's is not told.
    pub stamp: Option<i64>,
    /// What the object is called in the store, if the operation created it.
    pub label: Option<String>,
    /// How often the request was sent until there was an answer.
    pub sent: u32,
}

/// Something alive that this writer made.
#[derive(Debug, Clone)]
struct Thing {
    kind: &'static str,
    id: String,
    /// The goal of an action, the question of an answer.
    parent: Option<String>,
}

impl Thing {
    fn path(&self) -> String {
        let folder = match self.kind {
            "goals" => "/goals/",
            "goal_actions" => "/goals/actions/",
            "qna_questions" => "/qna/questions/",
            "qna_answers" => "/qna/questions/",
            _ => "/checkins/",
        };
        // An answer is reached through its question.
        let id = if self.kind == "qna_answers" { self.parent.as_deref().unwrap_or_default() } else { &self.id };
        format!("{folder}{id}/")
    }
}

struct Writer<'t> {
    client: Client<'t>,
    things: Vec<Thing>,
    serial: u64,
}

/// Writes for the task's time, or until it is enough.
pub fn run(task: &Task) {
    let mut writer = Writer { client: Client::new(task), things: Vec::new(), serial: 0 };
    let end = Instant::now() + Duration::from_secs(task.seconds);
    while Instant::now() < end && !task.folder.join("enough").exists() {
        writer.step();
    }
}

impl Writer<'_> {
    fn step(&mut self) {
        self.serial += 1;
        if self.client.random.below(PER_MESSAGE) == 0 {
            return self.message();
        }
        match self.client.random.below(16) {
            0..=2 => self.create("goals", "/goals/", None),
            3..=4 => self.create("qna_questions", "/qna/questions/", None),
            5 => self.create("checkins", "/checkins/", None),
            6..=7 => self.create_below("goals", "goal_actions", "actions/"),
            8..=9 => self.create_below("qna_questions", "qna_answers", "answer/"),
            10..=11 => self.change(),
            12 => self.change_shared(),
            _ => self.delete(),
        }
    }

    /// A message to the other devices of the writer's user.
    fn message(&mut self) {
        let body = json!({"to": {"user_id": self.client.task.user}, "type": "system", "text": self.operation()});
        let (status, message, sent) = self.send("POST", "/push/send/", &body);
        assert_eq!(status, 201, "{message}");
        self.note(MESSAGES, message["id"].as_str().unwrap(), Some(instant(&message["stamp"])), None, sent);
    }

    fn operation(&self) -> String {
        format!("writer-{}-operation-{}", self.client.task.index, self.serial)
    }

    fn pick(&mut self, wanted: impl Fn(&Thing) -> bool) -> Option<Thing> {
        let fitting: Vec<&Thing> = self.things.iter().filter(|thing| wanted(thing)).collect();
        if fitting.is_empty() {
            return None;
        }
        let index = self.client.random.below(fitting.len());
        Some(fitting[index].clone())
    }

    /// An action of a goal, or the answer to a question; a second answer changes the first.
    fn create_below(&mut self, parents: &str, kind: &'static str, last: &str) {
        if let Some(parent) = self.pick(|thing| thing.kind == parents) {
            self.create(kind, &format!("{}{last}", parent.path()), Some(parent.id));
        }
    }

    fn create(&mut self, kind: &'static str, path: &str, parent: Option<String>) {
        let label = self.operation();
        let day =
            chrono::NaiveDate::from_ymd_opt(2000, 1, 1).unwrap() + chrono::Days::new(self.client.task.index * DAYS + self.serial);
        let body = json!({"title": label, "text": label, "note": label, "date": day.to_string()});
        let answer = self.send("POST", path, &body);
        let (status, sent) = (answer.0, answer.2);
        assert!(status == 201 || status == 200, "{kind}: {status} {}", answer.1);
        let object = ["action", "answer"].iter().find_map(|name| answer.1.get(name)).unwrap_or(&answer.1);
        let id = object["id"].as_str().unwrap().to_owned();
        self.note(kind, &id, Some(instant(&object["updated_at"])), Some(label), sent);
        if !self.things.iter().any(|thing| thing.id == id) {
            self.things.push(Thing { kind, id, parent });
        }
    }

    /// Changes something but its label. An answer is changed by answering again.
    fn change(&mut self) {
        if let Some(thing) = self.pick(|thing| thing.kind != "qna_answers") {
            self.patch(&thing);
        }
    }

    fn change_shared(&mut self) {
        let id = self.client.task.shared.clone();
        self.patch(&Thing { kind: "goals", id, parent: None });
    }

    fn patch(&mut self, thing: &Thing) {
        let body = json!({"why_for_us": self.operation(), "done": true, "theme": self.operation(), "mood": 7});
        let (status, object, sent) = self.send("PATCH", &thing.path(), &body);
        assert_eq!(status, 200, "{}: {object}", thing.kind);
        self.note(thing.kind, &thing.id, Some(instant(&object["updated_at"])), None, sent);
    }

    fn delete(&mut self) {
        let Some(thing) = self.pick(|thing| thing.kind != "qna_answers") else { return };
        let (status, said, sent) = self.send("DELETE", &thing.path(), &json!({}));
        // A request without an answer may have been carried out, and lighttpd repeats one by itself.
        let repeated = status == 404 && self.client.task.server_may_fail;
        assert!(status == 204 || repeated, "{}: {status} {said}", thing.kind);
        let gone = |other: &Thing| other.id == thing.id || other.parent.as_ref() == Some(&thing.id);
        let (gone, kept) = std::mem::take(&mut self.things).into_iter().partition(gone);
        self.things = kept;
        for thing in gone {
            self.note(thing.kind, &thing.id, None, None, sent);
        }
    }

    /// Status, content and how often it was sent. One key for all tries of one operation.
    fn send(&mut self, method: &str, path: &str, body: &Value) -> (u16, Value, u32) {
        let mut request = self.client.request(method, path).json(body);
        if method == "POST" {
            request = request.header("Idempotency-Key", self.operation());
        }
        let (answer, sent) = self.client.send(&request);
        let content = if answer.body.is_empty() { Value::Null } else { answer.json() };
        (answer.status, content, sent)
    }

    fn note(&mut self, kind: &str, id: &str, stamp: Option<i64>, label: Option<String>, sent: u32) {
        let note = Note { operation: self.operation(), kind: kind.into(), id: id.into(), stamp, label, sent };
        self.client.note(&note);
    }
}
