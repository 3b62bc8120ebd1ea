//! Values as the world sends them: numbers digit by digit, halves of characters, bytes that are no text.

use super::expect::problem;
use super::records::{entry, fresh, one, send, shown};
use super::{Case, Phone};
use crate::servers::Server;
use crate::servers::client::{Answer, request};
use serde_json::{Value, json};

/// See [`Case`].
pub const CASES: &[Case] = &[
    ("a number comes out of a record with the value that went in", numbers_of_records),
    ("a number comes out of telemetry and of the export with the value that went in", numbers_of_telemetry),
    ("a number keeps its digits through GraphQL, as a variable and as a literal", numbers_of_graphql),
    ("1.0 is 1: an edit whose base is the server's row in other numerals merges", merges_by_value),
    ("a conflict keeps the numbers of both sides", numbers_of_conflicts),
    ("a request in other numerals is the same request under its key", same_request),
    ("a text takes a number's digits, all of them", digits_as_text),
    ("half a character, 1e400 or 65 levels refuse one entry, not the others", one_bad_entry),
    ("half a character, 1e400 or 65 levels refuse one item through GraphQL, not the others", one_bad_item),
    ("numbers written into a document are their types', or their items' to refuse", literals),
    ("what belongs to no item refuses the whole", bad_envelopes),
    ("bytes that are no UTF-8 are 400 in forms and queries as in JSON", garbled),
    ("an argument of a message is no template", no_template),
    ("the fields of a record may be a string that holds them", data_as_text),
    ("a UUID comes back to its sender as it was sent, and stands in the feed in small letters", uuids),
    ("Accept-Language may have an underscore", underscores),
];

/// Numerals whose digits a double has not, or that it writes otherwise.
const NUMERALS: &[&str] = &[
    "12345678901234567890123",
    "18446744073709551616",
    "-9223372036854775809",
    "117.63331139400017",
    "0.1234567890123456789012345678901234567890",
    "1.00000000000000000000000000000000000001e-300",
    "9999999999999999999999999999999999999999e268",
];

fn raw(phone: &Phone, path: &str, body: &str) -> Answer {
    phone.ask("POST", path).header("Content-Type", "application/json").body(body).send(phone.port)
}

