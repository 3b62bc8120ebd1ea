//! `tandem user`: accounts, by the same rules as registration in the app.

mod delete;
mod link;
mod verify;

use super::site::{enter, enter_or_make, telling, within};
use super::{Action, Command, RUNNING, Verdict, json_flag, no_args, out, password, text};
use crate::app::advice;
use crate::base::error::{Error, Result};
use crate::base::time::Timestamp;
use crate::db::{Db, Mode};
use crate::domain::auth::accounts::{self, Unverified};
use crate::domain::auth::rules;
use crate::domain::auth::store::{self, Listed};
use crate::domain::couples::store as couples;
use crate::feature::sessions::{Reason, store as sessions};
use crate::feature::{Ctx, News, store as feed};
use crate::http::input::{Extent, Input};
use clap::{Arg, ArgMatches};
use serde_json::{Map, Value, json};

pub const COMMAND: Command = Command {
    name: "user",
    group: RUNNING,
    about: "Make, list, disable, enable and delete accounts, set passwords",
    help: "The rules are those of registration in the app. Names are found whatever their case.",
    examples: &[],
    args: no_args,
    action: Action::Commands(&[CREATE, LIST, PASSWORD, link::COMMAND, verify::COMMAND, DISABLE, ENABLE, delete::COMMAND]),
};

const CREATE: Command = Command {
    name: "create",
    group: RUNNING,
    about: "Make an account",
    help: "The password is asked for at the terminal, twice, or read from standard input; it is never an argument, which every \
           process of the machine could read. It needs 8 characters, not only digits, and must not be a common one.",
    examples: &[
        ("tandem user create anna", "ask for the password"),
        ("tandem user create anna --email anna@example.org --language en --timezone Europe/Paris", "with everything"),
        ("pass show anna | tandem user create anna --password-stdin", "from a password manager"),
    ],
    args: |command| command.arg(name()).args(PROFILE.map(|(field, help)| option(field, help))).arg(password::arg()),
    action: Action::Run(create),
};

const LIST: Command = Command {
    name: "list",
    group: RUNNING,
    about: "List the accounts",
    help: "Sessions are signed-in devices. Times are UTC.",
    examples: &[("tandem user list", "as a table"), ("tandem user list --json", "for scripts")],
    args: |command| command.arg(json_flag()),
    action: Action::Run(list),
};

const PASSWORD: Command = Command {
    name: "password",
    group: RUNNING,
    about: "Set a new password and end every session",
    help: "For somebody who has forgotten theirs, or whose phone was lost: every device has to sign in again.",
    examples: &[("tandem user password anna", "ask for the new password")],
    args: |command| command.arg(name()).arg(password::arg()),
    action: Action::Run(set_password),
};

const DISABLE: Command = Command {
    name: "disable",
    group: RUNNING,
    about: "Shut an account out and end its sessions",
    help: "From the next request on nobody gets in with it, nor by a code that it made. Nothing of it is deleted, and its partner keeps \
           everything.",
    examples: &[("tandem user disable anna", "shut anna out"), ("tandem user enable anna", "let her in again")],
    args: |command| command.arg(name()),
    action: Action::Run(|matches| switch(matches, true)),
};

const ENABLE: Command = Command {
    name: "enable",
    group: RUNNING,
    about: "Let a disabled account in again",
    help: "Its password is the one it had; its devices have to sign in again.",
    examples: &[("tandem user enable anna", "let anna in again")],
    args: |command| command.arg(name()),
    action: Action::Run(|matches| switch(matches, false)),
};

/// What may be said about a new account, as the API calls it.
const PROFILE: [(&str, &str); 3] = [
    ("email", "An e-mail address to sign in with"),
    ("language", "The app's language: fr (the default), en or ko"),
    ("timezone", "An IANA time zone such as Europe/Paris; the default is UTC"),
];

fn name() -> Arg {
    Arg::new("username").value_name("NAME").required(true).help("The user name")
}

fn option(field: &'static str, help: &'static str) -> Arg {
    Arg::new(field).long(field).value_name("VALUE").help(help)
}

