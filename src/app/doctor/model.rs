//! The model that gives advice: can it be read, and does it still tell what comes?

use super::{Finding, Patient};
use crate::app::FEATURES;
use crate::base::error::Result;

/// What those who keep it doubt.
pub fn model(patient: &mut Patient) -> Finding {
    let Some(db) = &mut patient.db else { return Finding::skipped("database") };
    let doubts: Result<Vec<_>> = FEATURES.iter().filter_map(|feature| feature.doubts).map(|doubts| doubts(db)).collect();
    let Ok(doubts) = doubts else { return Finding::skipped("database") };
    let mut doubts = doubts.into_iter().flatten();
    let Some(first) = doubts.next() else { return Finding::ok("nothing is known against it") };
    let saw = doubts.fold(first.saw, |saw, doubt| format!("{saw}; {}", doubt.saw));
    Finding::note(saw, first.todo)
}
