//! An answer that a device is given once more. Since it was made, the device may have polled past what it tells, with its own edit
//! still in the way: what is not as it was sent, or not any more what the answer says, is told in the feed again.

use super::rows;
use super::write::tell_again;
use crate::base::error::Result;
use crate::base::id;
use crate::base::json;
use crate::base::time::Timestamp;
use crate::domain::mobile::domains;
use crate::feature::Ctx;
use serde::Deserialize;

/// What an answer tells of records, as far as it matters here.
#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    items: Vec<Item>,
    #[serde(default)]
    errors: Vec<Refused>,
    server_timestamp: Option<Timestamp>,
    previous_stamp: Option<Timestamp>,
    records_sync_result: Option<Box<Answer>>,
}

#[derive(Deserialize)]
struct Item {
    domain: String,
    mobile_id: String,
    /// What it landed on, where something was there already.
    existing_id: Option<String>,
    stamp: Timestamp,
    as_sent: bool,
}

#[derive(Deserialize)]
struct Refused {
    domain: Option<String>,
    item_id: Option<String>,
}

/// Tells again what the device that is given this answer may not have heard.
pub fn tell(ctx: &mut Ctx<'_>, answer: &[u8]) -> Result<()> {
    let answer: Answer = json::read(answer)?;
    let answer = answer.records_sync_result.map_or(Answer { records_sync_result: None, ..answer }, |records| *records);
    for item in &answer.items {
        let id = item.existing_id.as_ref().unwrap_or(&item.mobile_id);
        look(ctx, &item.domain, id, |told| item.as_sent && told == item.stamp)?;
    }
    // Nothing lies between the clock before an upload and its first stamp. Older programs did not tell it, and had one stamp.
    let before = answer.previous_stamp.unwrap_or_else(|| answer.server_timestamp.unwrap_or_default().plus(-1));
    for refused in &answer.errors {
        if let (Some(domain), Some(id)) = (&refused.domain, &refused.item_id) {
            look(ctx, domain, id, |told| told <= before)?;
        }
    }
    Ok(())
}

/// Looks a record up, and tells of it again unless its device is known to have what was told at its last stamp.
fn look(ctx: &mut Ctx<'_>, domain: &str, id: &str, is_known: impl Fn(Timestamp) -> bool) -> Result<()> {
    let (Some(table), Some(id)) = (domains::edited(ctx.house.features, domain), id::parse(id)) else { return Ok(()) };
    let tenant = ctx.tenant_id()?;
    let Some(record) = rows::find(ctx.db, tenant, table, &id)? else { return Ok(()) };
    if is_known(rows::told_at(ctx.db, tenant, table, &record)?) {
        return Ok(());
    }
    if ctx.stamp().is_err() {
        ctx.advance(tenant)?;
    }
    tell_again(ctx, table, &record).map(drop)
}
