//! `tandem api usage`, `safe-to-remove` and `clients`: who still uses what.

use super::declare::existing;
use super::declared::{everything, minimums};
use crate::base::error::Result;
use crate::base::time::{DAY, Timestamp};
use crate::cli::site::{enter, within};
use crate::cli::{Verdict, out, text};
use crate::db::Mode;
use crate::feature::lifecycle::Target;
use crate::feature::lifecycle::clients::{Age, Client};
use crate::feature::usage::store::{self, Day};
use crate::feature::usage::{SAMPLED, Usage, day_of, fold, short_target};
use clap::ArgMatches;
use serde::Serialize;
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
    let declared = |target: &Target| everything().map(|found| found.entries.iter().any(|entry| entry.target == *target));
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
    out::line(format!(
        "{target} {verdict}: {requests} requests in {days} days; on {days_counted} of these days they were counted"
    ))?;
    if days_counted < days {
        out::line("a day counts when what goes was announced and `tandem maintain` ran on it")?;
    }
    Ok(())
}

/// Who calls, in which version of the API.
#[derive(Serialize)]
struct Calls {
    client: String,
    version: i64,
    requests: i64,
    /// How the app stands today: `ok`, `soft` or `hard`, as it is told itself.
    standing: &'static str,
    /// The oldest version of the app that is served without a reminder.
    minimum: Option<String>,
}

pub fn clients(matches: &ArgMatches) -> Result<Verdict> {
    let (now, found) = (Timestamp::now(), everything()?);
    let mut sums: BTreeMap<(String, i64), i64> = BTreeMap::new();
    for day in counted(days(matches))?.into_iter().filter(|day| day.target.starts_with("version:") && !day.client.is_empty()) {
        *sums.entry((day.client, day.version)).or_default() += day.requests;
    }
    let calls: Vec<Calls> = sums
        .into_iter()
        .map(|((client, version), requests)| {
            let caller = Client::of(None, Some(&client));
            let asked = found.minimum(caller);
            let standing = asked.map_or(Age::Fresh, |asked| asked.age(caller.version, now)).word();
            let minimum = asked.and_then(|asked| asked.least()).map(str::to_owned);
            Calls { client, version, requests, standing, minimum }
        })
        .collect();
    if matches.get_flag("json") {
        out::json(&calls)?;
        return Ok(Verdict::Well);
    }
    tell(&calls)?;
    if !found.clients.is_empty() {
        out::line("")?;
        minimums(&found.clients)?;
    }
    Ok(Verdict::Well)
}

fn tell(calls: &[Calls]) -> Result<()> {
    if calls.is_empty() {
        return out::line(format!("Nobody called yet, or too few to be counted: one in {SAMPLED} requests is."));
    }
    let stands = |calls: &Calls| match calls.standing {
        "soft" => "reminded",
        "hard" => "refused",
        _ => "",
    };
    let cells = |calls: &Calls| {
        [calls.client.clone(), format!("v{}", calls.version), calls.requests.to_string(), stands(calls).to_owned()]
    };
    out::table(["client", "API", "requests", "as too old"], &calls.iter().map(cells).collect::<Vec<_>>())?;
    out::line(format!(
        "Estimated from one in {SAMPLED} requests, which counts {SAMPLED}; where a version is to go, its requests are counted one by one."
    ))
}
