//! The store as the commands reach it: the configuration of this account, its database, one transaction at a time.
//!
//! A command that looks or changes never makes a store: run in the wrong place, it would work on an empty one, and nobody would
//! see what went wrong.

use crate::app::store::made;
use crate::app::work::{AfterAnswers, commit};
use crate::app::{config, folder, open};
use crate::base::error::{Error, Result};
use crate::base::time::Timestamp;
use crate::db::migrate::{self, Standing};
use crate::db::{Db, Mode, retried};
use crate::feature::meters::Meters;
use crate::feature::signals;
use crate::feature::{Access, Ctx, Route, Settings};
use crate::http::{Request, Response, Vars};

pub use crate::db::within;

/// The place of a route where the operator's program tells news.
static COMMAND: Route = Route::post("/", Access::Public, |_| Ok(Response::empty(204)), "A command of the operator's");

/// Runs work in a write transaction in which nouns are told news, as in a request; but nobody is admitted. The work is done again when the
/// engine made it give way.
///
/// # Errors
/// The work's, which undoes everything.
pub fn telling<T>(db: &mut Db, mut work: impl FnMut(&mut Ctx<'_>) -> Result<T>) -> Result<T> {
    let (house, vars, mut meters) = (open::house()?, Vars::from_iter::<[(&str, &str); 0]>([]), Meters::default());
    let request = Request::new(&vars, String::new());
    let mut ctx = Ctx::new(&request, &COMMAND, &house, db, &mut meters, None, Timestamp::now());
    let done = retried(|| {
        ctx.begin(Mode::Write)?;
        match work(&mut ctx) {
            Ok(value) => commit(&mut ctx).map(|()| value),
            Err(error) => {
                ctx.db.abandon()?;
                Err(error)
            }
        }
    })?;
    let left = ctx.leave();
    let published = signals::publish(&house, &mut meters, left.signals.committed());
    let ended = &published.ended;
    let once_more = if ended.is_empty() { None } else { signals::closing::settle(db, ended, Timestamp::now())? };
    for at in [left.owed, published.next, once_more].into_iter().flatten() {
        AfterAnswers::default().owe(&house.settings, at);
    }
    Ok(done)
}

/// The effective configuration and the open database, with this program's schema.
///
/// # Errors
/// What is wrong with either, for the operator; that there is no store here.
pub fn enter() -> Result<(Settings, Db)> {
    opened(found()?)
}

/// As [`enter`]; where there is no store yet, it is made.
///
/// # Errors
/// What is wrong with either, for the operator.
pub fn enter_or_make() -> Result<(Settings, Db)> {
    let settings = config::load()?.settings;
    folder::make(&settings.data)?;
    opened(settings)
}

fn opened(settings: Settings) -> Result<(Settings, Db)> {
    let db = open::connect(&settings)?;
    // A store that an older program made has no mark yet.
    made::note(&settings, &open::address(&settings)?)?;
    Ok((settings, db))
}

/// The effective configuration, where it leads to a store.
///
/// # Errors
/// What is wrong with it; that there is no store, or that it is lost, and what to do.
pub fn found() -> Result<Settings> {
    let settings = config::load()?.settings;
    let address = open::address(&settings)?;
    let absent = match address.file() {
        Some(path) => !path.exists(),
        // What else keeps the database from being used is told when it is opened.
        None => {
            Db::open(&address).and_then(|mut db| migrate::standing(&mut db)).is_ok_and(|standing| standing == Standing::Empty)
        }
    };
    if !absent {
        return Ok(settings);
    }
    made::guard(&settings, &address)?;
    Err(Error::NotReady(format!(
        "there is no store at {address}, and nothing was made. If yours lies elsewhere, set TANDEM_DATA (or TANDEM_CONFIG, \
         TANDEM_DATABASE_URL) as its web program has it; deploy/run-local prints the line. The first request makes a new one, and so \
         do `tandem migrate`, `tandem user create` and `tandem demo`."
    )))
}
