//! A sum of steps: what each column adds depends on where its value lies between a few edges.

/// What one column adds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Steps {
    /// Where another step begins, behind each of these values.
    pub edges: Vec<f64>,
    /// What each step adds: one more than edges.
    pub adds: Vec<f64>,
}

impl Steps {
    /// The step that a value lies on.
    pub fn place(edges: &[f64], value: f64) -> usize {
        edges.partition_point(|edge| *edge < value)
    }

    fn at(&self, value: f64) -> f64 {
        self.adds.get(Steps::place(&self.edges, value)).copied().unwrap_or_default()
    }
}

/// A sum of steps, in log-odds.
#[derive(Debug, Clone, PartialEq)]
pub struct Additive<const N: usize> {
    /// What is there before any column.
    pub base: f64,
    /// What each column adds.
    pub columns: [Steps; N],
}

impl<const N: usize> Additive<N> {
    /// What each column adds.
    pub fn effects(&self, row: &[f64; N]) -> [f64; N] {
        std::array::from_fn(|column| self.columns[column].at(row[column]))
    }

    /// What it says of a row.
    pub fn log_odds(&self, row: &[f64; N]) -> f64 {
        self.base + self.columns.iter().zip(row).map(|(steps, value)| steps.at(*value)).sum::<f64>()
    }
}
