//! The trainer, held to scikit-learn's figures and to what must be refused.

use super::*;
use crate::domain::risk::columns::{Direction, read};
use crate::domain::risk::model::chance;
use serde_json::Value;
use std::fs;
use std::io::Read;

fn data(name: &str) -> String {
    let path = format!("{}/tests/data/risk/{name}", env!("CARGO_MANIFEST_DIR"));
    let bytes = fs::read(&path).unwrap();
    let mut text = String::new();
    if name.ends_with(".gz") {
        flate2::read::GzDecoder::new(bytes.as_slice()).read_to_string(&mut text).unwrap();
    } else {
        text = String::from_utf8(bytes).unwrap();
    }
    text
}

/// A reader of a table of numbers by the names of its columns.
fn table<const N: usize>(text: &str, names: [&str; N]) -> Vec<[f64; N]> {
    let mut lines = text.lines();
    let heads: Vec<&str> = lines.next().unwrap().split(',').collect();
    let places = names.map(|name| heads.iter().position(|head| *head == name).unwrap());
    let row = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        places.map(|place| cells[place].parse().unwrap())
    };
    lines.map(row).collect()
}

fn asks(file: &str) -> Vec<Ask> {
    let text = data(file);
    let known = table(&text, COLUMNS.map(|column| column.name));
    let rest = table(&text, ["asked_at", "uploaded_at", "behind_by_others", "met"]);
    let ask = |(number, (known, rest)): (usize, (&Row, &[f64; 4]))| Ask {
        number: number + 1,
        asked: rest[0],
        known: rest[1],
        behind: rest[2] > 0.0,
        met: rest[3] > 0.0,
        row: read(*known),
    };
    known.iter().zip(&rest).enumerate().map(ask).collect()
}

/// What scikit-learn's double arithmetic and ours may differ by.
const NEAR: f64 = 1e-6;

fn same(ours: &[f64], theirs: &Value) {
    let theirs: Vec<f64> = theirs.as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect();
    assert_eq!(ours.len(), theirs.len());
    for (ours, theirs) in ours.iter().zip(theirs) {
        assert!((ours - theirs).abs() < NEAR, "{ours} is not {theirs}");
    }
}

#[test]
fn the_class_weighted_logistic_is_scikit_learn_s() {
    let oracle: Value = serde_json::from_str(&data("ml_oracle_500.json")).unwrap();
    let names = ["concurrent_editors", "hours_since_last_sync", "user_conflict_rate", "entity_edit_frequency"];
    let text = data("ml_oracle_500.csv");
    let in_training: Vec<bool> = text.lines().skip(1).map(|line| line.ends_with(",train")).collect();
    let rows = table(&text, names);
    let met: Vec<bool> = table(&text, ["conflict_occurred"]).iter().map(|[met]| *met > 0.0).collect();
    let of = |place: usize| in_training[place].then_some((rows[place], met[place]));
    let (trained, outcomes): (Vec<[f64; 4]>, Vec<bool>) = (0..rows.len()).filter_map(of).unzip();
    let count = |wanted: bool| outcomes.iter().filter(|met| **met == wanted).count() as f64;
    let weights: Vec<f64> = outcomes.iter().map(|met| trained.len() as f64 / (2.0 * count(*met))).collect();
    let model = logistic::fit(&Sample { rows: &trained, met: &outcomes, weights: weights.into() });
    same(&model.mean, &oracle["scaler_mean"]);
    same(&model.scale, &oracle["scaler_scale"]);
    same(&model.weights, &oracle["coef"]);
    same(&[model.intercept], &Value::from(vec![oracle["intercept"].clone()]));
    let told: Vec<f64> = rows.iter().map(|row| chance(model.log_odds(row))).collect();
    same(&told, &oracle["predictions"]);
    for (name, wanted) in [("train", true), ("test", false)] {
        let part = (0..rows.len()).filter(|place| in_training[*place] == wanted).map(|place| (told[place], met[place]));
        let Figures { roc_auc, average_precision, brier } = Figures::of(&part.collect::<Vec<_>>());
        let theirs = ["roc_auc", "average_precision", "brier"].map(|figure| oracle[format!("{name}_{figure}")].clone());
        same(&[roc_auc, average_precision, brier], &Value::from(theirs.to_vec()));
    }
}

