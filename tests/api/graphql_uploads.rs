//! GraphQL: uploads, records, conflicts and devices are those of REST.

use super::graphql::{data, send};
use super::{Case, Phone};
use crate::servers::Server;
use serde_json::{Value, json};

/// See [`Case`].
pub const CASES: &[Case] = &[
    ("an upload through GraphQL is the same as through REST", uploads),
    ("each field of a mutation is a transaction of its own", mutations),
    ("records and conflicts are shown and settled", records),
    ("devices and their health are shown", devices),
];

/// A voice verification of this id.
fn voice(id: &str) -> Value {
    json!({"verificationId": id, "timestamp": "2026-01-05T10:00:00Z", "verified": true, "confidenceScore": 0.5, "metadata": "{\"a\": 1}"})
}

const VOICE: &str = "mutation($data: [VoiceDataInput]!, $key: String!) { syncVoiceData(data: $data, idempotencyKey: $key, deviceId: \"phone\") { \
     success syncedItems failedItems errors { code message field itemId details } conflicts { conflictId } items { mobileId } \
     metrics { totalItems syncedItems failedItems conflictsDetected durationMs bandwidthBytes cacheHitRate } serverTimestamp idempotencyKey } }";

fn uploads(server: &Server) {
    let phone = Phone::single(server);
    let key = uuid::Uuid::new_v4().to_string();
    let first = data(&phone, VOICE, json!({"data": [voice("v1"), voice("v2")], "key": key}))["syncVoiceData"].clone();
    assert_eq!(
        (&first["success"], &first["syncedItems"], &first["failedItems"]),
        (&json!(true), &json!(2), &json!(0)),
        "{first}"
    );
    assert_eq!((&first["metrics"]["totalItems"], &first["idempotencyKey"]), (&json!(2), &json!(key)));
    assert_eq!(
        data(&phone, VOICE, json!({"data": [voice("v1"), voice("v2")], "key": key}))["syncVoiceData"],
        first,
        "the stored answer"
    );
    // The same request through REST, in its own words, finds the same answer.
    let snake = |id: &str| json!({"verification_id": id, "timestamp": "2026-01-05T10:00:00Z", "verified": true, "confidence_score": 0.5, "metadata": "{\"a\": 1}"});
    let body = json!({"device_id": "phone", "data": [snake("v1"), snake("v2")]});
    let rest = phone.ask("POST", "/sync/voice/").header("Idempotency-Key", &key).json(&body).send(server.port).expect(200).json();
    assert_eq!(
        (&first["serverTimestamp"], &first["metrics"]["durationMs"]),
        (&rest["server_timestamp"], &rest["metrics"]["duration_ms"])
    );
    let reused = send(&phone, VOICE, json!({"data": [voice("v3")], "key": key})).expect(200).json();
    assert_eq!(reused["errors"][0]["extensions"]["code"], "IDEMPOTENCY_KEY_REUSED", "{reused}");
    assert_eq!(reused["data"], json!({"syncVoiceData": null}));
    let mut bad = voice("v4");
    bad["confidenceScore"] = json!(2);
    let partly =
        data(&phone, VOICE, json!({"data": [bad, voice("v5")], "key": uuid::Uuid::new_v4().to_string()}))["syncVoiceData"]
            .clone();
    assert_eq!((&partly["success"], &partly["syncedItems"]), (&json!(false), &json!(1)), "{partly}");
    let error = &partly["errors"][0];
    assert_eq!(
        (&error["code"], &error["itemId"], &error["field"]),
        (&json!("SYNC_ERROR"), &json!("v4"), &json!("confidence_score"))
    );
    let none = data(&phone, VOICE, json!({"data": [], "key": uuid::Uuid::new_v4().to_string()}))["syncVoiceData"].clone();
    assert_eq!((&none["success"], &none["errors"][0]["code"]), (&json!(false), &json!("VALIDATION_ERROR")), "{none}");
}

