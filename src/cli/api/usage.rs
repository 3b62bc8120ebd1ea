//! `tandem api usage`, `safe-to-remove` and `clients`: who still uses what.

use super::declare::existing;
use super::declared::everything;
use crate::base::error::Result;
use crate::base::time::{DAY, Timestamp};
use crate::cli::site::{enter, within};
use crate::cli::{Verdict, out, text};
use crate::db::Mode;
use crate::feature::lifecycle::Target;
use crate::feature::usage::store::{self, Day};
use crate::feature::usage::{Usage, day_of, fold, short_target};
use clap::ArgMatches;
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeMap;

/// What was counted in the last days and today, after the file was folded in.
pub fn counted(days: i64) -> Result<Vec<Day>> {
    let (settings, mut db) = enter()?;
    let today = day_of(Timestamp::now());
    within(&mut db, Mode::Write, |db| fold(db, &mut Usage::default(), &settings.data, today, false))?;
    within(&mut db, Mode::Read, |db| store::since(db, today - days))
}

fn days(matches: &ArgMatches) -> i64 {
    matches.get_one::<i64>("days").copied().unwrap_or_default()
}

/// A line of the table: what it is about, and how many requests.
#[derive(Serialize)]
struct Line {
    target: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    by: String,
    requests: i64,
}

pub fn usage(matches: &ArgMatches) -> Result<Verdict> {
    let wanted = text(matches, "target").map(existing).transpose()?.map(|target| short_target(&target.to_string()));
    let by = text(matches, "by").unwrap_or_default();
    let mut sums: BTreeMap<(String, String), i64> = BTreeMap::new();
    for day in counted(days(matches))?.into_iter().filter(|day| wanted.as_ref().is_none_or(|target| *target == day.target)) {
        let group = match by {
            "client" => day.client,
            "day" => date(day.day),
            _ => String::new(),
        };
        *sums.entry((day.target, group)).or_default() += day.requests;
    }
    let lines: Vec<Line> =
        sums.into_iter().filter(|(_, n)| *n > 0).map(|((target, by), requests)| Line { target, by, requests }).collect();
    if matches.get_flag("json") {
        out::json(&lines)?;
    } else if lines.is_empty() {
        out::line("Nothing of it was used.")?;
    } else {
        let cells = |line: &Line| [line.target.clone(), line.by.clone(), line.requests.to_string()];
        out::table(["target", by, "requests"], &lines.iter().map(cells).collect::<Vec<_>>())?;
    }
    Ok(Verdict::Well)
}

fn date(day: i64) -> String {
    Timestamp(day * DAY).to_string().chars().take("2026-01-16".len()).collect()
}

/// What `tandem api safe-to-remove` found.
#[derive(Serialize)]
struct Safety {
    target: String,
    safe: bool,
    days: i64,
    days_counted: i64,
    requests: i64,
}

pub fn safe_to_remove(matches: &ArgMatches) -> Result<Verdict> {
    let written = text(matches, "target").unwrap_or_default();
    let declared = |target: &Target| everything().map(|(entries, _)| entries.iter().any(|entry| entry.target == *target));
    let target = match Target::parse(written) {
        Some(target) if declared(&target)? || existing(written).is_ok() => target,
        _ => {
            out::misunderstood(&format!("{written} is unknown: `tandem api report` shows what is to go"));
            return Ok(Verdict::Unknown);
        }
    };
    let (days, today) = (days(matches), day_of(Timestamp::now()));
    let most = matches.get_one::<i64>("most").copied().unwrap_or_default();
    let rows: Vec<Day> = counted(days)?.into_iter().filter(|day| day.target == short_target(written)).collect();
    let is_counted = |day: &i64| rows.iter().any(|row| row.day == *day && row.client.is_empty());
    let days_counted = (today - days..today).filter(is_counted).count() as i64;
    let requests = rows.iter().map(|row| row.requests).sum();
    let safe = days_counted == days && requests <= most;
    let found = Safety { target: target.to_string(), safe, days, days_counted, requests };
    say(&found, matches.get_flag("json"))?;
    Ok(if safe { Verdict::Well } else { Verdict::Wrong })
}

fn say(found: &Safety, as_json: bool) -> Result<()> {
    if as_json {
        return out::json(found);
    }
    let Safety { target, safe, days, days_counted, requests } = found;
    let verdict = if *safe { "can be removed" } else { "should stay" };
    out::line(format!("{target} {verdict}: {requests} requests in {days} days, of which {days_counted} were counted"))?;
    if days_counted < days {
        out::line("a day counts when what goes was announced and `tandem maintain` ran on it")?;
    }
    Ok(())
}

pub fn clients(matches: &ArgMatches) -> Result<Verdict> {
    let mut sums: BTreeMap<(String, i64), i64> = BTreeMap::new();
    for day in counted(days(matches))?.into_iter().filter(|day| day.target.starts_with("version:") && !day.client.is_empty()) {
        *sums.entry((day.client, day.version)).or_default() += day.requests;
    }
    let rows: Vec<_> = sums.into_iter().collect();
    if matches.get_flag("json") {
        let shown = rows.iter().map(|((client, version), n)| json!({"client": client, "version": version, "requests": n}));
        out::json(&shown.collect::<Vec<_>>())?;
    } else if rows.is_empty() {
        out::line("Nobody called yet, or too few to be counted: one in 16 requests is.")?;
    } else {
        let cells = |((client, version), n): &((String, i64), i64)| [client.clone(), format!("v{version}"), n.to_string()];
        out::table(["client", "API", "requests"], &rows.iter().map(cells).collect::<Vec<_>>())?;
    }
    Ok(Verdict::Well)
}
