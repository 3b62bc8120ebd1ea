//! `tandem export`: what is held on a person, or what a tenant holds, as JSON.

use super::files::Output;
use super::site::{enter, within};
use super::{Action, Command, RUNNING, Verdict, out, progress, text};
use crate::app::open;
use crate::base::error::{Error, Result};
use crate::base::json;
use crate::base::text::Language;
use crate::base::time::Timestamp;
use crate::db::{Db, Mode};
use crate::domain::auth::export::{self, Lists, Sink, Whose};
use crate::domain::auth::store as accounts;
use crate::domain::couples::store as couples;
use crate::feature::{Backups, House, store};
use clap::{Arg, ArgGroup, ArgMatches};
use serde_json::{Map, Value, json};

pub const COMMAND: Command = Command {
    name: "export",
    group: RUNNING,
    about: "Write what is held on a person, or what a couple or team holds, as JSON",
    help: "It is what the app's own export holds: the account, and every live object of the couple or team. For somebody who asks for \
           their data, or to move elsewhere. Passwords and sessions are not in it. A file gets its name when all of it is there.",
    examples: &[
        ("tandem export --user anna > anna.json", "an account, even a disabled one, and its couple"),
        ("tandem export --tenant 0198c1b0-0000-7000-8000-000000000000 --out couple.json", "a couple or team by its id"),
    ],
    args: |command| {
        let arg =
            |name: &'static str, value: &'static str, help: &'static str| Arg::new(name).long(name).value_name(value).help(help);
        command
            .arg(arg("user", "NAME", "The user name of a person"))
            .arg(arg("tenant", "ID", "The id of a couple or team, as the API shows it"))
            .arg(arg("out", "FILE", "Write into this file, which only you can read"))
            .group(ArgGroup::new("whose").args(["user", "tenant"]).required(true))
    },
    action: Action::Run(run),
};

fn run(matches: &ArgMatches) -> Result<Verdict> {
    let output = text(matches, "out").map(Output::of).transpose()?;
    let (_, mut db) = enter()?;
    let house = open::house()?;
    let export = within(&mut db, Mode::Read, |db| match text(matches, "user") {
        Some(name) => person(db, &house, name),
        None => tenant(db, &house, text(matches, "tenant").unwrap_or_default()),
    })?;
    match output {
        Some(output) => {
            output.write((json::pretty(&export)? + "\n").as_bytes())?;
            output.done()?;
        }
        None => out::json(&export)?,
    }
    Ok(Verdict::Well)
}

/// What the person's own export holds.
fn person(db: &mut Db, house: &House, name: &str) -> Result<Value> {
    let missing = || Error::NotReady(format!("There is no account called {name}. `tandem user list` shows every name."));
    let (user, now) = (accounts::listed(db, name)?.ok_or_else(missing)?.user, Timestamp::now());
    let tenant = store::tenant_of(db, user.id)?.map_or(Ok(None), |tenant| couples::find(db, tenant))?;
    let whose = Whose::of(user.id, tenant.map(|tenancy| (tenancy.id, tenancy.kind)));
    let data = watched(house, |sink| export::of_both(db, house, whose, now, sink))?;
    let backups = Backups::of(db)?.told(Language::En);
    Ok(json!({"exported_at": now, "backups": backups, "user": user, "data": data}))
}

/// What a tenant holds, and what is held on each of its members.
fn tenant(db: &mut Db, house: &House, public_id: &str) -> Result<Value> {
    let missing = || Error::NotReady(format!("There is no couple or team with the id {public_id}."));
    let (tenant, now) = (couples::called(db, public_id)?.ok_or_else(missing)?, Timestamp::now());
    let tenancy = couples::find(db, tenant)?.ok_or_else(missing)?;
    let data = watched(house, |sink| export::of_tenant(db, house, tenant, sink))?;
    let mut members = Vec::new();
    for listed in accounts::members(db, tenant)? {
        let whose = Whose::of(listed.user.id, Some((tenant, tenancy.kind)));
        let mut lists = Lists::of_any_size(None);
        export::of_user(db, house, whose, now, &mut lists)?;
        members.push(json!({"user": listed.user, "data": lists.map()}));
    }
    let backups = Backups::of(db)?.told(Language::En);
    Ok(json!({"exported_at": now, "backups": backups, "tenant": public_id, "members": members, "data": data}))
}

/// Reads with a bar that moves on with each list.
fn watched(house: &House, read: impl FnOnce(&mut dyn Sink) -> Result<()>) -> Result<Map<String, Value>> {
    let bar = progress::bar(house.kinds().count() as u64, "reading");
    let mut told = || bar.inc(1);
    let mut lists = Lists::of_any_size(Some(&mut told));
    read(&mut lists)?;
    let data = lists.map();
    bar.finish_and_clear();
    Ok(data)
}
