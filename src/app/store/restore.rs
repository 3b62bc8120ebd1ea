//! A backup in the store's place, all of it or nothing.

use super::aside::put_aside;
use super::restored::{Left, PREFIX, Ready, Restored, Wish, changed, kept};
use super::{Of, Step, Told, archive, backup as copies, made, restore_served, watched};
use crate::app::work::marks::Marks;
use crate::app::{FEATURES, folder, open};
use crate::base::draft::{self, Draft, sweep};
use crate::base::error::{DbError, DbFault, Error, Result};
use crate::base::time::Timestamp;
use crate::db::migrate::{self, Standing};
use crate::db::{Db, Journal, Mode, backup, within};
use crate::feature::Settings;
use crate::feature::store::{newest, raise_versions, renew_epochs};
use std::fs;
use std::path::{Path, PathBuf};

/// The store that is there now.
enum Present {
    /// None.
    Nothing,
    /// One that can be read; when it was last changed.
    Store(Box<Db>, Option<Timestamp>),
    /// One that cannot.
    Damaged,
}

/// Puts a backup in the place of the store.
///
/// # Errors
/// What is wrong; the store is as it was then.
pub fn restore(settings: &Settings, file: &Path, wish: Wish, told: Told<'_>) -> Result<Restored> {
    let address = open::address(settings)?;
    folder::make(&settings.data)?;
    // A store behind a link stays where it is.
    let store = address.file().map(behind);
    let folder = store.as_deref().map_or(settings.data.as_path(), draft::folder);
    sweep(folder);
    let ready = prepare(file, Draft::new(folder)?, wish, told)?;
    let restored = match &store {
        Some(store) => put(settings, store, ready, wish, told)?,
        None => restore_served::restore(settings, &address, &ready, wish, told)?,
    };
    made::note(settings, &address)?;
    // Without the mark, the next courier ends the connections.
    let _ = Marks::of(settings).owe(Timestamp::now());
    Ok(restored)
}

/// The file that a path leads to, there or not.
fn behind(path: &Path) -> PathBuf {
    let led = fs::canonicalize(path).ok().or_else(|| Some(draft::folder(path).join(fs::read_link(path).ok()?)));
    led.unwrap_or_else(|| path.to_owned())
}

/// Puts the draft in the place of the store in a file.
fn put(settings: &Settings, store: &Path, ready: Ready, wish: Wish, told: Told<'_>) -> Result<Restored> {
    let tenants = ready.tenants;
    match present(store, told)? {
        Present::Store(mut db, changed) => {
            if migrate::standing(&mut db)? == Standing::Moved {
                return Err(Error::NotReady(migrate::moved(&mut db)?));
            }
            kept(changed, ready.until, wish)?;
            let revoked = ready.revoked(&mut db);
            ready.end_connections(settings, Some(&mut db))?;
            let saved = copies::save(&mut db, &copies::folder(settings), PREFIX, told)?;
            replace(&mut db, ready.draft.path(), told)?;
            Ok(Restored { tenants, left: Some(Left::Backup(saved.path)), revoked })
        }
        other => {
            ready.end_connections(settings, None)?;
            let aside = put_aside(store)?;
            journal(&ready.draft, settings)?;
            let named = if let Present::Nothing = other {
                ready.draft.name_new(store)?
            } else {
                ready.draft.name(store).map(|()| true)?
            };
            let restored = Restored { tenants, left: aside.map(Left::Aside), revoked: None };
            if named { Ok(restored) } else { Err(appeared(store)) }
        }
    }
}

fn appeared(store: &Path) -> Error {
    Error::NotReady(format!("nothing was restored: {} has just been made by another process; try again", store.display()))
}

/// Unpacks a backup into the draft and makes it ready.
fn prepare(file: &Path, draft: Draft, wish: Wish, told: Told<'_>) -> Result<Ready> {
    archive::unpack(file, draft.path(), told)?;
    let mut db = watched(told, "looking for damage", || settle(file, draft.path()))?;
    let until = newest(&mut db)?;
    let tenants = within(&mut db, Mode::Write, |db| begin_anew(db, wish))?.len();
    Ok(Ready { draft, tenants, until })
}

/// What must not go on from the backup as if nothing had happened since: what devices hold, and who is signed in.
fn begin_anew(db: &mut Db, wish: Wish) -> Result<Vec<i64>> {
    let parts = || FEATURES.iter().map(|feature| feature.restored);
    for sign_out in parts().filter_map(|part| part.sign_out).filter(|_| !wish.keep_sessions) {
        sign_out(db)?;
    }
    let tenants = renew_epochs(db)?;
    tenants.iter().try_for_each(|tenant| raise_versions(db, *tenant))?;
    for change in parts().filter_map(|part| part.tenant) {
        tenants.iter().try_for_each(|tenant| change(db, *tenant))?;
    }
    Ok(tenants)
}

/// Looks it over, and brings it to this program's schema.
fn settle(file: &Path, draft: &Path) -> Result<Db> {
    copies::sound(draft)?;
    let mut db = backup::open(draft)?;
    match migrate::standing(&mut db)? {
        Standing::Current | Standing::Ahead(_) => {}
        Standing::Old(_) => migrate::migrate(&mut db, &mut |_| {})?,
        Standing::Empty => return Err(Error::NotReady(format!("{} is a database, but none of Tandem", file.display()))),
        Standing::Newer(version) => return Err(Error::NotReady(migrate::newer(version))),
        Standing::Unfinished => return Err(Error::NotReady(migrate::NOT_FINISHED.to_owned())),
        Standing::Moved => return Err(Error::NotReady(migrate::moved(&mut db)?)),
    }
    Ok(db)
}

/// Looks at the store that is there.
fn present(store: &Path, told: Told<'_>) -> Result<Present> {
    if !store.exists() {
        return Ok(Present::Nothing);
    }
    let looked = watched(told, "looking at the store that is there", || {
        let mut db = backup::open(store)?;
        let changed = changed(&mut db)?;
        let faults = db.check()?;
        Ok(if faults.is_empty() { Present::Store(Box::new(db), changed) } else { Present::Damaged })
    });
    match looked {
        Err(Error::Db(DbError { kind: DbFault::Corrupt, .. })) => Ok(Present::Damaged),
        other => other,
    }
}

/// Puts everything in the draft in the place of everything in the store: one transaction.
fn replace(db: &mut Db, draft: &Path, told: Told<'_>) -> Result<()> {
    let mut pages = |done: u64, of: u64| told(Step { what: "restoring", done, of: Of::Parts(of) });
    backup::replace(db, draft, &mut pages)
}

/// Gives the draft the journal that a new store gets.
fn journal(draft: &Draft, settings: &Settings) -> Result<()> {
    let journal = if settings.journal == Journal::Auto { Journal::Wal } else { settings.journal };
    backup::open(draft.path())?.settle(journal)
}
