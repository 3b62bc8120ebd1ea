//! The faces through which an upload goes. What they answer is brought into one form, so that a case can demand that it
//! is equal.

use super::super::Phone;
use crate::servers::client::Answer;
use serde_json::{Value, json};

/// An upload, in REST's names.
#[derive(Debug, Clone)]
pub struct Upload {
    /// What is asked.
    pub operation: Operation,
    /// Its key.
    pub key: String,
    /// The device.
    pub device: String,
    /// The list of items, or the lists of a batch by name.
    pub items: Value,
}

/// What both faces have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// A list of voice verifications.
    Voice,
    /// A batch.
    Batch,
}

/// When every batch was sent, by the device's clock.
pub const SENT_AT: &str = "2026-01-16T14:30:45Z";

impl Upload {
    /// An upload under a key of its own.
    pub fn new(operation: Operation, items: &Value) -> Upload {
        let key = uuid::Uuid::new_v4().to_string();
        Upload { operation, key, device: "phone-1".into(), items: items.clone() }
    }
}

/// How an upload ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It was answered: as REST says it, without what differs from call to call.
    Answered(Value),
    /// It was refused as a whole, with this code.
    Refused(String),
}

impl Outcome {
    /// The answer; a refusal fails.
    #[track_caller]
    pub fn answer(self) -> Value {
        match self {
            Outcome::Answered(answer) => answer,
            Outcome::Refused(code) => panic!("refused: {code}"),
        }
    }
}

/// One face.
pub trait Driver: Sync {
    /// Its name, for whoever reads a failure.
    fn name(&self) -> &'static str;

    /// Sends an upload as this face has it.
    fn send(&self, phone: &Phone, upload: &Upload) -> Answer;

    /// What an answer says.
    fn read(&self, answer: &Answer) -> Outcome;

    /// Sends an upload; what is answered.
    #[track_caller]
    fn upload(&self, phone: &Phone, upload: &Upload) -> Outcome {
        self.read(&self.send(phone, upload))
    }
}

/// Every face.
pub const DRIVERS: &[&dyn Driver] = &[&Rest];

/// REST.
#[derive(Debug)]
pub struct Rest;

impl Driver for Rest {
    fn name(&self) -> &'static str {
        "REST"
    }

    fn send(&self, phone: &Phone, upload: &Upload) -> Answer {
        let Upload { operation, key, device, items } = upload;
        let mut body = json!({"idempotency_key": key, "device_id": device});
        match operation {
            Operation::Voice => body["data"] = items.clone(),
            Operation::Batch => {
                body["client_timestamp"] = SENT_AT.into();
                body.as_object_mut().unwrap().extend(items.as_object().unwrap().clone());
            }
        }
        let path = if *operation == Operation::Voice { "/v1/sync/voice/" } else { "/v1/sync/batch/" };
        phone.post(path, &body)
    }

    fn read(&self, answer: &Answer) -> Outcome {
        let body = answer.json();
        match answer.status {
            200 => Outcome::Answered(steady(body)),
            422 => Outcome::Refused("IDEMPOTENCY_KEY_REUSED".into()),
            _ => Outcome::Refused(body["code"].as_str().unwrap_or_default().to_owned()),
        }
    }
}

/// An answer without what differs between two calls, and without what one face alone shows.
fn steady(mut answer: Value) -> Value {
    const DIFFERS: [&str; 6] =
        ["duration_ms", "server_timestamp", "idempotency_key", "created_at", "conflict_id", "repeated_items"];
    match &mut answer {
        Value::Object(members) => {
            members.retain(|name, _| !DIFFERS.contains(&name.as_str()));
            members.values_mut().for_each(|value| *value = steady(value.take()));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| *item = steady(item.take())),
        _ => {}
    }
    answer
}
