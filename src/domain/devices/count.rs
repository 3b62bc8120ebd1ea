//! What devices make of an upload, inside its transaction.

use super::rules::Counts;
use super::store::{self, Seen, Written};
use crate::base::error::Result;
use crate::feature::Ctx;
use crate::feature::news::Uploaded;

/// Counts an upload, for its device and for the figures of the hour. One without items did nothing and is not counted.
pub fn upload(ctx: &mut Ctx<'_>, upload: &Uploaded<'_>) -> Result<()> {
    if upload.items == 0 {
        return Ok(());
    }
    ctx.note_caller()?;
    let (tenant, user, stamp) = (ctx.tenant_id()?, ctx.user()?, ctx.stamp()?);
    let counts = Counts { items: upload.items, synced: upload.synced, conflicts: upload.conflicts };
    let seen = match store::seen(ctx.db, tenant, user, upload.device)? {
        Some(seen) => seen,
        None => {
            store::make_room(ctx.db, tenant, user, ctx.house.settings.max_devices)?;
            Seen { counts: Counts::default(), first: stamp }
        }
    };
    store::put(ctx.db, tenant, user, upload.device, &Seen { counts: seen.counts.plus(counts), ..seen }, stamp)?;
    let micros = i64::try_from(upload.took.as_micros()).unwrap_or(i64::MAX);
    store::insert_upload(ctx.db, tenant, stamp, &Written { user, upload, micros })
}
