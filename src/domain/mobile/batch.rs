//! What one upload says: which operation it is, who sends it, and its lists of items.

use super::domains::{Domain, TELEMETRY};
use super::sender::Batch;
use super::telemetry::rules::Rules;
use crate::base::error::Result;
use crate::base::json::{self, Canonical};
use crate::base::text;
use crate::base::time::{Local, Timestamp, Zone};
use crate::feature::news::MAX_DEVICE;
use crate::http::input::{Extent, Field, Input, Shape, held};
use crate::http::key::WHEN;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// An upload.
#[derive(Debug, Clone, Copy)]
pub enum Operation {
    /// One list `data`, of one domain.
    List(Domain),
    /// A list for each domain of telemetry, by its own name, and one of `records` of any domain.
    Batch,
}

impl Operation {
    /// Its name, to which an idempotency key belongs.
    pub fn name(self) -> &'static str {
        match self {
            Operation::List(domain) => domain.entry().operation,
            Operation::Batch => "syncBatch",
        }
    }

    /// What it costs through REST, in points of GraphQL's limit: as much as the mutation that asks for `success` alone.
    pub fn points(self) -> u32 {
        match self {
            Operation::List(_) => LIST_POINTS,
            Operation::Batch => BATCH_POINTS,
        }
    }

    /// The member of the body that holds a list.
    pub fn member(self, content: Content) -> &'static str {
        match (self, content) {
            (Operation::List(_), _) => DATA,
            (Operation::Batch, Content::Telemetry(rules)) => rules.entry.names.list,
            (Operation::Batch, Content::Records) => RECORDS,
        }
    }

    /// The lists that it may hold, in the order they are written.
    pub fn contents(self) -> Vec<Content> {
        match self {
            Operation::List(domain) => vec![Content::of(domain)],
            Operation::Batch => TELEMETRY.iter().map(Content::Telemetry).chain([Content::Records]).collect(),
        }
    }

    /// Must a list be there? Then there is but one.
    pub const fn needs_list(self) -> bool {
        matches!(self, Operation::List(_))
    }

    /// The fields beside its lists.
    pub const fn fields(self) -> &'static [Field] {
        match self {
            Operation::List(_) => LIST,
            Operation::Batch => BATCH,
        }
    }
}

/// `syncVoiceData { success }`: a little more than 1, times the mutation's weight of 3.
const LIST_POINTS: u32 = 4;
/// `syncBatch { success }`: the same with its weight of 5.
const BATCH_POINTS: u32 = 6;
/// The longest text that is looked at as a key; the guard says how long a key is.
const MAX_KEY: usize = 1_000;
/// The key's member in a body.
pub const KEY: &str = "idempotency_key";
/// The list of an upload that has one.
pub const DATA: &str = "data";
/// The list of records in a batch.
const RECORDS: &str = "records";
/// What that list came to, in a batch's answer.
const RECORDS_RESULT: &str = "records_sync_result";

const DEVICE: Field = Field::new("device_id", Shape::Text { min: 1, max: MAX_DEVICE, trim: true, blank: false }).required();
/// The member that names the store's history which the device knows.
pub const EPOCH: &str = "epoch";
/// The longest epoch that is compared, in characters.
const MAX_EPOCH: usize = 50;
/// That member.
pub const KNOWN: Field = Field::name(EPOCH, MAX_EPOCH)
    .nullable()
    .about("The last `epoch`: when the store was restored since, the upload is 409 `epoch_changed`, and nothing of it is done.");
const CLIENT_AT: Field = Field::new("client_timestamp", Shape::Instant);

/// What an upload of one list holds beside it.
const LIST: &[Field] = &[DEVICE, Field::text(KEY, MAX_KEY).nullable(), CLIENT_AT.nullable(), KNOWN];

/// What a batch holds beside its lists.
const BATCH: &[Field] =
    &[DEVICE, Field::text(KEY, MAX_KEY).nullable(), CLIENT_AT.required(), Field::new("metadata", Shape::Json).nullable(), KNOWN];

