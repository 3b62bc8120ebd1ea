//! `tandem restore`: puts a backup in the store's place, all of it or nothing.

mod served;

use super::backup::draft::{Draft, SIDECARS, beside, failed, sweep};
use super::backup::{self as copies, archive};
use super::site::within;
use super::{Action, Command, RUNNING, Verdict, flag, out, progress, text};
use crate::app::{advice, config, open};
use crate::base::error::{DbError, DbFault, Error, Result};
use crate::base::time::Timestamp;
use crate::db::migrate::{self, Standing};
use crate::db::{Db, Journal, Mode, backup};
use crate::feature::Settings;
use crate::feature::store::{newest, renew_epochs};
use clap::{Arg, ArgMatches};
use std::fs;
use std::path::{Path, PathBuf};

pub const COMMAND: Command = Command {
    name: "restore",
    group: RUNNING,
    about: "Put a backup in the place of the store",
    help: "The backup is unpacked and looked over for damage first, and brought to this version's schema. Then it takes the store's place \
           in one transaction: the API goes on, and a process that is killed leaves the store as it was. Every phone starts over \
           with what the backup holds. A store that was changed after the backup is left alone unless you say --force; it is \
           itself backed up first. A damaged store is put aside. On MySQL and MariaDB writes wait meanwhile; a store that is too \
           large for one transaction (a cluster's wsrep_max_ws_size) is unpacked and copied into an empty database instead, `tandem \
           copy --from sqlite:FILE --to URL`.",
    examples: &[
        ("tandem restore tandem/backups/tandem-20260116T031700.000Z.db.gz", "when the store is gone, or older than the backup"),
        ("tandem restore tandem/backups/tandem-20260116T031700.000Z.db.gz --force", "give up what has changed since"),
    ],
    args: |command| {
        let file = Arg::new("file").value_name("FILE").required(true).help("A backup, packed or unpacked");
        command.arg(file).arg(flag("force", "Restore even when the store has changes that the backup lacks"))
    },
    action: Action::Run(run),
};

/// What the name of a backup begins with that was made before a restore.
const PREFIX: &str = "before-restore-";

/// The store that is there now.
enum Present {
    /// None.
    Nothing,
    /// One that can be read; when it was last changed.
    Store(Box<Db>, Option<Timestamp>),
    /// One that cannot.
    Damaged,
}

fn run(matches: &ArgMatches) -> Result<Verdict> {
    let settings = config::load()?.settings;
    let (address, file) = (open::address(&settings)?, PathBuf::from(text(matches, "file").unwrap_or_default()));
    open::make_folder(&settings.data)?;
    sweep(&settings.data);
    let draft = Draft::new(&settings.data)?;
    let ((tenants, until), force) = (prepare(&file, &draft)?, matches.get_flag("force"));
    match address.file() {
        Some(store) => restore(&settings, store, draft, until, force)?,
        None => served::restore(&settings, &address, draft.path(), until, force)?,
    }
    out::line(format!("restored {}; the clients of {} start over", file.display(), advice::count(tenants as u64, "tenant")))?;
    Ok(Verdict::Well)
}

/// Puts the draft, which was last changed at `until`, in the place of the store in a file.
fn restore(settings: &Settings, store: &Path, draft: Draft, until: Option<Timestamp>, force: bool) -> Result<()> {
    match present(store)? {
        Present::Store(mut db, changed) => {
            kept(changed, until, force)?;
            let saved = copies::save(&mut db, &copies::folder(settings), PREFIX)?;
            replace(&mut db, draft.path())?;
            out::line(format!("the store as it was: {}", saved.path.display()))
        }
        other => {
            let aside = put_aside(settings, store)?;
            journal(&draft, settings)?;
            match other {
                Present::Nothing => draft.name_new(store)?,
                _ => draft.name(store)?,
            }
            aside.map_or(Ok(()), |aside| out::line(format!("what was left of the store: {}", aside.display())))
        }
    }
}

