//! `tandem copy`: moves everything from one database to another, of whatever engine.

use super::progress::Shown;
use super::{Action, Command, RUNNING, Verdict, flag, out, text};
use crate::app::store::copy;
use crate::app::{advice, config};
use crate::base::error::Result;
use crate::db::Address;
use clap::{Arg, ArgMatches};

pub const COMMAND: Command = Command {
    name: "copy",
    group: RUNNING,
    about: "Copy everything into another database, such as from SQLite to MySQL",
    help: "The new database must be empty. Everything is copied as it is, and at the end both are read again and compared, table by \
           table: nothing is lost, and phones go on polling as if nothing had happened. To use the new one from now on say --move: \
           the API answers 503 from then until database_url is set to the new one, so that nothing is written where nobody will \
           look for it; a move that fails lets the old one go on. A copy to keep leaves the old one in use; what is written meanwhile is \
           found out, and then the copy is not finished. Until it is finished the new database refuses to work.",
    examples: &[
        ("tandem copy --move --to mysql://me_app:SECRET@localhost/me_app", "from the database in use to MySQL"),
        ("tandem copy --from mysql://me_app:SECRET@localhost/me_app --to sqlite:/home/me/copy.db", "back, or a copy to keep"),
    ],
    args: |command| {
        let from = url("from", "The database that is copied; without it the one in use");
        let to = url("to", "The empty database that it is copied to").required(true);
        command.arg(from).arg(to).arg(flag("move", "Mark the old database as moved: no request is answered from it any more"))
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
    let is_move = matches.get_flag("move");
    let work = if is_move { copy::move_over } else { copy::copy };
    let copied = Shown::during(|told| work(&from, &to, settings.journal, told))?;
    let (rows, tables) = (advice::count(copied.rows, "row"), advice::count(copied.tables as u64, "table"));
    out::line(format!("copied {rows} in {tables}, and both are the same"))?;
    let old = if is_move { "answers 503 from now on" } else { "stays as it is" };
    out::line(format!("set database_url to {to} with its password; {from} {old}"))?;
    Ok(Verdict::Well)
}
