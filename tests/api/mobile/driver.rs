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
pub const DRIVERS: &[&dyn Driver] = &[&Rest, &Graphql];

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

/// GraphQL.
#[derive(Debug)]
pub struct Graphql;

/// What a list is answered, and the conflicts that it met.
const RESULT: &str =
    "success syncedItems failedItems errors { code message field itemId details } serverTimestamp epoch idempotencyKey
    items { mobileId status serverVersion } metrics { ...metrics }";
const CONFLICTS: &str = "conflicts { conflictId domain mobileId serverVersion clientVersion resolutionStrategy resolutionRequired
    serverData clientData createdAt }";
/// What a batch is answered beside its lists' results: all together would cost more than one operation may.
const SUMMARY: &str = "success warnings epoch overallMetrics { ...metrics }";
const METRICS: &str =
    "fragment metrics on SyncMetricsType { totalItems syncedItems failedItems conflictsDetected durationMs bandwidthBytes
    cacheHitRate }";
/// The lists of a batch, and what their results are called.
const LISTS: [(&str, &str); 5] = [
    ("voice_data", "voiceSyncResult"),
    ("behavioral_data", "behavioralSyncResult"),
    ("session_data", "sessionSyncResult"),
    ("metrics_data", "metricsSyncResult"),
    ("records", "recordsSyncResult"),
];
/// Members that hold any JSON: their names are the app's.
const JSON: [&str; 9] =
    ["metadata", "events", "activities", "tags", "data", "base_data", "details", "server_data", "client_data"];

impl Graphql {
    /// Sends an upload and asks for a part of its answer.
    fn ask(&self, phone: &Phone, upload: &Upload, part: &str) -> Answer {
        let Upload { operation, key, device, items } = upload;
        let metrics = if part.contains("...metrics") { METRICS } else { "" };
        let (query, variables) = match operation {
            Operation::Voice => (
                "mutation($d: [VoiceDataInput]!, $k: String!, $i: String!) { answer: syncVoiceData(data: $d, idempotencyKey: $k, deviceId: $i)",
                json!({"d": renamed(items, &camel), "k": key, "i": device}),
            ),
            Operation::Batch => {
                let mut batch = worded(renamed(items, &camel), &str::to_uppercase);
                let own = json!({"idempotencyKey": key, "deviceId": device, "clientTimestamp": SENT_AT});
                batch.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
                ("mutation($b: SyncBatchInput!) { answer: syncBatch(batch: $b)", json!({ "b": batch }))
            }
        };
        phone.post("/graphql/", &json!({"query": format!("{query} {{ {part} }} }} {metrics}"), "variables": variables}))
    }
}

impl Driver for Graphql {
    fn name(&self) -> &'static str {
        "GraphQL"
    }

    fn send(&self, phone: &Phone, upload: &Upload) -> Answer {
        match upload.operation {
            Operation::Voice => self.ask(phone, upload, &format!("{RESULT} {CONFLICTS}")),
            Operation::Batch => self.ask(phone, upload, SUMMARY),
        }
    }

    fn read(&self, answer: &Answer) -> Outcome {
        let body = answer.json();
        match body["errors"][0]["extensions"]["code"].as_str() {
            Some(code) => Outcome::Refused(code.to_owned()),
            None => {
                assert_eq!((answer.status, body.get("errors")), (200, None), "{body}");
                Outcome::Answered(steady(worded(renamed(&body["data"]["answer"], &snake), &str::to_lowercase)))
            }
        }
    }

    /// The rest of a batch's answer is asked for under the same key: it is the kept one.
    fn upload(&self, phone: &Phone, upload: &Upload) -> Outcome {
        let mut outcome = self.read(&self.send(phone, upload));
        let Outcome::Answered(whole) = &mut outcome else { return outcome };
        if upload.operation == Operation::Batch {
            for (_, result) in LISTS.iter().filter(|(list, _)| upload.items.get(list).is_some()) {
                for part in [RESULT, CONFLICTS] {
                    let answer = self.read(&self.ask(phone, upload, &format!("{result} {{ {part} }}"))).answer();
                    merge(whole, answer);
                }
            }
        }
        outcome
    }
}

/// Adds what another part of the answer has.
fn merge(whole: &mut Value, part: Value) {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => {
            part.into_iter().for_each(|(name, value)| merge(whole.entry(name).or_insert(Value::Null), value));
        }
        (whole, part) => *whole = part,
    }
}

/// Renames the members of objects, but not inside of what may be any JSON.
fn renamed(value: &Value, rename: &dyn Fn(&str) -> String) -> Value {
    match value {
        Value::Object(members) => {
            let inner =
                |name: &str, value: &Value| if JSON.contains(&&*snake(name)) { value.clone() } else { renamed(value, rename) };
            members.iter().map(|(name, value)| (rename(name), inner(name, value))).collect()
        }
        Value::Array(items) => items.iter().map(|item| renamed(item, rename)).collect(),
        plain => plain.clone(),
    }
}

/// Writes the words of enumerations in the other case: GraphQL has them in capitals, REST in small letters.
fn worded(mut value: Value, case: &dyn Fn(&str) -> String) -> Value {
    const WORDS: [&str; 3] = ["domain", "operation", "resolution_strategy"];
    match &mut value {
        Value::Object(members) => {
            for (name, member) in members.iter_mut().filter(|(name, _)| !JSON.contains(&&*snake(name))) {
                *member = match member.as_str() {
                    Some(word) if WORDS.contains(&name.as_str()) => case(word).into(),
                    _ => worded(member.take(), case),
                };
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| *item = worded(item.take(), case)),
        _ => {}
    }
    value
}

/// `device_id` as GraphQL calls it.
fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |all, word| all + &word[..1].to_uppercase() + &word[1..])
}

/// `deviceId` as REST calls it.
fn snake(name: &str) -> String {
    let letter = |c: char| if c.is_uppercase() { format!("_{}", c.to_lowercase()) } else { c.to_string() };
    name.chars().map(letter).collect()
}

/// An answer without what differs between two calls, what one face alone shows, and what is null: one face leaves it out.
fn steady(mut answer: Value) -> Value {
    const DIFFERS: [&str; 9] = [
        "epoch",
        "duration_ms",
        "server_timestamp",
        "previous_stamp",
        "idempotency_key",
        "created_at",
        "conflict_id",
        "repeated_items",
        "winning_version",
    ];
    /// What items and errors tell besides: `landed` tries it through both faces.
    const MORE: [&str; 8] = ["domain", "version", "stamp", "as_sent", "object", "object_omitted", "reason", "retryable"];
    match &mut answer {
        Value::Object(members) => {
            let is_told = members.contains_key("as_sent") || members.contains_key("retryable");
            let is_more = |name: &str| is_told && MORE.contains(&name);
            members.retain(|name, value| !(value.is_null() || DIFFERS.contains(&name.as_str()) || is_more(name)));
            members.values_mut().for_each(|value| *value = steady(value.take()));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| *item = steady(item.take())),
        _ => {}
    }
    answer
}