fn create(matches: &ArgMatches) -> Result<Verdict> {
    let (_, mut db) = enter_or_make()?;
    let mut body = Map::new();
    for field in ["username"].into_iter().chain(PROFILE.map(|p| p.0)) {
        if let Some(value) = text(matches, field) {
            body.insert(field.to_owned(), json!(value));
        }
    }
    body.insert("password".to_owned(), Value::String(password::read(matches)?));
    let new = accounts::sound(Input::of(&body, rules::REGISTER, Extent::Whole))?;
    let user = within(&mut db, Mode::Write, |db| accounts::create(db, &new, Unverified::Taken, Timestamp::now()))?;
    out::line(format!("created {} (id {})", user.username, user.id))?;
    Ok(Verdict::Well)
}

fn list(matches: &ArgMatches) -> Result<Verdict> {
    let (_, mut db) = enter()?;
    let users = within(&mut db, Mode::Read, store::list)?;
    if matches.get_flag("json") {
        out::json(&users.iter().map(as_json).collect::<Vec<_>>())?;
    } else if users.is_empty() {
        out::line("there are no accounts yet: `tandem user create NAME` makes one")?;
    } else {
        out::table(
            ["id", "username", "email", "created", "sessions", "disabled"],
            &users.iter().map(as_row).collect::<Vec<_>>(),
        )?;
    }
    Ok(Verdict::Well)
}

fn as_json(listed: &Listed) -> Value {
    let user = &listed.user;
    json!({
        "id": user.id, "username": user.username, "email": user.email, "language": user.language, "timezone": user.timezone,
        "created_at": user.created_at, "sessions": listed.sessions, "disabled": listed.disabled,
    })
}

fn as_row(listed: &Listed) -> [String; 6] {
    let user = &listed.user;
    [
        user.id.to_string(),
        user.username.clone(),
        user.email.clone().unwrap_or_else(|| "-".to_owned()),
        out::minute(user.created_at),
        listed.sessions.to_string(),
        if listed.disabled { "yes" } else { "no" }.to_owned(),
    ]
}

fn set_password(matches: &ArgMatches) -> Result<Verdict> {
    let (_, mut db) = enter()?;
    let user = find(&mut db, matches)?.user;
    let body = Map::from_iter([("new_password".to_owned(), Value::String(password::read(matches)?))]);
    let input = Input::of(&body, rules::PASSWORDS, Extent::Part);
    let hash = accounts::new_password(input, "new_password", &user.username)?;
    let ended = telling(&mut db, |ctx| {
        store::set_password(ctx.db, user.id, &hash, ctx.now)?;
        let ended = sessions::end_all_but(ctx.db, user.id, "", Reason::Password, ctx.now)?;
        ctx.tell(&News::PasswordChanged { user: user.id })?;
        Ok(ended)
    })?;
    out::line(format!("{} has a new password; {}", user.username, ended_sessions(ended)))?;
    Ok(Verdict::Well)
}

fn switch(matches: &ArgMatches, disabled: bool) -> Result<Verdict> {
    let (_, mut db) = enter()?;
    let listed = find(&mut db, matches)?;
    let (user, word) = (listed.user, if disabled { "disabled" } else { "enabled" });
    if listed.disabled == disabled {
        out::line(format!("nothing to do: {} is {word}", user.username))?;
        return Ok(Verdict::Well);
    }
    let ended = telling(&mut db, |ctx| {
        store::set_disabled(ctx.db, user.id, disabled, ctx.now)?;
        if disabled { shut_out(ctx, user.id) } else { Ok(0) }
    })?;
    let ended = if disabled { format!("; {}", ended_sessions(ended)) } else { String::new() };
    out::line(format!("{} is {word}{ended}", user.username))?;
    Ok(Verdict::Well)
}

/// Ends the sessions of a user, and the codes that they made.
fn shut_out(ctx: &mut Ctx<'_>, user: i64) -> Result<u64> {
    if let Some(tenant) = feed::tenant_of(ctx.db, user)? {
        couples::end_made_by(ctx.db, tenant, user, ctx.now)?;
    }
    let ended = sessions::end_all_but(ctx.db, user, "", Reason::Operator, ctx.now)?;
    ctx.tell(&News::SignedOut { user })?;
    Ok(ended)
}

fn ended_sessions(count: u64) -> String {
    format!("{} ended", advice::count(count, "session"))
}

fn find(db: &mut Db, matches: &ArgMatches) -> Result<Listed> {
    within(db, Mode::Read, |db| named(db, text(matches, "username").unwrap_or_default()))
}

/// The account of a name.
pub fn named(db: &mut Db, name: &str) -> Result<Listed> {
    let found = store::listed(db, name)?;
    found.ok_or_else(|| Error::NotReady(format!("There is no account called {name}. `tandem user list` shows every name.")))
}
