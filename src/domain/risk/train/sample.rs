//! What a model is fitted to.

use std::borrow::Cow;

/// Rows with what happened, oldest first.
#[derive(Debug, Clone)]
pub struct Sample<'s, const N: usize> {
    /// The columns.
    pub rows: &'s [[f64; N]],
    /// Did the edit meet another?
    pub met: &'s [bool],
    /// How much each row counts.
    pub weights: Cow<'s, [f64]>,
}

/// After how many times the length of a sample a row counts half: what happened lately tells a little more of what comes. Short enough
/// to follow a team that changes, long enough that the oldest row still counts seven tenths of the newest.
const HALVED_AFTER: f64 = 2.0;

impl<'s, const N: usize> Sample<'s, N> {
    /// Rows that all count the same.
    pub fn even(rows: &'s [[f64; N]], met: &'s [bool]) -> Sample<'s, N> {
        Sample { rows, met, weights: Cow::Owned(vec![1.0; rows.len()]) }
    }

    /// Rows of which later ones count more; all together they count as many as they are.
    pub fn recent(rows: &'s [[f64; N]], met: &'s [bool]) -> Sample<'s, N> {
        let count = rows.len() as f64;
        let weight = |place: usize| 0.5_f64.powf((count - 1.0 - place as f64) / (HALVED_AFTER * count));
        let mut weights: Vec<f64> = (0..rows.len()).map(weight).collect();
        let mean = weights.iter().sum::<f64>() / count;
        weights.iter_mut().for_each(|weight| *weight /= mean);
        Sample { rows, met, weights: Cow::Owned(weights) }
    }

    /// How much all rows count.
    pub fn total(&self) -> f64 {
        self.weights.iter().sum()
    }

    /// 1 where a row met another, else 0.
    pub fn outcome(&self, row: usize) -> f64 {
        f64::from(u8::from(self.met[row]))
    }
}
