//! The model that gives advice: does it still tell what comes?

use super::{Finding, Patient};
use crate::feature::degraded::degraded;

/// As the night found it.
pub fn model(patient: &mut Patient) -> Finding {
    let Some(db) = &mut patient.db else { return Finding::skipped("database") };
    match degraded(db) {
        Ok(None) => Finding::ok("nothing is known against it"),
        Ok(Some(found)) => Finding::note(
            format!("the model that is told is degraded since {}: {}", found.since, found.figure),
            "`tandem risk status` shows the figures. It is trained again each night, and given up after three days; `tandem risk off` does so at once",
        ),
        Err(_) => Finding::skipped("database"),
    }
}
