//! `tandem api report`: what is to go, as one list.

use super::declared::{everything, minimums};
use super::usage;
use crate::base::error::Result;
use crate::base::time::{DAY, Timestamp};
use crate::cli::{Verdict, out};
use crate::feature::Lifecycle;
use crate::feature::lifecycle::clients::Minimum;
use crate::feature::lifecycle::{Entry, Source, State};
use crate::feature::usage::store::Day;
use crate::feature::usage::{SAMPLED, short_target};
use clap::ArgMatches;
use serde::Serialize;
use std::collections::BTreeMap;

/// The days whose uses are shown.
const DAYS: i64 = 30;

/// How often a client used it.
#[derive(Serialize)]
struct Uses {
    client: String,
    uses: i64,
}

/// One line of the report.
#[derive(Serialize)]
struct Line {
    target: String,
    state: State,
    since: Option<Timestamp>,
    sunset: Option<Timestamp>,
    days_left: Option<i64>,
    /// Uses in 30 days; null where the store cannot be asked.
    uses_30d: Option<i64>,
    clients: Vec<Uses>,
    successor: Option<String>,
    link: Option<String>,
    source: Source,
}

const HEADS: [&str; 7] = ["target", "state", "since", "last day", "days left", "uses in 30 days", "successor"];

pub fn report(matches: &ArgMatches) -> Result<Verdict> {
    let now = Timestamp::now();
    let Lifecycle { entries, clients, fault } = everything()?;
    let soon = |entry: &Entry| matches!(entry.state(now), State::SunsetWarning | State::Gone);
    let counted = usage::counted(DAYS).ok();
    let lines: Vec<Line> = entries
        .into_iter()
        .filter(|entry| !matches.get_flag("sunset-only") || soon(entry))
        .map(|entry| line(entry, now, counted.as_deref()))
        .collect();
    if let Some(fault) = &fault {
        out::warning(&format!("lifecycle.json is not heeded: {fault}"));
    }
    if matches.get_flag("json") {
        out::json(&lines)?;
    } else if matches.get_flag("csv") {
        out::line(HEADS.map(quoted).join(","))?;
        lines.iter().try_for_each(|line| out::line(cells(line).map(|cell| quoted(&cell)).join(",")))?;
    } else {
        say(&lines, &clients)?;
    }
    Ok(if fault.is_some() { Verdict::Wrong } else { Verdict::Well })
}

fn say(lines: &[Line], clients: &[Minimum]) -> Result<()> {
    if lines.is_empty() {
        out::line("Nothing is to go.")?;
    } else {
        out::table(HEADS, &lines.iter().map(cells).collect::<Vec<_>>())?;
        out::line(format!(
            "Uses are counted one by one from the announcement on. Before it, those of version:N alone are estimated, from one in {SAMPLED} requests."
        ))?;
    }
    if !clients.is_empty() {
        out::line("\nApps that are too old, by `tandem api client`; `tandem api clients` shows who calls:")?;
        minimums(clients)?;
    }
    Ok(())
}

/// What each client used of a target, the most first.
fn clients(target: &str, counted: &[Day]) -> Vec<Uses> {
    let mut sums: BTreeMap<&str, i64> = BTreeMap::new();
    for day in counted.iter().filter(|day| day.target == short_target(target) && day.requests > 0) {
        *sums.entry(&day.client).or_default() += day.requests;
    }
    let mut uses: Vec<Uses> = sums.into_iter().map(|(client, uses)| Uses { client: client.to_owned(), uses }).collect();
    uses.sort_by_key(|uses| std::cmp::Reverse(uses.uses));
    uses
}

fn line(entry: Entry, now: Timestamp, counted: Option<&[Day]>) -> Line {
    let clients = clients(&entry.target.to_string(), counted.unwrap_or_default());
    Line {
        target: entry.target.to_string(),
        state: entry.state(now),
        since: entry.since,
        sunset: entry.sunset,
        uses_30d: counted.map(|_| clients.iter().map(|client| client.uses).sum()),
        clients,
        days_left: entry.sunset.map(|sunset| (sunset.0 - now.0).div_euclid(DAY).max(0)),
        successor: entry.successor.as_ref().map(ToString::to_string),
        link: entry.link,
        source: entry.source,
    }
}

fn cells(line: &Line) -> [String; 7] {
    let at = |at: Option<Timestamp>| at.map(out::minute).unwrap_or_default();
    let state = match line.state {
        State::Active => "announced",
        State::Deprecated => "deprecated",
        State::SunsetWarning => "goes soon",
        State::Gone => "gone",
    };
    let days = line.days_left.map(|days| days.to_string()).unwrap_or_default();
    let uses = line.uses_30d.map(|uses| uses.to_string()).unwrap_or_default();
    [
        line.target.clone(),
        state.to_owned(),
        at(line.since),
        at(line.sunset),
        days,
        uses,
        line.successor.clone().unwrap_or_default(),
    ]
}

/// A cell of CSV (RFC 4180).
fn quoted(cell: &str) -> String {
    if cell.contains([',', '"']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.to_owned() }
}
