//! `tandem api`: what of the API is to go, which apps are too old, and who still uses what.

mod clients;
mod declare;
mod declared;
mod report;
mod usage;

use super::{Action, Command, RUNNING, json_flag, no_args};
use clap::builder::PossibleValuesParser;
use clap::{Arg, value_parser};

pub const COMMAND: Command = Command {
    name: "api",
    group: RUNNING,
    about: "Announce what of the API goes, and which apps are too old; see who still uses it",
    help: "TARGET is version:1, a route such as \"GET /goals/{id}/\" or \"v1:POST /sync/voice/\", or a schema coordinate of GraphQL such as \
           graphql:Goal.whyForUs. What you declare stands in lifecycle.json in the data folder; on several hosts copy it like the \
           configuration.",
    examples: &[],
    args: no_args,
    action: Action::Commands(&[REPORT, USAGE, SAFE, DEPRECATE, RESTORE, CLIENT, CLIENTS]),
};

const REPORT: Command = Command {
    name: "report",
    group: RUNNING,
    about: "Show what is to go, and when",
    help: "What the code, GraphQL's schema and you declare, as one list in the order of the last days; then the apps that you declared too \
           old. --json and --csv hold the first list; `tandem api clients --json` tells how each app stands.",
    examples: &[
        ("tandem api report", "as a table"),
        ("tandem api report --sunset-only", "what goes within 30 days, and what is gone"),
        ("tandem api report --json", "for scripts"),
    ],
    args: |command| {
        let csv = super::flag("csv", "Answer as CSV, for spreadsheets").conflicts_with("json");
        command.arg(super::flag("sunset-only", "Only what goes within 30 days or is gone")).arg(json_flag()).arg(csv)
    },
    action: Action::Run(report::report),
};

const USAGE: Command = Command {
    name: "usage",
    group: RUNNING,
    about: "Show how often what is to go was used",
    help: "Only what is to go is counted, from the moment on at which it is announced, by app and version; no user, device or address is. \
           version:N is counted in any case, from one in 16 requests.",
    examples: &[
        ("tandem api usage", "everything, in the last 30 days"),
        ("tandem api usage version:1 --by client --days 7", "who calls version 1"),
    ],
    args: |command| {
        let by = PossibleValuesParser::new(["client", "day"]);
        command
            .arg(Arg::new("target").value_name("TARGET").help("Of this alone"))
            .arg(days())
            .arg(option("by", "WHAT", "A line for each client, or each day").value_parser(by))
            .arg(json_flag())
    },
    action: Action::Run(usage::usage),
};

const SAFE: Command = Command {
    name: "safe-to-remove",
    group: RUNNING,
    about: "Ask whether anybody still uses something",
    help: "Exit code 0 only if it was counted on each of the last days, which needs `tandem maintain` every night, and used at most so \
           often; 1 if not, 2 for what does not exist.",
    examples: &[("tandem api safe-to-remove version:1 --days 60", "nobody has called version 1 for 60 days")],
    args: |command| {
        let most = option("most", "N", "Used at most so often").default_value("0").value_parser(value_parser!(i64).range(0..));
        command.arg(target()).arg(days()).arg(most).arg(json_flag())
    },
    action: Action::Run(usage::safe_to_remove),
};

const CLIENTS: Command = Command {
    name: "clients",
    group: RUNNING,
    about: "Show which apps call, in which versions, and which are too old",
    help: "Estimated from one in 16 requests; where a version of the API is to go, all of that version are counted.",
    examples: &[("tandem api clients", "in the last 30 days"), ("tandem api clients --days 7 --json", "for scripts")],
    args: |command| command.arg(days()).arg(json_flag()),
    action: Action::Run(usage::clients),
};

fn days() -> Arg {
    let count = value_parser!(i64).range(1..=400);
    option("days", "N", "How many days").default_value("30").value_parser(count)
}

const DEPRECATE: Command = Command {
    name: "deprecate",
    group: RUNNING,
    about: "Announce that something of the API goes, and when",
    help: "Every answer says so from now on. From its last day on it is answered with 410; what takes unsent edits stays open for 90 days \
           more. A day without a time begins at 00:00 UTC for --since and ends at 23:59:59 UTC for --sunset. Between the two lie at least \
           90 days, for a version 365; --now leaves that to you.",
    examples: &[
        ("tandem api deprecate version:1 --since 2027-01-01 --sunset 2028-01-31 --successor version:2", "a whole version"),
        ("tandem api deprecate graphql:Goal.whyForUs --since 2027-01-01 --sunset 2027-06-30", "a field of GraphQL"),
    ],
    args: |command| {
        command
            .arg(target())
            .arg(option("since", "DAY", "From when on it should not be used any more").required(true))
            .arg(option("sunset", "DAY", "Its last day").required(true))
            .arg(option("successor", "TARGET", "What takes its place"))
            .arg(option("link", "URL", "Where developers read more"))
            .arg(option("reason", "TEXT", "Why, in a sentence"))
            .arg(super::flag("now", "Sooner than clients are promised"))
            .arg(json_flag())
    },
    action: Action::Run(declare::deprecate),
};

const RESTORE: Command = Command {
    name: "restore",
    group: RUNNING,
    about: "Take back what you announced",
    help: "What the code or GraphQL's schema announces stays.",
    examples: &[("tandem api restore version:1", "it stays after all")],
    args: |command| command.arg(target()).arg(json_flag()),
    action: Action::Run(declare::restore),
};

const CLIENT: Command = Command {
    name: "client",
    group: RUNNING,
    about: "Say which versions of an app are too old",
    help: "NAME is what the app sends before the / in X-Client-Version, or first in User-Agent. Below --soft every answer reminds; below \
           --hard the app is refused from --from on, but what takes its unsent edits stays open for 90 days more.",
    examples: &[
        ("tandem api client Tandem --soft 2.0 --url https://example.org/app", "remind versions before 2.0"),
        ("tandem api client Tandem --soft 2.0 --hard 1.5 --from 2027-03-01", "and refuse those before 1.5"),
        ("tandem api client Tandem --remove", "neither"),
    ],
    args: |command| {
        command
            .arg(Arg::new("name").value_name("NAME").required(true).help("The app's name"))
            .arg(option("soft", "VERSION", "Remind older ones"))
            .arg(option("hard", "VERSION", "Refuse older ones").requires("from"))
            .arg(option("from", "DAY", "From when on").requires("hard"))
            .arg(option("url", "URL", "Where the newest is to be had"))
            .arg(super::flag("remove", "Ask nothing of this app any more").conflicts_with_all(["soft", "hard", "url"]))
            .arg(json_flag())
    },
    action: Action::Run(clients::client),
};

fn target() -> Arg {
    Arg::new("target").value_name("TARGET").required(true).help("What it is about")
}

fn option(name: &'static str, value: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).value_name(value).help(help)
}
