//! `tandem health`: how mobile sync is doing, couple by couple.

use super::site::enter;
use super::{Action, Command, RUNNING, Verdict, json_flag, out};
use crate::base::error::Result;
use crate::base::time::Timestamp;
use crate::db::Db;
use crate::domain::devices::rules::{SPAN, SyncHealth};
use crate::domain::devices::store::{self, Scope};
use clap::ArgMatches;
use serde::Serialize;

pub const COMMAND: Command = Command {
    name: "health",
    group: RUNNING,
    about: "Show how uploads went in the last 24 hours",
    help: "A line for each couple or team whose devices send something, the worst first. Healthy: at least 95 % of the items were taken, at \
           most 5 conflicts met for 100 items, an upload took 500 ms at most on average, and every device's health is 70 or more. Degraded \
           misses one of these, critical more; then the exit code is 1.",
    examples: &[("tandem health", "as a table"), ("tandem health --json", "for scripts and monitors")],
    args: |command| command.arg(json_flag()),
    action: Action::Run(run),
};

/// A couple or a team.
#[derive(Serialize)]
struct Line {
    tenant: String,
    #[serde(flatten)]
    health: SyncHealth,
}

const HEADS: [&str; 8] = ["tenant", "status", "uploads", "items", "taken", "conflicts", "mean", "worst device"];

fn run(matches: &ArgMatches) -> Result<Verdict> {
    let (_, mut db) = enter()?;
    let lines = lines(&mut db, Timestamp::now())?;
    if matches.get_flag("json") {
        out::json(&lines)?;
    } else if lines.is_empty() {
        out::line("No device has sent anything yet.")?;
    } else {
        out::table(HEADS, &lines.iter().map(cells).collect::<Vec<_>>())?;
    }
    let critical = lines.iter().any(|line| line.health.status == SyncHealth::CRITICAL);
    Ok(if critical { Verdict::Wrong } else { Verdict::Well })
}

fn lines(db: &mut Db, now: Timestamp) -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    for (id, tenant) in store::tenants(db)? {
        let scope = Scope::whole(id);
        let uploads = store::uploads(db, scope, now.plus(-SPAN))?;
        lines.push(Line { tenant, health: SyncHealth::of(uploads, &store::healths(db, scope, now)?) });
    }
    lines.sort_by_key(|line| std::cmp::Reverse(line.health.rank()));
    Ok(lines)
}

fn cells(line: &Line) -> [String; 8] {
    let health = &line.health;
    [
        line.tenant.clone(),
        health.status.to_owned(),
        health.uploads.to_string(),
        health.items.to_string(),
        format!("{} %", health.success_rate_pct),
        format!("{} %", health.conflict_rate_pct),
        format!("{} ms", health.mean_duration_ms),
        health.worst_device_health.map_or_else(|| "-".to_owned(), |worst| worst.to_string()),
    ]
}
