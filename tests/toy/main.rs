//! Tandem with one more feature, whose work leaves the machine: no noun has such work, and what carries it is to be tested.
//!
//! Without arguments it is the web program; `toy courier` is the operator's command of that name, and `toy maintain` does the
//! courier's part of `tandem maintain`.
#![allow(clippy::print_stderr, reason = "what goes wrong is shown to whoever runs the tests")]

use std::env;
use std::process::ExitCode;
use std::time::Duration;
use tandem::app::work::courier::{self, DETACHED, Starter};
use tandem::app::{self, App, open};
use tandem::base::error::{Error, Result, not_found};
use tandem::base::time::SECOND;
use tandem::db::{Mode, within};
use tandem::feature::store::{fact, put_fact};
use tandem::feature::{Access, Ctx, Feature, House, Job, Route, Shift};
use tandem::http::Response;
use tandem::net::client::{Client, Trust};
use tandem::net::{Body, Bounds, Call};
use tandem::transport::{self, Options};

/// The address that is to be asked: a fact about the store; empty when it was.
const ASK: &str = "toy_ask";
/// What was answered: a fact about the store.
const ANSWERED: &str = "toy_answered";
/// A listener that hangs is left so.
const BOUNDS: Bounds = Bounds { connect: Duration::from_secs(3), whole: Duration::from_secs(8), read: 1_024 };
/// How long after a failure it is tried again, in milliseconds.
const AGAIN: i64 = 2 * SECOND;

static TOY: Feature = Feature {
    jobs: &[Job::soon("toy", "addresses that are to be asked", ask)],
    ..Feature::new("toy", &[Route::post("/toy/", Access::Public, order, "Has an address asked")])
};

static FEATURES: [&Feature; app::FEATURES.len() + 1] = {
    let mut all = [&TOY; app::FEATURES.len() + 1];
    let mut n = 0;
    while n < app::FEATURES.len() {
        all[n] = app::FEATURES[n];
        n += 1;
    }
    all
};

/// Notes the address in the body. Without one all of it is undone.
fn order(ctx: &mut Ctx<'_>) -> Result<Response> {
    put_fact(ctx.db, ASK, &String::from_utf8_lossy(&ctx.request.body))?;
    ctx.soon(ctx.now);
    if ctx.request.body.is_empty() {
        return Err(not_found());
    }
    // With a length: lighttpd knows the end of the answer before the program has done its work.
    Ok(Response::json(200, &"ordered"))
}

/// Asks the address that was noted.
fn ask(shift: &mut Shift<'_>) -> Result<u64> {
    let url = within(shift.db, Mode::Read, |db| fact(db, ASK))?.unwrap_or_default();
    if url.is_empty() {
        return Ok(0);
    }
    match shift.send(&Call { method: "GET", url: &url, fields: &[], body: Body::Nothing, bounds: BOUNDS })? {
        Ok(answer) => within(shift.db, Mode::Write, |db| {
            put_fact(db, ANSWERED, &answer.status.to_string())?;
            put_fact(db, ASK, "")?;
            Ok(1)
        }),
        Err(_) => {
            shift.again(shift.now.plus(AGAIN));
            Ok(0)
        }
    }
}

fn house() -> Result<House> {
    Ok(House { features: &FEATURES, ..open::house()? })
}

fn main() -> ExitCode {
    let mut arguments = env::args().skip(1);
    match (arguments.next().as_deref(), arguments.next().as_deref()) {
        (None, _) => serve(),
        (Some("courier"), Some("--detach")) => told(courier::detach()),
        (Some("courier"), mode) => {
            let by = if mode.is_some_and(|mode| mode.ends_with(DETACHED)) { Starter::Request } else { Starter::Operator };
            told(deliver(|house, net| courier::live(house, net, by)))
        }
        (Some(_), _) => told(deliver(|house, net| courier::deliver(house, net, Starter::Cron))),
    }
}

fn deliver(work: impl FnOnce(&House, &Client) -> Result<()>) -> Result<()> {
    work(&house()?, &Client::new(courier::NAME, Trust::Usual).map_err(Error::internal)?)
}

fn told(outcome: Result<()>) -> ExitCode {
    outcome.map_or_else(
        |error| {
            log::error!("toy: {error}");
            eprintln!("{error}");
            ExitCode::FAILURE
        },
        |()| ExitCode::SUCCESS,
    )
}

/// As `cgi-bin/api.rs`.
fn serve() -> ExitCode {
    match house() {
        Ok(house) => {
            let mut app = App::of(house);
            let end = transport::serve(&mut app, &Options::default());
            app.leave();
            end.conclude()
        }
        Err(error) => told(Err(error)),
    }
}
