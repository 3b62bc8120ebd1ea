//! What a model must show on edits that it has not learned from, before anybody is told what it says.

use super::figures::{Figures, outcomes, standard_error};
use serde::Serialize;

/// How a model did on the test rows, beside the rules that need none.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Report {
    /// Facts, then the model: 1 for those behind.
    pub all: Figures,
    /// The trivial rule: 1 for those behind, else 0.
    pub trivial: Figures,
    /// The model on those not behind.
    pub not_behind: Figures,
    /// The rate of the training rows on those not behind.
    pub constant: Figures,
    /// The standard error of the ROC-AUC not behind.
    pub not_behind_standard_error: f64,
}

/// What is told of an ask, with what is known of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Told {
    /// The number of the ask.
    pub number: usize,
    /// Had another written since its base?
    pub behind: bool,
    /// Did the edit meet another?
    pub met: bool,
    /// What the model says.
    pub model: f64,
}

impl Told {
    /// What is told: where the facts speak, the model does not.
    pub fn probability(&self) -> f64 {
        if self.behind { 1.0 } else { self.model }
    }
}

impl Report {
    /// The report of a model whose training rows met another at this rate.
    pub fn of(told: &[Told], rate: f64) -> Report {
        let figures = |say: &dyn Fn(&Told) -> f64, all: bool| {
            let pairs: Vec<_> = told.iter().filter(|told| all || !told.behind).map(|told| (say(told), told.met)).collect();
            (Figures::of(&pairs), outcomes(&pairs))
        };
        let (not_behind, (met, not)) = figures(&|told| told.model, false);
        Report {
            all: figures(&Told::probability, true).0,
            trivial: figures(&|told| f64::from(u8::from(told.behind)), true).0,
            not_behind,
            constant: figures(&|_| rate, false).0,
            not_behind_standard_error: standard_error(not_behind.roc_auc, met, not),
        }
    }
}

/// A figure of the gate, and whether it is good enough.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Check {
    /// What is looked at.
    pub figure: &'static str,
    /// What it is.
    pub value: f64,
    /// What it may be at the most, or must be at the least.
    pub limit: f64,
    /// Is it good enough?
    pub passed: bool,
}

/// How many standard errors below its estimate a ROC-AUC still has to tell something: one in twenty is lower.
const ERRORS: f64 = 1.64;

/// Every figure that a model is held to. Who knows all beforehand has been told it: that is the first.
pub fn checks(report: &Report) -> [Check; 5] {
    let Report { all, trivial, not_behind, constant, not_behind_standard_error } = report;
    let least = |figure, value: f64, limit| Check { figure, value, limit, passed: value >= limit };
    let leak = Check { figure: "leak", value: not_behind.roc_auc, limit: 0.99, passed: not_behind.roc_auc < 0.99 };
    let ratio = not_behind.brier / constant.brier;
    [
        leak,
        least("roc_auc", all.roc_auc, 0.7),
        least("roc_auc_above_trivial", all.roc_auc - trivial.roc_auc, 0.05),
        least("roc_auc_not_behind_lower", not_behind.roc_auc - ERRORS * not_behind_standard_error, 0.62),
        Check { figure: "brier_not_behind_to_constant", value: ratio, limit: 1.1, passed: ratio <= 1.1 },
    ]
}

/// How much better than the active model another one must be, on the same rows: in ROC-AUC, or in Brier's score.
const BETTER: (f64, f64) = (0.01, 0.98);

/// What a model is held to beside the active one, whose figures on those not behind these are.
pub fn against(report: &Report, active: Figures) -> Check {
    let new = report.not_behind;
    let passed = new.roc_auc >= active.roc_auc + BETTER.0 || new.brier <= active.brier * BETTER.1;
    Check { figure: "roc_auc_above_active", value: new.roc_auc, limit: active.roc_auc + BETTER.0, passed }
}
