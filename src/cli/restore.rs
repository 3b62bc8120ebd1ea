//! `tandem restore`: puts a backup in the store's place, all of it or nothing.

use super::progress::Shown;
use super::{Action, Command, RUNNING, Verdict, flag, out, text};
use crate::app::store::restore::{self, Left};
use crate::app::{advice, config};
use crate::base::error::Result;
use clap::{Arg, ArgMatches};
use std::path::PathBuf;

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

fn run(matches: &ArgMatches) -> Result<Verdict> {
    let settings = config::load()?.settings;
    let (file, force) = (PathBuf::from(text(matches, "file").unwrap_or_default()), matches.get_flag("force"));
    let restored = Shown::during(|told| restore::restore(&settings, &file, force, told))?;
    match restored.left {
        None => {}
        Some(Left::Backup(path)) => out::line(format!("the store as it was: {}", path.display()))?,
        Some(Left::Aside(path)) => out::line(format!("what was left of the store: {}", path.display()))?,
    }
    let tenants = advice::count(restored.tenants as u64, "tenant");
    out::line(format!("restored {}; the clients of {tenants} start over", file.display()))?;
    Ok(Verdict::Well)
}