const HISTORIES: [(&str, &str); 4] = [
    ("s/last", "edits_s_last.csv.gz"),
    ("s/first", "edits_s_first.csv.gz"),
    ("m/last", "edits_m_last.csv.gz"),
    ("m/first", "edits_m_first.csv.gz"),
];

/// The reference took hours as they are; ours end at a year, which an edit of a file may well be old.
fn uncapped(file: &str, asks: &[Ask]) -> Vec<Row> {
    let hours = table(&data(file), ["hours_since_base", "hours_since_other"]);
    let row = |ask: &Ask| {
        let mut row = ask.row;
        let [base, other] = hours[ask.number - 1];
        (row[0], row[1]) = (base.ln_1p(), other.ln_1p());
        row
    };
    asks.iter().map(row).collect()
}

#[test]
fn the_logistic_of_every_history_is_scikit_learn_s() {
    let reference: Value = serde_json::from_str(&data("edits_reference_dev.json")).unwrap();
    for (name, file) in HISTORIES {
        let reference = &reference[name];
        let asks = newest(asks(file));
        let cut = percentile(&asks.iter().map(|ask| ask.asked).collect::<Vec<_>>(), OLDER).unwrap();
        same(&[cut], &Value::from(vec![reference["cut"].clone()]));
        let trained: Vec<Ask> = asks.into_iter().filter(|ask| ask.known < cut && !ask.behind).collect();
        let met: Vec<bool> = trained.iter().map(|ask| ask.met).collect();
        let model = logistic::fit(&Sample::even(&uncapped(file, &trained), &met));
        same(&model.mean, &reference["scaler_mean"]);
        same(&model.scale, &reference["scaler_scale"]);
        same(&model.weights, &reference["coef"]);
        same(&[model.intercept], &Value::from(vec![reference["intercept"].clone()]));
    }
}

fn learned(training: &Training) -> &Learned {
    match &training.outcome {
        Outcome::Learned(learned) => learned,
        other => panic!("nothing was learned: {other:?}"),
    }
}

const IN_TIME: &dyn Fn() -> bool = &|| false;

/// The reference tells three digits.
const ROUNDED: f64 = 0.0005;

#[test]
fn what_is_picked_is_at_least_as_good_as_the_reference() {
    let reference: Value = serde_json::from_str(&data("edits_reference_dev.json")).unwrap();
    for (name, file) in HISTORIES {
        let training = train(asks(file), None, IN_TIME);
        let Report { all, not_behind, trivial, .. } = learned(&training).report;
        let theirs = |approach: &str, figure: &str| reference[name]["measured"][approach][figure].as_f64().unwrap();
        assert!(all.roc_auc + ROUNDED >= theirs("total_additive", "roc"), "{name}: {all:?}");
        assert!(not_behind.roc_auc + ROUNDED >= theirs("fresh_additive", "roc"), "{name}: {not_behind:?}");
        assert!((trivial.roc_auc - theirs("trivial", "roc")).abs() < ROUNDED, "{name}: {trivial:?}");
        assert!((trivial.average_precision - theirs("trivial", "pr")).abs() < ROUNDED + NEAR, "{name}: {trivial:?}");
        assert!((trivial.brier - theirs("trivial", "brier")).abs() < ROUNDED, "{name}: {trivial:?}");
        println!("{name}: {:?} {:?} {all:?} {not_behind:?}", learned(&training).picked, learned(&training).failed());
    }
}

/// Pseudo-random numbers below 1: the same each time.
fn numbers(mut seed: u64) -> impl FnMut() -> f64 {
    move || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 11) as f64 / (1_u64 << 53) as f64
    }
}

fn shuffled(mut asks: Vec<Ask>, seed: u64) -> Vec<Ask> {
    let mut number = numbers(seed);
    for last in (1..asks.len()).rev() {
        let other = (number() * (last + 1) as f64) as usize;
        let met = asks[last].met;
        asks[last].met = asks[other].met;
        asks[other].met = met;
    }
    asks
}

#[test]
fn shuffled_outcomes_are_refused() {
    for (name, file) in [HISTORIES[0], HISTORIES[2]] {
        for seed in 0..3 {
            let training = train(shuffled(asks(file), seed), None, IN_TIME);
            assert!(learned(&training).failed().is_some(), "{name}, {seed}: {:?}", learned(&training).report);
        }
    }
}