#[track_caller]
fn upload(phone: &Phone, path: &str, fields: &str) -> Value {
    let body = format!(r#"{{"client_id":"phone-1","entries":[{{{fields}}}]}}"#);
    let said = raw(phone, &format!("/sync/{path}/sync/"), &body).expect(200).json();
    assert_eq!(said["errors"], json!([]), "{said}");
    said
}

fn numbers_of_records(server: &Server) {
    let phone = Phone::single(server);
    for numeral in NUMERALS {
        let id = fresh();
        let in_text = format!("[{numeral}]");
        upload(
            &phone,
            "journal",
            &format!(r#""mobile_id":"{id}","title":"t","of_the_app":{{"n":[{numeral}]}},"tags":"{in_text}""#),
        );
        let polls = [
            phone.get("/sync/journal/changes/?since=1970-01-02&limit=1000"),
            phone.get("/sync/changes/?kinds=journal&include=objects"),
            phone.get("/auth/export/"),
        ];
        for answer in polls {
            let text = answer.expect(200).text();
            let at = text.find(&id).unwrap_or_else(|| panic!("no {id} in {text}"));
            assert!(
                text.contains(&format!(r#""n":[{numeral}]"#)) && text.contains(&format!(r#""tags":[{numeral}]"#)),
                "{numeral}: {}",
                &text[at..]
            );
        }
    }
}

fn numbers_of_telemetry(server: &Server) {
    let phone = Phone::single(server);
    let numeral = NUMERALS[4];
    let metric = format!(r#"{{"metric_type":"m","value":{numeral},"timestamp":"2026-01-16","tags":{{"a":{numeral}}}}}"#);
    raw(&phone, "/sync/metrics/", &format!(r#"{{"device_id":"d","data":[{metric}]}}"#)).expect(200);
    let event = format!(r#"{{"session_id":"s","events":[{{"x":{numeral}}}],"duration_ms":1}}"#);
    let body = format!(r#"{{"device_id":"d","data":[{event}]}}"#);
    raw(&phone, "/sync/behavioral/", &body).expect(200);
    let again = raw(&phone, "/sync/behavioral/", &body.replace(r#""duration_ms":1"#, r#""duration_ms":1.0"#)).expect(200).json();
    assert_eq!(again["metrics"]["repeated_items"], 1, "{again}");
    let export = phone.get("/auth/export/").expect(200).text();
    assert_eq!(export.matches(numeral).count(), 3, "{export}");
}

const SEND: &str = "mutation($b: SyncBatchInput!) { syncBatch(batch: $b) { success recordsSyncResult { errors { field itemId message } conflicts { serverData } } \
     metricsSyncResult { syncedItems errors { field itemId } } } }";
const POLL: &str = "{ changes { changes { object { ... on SyncRecord { mobileId data } } } } }";

#[track_caller]
fn graphql(phone: &Phone, query: &str, variables: &str) -> Answer {
    let body = format!(r#"{{"query":{},"variables":{variables}}}"#, json!(query));
    raw(phone, "/graphql/", &body).expect(200)
}

/// A batch of these records and metrics as a variable.
fn batch(records: &str, metrics: &str) -> String {
    let key = uuid::Uuid::new_v4();
    format!(
        r#"{{"b":{{"idempotencyKey":"{key}","deviceId":"d","clientTimestamp":"2026-01-16T14:30:45Z","records":[{records}],"metricsData":[{metrics}]}}}}"#
    )
}

fn numbers_of_graphql(server: &Server) {
    let phone = Phone::single(server);
    let numeral = NUMERALS[4];
    let record =
        format!(r#"{{"domain":"JOURNAL","mobileId":"{}","operation":"CREATE","data":{{"title":"t","n":{numeral}}}}}"#, fresh());
    let metric = format!(r#"{{"metricType":"m","value":{numeral},"timestamp":"2026-01-16","tags":{{"big":{}}}}}"#, NUMERALS[0]);
    let said = graphql(&phone, SEND, &batch(&record, &metric)).json();
    assert_eq!(said["data"]["syncBatch"]["success"], true, "{said}");
    let literal = format!(
        "mutation {{ syncBatch(batch: {{idempotencyKey: \"{}\", deviceId: \"d\", clientTimestamp: \"2026-01-16\", records: [{{domain: JOURNAL, \
         mobileId: \"{}\", operation: CREATE, data: {{title: \"t\", n: [{}, 1.0]}}}}]}}) {{ success }} }}",
        uuid::Uuid::new_v4(),
        fresh(),
        NUMERALS[1]
    );
    assert_eq!(graphql(&phone, &literal, "null").json()["data"]["syncBatch"]["success"], true);
    let polled = graphql(&phone, POLL, "{}").text();
    assert!(polled.contains(&format!(r#""n":{numeral}"#)), "{polled}");
    assert!(polled.contains(&format!(r#""n":[{},1.0]"#, NUMERALS[1])), "{polled}");
    let export = phone.get("/auth/export/").expect(200).text();
    assert!(
        export.contains(&format!(r#""value":{numeral}"#)) && export.contains(&format!(r#""big":{}"#, NUMERALS[0])),
        "{export}"
    );
}

fn literals(server: &Server) {
    let phone = Phone::single(server);
    let send = |items: &str| {
        let query = format!(
            "mutation {{ syncVoiceData(idempotencyKey: \"{}\", deviceId: \"d\", data: [{items}]) {{ syncedItems failedItems errors {{ field itemId reason }} }} }}",
            uuid::Uuid::new_v4()
        );
        graphql(&phone, &query, "null").json()
    };
    let item = |id: &str, more: &str| {
        format!("{{verificationId: \"{id}\", timestamp: \"2026-01-05T10:00:00Z\", verified: true, {more}}} ")
    };
    let whole =
        [item("whole", "processingTimeMs: 5.0"), item("power", "processingTimeMs: 1e2"), item("plain", "qualityScore: 1")];
    assert_eq!(send(&whole.concat())["data"]["syncVoiceData"]["syncedItems"], 3);
    for (bad, field) in [
        ("processingTimeMs: 2147483648", "processing_time_ms"),
        ("processingTimeMs: -99999999999999999999999", "processing_time_ms"),
        ("processingTimeMs: 5.5", "processing_time_ms"),
        ("qualityScore: 1e400", "quality_score"),
    ] {
        let said = send(&[item("bad", bad), item("good", "processingTimeMs: 7")].concat());
        let told = &said["data"]["syncVoiceData"];
        assert_eq!((&told["failedItems"], &told["syncedItems"]), (&json!(1), &json!(1)), "{bad}: {said}");
        assert_eq!((&told["errors"][0]["itemId"], &told["errors"][0]["field"]), (&json!("bad"), &json!(field)), "{said}");
    }
    let one = send("{verificationId: \"one\", timestamp: \"2026-01-05T10:00:00Z\", verified: true, processingTimeMs: \"5\"}");
    assert!(one["errors"][0]["message"].as_str().is_some_and(|message| message.contains("Int")), "{one}");
    assert!(graphql(&phone, "{ goals(first: 5.0) { nodes { id } } }", "null").json()["data"]["goals"].is_object());
    assert!(graphql(&phone, "{ goals(first: 5.5) { nodes { id } } }", "null").json()["errors"].is_array());
}

fn merges_by_value(server: &Server) {
    for (kept, told) in [
        ("1.0", "1"),
        ("1", "1e0"),
        ("1e2", "100"),
        ("-0.0", "0"),
        (r#"{"lat":37.0}"#, r#"{"lat":37}"#),
        (NUMERALS[3], "11763331139400017e-14"),
    ] {
        let (a, b) = Phone::couple(server);
        let id = fresh();
        upload(&a, "activity", &format!(r#""mobile_id":"{id}","jobdesc":"job","n":{kept}"#));
        upload(&a, "activity", &format!(r#""mobile_id":"{id}","version":1,"remarks":"by A""#));
        let said = upload(
            &b,
            "activity",
            &format!(r#""mobile_id":"{id}","version":1,"base_data":{{"jobdesc":"job","n":{told}}},"n":5"#),
        );
        assert_eq!(
            (&said["synced_items"][0]["status"], &said["conflicts"]),
            (&json!("merged"), &json!([])),
            "{kept} is {told}: {said}"
        );
        let again = upload(&a, "activity", &format!(r#""mobile_id":"{id}","version":3,"n":5.0"#));
        assert_eq!(again["synced_items"][0]["status"], "unchanged", "{again}");
    }
}

fn numbers_of_conflicts(server: &Server) {
    let (a, b) = Phone::couple(server);
    a.put("/sync/policies/task/", &json!({"resolution_policy": "manual", "auto_resolve": false})).expect(200);
    let id = fresh();
    upload(&a, "activity", &format!(r#""mobile_id":"{id}","jobdesc":"job","n":1"#));
    upload(&a, "activity", &format!(r#""mobile_id":"{id}","version":1,"n":{}"#, NUMERALS[0]));
    let body = format!(r#"{{"client_id":"phone-1","entries":[{{"mobile_id":"{id}","version":1,"n":{}}}]}}"#, NUMERALS[1]);
    let told = raw(&b, "/sync/activity/sync/", &body).expect(200).text();
    let listed = a.get("/sync/conflicts/").expect(200).text();
    for text in [told, listed] {
        assert!(text.contains(&format!(r#""n":{}"#, NUMERALS[0])) && text.contains(&format!(r#""n":{}"#, NUMERALS[1])), "{text}");
    }
    let conflict = a.get("/sync/conflicts/").json()["conflicts"][0]["conflict_id"].as_str().unwrap().to_owned();
    let choice = json!({"resolution_strategy": "client_wins", "chosen_version": "client"});
    a.post(&format!("/sync/conflicts/{conflict}/resolve/"), &choice).expect(200);
    let now = a.get("/sync/activity/changes/?since=1970-01-02").expect(200).text();
    assert!(now.contains(&format!(r#""n":{}"#, NUMERALS[1])), "{now}");
}

fn same_request(server: &Server) {
    let phone = Phone::single(server);
    let (key, id) = (uuid::Uuid::new_v4(), fresh());
    let sent = |n: &str| {
        let body = format!(r#"{{"client_id":"phone-1","entries":[{{"mobile_id":"{id}","title":"t","n":{n}}}]}}"#);
        let request = phone.ask("POST", "/sync/journal/sync/").header("Idempotency-Key", key.to_string());
        request.header("Content-Type", "application/json").body(body).send(server.port)
    };
    let first = sent("[1.0,100,12345678901234567890123]").expect(200);
    assert_eq!(sent(" [ 1e0, 1.0E2,1234567890123456789012.3e1]").expect(200).body, first.body);
    problem(sent("[1,100,12345678901234567890124]"), 422);
}

fn digits_as_text(server: &Server) {
    let phone = Phone::single(server);
    let id = fresh();
    upload(&phone, "journal", &format!(r#""mobile_id":"{id}","title":12345678901234567890123"#));
    assert_eq!(shown(&phone, "journal", &id)["title"], "12345678901234567890123");
    let goal = raw(&phone, "/goals/", r#"{"title":12345678901234567890123}"#).expect(201).json();
    assert_eq!(goal["title"], "12345678901234567890123");
    problem(raw(&phone, "/goals/", r#"{"title":1e400}"#), 400);
}

/// A member of the app's own that cannot be kept.
fn bad_members() -> [String; 5] {
    let deep = |levels: usize| format!(r#""x":{}{}"#, "[".repeat(levels), "]".repeat(levels));
    [r#""x":"\ud83d""#.into(), r#""x":{"\udc00":1}"#.into(), r#""x":[1e400]"#.into(), deep(70), deep(10_000)]
}

fn one_bad_entry(server: &Server) {
    let phone = Phone::single(server);
    for bad in bad_members() {
        let (sick, well) = (fresh(), fresh());
        let entries = format!(r#"{{"mobile_id":"{sick}","title":"t",{bad}}},{{"mobile_id":"{well}","title":"t"}}"#);
        let said =
            raw(&phone, "/sync/journal/sync/", &format!(r#"{{"client_id":"phone-1","entries":[{entries}]}}"#)).expect(200).json();
        assert_eq!(said["synced_items"][0]["mobile_id"], json!(well), "{said}");
        assert_eq!((&said["errors"][0]["mobile_id"], &said["errors"][0]["field"]), (&json!(sick), &json!("data")), "{said}");
        let events = format!(
            r#"{{"session_id":"s","events":[{{{bad}}}],"duration_ms":1}},{{"session_id":"{well}","events":[],"duration_ms":1}}"#
        );
        let said = raw(&phone, "/sync/behavioral/", &format!(r#"{{"device_id":"d","data":[{events}]}}"#)).expect(200).json();
        assert_eq!((&said["synced_items"], &said["errors"][0]["field"]), (&json!(1), &json!("events")), "{said}");
    }
    let id = fresh();
    let half = format!(
        r#"{{"client_id":"phone-1","entries":[{{"mobile_id":"{id}","title":"\ud83d"}},{{"mobile_id":"\ud83d","title":"t"}}]}}"#
    );
    let said = raw(&phone, "/sync/journal/sync/", &half).expect(200).json();
    assert_eq!((&said["errors"][0]["field"], &said["errors"][1]["field"]), (&json!("title"), &json!("mobile_id")), "{said}");
    assert_eq!(said["errors"][1]["mobile_id"], Value::Null, "{said}");
    let fits = format!(r#""mobile_id":"{}","title":"t","x":{}{}"#, fresh(), "[".repeat(60), "]".repeat(60));
    upload(&phone, "journal", &fits);
}

fn one_bad_item(server: &Server) {
    let phone = Phone::single(server);
    for bad in bad_members() {
        let (sick, well) = (fresh(), fresh());
        let record = |id: &str, more: &str| {
            format!(r#"{{"domain":"JOURNAL","mobileId":"{id}","operation":"CREATE","data":{{"title":"t"{more}}}}}"#)
        };
        let records = [record(&sick, &format!(",{bad}")), record(&well, "")].join(",");
        let metrics =
            r#"{"metricType":"m","value":1e400,"timestamp":"2026-01-16"},{"metricType":"n","value":1,"timestamp":"2026-01-16"}"#;
        let said = graphql(&phone, SEND, &batch(&records, metrics)).json();
        let (records, metrics) =
            (&said["data"]["syncBatch"]["recordsSyncResult"], &said["data"]["syncBatch"]["metricsSyncResult"]);
        assert_eq!((&records["errors"][0]["itemId"], &records["errors"][1]), (&json!(sick), &Value::Null), "{said}");
        assert_eq!((&metrics["errors"][0]["field"], &metrics["syncedItems"]), (&json!("value"), &json!(1)), "{said}");
        shown(&phone, "journal", &well);
    }
}

fn bad_envelopes(server: &Server) {
    let phone = Phone::single(server);
    let deep = format!("{}{}", "[".repeat(70), "]".repeat(70));
    for bad in [r#""\ud83d""#, "1e400", &deep] {
        let entries = format!(r#"{{"client_id":"phone-1","entries":[{{"mobile_id":"{}","title":"t"}}],"x":{bad}}}"#, fresh());
        problem(raw(&phone, "/sync/journal/sync/", &entries), 400);
        problem(raw(&phone, "/goals/", &format!(r#"{{"title":"t","x":{bad}}}"#)), 400);
        let unknown = format!(r#"{{"query":"{{ __typename }}","variables":{{"x":{bad}}}}}"#);
        assert_eq!(raw(&phone, "/graphql/", &unknown).status, 400, "{bad}");
    }
}

fn garbled(server: &Server) {
    let phone = Phone::single(server);
    for body in [&b"title=%ff"[..], b"title=\xff", b"%e9=1&title=t", b"title=t&x=%ed%a0%bd"] {
        let form = phone.ask("POST", "/goals/").header("Content-Type", "application/x-www-form-urlencoded").body(body);
        problem(form.send(server.port), 400);
    }
    let form = phone.ask("POST", "/goals/").header("Content-Type", "application/x-www-form-urlencoded").body("title=%C3%A9+%zz");
    assert_eq!(form.send(server.port).expect(201).json()["title"], "é %zz");
    for query in ["status=%ff", "%e9", "since=%ed%a0%bd"] {
        for path in ["/goals/", "/sync/changes/", "/sync/activity/changes/"] {
            // Some web servers refuse it themselves.
            phone.get(&format!("{path}?{query}")).expect(400);
        }
    }
    let login = request("POST", "/api/auth/login/").header("Content-Type", "application/x-www-form-urlencoded");
    problem(login.body("username=%ff&password=x").send(server.port), 400);
}

fn no_template(server: &Server) {
    let phone = Phone::single(server);
    let detail = phone.get("/sync/changes/?kinds=%7B1%7D%7B0%7D").expect(400).json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.starts_with("\"{1}{0}\""), "{detail}");
}

fn data_as_text(server: &Server) {
    let phone = Phone::single(server);
    let id = fresh();
    let data = json!({"title": "t", "n": 1}).to_string();
    let record = json!({"domain": "journal", "mobile_id": id, "data": data, "operation": "create"});
    let sent = json!({"device_id": "d", "client_timestamp": "2026-01-16", "records": [record]});
    let said = phone.post("/sync/batch/", &sent).expect(200).json();
    assert_eq!(said["success"], true, "{said}");
    assert_eq!(shown(&phone, "journal", &id)["n"], 1);
}

fn uuids(server: &Server) {
    let phone = Phone::single(server);
    let id = fresh();
    for (version, sent) in [id.to_uppercase(), format!("{{{id}}}"), id.replace('-', ""), id.clone()].into_iter().enumerate() {
        let record = entry(&sent, i64::try_from(version).unwrap(), json!({"title": "t", "edit": version}));
        assert_eq!(send(&phone, "journal", json!([record]))["synced_items"][0]["mobile_id"], json!(sent));
    }
    assert_eq!(shown(&phone, "journal", &id)["version"], 4, "one record");
    let stale = entry(&id.to_uppercase(), 1, json!({"title": "u"}));
    assert_eq!(send(&phone, "journal", json!([stale]))["conflicts"][0]["mobile_id"], json!(id.to_uppercase()));
    assert_eq!(one(&phone, "journal", entry(&id, 9, json!({"title": "v"}))).0, "updated");
}

fn underscores(server: &Server) {
    let answer = request("GET", "/api/nothing/").header("Accept-Language", "fr_FR").send(server.port);
    assert_eq!(problem(answer, 404)["detail"], "Introuvable.");
}