/// What the items of a list are.
#[derive(Debug, Clone, Copy)]
pub enum Content {
    /// Telemetry of one domain.
    Telemetry(&'static Rules),
    /// Records of any domain.
    Records,
}

impl Content {
    /// What the items of a domain are.
    pub const fn of(domain: Domain) -> Content {
        match domain {
            Domain::Telemetry(rules) => Content::Telemetry(rules),
            Domain::Records(_) => Content::Records,
        }
    }

    /// The member of a batch's answer that holds what the list came to.
    pub const fn result(self) -> &'static str {
        match self {
            Content::Telemetry(rules) => rules.result,
            Content::Records => RECORDS_RESULT,
        }
    }
}

/// A list of an upload.
#[derive(Debug)]
pub struct List<'b> {
    /// What its items are.
    pub content: Content,
    /// The items, as they were sent.
    pub items: Cow<'b, [Value]>,
    /// How many bytes the items have as JSON in canonical form, the same through either face; once they are measured.
    pub size: usize,
}

impl List<'_> {
    /// Its size, where it is a member of a request that was written, or else alone.
    fn measured(&self, request: Option<&Written>, member: &str) -> Result<usize> {
        let is_member = |(name, _): &&(String, usize)| name == member && matches!(self.items, Cow::Borrowed(_));
        match request.and_then(|request| request.lengths.iter().find(is_member)) {
            // Beside its items a list has its brackets and commas.
            Some((_, length)) => Ok(length.saturating_sub(self.items.len().max(1) + 1)),
            None => self.items.iter().map(|item| json::length(&Canonical(item, 1))).sum(),
        }
    }
}

/// One upload, read but for its items.
#[derive(Debug)]
pub struct Sent<'b> {
    /// What is asked.
    pub operation: Operation,
    /// Who sends it.
    pub batch: Batch,
    /// Its key, if it has one.
    pub key: Option<String>,
    /// The epoch that its device knows, if it says so.
    pub epoch: Option<String>,
    /// The lists that were sent.
    pub lists: Vec<List<'b>>,
}

impl<'b> Sent<'b> {
    /// Reads what an upload says beside its items. What a time without an offset means, the upload's own tells best.
    pub fn read(operation: Operation, body: &'b Map<String, Value>, zone: Zone, now: Timestamp) -> Result<Sent<'b>> {
        let local = Local::Nearest(zone, now).settled(body.get(CLIENT_AT.name).and_then(Value::as_str));
        let mut input = Input::at(body, operation.fields(), Extent::Whole, local);
        let lists = operation.contents().into_iter();
        let lists = lists.filter_map(|content| list(operation, content, body, &mut input)).collect();
        input.finish()?;
        let device = input.text(DEVICE.name).unwrap_or_default().to_owned();
        let batch = Batch { device, client_at: input.instant(CLIENT_AT.name), local, zone };
        let [key, epoch] = [KEY, EPOCH].map(|name| input.text(name).map(str::to_owned));
        Ok(Sent { operation, batch, key, epoch, lists })
    }

    /// Measures the lists, in the request where that was written already.
    ///
    /// # Errors
    /// When one cannot be written, which is a defect.
    pub fn measure(&mut self, request: Option<&Written>) -> Result<()> {
        for list in &mut self.lists {
            list.size = list.measured(request, self.operation.member(list.content))?;
        }
        Ok(())
    }
}

/// A list as it stands in the body, which may be long: it is not copied.
fn list<'b>(operation: Operation, content: Content, body: &'b Map<String, Value>, input: &mut Input) -> Option<List<'b>> {
    let name = operation.member(content);
    let items = match body.get(name).filter(|sent| !sent.is_null()) {
        None => {
            input.check(!operation.needs_list(), name, &text::REQUIRED);
            return None;
        }
        Some(Value::Array(items)) => Cow::Borrowed(items.as_slice()),
        Some(other) => match held(other) {
            Value::Array(items) => Cow::Owned(items),
            _ => {
                input.check(false, name, &text::NOT_LIST);
                return None;
            }
        },
    };
    Some(List { content, items, size: 0 })
}

/// How deep the fields of items lie in a body: its object, a list, an item.
pub const FIELDS: u8 = 3;

/// A request as it is compared.
#[derive(Debug)]
pub struct Written {
    /// Its text.
    pub text: String,
    /// Its members, and how many bytes the value of each has there.
    lengths: Vec<(String, usize)>,
}

