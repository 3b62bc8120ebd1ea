//! What bodies and queries are read as.

use super::*;
use serde_json::json;

const FIELDS: &[Field] = &[
    Field::name("title", 5).required(),
    Field::text("note", 10),
    Field::new("mood", Shape::Int(0, 10)),
    Field::new("done", Shape::Bool),
    Field::new("day", Shape::Date).nullable(),
    Field::new("status", Shape::Choice(&["A", "B"])),
];

fn read(json: Json, extent: Extent) -> Input {
    Input::of(json.as_object().unwrap(), FIELDS, extent)
}

fn errors(json: Json) -> Vec<&'static str> {
    read(json, Extent::Whole).errors.iter().map(|e| e.0).collect()
}

#[test]
fn sound_fields_are_read_and_unknown_ones_ignored() {
    let input = read(json!({"title": " ab ", "note": " x ", "mood": "7", "done": "on", "day": null, "more": 1}), Extent::Whole);
    assert_eq!(input.text("title"), Some("ab"));
    assert_eq!(input.text("note"), Some(" x "));
    assert_eq!(input.int("mood"), Some(7));
    assert_eq!(input.value("done"), Some(&Value::Bool(true)));
    assert_eq!(input.value("day"), Some(&Value::Null));
    assert!(input.errors.is_empty());
}

#[test]
fn every_error_is_told_at_once() {
    let bad = json!({"title": "  ", "note": "a\u{0}", "mood": 11, "done": "maybe", "day": "2026-02-30", "status": "C"});
    assert_eq!(errors(bad), ["title", "note", "mood", "done", "day", "status"]);
    assert_eq!(errors(json!({"mood": 1.5, "title": []})), ["title", "mood"]);
    assert_eq!(errors(json!({})), ["title"]);
    assert_eq!(errors(json!({"title": "é한🙂ab"})), [""; 0]);
    assert_eq!(errors(json!({"title": "é한🙂abc"})), ["title"]);
}

#[test]
fn a_part_leaves_out_what_it_likes() {
    let mut title = "old".to_owned();
    let input = read(json!({"mood": 3}), Extent::Part);
    input.set("title", &mut title);
    assert_eq!(title, "old");
    assert!(input.errors.is_empty());
}

#[test]
fn a_query_string_is_read_by_the_same_tables() {
    let read = |query: &str| {
        let vars = crate::http::Vars::from_iter([("REQUEST_URI", &*format!("/api/goals/?{query}"))]);
        Input::query(&Request::new(&vars, String::new()), FIELDS)
    };
    let input = read("day=2026-01-05&status=&other=1").unwrap();
    assert_eq!((input.text("day"), input.value("status")), (Some("2026-01-05"), None));
    assert!(read("day=2026-02-30").is_err());
}

const MEASURED: &[Field] = &[
    Field::new("share", Shape::Float(0.0, 1.0)),
    Field::new("at", Shape::Instant),
    Field::new("tags", Shape::Json),
    Field::new("events", Shape::List).nullable(),
];

#[test]
fn numbers_instants_and_json_are_read_as_clients_send_them() {
    let sent = json!({"share": "0.5", "at": "2026-01-16T15:30:45+01:00", "tags": "{\"a\": [1]}", "events": "[]"});
    let input = Input::of(sent.as_object().unwrap(), MEASURED, Extent::Whole);
    assert_eq!((input.errors().len(), input.json("tags")), (0, Some(&json!({"a": [1]}))));
    let canonical = json!({"share": 0.5, "at": "2026-01-16T14:30:45.000Z", "tags": {"a": [1]}, "events": []});
    assert_eq!(Json::Object(input.into_object()), canonical);
    let sent = json!({"share": 1, "tags": "no JSON", "events": null});
    let input = Input::of(sent.as_object().unwrap(), MEASURED, Extent::Whole);
    assert_eq!(Json::Object(input.into_object()), json!({"share": 1.0, "tags": "no JSON"}));
}

#[test]
fn what_is_no_number_instant_or_list_is_an_error() {
    let wrong = [
        json!({"share": 1.1, "at": 5, "events": {}}),
        json!({"share": "NaN", "at": "2026-02-30", "events": "{}"}),
        json!({"share": "inf", "at": "", "events": "[1"}),
        json!({"share": true, "at": [], "events": 1}),
    ];
    for sent in wrong {
        assert_eq!(Input::of(sent.as_object().unwrap(), MEASURED, Extent::Whole).errors().len(), 3, "{sent}");
    }
}
