//! Training: from asks whose outcome is known to a model, and what it shows on asks that came later. Pure: the same asks give the same bytes.
//!
//! Its work is bounded by rows × rounds; where the time is over all the same, it ends without a model.

pub mod figures;
pub mod gate;
pub mod logistic;
pub mod sample;
pub mod stumps;
#[cfg(test)]
mod tests;

use super::columns::{COLUMNS, Row, WIDTH};
use super::model::{Model, mean};
use super::population::Population;
use crate::base::word;
use figures::{Figures, percentile};
use gate::{Check, Report, Told, against, checks};
use sample::Sample;

/// The most asks that are looked at, the newest: what holds 10 s of work and 64 MiB.
pub const MOST_ROWS: usize = 100_000;
/// The fewest asks that there is anything to learn from, the fewest of them that met another, and of those in the test.
pub const FEWEST: (usize, usize, usize) = (500, 50, 20);
/// The share of instants before the cut, and of training rows that candidates are compared on.
const OLDER: f64 = 0.7;

/// An ask whose outcome is known.
#[derive(Debug, Clone, PartialEq)]
pub struct Ask {
    /// Its number among all.
    pub number: usize,
    /// When it was asked.
    pub asked: f64,
    /// When its outcome was known: its edit landed.
    pub known: f64,
    /// Had another written since its base?
    pub behind: bool,
    /// Did the edit meet another?
    pub met: bool,
    /// What was known of it, as models look at it.
    pub row: Row,
}

/// The time is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Late;

/// Ways to learn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Candidate {
    /// Logistic regression.
    Logistic,
    /// A sum of steps.
    Additive,
    /// The same with columns that go one way.
    Monotone,
    /// The mean of the two sums.
    Mean,
}

impl Candidate {
    /// Every one with its word; of equal ones the first is picked.
    pub const ALL: [(Candidate, &str); 4] = [
        (Candidate::Logistic, "logistic"),
        (Candidate::Additive, "additive"),
        (Candidate::Monotone, "monotone"),
        (Candidate::Mean, "mean"),
    ];

    /// Its word.
    pub fn name(self) -> &'static str {
        word::of(&Self::ALL, &self)
    }
}

/// How many asks, and how many of them met another.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// All.
    pub rows: usize,
    /// Those that met another.
    pub met: usize,
}

impl Count {
    fn of<'a>(asks: impl IntoIterator<Item = &'a Ask>) -> Count {
        asks.into_iter()
            .fold(Count::default(), |Count { rows, met }, ask| Count { rows: rows + 1, met: met + usize::from(ask.met) })
    }
}

/// What became of a training.
#[derive(Debug, Clone, PartialEq)]
pub struct Training {
    /// What was looked at.
    pub all: Count,
    /// What the model learned from.
    pub trained: Count,
    /// What it was tested on.
    pub tested: Count,
    /// The instant between the two.
    pub cut: Option<f64>,
    /// What is told of each ask of the test, in the order of their numbers.
    pub told: Vec<Told>,
    /// What came out.
    pub outcome: Outcome,
}

/// What came out of a training.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// There is too little to learn from.
    Insufficient,
    /// The time was over.
    Late,
    /// A model, and whether it is good enough.
    Learned(Box<Learned>),
}

/// A model and what is known of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Learned {
    /// The model.
    pub model: Model,
    /// How it was made.
    pub picked: Candidate,
    /// The ROC-AUC of each candidate on the newer part of the training rows.
    pub compared: [(Candidate, f64); 4],
    /// Its figures on the test rows.
    pub report: Report,
    /// What it is held to.
    pub checks: [Check; 5],
    /// What it is held to beside the active model, on the same rows.
    pub rival: Option<Check>,
    /// From which probability on an edit is risky, and from which on it is very.
    pub levels: (f64, f64),
    /// The asks that its figures are of, as far as they were not behind: it has shown nothing of others.
    pub population: Population,
}

impl Learned {
    /// The first figure that is not good enough.
    pub fn failed(&self) -> Option<&Check> {
        self.checks.iter().chain(&self.rival).find(|check| !check.passed)
    }
}

/// Keeps the newest asks, oldest first: by ask, then by outcome, then by number.
pub fn newest(mut asks: Vec<Ask>) -> Vec<Ask> {
    asks.sort_by(order);
    asks.drain(..asks.len().saturating_sub(MOST_ROWS));
    asks
}

fn order(one: &Ask, other: &Ask) -> std::cmp::Ordering {
    let by = |ask: &Ask| (ask.asked, ask.known);
    let ((asked, known), (other_asked, other_known)) = (by(one), by(other));
    asked.total_cmp(&other_asked).then(known.total_cmp(&other_known)).then(one.number.cmp(&other.number))
}

/// Rows with what happened.
struct Part {
    rows: Vec<Row>,
    met: Vec<bool>,
}

