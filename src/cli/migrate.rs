//! `tandem migrate`: brings the database to this program's schema.

use super::{Action, Command, SETTING_UP, Verdict, flag, out};
use crate::app::{advice, config, open};
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
    args: |command| command.arg(flag("dry-run", "List what would be done and do nothing")),
    action: Action::Run(run),
};

fn run(matches: &ArgMatches) -> Result<Verdict> {
    let settings = config::load()?.settings;
    if matches.get_flag("dry-run") {
        list(&settings)?
    } else {
        apply(&settings)?
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
        Standing::Newer(_) | Standing::Unfinished => return Err(Error::NotReady(advice::describe(standing))),
    };
    let missing = MIGRATIONS.iter().filter(|m| m.version > version);
    missing.into_iter().try_for_each(|migration| out::line(format!("would apply {}", migration.name)))
}

/// Brings the database to this program's schema, and says what was done.
///
/// # Errors
/// The database's; what keeps this program from using it.
pub fn apply(settings: &Settings) -> Result<()> {
    open::make_folder(&settings.data)?;
    let (mut told, mut count) = (Ok(()), 0);
    let mut progress = |migration: &Migration| {
        count += 1;
        if told.is_ok() {
            told = out::line(format!("applied {}", migration.name));
        }
    };
    let mut db = open::store(&open::address(settings)?, settings.journal, &mut progress)?;
    db.settle(settings.journal)?;
    migrate::migrate(&mut db, &mut progress)?;
    told?;
    keyed::finish(&mut db, settings)?;
    for clash in keyed::clashes(&mut db)? {
        out::line(format!("{clash}: each signs in by its own spelling; `tandem user disable NAME` where one is not wanted"))?;
    }
    if count == 0 { current(migrate::standing(&mut db)?) } else { Ok(()) }
}

fn current(standing: Standing) -> Result<()> {
    out::line(format!("nothing to do: the database has {}", advice::describe(standing)))
}
