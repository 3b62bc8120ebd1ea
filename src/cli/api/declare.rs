//! `tandem api deprecate` and `restore`: the operator's entries in lifecycle.json.

use crate::app::config;
use crate::app::{FEATURES, lifecycle};
use crate::base::error::{Error, Result};
use crate::base::time::{DAY, Timestamp};
use crate::cli::site::{enter, within};
use crate::cli::{Verdict, out, text};
use crate::db::Mode;
use crate::faces::graphql::schema;
use crate::feature::lifecycle::days::{Edge, instant};
use crate::feature::lifecycle::file::{Declared, FILE};
use crate::feature::lifecycle::{Entry, Source, Target};
use crate::feature::store::put_fact;
use clap::ArgMatches;
use serde_json::json;
use std::path::{Path, PathBuf};

/// The least time between a deprecation and its last day.
const NOTICE: i64 = 90 * DAY;
/// That of a version of the API.
const NOTICE_OF_VERSION: i64 = 365 * DAY;

/// The data folder, and what the operator declares there.
pub fn declared() -> Result<(PathBuf, Declared)> {
    let data = config::load()?.settings.data;
    let wrong = |fault| Error::NotReady(format!("{}: {fault}. Mend it, or move it away.", data.join(FILE).display()));
    let declared = lifecycle::declared(&data).map_err(wrong)?;
    Ok((data, declared))
}

/// Writes what the operator declares, and has the store remember which file that is, if there is a store.
pub fn keep(data: &Path, declared: &Declared) -> Result<()> {
    lifecycle::write(data, declared)?;
    let (Ok((_, mut db)), Some(mark)) = (enter(), lifecycle::mark(data)) else { return Ok(()) };
    within(&mut db, Mode::Write, |db| put_fact(db, lifecycle::WRITTEN, &mark))
}

pub fn deprecate(matches: &ArgMatches) -> Result<Verdict> {
    let entry = entry(matches)?;
    enough_notice(&entry, matches.get_flag("now"))?;
    let (data, mut declared) = declared()?;
    declared.entries.retain(|other| other.target != entry.target);
    declared.entries.push(entry.clone());
    keep(&data, &declared)?;
    told(matches, &entry, "is announced to go")
}

pub fn restore(matches: &ArgMatches) -> Result<Verdict> {
    let target = parse(text(matches, "target").unwrap_or_default())?;
    let (data, mut declared) = declared()?;
    let Some(place) = declared.entries.iter().position(|entry| entry.target == target) else {
        return Err(Error::NotReady(format!(
            "you have not announced that {target} goes: `tandem api report` shows what is declared"
        )));
    };
    let entry = declared.entries.remove(place);
    keep(&data, &declared)?;
    told(matches, &entry, "stays, as far as you are concerned")
}

fn told(matches: &ArgMatches, entry: &Entry, what: &str) -> Result<Verdict> {
    if matches.get_flag("json") {
        out::json(&json!({"target": entry.target, "since": entry.since, "sunset": entry.sunset, "successor": entry.successor}))?;
    } else {
        out::line(format!("{} {what}", entry.target))?;
        out::line("processes that run see it within some seconds; on several hosts copy lifecycle.json to the others")?;
    }
    Ok(Verdict::Well)
}

fn entry(matches: &ArgMatches) -> Result<Entry> {
    let day = |name: &str, edge: Edge| {
        let written = text(matches, name).unwrap_or_default();
        instant(written, edge).ok_or_else(|| Error::NotReady(format!("--{name} {written}: no day such as 2027-06-30")))
    };
    let owned = |name: &str| text(matches, name).map(str::to_owned);
    Ok(Entry {
        target: existing(text(matches, "target").unwrap_or_default())?,
        since: Some(day("since", Edge::Begin)?),
        sunset: Some(day("sunset", Edge::End)?),
        successor: text(matches, "successor").map(existing).transpose()?,
        link: owned("link"),
        reason: owned("reason"),
        source: Source::Operator,
    })
}

fn parse(written: &str) -> Result<Target> {
    let shape = "version:1, \"GET /goals/{id}/\", \"v1:POST /sync/voice/\" or graphql:Goal.whyForUs";
    Target::parse(written).ok_or_else(|| Error::NotReady(format!("{written} is no target such as {shape}")))
}

/// A target that exists.
pub fn existing(written: &str) -> Result<Target> {
    let target = parse(written)?;
    let exists = match &target {
        Target::Graphql(coordinate) => schema::has(&FEATURES, coordinate)?,
        other => other.exists(&FEATURES),
    };
    let hint = "`tandem routes` and `tandem schema` show what there is";
    if exists { Ok(target) } else { Err(Error::NotReady(format!("{target} does not exist: {hint}"))) }
}

/// Clients were promised time.
fn enough_notice(entry: &Entry, now: bool) -> Result<()> {
    let (Some(since), Some(sunset)) = (entry.since, entry.sunset) else { return Ok(()) };
    let notice = if matches!(entry.target, Target::Version(_)) { NOTICE_OF_VERSION } else { NOTICE };
    let early = sunset < since.plus(notice) || sunset < Timestamp::now().plus(notice);
    if early && !now {
        let days = notice / DAY;
        return Err(Error::NotReady(format!(
            "clients are promised {days} days before it goes: choose a later --sunset, or add --now"
        )));
    }
    Ok(())
}
