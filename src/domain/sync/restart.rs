//! A new start in pages: everything alive, by kind and id, while others go on writing.
//!
//! Each page tells what is alive at its own snapshot. What moves between two pages is told by the polls that follow, because they
//! go on from the clock of the first page. `tests/model.rs` shows what other cursors would lose.

use super::asked::Asked;
use super::rules::{self, Change};
use super::store;
use crate::base::error::{Result, not_found};
use crate::base::id;
use crate::base::time::Timestamp;
use crate::feature::{Ctx, Kind, Tenant};

/// What `after` says on the first page.
pub const START: &str = "start";
/// Between the parts of a place as text: in no kind, id or epoch.
const SEPARATOR: char = '.';

/// Where a page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    /// At the beginning.
    Anew,
    /// Behind an object.
    Behind(Place),
}

/// Behind which object a page begins, and which new start it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The clock of the first page.
    clock: Timestamp,
    kind: String,
    id: String,
    /// The tenant's epoch on the first page.
    epoch: String,
}

impl Place {
    fn read(text: &str) -> Option<Place> {
        let mut parts = text.split(SEPARATOR);
        let mut part = || parts.next().map(str::to_owned);
        let place = Place { clock: Timestamp(part()?.parse().ok()?), kind: part()?, id: id::parse(&part()?)?, epoch: part()? };
        parts.next().is_none().then_some(place)
    }

    fn text(&self) -> String {
        let Place { clock, kind, id, epoch } = self;
        [&clock.0.to_string(), kind, id, epoch].map(String::as_str).join(&SEPARATOR.to_string())
    }
}

/// Does `after` ask for a new start, if one is due?
pub fn begins(after: &str) -> bool {
    after.trim() == START
}

/// Where the page begins that `after` asks for, if a new start is what is asked for: by its word where one is due, by what `next`
/// said always. One that cannot go on, because the store was restored or too much time has gone, begins again.
///
/// # Errors
/// When this node of a cluster is behind the first page: it may lack what that page did not tell.
pub fn start(after: Option<&str>, tenant: &Tenant, horizon: Timestamp, is_due: bool, may_lag: bool) -> Result<Option<Start>> {
    let text = match after.map(str::trim).filter(|after| !after.is_empty()) {
        None => return Ok(None),
        Some(START) => return Ok(is_due.then_some(Start::Anew)),
        Some(text) => text,
    };
    let place = Place::read(text).filter(|place| place.epoch == tenant.epoch && place.clock >= horizon);
    match place {
        Some(place) if place.clock <= tenant.clock => Ok(Some(Start::Behind(place))),
        Some(_) if may_lag => Err(not_found()),
        _ => Ok(Some(Start::Anew)),
    }
}

/// What a page holds.
pub struct Page {
    /// The objects, by kind and id: one more than was asked for, if there are more.
    pub rows: Vec<Change>,
    /// The clock of the first page.
    pub clock: Timestamp,
    /// How many objects are alive. It is counted on the first page alone: a count on each makes a long start slow.
    pub total: Option<i64>,
}

/// Reads a page and, to know whether it is the last one, one row more.
pub fn page(ctx: &mut Ctx<'_>, asked: &Asked<'_>, start: &Start, limit: usize) -> Result<Page> {
    let tenant = asked.tenant.id;
    let total = match start {
        Start::Anew => Some(store::count(ctx.db, asked)?),
        Start::Behind(_) => None,
    };
    let mut rows = Vec::new();
    for (kind, id) in remaining(asked.kinds, start) {
        let room = (limit + 1).saturating_sub(rows.len());
        if room > 0 {
            rows.extend(store::behind(ctx.db, tenant, kind, id, room)?);
        }
    }
    let clock = match start {
        Start::Anew => asked.tenant.clock,
        Start::Behind(place) => place.clock,
    };
    Ok(Page { rows, clock, total })
}

/// The kinds that are still to be told in the order of their names, each with the id behind which it goes on.
fn remaining<'s>(kinds: &[&'static Kind], start: &'s Start) -> Vec<(&'static Kind, &'s str)> {
    let (at, id) = match start {
        Start::Anew => ("", ""),
        Start::Behind(place) => (place.kind.as_str(), place.id.as_str()),
    };
    let mut kinds: Vec<_> = kinds.iter().filter(|kind| kind.name >= at).collect();
    kinds.sort_unstable_by_key(|kind| kind.name);
    kinds.into_iter().map(|kind| (*kind, if kind.name == at { id } else { "" })).collect()
}

/// What `next` says: the place behind a page's last row.
pub fn next(rows: &[Change], clock: Timestamp, tenant: &Tenant) -> Option<String> {
    let Change { kind, id, .. } = rows.last()?;
    Some(Place { clock, kind: kind.clone(), id: id.clone(), epoch: tenant.epoch.clone() }.text())
}

/// Objects on a page: a page of a new start always has an end.
pub fn limit(asked: Option<usize>) -> usize {
    asked.unwrap_or(rules::MAX_LIMIT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feature::{Role, TenantKind};

    const ID: &str = "019a0000-0000-7000-8000-000000000000";

    fn tenant(clock: i64) -> Tenant {
        let (public_id, epoch) = (ID.to_owned(), "e".to_owned());
        let (kind, role) = (TenantKind::Couple, Role::Member);
        Tenant { id: 1, public_id, kind, seat: 0, role, clock: Timestamp(clock), horizon: Timestamp(0), epoch, pushes: 0 }
    }

    fn place(clock: i64, epoch: &str) -> String {
        Place { clock: Timestamp(clock), kind: "goals".into(), id: ID.into(), epoch: epoch.into() }.text()
    }

    fn started(after: &str, is_due: bool, may_lag: bool) -> Option<Option<Start>> {
        start(Some(after), &tenant(50), Timestamp(10), is_due, may_lag).ok()
    }

    #[test]
    fn a_place_goes_on_and_what_is_none_begins_again() {
        assert_eq!((started("", true, false), started(START, false, false)), (Some(None), Some(None)));
        assert_eq!(started(START, true, false), Some(Some(Start::Anew)));
        let here = Start::Behind(Place::read(&place(50, "e")).unwrap());
        assert_eq!(started(&place(50, "e"), false, false), Some(Some(here)));
        let long = format!("{}.x", place(50, "e"));
        for lost in [&place(50, "other"), &place(9, "e"), &place(51, "e"), "rubbish", "1.goals.x.e", &long] {
            assert_eq!(started(lost, false, false), Some(Some(Start::Anew)), "{lost}");
        }
    }

    #[test]
    fn a_node_that_is_behind_the_first_page_gives_none_of_it() {
        assert_eq!(started(&place(51, "e"), false, true), None);
    }
}
