//! What the couples and teams take of their room, and all of them of the account's.

use super::store::with_db;
use super::{Finding, Patient};
use crate::base::error::Result;
use crate::base::time::Timestamp;
use crate::db::Db;
use crate::feature::Settings;
use crate::feature::room::rules::{MIB, fill, mib};
use crate::feature::room::store::{self, Taken};

/// How many of the largest are named.
const LARGEST: i64 = 3;
/// How full, in hundredths, is worth telling before it is too late.
const NEARLY: i64 = 80;

/// The largest tenants, and the whole.
pub fn room(patient: &mut Patient) -> Finding {
    let settings = patient.loaded.as_ref().ok().map(|loaded| loaded.settings.clone()).unwrap_or_default();
    with_db(patient, |db| look(db, &settings))
}

fn look(db: &mut Db, settings: &Settings) -> Result<Finding> {
    let largest = store::largest(db, Timestamp::now(), LARGEST)?;
    let (size, limit) = (db.size()?, store::store_limit(db, settings)?);
    let each: Vec<String> = largest.iter().map(|taken| told(taken, settings)).collect();
    let each = if each.is_empty() { "nothing yet".to_owned() } else { format!("the largest: {}", each.join(", ")) };
    let saw = format!("{each}; {}", whole(size, limit));
    Ok(if !store::has_room(db, settings)? {
        let todo = "make room in the account, or raise limits.store and limits.disk: until then nothing is taken that grows";
        Finding::problem(saw, todo)
    } else if largest.iter().any(|taken| full(taken, settings) >= NEARLY) {
        let todo = "raise limits.couple, limits.new_couple or limits.team in tandem/tandem.toml, or have them delete something";
        Finding::note(saw, todo)
    } else {
        Finding::ok(saw)
    })
}

/// A tenant, what it takes and how full it is.
fn told(taken: &Taken, settings: &Settings) -> String {
    let name = if taken.name.is_empty() { &taken.public_id } else { &taken.name };
    format!("{name} {}", fill(taken.bytes, taken.whose.room(settings)))
}

/// How full a tenant is, in hundredths.
fn full(taken: &Taken, settings: &Settings) -> i64 {
    taken.bytes / (taken.whose.room(settings) / 100).max(1)
}

/// What all take, and of what: the quota that a host gives is shown by its panel alone, mostly.
fn whole(size: Option<u64>, limit: Option<u64>) -> String {
    let mib = |bytes: u64| mib(i64::try_from(bytes).unwrap_or(i64::MAX - MIB));
    let size = size.map_or_else(|| "all together an unknown size".to_owned(), |size| format!("all together {} MiB", mib(size)));
    match limit {
        Some(limit) if limit < u64::MAX => format!("{size} of {}", mib(limit)),
        Some(_) => size,
        None => format!(
            "{size}; set limits.store to 80 % of your quota in MiB (cPanel → Statistics → Disk Usage), which is not known here"
        ),
    }
}
