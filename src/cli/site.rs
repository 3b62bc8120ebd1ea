//! The store as the commands reach it: the configuration of this account, its database, one transaction at a time.

use crate::app::store::made;
use crate::app::{config, open};
use crate::base::error::Result;
use crate::db::Db;
use crate::feature::Settings;

pub use crate::db::within;

/// The effective configuration and the open database, with this program's schema.
///
/// # Errors
/// What is wrong with either, for the operator.
pub fn enter() -> Result<(Settings, Db)> {
    let settings = config::load()?.settings;
    open::make_folder(&settings.data)?;
    let db = open::connect(&settings)?;
    // A store that an older program made has no mark yet.
    made::note(&settings, &open::address(&settings)?)?;
    Ok((settings, db))
}
