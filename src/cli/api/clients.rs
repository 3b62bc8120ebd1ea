//! `tandem api client`: which versions of an app are too old.

use super::declare::{declared, keep};
use crate::base::error::{Error, Result};
use crate::cli::{Verdict, out, text};
use crate::feature::lifecycle::clients::{Minimum, compare};
use crate::feature::lifecycle::days::{Edge, instant};
use clap::ArgMatches;
use serde_json::json;
use std::cmp::Ordering;

pub fn client(matches: &ArgMatches) -> Result<Verdict> {
    let name = text(matches, "name").unwrap_or_default();
    let (data, mut declared) = declared()?;
    let before = declared.clients.len();
    declared.clients.retain(|minimum| minimum.name != name);
    if matches.get_flag("remove") {
        if declared.clients.len() == before {
            return Err(Error::NotReady(format!("nothing is asked of {name}")));
        }
    } else {
        declared.clients.push(minimum(matches, name)?);
    }
    keep(&data, &declared)?;
    told(matches, name, declared.clients.iter().find(|minimum| minimum.name == name))
}

fn minimum(matches: &ArgMatches, name: &str) -> Result<Minimum> {
    let owned = |name: &str| text(matches, name).map(str::to_owned);
    let (soft, hard) = (owned("soft"), owned("hard"));
    if soft.is_none() && hard.is_none() {
        return Err(Error::NotReady("say what is asked of it: --soft VERSION, --hard VERSION --from DAY, or --remove".into()));
    }
    if let (Some(soft), Some(hard)) = (&soft, &hard)
        && compare(soft, hard) == Ordering::Less
    {
        return Err(Error::NotReady(format!("--hard {hard} refuses more than --soft {soft} reminds: exchange the two")));
    }
    let day = |written: &str| {
        instant(written, Edge::Begin).ok_or_else(|| Error::NotReady(format!("--from {written}: no day such as 2027-03-01")))
    };
    let from = text(matches, "from").map(day).transpose()?;
    Ok(Minimum { name: name.to_owned(), soft, hard, from, url: owned("url") })
}

fn told(matches: &ArgMatches, name: &str, minimum: Option<&Minimum>) -> Result<Verdict> {
    if matches.get_flag("json") {
        let shown = minimum.map(|m| json!({"name": m.name, "soft": m.soft, "hard": m.hard, "from": m.from, "url": m.url}));
        out::json(&shown)?;
        return Ok(Verdict::Well);
    }
    match minimum {
        None => out::line(format!("nothing is asked of {name} any more"))?,
        Some(minimum) => {
            let soft = minimum.soft.as_deref().map(|soft| format!("reminded before {soft}"));
            let from = minimum.from.map(|at| format!(" from {} UTC on", out::minute(at))).unwrap_or_default();
            let hard = minimum.hard.as_deref().map(|hard| format!("refused before {hard}{from}"));
            let said: Vec<String> = [soft, hard].into_iter().flatten().collect();
            out::line(format!("{name}: {}", said.join(", ")))?;
        }
    }
    Ok(Verdict::Well)
}
