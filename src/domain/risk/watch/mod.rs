//! Watching: does the active model still tell what comes, and does advice help? Outcomes are asks whose edit has landed since. Pure, but for
//! what `outcomes` reads and `night` decides; for the operator's program alone, as training is.

pub mod effect;
pub mod night;
pub mod outcomes;

use super::columns::{COLUMNS, Row, WIDTH};
use super::model::{Model, chance};
use super::population::{Population, Shift};
use super::train::Ask;
use super::train::figures::Figures;
use super::train::gate::Check;

/// Over how many days outcomes are looked at.
pub const DAYS: i64 = 7;
/// The fewest outcomes that say anything, and the fewest of them that met another's.
pub const FEWEST: (usize, usize) = (100, 10);
/// The lowest ROC-AUC not behind of a model that still tells something.
const LOWEST: f64 = 0.58;
/// How much larger than a constant's its Brier score may be at the most.
const LARGEST: f64 = 1.1;

/// The figures that a model is held to at work.
const ROC_AUC: &str = "roc_auc_not_behind";
const BRIER: &str = "brier_not_behind_to_constant";
/// The one of them that is about asks, and not about what the model says of them.
pub const SHIFTED: &str = "population_stability_index";

/// A model as it was seen at work.
#[derive(Debug, Clone, PartialEq)]
pub struct Watched {
    /// How many outcomes there were, of asks that were not behind.
    pub outcomes: usize,
    /// How many of them met another's.
    pub met: usize,
    /// What is known; nothing where there are too few.
    pub found: Option<Found>,
}

/// What outcomes tell of a model.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// How the model did.
    pub model: Figures,
    /// How the rate of its training rows would have done.
    pub constant: Figures,
    /// How far asks are from what they were.
    pub drift: Drift,
}

/// How far asks are from what they were when a model was tested.
#[derive(Debug, Clone, PartialEq)]
pub enum Drift {
    /// What they were was not kept.
    Unkept,
    /// They were of a young site, on which counts grow from day to day.
    Young,
    /// Only so many came since.
    Early(usize),
    /// So far is each column.
    Known(Box<[Shift; WIDTH]>),
}

/// What a model was tested on, and when.
#[derive(Debug, Clone, Copy)]
pub struct Tested<'p> {
    /// The asks, where they were kept.
    pub population: Option<&'p Population>,
    /// When the model was made, in seconds.
    pub made_at: f64,
    /// Had the site less of a past then than counts look back over?
    pub is_young: bool,
}

impl Tested<'_> {
    /// How far asks that came since are from those of the test. Those before are in part the same, and in part what was learned from.
    fn drift(&self, apart: &[&Ask]) -> Drift {
        let later: Vec<&Row> = apart.iter().filter(|ask| ask.asked >= self.made_at).map(|ask| &ask.row).collect();
        match self.population {
            None => Drift::Unkept,
            Some(_) if self.is_young => Drift::Young,
            Some(_) if later.len() < FEWEST.0 => Drift::Early(later.len()),
            Some(before) => Drift::Known(Box::new(before.shifts(&later))),
        }
    }
}

/// Looks at a model. `rate` is that of its training rows.
pub fn watch(asks: &[Ask], model: &Model, rate: f64, tested: &Tested<'_>) -> Watched {
    let apart: Vec<&Ask> = asks.iter().filter(|ask| !ask.behind).collect();
    let (outcomes, met) = (apart.len(), apart.iter().filter(|ask| ask.met).count());
    let is_enough = outcomes >= FEWEST.0 && met >= FEWEST.1;
    let found = is_enough.then(|| Found {
        model: figures(asks, model),
        constant: Figures::of(&apart.iter().map(|ask| (rate, ask.met)).collect::<Vec<_>>()),
        drift: tested.drift(&apart),
    });
    Watched { outcomes, met, found }
}

/// How a model does on asks that are not behind.
pub fn figures(asks: &[Ask], model: &Model) -> Figures {
    let apart = asks.iter().filter(|ask| !ask.behind);
    Figures::of(&apart.map(|ask| (model.probability(&ask.row), ask.met)).collect::<Vec<_>>())
}

impl Found {
    /// The column that is furthest beyond its limit.
    pub fn furthest(&self) -> Option<Shift> {
        let by = |shift: &Shift| shift.index / shift.limit;
        let Drift::Known(shifts) = &self.drift else { return None };
        shifts.iter().copied().max_by(|one, other| by(one).total_cmp(&by(other)))
    }

    /// What a model is held to at work.
    pub fn checks(&self) -> Vec<Check> {
        let (value, ratio) = (self.model.roc_auc, self.model.brier / self.constant.brier);
        let check = |figure, value, limit, passed| Check { figure, value, limit, passed };
        let shifted = self.furthest().map(|shift| check(SHIFTED, shift.index, shift.limit, shift.index <= shift.limit));
        [check(ROC_AUC, value, LOWEST, value >= LOWEST), check(BRIER, ratio, LARGEST, ratio <= LARGEST)]
            .into_iter()
            .chain(shifted)
            .collect()
    }

