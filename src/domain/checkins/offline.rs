//! Check-ins in the uploads.

use super::{CHECKINS, api, rules, store};
use crate::base::error::Result;
use crate::feature::offline::{By, Draft, Held};
use crate::feature::{Ctx, Names, Offline};

/// See [`Offline`].
pub const OFFLINE: &[Offline] = &[Offline {
    names: Names { name: "checkin", path: "checkins", list: CHECKINS },
    fields: rules::CHECKIN,
    texts: store::CHECKIN.texts,
    parent: None,
    edits: By::Author,
    deletes: By::Author,
    find: |db, tenant, id| Held::of(store::find(db, tenant, id)?),
    // One a day.
    twin: |ctx, fields| {
        let (tenant, user) = (ctx.tenant_id()?, ctx.user()?);
        let day = fields.get("date").and_then(|day| day.as_str());
        day.map_or(Ok(None), |day| store::other(ctx.db, tenant, user, day, ""))
    },
    write,
    delete: api::remove,
}];

fn write(ctx: &mut Ctx<'_>, draft: &Draft) -> Result<()> {
    let tenant = ctx.tenant_id()?;
    match store::find(ctx.db, tenant, &draft.id)? {
        Some(checkin) => api::change(ctx, checkin, &draft.input, draft.edit).map(drop),
        None => api::begin(ctx, draft.creation(), &draft.input).map(drop),
    }
}
