//! The store as the commands reach it: the configuration of this account, its database, one transaction at a time.
//!
//! A command that looks or changes never makes a store: run in the wrong place, it would work on an empty one, and nobody would
//! see what went wrong.

use crate::app::store::made;
use crate::app::{config, folder, open};
use crate::base::error::{Error, Result};
use crate::db::Db;
use crate::db::migrate::{self, Standing};
use crate::feature::Settings;

pub use crate::db::within;

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
