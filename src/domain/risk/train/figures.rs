//! How well probabilities tell what happened: ROC-AUC, average precision and Brier's score, as scikit-learn counts them.

use serde::Serialize;

/// The figures of one way to tell.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Figures {
    /// How often an edit that met another was told a higher probability than one that did not; ties count half.
    pub roc_auc: f64,
    /// The mean of the precision over the recall.
    pub average_precision: f64,
    /// The mean of the squared errors.
    pub brier: f64,
}

impl Figures {
    /// The figures of what was told, with what happened.
    pub fn of(told: &[(f64, bool)]) -> Figures {
        let mut sorted = told.to_vec();
        sorted.sort_by(|one, other| other.0.total_cmp(&one.0));
        let square = |(probability, met): &(f64, bool)| (probability - f64::from(u8::from(*met))).powi(2);
        let brier = told.iter().map(square).sum::<f64>() / told.len().max(1) as f64;
        Figures { roc_auc: roc_auc(&sorted), average_precision: average_precision(&sorted), brier }
    }
}

/// How many met another, and how many did not.
pub fn outcomes(told: &[(f64, bool)]) -> (f64, f64) {
    let met = told.iter().filter(|(_, met)| *met).count();
    (met as f64, (told.len() - met) as f64)
}

/// One half where there is nothing to tell apart.
fn roc_auc(falling: &[(f64, bool)]) -> f64 {
    let (met, not) = outcomes(falling);
    if met * not == 0.0 {
        return 0.5;
    }
    let (mut above, mut pairs) = (0.0, 0.0);
    for tie in ties(falling) {
        let (hits, misses) = outcomes(tie);
        pairs += misses * (above + hits / 2.0);
        above += hits;
    }
    pairs / (met * not)
}

fn average_precision(falling: &[(f64, bool)]) -> f64 {
    let (met, _) = outcomes(falling);
    let (mut hits, mut seen, mut sum) = (0.0, 0.0, 0.0);
    for tie in ties(falling) {
        let found = outcomes(tie).0;
        hits += found;
        seen += tie.len() as f64;
        sum += found * hits / seen;
    }
    if met > 0.0 { sum / met } else { 0.0 }
}

/// Those that were told the same.
fn ties(sorted: &[(f64, bool)]) -> impl Iterator<Item = &[(f64, bool)]> {
    sorted.chunk_by(|one, other| one.0.total_cmp(&other.0).is_eq())
}

/// The standard error of a ROC-AUC (Hanley and McNeil, 1982).
pub fn standard_error(roc_auc: f64, met: f64, not: f64) -> f64 {
    if met * not == 0.0 {
        return f64::MAX;
    }
    let (both, square) = (roc_auc / (2.0 - roc_auc), roc_auc * roc_auc);
    let other = 2.0 * square / (1.0 + roc_auc);
    let variance = roc_auc * (1.0 - roc_auc) + (met - 1.0) * (both - square) + (not - 1.0) * (other - square);
    (variance.max(0.0) / (met * not)).sqrt()
}

/// The value below which a share of sorted values lies, linearly between the two nearest.
pub fn percentile(sorted: &[f64], share: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let place = last as f64 * share;
    let below = (place as usize).min(last);
    let (from, to) = (sorted[below], sorted[(below + 1).min(last)]);
    let part = place - below as f64;
    Some(if part < 0.5 { from + (to - from) * part } else { to - (to - from) * (1.0 - part) })
}
