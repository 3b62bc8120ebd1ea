//! Room: how much of the store each couple or team takes, by kind, and how much it may.
//!
//! Objects are counted where each of their writes passes anyway, in the feed: [`Ctx::touch_version`] and [`Ctx::bury_version`] weigh what their
//! kind's [`Measure`] names, so a noun says only which columns those are. What stands in no feed is a [`Stock`], which its
//! noun counts. Sums are kept in memory until the transaction ends, and written then, a statement for each kind that
//! changed; the first growth of a transaction reads what there is, once. So a poll never comes by here.

mod ledger;
pub mod recount;
pub mod rules;
pub mod store;

pub use ledger::Ledger;

use super::store::{self as feed, Moved, Placed};
use super::{Ctx, News};
use crate::base::error::{Error, Result};
use rules::{Bounds, Growth, Weighed};

/// What of a table's rows is counted.
#[derive(Debug, Clone, Copy)]
pub struct Measure {
    /// The table. It has the columns `tenant` and, if its rows are in the feed, `id`.
    pub table: &'static str,
    /// Which rows of it, where several kinds share it: a column, and what it says.
    pub of: Option<(&'static str, &'static str)>,
    /// The columns of what clients sent, as long as they like.
    pub texts: &'static [&'static str],
}

impl Measure {
    /// Every row of a table.
    pub const fn of(table: &'static str, texts: &'static [&'static str]) -> Measure {
        Measure { table, of: None, texts }
    }
}

/// Rows that are counted beside the feed.
#[derive(Debug, Clone, Copy)]
pub struct Stock {
    /// What they are called; no kind of the feed that is weighed has this name.
    pub name: &'static str,
    /// Which rows they are.
    pub measure: Measure,
    /// How they are bounded.
    pub bounds: Bounds,
}

/// Under what the tombstones of every kind are counted.
pub const DELETED: &str = "deleted";

impl Ctx<'_> {
    /// Moves an object to this transaction's stamp in the feed, as this version, and counts what it weighs now.
    ///
    /// # Errors
    /// [`Refused::NoRoom`](crate::base::error::Refused::NoRoom) when it has grown and there is no room; the whole transaction is to be undone then.
    pub fn touch_version(&mut self, kind: &str, id: &str, version: i64) -> Result<()> {
        let (tenant, _) = self.stamped()?;
        let (name, measure) = self.measured(kind)?;
        let measure = measure.ok_or_else(|| Error::Internal(format!("{kind} has versions and is not weighed")))?;
        let (before, after) = store::weigh(self.db, tenant, name, id, &measure)?;
        self.place(kind, (id, version), before, Some(after))
    }

    /// Leaves a tombstone, with the version that the deletion made, of an object in the feed.
    pub fn bury_version(&mut self, kind: &str, id: &str, version: i64) -> Result<()> {
        self.bury(kind, (id, version), self.editor())
    }

    /// The same of what its author alone may edit, whoever deletes it: nobody else may bring it back.
    pub fn bury_own(&mut self, kind: &str, id: &str, version: i64, author: i64) -> Result<()> {
        self.bury(kind, (id, version), Some(author))
    }

    fn bury(&mut self, kind: &str, (id, version): (&str, i64), by: Option<i64>) -> Result<()> {
        let (tenant, _) = self.stamped()?;
        let before = store::weighed(self.db, tenant, kind, id)?;
        self.place_by(kind, (id, version), before, None, by)?;
        let (kind, _) = self.measured(kind)?;
        self.tell(&News::Buried { kind, id })
    }

    /// The same for who knows what an object, of this id and version, weighed and weighs: with `None` it is deleted.
    ///
    /// # Errors
    /// As [`Ctx::touch_version`].
    pub fn place(&mut self, kind: &str, object: (&str, i64), before: Weighed, after: Option<i64>) -> Result<()> {
        self.place_by(kind, object, before, after, self.editor())
    }

    /// Who writes, where a user does.
    fn editor(&self) -> Option<i64> {
        self.admitted().map(|caller| caller.user)
    }

    fn place_by(
        &mut self,
        kind: &str,
        (id, version): (&str, i64),
        before: Weighed,
        after: Option<i64>,
        by: Option<i64>,
    ) -> Result<()> {
        let (name, measure) = self.measured(kind)?;
        let (tenant, stamp) = self.stamped()?;
        if measure.is_some() {
            let growth = Growth::between(before, after);
            self.require(name, growth.live, Bounds::OBJECTS)?;
            self.room.add(tenant, name, growth.live);
            self.room.add(tenant, DELETED, growth.deleted);
        }
        self.count_row();
        self.stir(tenant, (name, id), Some(version), after.is_none());
        let author = self.author();
        let known = before != Weighed::Absent;
        feed::place(self.db, tenant, name, id, Placed { stamp, author, version, bytes: after, by, known })
    }

