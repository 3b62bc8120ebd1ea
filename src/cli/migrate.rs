//! `tandem migrate`: brings the database to this program's schema.

use super::{Action, Command, SETTING_UP, Verdict, flag, out};
use crate::app::store::made;
use crate::app::{advice, config, folder, open};
use crate::base::error::{Error, Result};
use crate::db::Db;
use crate::db::migrate::{self, MIGRATIONS, Migration, Standing};
use crate::domain::auth::keyed;
use crate::feature::Settings;
use clap::ArgMatches;

pub const COMMAND: Command = Command {
    name: "migrate",
    group: SETTING_UP,
    about: "Bring the database to this version's schema",
    help: "`tandem upgrade` does it before it replaces the programs. A request never does: where the programs were replaced first, the \
           API answers 503 until this has run. A step that fails leaves a \
           SQLite database as it was before it; on MySQL and MariaDB run it again, and it goes on where it stopped. There is no way \
           back but a backup: make one first, `tandem backup`. A fresh database needs no migration, the first request makes it.",
    examples: &[("tandem migrate --dry-run", "list what would be done"), ("tandem migrate", "do it")],
    args: |command| {
        let fresh = flag("fresh", "Begin with an empty database where the one that was made is lost");
        let unmove = flag("unmove", "Go on with a database that `tandem copy --move` has marked as moved");
        let dry_run = flag("dry-run", "List what would be done and do nothing");
        command.arg(dry_run.conflicts_with_all(["fresh", "unmove"])).arg(fresh.conflicts_with("unmove")).arg(unmove)
    },
    action: Action::Run(run),
};

fn run(matches: &ArgMatches) -> Result<Verdict> {
    let settings = config::load()?.settings;
    if matches.get_flag("dry-run") {
        list(&settings)?
    } else if matches.get_flag("unmove") {
        unmove(&settings)?
    } else {
        if matches.get_flag("fresh") {
            made::forget(&settings, &open::address(&settings)?)?;
        }
        apply(&settings, matches.get_flag("fresh"))?
    }
    Ok(Verdict::Well)
}

fn list(settings: &Settings) -> Result<()> {
    let address = open::address(settings)?;
    let absent = address.file().is_some_and(|path| !path.exists());
    let standing = if absent { Standing::Empty } else { migrate::standing(&mut Db::open(&address)?)? };
    let version = match standing {
        Standing::Empty => 0,
        Standing::Old(version) => version,
        Standing::Current | Standing::Ahead(_) => return current(standing),
        Standing::Newer(_) | Standing::Unfinished | Standing::Moved => return Err(Error::NotReady(advice::describe(standing))),
    };
    let missing = MIGRATIONS.iter().filter(|m| m.version > version);
    missing.into_iter().try_for_each(|migration| out::line(format!("would apply {}", migration.name)))
}

/// Brings the database to this program's schema, and says what was done.
///
/// # Errors
/// The database's; what keeps this program from using it; a lost database, unless it shall begin anew.
pub fn apply(settings: &Settings, anew: bool) -> Result<()> {
    folder::make(&settings.data)?;
    let (mut told, mut count) = (Ok(()), 0);
    let mut progress = |migration: &Migration| {
        count += 1;
        if told.is_ok() {
            told = out::line(format!("applied {}", migration.name));
        }
    };
    let address = open::address(settings)?;
    let may = || if anew { Ok(()) } else { made::guard(settings, &address) };
    let mut db = open::store(&address, settings.journal, &may, &mut progress)?;
    db.settle(settings.journal)?;
    open::may_fill(&mut db, &may)?;
    migrate::migrate(&mut db, &mut progress)?;
    made::note(settings, &address)?;
    told?;
    keyed::finish(&mut db, settings)?;
    for clash in keyed::clashes(&mut db)? {
        out::line(format!("{clash}: each signs in by its own spelling; `tandem user disable NAME` where one is not wanted"))?;
    }
    if count == 0 { current(migrate::standing(&mut db)?) } else { Ok(()) }
}

/// Takes back that the database was moved.
fn unmove(settings: &Settings) -> Result<()> {
    let mut db = Db::open(&open::address(settings)?)?;
    match migrate::standing(&mut db)? {
        Standing::Moved => migrate::unmove(&mut db)?,
        standing => return Err(Error::NotReady(format!("nothing was changed: the database has {}", advice::describe(standing)))),
    }
    out::line("the database is used again, as it was when it was moved; what was written to the other one since is not in it")
}

fn current(standing: Standing) -> Result<()> {
    out::line(format!("nothing to do: the database has {}", advice::describe(standing)))
}
