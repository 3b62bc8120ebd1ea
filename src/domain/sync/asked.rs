//! Which part of the feed is asked for.

use crate::base::time::Timestamp;
use crate::feature::{Kind, Tenant};

/// The lists of a tenant.
pub struct Asked<'p> {
    /// The tenant.
    pub tenant: Tenant,
    /// The lists.
    pub kinds: &'p [&'static Kind],
    /// Stamps that are left out: those of the client's own writes.
    pub own: &'p [Timestamp],
}