    /// Moves an object of any tenant to this transaction's stamp there, or leaves a tombstone of it, and counts what it weighs
    /// now. Nothing is refused: who ends an account or changes a name must not be kept from it by others' room.
    pub(super) fn place_in(&mut self, tenant: i64, kind: &str, (id, version): (&str, i64), deleted: bool) -> Result<()> {
        let (stamp, author) = (self.stamp_in(tenant)?, self.author());
        let (name, measure) = self.measured(kind)?;
        self.stir(tenant, (name, id), Some(version), deleted);
        let Some(measure) = measure else { return feed::mark(self.db, tenant, name, id, Moved { stamp, author, deleted }) };
        let (before, weight) = store::weigh(self.db, tenant, name, id, &measure)?;
        let after = (!deleted).then_some(weight);
        let change = Growth::between(before, after);
        self.room.add(tenant, name, change.live);
        self.room.add(tenant, DELETED, change.deleted);
        let known = before != Weighed::Absent;
        feed::place(self.db, tenant, name, id, Placed { stamp, author, version, bytes: after, by: None, known })
    }

    /// Moves an object to this transaction's stamp as it is, alive or as a tombstone: it weighs what it did.
    pub fn tell_again(&mut self, kind: &str, id: &str, deleted: bool) -> Result<()> {
        let (tenant, stamp) = self.stamped()?;
        self.count_row();
        self.stir(tenant, (kind, id), None, deleted);
        // Whoever is told again lacks it, also where they sent an edit of it.
        self.signal_all(kind);
        feed::mark(self.db, tenant, kind, id, Moved::by_nobody(stamp, deleted))
    }

    /// Moves an object of any tenant that is not weighed to this transaction's stamp there, alive or as a tombstone, which is counted.
    pub fn show_in(&mut self, tenant: i64, kind: &str, id: &str, deleted: bool) -> Result<()> {
        let (stamp, author) = (self.stamp_in(tenant)?, self.author());
        let before = store::weighed(self.db, tenant, kind, id)?;
        self.room.add(tenant, DELETED, Growth::between(before, (!deleted).then_some(0)).deleted);
        self.count_row();
        self.stir(tenant, (kind, id), None, deleted);
        feed::mark(self.db, tenant, kind, id, Moved { stamp, author, deleted })
    }

    /// Moves an object of any tenant to this transaction's stamp there: what it shows of somebody else has changed.
    pub fn touch_in(&mut self, tenant: i64, kind: &str, id: &str) -> Result<()> {
        let (stamp, author) = (self.stamp_in(tenant)?, self.author());
        self.stir(tenant, (kind, id), None, false);
        feed::mark(self.db, tenant, kind, id, Moved { stamp, author, deleted: false })
    }

    /// Refuses an object of a kind that would grow beyond the room that there is. Called before anything is written by who
    /// goes on after a refusal, as an upload does with its next item.
    ///
    /// # Errors
    /// [`Refused::NoRoom`](crate::base::error::Refused::NoRoom).
    pub fn require_room(&mut self, kind: &str, growth: Growth) -> Result<()> {
        let (name, _) = self.measured(kind)?;
        self.require(name, growth, Bounds::OBJECTS)
    }

    /// The same for rows of a stock.
    ///
    /// # Errors
    /// [`Refused::NoRoom`](crate::base::error::Refused::NoRoom).
    pub fn require_stock(&mut self, stock: &Stock, growth: Growth) -> Result<()> {
        self.require(stock.name, growth, stock.bounds)
    }

    /// Refuses to take in anybody or anything new where the server's own room is used up.
    ///
    /// # Errors
    /// [`Refused::NoRoom`](crate::base::error::Refused::NoRoom).
    pub fn require_site(&mut self) -> Result<()> {
        if store::has_room(self.db, &self.house.settings)? { Ok(()) } else { Err(rules::no_site().into()) }
    }

    fn require(&mut self, kind: &'static str, growth: Growth, bounds: Bounds) -> Result<()> {
        if !growth.grows() {
            return Ok(());
        }
        let (tenant, _) = self.stamped()?;
        let (db, settings, now) = (&mut *self.db, &self.house.settings, self.now);
        let standing = self.room.standing(tenant, || store::standing(db, settings, tenant, now))?;
        standing.check(kind, growth, bounds, settings).map_or(Ok(()), |refusal| Err(refusal.into()))
    }

    /// Counts rows of a stock that were written.
    ///
    /// # Errors
    /// When no clock was advanced, which is a defect.
    pub fn count_stock(&mut self, stock: &Stock, growth: Growth) -> Result<()> {
        let (tenant, _) = self.stamped()?;
        self.room.add(tenant, stock.name, growth);
        Ok(())
    }

    /// Has a stock of a tenant counted anew when the transaction ends, for who cannot say what has changed in it.
    pub fn recount_stock(&mut self, tenant: i64, stock: &'static Stock) {
        self.room.recount(tenant, stock);
    }

    /// A kind's own name, and what of it is weighed.
    fn measured(&self, kind: &str) -> Result<(&'static str, Option<Measure>)> {
        let found = self.house.kinds().find(|known| known.name == kind);
        found.map(|kind| (kind.name, kind.measure)).ok_or_else(|| Error::Internal(format!("{kind} is no kind of the feed")))
    }
}

#[cfg(test)]
mod tests;
