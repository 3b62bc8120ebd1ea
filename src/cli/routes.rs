//! `tandem routes`: what the API answers, from the registry that the router walks.

use super::{Action, Command, DEVELOPING, Verdict, json_flag, out};
use crate::app::FEATURES;
use crate::base::error::Result;
use crate::feature::{Access, Meter, Right, Role, Route, Tx};
use clap::ArgMatches;
use serde_json::{Value, json};

pub const COMMAND: Command = Command {
    name: "routes",
    group: DEVELOPING,
    about: "List the routes of the API",
    help: "The same table that the program routes by. Paths work below /api and /api/v1, with and without their last slash. Access says \
           who may call: anybody, who is signed in, members of a couple or team, or of a team only its staff or admins. The transactions `own` and `upload` are opened by the handler \
           after slow work.",
    examples: &[("tandem routes", "as a table"), ("tandem routes --json", "for scripts")],
    args: |command| command.arg(json_flag()),
    action: Action::Run(run),
};

fn run(matches: &ArgMatches) -> Result<Verdict> {
    let routes: Vec<&Route> = FEATURES.iter().flat_map(|feature| feature.routes).collect();
    if matches.get_flag("json") {
        out::json(&routes.iter().map(|route| as_json(route)).collect::<Vec<_>>())?;
    } else {
        out::table(HEADS, &routes.iter().map(|route| cells(route).map(str::to_owned)).collect::<Vec<_>>())?;
    }
    Ok(Verdict::Well)
}

const HEADS: [&str; 6] = ["method", "path", "access", "transaction", "limit", "summary"];

fn cells(route: &Route) -> [&'static str; 6] {
    [route.method.name(), route.path, access(route), transaction(route.tx), limit(route.meter), route.summary]
}

fn as_json(route: &Route) -> Value {
    HEADS.into_iter().zip(cells(route)).map(|(head, cell)| (head.to_owned(), json!(cell))).collect()
}

/// Of a team, from which role on; what a member may do to their own alone is no line of its own here.
fn access(route: &Route) -> &'static str {
    match (route.access, route.right.map(Right::from)) {
        (Access::Public, _) => "anybody",
        (Access::Optional, _) => "anybody, signed in for most",
        (Access::User, _) => "signed in",
        (Access::Member(_), None | Some(Role::Member)) => "member",
        (Access::Member(_), Some(Role::Staff)) => "partner or staff",
        (Access::Member(_), Some(Role::Admin)) => "partner or admin",
    }
}

const fn transaction(tx: Tx) -> &'static str {
    match tx {
        Tx::Read => "read",
        Tx::Write => "write",
        Tx::Own => "own",
        Tx::Upload => "upload",
    }
}

const fn limit(meter: Meter) -> &'static str {
    match meter {
        Meter::Requests => "requests",
        Meter::Polls => "polls",
        Meter::Uploads => "uploads",
        Meter::Graphql => "graphql",
        Meter::Free => "none",
    }
}
