//! What a noun makes of a backup that takes the store's place.

use crate::base::error::Result;
use crate::db::Db;

/// What was done to an account since the backup was made, and is undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It was made.
    Made,
    /// It was deleted.
    Deleted,
    /// It was disabled.
    Disabled,
    /// It was enabled again.
    Enabled,
    /// It was given another password.
    Password,
}

/// Accounts by their user names, and what of each is undone.
pub type Undone = Vec<(String, Change)>;

/// A noun's part in a restore. All of it happens before anybody is served from the backup.
#[derive(Debug, Clone, Copy)]
pub struct Restore {
    /// Ends what lets people in without a password: one of them may have been ended since. Not done where the operator wants it kept.
    pub sign_out: Option<fn(backup: &mut Db) -> Result<u64>>,
    /// Changes a tenant's rows of the backup.
    pub tenant: Option<fn(backup: &mut Db, tenant: i64) -> Result<()>>,
    /// Finds what of accounts the backup undoes.
    pub undoes: Option<fn(backup: &mut Db, store: &mut Db) -> Result<Undone>>,
}

impl Restore {
    /// Nothing.
    pub const NONE: Restore = Restore { sign_out: None, tenant: None, undoes: None };

    /// Something of each tenant's rows.
    pub const fn of_tenants(change: fn(&mut Db, i64) -> Result<()>) -> Restore {
        Restore { tenant: Some(change), ..Restore::NONE }
    }
}
