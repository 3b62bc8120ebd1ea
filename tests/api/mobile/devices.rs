//! Devices, their health, and who sees them.

use crate::api::expect::problem;
use crate::api::{Case, Phone};
use crate::servers::Server;
use serde_json::{Value, json};
use tandem::params;

/// See [`Case`].
pub const CASES: &[Case] = &[
    ("a device is what its uploads were", devices),
    ("everybody in a couple sees their own devices and uploads alone", sight),
    ("of a team its admins see everything, and the others what is theirs", teams),
    ("the health of uploads is judged over the last day", health),
    ("what devices sent goes with its user's account", forgotten),
];

fn send(phone: &Phone, device: &str, good: usize, bad: usize) {
    let item = |n: usize| json!({"metric_type": format!("m{n}"), "value": if n < good { json!(n) } else { json!("x") }, "timestamp": "2026-01-16"});
    let data: Vec<Value> = (0..good + bad).map(item).collect();
    phone.post("/sync/metrics/", &json!({"device_id": device, "data": data})).expect(200);
}

fn near(value: &Value, expected: f64) -> bool {
    (value.as_f64().unwrap() - expected).abs() < 0.1
}

fn devices(server: &Server) {
    let phone = Phone::single(server);
    assert_eq!(phone.get("/sync/devices/").expect(200).json()["results"], json!([]));
    send(&phone, "tablet", 4, 0);
    send(&phone, "phone ü", 1, 1);
    send(&phone, "phone ü", 1, 1);
    let list = phone.get("/sync/devices/").expect(200).json();
    let names: Vec<&str> = list["results"].as_array().unwrap().iter().map(|d| d["device_id"].as_str().unwrap()).collect();
    assert_eq!(names, ["phone ü", "tablet"], "newest upload first");
    let device = phone.get("/sync/devices/phone%20%C3%BC/health/").expect(200).json();
    assert_eq!(device, list["results"][0]);
    assert_eq!((&device["items"], &device["synced_items"], &device["user_id"]), (&json!(4), &json!(2), &json!(phone.id)));
    assert!(near(&device["health"], 70.0) && near(&list["results"][1]["health"], 100.0), "{list}");
    assert!(device["first_sync_at"].as_str() < device["last_sync_at"].as_str());
    problem(phone.get("/sync/devices/nothing/health/"), 404);
}

fn sight(server: &Server) {
    let ((one, other), stranger) = (Phone::couple(server), Phone::single(server));
    send(&one, "mine", 1, 0);
    send(&one, "both", 2, 0);
    send(&other, "both", 3, 0);
    let items =
        |phone: &Phone, device: &str| phone.get(&format!("/sync/devices/{device}/health/")).expect(200).json()["items"].clone();
    assert_eq!(one.get("/sync/devices/").expect(200).json()["count"], 2);
    assert_eq!((items(&one, "both"), items(&other, "both")), (json!(2), json!(3)));
    problem(other.get("/sync/devices/mine/health/"), 404);
    let well = other.get("/sync/health/").expect(200).json();
    assert_eq!((&well["uploads"], &well["items"], &well["devices"]), (&json!(1), &json!(3), &json!(1)));
    problem(stranger.get("/sync/devices/mine/health/"), 404);
    assert_eq!(stranger.get("/sync/devices/").expect(200).json()["count"], 0);
}

fn teams(server: &Server) {
    let (admin, member) = Phone::couple(server);
    send(&admin, "a", 1, 0);
    send(&member, "m", 1, 0);
    let mut db = server.store();
    let own = "(SELECT tenant FROM members WHERE user_id = ?)";
    db.run(&format!("UPDATE tenants SET kind = 'team' WHERE id = {own}"), params![admin.id]).unwrap();
    db.run("UPDATE members SET role = 'admin' WHERE user_id = ?", params![admin.id]).unwrap();
    let count = |phone: &Phone| phone.get("/sync/devices/").expect(200).json()["count"].clone();
    assert_eq!((count(&admin), count(&member)), (json!(2), json!(1)));
    admin.get("/sync/devices/m/health/").expect(200);
    problem(member.get("/sync/devices/a/health/"), 404);
    let health = |phone: &Phone| phone.get("/sync/health/").expect(200).json()["devices"].clone();
    assert_eq!((health(&admin), health(&member)), (json!(2), json!(1)));
    admin.get("/sync/health/snapshots/").expect(200);
    member.get("/sync/health/snapshots/").expect(200);
}

fn health(server: &Server) {
    let phone = Phone::single(server);
    let nothing = phone.get("/sync/health/").expect(200).json();
    assert_eq!((&nothing["status"], &nothing["worst_device_health"]), (&json!("healthy"), &Value::Null), "{nothing}");
    send(&phone, "d", 19, 1);
    let well = phone.get("/sync/health/").expect(200).json();
    assert_eq!((&well["status"], &well["success_rate_pct"]), (&json!("healthy"), &json!(95.0)), "{well}");
    assert_eq!((&well["uploads"], &well["items"], &well["devices"]), (&json!(1), &json!(20), &json!(1)));
    assert!(well["mean_duration_ms"].as_f64().unwrap() > 0.0);
    send(&phone, "e", 1, 3);
    let ill = phone.get("/sync/health/").expect(200).json();
    assert_eq!((&ill["status"], &ill["success_rate_pct"]), (&json!("critical"), &json!(83.33)), "{ill}");
    assert!(near(&ill["worst_device_health"], 55.0));
    assert_eq!(phone.get("/sync/health/snapshots/").expect(200).json()["results"], json!([]));
    problem(Phone::register(server).get("/sync/health/"), 404);
}

fn forgotten(server: &Server) {
    let (one, other) = Phone::couple(server);
    send(&one, "one", 2, 0);
    send(&other, "other", 1, 0);
    let held = |phone: &Phone| phone.get("/auth/export/").expect(200).json()["data"].clone();
    assert_eq!((held(&one)["telemetry"].as_array().unwrap().len(), &held(&one)["devices"][0]["device_id"]), (2, &json!("one")));
    other.post("/couple/leave/", &json!({})).expect(204);
    assert_eq!(held(&other)["telemetry"].as_array().unwrap().len(), 1, "it stays their own");
    one.ask("DELETE", "/auth/me/").json(&json!({"password": crate::api::phone::PASSWORD})).send(server.port).expect(204);
    let mut store = server.store();
    for table in ["telemetry", "devices", "uploads"] {
        let sql = format!("SELECT COUNT(*) FROM {table} WHERE user_id = ?");
        let left = store.one(&sql, params![one.id], |row| row.get::<i64>(0)).unwrap();
        assert_eq!(left, Some(0), "{table}");
    }
}
