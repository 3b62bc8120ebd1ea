//! Room: how much of the store each couple or team takes, by kind, and how much it may.
//!
//! Objects are counted where each of their writes passes anyway, in the feed: [`Ctx::touch`] and [`Ctx::bury`] weigh what their
//! kind's [`Measure`] names, so a noun says only which columns those are. What stands in no feed is a [`Stock`], which its
//! noun counts. Sums are kept in memory until the transaction ends, and written then, a statement for each kind that
//! changed; the first growth of a transaction reads what there is, once. So a poll never comes by here.

mod ledger;
pub mod recount;
pub mod rules;
pub mod store;

pub use ledger::Ledger;

use super::{Ctx, store as feed};
use crate::base::error::{Error, Result};
use rules::{Growth, Weighed};

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
    /// May they take a tenth more than the room that there is? What would be lost otherwise may.
    pub above: bool,
}

/// Under what the tombstones of every kind are counted.
pub const DELETED: &str = "deleted";

impl Ctx<'_> {
    /// Moves an object to this transaction's stamp in the feed, and counts what it weighs now.
    ///
    /// # Errors
    /// [`Refused::NoRoom`](crate::base::error::Refused::NoRoom) when it has grown and there is no room; the whole transaction is to be undone then.
    pub fn touch(&mut self, kind: &str, id: &str) -> Result<()> {
        let (tenant, _) = self.stamped()?;
        match self.measured(kind)? {
            (name, Some(measure)) => {
                let (before, after) = store::weigh(self.db, tenant, name, id, &measure)?;
                self.place(kind, id, before, Some(after))
            }
            (name, None) => self.tell_again(name, id, false),
        }
    }

    /// Leaves a tombstone of an object in the feed.
    pub fn bury(&mut self, kind: &str, id: &str) -> Result<()> {
        let (tenant, _) = self.stamped()?;
        let before = store::weighed(self.db, tenant, kind, id)?;
        self.place(kind, id, before, None)
    }

    /// The same for who knows what an object weighed and weighs: with `None` it is deleted.
    ///
    /// # Errors
    /// As [`Ctx::touch`].
    pub fn place(&mut self, kind: &str, id: &str, before: Weighed, after: Option<i64>) -> Result<()> {
        let (name, measure) = self.measured(kind)?;
        let (tenant, stamp) = self.stamped()?;
        if measure.is_some() {
            let growth = Growth::between(before, after);
            self.require(name, growth.live, false)?;
            self.room.add(tenant, name, growth.live);
            self.room.add(tenant, DELETED, growth.deleted);
        }
        feed::place(self.db, tenant, name, id, stamp, after)
    }

    /// Moves an object to this transaction's stamp as it is, alive or as a tombstone: it weighs what it did.
    pub fn tell_again(&mut self, kind: &str, id: &str, deleted: bool) -> Result<()> {
        let (tenant, stamp) = self.stamped()?;
        feed::mark(self.db, tenant, kind, id, stamp, deleted)
    }

    /// Refuses an object of a kind that would grow beyond the room that there is. Called before anything is written by who
    /// goes on after a refusal, as an upload does with its next item.
    ///
    /// # Errors
    /// [`Refused::NoRoom`](crate::base::error::Refused::NoRoom).
    pub fn require_room(&mut self, kind: &str, growth: Growth) -> Result<()> {
        let (name, _) = self.measured(kind)?;
        self.require(name, growth, false)
    }

    /// The same for rows of a stock.
    ///
    /// # Errors
    /// [`Refused::NoRoom`](crate::base::error::Refused::NoRoom).
    pub fn require_stock(&mut self, stock: &Stock, growth: Growth) -> Result<()> {
        self.require(stock.name, growth, stock.above)
    }

    /// Refuses to take in anybody or anything new where the server's own room is used up.
    ///
    /// # Errors
    /// [`Refused::NoRoom`](crate::base::error::Refused::NoRoom).
    pub fn require_site(&mut self) -> Result<()> {
        if store::has_room(self.db, &self.house.settings)? { Ok(()) } else { Err(rules::no_site().into()) }
    }

    fn require(&mut self, kind: &'static str, growth: Growth, above: bool) -> Result<()> {
        if !growth.grows() {
            return Ok(());
        }
        let (tenant, _) = self.stamped()?;
        let (db, settings, now) = (&mut *self.db, &self.house.settings, self.now);
        let standing = self.room.standing(tenant, || store::standing(db, settings, tenant, now))?;
        standing.check(kind, growth, above, settings).map_or(Ok(()), |refusal| Err(refusal.into()))
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
