//! What the asks were like that a model was tested on, column by column: how far those of today are from them tells whether its figures are
//! still about what comes. Not those that it learned from: the weeks before are always otherwise where a team grows.

use super::columns::{COLUMNS, Pace, Row, WIDTH};
use super::train::figures::percentile;

/// How many bins a column has at the most.
const BINS: usize = 10;
/// What each bin counts beside its asks: an empty one would be infinitely far from any other.
const HALF: f64 = 0.5;
/// From which index on a column is another than it was, as is usual.
const MOST: f64 = 0.25;
/// The normal quantile of what chance exceeds once in a thousand times: eleven columns are looked at each night.
const SELDOM: f64 = 3.09;

/// The asks that a model was tested on.
#[derive(Debug, Clone, PartialEq)]
pub struct Population([Bins; WIDTH]);

/// One column of them.
#[derive(Debug, Clone, Default, PartialEq)]
struct Bins {
    /// Where one bin ends and the next one begins, rising.
    edges: Vec<f64>,
    /// How many asks are in each, one more than there are edges.
    counts: Vec<u32>,
    /// How many values stand for themselves.
    values: usize,
}

/// How far a column is from what it was.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shift {
    /// The column.
    pub column: &'static str,
    /// The population stability index: 0 is the same.
    pub index: f64,
    /// From where on it is another: 0.25, or what chance makes of so few.
    pub limit: f64,
}

impl Population {
    /// That of rows, as models look at them.
    pub fn of(rows: &[&Row]) -> Population {
        Population(std::array::from_fn(|column| {
            let sorted = sorted(rows, column);
            let edges = (1..BINS).filter_map(|tenth| percentile(&sorted, tenth as f64 / BINS as f64));
            let mut edges: Vec<f64> = edges.filter(|edge| sorted.last().is_some_and(|last| edge < last)).collect();
            edges.dedup();
            let counts = counts(&edges, &sorted);
            Bins { edges, counts, values: values(column, &sorted) }
        }))
    }

    /// How far other rows are from these, column by column.
    pub fn shifts(&self, rows: &[&Row]) -> [Shift; WIDTH] {
        std::array::from_fn(|column| {
            let (bins, sorted) = (&self.0[column], sorted(rows, column));
            let index = index(&bins.counts, &counts(&bins.edges, &sorted));
            let few = 1.0 / values(column, &sorted).max(1) as f64 + 1.0 / bins.values.max(1) as f64;
            let limit = (chi_square(bins.edges.len() as f64) * few).max(MOST);
            Shift { column: COLUMNS[column].name, index, limit }
        })
    }

    /// It as text: a line a column.
    pub fn write(&self) -> String {
        let words = |bins: &Bins| {
            let edges = bins.edges.iter().map(f64::to_string);
            let counts = bins.counts.iter().map(u32::to_string);
            [bins.values.to_string()].into_iter().chain(edges).chain(counts).collect::<Vec<_>>().join(" ")
        };
        self.0.iter().map(words).collect::<Vec<_>>().join("\n")
    }

    /// Reads it; nothing where it is none.
    pub fn read(text: &str) -> Option<Population> {
        let bins: Vec<Bins> = text.lines().map(bins).collect::<Option<_>>()?;
        bins.try_into().ok().map(Population)
    }
}

fn bins(line: &str) -> Option<Bins> {
    let mut words = line.split(' ');
    let values = words.next()?.parse().ok()?;
    let rest: Vec<&str> = words.collect();
    let (edges, counts) = rest.split_at(rest.len() / 2);
    let edges: Vec<f64> = edges.iter().map(|word| word.parse().ok()).collect::<Option<_>>()?;
    let counts: Vec<u32> = counts.iter().map(|word| word.parse().ok()).collect::<Option<_>>()?;
    (counts.len() == edges.len() + 1).then_some(Bins { edges, counts, values })
}

fn sorted(rows: &[&Row], column: usize) -> Vec<f64> {
    let mut values: Vec<f64> = rows.iter().map(|row| row[column]).collect();
    values.sort_by(f64::total_cmp);
    values
}

/// How many values are in each bin; one that is an edge is below it.
fn counts(edges: &[f64], sorted: &[f64]) -> Vec<u32> {
    let ends = edges.iter().map(|edge| sorted.partition_point(|value| value <= edge)).chain([sorted.len()]);
    let mut from = 0;
    ends.map(|end| u32::try_from(end - std::mem::replace(&mut from, end)).unwrap_or(u32::MAX)).collect()
}

