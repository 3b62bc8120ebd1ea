//! Fits a logistic regression by Newton's method: minimises `C·Σ w·log(1 + e^−sz) + ½|weights|²`, the intercept free.

use super::sample::Sample;
use crate::domain::risk::model::{Logistic, chance};

/// How much the rows count against small weights.
const C: f64 = 1.0;
/// The most steps: a handful is enough where the problem is sound.
const STEPS: usize = 50;
/// How often a step is halved before it is taken for good enough.
const HALVINGS: usize = 30;
/// A step as small as this ends the search.
const STILL: f64 = 1e-10;

/// Fits a model.
pub fn fit<const N: usize>(sample: &Sample<'_, N>) -> Logistic<N> {
    let mut model = standardised(sample.rows);
    let rows: Vec<[f64; N]> = sample.rows.iter().map(|row| model.standard(row)).collect();
    let mut loss = objective(&model, &rows, sample);
    for _ in 0..STEPS {
        let step = newton(&model, &rows, sample);
        let (next, lower, length) = shortened(&model, &step, |model| objective(model, &rows, sample), loss);
        (model, loss) = (next, lower);
        if length < STILL {
            break;
        }
    }
    model
}

/// Nothing learned yet: means and population deviations of the columns. A column that never varies is left as it is.
fn standardised<const N: usize>(rows: &[[f64; N]]) -> Logistic<N> {
    let count = rows.len().max(1) as f64;
    let mean: [f64; N] = std::array::from_fn(|column| rows.iter().map(|row| row[column]).sum::<f64>() / count);
    let scale = std::array::from_fn(|column| {
        let variance = rows.iter().map(|row| (row[column] - mean[column]).powi(2)).sum::<f64>() / count;
        if variance > 0.0 { variance.sqrt() } else { 1.0 }
    });
    Logistic { mean, scale, weights: [0.0; N], intercept: 0.0 }
}

/// What a model says of a row that is standardised already.
fn score<const N: usize>(model: &Logistic<N>, row: &[f64; N]) -> f64 {
    model.intercept + row.iter().zip(&model.weights).map(|(value, weight)| value * weight).sum::<f64>()
}

fn objective<const N: usize>(model: &Logistic<N>, rows: &[[f64; N]], sample: &Sample<'_, N>) -> f64 {
    let loss = |(place, row): (usize, &[f64; N])| {
        let score = score(model, row);
        let wrong = if sample.met[place] { -score } else { score };
        // ln(1 + e^x) without an infinity on the way.
        sample.weights[place] * (wrong.max(0.0) + (-wrong.abs()).exp().ln_1p())
    };
    C * rows.iter().enumerate().map(loss).sum::<f64>() + model.weights.iter().map(|weight| weight * weight).sum::<f64>() / 2.0
}

/// The step to the minimum of the parabola that touches the objective here; the intercept's is the last.
fn newton<const N: usize>(model: &Logistic<N>, rows: &[[f64; N]], sample: &Sample<'_, N>) -> Vec<f64> {
    let width = N + 1;
    let mut gradient = vec![0.0; width];
    let mut hessian = vec![vec![0.0; width]; width];
    for (place, row) in rows.iter().enumerate() {
        let chance = chance(score(model, row));
        let weight = C * sample.weights[place];
        let (slope, bend) = (weight * (chance - sample.outcome(place)), weight * chance * (1.0 - chance));
        let value = |column: usize| row.get(column).copied().unwrap_or(1.0);
        for one in 0..width {
            gradient[one] += slope * value(one);
            let bent = bend * value(one);
            (0..=one).for_each(|other| hessian[one][other] += bent * value(other));
        }
    }
    for column in 0..N {
        gradient[column] += model.weights[column];
        hessian[column][column] += 1.0;
    }
    solve(hessian, gradient)
}

/// Solves a symmetric positive definite system, of which the lower half is given, by Cholesky's decomposition.
fn solve(mut matrix: Vec<Vec<f64>>, mut values: Vec<f64>) -> Vec<f64> {
    let width = values.len();
    for row in 0..width {
        for column in 0..=row {
            let known: f64 = (0..column).map(|k| matrix[row][k] * matrix[column][k]).sum();
            let left = matrix[row][column] - known;
            // Rounding may leave nothing of what is positive in theory.
            matrix[row][column] = if row == column { left.max(f64::MIN_POSITIVE).sqrt() } else { left / matrix[column][column] };
        }
    }
    for row in 0..width {
        let known: f64 = (0..row).map(|k| matrix[row][k] * values[k]).sum();
        values[row] = (values[row] - known) / matrix[row][row];
    }
    for row in (0..width).rev() {
        let known: f64 = (row + 1..width).map(|k| matrix[k][row] * values[k]).sum();
        values[row] = (values[row] - known) / matrix[row][row];
    }
    values
}

/// Goes a step, or as much of it as does not lead uphill; answers the model, its loss, and the longest change.
fn shortened<const N: usize>(
    from: &Logistic<N>,
    step: &[f64],
    objective: impl Fn(&Logistic<N>) -> f64,
    before: f64,
) -> (Logistic<N>, f64, f64) {
    let longest = step.iter().fold(0.0_f64, |longest, change| longest.max(change.abs()));
    let mut part = 1.0;
    for _ in 0..HALVINGS {
        let mut next = from.clone();
        next.weights.iter_mut().zip(step).for_each(|(weight, change)| *weight -= part * change);
        next.intercept -= part * step[N];
        let loss = objective(&next);
        if loss <= before || part * longest < STILL {
            return (next, loss, part * longest);
        }
        part /= 2.0;
    }
    (from.clone(), before, 0.0)
}