fn mutations(server: &Server) {
    let phone = Phone::single(server);
    let query = "mutation($batch: SyncBatchInput!, $data: [VoiceDataInput]!, $key: String!) { first: syncBatch(batch: $batch) { success \
         voiceSyncResult { syncedItems } sessionSyncResult { syncedItems } metricsSyncResult { success } overallMetrics { totalItems } warnings } \
         bad: syncVoiceData(data: $data, idempotencyKey: \"short\", deviceId: \"phone\") { success } \
         last: syncVoiceData(data: $data, idempotencyKey: $key, deviceId: \"phone\") { syncedItems metrics { cacheHitRate } } }";
    let batch = json!({
        "idempotencyKey": uuid::Uuid::new_v4().to_string(), "deviceId": "phone", "clientTimestamp": "2026-01-05T10:00:00Z",
        "voiceData": [voice("v1")], "sessionData": [{"sessionId": "s1", "startTime": "2026-01-05T09:00:00Z"}], "metricsData": null,
    });
    let variables = json!({"batch": batch, "data": [voice("v1")], "key": uuid::Uuid::new_v4().to_string()});
    let body = send(&phone, query, variables).expect(200).json();
    let shown = &body["data"];
    assert_eq!(shown["first"]["success"], true, "{body}");
    assert_eq!(
        (&shown["first"]["voiceSyncResult"]["syncedItems"], &shown["first"]["metricsSyncResult"]),
        (&json!(1), &Value::Null)
    );
    assert_eq!((&shown["first"]["overallMetrics"]["totalItems"], &shown["bad"]), (&json!(2), &Value::Null));
    assert_eq!(shown["last"], json!({"syncedItems": 1, "metrics": {"cacheHitRate": 1.0}}), "what came first was written");
    assert_eq!((body["errors"].as_array().unwrap().len(), &body["errors"][0]["path"]), (1, &json!(["bad"])));
    assert_eq!(body["errors"][0]["extensions"]["code"], "VALIDATION_ERROR");
}

fn devices(server: &Server) {
    let phone = Phone::single(server);
    for device in ["one", "two", "three"] {
        let body = json!({"device_id": device, "data": [{"session_id": device, "start_time": "2026-01-05T09:00:00Z"}]});
        phone.post("/sync/session/", &body).expect(200);
    }
    let query = "query($after: String) { devices(first: 2, after: $after) { nodes { deviceId userId items syncedItems conflicts firstSyncAt lastSyncAt \
         health } pageInfo { hasNextPage endCursor } totalCount } syncHealth { status successRatePct conflictRatePct meanDurationMs \
         worstDeviceHealth uploads items devices } }";
    let first = data(&phone, query, json!({}));
    let second = data(&phone, query, json!({"after": first["devices"]["pageInfo"]["endCursor"]}));
    let shown = [&first, &second].map(|page| page["devices"]["nodes"].as_array().unwrap().clone()).concat();
    assert_eq!(
        (&first["devices"]["pageInfo"]["hasNextPage"], &second["devices"]["pageInfo"]["hasNextPage"]),
        (&json!(true), &json!(false))
    );
    let rest = phone.get("/sync/devices/").expect(200).json();
    // A device's health is told at two instants.
    let steady = |list: &Value| {
        list.as_array().unwrap().iter().map(|d| [&d["deviceId"], &d["device_id"]].map(Value::clone)).collect::<Vec<_>>()
    };
    assert_eq!(
        shown.iter().map(|d| d["deviceId"].clone()).collect::<Vec<_>>(),
        steady(&rest["results"]).iter().map(|d| d[1].clone()).collect::<Vec<_>>()
    );
    assert_eq!((&first["devices"]["totalCount"], &rest["count"]), (&json!(3), &json!(3)));
    assert_eq!((&first["syncHealth"]["status"], &first["syncHealth"]["uploads"]), (&json!("healthy"), &json!(3)), "{first}");
}

const BATCH: &str = "mutation($batch: SyncBatchInput!) { syncBatch(batch: $batch) { success recordsSyncResult { syncedItems items { mobileId status \
     serverVersion } conflicts { conflictId domain mobileId serverVersion clientVersion resolutionStrategy resolutionRequired serverData \
     clientData createdAt } errors { code field itemId } } } }";

