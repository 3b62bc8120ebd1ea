//! The store as the commands reach it: the configuration of this account, its database, one transaction at a time.

use crate::app::{config, open};
use crate::base::error::Result;
use crate::db::{Db, Mode, retried};
use crate::feature::Settings;

/// The effective configuration and the open database, with this program's schema.
///
/// # Errors
/// What is wrong with either, for the operator.
pub fn enter() -> Result<(Settings, Db)> {
    let settings = config::load()?.settings;
    open::make_folder(&settings.data)?;
    let db = open::connect(&settings)?;
    Ok((settings, db))
}

/// Runs work in a transaction; an error undoes it. The work is done again when the engine made it give way.
///
/// # Errors
/// The work's, the database's.
pub fn within<T>(db: &mut Db, mode: Mode, mut work: impl FnMut(&mut Db) -> Result<T>) -> Result<T> {
    retried(|| {
        db.begin(mode)?;
        match work(db) {
            Ok(value) => db.commit().map(|()| value),
            Err(error) => {
                db.rollback();
                Err(error)
            }
        }
    })
}
