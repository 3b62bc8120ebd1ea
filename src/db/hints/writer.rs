//! A writer's part: what it changes is registered before it commits, and sealed after.

use super::page::{Page, Seal};
use super::state::{State, Watched};
use super::{FILE, Notice};
use crate::base::slot_file;
use crate::db::on_network;
use crate::db::wal::File as Inode;
use std::fs::File;
use std::path::{Path, PathBuf};

/// The writing side of the hint file, for as long as a connection is open, and even where there is nothing to be written: the descriptor of
/// the database must not be closed before the connection is.
#[derive(Debug)]
pub struct Registry {
    /// The hint file, once there is a use for it.
    file: Option<File>,
    database: Watched,
    path: PathBuf,
    /// The transaction that is open.
    writing: Option<Writing>,
}

/// A write transaction.
#[derive(Debug)]
struct Writing {
    before: State,
    page: Page,
    /// Is somebody else's proof good no more; is anybody's?
    changed: bool,
    everybody: bool,
    tenants: Vec<i64>,
}

impl Registry {
    /// Of the database in this file. `None` where there are no hints: on a network file system a reader may see an older state.
    pub fn of(database: &Path) -> Option<Registry> {
        if on_network(database) {
            return None;
        }
        let (path, database) = (database.parent()?.join(FILE), Watched::open(database).ok()?);
        Some(Registry { file: None, database, path, writing: None })
    }

    /// The write lock was taken, on this file: looks whether what the page says is true of the database. Where there is a write-ahead log, and
    /// where the hint file cannot be made, nothing is sealed, and polls open the database.
    pub fn begin(&mut self, inode: Option<Inode>) {
        self.writing = if Some(self.database.inode()) == inode { self.look() } else { None };
    }

    fn look(&mut self) -> Option<Writing> {
        let before = self.database.state()?;
        let file = slot_file::opened_at(&mut self.file, &self.path).ok()?;
        let page = Page::read(file);
        let sealed = page.as_ref().is_some_and(|page| Seal::read(file) == Some(Seal::of(before, page)));
        let page = page.or_else(Page::anew)?;
        Some(Writing { before, page, changed: false, everybody: !sealed, tenants: Vec::new() })
    }

    /// A statement of the transaction was run: whom it concerns, if it changes something. That is asked only where it is registered.
    pub fn note(&mut self, of: impl FnOnce() -> Option<Notice>) {
        let Some(writing) = &mut self.writing else { return };
        let Some(notice) = of() else { return };
        writing.changed = true;
        match notice {
            Notice::Everybody => writing.everybody = true,
            Notice::Tenant(tenant) if !writing.tenants.contains(&tenant) => writing.tenants.push(tenant),
            Notice::Tenant(_) | Notice::Nobody => {}
        }
    }

    /// The transaction is about to be committed. Where the page cannot be written, nothing is sealed.
    pub fn register(&mut self) {
        let writing = self.writing.take().filter(|writing| writing.changed);
        self.writing = writing.zip(self.file.as_ref()).and_then(|(writing, file)| writing.registered(file));
    }

    /// It is committed.
    pub fn seal(&mut self) {
        let (Some(Writing { before, page, .. }), Some(file)) = (self.writing.take(), &self.file) else { return };
        // A state that did not change was nobody's commit, this one's neither: it matched no row.
        if let Some(after) = self.database.state().filter(|after| after.follows(&before) || *after == before) {
            // What cannot be written is not believed: the next write seals.
            let _ = Seal::of(after, &page).write(file);
        }
    }

    /// The transaction is undone.
    pub fn forget(&mut self) {
        self.writing = None;
    }
}

impl Writing {
    fn registered(mut self, file: &File) -> Option<Writing> {
        if self.everybody {
            self.page.forget_all()?;
        }
        for tenant in &self.tenants {
            self.page.forget(*tenant)?;
        }
        self.page.restamp()?;
        self.page.write(file)?;
        Some(self)
    }
}
