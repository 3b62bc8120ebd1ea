//! The outcomes that a site's history has.

use super::DAYS;
use super::effect::Group;
use crate::base::error::Result;
use crate::base::time::{DAY, SECOND, Timestamp};
use crate::db::Db;
use crate::domain::risk::columns::read;
use crate::domain::risk::history::asks::{self, Outcomes};
use crate::domain::risk::history::store;
use crate::domain::risk::train::{Ask, MOST_ROWS, newest};

/// An instant in seconds.
pub fn seconds(at: Timestamp) -> f64 {
    at.0 as f64 / SECOND as f64
}

/// An ask as models look at it.
pub fn ask(number: usize, outcomes: &Outcomes) -> Ask {
    let Outcomes { asked, landed, behind, row, met, .. } = *outcomes;
    Ask { number, asked: seconds(asked), known: seconds(landed), behind: behind > 0, met, row: read(row) }
}

/// Reads asks of all couples and teams whose outcome is known, the newest of them, as far as they are wanted.
pub fn read_asks(db: &mut Db, wanted: &mut dyn FnMut(&Outcomes) -> bool) -> Result<Vec<Ask>> {
    let (now, mut found, mut number) = (Timestamp::now(), Vec::new(), 0);
    for tenant in store::tenants(db)? {
        asks::each(db, tenant, now, &mut |outcomes| {
            number += 1;
            if wanted(outcomes) {
                found.push(ask(number, outcomes));
            }
            // Twice as many as are looked at, so that sorting is worth it.
            if found.len() >= 2 * MOST_ROWS {
                found = newest(std::mem::take(&mut found));
            }
            Ok(())
        })?;
    }
    Ok(newest(found))
}

/// What has come of asks.
#[derive(Debug, Default)]
pub struct Seen {
    /// Those that landed in the last days.
    pub asks: Vec<Ask>,
    /// Those of the last 45 days that were told what the model says.
    pub told: Group,
    /// Those from which it was held back.
    pub held: Group,
}

/// Reads what has come of asks.
pub fn seen(db: &mut Db) -> Result<Seen> {
    let since = Timestamp::now().plus(-DAYS * DAY);
    let (mut told, mut held) = (Group::default(), Group::default());
    let asks = read_asks(db, &mut |outcomes| {
        match outcomes.held.filter(|_| outcomes.behind == 0) {
            Some(true) => held.add(outcomes.met),
            Some(false) => told.add(outcomes.met),
            None => {}
        }
        outcomes.landed >= since
    })?;
    Ok(Seen { asks, told, held })
}
