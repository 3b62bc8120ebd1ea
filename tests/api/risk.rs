//! Asking before an edit: is the device behind, by whom, in which fields, and what is best.

use super::conflicts::set;
use super::edits::{made, mark, task};
use super::expect::{problem, refused};
use super::graphql::data;
use super::history::age;
use super::records::{entry, fresh};
use super::{Case, Phone};
use crate::servers::Server;
use serde_json::{Value, json};

/// See [`Case`].
pub const CASES: &[Case] = &[
    ("who is behind is told by how much, by whom, and in which fields", behind),
    ("one's own versions put nobody behind, one's other phone's do", own),
    ("what waits to be sent is merged first, what is not is fetched", pending),
    ("who edits the same fields is waited for, who edits others is not", wait),
    ("lists without a history are known by version or stamp", lists),
    ("a record with many meetings is risky, and its tenant's rate is what is expected of others", rates),
    ("a question writes nothing, and both faces answer it alike", both_faces),
    ("a question is about one to a hundred records", bounds),
    ("the earlier API is answered in its own shape", earlier),
];

/// What is answered about one record.
#[track_caller]
fn ask(phone: &Phone, device: &str, record: Value) -> Value {
    let said = phone.post("/sync/risk/", &json!({"device_id": device, "records": [record]})).expect(200).json();
    assert_eq!(said["model"], Value::Null);
    said["results"][0].clone()
}

fn about(id: &str, version: i64) -> Value {
    json!({"kind": "task", "id": id, "version": version})
}

/// Behind, versions, who, which fields.
fn facts(advice: &Value) -> [Value; 4] {
    ["behind", "versions_behind", "changed_by", "changed_fields"].map(|name| advice["facts"][name].clone())
}

fn behind(server: &Server) {
    let (a, b) = Phone::couple(server);
    let id = made(&a);
    let at = |version: i64| ask(&b, "phone two", about(&id, version));
    assert_eq!(facts(&at(1)), [json!(false), json!(0), Value::Null, Value::Null]);
    let first = task(&a, "phone one", entry(&id, 1, json!({"remarks": "r"})));
    let second = task(&a, "phone one", entry(&id, 2, json!({"jobdesc": "another job"})));
    let advice = at(1);
    assert_eq!(facts(&advice), [json!(true), json!(2), json!(a.id), json!(["jobdesc", "remarks"])]);
    let told = ["changed_at", "deleted", "unknown"].map(|name| advice["facts"][name].clone());
    assert_eq!(told, [second["stamp"].clone(), json!(false), json!(false)]);
    let best = ["probability", "risk_level", "recommendation", "model_version"].map(|name| advice[name].clone());
    assert_eq!(best, [json!(1.0), json!("high"), json!("sync_now"), json!("rates")]);
    assert_eq!(facts(&at(2)), [json!(true), json!(1), json!(a.id), json!(["jobdesc"])]);
    assert_eq!(facts(&at(3))[0], json!(false));
    let seen = |stamp: &Value| ask(&b, "phone two", json!({"kind": "tasks", "id": id, "seen": stamp}));
    assert_eq!(facts(&seen(&first["stamp"])), [json!(true), json!(1), json!(a.id), json!(["jobdesc"])]);
    assert_eq!(facts(&seen(&second["stamp"]))[0], json!(false));
    let item = json!({"domain": "task", "mobile_id": id, "operation": "delete", "version": 3});
    let batch = json!({"device_id": "phone one", "client_timestamp": "2026-01-05T00:00:00Z", "records": [item]});
    a.post("/sync/batch/", &batch).expect(200);
    let advice = at(3);
    assert_eq!((&advice["facts"]["deleted"], &advice["facts"]["changed_by"]), (&json!(true), &json!(a.id)));
    assert_eq!(advice["recommendation"], "sync_now");
    let (unknown, nobody) = (ask(&b, "phone two", about(&fresh(), 3)), Value::Null);
    assert_eq!(facts(&unknown), [json!(false), nobody.clone(), nobody.clone(), nobody]);
    assert_eq!((&unknown["facts"]["unknown"], &unknown["recommendation"]), (&json!(true), &json!("go_on")));
}

fn own(server: &Server) {
    let phone = Phone::single(server);
    let id = made(&phone);
    task(&phone, "phone one", entry(&id, 1, json!({"remarks": "r"})));
    task(&phone, "phone one", entry(&id, 2, json!({"remarks": "s"})));
    let advice = ask(&phone, "phone one", about(&id, 1));
    assert_eq!((&facts(&advice)[..3], &advice["recommendation"]), (&[json!(false), json!(0), Value::Null][..], &json!("go_on")));
    assert_eq!(facts(&ask(&phone, "phone two", about(&id, 1))), [json!(true), json!(2), json!(phone.id), json!(["remarks"])]);
    // What the history has lost, the feed still knows; what neither knows is another's.
    server.alter("DELETE FROM history WHERE id = ?", tandem::params![&id]);
    assert_eq!(facts(&ask(&phone, "phone two", about(&id, 1))), [json!(true), json!(2), json!(phone.id), Value::Null]);
}

