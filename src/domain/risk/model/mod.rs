//! A model: what it says of an ask. How one is made is in `train`.

mod additive;
mod logistic;
pub mod stored;

pub use additive::{Additive, Steps};
pub use logistic::Logistic;

use super::columns::{Row, WIDTH};

/// A model of all columns.
#[derive(Debug, Clone, PartialEq)]
pub enum Model {
    /// A sum of weighted columns.
    Logistic(Box<Logistic<WIDTH>>),
    /// A sum of steps.
    Additive(Box<Additive<WIDTH>>),
    /// The mean of what two sums of steps say.
    Mean(Box<[Additive<WIDTH>; 2]>),
}

impl Model {
    /// How likely the edit is to meet one that its device has not seen.
    pub fn probability(&self, row: &Row) -> f64 {
        match self {
            Model::Logistic(model) => chance(model.log_odds(row)),
            Model::Additive(model) => chance(model.log_odds(row)),
            Model::Mean(both) => {
                let [one, other] = both.each_ref().map(|model| chance(model.log_odds(row)));
                mean(one, other)
            }
        }
    }
}

impl Model {
    /// What each column adds to the log-odds; of two sums the mean.
    pub fn effects(&self, row: &Row) -> [f64; WIDTH] {
        match self {
            Model::Logistic(model) => model.effects(row),
            Model::Additive(model) => model.effects(row),
            Model::Mean(both) => {
                let [one, other] = both.each_ref().map(|model| model.effects(row));
                std::array::from_fn(|column| mean(one[column], other[column]))
            }
        }
    }
}

/// The mean of two probabilities.
pub fn mean(one: f64, other: f64) -> f64 {
    f64::midpoint(one, other)
}

/// The probability of log-odds.
pub fn chance(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds).exp())
}