/// Refuses to give up changes that the backup lacks, unless the operator says so.
fn kept(changed: Option<Timestamp>, until: Option<Timestamp>, force: bool) -> Result<()> {
    let Some(changed) = changed.filter(|changed| !force && until.is_none_or(|until| *changed > until)) else { return Ok(()) };
    let until = until.map_or_else(|| "is empty".to_owned(), |until| format!("ends at {until}"));
    Err(Error::NotReady(format!(
        "nothing was restored: the store has changes until {changed}, the backup {until}. --force gives up what came after it"
    )))
}

/// Unpacks a backup and makes it ready; answers how many tenants it has, and when it was last changed.
fn prepare(file: &Path, draft: &Draft) -> Result<(usize, Option<Timestamp>)> {
    archive::unpack(file, draft.path())?;
    let watched = progress::spin("looking for damage");
    copies::sound(draft.path())?;
    let mut db = backup::open(draft.path())?;
    match migrate::standing(&mut db)? {
        Standing::Current | Standing::Ahead(_) => {}
        Standing::Old(_) => migrate::migrate(&mut db, &mut |_| {})?,
        Standing::Empty => return Err(Error::NotReady(format!("{} is a database, but none of Tandem", file.display()))),
        Standing::Newer(version) => return Err(Error::NotReady(migrate::newer(version))),
        Standing::Unfinished => return Err(Error::NotReady(migrate::NOT_FINISHED.to_owned())),
    }
    let until = newest(&mut db)?;
    let tenants = within(&mut db, Mode::Write, renew_epochs)?;
    watched.finish_and_clear();
    Ok((tenants, until))
}

/// Looks at the store that is there.
fn present(store: &Path) -> Result<Present> {
    if !store.exists() {
        return Ok(Present::Nothing);
    }
    let watched = progress::spin("looking at the store that is there");
    let looked = backup::open(store).and_then(|mut db| {
        let changed = changed(&mut db)?;
        let faults = db.check()?;
        Ok(if faults.is_empty() { Present::Store(Box::new(db), changed) } else { Present::Damaged })
    });
    watched.finish_and_clear();
    match looked {
        Err(Error::Db(DbError { kind: DbFault::Corrupt, .. })) => Ok(Present::Damaged),
        other => other,
    }
}

/// When a store was last changed. One whose schema is empty holds nothing, and has no table to ask.
fn changed(db: &mut Db) -> Result<Option<Timestamp>> {
    if migrate::standing(db)? == Standing::Empty { Ok(None) } else { newest(db) }
}

/// Puts everything in the draft in the place of everything in the store: one transaction.
fn replace(db: &mut Db, draft: &Path) -> Result<()> {
    let bar = progress::bar(0, "restoring");
    let mut told = |there: u64, of: u64| {
        bar.set_length(of);
        bar.set_position(there);
    };
    let done = backup::replace(db, draft, &mut told);
    bar.finish_and_clear();
    done
}

/// Keeps what is left of a store in a folder of its own, for a rescue: the damaged file, and what belongs to a file and
/// must not be taken for a part of the next. The file stays in its place, too, until the draft takes that: an empty
/// place would invite the next request to make a fresh store.
fn put_aside(settings: &Settings, store: &Path) -> Result<Option<PathBuf>> {
    let aside = settings.data.join(format!("damaged-{}", crate::base::id::object()));
    let kept = |of: &Path| aside.join(of.file_name().unwrap_or_default());
    let beside: Vec<PathBuf> = SIDECARS.iter().map(|end| beside(store, end)).filter(|path| path.exists()).collect();
    if beside.is_empty() && !store.exists() {
        return Ok(None);
    }
    open::make_folder(&aside)?;
    beside.iter().try_for_each(|path| fs::rename(path, kept(path)).map_err(failed(path)))?;
    if store.exists() {
        fs::hard_link(store, kept(store)).map_err(failed(store))?;
    }
    Ok(Some(aside))
}

/// Gives the draft the journal that a new store gets.
fn journal(draft: &Draft, settings: &Settings) -> Result<()> {
    let journal = if settings.journal == Journal::Auto { Journal::Wal } else { settings.journal };
    backup::open(draft.path())?.settle(journal)
}
