//! Whole objects beside their rows, as far as one answer has room.

use super::rules::{Change, MAX_ANSWER, ROW};
use crate::base::error::Result;
use crate::base::json;
use crate::feature::{Ctx, Kind};
use serde_json::Value;
use std::collections::HashMap;

/// Rows whose objects are read at once: few enough that what does not fit was not much in vain.
const CHUNK: usize = 32;

/// Puts each whole object beside its row; answers how many of the rows one answer holds. The first always fits: an answer of
/// nothing would be asked for again.
pub fn attach(ctx: &mut Ctx<'_>, kinds: &[&'static Kind], rows: &mut [Change]) -> Result<usize> {
    let (mut fit, mut room) = (0, MAX_ANSWER);
    for chunk in rows.chunks_mut(CHUNK) {
        for kind in kinds {
            read(ctx, kind, chunk)?;
        }
        for row in chunk {
            let size = ROW + row.object.as_ref().map_or(0, json::size);
            if size > room && fit > 0 {
                return Ok(fit);
            }
            (room, fit) = (room.saturating_sub(size), fit + 1);
        }
    }
    Ok(fit)
}

/// Reads the objects of one kind.
fn read(ctx: &mut Ctx<'_>, kind: &Kind, rows: &mut [Change]) -> Result<()> {
    let mut rows: Vec<&mut Change> = rows.iter_mut().filter(|row| row.kind == kind.name && !row.deleted).collect();
    if rows.is_empty() {
        return Ok(());
    }
    let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    let (tenant, settings) = (ctx.tenant_id()?, &ctx.house.settings);
    let mut objects: HashMap<String, Value> = kind.read(ctx.db, settings, tenant, &ids)?.into_iter().collect();
    for row in &mut rows {
        row.object = objects.remove(&row.id);
    }
    Ok(())
}
