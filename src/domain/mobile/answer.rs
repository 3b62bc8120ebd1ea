//! What an upload is answered. Both faces show these types: REST as they are, GraphQL in camelCase. A stored answer is
//! their JSON, so that a retry through either face gets the same.

use super::batch::{Content, Operation};
use super::conflicts;
use super::object::Object;
use super::words;
use crate::base::text::{Language, Message};
use crate::base::time::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// Why an item, or a whole list, was not taken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SyncError {
    /// [`VALIDATION_ERROR`], [`SYNC_ERROR`] or [`NOT_FOUND`]; from version 2 of REST on what `reason` says.
    pub code: String,
    /// A sentence for a person.
    pub message: String,
    /// The field that is wrong.
    pub field: Option<String>,
    /// The item's own id, as it was sent.
    pub item_id: Option<String>,
    /// More for a program.
    pub details: Option<Value>,
    /// The item's domain, as far as it is known.
    pub domain: Option<String>,
    /// What is wrong, in a word that stays.
    #[schemars(extend("enum" = words::names()))]
    pub reason: String,
    /// May it be taken when it is sent again unchanged, later?
    pub retryable: bool,
    /// From version 2 of REST on: sending it again can never help.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub poison: bool,
    /// Seconds until that is worth trying, where it is not at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u32>,
}

impl SyncError {
    /// An error with this code of version 1, told in a sentence and its word.
    pub fn new(code: &str, message: &Message, language: Language) -> SyncError {
        let (reason, retryable, retry_after) = words::of(message);
        SyncError {
            code: code.to_owned(),
            message: message.render(language).into_owned(),
            field: None,
            item_id: None,
            details: None,
            domain: None,
            reason: reason.to_owned(),
            retryable,
            poison: false,
            retry_after,
        }
    }
}

/// The whole list is refused: it is empty or too long.
pub const VALIDATION_ERROR: &str = "VALIDATION_ERROR";
/// One item is refused; the others are written.
pub const SYNC_ERROR: &str = "SYNC_ERROR";
/// There is no such conflict.
pub const NOT_FOUND: &str = "NOT_FOUND";

/// What an upload amounted to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SyncMetrics {
    /// Items that were sent.
    pub total_items: u32,
    /// Items that were taken, repeated ones too.
    pub synced_items: u32,
    /// Of these, the ones that were there already. GraphQL shows their share alone.
    pub repeated_items: u32,
    /// Items that were refused.
    pub failed_items: u32,
    /// Conflicts that were met, settled or not.
    pub conflicts_detected: u32,
    /// From the first item to the last, in milliseconds.
    pub duration_ms: f64,
    /// Bytes of the items as JSON.
    pub bandwidth_bytes: u32,
    /// The share of items that were there already, 0 to 1.
    pub cache_hit_rate: Option<f64>,
}

/// A conflict as the device is told of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "SyncConflict")]
pub struct Conflict {
    /// Its id.
    pub conflict_id: String,
    /// The record's domain.
    pub domain: String,
    /// The record.
    pub mobile_id: String,
    /// The version that the server had.
    pub server_version: u32,
    /// The version that the device had seen.
    pub client_version: u32,
    /// What decided, or shall decide.
    pub resolution_strategy: String,
    /// Must somebody choose?
    pub resolution_required: bool,
    /// The server's fields; null when it was deleted there.
    pub server_data: Value,
    /// The device's fields; null when it wanted to delete.
    pub client_data: Value,
    /// When it was met.
    pub created_at: Timestamp,
    /// `client`, `server` or `merged`, once it is settled.
    pub winning_version: Option<String>,
    /// The answer had no more room for `server_data` and `client_data`: the list of conflicts has them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub data_omitted: bool,
}

impl From<&conflicts::Conflict> for Conflict {
    fn from(conflict: &conflicts::Conflict) -> Conflict {
        Conflict {
            conflict_id: conflict.conflict_id.clone(),
            domain: conflict.domain.clone(),
            mobile_id: conflict.mobile_id.clone(),
            server_version: conflict.server_version,
            client_version: conflict.client_version,
            resolution_strategy: conflict.resolution_strategy.clone(),
            resolution_required: conflict.resolution_required,
            server_data: conflict.server_data.clone(),
            client_data: conflict.client_data.clone(),
            created_at: conflict.created_at,
            winning_version: conflict.winning_version.clone(),
            data_omitted: false,
        }
    }
}

