//! A model as text, number by number: what is read is what was written, bit for bit. What this program does not know is none.
//!
//! The first line says the form and the kind, the second one the columns. Each line that follows is a list of numbers: the levels, then
//! those of the kind, in its order, as base64 of their bits; digits took a fifth of an ask to be read.

use super::{Additive, Logistic, Model, Steps};
use crate::domain::risk::columns::{COLUMNS, WIDTH};
use base64::Engine;
use base64::prelude::BASE64_STANDARD_NO_PAD as BASE64;

/// The form of the text.
const FORMAT: &str = "2";
/// The most bytes of a model: more than any has.
const MOST_BYTES: usize = 65_536;

/// The largest number of a model, and one by it is the least scale: far beyond what any is trained to, and whatever is made of such numbers
/// and a row is a number still.
const LARGEST: f64 = 1e100;

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

/// Writes a model.
pub fn write(told: &Told) -> String {
    let (kind, numbers) = match &told.model {
        Model::Logistic(model) => {
            let Logistic { mean, scale, weights, intercept } = model.as_ref();
            (LOGISTIC, vec![text(mean), text(scale), text(weights), text(&[*intercept])])
        }
        Model::Additive(model) => (ADDITIVE, additive(model)),
        Model::Mean(both) => (MEAN, both.iter().flat_map(additive).collect()),
    };
    let columns: Vec<&str> = COLUMNS.iter().map(|column| column.name).collect();
    let head = [format!("{FORMAT} {kind}"), columns.join(" "), text(&[told.medium, told.high])];
    head.into_iter().chain(numbers).collect::<Vec<_>>().join("\n")
}

fn additive(model: &Additive<WIDTH>) -> Vec<String> {
    let steps = model.columns.iter().flat_map(|steps| [text(&steps.edges), text(&steps.adds)]);
    [text(&[model.base])].into_iter().chain(steps).collect()
}

fn text(numbers: &[f64]) -> String {
    BASE64.encode(numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>())
}

/// Reads a model; nothing where it is none, of another form, or of other columns.
pub fn read(written: &str) -> Option<Told> {
    let mut lines = written.split('\n');
    let kind = lines.next()?.strip_prefix(FORMAT)?.strip_prefix(' ')?;
    let is_known = lines.next()?.split(' ').eq(COLUMNS.iter().map(|column| column.name));
    if written.len() > MOST_BYTES || !is_known {
        return None;
    }
    let [medium, high] =
        <[f64; 2]>::try_from(numbers(lines.next()?)?).ok().filter(|[medium, high]| (0.0..=*high).contains(medium))?;
    let lists: Vec<Vec<f64>> = lines.map(numbers).collect::<Option<_>>()?;
    let half = lists.len() / 2;
    let model = match kind {
        LOGISTIC => Model::Logistic(Box::new(logistic(&lists)?)),
        ADDITIVE => Model::Additive(Box::new(sum(&lists)?)),
        MEAN => Model::Mean(Box::new([sum(&lists[..half])?, sum(&lists[half..])?])),
        _ => return None,
    };
    Some(Told { model, medium, high })
}

/// Was it written by a program that has another form?
pub fn is_of_another_form(written: &str) -> bool {
    let form = written.split(' ').next().unwrap_or_default();
    form != FORMAT && form.parse::<u32>().is_ok()
}

fn numbers(line: &str) -> Option<Vec<f64>> {
    let bytes = BASE64.decode(line).ok()?;
    let (numbers, rest) = bytes.as_chunks::<8>();
    let numbers: Vec<f64> = numbers.iter().map(|bits| f64::from_le_bytes(*bits)).collect();
    (rest.is_empty() && numbers.iter().all(|number| number.abs() <= LARGEST)).then_some(numbers)
}

fn logistic(lists: &[Vec<f64>]) -> Option<Logistic<WIDTH>> {
    let [mean, scale, weights, intercept] = lists else { return None };
    let row = |list: &[f64]| <[f64; WIDTH]>::try_from(list).ok();
    let scale = row(scale).filter(|scale| scale.iter().all(|scale| *scale >= 1.0 / LARGEST))?;
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
            assert_eq!(read(&write(&told)), Some(told));
        }
    }

    #[test]
    fn what_is_not_known_is_none() {
        for model in models() {
            let written = write(&Told { model, medium: 0.2, high: 0.5 });
            let line = |number: f64| text(&[number]);
            let broken = [
                String::new(),
                "2".to_owned(),
                written.replacen("2 ", "1 ", 1),
                written.replacen("own_share", "another", 1),
                format!("{written}\n{}", line(f64::NAN)),
                format!("{written}\n{}", line(1.0)),
                format!("{written}\n="),
                written.replacen(&text(&[0.2, 0.5]), &line(0.2), 1),
                written[..written.len() / 2].to_owned(),
                written[..written.len() - 1].to_owned(),
            ];
            for text in broken {
                assert_eq!(read(&text), None, "{text}");
            }
        }
    }

    #[test]
    fn numbers_of_which_no_probability_can_be_made_are_no_model() {
        let of = |mean: f64, scale: f64, weight: f64| {
            let [mean, scale, weights] = [mean, scale, weight].map(|number| [number; WIDTH]);
            Model::Logistic(Box::new(Logistic { mean, scale, weights, intercept: 0.0 }))
        };
        let kept = |model: &Model| read(&write(&Told { model: model.clone(), medium: 0.2, high: 0.5 }));
        for none in [of(0.0, 5e-324, 1.0), of(0.0, 1.0, 1e308), of(1e308, 1.0, 1.0), of(0.0, 1.0, -1e101)] {
            assert_eq!(kept(&none), None, "{none:?}");
        }
        for levels in [[-9.0, -5.0], [-1.0, 0.5], [0.5, 0.2]] {
            let [medium, high] = levels;
            assert_eq!(read(&write(&Told { model: of(0.0, 1.0, 1.0), medium, high })), None, "{levels:?}");
        }
        let row = std::array::from_fn(|column| if column % 2 == 0 { 0.0 } else { f64::MAX.ln() });
        for most in [of(LARGEST, 1.0 / LARGEST, LARGEST), of(-LARGEST, 1.0 / LARGEST, LARGEST), of(0.0, 1.0 / LARGEST, -LARGEST)]
        {
            let model = kept(&most).unwrap().model;
            assert!((0.0..=1.0).contains(&model.probability(&row)), "{most:?}");
            assert!(model.effects(&row).iter().all(|effect| effect.is_finite()), "{most:?}");
        }
    }
}
