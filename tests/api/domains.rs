//! The domains of mobile sync, walked over their table: where each one's records land, and by which names each is found.
//! A domain that is added is tried here without another line.

use super::expect::problem;
use super::records::{entry, fresh, one, shown, status};
use super::{Case, Phone};
use crate::servers::Server;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tandem::app::FEATURES;
use tandem::domain::mobile::domains::{RECORDS, TELEMETRY};
use tandem::domain::mobile::records::tables::Table;
use tandem::feature::Names;
use tandem::http::input::{Field, Shape};

/// See [`Case`].
pub const CASES: &[Case] = &[
    ("records of each domain land in its own list and nobody else's", own_lists),
    ("each list of telemetry has its own result", own_results),
    ("every place takes each name of a domain, and answers with its own", names),
    ("a noun's list is chosen by each of its names", nouns),
    ("a name that is no domain's is refused with those that are", unknown),
];

/// The least that a record or an item needs.
pub fn least(fields: &[Field]) -> Value {
    let sound = |field: &Field| match field.shape {
        Shape::Text { min, .. } => json!("x".repeat(min.max(1))),
        Shape::Int(least, _) => json!(least),
        Shape::Float(..) => json!(1),
        Shape::Bool => json!(true),
        Shape::Instant => json!("2026-01-16T14:00:00Z"),
        Shape::Choice(words) => json!(words[0]),
        Shape::List => json!([1]),
        _ => json!({}),
    };
    fields.iter().filter(|field| field.required).map(|field| (field.name.to_owned(), sound(field))).collect()
}

