//! Couples that the caller is in no more, as far as something of them is still the caller's.

use super::store;
use crate::base::error::Result;
use crate::feature::Ctx;
use crate::http::Response;
use crate::http::paging::Page;

/// GET `/couple/archives/`
pub fn list(ctx: &mut Ctx<'_>) -> Result<Response> {
    let archives = store::archives(ctx.db, ctx.user()?, ctx.now)?;
    let page = Page::of(ctx.request, i64::try_from(archives.len()).unwrap_or(i64::MAX))?;
    let after = page.after.newest()?;
    let behind = archives.into_iter().filter(|archive| (archive.left_at.0, &archive.id) < (after.0, &after.1));
    Ok(page.answer(ctx.request, page.span().of(behind)))
}
