//! The stamps of writes: how many a large upload takes, which an answer names, and polls that leave one's own out.

use super::feed::{Row, now, objects, rows, text};
use super::feed_pages::{all_rows, drain};
use super::{Case, Phone};
use crate::servers::Server;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The most rows under one stamp.
const MOST: usize = 200;

/// See [`Case`].
pub const CASES: &[Case] = &[
    ("a large upload takes a stamp for each 200 rows, and pages keep their limit", large_upload),
    ("an upload of 200 items has one stamp", one_stamp),
    ("every answer to a member's write names its stamp, refusals and reads none", every_write),
    ("a poll leaves out exactly the stamps that it names", own_writes),
    ("own writes are left out before a page is cut", own_pages),
    ("a poll names stamps in vain without the epoch, and in a new start", own_in_vain),
    ("an upload from before a restore is 409 epoch_changed and changes nothing", epochs),
];

fn task(n: usize, version: u32) -> Value {
    let id = format!("01890000-0000-7000-8000-{n:012x}");
    json!({"domain": "task", "mobile_id": id, "operation": "sync", "version": version, "data": {"jobdesc": format!("job {n} of {version}")}})
}

fn batch(items: &[Value]) -> Value {
    json!({"device_id": "phone-one", "client_timestamp": "2026-01-16T14:30:45Z", "records": items})
}

fn named(answer: &crate::servers::client::Answer) -> Vec<String> {
    let field = answer.header("Sync-Stamp").unwrap_or_default();
    field.split(", ").filter(|stamp| !stamp.is_empty()).map(str::to_owned).collect()
}

/// A poll of all kinds.
#[track_caller]
fn poll(phone: &Phone, since: &str, more: &str) -> Value {
    phone.get(&format!("/v2/sync/changes/?since={since}{more}")).expect(200).json()
}

fn large_upload(server: &Server) {
    let (a, b) = Phone::couple(server);
    let since = now(&b);
    let items: Vec<Value> = (0..450).map(|n| task(n, 0)).collect();
    let answer = a.post("/sync/batch/", &batch(&items)).expect(200);
    let stamps = named(&answer);
    assert!(stamps.len() == 3 && stamps.is_sorted(), "{stamps:?}");
    let result = answer.json()["records_sync_result"].clone();
    assert_eq!((text(&result["previous_stamp"]), text(&result["server_timestamp"])), (since.clone(), stamps[2].clone()));
    let told: Vec<String> = result["items"].as_array().unwrap().iter().map(|item| text(&item["stamp"])).collect();
    assert!(told.is_sorted(), "items keep their order");
    let found = rows(&poll(&b, &since, "&kinds=task"));
    let mut under: BTreeMap<String, usize> = BTreeMap::new();
    found.iter().for_each(|row| *under.entry(row.at.clone()).or_default() += 1);
    assert_eq!(
        under.into_iter().collect::<Vec<_>>(),
        [(stamps[0].clone(), MOST), (stamps[1].clone(), MOST), (stamps[2].clone(), 50)]
    );
    let pages = drain(&b, &since, MOST, "", "&kinds=task");
    assert_eq!((pages.len(), all_rows(&pages).len()), (3, 450));
    assert_eq!(text(&pages[2]["server_time"]), stamps[2]);
    // Edits may drag a conflict along: room for that is left.
    let stale: Vec<Value> = (0..300).map(|n| task(n, 0)).collect();
    let stamps = named(&a.post("/sync/batch/", &batch(&stale)).expect(200));
    assert!((2..=4).contains(&stamps.len()), "{stamps:?}");
}

fn one_stamp(server: &Server) {
    let (a, b) = Phone::couple(server);
    let since = now(&b);
    let items: Vec<Value> = (0..MOST).map(|n| task(n, 0)).collect();
    let stamps = named(&a.post("/sync/batch/", &batch(&items)).expect(200));
    let at: BTreeSet<String> = rows(&poll(&b, &since, "")).into_iter().map(|row| row.at).collect();
    assert_eq!(at.into_iter().collect::<Vec<_>>(), stamps);
    assert_eq!(stamps.len(), 1);
}

fn every_write(server: &Server) {
    let (a, b) = Phone::couple(server);
    for object in objects(&a) {
        for (step, method, body) in object.steps() {
            let answer = a.ask(method, &step).json(&body).send(a.port);
            assert_eq!(named(&answer), [now(&b)], "{method} {step}");
        }
    }
    let mutation = r#"mutation { syncBatch(batch: {idempotencyKey: "0123456789abcdef", deviceId: "phone", clientTimestamp: "2026-01-01"}) { success epoch } }"#;
    let answer = a.post("/graphql/", &json!({ "query": mutation })).expect(200);
    assert_eq!((named(&answer), answer.json()["data"]["syncBatch"]["success"].clone()), (vec![now(&b)], json!(true)));
    for (method, path) in [("GET", "/goals/"), ("POST", "/goals/"), ("DELETE", "/letters/01890000-0000-7000-8000-000000000000/")]
    {
        let answer = a.ask(method, path).json(&json!({})).send(a.port);
        assert_eq!(named(&answer), [""; 0], "{method} {path} {}", answer.status);
    }
}

