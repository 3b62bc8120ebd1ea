//! The stamps of one transaction in the tenant that it writes: one, or for a large upload several in a row, committed together; and
//! which of them an answer names, so that the client need not be told of its own writes.

use super::store::Advanced;
use super::{Ctx, Tenant, store};
use crate::base::error::Result;
use crate::base::time::Timestamp;
use crate::http::Response;
use serde_json::Value;

/// The most rows of the feed under one stamp: a page never ends inside one, so this is what keeps pages of phones small.
pub const MOST_ROWS: usize = 200;

/// The field that names an answer's stamps.
pub const FIELD: &str = "Sync-Stamp";

/// What is known of stamps beside the present one.
#[derive(Debug, Default)]
pub struct Taken {
    /// Those before the present one.
    earlier: Vec<Timestamp>,
    /// Rows under the present one.
    rows: usize,
    /// Those that the answer names, once the transaction is committed.
    named: Vec<Timestamp>,
    /// What did not land of what was sent, as its trace tells it.
    not_done: Vec<Value>,
    /// The number of the caller's device, once it was asked for.
    pub(super) author: Option<i64>,
    /// Those of the transactions that were committed.
    committed: Vec<Timestamp>,
}

impl Taken {
    /// Begins another transaction.
    pub fn begin(&mut self) {
        *self = Taken { committed: std::mem::take(&mut self.committed), ..Taken::default() };
    }

    /// The transaction is committed.
    pub fn commit(&mut self) {
        self.committed.append(&mut self.named);
    }
}

impl Ctx<'_> {
    /// Advances the clock of the caller's tenant, which the admission to this write has locked and read.
    ///
    /// # Errors
    /// When they are in none.
    pub fn advance_admitted(&mut self) -> Result<()> {
        let Tenant { id, clock: before, pushes, .. } = *self.tenant()?;
        let stamp = store::advance_from(self.db, id, before, self.now)?;
        self.stamps.push(Advanced { tenant: id, before, stamp, pushes });
        self.stamped = Some((id, stamp));
        Ok(())
    }

    /// Puts the clock back where it was if nothing was moved under its stamp: others need not be told of nothing. Nobody has seen the stamp, since
    /// the tenant is locked.
    ///
    /// # Errors
    /// The database's.
    pub fn stand_still(&mut self) -> Result<()> {
        if self.taken.rows > 0 || !self.taken.earlier.is_empty() {
            return Ok(());
        }
        let Some(before) = self.previous_stamp() else { return Ok(()) };
        let (tenant, _) = self.stamped()?;
        store::move_clock(self.db, tenant, before)?;
        self.stamps.retain(|advanced| advanced.tenant != tenant);
        self.stamped = None;
        Ok(())
    }

    /// Goes on to the next stamp if so many rows more do not fit under this one. An item asks before it writes: what it drags along
    /// has its stamp, and what it depends on an earlier one, or the same.
    ///
    /// # Errors
    /// The database's.
    pub fn fit(&mut self, rows: usize) -> Result<()> {
        let (tenant, stamp) = self.stamped()?;
        if self.taken.rows == 0 || self.taken.rows + rows <= MOST_ROWS {
            return Ok(());
        }
        let next = stamp.plus(1);
        store::move_clock(self.db, tenant, next)?;
        self.stamps.iter_mut().filter(|advanced| advanced.tenant == tenant).for_each(|advanced| advanced.stamp = next);
        self.stamped = Some((tenant, next));
        self.taken.earlier.push(stamp);
        self.taken.rows = 0;
        Ok(())
    }

    /// Counts a row of the feed that is written under the present stamp.
    pub(super) fn count_row(&mut self) {
        self.taken.rows += 1;
    }

    /// This transaction's stamps in the tenant that it writes, in their order; none if it writes none.
    pub fn stamps(&self) -> Vec<Timestamp> {
        let present = self.stamp().ok();
        self.taken.earlier.iter().copied().chain(present).collect()
    }

    /// Says what did not land of what was sent: `{id, reason}` each.
    pub fn leave_undone(&mut self, not_done: Vec<Value>) {
        self.taken.not_done = not_done;
    }

    /// What did not land of what was sent.
    pub fn not_done(&self) -> &[Value] {
        &self.taken.not_done
    }

    /// The answer names these stamps, if this transaction is committed.
    pub fn name_stamps(&mut self, stamps: Vec<Timestamp>) {
        self.taken.named = stamps;
    }

    /// An answer with the field that names what was written for it.
    pub fn naming(&self, response: Response) -> Response {
        let named = &self.taken.committed;
        if named.is_empty() { response } else { response.with(FIELD, text(named)) }
    }
}

/// Stamps as the field has them.
pub fn text(stamps: &[Timestamp]) -> String {
    stamps.iter().map(Timestamp::to_string).collect::<Vec<_>>().join(", ")
}