/// How many values stand for themselves: what is one number all day for everybody counts once, however many ask.
fn values(column: usize, sorted: &[f64]) -> usize {
    match COLUMNS[column].pace {
        Pace::Ask => sorted.len(),
        Pace::Day => sorted.chunk_by(|one, next| one == next).count(),
    }
}

/// The population stability index: the shares' differences times their logarithms' differences.
fn index(before: &[u32], now: &[u32]) -> f64 {
    let all = |counts: &[u32]| counts.iter().map(|count| f64::from(*count) + HALF).sum::<f64>();
    let (all_before, all_now) = (all(before), all(now));
    let of_bin = |(before, now): (&u32, &u32)| {
        let (before, now) = ((f64::from(*before) + HALF) / all_before, (f64::from(*now) + HALF) / all_now);
        (now - before) * (now / before).ln()
    };
    before.iter().zip(now).map(of_bin).sum()
}

/// What chi-square with so many degrees of freedom hardly ever exceeds (Wilson and Hilferty): the index of samples of one population is that,
/// over their sizes.
fn chi_square(freedom: f64) -> f64 {
    let part = 2.0 / (9.0 * freedom.max(1.0));
    freedom * (1.0 - part + SELDOM * part.sqrt()).powi(3)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows whose columns all have these values.
    fn rows(values: impl Iterator<Item = f64>) -> Vec<Row> {
        values.map(|value| [value; WIDTH]).collect()
    }

    fn shift(before: &[Row], now: &[Row], column: usize) -> Shift {
        Population::of(&before.iter().collect::<Vec<_>>()).shifts(&now.iter().collect::<Vec<_>>())[column]
    }

    #[test]
    fn the_same_is_no_shift_and_another_is() {
        let (before, same) = (rows((0..1_000).map(f64::from)), rows((0..100).map(|n| f64::from(n * 10))));
        let Shift { index, limit, .. } = shift(&before, &same, 0);
        assert!(index < 0.01 && limit > MOST && limit < 0.4, "{index} {limit}");
        let later = rows((0..1_000).map(|n| f64::from(n + 300)));
        let Shift { column, index, limit } = shift(&before, &later, 0);
        assert!((column, limit) == ("hours_since_base", MOST) && index > 1.0, "{index}");
    }

    #[test]
    fn the_index_is_the_usual_one() {
        // Half and half before; a quarter and three quarters now: 0.25 × ln 3 + … with a half more in each bin.
        let shares = |one: f64, other: f64| ((one + 0.5) / (one + other + 1.0), (other + 0.5) / (one + other + 1.0));
        let ((one, other), (first, second)) = (shares(500.0, 500.0), shares(250.0, 750.0));
        let wanted = (first - one) * (first / one).ln() + (second - other) * (second / other).ln();
        assert!((index(&[500, 500], &[250, 750]) - wanted).abs() < 1e-12 && (wanted - 0.2747).abs() < 0.002, "{wanted}");
    }

    #[test]
    fn what_is_one_number_all_day_is_not_many() {
        let team = COLUMNS.iter().position(|column| column.pace == Pace::Day).unwrap();
        // A week of a thousand asks whose number of the day is among the higher ones of a month.
        let (before, now) = (rows((0..4_000).map(|n| f64::from(n / 130))), rows((0..1_000).map(|n| f64::from(22 + n / 143))));
        let Shift { index, limit, .. } = shift(&before, &now, team);
        assert!(index > 1.0 && index < limit, "{index} {limit}");
        let other = shift(&before, &now, 0);
        assert!(other.index > other.limit, "{other:?}");
    }

    #[test]
    fn what_is_read_is_what_was_written() {
        let (many, few) = (rows((0..999).map(|n| f64::from(n) / 7.0)), rows([1.0, 1.0].into_iter()));
        for rows in [many, few, Vec::new()] {
            let population = Population::of(&rows.iter().collect::<Vec<_>>());
            assert_eq!(Population::read(&population.write()), Some(population));
        }
        for broken in ["", "1 2 3 4", "x\n"] {
            assert_eq!(Population::read(broken), None, "{broken}");
        }
    }

    #[test]
    fn quantiles_of_chi_square_are_those_of_the_tables() {
        for (freedom, wanted) in [(1.0, 10.83), (4.0, 18.47), (9.0, 27.88)] {
            assert!((chi_square(freedom) - wanted).abs() < 0.4, "{freedom}: {}", chi_square(freedom));
        }
        assert_eq!(chi_square(0.0), 0.0, "one bin alone");
    }
}