fn pending(server: &Server) {
    let (a, b) = Phone::couple(server);
    let id = made(&a);
    task(&a, "phone one", entry(&id, 1, json!({"remarks": "r"})));
    let asked = |version: i64, pending: bool| {
        ask(&b, "phone two", json!({"kind": "task", "id": id, "version": version, "pending": pending}))["recommendation"].clone()
    };
    assert_eq!([asked(1, true), asked(1, false), asked(2, true)], ["merge_first", "sync_now", "go_on"].map(Value::from));
}

fn wait(server: &Server) {
    let (a, b) = Phone::couple(server);
    let id = made(&a);
    mark(&a, "task", &id, json!({"device_id": "phone one", "version": 1, "fields": ["remarks"]}));
    let asked = |fields: Value| ask(&b, "phone two", json!({"kind": "task", "id": id, "version": 1, "fields": fields}));
    for (fields, wanted) in [(json!(["remarks", "jobdesc"]), "wait"), (Value::Null, "wait"), (json!(["jobdesc"]), "go_on")] {
        let advice = asked(fields);
        assert_eq!(advice["recommendation"], wanted, "{advice}");
        let seconds = advice["wait_seconds"].as_i64().unwrap();
        assert!(if wanted == "wait" { (290..=300).contains(&seconds) } else { seconds == 0 }, "{advice}");
        assert_eq!(advice["facts"]["editors"][0]["user_id"], a.id);
    }
    assert_eq!(ask(&a, "phone one", about(&id, 1))["recommendation"], "go_on", "one's own mark keeps nobody waiting");
    let mine = ask(&a, "phone two", about(&id, 1));
    assert_eq!((&mine["recommendation"], &mine["facts"]["editors"][0]["user_id"]), (&json!("wait"), &json!(a.id)));
}

fn lists(server: &Server) {
    let (a, b) = Phone::couple(server);
    let goal = a.post("/goals/", &json!({"title": "a goal"})).expect(201).json();
    let record = |more: Value| {
        let mut record = json!({"kind": "goals", "id": goal["id"]});
        record.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        record
    };
    let seen = record(json!({"seen": goal["updated_at"]}));
    assert_eq!(ask(&b, "phone two", seen.clone())["facts"]["behind"], false);
    a.patch(&format!("/goals/{}/", goal["id"].as_str().unwrap()), &json!({"title": "another"})).expect(200);
    for asked in [seen.clone(), record(json!({"version": 1}))] {
        let advice = ask(&b, "phone two", asked.clone());
        let wanted = [json!(true), Value::Null, Value::Null, Value::Null];
        assert_eq!((facts(&advice), &advice["probability"]), (wanted, &json!(1.0)), "{asked}");
        assert_eq!(ask(&a, "phone one", asked)["facts"]["behind"], false, "by this session");
    }
    let advice = ask(&b, "phone two", record(json!({"version": 2})));
    assert_eq!(
        (&advice["facts"]["behind"], &advice["probability"], &advice["kind"]),
        (&json!(false), &Value::Null, &json!("goals"))
    );
}

fn rates(server: &Server) {
    let (a, b) = Phone::couple(server);
    set(&a, "task", json!({"resolution_policy": "client_wins"}));
    let (id, other) = (made(&a), made(&a));
    assert_eq!(ask(&b, "phone two", about(&id, 1))["probability"], 0.05);
    for version in 1..9 {
        let (early, late) =
            (entry(&id, version * 2 - 1, json!({"remarks": version})), entry(&id, version * 2 - 1, json!({"remarks": -version})));
        task(&a, "phone one", early);
        assert_eq!(task(&b, "phone two", late)["status"], "conflict");
    }
    // Today's edits are the record's own already, and the tenant's from tomorrow on.
    let advice = ask(&a, "phone one", about(&id, 17));
    assert_eq!(advice["probability"], (8.0 + 5.0 * 0.05) / (16.0 + 5.0));
    assert_eq!((&advice["risk_level"], &advice["recommendation"]), (&json!("medium"), &json!("go_on")));
    assert_eq!(ask(&a, "phone one", about(&other, 1))["probability"], 0.05);
    age(server, &id, 2);
    let tenant = (8.0 + 20.0 * 0.05) / (16.0 + 20.0);
    let rates = || {
        [&id, &other].map(|id| {
            ask(&a, "phone one", json!({"kind": "task", "id": id, "seen": "2099-01-01T00:00:00Z"}))["probability"].clone()
        })
    };
    let counted = rates();
    assert_eq!(counted, [(8.0 + 5.0 * tenant) / 21.0, tenant].map(Value::from));
    server.tandem(&["maintain", "--quiet"]);
    assert_eq!(rates(), counted, "the sums of the night are what is counted");
}