    /// The first that is too bad.
    pub fn failed(&self) -> Option<Check> {
        self.checks().into_iter().find(|check| !check.passed)
    }
}

impl Watched {
    /// The first figure that is too bad.
    pub fn failed(&self) -> Option<Check> {
        self.found.as_ref().and_then(Found::failed)
    }
}

/// The column that is told where no model is.
const RATES: &str = "record_met";

/// How the rates of records do on asks that are not behind.
pub fn rates(asks: &[Ask]) -> Figures {
    let place = COLUMNS.iter().position(|column| column.name == RATES).unwrap_or_default();
    let apart = asks.iter().filter(|ask| !ask.behind);
    // Models look at its log-odds.
    Figures::of(&apart.map(|ask| (chance(ask.row[place]), ask.met)).collect::<Vec<_>>())
}

/// Does one do better than another on the same asks?
pub fn is_better(one: Figures, other: Figures) -> bool {
    one.roc_auc > other.roc_auc || (one.roc_auc >= other.roc_auc && one.brier < other.brier)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::risk::model::Logistic;

    /// A model that looks at the first column alone.
    fn model(weight: f64) -> Model {
        let mut weights = [0.0; WIDTH];
        weights[0] = weight;
        Model::Logistic(Box::new(Logistic { mean: [0.0; WIDTH], scale: [1.0; WIDTH], weights, intercept: -2.0 }))
    }

    /// Asks of which every fifth meets another's; where it is told, the first column tells which.
    fn asks(count: usize, is_told: bool) -> Vec<Ask> {
        let ask = |number: usize| {
            let met = number.is_multiple_of(5);
            let mut row = [0.0; WIDTH];
            row[0] = if is_told && met { 3.0 } else { (number % 3) as f64 / 10.0 };
            Ask { number, asked: number as f64, known: number as f64, behind: false, met, row }
        };
        (0..count).map(ask).collect()
    }

    fn failed(watched: &Watched) -> Option<&'static str> {
        watched.failed().map(|check| check.figure)
    }

    #[test]
    fn a_model_that_tells_what_comes_is_well_and_one_that_does_not_is_degraded() {
        assert_eq!(failed(&watch(&asks(200, true), &model(1.0), 0.2, &UNKEPT)), None);
        assert_eq!(failed(&watch(&asks(200, false), &model(1.0), 0.2, &UNKEPT)), Some(ROC_AUC));
        // It ranks well, and is far too sure.
        assert_eq!(failed(&watch(&asks(200, true), &model(50.0), 0.2, &UNKEPT)), Some(BRIER));
        let [good, bad] = [1.0, -1.0].map(|weight| figures(&asks(200, true), &model(weight)));
        assert!(is_better(good, bad) && !is_better(bad, good) && !is_better(good, good));
        let told = rates(&asks(200, true));
        assert!((told.roc_auc, told.brier) == (0.5, 0.25), "all columns but one are even: {told:?}");
    }

    #[test]
    fn few_outcomes_say_nothing_and_those_behind_are_not_the_model_s() {
        let few = watch(&asks(99, false), &model(1.0), 0.2, &UNKEPT);
        assert_eq!((few.outcomes, few.met, few.found), (99, 20, None));
        let mut asks = asks(200, false);
        asks.iter_mut().filter(|ask| ask.met).skip(9).for_each(|ask| ask.behind = true);
        let watched = watch(&asks, &model(1.0), 0.2, &UNKEPT);
        assert_eq!((watched.met, watched.found), (9, None));
    }

    /// A model whose test was not kept.
    const UNKEPT: Tested<'static> = Tested { population: None, made_at: 0.0, is_young: false };

    #[test]
    fn asks_that_are_not_as_they_were_are_told() {
        let (before, now) = (asks(1_000, true), asks(200, true));
        let rows = |asks: &[Ask], more: f64| asks.iter().map(|ask| ask.row.map(|value| value + more)).collect::<Vec<_>>();
        let population = |more: f64| {
            let rows = rows(&before, more);
            Population::of(&rows.iter().collect::<Vec<_>>())
        };
        let seen = |more: f64, made_at: f64, is_young: bool| {
            watch(&now, &model(1.0), 0.2, &Tested { population: Some(&population(more)), made_at, is_young })
        };
        assert_eq!(failed(&seen(0.0, 0.0, false)), None);
        let watched = seen(5.0, 0.0, false);
        assert_eq!(failed(&watched), Some(SHIFTED));
        assert_eq!(watched.found.unwrap().furthest().unwrap().column, "hours_since_base");
        // As far as they came after the training, and where the site was old enough for its counts to stand still.
        let drift = |made_at: f64, is_young: bool| {
            let watched = seen(5.0, made_at, is_young);
            (failed(&watched), watched.found.unwrap().drift)
        };
        assert_eq!(failed(&seen(5.0, 100.0, false)), Some(SHIFTED));
        assert_eq!(drift(101.0, false), (None, Drift::Early(99)));
        assert_eq!(drift(0.0, true), (None, Drift::Young));
    }
}
