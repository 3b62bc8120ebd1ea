//! Fits a sum of steps by gradient boosting: each round cuts one column in two, where that explains most of what is left.

use super::Late;
use super::sample::Sample;
use crate::domain::risk::columns::Direction;
use crate::domain::risk::model::{Additive, Steps, chance};

/// The most bins of a column.
const BINS: usize = 32;
/// How many cuts.
const ROUNDS: usize = 100;
/// How much of each cut's step is taken.
const RATE: f64 = 0.1;
/// The fewest rows on either side of a cut.
const LEAF: usize = 30;
/// How much small steps are preferred.
const L2: f64 = 1.0;
/// The base rate is kept this far from 0 and 1.
const EDGE: f64 = 1e-6;
/// What a cut must explain at the least.
const GAIN: f64 = 1e-12;

/// The columns of a sample in bins.
struct Grid {
    edges: Vec<Vec<f64>>,
    bins: Vec<Vec<u8>>,
}

/// Sums over rows: of gradients, of curvatures, and how many.
#[derive(Clone, Copy, Default)]
struct Sums {
    slope: f64,
    bend: f64,
    rows: usize,
}

/// A column cut in two behind a bin, and the step to either side.
struct Cut {
    column: usize,
    bin: usize,
    gain: f64,
    left: f64,
    right: f64,
}

/// Fits a model; with directions, no column ever goes against its own.
///
/// # Errors
/// When the time is over.
pub fn fit<const N: usize>(
    sample: &Sample<'_, N>,
    directions: Option<&[Direction; N]>,
    late: &dyn Fn() -> bool,
) -> Result<Additive<N>, Late> {
    let grid = Grid::of(sample.rows);
    let base = base(sample);
    let mut scores = vec![base; sample.rows.len()];
    let mut columns: [Steps; N] = std::array::from_fn(|column| grid.flat(column));
    for _ in 0..ROUNDS {
        if late() {
            return Err(Late);
        }
        let sums = slopes(sample, &scores);
        let Some(cut) = grid.best(&sums, directions.map(<[Direction; N]>::as_slice)) else { break };
        let step = |bin: usize| RATE * if bin <= cut.bin { cut.left } else { cut.right };
        columns[cut.column].adds.iter_mut().enumerate().for_each(|(bin, add)| *add += step(bin));
        scores.iter_mut().zip(&grid.bins[cut.column]).for_each(|(score, bin)| *score += step(usize::from(*bin)));
    }
    Ok(Additive { base, columns })
}

/// The log-odds of the rate of all rows.
fn base<const N: usize>(sample: &Sample<'_, N>) -> f64 {
    let met: f64 = (0..sample.rows.len()).map(|row| sample.weights[row] * sample.outcome(row)).sum();
    let rate = (met / sample.total()).clamp(EDGE, 1.0 - EDGE);
    (rate / (1.0 - rate)).ln()
}

/// How the loss of each row leans and bends at its score.
fn slopes<const N: usize>(sample: &Sample<'_, N>, scores: &[f64]) -> Vec<(f64, f64)> {
    let of = |(row, score): (usize, &f64)| {
        let (chance, weight) = (chance(*score), sample.weights[row]);
        (weight * (chance - sample.outcome(row)), weight * chance * (1.0 - chance))
    };
    scores.iter().enumerate().map(of).collect()
}

impl Grid {
    fn of<const N: usize>(rows: &[[f64; N]]) -> Grid {
        let edges: Vec<Vec<f64>> = (0..N).map(|column| edges(rows.iter().map(|row| row[column]).collect())).collect();
        let bin = |column: usize, row: &[f64; N]| u8::try_from(Steps::place(&edges[column], row[column])).unwrap_or(u8::MAX);
        let bins = (0..N).map(|column| rows.iter().map(|row| bin(column, row)).collect()).collect();
        Grid { edges, bins }
    }

    /// A column that adds nothing yet.
    fn flat(&self, column: usize) -> Steps {
        let edges = self.edges[column].clone();
        Steps { adds: vec![0.0; edges.len() + 1], edges }
    }

    /// The cut of any column that explains most. Of equal ones it is the first, so that the same rows give the same bytes.
    fn best(&self, slopes: &[(f64, f64)], directions: Option<&[Direction]>) -> Option<Cut> {
        let mut best: Option<Cut> = None;
        for column in 0..self.bins.len() {
            let direction = directions.and_then(|directions| directions.get(column)).copied();
            for cut in self.cuts(column, slopes, direction) {
                let least = best.as_ref().map_or(GAIN, |best| best.gain);
                if cut.gain > least {
                    best = Some(cut);
                }
            }
        }
        best
    }

    /// Every cut of a column that leaves enough rows on either side, and goes where it may.
    fn cuts(&self, column: usize, slopes: &[(f64, f64)], direction: Option<Direction>) -> impl Iterator<Item = Cut> {
        let bins = self.sums(column, slopes);
        let all = bins.iter().fold(Sums::default(), |sum, bin| sum.plus(*bin));
        let cuts = self.edges[column].len();
        let mut left = Sums::default();
        (0..cuts).filter_map(move |bin| {
            left = left.plus(bins[bin]);
            let right = all.minus(left);
            let (down, up) = (left.step(), right.step());
            let may = match direction {
                None => true,
                Some(Direction::Rising) => up >= down,
                Some(Direction::Falling) => up <= down,
            };
            let gain = left.gain() + right.gain() - all.gain();
            (may && left.rows >= LEAF && right.rows >= LEAF).then_some(Cut { column, bin, gain, left: down, right: up })
        })
    }

    fn sums(&self, column: usize, slopes: &[(f64, f64)]) -> [Sums; BINS] {
        let mut sums = [Sums::default(); BINS];
        for (bin, (slope, bend)) in self.bins[column].iter().zip(slopes) {
            let sum = &mut sums[usize::from(*bin) % BINS];
            *sum = Sums { slope: sum.slope + slope, bend: sum.bend + bend, rows: sum.rows + 1 };
        }
        sums
    }
}

impl Sums {
    fn plus(self, other: Sums) -> Sums {
        Sums { slope: self.slope + other.slope, bend: self.bend + other.bend, rows: self.rows + other.rows }
    }

    fn minus(self, other: Sums) -> Sums {
        Sums { slope: self.slope - other.slope, bend: self.bend - other.bend, rows: self.rows - other.rows }
    }

    /// The step that lowers the loss of these rows most.
    fn step(self) -> f64 {
        -self.slope / (self.bend + L2)
    }

    /// By how much it does.
    fn gain(self) -> f64 {
        self.slope * self.slope / (self.bend + L2)
    }
}

/// Where the bins of a column end: between its values, where those are few, else so that each holds as many rows as it can.
fn edges(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_unstable_by(f64::total_cmp);
    let (count, last) = (values.len(), values.last().copied().unwrap_or_default());
    let mut distinct = values.clone();
    distinct.dedup();
    if distinct.len() <= BINS {
        return distinct.windows(2).map(|pair| f64::midpoint(pair[0], pair[1])).collect();
    }
    let mut edges: Vec<f64> = (1..BINS).map(|part| values[part * count / BINS]).collect();
    edges.dedup();
    edges.retain(|edge| *edge < last);
    edges
}
