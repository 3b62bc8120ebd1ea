//! `tandem device`: where users are signed in, and how the operator ends it.

use super::site::{enter, telling, within};
use super::user::named;
use super::{Action, Command, RUNNING, Verdict, json_flag, no_args, out, text};
use crate::app::advice;
use crate::base::error::{Error, Result};
use crate::base::time::Timestamp;
use crate::db::{Db, Mode};
use crate::domain::auth::api_sessions;
use crate::domain::devices::own::api as devices;
use crate::feature::LoadHeld;
use crate::feature::sessions::device::State;
use crate::feature::sessions::{self, store};
use crate::feature::store::tenant_of;
use clap::{Arg, ArgMatches};
use serde_json::Value;

pub const COMMAND: Command = Command {
    name: "device",
    group: RUNNING,
    about: "Show where a user is signed in, and end it",
    help: "A device is its user's: two users' devices of one name are two. To delete what a phone holds is for its user alone.",
    examples: &[],
    args: no_args,
    action: Action::Commands(&[LIST, REVOKE, SESSIONS]),
};

const LIST: Command = Command {
    name: "list",
    group: RUNNING,
    about: "List the devices of a user",
    help: "Those that were revoked or wiped are shown for 30 days. Times are UTC.",
    examples: &[("tandem device list --user anna", "as a table"), ("tandem device list --user anna --json", "for scripts")],
    args: |command| command.arg(user()).arg(json_flag()),
    action: Action::Run(list),
};

const REVOKE: Command = Command {
    name: "revoke",
    group: RUNNING,
    about: "End the sessions on a device",
    help: "From its next request on it is signed out. Nothing on it is deleted, and its user can sign in again.",
    examples: &[("tandem device revoke --user anna 0b6c8f6e-7d1c-7000-8000-000000000000", "sign a lost phone out")],
    args: |command| {
        command.arg(user()).arg(Arg::new("device").value_name("DEVICE").required(true).help("Its id, as list shows it"))
    },
    action: Action::Run(revoke),
};

const SESSIONS: Command = Command {
    name: "sessions",
    group: RUNNING,
    about: "List the sessions of a user",
    help: "A session that names no device is that of an app that does not say on which it runs. Times are UTC.",
    examples: &[
        ("tandem device sessions --user anna", "as a table"),
        ("tandem device sessions --user anna --json", "for scripts"),
    ],
    args: |command| command.arg(user()).arg(json_flag()),
    action: Action::Run(list_sessions),
};

fn user() -> Arg {
    Arg::new("user").long("user").value_name("NAME").required(true).help("The user name")
}

/// The user who is named.
fn whose(db: &mut Db, matches: &ArgMatches) -> Result<i64> {
    Ok(named(db, text(matches, "user").unwrap_or_default())?.user.id)
}

/// What is held on the user who is named.
fn held(matches: &ArgMatches, load: LoadHeld) -> Result<Vec<Value>> {
    let (_, mut db) = enter()?;
    within(&mut db, Mode::Read, |db| {
        let (user, mut held) = (whose(db, matches)?, Vec::new());
        let tenant = tenant_of(db, user)?;
        load(db, user, tenant, Timestamp::now(), &mut |one| {
            held.push(one);
            Ok(())
        })?;
        Ok(held)
    })
}

fn list(matches: &ArgMatches) -> Result<Verdict> {
    let columns = ["device_id", "name", "type", "priority", "state", "sessions", "last_seen_at"];
    shown(matches, &held(matches, devices::held)?, columns, ["device", "name", "type", "priority", "state", "sessions", "seen"])
}

fn list_sessions(matches: &ArgMatches) -> Result<Verdict> {
    let columns = ["device_id", "name", "client", "created_at", "last_seen_at"];
    shown(matches, &held(matches, api_sessions::held)?, columns, ["device", "name", "app", "since", "seen"])
}

/// Shows some columns of these, or all of each for scripts.
fn shown<const N: usize>(matches: &ArgMatches, held: &[Value], columns: [&str; N], heads: [&str; N]) -> Result<Verdict> {
    if matches.get_flag("json") {
        out::json(&held)?;
    } else if held.is_empty() {
        out::line("there are none")?;
    } else {
        out::table(heads, &held.iter().map(|one| columns.map(|column| cell(&one[column]))).collect::<Vec<_>>())?;
    }
    Ok(Verdict::Well)
}

/// An instant to the minute, and nothing as a dash.
fn cell(value: &Value) -> String {
    match value {
        Value::String(text) if text.is_empty() => "-".to_owned(),
        Value::String(text) => Timestamp::parse(text).map_or_else(|| text.clone(), out::minute),
        Value::Null => "-".to_owned(),
        other => other.to_string(),
    }
}

fn revoke(matches: &ArgMatches) -> Result<Verdict> {
    let (_, mut db) = enter()?;
    let (id, name) = (text(matches, "device").unwrap_or_default(), text(matches, "user").unwrap_or_default());
    let ended = telling(&mut db, |ctx| {
        let user = whose(ctx.db, matches)?;
        let Some(device) = store::locked(ctx.db, user, id)? else {
            return Err(Error::NotReady(format!("{name} has no device {id}: `tandem device list --user {name}` shows them")));
        };
        let ended =
            store::sessions(ctx.db, user, ctx.now)?.into_iter().find(|(device, _)| device == id).map_or(0, |(_, number)| number);
        sessions::revoke(ctx, user, device, State::Revoked)?;
        Ok(ended.unsigned_abs())
    })?;
    out::line(format!("{id} of {name} is signed out; {} ended", advice::count(ended, "session")))?;
    Ok(Verdict::Well)
}
