//! The figures of uploads: summed up by the hour, exact however late, and what the operator is shown.

use super::Home;
use serde_json::{Value, json};

const HOUR: i64 = 3_600_000;

/// A couple whose phone sends something.
struct Site {
    home: Home,
    token: String,
}

impl Site {
    fn new() -> Site {
        let mut home = Home::new();
        home.env
            .extend(["TANDEM_LIMITS_UPLOADS", "TANDEM_LIMITS_BURST", "TANDEM_LIMITS_COST"].map(|name| (name, "off".to_owned())));
        let token = Site::join(&home, "anna");
        Site { home, token }
    }

    fn join(home: &Home, name: &str) -> String {
        let account = json!({"username": name, "password": "correct horse battery 9"});
        let token = home.call("", "POST", "/api/auth/register/", &account.to_string()).1["access"].as_str().unwrap().to_owned();
        assert_eq!(home.call(&token, "POST", "/api/couple/create/", "{}").0, "201");
        token
    }

    /// Sends so many good items, and so many bad ones.
    fn send(&self, token: &str, device: &str, good: usize, bad: usize) {
        let item = |n| json!({"metric_type": format!("m{n}"), "value": if n < good { json!(1) } else { json!([]) }, "timestamp": "2026-01-16"});
        let data: Vec<Value> = (0..good + bad).map(item).collect();
        let (status, answer) =
            self.home.call(token, "POST", "/api/sync/metrics/", &json!({"device_id": device, "data": data}).to_string());
        assert_eq!(status, "200", "{answer}");
    }

    /// Moves the newest upload into the past, so that it took so many milliseconds at so many hours ago.
    fn age(&self, hours: i64, milliseconds: i64) {
        let by = hours * HOUR;
        let newest = "stamp = (SELECT MAX(stamp) FROM uploads)";
        self.home.sql(&format!("UPDATE uploads SET micros = {milliseconds} * 1000, stamp = stamp - {by} WHERE {newest}"));
    }

    fn one(&self, sql: &str) -> i64 {
        let db = rusqlite::Connection::open(self.home.data().join("tandem.db")).unwrap();
        db.query_row(sql, [], |row| row.get(0)).unwrap()
    }
}

#[test]
fn hours_are_summed_up_once_and_exactly_however_late() {
    let site = Site::new();
    let other = Site::join(&site.home, "ben");
    for (hours, token, device, good, bad, took) in [
        (30, &site.token, "a", 3, 1, 10),
        (30, &site.token, "b", 2, 0, 30),
        (30, &other, "a", 5, 0, 20),
        (3, &site.token, "a", 1, 0, 40),
    ] {
        site.send(token, device, good, bad);
        site.age(hours, took);
    }
    site.send(&site.token, "a", 1, 0);
    assert!(site.home.ok("snapshots").contains("tandem maintain"));
    let said = site.home.ok("maintain");
    assert!(said.contains("uploads summed up by the hour: 4\n"), "{said}");
    let hours = site.home.json("snapshots --json");
    assert_eq!(hours.as_array().unwrap().len(), 2, "this hour is not over: {hours}");
    let old = &hours[1];
    let expected = json!({"hour": old["hour"], "requests": 3, "items": 11, "synced_items": 10, "bytes": old["bytes"], "mean_duration_ms": 20.0,
        "p95_duration_ms": 30.0, "conflicts": 0, "conflicts_by_domain": {}, "devices": 3, "users": 2});
    assert_eq!(*old, expected);
    assert!(old["bytes"].as_i64().unwrap() > 500);
    assert_eq!(hours[0]["requests"], 1);
    let own = site.home.call(&site.token, "GET", "/api/sync/health/snapshots/", "").1;
    assert_eq!(
        (&own["count"], &own["results"][1]["requests"], &own["results"][1]["items"]),
        (&json!(2), &json!(2), &json!(6)),
        "{own}"
    );
    // Again: nothing. One that was late: that hour anew.
    assert!(site.home.ok("maintain").contains("uploads summed up by the hour: 0\n"));
    site.send(&site.token, "c", 1, 0);
    site.age(30, 20);
    assert!(site.home.ok("maintain").contains("uploads summed up by the hour: 4\n"));
    assert_eq!(site.home.json("snapshots --json")[1]["requests"], 4);
    assert!(site.home.ok("snapshots --hours 1").lines().count() == 2);
}

#[test]
fn uploads_are_kept_until_they_are_summed_up_and_no_longer_looked_at() {
    let site = Site::new();
    for hours in [24 * 400, 50, 47] {
        site.send(&site.token, "a", 1, 0);
        site.age(hours, 1);
    }
    let said = site.home.ok("maintain");
    for told in ["uploads summed up by the hour: 3\n", "uploads of hours that were summed up: 2\n", "old figures of hours: 2\n"] {
        assert!(said.contains(told), "{told}{said}");
    }
    assert_eq!((site.one("SELECT COUNT(*) FROM uploads"), site.one("SELECT COUNT(*) FROM snapshots")), (1, 4));
    // Of an hour that was purged, a straggler changes nothing.
    site.send(&site.token, "a", 1, 0);
    site.age(50, 1);
    site.home.ok("maintain");
    assert_eq!((site.one("SELECT COUNT(*) FROM uploads"), site.one("SELECT COUNT(*) FROM snapshots")), (1, 4));
}

#[test]
fn health_shows_the_worst_first_and_fails_when_something_is_critical() {
    let site = Site::new();
    assert_eq!(site.home.ok("health").trim(), "No device has sent anything yet.");
    site.send(&site.token, "a", 4, 0);
    let well = site.home.json("health --json");
    assert_eq!((&well[0]["status"], &well[0]["uploads"]), (&json!("healthy"), &json!(1)), "{well}");
    let other = Site::join(&site.home, "ben");
    site.send(&other, "b", 1, 3);
    let ran = site.home.run("health");
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!((ran.code, lines.len()), (1, 3), "{ran:?}");
    assert!(lines[1].contains("critical") && lines[2].contains("healthy"), "{}", ran.out);
}

#[test]
fn limits_that_are_not_reached_are_forgotten() {
    let mut limited = Site::new();
    limited.home.env.clear();
    limited.send(&limited.token, "a", 1, 0);
    assert_eq!(limited.one("SELECT COUNT(*) FROM limits"), 3);
    limited.home.sql("UPDATE limits SET arrival = 1");
    limited.home.ok("maintain --quiet");
    assert_eq!(limited.one("SELECT COUNT(*) FROM limits"), 0);
}