/// An item that was taken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SyncedItem {
    /// The record's domain.
    pub domain: String,
    /// The record.
    pub mobile_id: String,
    /// `created`, `updated`, `merged`, `deleted`, `unchanged` or `conflict`.
    pub status: String,
    /// The version that the server now has.
    pub server_version: u32,
    /// The same.
    pub version: u32,
    /// The stamp of its last change: where the feed tells of it.
    pub stamp: Timestamp,
    /// Is the record exactly what its device holds now? If not, `object` says what it is.
    pub as_sent: bool,
    /// The id of what there was already where there may be but one, such as a day's check-in: the item was an edit of that one, and
    /// the one that the device made under `mobile_id` is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub existing_id: Option<String>,
    /// The record as the server has it, null when it is deleted; left out when the record is as it was sent.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Value>")]
    pub object: Option<Object>,
    /// The answer had no more room for `object`: the feed tells of the record.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub object_omitted: bool,
}

/// A null that is there says something else than a member that is not.
fn present<'de, D: Deserializer<'de>>(member: D) -> Result<Option<Object>, D::Error> {
    Object::deserialize(member).map(Some)
}

/// The answer to one list of items.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SyncResponse {
    /// Did no item fail?
    pub success: bool,
    /// Items that were taken.
    pub synced_items: u32,
    /// Items that were refused.
    pub failed_items: u32,
    /// Records item by item, in the order they were sent; telemetry has none.
    pub items: Vec<SyncedItem>,
    /// Conflicts that were met.
    pub conflicts: Vec<Conflict>,
    /// What was refused.
    pub errors: Vec<SyncError>,
    /// What it amounted to.
    pub metrics: SyncMetrics,
    /// The stamp of what was written.
    pub server_timestamp: Timestamp,
    /// The clock before it: a client whose cursor this is has missed nothing in between. Null when nothing was written.
    pub previous_stamp: Option<Timestamp>,
    /// The epoch of the store: another one than before asks to start over, and to send again what was lost.
    pub epoch: Option<String>,
    /// The key it was sent under; REST may send none.
    pub idempotency_key: Option<String>,
}

/// The answer to a batch: a list that was not sent has no result.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SyncBatchResponse {
    /// Did no item fail?
    pub success: bool,
    /// What each list came to.
    #[serde(flatten)]
    pub results: Results,
    /// What all amounted to.
    pub overall_metrics: SyncMetrics,
    /// What the device should know though nothing failed.
    pub warnings: Vec<String>,
    /// The epoch of the store: another one than before asks to start over, and to send again what was lost.
    pub epoch: Option<String>,
}

/// What each list of a batch came to, by the name of that member.
#[derive(Debug)]
pub struct Results(pub Vec<(&'static str, Option<SyncResponse>)>);

impl Serialize for Results {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, result)| (name, result)))
    }
}

impl JsonSchema for Results {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Results".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let contents = Operation::Batch.contents();
        let result = |content: &Content| {
            let mut schema = generator.subschema_for::<Option<SyncResponse>>();
            schema.insert("description".to_owned(), format!("Of `{}`.", Operation::Batch.member(*content)).into());
            (content.result().to_owned(), schema.to_value())
        };
        let results: Map<String, Value> = contents.iter().map(result).collect();
        let names: Vec<&str> = contents.into_iter().map(Content::result).collect();
        json_schema!({"type": "object", "properties": results, "required": names})
    }
}

/// The answer to a choice between the sides of a conflict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Resolution {
    /// Is it settled?
    pub success: bool,
    /// The conflict.
    pub conflict_id: String,
    /// `resolved`, `manual_required` or `failed`.
    pub resolution_result: String,
    /// `client`, `server` or `merged`.
    pub winning_version: Option<String>,
    /// The fields that a merge took from each side.
    pub merge_details: Option<Value>,
    /// A sentence for a person.
    pub message: Option<String>,
    /// Why it is not settled.
    pub error: Option<SyncError>,
}

/// What a list came to, item by item, before it is summed up.
#[derive(Debug, Default)]
pub struct Tally {
    /// Items that were taken.
    pub synced: u32,
    /// Of these, the ones that were there already.
    pub repeated: u32,
    /// Records item by item.
    pub items: Vec<SyncedItem>,
    /// Conflicts that were met.
    pub conflicts: Vec<Conflict>,
    /// What was refused.
    pub errors: Vec<SyncError>,
}