/// Sends one edit of a journal entry.
fn edit(phone: &Phone, id: &str, version: u32, fields: Value) -> Value {
    let record = json!({"domain": "JOURNAL", "mobileId": id, "operation": "SYNC", "version": version, "data": fields});
    let key = uuid::Uuid::new_v4().to_string();
    let batch =
        json!({"idempotencyKey": key, "deviceId": "phone", "clientTimestamp": "2026-01-05T10:00:00Z", "records": [record]});
    data(phone, BATCH, json!({ "batch": batch }))["syncBatch"]["recordsSyncResult"].clone()
}

fn records(server: &Server) {
    let (a, b) = Phone::couple(server);
    let policy = json!({"resolution_policy": "manual", "auto_resolve": false, "notify_on_conflict": true});
    a.put("/sync/policies/journal/", &policy).expect(200);
    let id = uuid::Uuid::new_v4().to_string();
    let made = edit(&a, &id, 0, json!({"title": "one", "entry_type": "note", "timestamp": "2026-01-05T10:00:00Z"}));
    assert_eq!(made["items"], json!([{"mobileId": id, "status": "created", "serverVersion": 1}]), "{made}");
    edit(&a, &id, 1, json!({"title": "two"}));
    let met = edit(&b, &id, 1, json!({"title": "three"}));
    let conflict = &met["conflicts"][0];
    assert_eq!((&conflict["domain"], &conflict["resolutionRequired"]), (&json!("journal"), &json!(true)), "{met}");
    let query = "query($after: String) { conflicts(status: \"manual_required\", domain: JOURNAL, first: 1, after: $after) { totalCount nodes { conflictId \
         serverVersion clientVersion serverData clientData resolutionStrategy deviceId userId } pageInfo { endCursor hasNextPage } } }";
    let list = data(&a, query, json!({}))["conflicts"].clone();
    assert_eq!((&list["totalCount"], &list["nodes"][0]["conflictId"]), (&json!(1), &conflict["conflictId"]), "{list}");
    assert_eq!(data(&a, query, json!({"after": list["pageInfo"]["endCursor"]}))["conflicts"]["nodes"], json!([]));
    let settle = "mutation($choice: ConflictResolutionInput!) { resolveConflict(resolution: $choice) { success conflictId resolutionResult \
         winningVersion mergeDetails message error { code } } }";
    let choice = json!({"conflictId": conflict["conflictId"], "resolutionStrategy": "CLIENT_WINS", "chosenVersion": "client"});
    let stranger = Phone::single(server);
    let unknown = data(&stranger, settle, json!({ "choice": choice }))["resolveConflict"].clone();
    assert_eq!((&unknown["success"], &unknown["error"]["code"]), (&json!(false), &json!("NOT_FOUND")), "another couple's");
    let settled = data(&a, settle, json!({ "choice": choice }))["resolveConflict"].clone();
    assert_eq!(
        (&settled["success"], &settled["resolutionResult"], &settled["winningVersion"]),
        (&json!(true), &json!("resolved"), &json!("client"))
    );
    assert_eq!(data(&b, settle, json!({ "choice": choice }))["resolveConflict"], settled, "twice is once");
    let feed = "{ changes(kinds: [\"journal\", \"conflicts\"]) { changes { kind id object { ... on SyncRecord { domain mobileId version data createdBy \
         updatedBy updatedAt } ... on SyncConflict { conflictId resolvedBy winningVersion } } } } }";
    let shown = data(&b, feed, json!({}))["changes"]["changes"].clone();
    let object = |kind: &str| shown.as_array().unwrap().iter().find(|change| change["kind"] == kind).unwrap()["object"].clone();
    let rest = b.get("/sync/journal/changes/").expect(200).json()["items"][0].clone();
    let record = object("journal");
    assert_eq!(
        (&record["domain"], &record["version"], &record["data"]["title"]),
        (&json!("JOURNAL"), &rest["version"], &json!("three"))
    );
    for (name, value) in record["data"].as_object().unwrap() {
        assert_eq!(rest[name], *value, "{name}");
    }
    let told = ["mobile_id", "version", "created_by", "created_at", "updated_by", "updated_at"];
    assert_eq!(record["data"].as_object().unwrap().len() + told.len(), rest.as_object().unwrap().len(), "{rest}");
    assert_eq!(
        object("conflicts"),
        json!({"conflictId": conflict["conflictId"], "resolvedBy": a.id.to_string(), "winningVersion": "client"})
    );
}
