//! The figures of an hour: pure sums over its uploads.

use crate::base::time::{HOUR, Timestamp};
use crate::domain::devices::rules::Counts;
use crate::http::paging::Keyed;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The whole site, where a tenant is named.
pub const SITE: i64 = 0;

/// One upload.
#[derive(Debug, Clone)]
pub struct Upload {
    /// The tenant.
    pub tenant: i64,
    /// Who sent it.
    pub user: i64,
    /// From which device.
    pub device: String,
    /// What was sent, and what became of it.
    pub counts: Counts,
    /// Bytes of the items.
    pub bytes: i64,
    /// How long it took, in microseconds.
    pub micros: i64,
}

/// What an hour's uploads came to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Figures {
    /// Uploads.
    pub requests: i64,
    /// Items that were sent.
    pub items: i64,
    /// Items that were taken.
    pub synced_items: i64,
    /// Bytes of the items as JSON.
    pub bytes: i64,
    /// How long an upload took to write, in milliseconds.
    pub mean_duration_ms: f64,
    /// How long 95 of a hundred took at most, in milliseconds.
    pub p95_duration_ms: f64,
    /// Conflicts that were met.
    pub conflicts: i64,
    /// The same by domain.
    pub conflicts_by_domain: BTreeMap<String, i64>,
    /// Devices that sent something.
    pub devices: i64,
    /// Users who sent something.
    pub users: i64,
}

/// The figures of an hour.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Snapshot {
    /// When the hour began.
    pub hour: Timestamp,
    /// What its uploads came to.
    #[serde(flatten)]
    pub figures: Figures,
}

impl Keyed for Snapshot {
    fn key(&self) -> Vec<String> {
        vec![self.hour.0.to_string()]
    }
}

/// Conflicts of an hour: the tenant, the domain, how many.
pub type Conflicts = (i64, String, i64);

/// The hour that an instant lies in, by its beginning.
pub const fn hour_of(at: Timestamp) -> Timestamp {
    Timestamp(at.0 - at.0 % HOUR)
}

/// Sums up an hour, for each tenant and for the site.
pub fn sum_up(uploads: &[Upload], conflicts: &[Conflicts]) -> BTreeMap<i64, Figures> {
    let tenants: BTreeSet<i64> = uploads.iter().map(|upload| upload.tenant).chain([SITE]).collect();
    tenants.into_iter().map(|tenant| (tenant, of(tenant, uploads, conflicts))).collect()
}

fn of(tenant: i64, uploads: &[Upload], conflicts: &[Conflicts]) -> Figures {
    let mine = |whose: i64| tenant == SITE || whose == tenant;
    let uploads: Vec<&Upload> = uploads.iter().filter(|upload| mine(upload.tenant)).collect();
    let sum = |part: fn(&Upload) -> i64| uploads.iter().map(|upload| part(upload)).sum::<i64>();
    let mut by_domain = BTreeMap::new();
    for (_, domain, number) in conflicts.iter().filter(|(whose, ..)| mine(*whose)) {
        *by_domain.entry(domain.clone()).or_default() += number;
    }
    let mut micros: Vec<i64> = uploads.iter().map(|upload| upload.micros).collect();
    micros.sort_unstable();
    let devices: BTreeSet<_> = uploads.iter().map(|upload| (upload.tenant, upload.user, &upload.device)).collect();
    let users: BTreeSet<i64> = uploads.iter().map(|upload| upload.user).collect();
    Figures {
        requests: count(uploads.len()),
        items: sum(|upload| upload.counts.items),
        synced_items: sum(|upload| upload.counts.synced),
        bytes: sum(|upload| upload.bytes),
        mean_duration_ms: milliseconds(micros.iter().sum::<i64>() as f64 / (micros.len().max(1)) as f64),
        p95_duration_ms: milliseconds(p95(&micros) as f64),
        conflicts: sum(|upload| upload.counts.conflicts),
        conflicts_by_domain: by_domain,
        devices: count(devices.len()),
        users: count(users.len()),
    }
}

/// The smallest value that 95 of a hundred do not exceed, of values in order (nearest rank).
fn p95(sorted: &[i64]) -> i64 {
    let rank = (sorted.len() * 95).div_ceil(100);
    rank.checked_sub(1).and_then(|index| sorted.get(index)).copied().unwrap_or_default()
}

fn milliseconds(micros: f64) -> f64 {
    micros.round() / 1_000.0
}

fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn upload(tenant: i64, user: i64, items: i64, micros: i64) -> Upload {
        let counts = Counts { items, synced: items, conflicts: 0 };
        Upload { tenant, user, device: "d".into(), counts, bytes: 10 * items, micros }
    }

    #[test]
    fn an_hour_is_summed_up_by_tenant_and_for_the_site() {
        let uploads = [upload(7, 1, 2, 1_000), upload(7, 1, 3, 3_000), upload(7, 2, 1, 2_000), upload(9, 3, 4, 10_000)];
        let conflicts = [(7, "task".to_owned(), 2), (9, "task".to_owned(), 1), (9, "journal".to_owned(), 1)];
        let summed = sum_up(&uploads, &conflicts);
        let (site, seven) = (&summed[&SITE], &summed[&7]);
        assert_eq!((seven.requests, seven.items, seven.bytes, seven.devices, seven.users), (3, 6, 60, 2, 2));
        assert_eq!((seven.mean_duration_ms, seven.p95_duration_ms), (2.0, 3.0));
        assert_eq!((site.requests, site.items, site.devices, site.users), (4, 10, 3, 3));
        assert_eq!(site.conflicts_by_domain, BTreeMap::from([("journal".into(), 1), ("task".into(), 3)]));
        assert_eq!(sum_up(&[], &[])[&SITE], Figures::default());
    }

    #[test]
    fn the_95th_of_a_hundred() {
        assert_eq!(p95(&(1..=100).collect::<Vec<_>>()), 95);
        assert_eq!((p95(&[5]), p95(&[]), p95(&[1, 2])), (5, 0, 2));
    }

    proptest! {
        #[test]
        fn the_site_is_the_sum_of_its_tenants(sent in proptest::collection::vec((1_i64..4, 1_i64..9, 1_i64..50, 0_i64..9_999), 0..40)) {
            let uploads: Vec<Upload> = sent.into_iter().map(|(t, u, n, us)| upload(t, t * 100 + u, n, us)).collect();
            let summed = sum_up(&uploads, &[]);
            let total = |part: fn(&Figures) -> i64| summed.iter().filter(|(t, _)| **t != SITE).map(|(_, f)| part(f)).sum::<i64>();
            let site = &summed[&SITE];
            prop_assert_eq!(site.requests, total(|f| f.requests));
            prop_assert_eq!(site.items, total(|f| f.items));
            prop_assert_eq!(site.devices, total(|f| f.devices));
            prop_assert_eq!(site.users, total(|f| f.users));
        }
    }
}
