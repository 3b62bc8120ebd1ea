//! `tandem copy`: moves everything from one database to another, of whatever engine.

pub mod pour;
pub mod store;

use super::site::within;
use super::{Action, Command, RUNNING, Verdict, out, progress, text};
use crate::app::{advice, config, open};
use crate::base::error::{Error, Result};
use crate::db::migrate::{self, Standing};
use crate::db::{Address, Db, Journal, Mode};
use clap::{Arg, ArgMatches};
use indicatif::ProgressBar;
use store::Table;

pub const COMMAND: Command = Command {
    name: "copy",
    group: RUNNING,
    about: "Copy everything into another database, such as from SQLite to MySQL",
    help: "The new database must be empty. Everything is copied as it is, and at the end both are read again and compared, table by \
           table: nothing is lost, and phones go on polling as if nothing had happened. Take the site off the web first, because what \
           is written meanwhile is found out, and then the copy is not finished. Until it is finished the new database refuses to \
           work. Afterwards set database_url to the new one; the old one stays as it is.",
    examples: &[
        ("tandem copy --to mysql://me_app:SECRET@localhost/me_app", "from the database in use to MySQL"),
        ("tandem copy --from mysql://me_app:SECRET@localhost/me_app --to sqlite:/home/me/copy.db", "back, or a copy to keep"),
    ],
    args: |command| {
        let from = url("from", "The database that is copied; without it the one in use");
        command.arg(from).arg(url("to", "The empty database that it is copied to").required(true))
    },
    action: Action::Run(run),
};

fn url(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).value_name("URL").help(help)
}

fn run(matches: &ArgMatches) -> Result<Verdict> {
    let settings = config::load()?.settings;
    let from = Address::parse(text(matches, "from").unwrap_or(&settings.database_url))?;
    let to = Address::parse(text(matches, "to").unwrap_or_default())?;
    let (mut source, mut target) = (source(&from)?, target(&to, settings.journal)?);
    let tables = store::tables(&mut source)?;
    // Each row is read once to be copied, and then on both sides to be compared.
    let bar = progress::bar(pour::total(&mut source, &tables)? * 3, "copying");
    within(&mut target, Mode::Write, store::begin)?;
    source.begin(Mode::Read)?;
    let copied = pour::fill(&mut source, &mut target, &tables, &bar);
    source.rollback();
    copied?;
    bar.set_message("comparing");
    let rows = compare(&mut source, &mut target, &tables, &bar)?;
    within(&mut target, Mode::Write, |target| store::finish(&mut source, target))?;
    bar.finish_and_clear();
    out::line(format!(
        "copied {} in {}, and both are the same",
        advice::count(rows, "row"),
        advice::count(tables.len() as u64, "table")
    ))?;
    out::line(format!("set database_url to {to} with its password; {from} stays as it is"))?;
    Ok(Verdict::Well)
}

/// Opens the database that is copied.
fn source(address: &Address) -> Result<Db> {
    let mut db = Db::open(address)?;
    match migrate::standing(&mut db)? {
        Standing::Current => Ok(db),
        standing => Err(Error::NotReady(format!("{address}: {}", advice::describe(standing)))),
    }
}

/// Opens the database that is copied to, with an empty schema; another one is left alone.
fn target(address: &Address, journal: Journal) -> Result<Db> {
    let mut db = open::store(address, journal, &mut |_| {})?;
    if migrate::standing(&mut db)? == Standing::Empty {
        migrate::migrate(&mut db, &mut |_| {})?;
    }
    let refuse = |why: &str| Err(Error::NotReady(format!("{address}: {why}; nothing was copied")));
    match migrate::standing(&mut db)? {
        Standing::Current => {}
        Standing::Unfinished => return refuse("an earlier copy to it did not finish: delete it and make an empty one"),
        standing => return refuse(&advice::describe(standing)),
    }
    for table in store::tables(&mut db)? {
        if table.name != store::NOTES && store::count(&mut db, &table)? > 0 {
            return refuse(&format!("it is not empty, its table {} has rows", table.name));
        }
    }
    Ok(db)
}

/// Reads both sides anew, each in one snapshot; answers how many rows there are.
fn compare(source: &mut Db, target: &mut Db, tables: &[Table], bar: &ProgressBar) -> Result<u64> {
    let [is, should] = [target, source].map(|db| within(db, Mode::Read, |db| pour::contents(db, tables, bar)));
    let (is, should) = (is?, should?);
    match pour::difference(tables, &is, &should) {
        None => Ok(is.iter().map(|content| content.rows).sum()),
        Some((table, is, should)) => Err(Error::NotReady(format!(
            "table {}: {} in the copy, {} in the original: it was written to meanwhile. Take the site off the web, \
             delete the copy and start again",
            table.name,
            advice::count(is.rows, "row"),
            advice::count(should.rows, "row"),
        ))),
    }
}