const RISK: &str = "query($device: ID!, $records: [RiskInput!]!) { conflictRisk(deviceId: $device, records: $records) {
    kind id facts { behind versionsBehind changedBy changedAt changedFields deleted unknown editors { userId deviceName since until fields } }
    probability riskLevel recommendation waitSeconds reasons { feature value effect } modelVersion } }";

fn both_faces(server: &Server) {
    let (a, b) = Phone::couple(server);
    let (id, goal) = (made(&a), a.make("/goals/", &json!({"title": "a goal"})));
    task(&a, "phone one", entry(&id, 1, json!({"remarks": "r"})));
    mark(&a, "task", &id, json!({"device_id": "phone one", "fields": ["remarks"]}));
    let clock = |phone: &Phone| phone.get("/sync/changes/?kinds=edits").expect(200).json()["server_time"].clone();
    let before = clock(&a);
    let records = json!([about(&id, 1), about(&id, 2), {"kind": "goals", "id": goal, "version": 0}, about(&fresh(), 1)]);
    let rest = b.post("/sync/risk/", &json!({"device_id": "phone two", "records": records})).expect(200).json();
    let graphql = data(&b, RISK, json!({"device": "phone two", "records": records}))["conflictRisk"].clone();
    for (rest, graphql) in rest["results"].as_array().unwrap().iter().zip(graphql.as_array().unwrap()) {
        same(rest, graphql);
    }
    assert_eq!(clock(&a), before);
}

/// Every member of one answer is a member of the other, by the other's name for it.
#[track_caller]
fn same(rest: &Value, graphql: &Value) {
    match (rest, graphql) {
        (Value::Object(rest), Value::Object(graphql)) => {
            for (name, value) in rest.iter().filter(|(name, _)| *name != "predicted_at") {
                let camel = name
                    .split('_')
                    .enumerate()
                    .map(|(n, word)| if n == 0 { word.to_owned() } else { word[..1].to_uppercase() + &word[1..] });
                same(value, &graphql[&camel.collect::<String>()]);
            }
        }
        (Value::Array(rest), Value::Array(graphql)) => {
            assert_eq!(rest.len(), graphql.len());
            rest.iter().zip(graphql).for_each(|(rest, graphql)| same(rest, graphql));
        }
        (Value::Number(id), Value::String(graphql)) => assert_eq!(&id.to_string(), graphql),
        (Value::Number(rest), Value::Number(graphql)) => assert_eq!(rest.as_f64(), graphql.as_f64()),
        _ => assert_eq!(rest, graphql),
    }
}

fn bounds(server: &Server) {
    let phone = Phone::single(server);
    let ask = |records: Value| phone.post("/sync/risk/", &json!({"device_id": "phone one", "records": records}));
    let many = |count: usize| (0..count).map(|_| about(&fresh(), 1)).collect::<Vec<Value>>();
    assert_eq!(ask(json!(many(100))).expect(200).json()["results"].as_array().unwrap().len(), 100);
    for records in [json!([]), json!(many(101)), json!("x"), json!([1]), Value::Null] {
        refused(ask(records), "records");
    }
    refused(phone.post("/sync/risk/", &json!({"records": many(1)})), "device_id");
    for (field, record) in [
        ("kind", json!({"id": fresh()})),
        ("id", json!({"kind": "task"})),
        ("id", json!({"kind": "task", "id": "nonsense"})),
        ("version", json!({"kind": "task", "id": fresh(), "version": "x"})),
    ] {
        refused(ask(json!([record])), field);
    }
    problem(ask(json!([{"kind": "nonsense", "id": fresh()}])), 404);
    problem(Phone::register(server).post("/sync/risk/", &json!({"device_id": "phone one", "records": many(1)})), 404);
}

fn earlier(server: &Server) {
    let (a, b) = Phone::couple(server);
    let id = made(&a);
    task(&a, "phone one", entry(&id, 1, json!({"remarks": "r"})));
    let predict = |body: Value| b.post("/predict/conflict/", &body).expect(200).json();
    let brief = |said: &Value| ["probability", "risk_level", "recommendation", "model_version"].map(|name| said[name].clone());
    assert_eq!(brief(&predict(json!({}))), [json!(0.05), json!("low"), json!("sync_now"), json!("rates")]);
    assert_eq!(brief(&predict(about(&id, 2))), [json!(5.0 * 0.05 / 6.0), json!("low"), json!("sync_now"), json!("rates")]);
    let mut late = about(&id, 1);
    late["pending"] = true.into();
    let said = predict(late);
    assert_eq!(brief(&said), [json!(1.0), json!("high"), json!("merge_first"), json!("rates")]);
    assert!(said["features_used"].is_array() && said["predicted_at"].is_string(), "{said}");
    refused(b.post("/predict/conflict/", &json!({"kind": "task"})), "id");
    problem(b.post("/predict/conflict/", &json!({"kind": "x", "id": id})), 404);
    assert_eq!(b.ask("POST", "/v2/predict/conflict/").json(&json!({})).send(b.port).expect(200).json()["model_version"], "rates");
}
