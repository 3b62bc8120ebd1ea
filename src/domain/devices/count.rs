//! What mobile sync tells of each upload, inside the upload's transaction.

use super::rules::Counts;
use super::store::{self, Seen, Written};
use crate::base::error::Result;
use crate::feature::Ctx;
use std::time::Duration;

/// An upload that was written.
#[derive(Debug)]
pub struct Upload<'u> {
    /// The device that sent it.
    pub device: &'u str,
    /// The operation.
    pub operation: &'static str,
    /// What was sent, and what became of it.
    pub counts: Counts,
    /// Bytes of the items as JSON.
    pub bytes: i64,
    /// How long it took.
    pub took: Duration,
}

/// Counts an upload, for its device and for the figures of the hour. One without items did nothing and is not counted.
pub fn upload(ctx: &mut Ctx<'_>, upload: &Upload<'_>) -> Result<()> {
    if upload.counts.items == 0 {
        return Ok(());
    }
    let (tenant, user, stamp) = (ctx.tenant_id()?, ctx.user()?, ctx.stamp()?);
    let seen = store::seen(ctx.db, tenant, user, upload.device)?.unwrap_or(Seen { counts: Counts::default(), first: stamp });
    let counts = seen.counts.plus(upload.counts);
    store::put(ctx.db, tenant, user, upload.device, &Seen { counts, ..seen }, stamp)?;
    let micros = i64::try_from(upload.took.as_micros()).unwrap_or(i64::MAX);
    store::insert_upload(ctx.db, tenant, stamp, &Written { user, upload, micros })
}
