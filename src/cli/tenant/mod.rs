//! `tandem tenant`: couples and teams, who is in them, and codes to join by.

mod run;

use super::{Action, Command, RUNNING, flag, json_flag, no_args};
use crate::domain::couples::rules::{TTL_DEFAULT, TTL_MAX};
use clap::builder::{NonEmptyStringValueParser, PossibleValuesParser};
use clap::{Arg, value_parser};

pub const COMMAND: Command = Command {
    name: "tenant",
    group: RUNNING,
    about: "Make, list and delete couples and teams, choose their members",
    help: "A tenant is a couple or a team: it has its own data, which nobody else sees. Couples are made in the app; teams are made here. \
           TENANT is its id, or its name where no other has the same.",
    examples: &[],
    args: no_args,
    action: Action::Commands(&[CREATE, LIST, SHOW, ADD, REMOVE, ROLE, CODE, DELETE]),
};

const CREATE: Command = Command {
    name: "create",
    group: RUNNING,
    about: "Make a team, or a couple",
    help: "It has no members yet. `tandem tenant add` takes in somebody who has an account; a team's first admin is chosen so.",
    examples: &[
        ("tandem tenant create --kind team --name Nightshift", "make a team"),
        ("tandem tenant add Nightshift anna --role admin", "take in its first admin, who invites the others"),
    ],
    args: |command| command.arg(kind()).arg(option("name", "NAME", "Its name").required(true)),
    action: Action::Run(run::create),
};

const LIST: Command = Command {
    name: "list",
    group: RUNNING,
    about: "List the couples and teams",
    help: "A couple that was made in the app has no name. Times are UTC.",
    examples: &[("tandem tenant list", "as a table"), ("tandem tenant list --json", "for scripts")],
    args: |command| command.arg(json_flag()),
    action: Action::Run(run::list),
};

const SHOW: Command = Command {
    name: "show",
    group: RUNNING,
    about: "Show a couple or a team with its members",
    help: "Nothing of what they have written is shown.",
    examples: &[("tandem tenant show Nightshift", "as a table"), ("tandem tenant show Nightshift --json", "for scripts")],
    args: |command| command.arg(tenant()).arg(json_flag()),
    action: Action::Run(run::show),
};

const ADD: Command = Command {
    name: "add",
    group: RUNNING,
    about: "Take a user into a couple or a team",
    help: "A user is in one couple or team at a time. Members use the team's data, staff invite too, admins decide who belongs to it. \
           A couple has no roles.",
    examples: &[
        ("tandem tenant add Nightshift ben", "as a member"),
        ("tandem tenant add Nightshift anna --role admin", "as an admin"),
    ],
    args: |command| command.arg(tenant()).arg(user()).arg(role("role").long("role").default_value("member")),
    action: Action::Run(run::add),
};

const REMOVE: Command = Command {
    name: "remove",
    group: RUNNING,
    about: "Take a user out of a couple or a team",
    help: "What they have written stays with the others. The last one taken out of a couple ends it, with everything in it; a team stays. \
           Codes that are still good end: the user may know one.",
    examples: &[("tandem tenant remove Nightshift ben", "take ben out")],
    args: |command| command.arg(tenant()).arg(user()),
    action: Action::Run(run::remove),
};

const ROLE: Command = Command {
    name: "role",
    group: RUNNING,
    about: "Give a member of a team another role",
    help: "The roles are member, staff and admin. It says so when the team is left without an admin.",
    examples: &[("tandem tenant role Nightshift ben staff", "let ben invite others")],
    args: |command| command.arg(tenant()).arg(user()).arg(role("role").required(true)),
    action: Action::Run(run::set_role),
};

const CODE: Command = Command {
    name: "code",
    group: RUNNING,
    about: "Make a code to join a couple or a team by",
    help: "Whoever types it into the app joins. A couple's works once, and so does one that makes staff or an admin; any other works for \
           everybody until it expires.",
    examples: &[
        ("tandem tenant code Nightshift", "a code for an hour"),
        ("tandem tenant code Nightshift --minutes 10080", "a code for a week"),
        ("tandem tenant code Nightshift --role staff", "for one who shall be staff"),
    ],
    args: |command| {
        let minutes =
            Arg::new("minutes").long("minutes").value_name("N").help("How long it works, at most a week; an hour by default");
        command
            .arg(tenant())
            .arg(minutes.value_parser(value_parser!(i64).range(1..=TTL_MAX)).default_value(DEFAULT_MINUTES))
            .arg(role("role").long("role").default_value("member"))
            .arg(json_flag())
    },
    action: Action::Run(run::code),
};

const DELETE: Command = Command {
    name: "delete",
    group: RUNNING,
    about: "Delete a couple or a team with everything in it",
    help: "The accounts of its members stay. It asks first; nothing but a backup brings it back. A million changes take some seconds, in \
           which others wait to write.",
    examples: &[
        ("tandem tenant delete Nightshift", "ask, then delete"),
        ("tandem tenant delete Nightshift --yes", "for scripts"),
    ],
    args: |command| command.arg(tenant()).arg(flag("yes", "Do not ask")),
    action: Action::Run(run::delete),
};

/// [`TTL_DEFAULT`], as it is typed.
const DEFAULT_MINUTES: &str = "60";
const _: () = assert!(TTL_DEFAULT == 60);

fn kind() -> Arg {
    option("kind", "KIND", "couple or team").value_parser(PossibleValuesParser::new(run::KINDS)).required(true)
}

fn role(name: &'static str) -> Arg {
    Arg::new(name).value_name("ROLE").value_parser(PossibleValuesParser::new(run::ROLES)).help("member, staff or admin")
}

fn option(name: &'static str, value: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).value_name(value).help(help)
}

/// An empty name would mean any couple that was made in the app.
fn tenant() -> Arg {
    Arg::new("tenant")
        .value_name("TENANT")
        .required(true)
        .value_parser(NonEmptyStringValueParser::new())
        .help("Its id or its name")
}

fn user() -> Arg {
    Arg::new("username").value_name("USER").required(true).help("The user name")
}
