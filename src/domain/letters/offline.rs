//! Letters in the uploads.

use super::{LETTERS, api, rules, store};
use crate::base::error::Result;
use crate::feature::offline::{By, Draft, Held};
use crate::feature::{Ctx, Names, Offline};

/// See [`Offline`].
pub const OFFLINE: &[Offline] = &[Offline {
    names: Names { name: "letter", path: "letters", list: LETTERS },
    fields: rules::LETTER,
    texts: store::LETTER.texts,
    parent: None,
    edits: By::All,
    deletes: By::All,
    find: |db, tenant, id| Held::of(store::find(db, tenant, id)?),
    // One a month.
    twin: |ctx, fields| {
        let (tenant, month) = (ctx.tenant_id()?, fields.get("month").and_then(|month| month.as_str()));
        month.map_or(Ok(None), |month| store::other(ctx.db, tenant, month, ""))
    },
    write,
    delete: api::remove,
}];

fn write(ctx: &mut Ctx<'_>, draft: &Draft) -> Result<()> {
    let tenant = ctx.tenant_id()?;
    match store::find(ctx.db, tenant, &draft.id)? {
        Some(letter) => api::change(ctx, letter, &draft.input, draft.edit).map(drop),
        None => api::begin(ctx, draft.creation(), &draft.input).map(drop),
    }
}
