//! Logistic regression on standardised columns.

/// A sum of weighted columns, in log-odds.
#[derive(Debug, Clone, PartialEq)]
pub struct Logistic<const N: usize> {
    /// What is taken off each column.
    pub mean: [f64; N],
    /// What each is divided by then.
    pub scale: [f64; N],
    /// What each counts.
    pub weights: [f64; N],
    /// What is added.
    pub intercept: f64,
}

impl<const N: usize> Logistic<N> {
    /// A row, standardised.
    pub fn standard(&self, row: &[f64; N]) -> [f64; N] {
        std::array::from_fn(|column| (row[column] - self.mean[column]) / self.scale[column])
    }

    /// What each column adds.
    pub fn effects(&self, row: &[f64; N]) -> [f64; N] {
        let standard = self.standard(row);
        std::array::from_fn(|column| standard[column] * self.weights[column])
    }

    /// What it says of a row.
    pub fn log_odds(&self, row: &[f64; N]) -> f64 {
        self.intercept + self.standard(row).iter().zip(&self.weights).map(|(value, weight)| value * weight).sum::<f64>()
    }
}
