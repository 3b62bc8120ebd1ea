//! What a restore is asked for, what it needs to know of both stores, and what it came to.

use crate::app::FEATURES;
use crate::base::draft::Draft;
use crate::base::error::{Error, Result};
use crate::base::time::Timestamp;
use crate::db::migrate::{self, Standing};
use crate::db::{Db, Mode, backup, within};
use crate::feature::Settings;
use crate::feature::restore::Undone;
use crate::feature::signals::{End, Whose, closing, store};
use crate::feature::store::newest;
use std::path::PathBuf;

/// What the name of a backup begins with that was made before a restore.
pub const PREFIX: &str = "before-restore-";

/// A backup that is unpacked, whole and brought to this program's schema.
pub struct Ready {
    /// It as a database.
    pub draft: Draft,
    /// How many tenants it has.
    pub tenants: usize,
    /// When it was last changed.
    pub until: Option<Timestamp>,
}

impl Ready {
    /// What was done to accounts since it was made; nothing where the store of now cannot tell.
    pub fn revoked(&self, now: &mut Db) -> Option<Undone> {
        let mut backup = backup::open(self.draft.path()).ok()?;
        let parts = FEATURES.iter().filter_map(|feature| feature.restored.undoes).map(|undoes| undoes(&mut backup, now));
        parts.collect::<Result<Vec<Undone>>>().ok().map(|parts| parts.concat())
    }
}

impl Ready {
    /// Has the connections end that were held of the store of now, or of the backup's people: they hear of another time. Whose session is
    /// gone is refused when they come back.
    ///
    /// # Errors
    /// The backup's. A store that cannot tell who is in it tells nobody.
    pub fn end_connections(&self, settings: &Settings, now: Option<&mut Db>) -> Result<()> {
        if settings.grip.engine().is_none() {
            return Ok(());
        }
        let mut held = now.and_then(|now| store::listeners(now).ok()).unwrap_or_default();
        let mut backup = backup::open(self.draft.path())?;
        let noted = Timestamp::now();
        within(&mut backup, Mode::Write, |db| {
            held.append(&mut store::listeners(db)?);
            held.iter().try_for_each(|user| closing::owe(db, &Whose::User(*user), End::Again, noted))
        })
    }
}

/// What the operator wants.
#[derive(Debug, Clone, Copy)]
pub struct Wish {
    /// Give up what the store has and the backup lacks.
    pub force: bool,
    /// Let the sessions of the backup go on.
    pub keep_sessions: bool,
}

/// Where what was there before is now.
pub enum Left {
    /// In this backup.
    Backup(PathBuf),
    /// What was left of a damaged store, in this folder.
    Aside(PathBuf),
}

/// What a restore came to.
pub struct Restored {
    /// How many tenants start over.
    pub tenants: usize,
    /// What was there before.
    pub left: Option<Left>,
    /// What was done to accounts since the backup, and is undone; nothing where nobody knows.
    pub revoked: Option<Undone>,
}

/// Refuses to give up changes that the backup lacks, unless the operator says so.
pub fn kept(changed: Option<Timestamp>, until: Option<Timestamp>, wish: Wish) -> Result<()> {
    let Some(changed) = changed.filter(|changed| !wish.force && until.is_none_or(|until| *changed > until)) else {
        return Ok(());
    };
    let until = until.map_or_else(|| "is empty".to_owned(), |until| format!("ends at {until}"));
    Err(Error::NotReady(format!(
        "nothing was restored: the store has changes until {changed}, the backup {until}. --force gives up what came after it"
    )))
}

/// When a store was last changed. One whose schema is empty holds nothing, and has no table to ask.
pub fn changed(db: &mut Db) -> Result<Option<Timestamp>> {
    if migrate::standing(db)? == Standing::Empty { Ok(None) } else { newest(db) }
}
