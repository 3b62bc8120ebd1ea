//! `tandem user delete`: what deleting an account in the app does.

use super::{find, name};
use crate::base::error::{Error, Result};
use crate::base::id;
use crate::base::time::Timestamp;
use crate::cli::client::Client;
use crate::cli::site::{enter, within};
use crate::cli::{Action, Command, RUNNING, Verdict, out};
use crate::db::Mode;
use crate::domain::auth::{password, rules, store};
use clap::ArgMatches;
use serde_json::json;

pub const COMMAND: Command = Command {
    name: "delete",
    group: RUNNING,
    about: "Delete an account, as its owner can in the app",
    help: "The account, its sessions, its devices and what they measured go, and so do the codes that it made. What stands in a couple or \
           a team stays with the others, under a name that says nothing. Who was alone in a couple takes it along. It cannot be undone; \
           backups keep what they hold until they are deleted.",
    examples: &[
        ("tandem user delete anna", "ask first"),
        ("tandem user delete anna --yes", "do not ask"),
        ("tandem export --user anna --out anna.json", "keep what is held on anna before"),
    ],
    args: |command| command.arg(name()).arg(crate::cli::flag("yes", "Delete without asking")),
    action: Action::Run(run),
};

/// The owner's own route does it, so nothing that a noun holds is forgotten here: the operator signs in as them, by a password
/// that nobody knows. If that is where it ends, nobody can sign in, and it can be done again.
fn run(matches: &ArgMatches) -> Result<Verdict> {
    let (_, mut db) = enter()?;
    let user = find(&mut db, matches)?.user;
    if user.username.starts_with(rules::FORGOTTEN) {
        return Err(Error::NotReady(format!("{} was deleted before; only the name that says nothing is left.", user.username)));
    }
    if !matches.get_flag("yes") && !out::confirmed(&format!("Delete the account {}?", user.username))? {
        out::line("nothing was deleted")?;
        return Ok(Verdict::Wrong);
    }
    let secret = id::opaque();
    let (hash, now) = (password::hash(&secret)?, Timestamp::now());
    within(&mut db, Mode::Write, |db| {
        store::set_password(db, user.id, &hash, now)?;
        store::set_disabled(db, user.id, false, now)
    })?;
    drop(db);
    let mut client = Client::new()?;
    let signed_in = client.call("", "POST", "/auth/login/", &json!({"username": user.username, "password": secret}))?;
    let access = signed_in["access"].as_str().unwrap_or_default();
    client.call(access, "DELETE", "/auth/me/", &json!({ "password": secret }))?;
    out::line(format!("deleted {}", user.username))?;
    Ok(Verdict::Well)
}
