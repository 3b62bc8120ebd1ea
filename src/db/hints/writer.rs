//! A writer's part: what it changes is registered before it commits, and sealed after.

use super::page::{Page, Seal};
use super::state::{State, Watched};
use super::{FILE, Notice};
use crate::db::on_network;
use crate::db::wal::File as Inode;
use std::fs::File;
use std::path::Path;

/// The writing side of the hint file, for as long as a connection is open.
#[derive(Debug)]
pub struct Registry {
    file: File,
    database: Watched,
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
    /// Opens the file beside a database, and makes it where there is none. `None` where it cannot be had: then nothing is sealed, and polls open
    /// the database. `inode` is the file that the connection has open.
    pub fn open(database: &Path, inode: Option<Inode>) -> Option<Registry> {
        if on_network(database) {
            return None;
        }
        let watched = Watched::open(database).ok()?;
        // With a write-ahead log there is no hint, and no file.
        watched.state()?;
        let file = crate::base::slot_file::made(&database.parent()?.join(FILE)).ok()?;
        (Some(watched.inode()) == inode).then_some(Registry { file, database: watched, writing: None })
    }

    /// The write lock was taken: looks whether what the page says is true of the database.
    pub fn begin(&mut self) {
        self.writing = self.look();
    }

    fn look(&self) -> Option<Writing> {
        let before = self.database.state()?;
        let page = Page::read(&self.file);
        let sealed = page.as_ref().is_some_and(|page| Seal::read(&self.file) == Some(Seal::of(before, page)));
        let page = page.or_else(Page::anew)?;
        Some(Writing { before, page, changed: false, everybody: !sealed, tenants: Vec::new() })
    }

    /// A statement of the transaction changes something.
    pub fn note(&mut self, notice: Notice) {
        let Some(writing) = &mut self.writing else { return };
        writing.changed = true;
        match notice {
            Notice::Everybody => writing.everybody = true,
            Notice::Tenant(tenant) if !writing.tenants.contains(&tenant) => writing.tenants.push(tenant),
            Notice::Tenant(_) | Notice::Nobody => {}
        }
    }

    /// The transaction is about to be committed. Where the page cannot be written, nothing is sealed.
    pub fn register(&mut self) {
        let file = &self.file;
        self.writing = self.writing.take().filter(|writing| writing.changed).and_then(|writing| writing.registered(file));
    }

    /// It is committed.
    pub fn seal(&mut self) {
        let Some(Writing { before, page, .. }) = self.writing.take() else { return };
        // A state that did not change was nobody's commit, this one's neither: it matched no row.
        if let Some(after) = self.database.state().filter(|after| after.follows(&before) || *after == before) {
            // What cannot be written is not believed: the next write seals.
            let _ = Seal::of(after, &page).write(&self.file);
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