/// The ids in a list of the feed.
fn listed(phone: &Phone, list: &str) -> BTreeSet<String> {
    let changes = phone.get(&format!("/sync/changes/?since=1970-01-02&kinds={list}")).expect(200).json()["changes"].clone();
    let lists: Vec<&String> = changes.as_object().unwrap().keys().collect();
    assert_eq!(lists, [list]);
    changes[list].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

/// The ids in a page of a domain's changes.
fn changed(phone: &Phone, path: &str) -> BTreeSet<String> {
    let page = phone.get(&format!("/sync/{path}/changes/")).expect(200).json();
    page["items"].as_array().unwrap().iter().map(|item| item["mobile_id"].as_str().unwrap().to_owned()).collect()
}

fn own_lists(server: &Server) {
    let phone = Phone::single(server);
    for table in RECORDS {
        let (names, before) = (&table.entry.names, everywhere(&phone));
        let kinds = FEATURES.iter().flat_map(|feature| feature.kinds);
        let kinds: Vec<&str> =
            kinds.filter(|kind| names.words().iter().any(|word| kind.is(word))).map(|kind| kind.name).collect();
        assert_eq!(kinds, [names.list], "no other noun's list is called so");
        let id = fresh();
        assert_eq!(one(&phone, names.path, entry(&id, 0, least(table.fields))), status("created", 1), "{}", names.name);
        for (other, (list, page)) in RECORDS.iter().zip(everywhere(&phone)) {
            let own = other.name() == names.name;
            assert_eq!((list.contains(&id), page.contains(&id)), (own, own), "{} in {}", names.name, other.name());
        }
        let count = |lists: &[(BTreeSet<String>, BTreeSet<String>)]| lists.iter().map(|(list, _)| list.len()).sum::<usize>();
        assert_eq!(count(&everywhere(&phone)), count(&before) + 1);
        let known: BTreeSet<&str> = table.fields.iter().map(|field| field.name).collect();
        let record = shown(&phone, names.path, &id);
        assert!(known.iter().all(|field| record.get(*field).is_some()), "{record}");
        assert_eq!(phone.get(&format!("/sync/{}/{id}/", names.path)).expect(200).json(), record, "read alone");
    }
}

fn everywhere(phone: &Phone) -> Vec<(BTreeSet<String>, BTreeSet<String>)> {
    let lists = |table: &Table| (listed(phone, table.entry.names.list), changed(phone, table.entry.names.path));
    RECORDS.iter().map(lists).collect()
}

fn own_results(server: &Server) {
    let phone = Phone::single(server);
    for (place, rules) in TELEMETRY.iter().enumerate() {
        let items: Vec<Value> = (0..=place).map(|_| least(rules.fields)).collect();
        let mut body = json!({"device_id": "phone-1", "client_timestamp": "2026-01-16T14:30:45Z"});
        body[rules.entry.names.list] = json!(items);
        let said = phone.post("/sync/batch/", &body).expect(200).json();
        let results = said.as_object().unwrap().iter().filter(|(name, _)| name.ends_with("_sync_result"));
        let results: Vec<_> = results.filter(|(_, result)| !result.is_null()).map(|(name, _)| name.as_str()).collect();
        assert_eq!(results, [rules.result], "{said}");
        assert_eq!(said[rules.result]["synced_items"], json!(place + 1), "{said}");
        let alone = phone.post(&format!("/sync/{}/", rules.entry.names.path), &json!({"device_id": "phone-1", "data": items}));
        assert_eq!(alone.expect(200).json()["synced_items"], json!(place + 1));
    }
    let held = phone.get("/auth/export/").expect(200).json()["data"]["telemetry"].clone();
    let held: BTreeSet<&str> = held.as_array().unwrap().iter().map(|item| item["domain"].as_str().unwrap()).collect();
    assert_eq!(held, TELEMETRY.iter().map(|rules| rules.entry.names.name).collect());
}

fn names(server: &Server) {
    let phone = Phone::single(server);
    for table in RECORDS {
        let names = &table.entry.names;
        let policy = phone.get(&format!("/sync/policies/{}/", names.name)).expect(200).json();
        for word in names.words() {
            let (entered, sent) = (fresh(), fresh());
            assert_eq!(one(&phone, word, entry(&entered, 0, least(table.fields))), status("created", 1), "{word}");
            let item = json!({"domain": word, "mobile_id": sent, "operation": "SYNC", "data": least(table.fields)});
            let body = json!({"device_id": "phone-1", "client_timestamp": "2026-01-16T14:30:45Z", "records": [item]});
            let said = phone.post("/sync/batch/", &body).expect(200).json();
            assert_eq!(said["records_sync_result"]["synced_items"], json!(1), "{said}");
            assert!(changed(&phone, word).is_superset(&[entered.clone(), sent.clone()].into()), "{word}");
            let list = phone.get(&format!("/sync/changes/?since=1970-01-02&kinds={word}")).expect(200).json();
            let rows = list["changes"][names.list].as_array().unwrap();
            assert!([entered, sent].iter().all(|id| rows.iter().any(|row| row["id"] == *id)), "{list}");
            assert_eq!(phone.get(&format!("/sync/policies/{word}/")).expect(200).json(), policy);
        }
    }
    conflicts(&phone);
}

/// What a poll tells, what wakes a device and what advice is asked about goes by the words that uploads use, too.
fn nouns(server: &Server) {
    let phone = Phone::single(server);
    let nouns: Vec<&Names> = FEATURES.iter().flat_map(|feature| feature.offline).map(|noun| &noun.names).collect();
    assert!(nouns.len() >= 6);
    for (names, word) in nouns.iter().flat_map(|names| names.words().map(|word| (names, word))) {
        let list = names.list;
        assert_eq!(listed_by(&phone, word), [list], "{word}");
        let wanted = json!({"device_id": "phone-1", "domains": [word]});
        assert_eq!(phone.post("/push/subscriptions/", &wanted).expect_one_of(&[200, 201]).json()["domains"], json!([list]));
        let asked = json!({"device_id": "phone-1", "records": [{"kind": word, "id": fresh()}]});
        assert_eq!(phone.post("/sync/risk/", &asked).status, 200, "{word}");
    }
    let sent = json!({"to": {"user_id": phone.id}, "type": "sync_trigger", "domains": ["goal", "question"]});
    assert_eq!(phone.post("/push/send/", &sent).expect(201).json()["data"]["domains"], json!(["goals", "qna_questions"]));
}

/// The lists of a poll that names one so.
fn listed_by(phone: &Phone, word: &str) -> Vec<String> {
    let polled = phone.get(&format!("/sync/changes/?since=1970-01-02&kinds={word}")).expect(200).json();
    polled["changes"].as_object().unwrap().keys().cloned().collect()
}

/// Conflicts are filtered by any name, too.
fn conflicts(phone: &Phone) {
    let id = fresh();
    for (version, title) in [(0, "first"), (1, "second"), (1, "late")] {
        one(phone, "activity", entry(&id, version, json!({ "jobdesc": title })));
    }
    for word in ["task", "tasks", "activity"] {
        let found = phone.get(&format!("/sync/conflicts/?domain={word}")).expect(200).json();
        assert_eq!((&found["total"], &found["conflicts"][0]["domain"]), (&json!(1), &json!("task")), "{word}");
    }
    assert_eq!(phone.get("/sync/conflicts/?domain=journal").expect(200).json()["total"], 0);
}

fn unknown(server: &Server) {
    let phone = Phone::single(server);
    let named = |text: &Value| RECORDS.iter().all(|table| text.as_str().unwrap().contains(table.name()));
    assert!(named(&problem(phone.get("/sync/policies/nothing/"), 404)["detail"]));
    let item = json!({"domain": "nothing", "mobile_id": fresh(), "operation": "SYNC", "data": {}});
    let body = json!({"device_id": "phone-1", "client_timestamp": "2026-01-16T14:30:45Z", "records": [item]});
    let said = phone.post("/sync/batch/", &body).expect(200).json();
    assert!(named(&said["records_sync_result"]["errors"][0]["message"]), "{said}");
    let refused = problem(phone.get("/sync/changes/?kinds=nothing"), 400)["kinds"][0].clone();
    assert!(RECORDS.iter().all(|table| refused.as_str().unwrap().contains(table.entry.names.list)), "{refused}");
    problem(phone.get("/sync/nothing/changes/"), 404);
}
