//! A model as text, number by number: what is read is what was written, bit for bit. What this program does not know is none.

use super::{Additive, Logistic, Model, Steps};
use crate::base::error::Result;
use crate::base::json;
use crate::domain::risk::columns::{COLUMNS, WIDTH};
use serde::{Deserialize, Serialize};

/// The form of the text.
const FORMAT: u32 = 1;
/// The most bytes of a model: more than any has.
const MOST_BYTES: usize = 65_536;

/// The kinds of models.
const LOGISTIC: &str = "logistic";
const ADDITIVE: &str = "additive";
const MEAN: &str = "mean";

/// A model with what it takes for risky.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// The model.
    pub model: Model,
    /// From which probability on an edit is risky.
    pub medium: f64,
    /// From which on it is very.
    pub high: f64,
}

/// The text.
#[derive(Serialize, Deserialize)]
struct Text {
    format: u32,
    kind: String,
    columns: Vec<String>,
    levels: String,
    /// Lists of numbers, in the order of the kind.
    numbers: Vec<String>,
}

/// Writes a model.
///
/// # Errors
/// When it cannot be written, which is a defect.
pub fn write(told: &Told) -> Result<String> {
    let (kind, numbers) = match &told.model {
        Model::Logistic(model) => {
            let Logistic { mean, scale, weights, intercept } = model.as_ref();
            (LOGISTIC, vec![text(mean), text(scale), text(weights), text(&[*intercept])])
        }
        Model::Additive(model) => (ADDITIVE, additive(model)),
        Model::Mean(both) => (MEAN, both.iter().flat_map(additive).collect()),
    };
    json::write(&Text {
        format: FORMAT,
        kind: kind.to_owned(),
        columns: COLUMNS.iter().map(|column| column.name.to_owned()).collect(),
        levels: text(&[told.medium, told.high]),
        numbers,
    })
}

fn additive(model: &Additive<WIDTH>) -> Vec<String> {
    let steps = model.columns.iter().flat_map(|steps| [text(&steps.edges), text(&steps.adds)]);
    [text(&[model.base])].into_iter().chain(steps).collect()
}

/// A double is written by the fewest digits that it is read from again.
fn text(numbers: &[f64]) -> String {
    numbers.iter().map(f64::to_string).collect::<Vec<_>>().join(" ")
}

/// Reads a model; nothing where it is none, of another form, or of other columns.
pub fn read(written: &str) -> Option<Told> {
    let text: Text = json::read(written.as_bytes()).ok().filter(|_| written.len() <= MOST_BYTES)?;
    let same = text.columns.iter().map(String::as_str).eq(COLUMNS.iter().map(|column| column.name));
    if text.format != FORMAT || !same {
        return None;
    }
    let lists: Vec<Vec<f64>> = text.numbers.iter().map(|list| numbers(list)).collect::<Option<_>>()?;
    let [medium, high] = numbers(&text.levels)?.try_into().ok()?;
    let half = lists.len() / 2;
    let model = match text.kind.as_str() {
        LOGISTIC => Model::Logistic(Box::new(logistic(&lists)?)),
        ADDITIVE => Model::Additive(Box::new(sum(&lists)?)),
        MEAN => Model::Mean(Box::new([sum(&lists[..half])?, sum(&lists[half..])?])),
        _ => return None,
    };
    Some(Told { model, medium, high })
}

fn numbers(list: &str) -> Option<Vec<f64>> {
    let number = |word: &str| word.parse::<f64>().ok().filter(|number| number.is_finite());
    list.split(' ').filter(|word| !word.is_empty()).map(number).collect()
}

fn logistic(lists: &[Vec<f64>]) -> Option<Logistic<WIDTH>> {
    let [mean, scale, weights, intercept] = lists else { return None };
    let row = |list: &[f64]| <[f64; WIDTH]>::try_from(list).ok();
    let scale = row(scale).filter(|scale| scale.iter().all(|scale| *scale > 0.0))?;
    Some(Logistic { mean: row(mean)?, scale, weights: row(weights)?, intercept: *intercept.first()? })
}

fn sum(lists: &[Vec<f64>]) -> Option<Additive<WIDTH>> {
    let (base, columns) = lists.split_first()?;
    let steps = |pair: &[Vec<f64>]| match pair {
        [edges, adds] if adds.len() == edges.len() + 1 && edges.is_sorted() => {
            Some(Steps { edges: edges.clone(), adds: adds.clone() })
        }
        _ => None,
    };
    let columns: Vec<Steps> = columns.chunks(2).map(steps).collect::<Option<_>>()?;
    Some(Additive { base: *base.first()?, columns: columns.try_into().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn additive(seed: f64) -> Additive<WIDTH> {
        let steps = |column: usize| {
            let from = seed / 3.0 + column as f64;
            Steps { edges: vec![from, from + 0.1], adds: vec![-seed, 0.0, seed / 7.0] }
        };
        Additive { base: -seed / 9.0, columns: std::array::from_fn(steps) }
    }

    fn models() -> [Model; 3] {
        let row = |seed: f64| std::array::from_fn(|column| seed / (column + 3) as f64);
        let logistic = Logistic { mean: row(1.0), scale: row(2.0), weights: row(-1.0), intercept: 1.0 / 3.0 };
        let both = [additive(0.7), additive(1.3)];
        [Model::Logistic(Box::new(logistic)), Model::Additive(Box::new(additive(0.1))), Model::Mean(Box::new(both))]
    }

    #[test]
    fn what_is_read_is_what_was_written() {
        for model in models() {
            let told = Told { model, medium: 0.1 + 0.2, high: 1.0 / 3.0 };
            assert_eq!(read(&write(&told).unwrap()), Some(told));
        }
    }

    #[test]
    fn what_is_not_known_is_none() {
        for model in models() {
            let written = write(&Told { model, medium: 0.2, high: 0.5 }).unwrap();
            let broken = [
                String::new(),
                "{}".to_owned(),
                written.replacen("\"format\":1", "\"format\":2", 1),
                written.replacen("own_share", "another", 1),
                written.replacen("\"numbers\":[", "\"numbers\":[\"NaN\",", 1),
                written.replacen("\"numbers\":[", "\"numbers\":[\"1\",", 1),
                written.replacen("\"levels\":\"0.2 ", "\"levels\":\"", 1),
                written[..written.len() / 2].to_owned(),
            ];
            for text in broken {
                assert_eq!(read(&text), None, "{text}");
            }
        }
    }
}
