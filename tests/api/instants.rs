//! Instants as phones write them, and clocks on other walls.

use super::records::{entry, fresh, one, send, shown};
use super::{Case, Phone};
use crate::servers::Server;
use serde_json::{Value, json};
use tandem::base::time::{HOUR, MINUTE, Timestamp};

/// See [`Case`].
pub const CASES: &[Case] = &[
    ("every form of ISO 8601 is understood in items", forms),
    ("every form of ISO 8601 is understood in cursors and filters", cursors),
    ("an instant beyond the store's range is its end", clamped),
    ("a phone that sends local times is taken at its word, one that sends UTC is not moved", local_times),
    ("a cursor without an offset is the earlier of two, and nothing is missed", local_cursor),
    ("a local time that is sent again is the same item, whichever way it was read", sent_again),
    ("what is finer than a millisecond makes two items", finer),
    ("time zones are known by the names that phones give them", zones),
];

const FORMS: &[&str] = &[
    "2026-01-16T14:30:45,123Z",
    "20260116T143045.123Z",
    "2026-01-16T15:30:45.123456789+01:00[Europe/Paris]",
    "2026-W03-5T14:30:45.123Z",
    "2026-016T14:30:45.123Z",
    "2026-01-16 14:30:45.123 +0000",
    "2026-01-16T23:30:45.123+09",
    "+002026-01-16T14:30:45.123Z",
];
const AT: &str = "2026-01-16T14:30:45.123Z";

fn seoul(server: &Server) -> Phone {
    let phone = Phone::register_with(server, json!({"timezone": "Asia/Seoul"}));
    phone.post("/couple/create/", &json!({})).expect(201);
    phone
}

/// A time of day without an offset, so many milliseconds from now.
fn wall(from_now: i64) -> String {
    Timestamp::now().plus(from_now).to_string().trim_end_matches('Z').to_owned()
}

fn forms(server: &Server) {
    let phone = Phone::single(server);
    for form in FORMS {
        let id = fresh();
        one(&phone, "journal", entry(&id, 0, json!({"title": "t", "timestamp": form, "client_timestamp": form})));
        assert_eq!(shown(&phone, "journal", &id)["timestamp"], AT, "{form}");
    }
    let id = fresh();
    one(&phone, "journal", entry(&id, 0, json!({"title": "t", "timestamp": "2026-01-15T24:00:00Z"})));
    assert_eq!(shown(&phone, "journal", &id)["timestamp"], "2026-01-16T00:00:00.000Z");
}

fn cursors(server: &Server) {
    let phone = Phone::single(server);
    let id = phone.make("/goals/", &json!({"title": "t"}));
    for form in FORMS {
        let escaped: String = url::form_urlencoded::byte_serialize(form.as_bytes()).collect();
        for since in [escaped, form.replace(' ', "%20")] {
            let polled = phone.poll(&since);
            assert_eq!((&polled["since"], &polled["changes"]["goals"][0]["id"]), (&json!(AT), &json!(id)), "{since}");
            phone.get(&format!("/sync/activity/changes/?since={since}&date_from={since}")).expect(200);
            phone.get(&format!("/sync/conflicts/?since={since}")).expect(200);
        }
    }
}

fn clamped(server: &Server) {
    let phone = Phone::single(server);
    for (sent, kept) in [
        ("0001-01-01T00:00:00", "1970-01-01T00:00:00.000Z"),
        ("-000044-03-15T12:00:00Z", "1970-01-01T00:00:00.000Z"),
        ("9999-12-31T23:59:59.9999999", "9999-12-31T23:59:59.999Z"),
        ("+010000-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z"),
    ] {
        let id = fresh();
        one(&phone, "activity", entry(&id, 0, json!({"jobdesc": "job", "plandatetime": sent})));
        assert_eq!(shown(&phone, "activity", &id)["plandatetime"], kept, "{sent}");
        phone.get(&format!("/sync/changes/?since={}", sent.replace('+', "%2B"))).expect(200);
    }
}

