//! `tandem snapshots`: the figures of each hour, for the whole site.

use super::site::enter;
use super::{Action, Command, RUNNING, Verdict, json_flag, out};
use crate::base::error::Result;
use crate::base::time::Timestamp;
use crate::domain::devices::snapshots::figures::{SITE, Snapshot};
use crate::domain::devices::snapshots::store;
use crate::http::paging::Span;
use clap::{Arg, ArgMatches, value_parser};

pub const COMMAND: Command = Command {
    name: "snapshots",
    group: RUNNING,
    about: "Show what was sent in each hour",
    help: "The figures of the whole site, newest hour first, as `tandem maintain` sums them up: uploads, items, bytes, how long an upload \
           took on average and how long 95 of a hundred at most, conflicts, devices and users. An hour without uploads has none. They \
           are kept for a year.",
    examples: &[
        ("tandem snapshots", "the newest 24 hours"),
        ("tandem snapshots --hours 168 --json", "a week, with conflicts by domain, for scripts"),
    ],
    args: |command| command.arg(hours()).arg(json_flag()),
    action: Action::Run(run),
};

/// Hours that are shown unless the operator says.
const HOURS: &str = "24";

fn hours() -> Arg {
    let count = value_parser!(i64).range(1..);
    Arg::new("hours").long("hours").value_name("N").default_value(HOURS).value_parser(count).help("How many hours")
}

const HEADS: [&str; 10] = ["hour", "uploads", "items", "taken", "bytes", "mean", "95 %", "conflicts", "devices", "users"];

fn run(matches: &ArgMatches) -> Result<Verdict> {
    let (_, mut db) = enter()?;
    let hours = matches.get_one::<i64>("hours").copied().unwrap_or_default();
    let snapshots = store::part(&mut db, SITE, Timestamp(i64::MAX), Span { limit: hours, offset: 0 })?;
    if matches.get_flag("json") {
        out::json(&snapshots)?;
    } else if snapshots.is_empty() {
        out::line("No hour was summed up yet: `tandem maintain` does it.")?;
    } else {
        out::table(HEADS, &snapshots.iter().map(cells).collect::<Vec<_>>())?;
    }
    Ok(Verdict::Well)
}

fn cells(snapshot: &Snapshot) -> [String; 10] {
    let figures = &snapshot.figures;
    [
        snapshot.hour.to_string(),
        figures.requests.to_string(),
        figures.items.to_string(),
        figures.synced_items.to_string(),
        figures.bytes.to_string(),
        format!("{} ms", figures.mean_duration_ms),
        format!("{} ms", figures.p95_duration_ms),
        figures.conflicts.to_string(),
        figures.devices.to_string(),
        figures.users.to_string(),
    ]
}
