//! `tandem migrate`: brings the database to this program's schema.

use super::{Action, Command, SETTING_UP, Verdict, flag, out};
use crate::app::{config, open};
use crate::base::error::Result;
use crate::db::Db;
use crate::db::migrate::{self, MIGRATIONS, Migration};
use crate::feature::Settings;
use clap::ArgMatches;

pub const COMMAND: Command = Command {
    name: "migrate",
    group: SETTING_UP,
    about: "Bring the database to this version's schema",
    help: "Run it after every upgrade. A request never upgrades: until this has run, the API answers 503. A step that fails leaves a \
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
    let version = if absent { 0 } else { Db::open(&address)?.schema_version()? };
    refuse_newer(version)?;
    let missing: Vec<_> = MIGRATIONS.iter().filter(|m| m.version > version).collect();
    if missing.is_empty() {
        return current();
    }
    missing.iter().try_for_each(|migration| out::line(format!("would apply {}", migration.name)))
}

fn apply(settings: &Settings) -> Result<()> {
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
    if count == 0 { current() } else { Ok(()) }
}

fn current() -> Result<()> {
    out::line(format!("nothing to do: the database has schema {}", migrate::newest()))
}

fn refuse_newer(version: i64) -> Result<()> {
    match version {
        version if version > migrate::newest() => Err(crate::base::error::Error::NotReady(migrate::newer(version))),
        _ => Ok(()),
    }
}
