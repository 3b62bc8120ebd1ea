//! The properties of merge, for every noun that devices edit offline: its table is walked, so a new noun is tried without another line.

use super::FEATURES;
use super::mobile::conflicts::Policy;
use super::mobile::domains::nouns;
use super::mobile::records::fields::{Fields, value};
use super::mobile::records::tables::Table;
use super::mobile::records::tests::{ID, Server, read_of};
use crate::http::input::{Field, Shape};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

/// Another object's id, for the parent.
const PARENT: &str = "0b6c8f6e-7d1c-7000-8000-000000000001";

fn some_value(field: Field) -> BoxedStrategy<Value> {
    match field.shape {
        Shape::Choice(words) => select(words).prop_map(Value::from).boxed(),
        Shape::Int(from, to) => (from..=to).prop_map(Value::from).boxed(),
        Shape::Bool => any::<bool>().prop_map(Value::from).boxed(),
        Shape::Date => (1..28).prop_map(|day| json!(format!("2026-01-{day:02}"))).boxed(),
        Shape::Month => (1..12).prop_map(|month| json!(format!("2026-{month:02}"))).boxed(),
        _ => "[a-z]{1,3}".prop_map(Value::from).boxed(),
    }
}

/// Two values of every field but the parent, and which of them each side changes.
type Sides = Vec<(&'static str, Value, Value, Value, u8)>;

fn sides(table: &'static Table) -> BoxedStrategy<Sides> {
    let parent = table.noun.and_then(|noun| noun.parent).map(|(field, _)| field);
    let fields = table.fields.iter().filter(move |field| Some(field.name) != parent);
    let side = |field: &'static Field| (Just(field.name), some_value(*field), some_value(*field), some_value(*field), 0_u8..4);
    fields.map(side).collect::<Vec<_>>().boxed()
}

fn every() -> impl Strategy<Value = (&'static Table, Sides)> {
    select((0..nouns(FEATURES).len()).collect::<Vec<_>>()).prop_flat_map(|place| {
        let table = &nouns(FEATURES)[place];
        (Just(table), sides(table))
    })
}

fn item(table: &Table, version: i64, base: Option<&Fields>, data: &Fields) -> Value {
    let at = json!("2026-01-01T00:00:00Z");
    json!({"domain": table.name(), "mobile_id": ID, "version": version, "base_data": base, "data": data, "client_timestamp": at})
}

/// A server with an object, what that is, and what two devices make of it: of a field with both bits set both make something.
fn begun(table: &Table, sides: &Sides) -> (Server, Fields, [Fields; 2]) {
    let mut base: Fields = sides.iter().map(|(name, first, ..)| ((*name).to_owned(), first.clone())).collect();
    if let Some((field, _)) = table.noun.and_then(|noun| noun.parent) {
        base.insert(field.to_owned(), json!(PARENT));
    }
    let mut server = Server::default();
    assert_eq!(
        server.take(&read_of(FEATURES, &item(table, 0, None, &base)).unwrap(), Policy::Manual),
        Some("created"),
        "{}",
        table.name()
    );
    let of = |bit: u8| {
        let changed = sides.iter().filter(|side| side.4 & bit > 0);
        changed.map(|side| (side.0.to_owned(), if bit == 1 { side.2.clone() } else { side.3.clone() })).collect()
    };
    (server, base, [of(1), of(2)])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn edits_that_do_not_touch_each_other_commute((table, mut sides) in every()) {
        for side in &mut sides {
            side.4 = side.4.min(2);
        }
        let outcome = |order: [usize; 2]| {
            let (mut server, base, edits) = begun(table, &sides);
            for side in order {
                server.take(&read_of(FEATURES, &item(table, 1, Some(&base), &edits[side])).unwrap(), Policy::Manual);
            }
            (server.fields(), server.conflicts.len())
        };
        prop_assert_eq!(outcome([0, 1]), outcome([1, 0]));
        prop_assert_eq!(outcome([0, 1]).1, 0);
    }

    #[test]
    fn no_edit_is_lost_silently((table, sides) in every(), policy in select(&Policy::ALL[..]), with_base in any::<bool>()) {
        let (mut server, base, edits) = begun(table, &sides);
        for edit in &edits {
            let told = server.take(&read_of(FEATURES, &item(table, 1, with_base.then_some(&base), edit)).unwrap(), policy.0);
            prop_assert!(told.is_some());
            let (now, kept) = (server.fields(), server.conflicts.last());
            for (name, wanted) in edit {
                let is_kept = kept.and_then(|kept| kept.client.as_ref()).is_some_and(|client| value(client, name) == wanted);
                let meant = !with_base || value(&base, name) != wanted;
                prop_assert!(!meant || is_kept || value(&now, name) == wanted, "{} {name}", table.name());
            }
        }
        let seen = server.conflicts.iter().all(|kept| kept.server.len() >= server.fields().len().min(1));
        prop_assert!(seen, "the server's side is kept, too");
    }
}
