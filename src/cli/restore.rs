//! `tandem restore`: puts a backup in the store's place, all of it or nothing.

use super::progress::Shown;
use super::{Action, Command, RUNNING, Verdict, flag, json_flag, out, text};
use crate::app::store::backup::{self, Listed};
use crate::app::store::restore;
use crate::app::store::restored::{Left, Restored, Wish};
use crate::app::{advice, config};
use crate::base::error::Result;
use crate::feature::restore::Change;
use clap::{Arg, ArgGroup, ArgMatches};
use serde_json::json;
use std::fs;
use std::path::Path;

pub const COMMAND: Command = Command {
    name: "restore",
    group: RUNNING,
    about: "Put a backup in the place of the store",
    help: "The backup is unpacked and looked over for damage first, and brought to this version's schema. Then it takes the store's place \
           in one transaction: the API goes on, and a process that is killed leaves the store as it was. Every phone starts over \
           with what the backup holds, and everybody signs in again: a session that was ended since, and a stolen one, would be good \
           again. What else was undone is listed: passwords, and accounts that were disabled or deleted. A store that was changed after \
           the backup is left alone unless you say --force; it is itself backed up first. A damaged store is put aside. On MySQL and \
           MariaDB writes wait meanwhile; a store that is too large for one transaction (a cluster's wsrep_max_ws_size) is unpacked \
           and copied into an empty database instead, `tandem copy --from sqlite:FILE --to URL`.",
    examples: &[
        ("tandem restore --list", "which backups there are"),
        ("tandem restore --latest", "when the store is gone, or older than the newest backup"),
        ("tandem restore tandem-20260116T031700.000Z.db.gz --force", "one of the folder backups; give up what has changed since"),
    ],
    args: |command| {
        let file =
            Arg::new("file").value_name("FILE").help("A backup, packed or unpacked; a name alone is looked for in backups, too");
        command
            .arg(file)
            .arg(flag("latest", "The newest backup in the folder backups"))
            .arg(flag("list", "List the backups in the folder backups and do nothing"))
            .group(ArgGroup::new("which").args(["file", "latest", "list"]).required(true))
            .arg(flag("force", "Restore even when the store has changes that the backup lacks"))
            .arg(flag(
                "keep-sessions",
                "Let who was signed in at the time of the backup stay so: nobody's session was ended since",
            ))
            .arg(json_flag().conflicts_with_all(["file", "latest"]))
    },
    action: Action::Run(run),
};

/// What prefixes every kind of backup in the folder.
const ALL: &str = "";

fn run(matches: &ArgMatches) -> Result<Verdict> {
    let settings = config::load()?.settings;
    let folder = backup::folder(&settings);
    if matches.get_flag("list") {
        return list(&backup::list(&folder, ALL)?, &folder, matches.get_flag("json"));
    }
    let file = match text(matches, "file") {
        Some(file) => backup::named(&folder, Path::new(file))?,
        None => backup::latest(&folder)?,
    };
    let wish = Wish { force: matches.get_flag("force"), keep_sessions: matches.get_flag("keep-sessions") };
    let restored = Shown::during(|told| restore::restore(&settings, &file, wish, told))?;
    say(&restored, wish)?;
    let tenants = advice::count(restored.tenants as u64, "tenant");
    out::line(format!("restored {}; the clients of {tenants} start over", file.display()))?;
    Ok(Verdict::Well)
}

fn say(restored: &Restored, wish: Wish) -> Result<()> {
    match &restored.left {
        None => {}
        Some(Left::Backup(path)) => out::line(format!("the store as it was: {}", path.display()))?,
        Some(Left::Aside(path)) => out::line(format!("what was left of the store: {}", path.display()))?,
    }
    if !wish.keep_sessions {
        out::line("every session has ended: everybody signs in again")?;
    }
    match &restored.revoked {
        None => out::line("what was done to accounts since the backup cannot be told: look at `tandem user list`"),
        Some(changes) => changes.iter().try_for_each(|(name, change)| out::line(undone(name, *change))),
    }
}

/// What was done to an account since the backup and is undone, and how it is done again.
fn undone(name: &str, change: Change) -> String {
    let (was, is) = match change {
        Change::Made => ("was made", "is gone"),
        Change::Deleted => ("was deleted", "is there again; to keep it out"),
        Change::Disabled => ("was disabled", "may sign in again; to keep it out"),
        Change::Enabled => ("was enabled", "is disabled again; to let it in"),
        Change::Password => ("got another password", "has its old one again; to change it"),
    };
    let again = match change {
        Change::Made => return format!("{name} {was} after the backup and {is}"),
        Change::Deleted | Change::Disabled => "disable",
        Change::Enabled => "enable",
        Change::Password => "password",
    };
    format!("{name} {was} after the backup and {is}: `tandem user {again} {name}`")
}

fn list(listed: &[Listed], folder: &Path, as_json: bool) -> Result<Verdict> {
    let size = |listed: &Listed| fs::metadata(&listed.path).map_or(0, |meta| meta.len());
    if as_json {
        let rows = |listed: &Listed| listed.label.map(|label| label.rows);
        let one = |l: &Listed| json!({"name": l.name, "path": l.path, "bytes": size(l), "rows": rows(l)});
        out::json(&listed.iter().map(one).collect::<Vec<_>>())?;
    } else if listed.is_empty() {
        out::line(format!("there is no backup in {}", folder.display()))?;
    } else {
        let rows = |l: &Listed| l.label.map_or_else(|| "not known".to_owned(), |label| label.rows.to_string());
        let line = |l: &Listed| [l.name.clone(), size(l).div_ceil(1024).to_string(), rows(l)];
        out::table(["BACKUP", "KIB", "ROWS"], &listed.iter().map(line).collect::<Vec<_>>())?;
    }
    Ok(Verdict::Well)
}