/// The request as it is compared: members sorted, without the key and the moment of sending, and alike through either face. GraphQL says null for
/// what was not sent, and 1.0 for 1. What lies deeper than the `fields` is kept as it came: a null there says something.
///
/// # Errors
/// When it cannot be written, which is a defect.
pub fn canonical(body: &Map<String, Value>, fields: u8) -> Result<Written> {
    // After a restore the same is sent again, in the new epoch.
    let beside = |name: &str| [KEY, EPOCH].contains(&name) || WHEN.contains(&name);
    let members = body.iter().filter(|(name, value)| !beside(name) && !value.is_null());
    let members: BTreeMap<_, _> = members.collect();
    let (mut text, mut lengths) = ("{".to_owned(), Vec::with_capacity(members.len()));
    for (name, value) in members {
        text.extend([if lengths.is_empty() { "" } else { "," }, &json::write(name)?, ":"]);
        let value = json::write(&Canonical(value, fields - 1))?;
        lengths.push((name.clone(), value.len()));
        // A text that grows by doubling would take twice the largest.
        text.reserve_exact(value.len() + 1);
        text.push_str(&value);
    }
    text.push('}');
    Ok(Written { text, lengths })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::mobile::domains::named;
    use serde_json::json;

    fn read(body: &Value) -> Result<Sent<'_>> {
        Sent::read(Operation::Batch, body.as_object().unwrap(), Zone::UTC, Timestamp(0))
    }

    fn request(body: &Value) -> String {
        let written = canonical(body.as_object().unwrap(), FIELDS).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&written.text).unwrap().to_string(), written.text, "members sorted");
        let sent = read(body).unwrap();
        for list in &sent.lists {
            let member = sent.operation.member(list.content);
            assert_eq!(list.measured(Some(&written), member).unwrap(), list.measured(None, member).unwrap(), "{}", written.text);
        }
        written.text
    }

    #[test]
    fn both_faces_say_the_same() {
        let rest = json!({"device_id": "d", "client_timestamp": "2026-01-05T00:00:00Z", "metrics_data": [{"value": 1, "tags": {"a": null}}]});
        let graphql = json!({"idempotency_key": "k", "device_id": "d", "client_timestamp": "2026-01-05T00:00:00Z", "voice_data": null,
            "metrics_data": [{"value": 1.0, "unit": null, "tags": {"a": null}}]});
        assert_eq!(request(&rest), request(&graphql));
        let (rest, graphql) = (read(&rest).unwrap(), read(&graphql).unwrap());
        assert_eq!((rest.key, graphql.key.as_deref()), (None, Some("k")));
        assert_eq!(rest.lists[0].measured(None, "").unwrap(), graphql.lists[0].measured(None, "").unwrap());
    }

    #[test]
    fn the_moment_of_sending_makes_no_other_request() {
        let at = |at: &str, seen: &str| {
            let list = json!([{"value": 1.5, "timestamp": seen}]);
            request(&json!({"device_id": "d", "client_timestamp": at, "metrics_data": list}))
        };
        assert_eq!(at("2026-01-05", "2026-01-04"), at("2026-01-06", "2026-01-04"));
        assert_ne!(at("2026-01-05", "2026-01-04"), at("2026-01-05", "2026-01-03"));
    }

    #[test]
    fn another_null_is_another_request() {
        let with = |tags: Value| {
            let list = json!([{"value": 1.5, "tags": tags}]);
            request(&json!({"device_id": "d", "client_timestamp": "2026-01-05", "metrics_data": list}))
        };
        assert_ne!(with(json!({"a": null})), with(json!({})));
    }

    #[test]
    fn a_list_that_was_not_sent_is_none() {
        let body = json!({"device_id": "d", "client_timestamp": "2026-01-05", "voice_data": "[]", "records": null});
        let sent = read(&body).unwrap();
        assert_eq!((sent.lists.len(), sent.lists[0].items.len()), (1, 0));
        let body = json!({"device_id": "d"});
        assert!(
            Sent::read(Operation::List(named("voice").unwrap()), body.as_object().unwrap(), Zone::UTC, Timestamp(0)).is_err()
        );
    }
}
