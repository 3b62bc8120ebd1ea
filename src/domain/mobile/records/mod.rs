//! The record domains: versioned, in the feed, with conflicts.

use super::answer::{SYNC_ERROR, SyncError, Tally};
use super::batch::Batch;
use crate::base::error::Result;
use crate::feature::Ctx;
use serde_json::Value;

/// Writes records inside an upload's transaction. An item is `{domain, mobile_id, operation, version, base_data, data,
/// client_timestamp}`; a bad one fails alone.
///
/// # Errors
/// The database's.
pub fn apply(_ctx: &mut Ctx<'_>, _batch: &Batch, items: &[Value]) -> Result<Tally> {
    let refused = |item: &Value| SyncError {
        code: SYNC_ERROR.to_owned(),
        message: "No such domain.".to_owned(),
        field: Some("domain".to_owned()),
        item_id: item["mobile_id"].as_str().map(str::to_owned),
        details: None,
    };
    Ok(Tally { errors: items.iter().map(refused).collect(), ..Tally::default() })
}