/// Trains on the newest asks, and tests on those after the cut, beside the active model if there is one. `late` says that the time is
/// over.
pub fn train(asks: Vec<Ask>, active: Option<&Model>, late: &dyn Fn() -> bool) -> Training {
    let asks = newest(asks);
    let all = Count::of(&asks);
    let instants: Vec<f64> = asks.iter().map(|ask| ask.asked).collect();
    let cut = percentile(&instants, OLDER);
    let before = |instant: f64| cut.is_some_and(|cut| instant < cut);
    let tested: Vec<&Ask> = asks.iter().filter(|ask| !before(ask.asked)).collect();
    let trained: Vec<&Ask> = asks.iter().filter(|ask| before(ask.asked) && before(ask.known) && !ask.behind).collect();
    let counts = (Count::of(trained.iter().copied()), Count::of(tested.iter().copied()));
    let rate = counts.0.met as f64 / counts.0.rows.max(1) as f64;
    let part = Part { rows: trained.iter().map(|ask| ask.row).collect(), met: trained.iter().map(|ask| ask.met).collect() };
    let few = all.rows < FEWEST.0 || all.met < FEWEST.1 || counts.1.met < FEWEST.2 || part.rows.len() < 2;
    let learned = if few { None } else { Some(learn(&part, late)) };
    let model = learned.as_ref().and_then(|learned| learned.as_ref().ok()).map(|(model, ..)| model);
    let mut told: Vec<Told> = tested.iter().map(|ask| tell(ask, model, rate)).collect();
    told.sort_by_key(|told| told.number);
    let outcome = match learned {
        None => Outcome::Insufficient,
        Some(Err(Late)) => Outcome::Late,
        Some(Ok((model, picked, compared))) => {
            let report = Report::of(&told, rate);
            let apart: Vec<&Ask> = tested.iter().copied().filter(|ask| !ask.behind).collect();
            let rival = active.map(|active| against(&report, figures_of(active, &apart)));
            let levels = levels(&model, &apart, rate);
            let population = Population::of(&apart.iter().map(|ask| &ask.row).collect::<Vec<_>>());
            let checks = checks(&report);
            Outcome::Learned(Box::new(Learned { model, picked, compared, report, checks, rival, levels, population }))
        }
    };
    Training { all, trained: counts.0, tested: counts.1, cut, told, outcome }
}

/// How a model does on asks.
fn figures_of(model: &Model, asks: &[&Ask]) -> Figures {
    Figures::of(&asks.iter().map(|ask| (model.probability(&ask.row), ask.met)).collect::<Vec<_>>())
}

/// The shares of asks that are less than risky, and less than very; and how many times the rate of all each is at the least.
const LEVELS: [(f64, f64); 2] = [(0.8, 2.0), (0.95, 4.0)];

/// From which probability on an edit is risky, and from which on it is very.
fn levels(model: &Model, asks: &[&Ask], rate: f64) -> (f64, f64) {
    let mut says: Vec<f64> = asks.iter().map(|ask| model.probability(&ask.row)).collect();
    says.sort_by(f64::total_cmp);
    let [medium, high] = LEVELS.map(|(share, times)| percentile(&says, share).unwrap_or_default().max(times * rate));
    (medium, high)
}

/// What is told of an ask; without a model, the rate of the training rows.
fn tell(ask: &Ask, model: Option<&Model>, rate: f64) -> Told {
    let says = model.map_or(rate, |model| model.probability(&ask.row));
    Told { number: ask.number, behind: ask.behind, met: ask.met, model: says }
}

/// A model, which candidate it is, and how each did.
type Pick = (Model, Candidate, [(Candidate, f64); 4]);

/// Compares the candidates, and fits the best again on everything.
fn learn(part: &Part, late: &dyn Fn() -> bool) -> Result<Pick, Late> {
    let compared = compare(part, late)?;
    let better = |best: (Candidate, f64), next: &(Candidate, f64)| if next.1 > best.1 { *next } else { best };
    let (picked, _) = compared.iter().fold((Candidate::Logistic, f64::MIN), better);
    Ok((fit(picked, &part.rows, &part.met, late)?, picked, compared))
}

/// Fits each candidate on the older part; answers its ROC-AUC on the newer one.
fn compare(part: &Part, late: &dyn Fn() -> bool) -> Result<[(Candidate, f64); 4], Late> {
    let older = (part.rows.len() as f64 * OLDER) as usize;
    let (rows, newer) = part.rows.split_at(older);
    let (met, after) = part.met.split_at(older);
    let says = |candidate| {
        let model = fit(candidate, rows, met, late)?;
        Ok(newer.iter().map(|row| model.probability(row)).collect::<Vec<f64>>())
    };
    let [logistic, additive, monotone] = [says(Candidate::Logistic)?, says(Candidate::Additive)?, says(Candidate::Monotone)?];
    let both = additive.iter().zip(&monotone).map(|(one, other)| mean(*one, *other)).collect();
    let roc_auc = |told: Vec<f64>| Figures::of(&told.into_iter().zip(after.iter().copied()).collect::<Vec<_>>()).roc_auc;
    Ok([
        (Candidate::Logistic, roc_auc(logistic)),
        (Candidate::Additive, roc_auc(additive)),
        (Candidate::Monotone, roc_auc(monotone)),
        (Candidate::Mean, roc_auc(both)),
    ])
}

/// Fits a candidate.
fn fit(candidate: Candidate, rows: &[Row], met: &[bool], late: &dyn Fn() -> bool) -> Result<Model, Late> {
    if late() {
        return Err(Late);
    }
    let directions = std::array::from_fn::<_, WIDTH, _>(|column| COLUMNS[column].direction);
    let steps = |one_way: bool| stumps::fit(&Sample::recent(rows, met), one_way.then_some(&directions), late);
    Ok(match candidate {
        Candidate::Logistic => Model::Logistic(Box::new(logistic::fit(&Sample::even(rows, met)))),
        Candidate::Additive => Model::Additive(Box::new(steps(false)?)),
        Candidate::Monotone => Model::Additive(Box::new(steps(true)?)),
        Candidate::Mean => Model::Mean(Box::new([steps(false)?, steps(true)?])),
    })
}
