//! A poll's part.

use super::page::{Page, Seal};
use super::state::{State, Watched};
use super::{FILE, proof, sample};
use crate::base::slot_file;
use crate::base::time::Timestamp;
use crate::db::{Value, on_network};
use std::fs::File;
use std::path::Path;

/// The reading side of the hint file, for as long as the process lives. It is closed after the connection to the database.
#[derive(Debug)]
pub struct Hints {
    file: File,
    database: Watched,
    /// What the last look has found, where the seal was the page's and the database's.
    found: Option<(State, Page)>,
    /// Has the database a write-ahead log? Then nothing is ever found.
    has_log: bool,
}

/// Whose proof is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Whose<'w> {
    /// The session.
    pub session: &'w str,
    /// The schema that the program needs: a proof of another program's is none.
    pub schema: i64,
    /// The column of the row of admission that holds the tenant's number.
    pub tenant_in: usize,
}

impl Hints {
    /// Opens the file beside a database. `None` where no writer has made one, or where there is none to be had.
    pub fn open(database: &Path) -> Option<Hints> {
        if on_network(database) {
            return None;
        }
        let file = slot_file::there(&database.parent()?.join(FILE)).ok()?;
        Some(Hints { file, database: Watched::open(database).ok()?, found: None, has_log: false })
    }

    /// The row that admitted a session when it polled last, if it would be admitted by the same one now.
    pub fn row(&mut self, whose: &Whose<'_>) -> Option<Vec<Value>> {
        let kept = proof::read(&self.file, whose.session);
        self.look();
        let (kept, (_, page)) = (kept?, self.found.as_ref()?);
        let tenant = kept.number(whose.tenant_in)?;
        kept.row(page, tenant, whose.schema, whose.session)
    }

    /// Counts a poll, now and then: was it answered from here?
    pub fn count(&self, now: Timestamp, hit: bool) {
        sample::count(&self.file, now, hit);
    }

    /// Reads the state, then the page, then the seal.
    fn look(&mut self) {
        let state = self.database.state().filter(|_| self.database.is_in_place());
        self.has_log = state.is_none();
        self.found = state.and_then(|state| self.fitting(state));
    }

    /// Did the last look find no state, as where there is a write-ahead log?
    pub fn has_log(&self) -> bool {
        self.has_log
    }

    fn fitting(&self, state: State) -> Option<(State, Page)> {
        let page = Page::read(&self.file)?;
        let sealed = Seal::read(&self.file)? == Seal::of(state, &page);
        sealed.then_some((state, page))
    }

    /// Before a snapshot of the database is taken: keeps what was looked up last for a proof. `None` where there is nothing to prove by.
    pub fn witness(&mut self) -> Option<Witness<'_>> {
        let (state, page) = self.found.take()?;
        Some(Witness { hints: self, state, page, row: None })
    }
}

/// A poll that opened the database, and may leave a proof.
#[derive(Debug)]
pub struct Witness<'h> {
    hints: &'h Hints,
    state: State,
    page: Page,
    row: Option<Vec<Value>>,
}

impl Witness<'_> {
    /// Inside the snapshot: what was looked up is true of it, if the state is still the same.
    pub fn saw(&mut self, row: &[Value]) {
        self.row = (self.hints.database.state() == Some(self.state)).then(|| row.to_vec());
    }

    /// Keeps the proof, of a member.
    pub fn keep(self, whose: &Whose<'_>) {
        let Some(row) = self.row else { return };
        if let Some(Value::Int(tenant)) = row.get(whose.tenant_in) {
            // A proof that cannot be written costs the next poll what this one did.
            let _ = proof::write(&self.hints.file, &self.page, *tenant, whose.schema, whose.session, &row);
        }
    }
}
