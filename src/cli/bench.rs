//! `tandem bench`: data to measure with.

use super::client::Client;
use super::site::{enter, found, within};
use super::{Action, Command, DEVELOPING, Verdict, no_args, out, progress};
use crate::base::error::{Error, Result};
use crate::base::id;
use crate::base::time::{DAY, Timestamp};
use crate::db::{Db, Mode};
use crate::domain::goals;
use crate::feature::store::{self, Moved};
use clap::{Arg, ArgMatches, value_parser};
use serde_json::{Value, json};

pub const COMMAND: Command = Command {
    name: "bench",
    group: DEVELOPING,
    about: "Make data to measure with",
    help: "For a store of your own to try things on, never for the one that people use.",
    examples: &[],
    args: no_args,
    action: Action::Commands(&[DATA]),
};

const DATA: Command = Command {
    name: "data",
    group: DEVELOPING,
    about: "Make a couple with so many rows in its change feed",
    help: "The rows are of the kind goals, each with a stamp of its own, spread over the last 29 days; the newest 20 are goals that exist. \
           The last line is an access token. Use a data folder of your own: TANDEM_DATA names it.",
    examples: &[("tandem bench data --changes 100000", "a hundred thousand rows")],
    args: |command| command.arg(changes()),
    action: Action::Run(data),
};

/// The most rows: a store of some gigabytes.
const MAX_CHANGES: u64 = 100_000_000;
/// The newest rows are goals that exist.
const GOALS: u64 = 20;
/// Rows that the API writes: those goals, and the couple.
const FIXED: u64 = GOALS + 1;
/// Rows in a transaction: a commit each 50,000 costs little beside them, and readers' journals stay short.
const BATCH: u64 = 50_000;
/// Over how long the rows are spread: within the 30 days that a feed remembers at least.
const SPAN: i64 = 29 * DAY;

fn changes() -> Arg {
    let help = "How many rows, the couple and the 20 goals included";
    Arg::new("changes")
        .long("changes")
        .value_name("N")
        .required(true)
        .help(help)
        .value_parser(value_parser!(u64).range(FIXED + 1..=MAX_CHANGES))
}

fn data(matches: &ArgMatches) -> Result<Verdict> {
    let count = matches.get_one::<u64>("changes").copied().unwrap_or(FIXED + 1);
    found()?;
    let mut client = Client::new()?;
    let name = format!("bench-{}", id::hex(&id::bytes::<4>()?));
    let person = client.register(&name, &json!({}))?;
    client.call(&person.access, "POST", "/couple/create/", &Value::Null)?;
    let (_, mut db) = enter()?;
    fill(&mut db, person.id, count - FIXED)?;
    drop(db);
    for n in 1..=GOALS {
        client.call(&person.access, "POST", "/goals/", &json!({"title": format!("Goal {n}")}))?;
    }
    out::line(format!("user name {name}, {count} changes"))?;
    out::line(&person.access)?;
    Ok(Verdict::Well)
}

/// Writes the rows in large transactions, oldest stamp first.
fn fill(db: &mut Db, user: i64, count: u64) -> Result<()> {
    let tenant = within(db, Mode::Read, |db| store::tenant_of(db, user))?;
    let tenant = tenant.ok_or_else(|| Error::internal("the new couple is not there"))?;
    let (end, bar) = (Timestamp::now().plus(-1), progress::bar(count, "filling the feed"));
    let mut written = 0;
    while written < count {
        let until = count.min(written + BATCH);
        within(db, Mode::Write, |db| {
            (written..until).try_for_each(|n| {
                store::mark(db, tenant, goals::GOALS, &row_id(tenant, n), Moved::by_nobody(stamp(end, n, count), false))
            })
        })?;
        written = until;
        bar.set_position(written);
    }
    bar.finish_and_clear();
    Ok(())
}

/// Spread evenly, the last at `end`; at 10⁷ rows 250 ms apart.
fn stamp(end: Timestamp, n: u64, count: u64) -> Timestamp {
    let left = i64::try_from(count - 1 - n).unwrap_or_default();
    let step = SPAN / i64::try_from(count).unwrap_or(i64::MAX).max(1);
    end.plus(-left * step.max(1))
}

/// An id in the form of the others, in the order of the rows, unique to the tenant; far cheaper than a random one.
fn row_id(tenant: i64, n: u64) -> String {
    format!("{:08x}-{:04x}-7000-8000-{tenant:012x}", n >> 16, n & 0xFFFF)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_have_ids_and_stamps_of_their_own_in_order() {
        let end = Timestamp(1_768_573_845_123);
        let rows: Vec<_> = (0..70_000).map(|n| (row_id(7, n), stamp(end, n, 70_000))).collect();
        assert!(rows.is_sorted_by(|a, b| a.0 < b.0 && a.1 < b.1));
        assert!(rows.iter().all(|row| id::parse(&row.0).as_deref() == Some(&row.0)));
        assert_eq!(rows.last().unwrap().1, end);
        assert!(rows[0].1 >= end.plus(-SPAN));
    }
}