/// Asks of which nothing tells the outcome, but for what the caller makes of them.
fn drawn(count: usize, known: impl Fn(&mut Row, bool)) -> Vec<Ask> {
    let mut number = numbers(7);
    let ask = |place: usize| {
        let met = number() < 0.2;
        let mut row: Row = std::array::from_fn(|_| number());
        known(&mut row, met);
        Ask { number: place + 1, asked: place as f64, known: place as f64 + 0.5, behind: false, met, row: read(row) }
    };
    (0..count).map(ask).collect()
}

#[test]
fn noise_and_leaks_are_refused() {
    let noise = train(drawn(3_000, |_, _| ()), None, IN_TIME);
    assert!(learned(&noise).failed().is_some(), "{:?}", learned(&noise).report);
    let leak = train(drawn(3_000, |row, met| row[2] = f64::from(u8::from(met))), None, IN_TIME);
    assert_eq!(learned(&leak).failed().unwrap().figure, "leak");
    let signal = train(drawn(3_000, |row, met| row[2] += f64::from(u8::from(met)) / 2.0), None, IN_TIME);
    assert_eq!(learned(&signal).failed(), None, "{:?}", learned(&signal).report);
}

#[test]
fn too_little_and_too_late_make_no_model() {
    for few in [Vec::new(), drawn(499, |_, _| ()), drawn(1, |_, _| ())] {
        assert_eq!(train(few, None, IN_TIME).outcome, Outcome::Insufficient);
    }
    let mut never = drawn(2_000, |_, _| ());
    never.iter_mut().for_each(|ask| ask.met = false);
    assert_eq!(train(never, None, IN_TIME).outcome, Outcome::Insufficient);
    assert_eq!(train(drawn(2_000, |_, _| ()), None, &|| true).outcome, Outcome::Late);
}

#[test]
fn what_is_tested_on_is_not_learned_from_even_if_its_outcome_was_known_before_it_was_asked() {
    let mut asks = drawn(3_000, |row, met| row[2] += f64::from(u8::from(met)) / 2.0);
    asks.iter_mut().for_each(|ask| ask.known = 0.0);
    let training = train(asks, None, IN_TIME);
    assert_eq!(training.trained.rows + training.tested.rows, training.all.rows);
}

#[test]
fn the_same_rows_make_the_same_model_in_whatever_order_they_come() {
    let asks = drawn(3_000, |row, met| row[2] += f64::from(u8::from(met)));
    let mut turned = asks.clone();
    turned.reverse();
    assert_eq!(train(asks, None, IN_TIME), train(turned, None, IN_TIME));
}

#[test]
fn a_monotone_column_never_goes_the_other_way() {
    let asks = newest(asks(HISTORIES[0].1));
    let (rows, met): (Vec<Row>, Vec<bool>) = asks.iter().map(|ask| (ask.row, ask.met)).unzip();
    let Model::Additive(model) = fit(Candidate::Monotone, &rows, &met, IN_TIME).unwrap() else { panic!("no sum of steps") };
    for (column, steps) in COLUMNS.iter().zip(&model.columns) {
        let rises = column.direction == Direction::Rising;
        let sound = |pair: &[f64]| if rises { pair[0] <= pair[1] } else { pair[0] >= pair[1] };
        assert!(steps.adds.windows(2).all(sound) && steps.edges.len() < 32, "{}", column.name);
    }
    assert!(model.columns.iter().any(|steps| steps.adds.iter().any(|add| *add != 0.0)), "something was learned");
}

#[test]
fn figures_are_counted_with_ties() {
    let told = [(0.9, true), (0.5, false), (0.5, true), (0.1, false)];
    let Figures { roc_auc, average_precision, brier } = Figures::of(&told);
    assert!((roc_auc - 0.875).abs() < NEAR && (average_precision - 5.0 / 6.0).abs() < NEAR && (brier - 0.13).abs() < NEAR);
    let none = Figures::of(&[(0.2, false)]);
    assert_eq!((none.roc_auc, none.average_precision), (0.5, 0.0));
    // The example of the paper: 58 with and 51 without, 0.893.
    assert!((figures::standard_error(0.893, 51.0, 58.0) - 0.032).abs() < 0.001);
}