/// What a voice item with this time, in an upload of this time, came to.
fn voice(phone: &Phone, sent_at: Option<String>, at: &str) -> Value {
    let id = uuid::Uuid::new_v4().to_string();
    let item = json!({"verification_id": id, "timestamp": at, "verified": true});
    let said =
        phone.post("/sync/voice/", &json!({"device_id": "d", "client_timestamp": sent_at, "data": [item]})).expect(200).json();
    assert_eq!(said["errors"], json!([]), "{said}");
    let export = phone.get("/auth/export/").expect(200).json();
    let kept = export["data"]["telemetry"].as_array().unwrap().iter().find(|kept| kept["data"]["verification_id"] == *id);
    kept.unwrap()["at"].clone()
}

/// Is this instant so far from now, within two minutes?
#[track_caller]
fn near(at: &Value, from_now: i64) {
    let at = Timestamp::parse(at.as_str().unwrap()).unwrap();
    assert!((at.0 - Timestamp::now().plus(from_now).0).abs() < 2 * MINUTE, "{at}");
}

fn local_times(server: &Server) {
    let phone = seoul(server);
    near(&voice(&phone, None, &wall(9 * HOUR)), 0);
    near(&voice(&phone, None, &wall(0)), 0);
    near(&voice(&phone, Some(wall(9 * HOUR)), &wall(0)), -9 * HOUR);
    near(&voice(&phone, Some(wall(0)), &wall(-HOUR)), -HOUR);
    near(&voice(&phone, Some(format!("{}Z", wall(0))), &wall(9 * HOUR)), 0);
    let id = fresh();
    let fields = json!({"title": "t", "timestamp": wall(8 * HOUR), "client_timestamp": wall(9 * HOUR)});
    send(&phone, "journal", json!([entry(&id, 0, fields)]));
    near(&shown(&phone, "journal", &id)["timestamp"], -HOUR);
    let far = Phone::register_with(server, json!({"timezone": "America/Los_Angeles"}));
    far.post("/couple/create/", &json!({})).expect(201);
    near(&voice(&far, Some(wall(0)), &wall(0)), 0);
}

fn local_cursor(server: &Server) {
    let phone = seoul(server);
    let id = phone.make("/goals/", &json!({"title": "t"}));
    let told = phone.poll("")["server_time"].as_str().unwrap().to_owned();
    for since in [told.trim_end_matches('Z'), &wall(9 * HOUR - MINUTE), &wall(-MINUTE)] {
        assert_eq!(phone.poll(since)["changes"]["goals"][0]["id"], json!(id), "{since}");
    }
    assert_eq!(phone.poll(&told)["changes"]["goals"], json!([]));
}

fn metric(phone: &Phone, sent_at: Option<&str>, at: &str, value: i64) -> Value {
    let item = json!({"metric_type": "m", "value": value, "timestamp": at});
    phone.post("/sync/metrics/", &json!({"device_id": "d", "client_timestamp": sent_at, "data": [item]})).expect(200).json()["metrics"].clone()
}

fn sent_again(server: &Server) {
    let phone = seoul(server);
    let (local, utc) = (wall(9 * HOUR), wall(0));
    let at = wall(-HOUR);
    assert_eq!(metric(&phone, Some(&local), &at, 1)["repeated_items"], 0);
    for sent_at in [Some(local.as_str()), Some(utc.as_str()), None] {
        assert_eq!(metric(&phone, sent_at, &at, 1)["repeated_items"], 1, "{sent_at:?}");
    }
    assert_eq!(metric(&phone, Some(&utc), &at, 2)["repeated_items"], 0, "another value by another clock is another item");
}

fn finer(server: &Server) {
    let phone = Phone::single(server);
    for (at, repeated) in
        [("14:30:45.1231Z", 0), ("14:30:45.1232Z", 0), ("14:30:45.12310Z", 1), ("14:30:45.123Z", 0), ("14:30:45.123000Z", 1)]
    {
        assert_eq!(metric(&phone, None, &format!("2026-01-16T{at}"), 1)["repeated_items"], repeated, "{at}");
    }
}

fn zones(server: &Server) {
    let phone = Phone::register(server);
    for (sent, kept) in [("europe/paris", "Europe/Paris"), ("GMT+09:00", "Etc/GMT-9"), ("UTC", "UTC"), ("GMT+05:30", "GMT+05:30")]
    {
        let user = phone.patch("/auth/me/", &json!({"timezone": sent})).expect(200).json();
        assert_eq!(user["user"]["timezone"], kept, "{sent}");
    }
    super::expect::refused(phone.patch("/auth/me/", &json!({"timezone": "GMT+25:00"})), "timezone");
}
