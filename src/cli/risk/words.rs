//! What figures mean, for who has not seen them before; docs/operator.md says more.

/// What stands below the figures of a training.
pub const OF_TRAINING: &str = "\
ROC-AUC: of two edits, one of which met another's, how often that one was told the higher number; 0.5 is a coin, 1 always.
average precision: how many of those told the highest numbers did meet another's; the higher the better.
Brier: how far the numbers are from what came, squared; 0 is best.
behind: another's version was there already that the device had not seen, which is a fact and needs no model.
trivial rule: who is behind will meet another's, nobody else. constant: the usual share, for everybody.";

/// What stands below a model's figures.
pub const OF_MODEL: &str = "\
ROC-AUC: of two edits that it had not learned from, one of which met another's, how often that one was told the higher number; 0.5 is \
a coin, 1 always. not behind: the same of devices that had seen the newest version, which is where it speaks.";

/// What each figure is that a model is held to.
const FIGURES: [(&str, &str); 8] = [
    ("leak", "ROC-AUC not behind, and who knows all beforehand was told it"),
    ("roc_auc", "ROC-AUC of facts, then the model"),
    ("roc_auc_above_trivial", "how much more ROC-AUC than the trivial rule"),
    ("roc_auc_not_behind_lower", "ROC-AUC not behind, less what chance may have added"),
    ("roc_auc_not_behind", "ROC-AUC not behind"),
    ("brier_not_behind_to_constant", "Brier not behind, in constants' Brier: above 1 a constant told more"),
    ("roc_auc_above_active", "ROC-AUC not behind, beside the active model's on the same edits"),
    ("population_stability_index", "how far edits are from those of its test; 0 is alike"),
];

/// What a figure is; nothing of one that is not known.
pub fn of(figure: &str) -> &'static str {
    FIGURES.iter().find(|(name, _)| *name == figure).map_or("", |(_, words)| words)
}

/// A figure's name with what it is.
pub fn named(figure: &str) -> String {
    match of(figure) {
        "" => figure.to_owned(),
        words => format!("{figure} ({words})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::risk::columns::WIDTH;
    use crate::domain::risk::train::figures::Figures;
    use crate::domain::risk::train::gate::{Report, against, checks};
    use crate::domain::risk::watch::{Drift, Found};

    #[test]
    fn every_figure_that_a_model_is_held_to_has_words() {
        let figures = Figures { roc_auc: 0.8, average_precision: 0.5, brier: 0.1 };
        let report =
            Report { all: figures, trivial: figures, not_behind: figures, constant: figures, not_behind_standard_error: 0.0 };
        let shift = crate::domain::risk::population::Shift { column: "", index: 0.0, limit: 0.25 };
        let found = Found { model: figures, constant: figures, drift: Drift::Known(Box::new([shift; WIDTH])) };
        let held = checks(&report).into_iter().chain([against(&report, figures)]).chain(found.checks());
        held.for_each(|check| assert!(!of(check.figure).is_empty(), "{}", check.figure));
    }
}
