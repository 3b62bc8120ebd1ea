//! `tandem export`: what is held on a person, or what a tenant holds, as JSON.

use super::backup::draft::{Draft, failed};
use super::site::within;
use super::{Action, Command, RUNNING, Verdict, out, progress, text};
use crate::app::open;
use crate::base::error::{Error, Result};
use crate::base::json;
use crate::base::time::Timestamp;
use crate::db::{Db, Mode};
use crate::domain::auth::export;
use crate::domain::auth::rules::User;
use crate::domain::auth::store as accounts;
use crate::feature::meters::Meters;
use crate::feature::{Caller, Ctx, House, Route};
use crate::http::{Request, Vars};
use clap::{Arg, ArgGroup, ArgMatches};
use serde_json::{Map, Value, json};
use std::fs;
use std::path::{Path, PathBuf};

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
    let house = open::house()?;
    let mut db = open::connect(&house.settings)?;
    let export = within(&mut db, Mode::Read, |db| match text(matches, "user") {
        Some(name) => person(db, &house, name),
        None => tenant(db, &house, text(matches, "tenant").unwrap_or_default()),
    })?;
    match text(matches, "out") {
        Some(file) => write(&export, Path::new(file))?,
        None => out::json(&export)?,
    }
    Ok(Verdict::Well)
}

/// What the person's own export holds.
fn person(db: &mut Db, house: &House, name: &str) -> Result<Value> {
    let missing = || Error::NotReady(format!("There is no account called {name}. `tandem user list` shows every name."));
    let user = accounts::listed(db, name)?.ok_or_else(missing)?.user;
    let tenant = accounts::tenant_of(db, user.id)?;
    let data = as_user(db, house, &user, tenant, &mut |ctx| watched(ctx, export::of_both))?;
    Ok(json!({"exported_at": Timestamp::now(), "user": user, "data": data}))
}

/// What a tenant holds, and what is held on each of its members.
fn tenant(db: &mut Db, house: &House, public_id: &str) -> Result<Value> {
    let missing = || Error::NotReady(format!("There is no couple or team with the id {public_id}."));
    let tenant = accounts::tenant_called(db, public_id)?.ok_or_else(missing)?;
    let (mut members, mut data) = (Vec::new(), Map::new());
    for listed in accounts::members(db, tenant)? {
        let user = listed.user;
        if members.is_empty() {
            data = as_user(db, house, &user, Some(tenant), &mut |ctx| watched(ctx, export::of_tenant))?;
        }
        let held = as_user(db, house, &user, Some(tenant), &mut export::of_user)?;
        members.push(json!({"user": user, "data": held}));
    }
    Ok(json!({"exported_at": Timestamp::now(), "tenant": public_id, "members": members, "data": data}))
}

type Read = fn(&mut Ctx<'_>, &mut dyn FnMut()) -> Result<Map<String, Value>>;

fn watched(ctx: &mut Ctx<'_>, read: Read) -> Result<Map<String, Value>> {
    let bar = progress::bar(ctx.house.kinds().count() as u64, "reading");
    let data = read(ctx, &mut || bar.inc(1));
    bar.finish_and_clear();
    data
}

/// Reads as this user would.
fn as_user(
    db: &mut Db,
    house: &House,
    user: &User,
    tenant: Option<i64>,
    read: &mut dyn FnMut(&mut Ctx<'_>) -> Result<Map<String, Value>>,
) -> Result<Map<String, Value>> {
    let (vars, route) = (Vars::from_iter([("REQUEST_METHOD", "GET")]), own_route(house)?);
    let request = Request::new(&vars, String::new());
    let tenant = tenant.map_or(Ok(None), |tenant| accounts::tenant(db, tenant))?;
    let caller = Some(Caller { user: user.id, session: String::new(), timezone: user.timezone.clone(), tenant });
    let mut meters = Meters::default();
    let mut ctx = Ctx::new(&request, route, house, db, &mut meters, None, Timestamp::now());
    ctx.caller = caller;
    read(&mut ctx)
}

/// The route by which the app exports.
fn own_route(house: &House) -> Result<&'static Route> {
    let mut routes = house.features.iter().flat_map(|feature| feature.routes);
    routes.find(|route| route.path == "/auth/export/").ok_or_else(|| Error::internal("no route exports"))
}

fn write(export: &Value, file: &Path) -> Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).map_or_else(|| PathBuf::from("."), Path::to_owned);
    let draft = Draft::new(&folder)?;
    let text = json::pretty(export)?;
    fs::write(draft.path(), text + "\n").map_err(failed(file))?;
    draft.name(file)
}