fn own_writes(server: &Server) {
    let (a, b) = Phone::couple(server);
    let since = now(&a);
    let epoch = text(&a.poll(&since)["epoch"]);
    let write = |phone: &Phone, title: &str| {
        let answer = phone.post("/goals/", &json!({ "title": title })).expect(201);
        (named(&answer)[0].clone(), text(&answer.json()["id"]))
    };
    let (own, _) = write(&a, "mine");
    let quiet = poll(&a, &since, &format!("&epoch={epoch}&own={own}"));
    assert_eq!((rows(&quiet), text(&quiet["server_time"])), (vec![], own.clone()), "the cursor moves on all the same");
    let (theirs, foreign) = write(&b, "yours");
    let (second, mine) = write(&a, "mine, too");
    let ids = |poll: &Value| rows(poll).into_iter().map(|row: Row| row.id).collect::<Vec<_>>();
    assert_eq!(ids(&poll(&a, &since, &format!("&epoch={epoch}&own={own},{second}"))), std::slice::from_ref(&foreign));
    // What the partner has changed since is told.
    b.patch(&format!("/goals/{mine}/"), &json!({"title": "ours"})).expect(200);
    assert_eq!(ids(&poll(&a, &since, &format!("&epoch={epoch}&own={own},{second},rubbish"))), [foreign.clone(), mine.clone()]);
    assert_eq!(ids(&poll(&b, &since, &format!("&epoch={epoch}&own={theirs}"))).len(), 2);
    let ask = format!(r#"{{ changes(since: "{since}", epoch: "{epoch}", own: ["{own}", "{second}"]) {{ changes {{ id }} }} }}"#);
    let shown = a.post("/graphql/", &json!({ "query": ask })).expect(200).json()["data"]["changes"]["changes"].clone();
    assert_eq!(shown, json!([{"id": foreign}, {"id": mine}]));
}

fn own_pages(server: &Server) {
    let (a, b) = Phone::couple(server);
    let since = now(&a);
    let epoch = text(&a.poll(&since)["epoch"]);
    let goal = |phone: &Phone| named(&phone.post("/goals/", &json!({"title": "x"})).expect(201))[0].clone();
    let own = [goal(&a), goal(&a), goal(&a)].join(",");
    let theirs = [goal(&b), goal(&b)];
    let more = format!("&epoch={epoch}&own={own}");
    for limit in [1, 2, 5] {
        let told: Vec<String> = all_rows(&drain(&a, &since, limit, "", &more)).into_iter().map(|row| row.at).collect();
        assert_eq!(told, theirs, "limit {limit}");
    }
}

fn own_in_vain(server: &Server) {
    let (a, _) = Phone::couple(server);
    let since = now(&a);
    let epoch = text(&a.poll(&since)["epoch"]);
    let own = named(&a.post("/goals/", &json!({"title": "x"})).expect(201))[0].clone();
    assert_eq!(rows(&poll(&a, &since, &format!("&own={own}"))).len(), 1);
    for start in ["1970-01-01&epoch=", &format!("{since}&epoch=other-")] {
        let told = poll(&a, start, &format!("{epoch}&own={own}"));
        assert!(told["reset"] == true && rows(&told).iter().any(|row| row.at == own), "{start}");
    }
    let many = format!("{}{own}", "1970-01-01,".repeat(20));
    assert_eq!(rows(&poll(&a, &since, &format!("&epoch={epoch}&own={many}"))).len(), 1, "twenty count");
}

fn epochs(server: &Server) {
    let (a, b) = Phone::couple(server);
    let since = now(&b);
    let epoch = text(&b.poll(&since)["epoch"]);
    let with = |mut body: Value, sent: Value| {
        body["epoch"] = sent;
        body
    };
    let entries = |n| json!({"entries": [{"mobile_id": task(n, 0)["mobile_id"], "version": 0, "jobdesc": "three"}], "client_id": "phone-one"});
    let voice = json!({"device_id": "phone-one", "data": [{"verification_id": "v", "timestamp": "2026-01-01T00:00:00Z", "verified": true}]});
    let uploads = [("/sync/batch/", batch(&[task(1, 0)])), ("/sync/activity/sync/", entries(2)), ("/sync/voice/", voice)];
    for (path, body) in &uploads {
        let refused = a.post(path, &with(body.clone(), json!("older"))).expect(409).json();
        assert_eq!((&refused["code"], &refused["epoch"]), (&json!("epoch_changed"), &json!(epoch)), "{path}");
        let key = |body: &Value| {
            let ask = a.ask("POST", &format!("/v2{path}")).header("Idempotency-Key", "\"0123456789abcdef\"");
            ask.json(body).send(a.port)
        };
        assert_eq!(key(&with(body.clone(), json!("older"))).expect(409).json()["code"], "epoch-changed", "{path}");
        assert_eq!(now(&b), since, "{path} changes nothing");
    }
    let key = "fedcba9876543210";
    for (path, body) in &uploads {
        let send = |body: &Value| a.ask("POST", path).header("Idempotency-Key", key).json(body).send(a.port).expect(200);
        let answer = send(&with(body.clone(), json!(epoch)));
        assert_eq!(answer.json()["epoch"], json!(epoch), "{path}");
        assert_eq!(send(&with(body.clone(), Value::Null)).body, answer.body, "{path}: the epoch makes no other request");
    }
    let mutation = r#"mutation { syncBatch(batch: {idempotencyKey: "0123456789abcdef", deviceId: "phone", clientTimestamp: "2026-01-01", epoch: "older"}) { success } }"#;
    let refused = a.post("/graphql/", &json!({ "query": mutation })).expect(200).json()["errors"][0]["extensions"].clone();
    assert_eq!((&refused["code"], &refused["epoch"]), (&json!("EPOCH_CHANGED"), &json!(epoch)));
}
