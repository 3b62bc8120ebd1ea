//! Check-ins (couples API, 4).

use super::check::{NOBODY, conditional, field_error, korean, refuses, strangers};
use super::{Case, Phone};
use crate::servers::Server;
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use serde_json::{Value, json};
use std::time::SystemTime;

const CHECKINS: &str = "/checkins/";
/// The time zones that are furthest ahead of and behind UTC, 14 and 11 hours: their days are never the same.
const AHEAD: &str = "Pacific/Kiritimati";
const BEHIND: &str = "Pacific/Pago_Pago";

/// See [`Case`].
pub const CASES: &[Case] = &[
    ("a check-in needs only its date", a_checkin_needs_only_its_date),
    ("a check-in's fields have limits", fields_have_limits),
    ("a user checks in once a day", once_a_day),
    ("only its author changes or deletes a check-in", only_the_author),
    ("PUT leaves scales and note that are missing as they are", put_leaves_what_is_missing),
    ("both partners read both's check-ins, by id any", both_read),
    ("a list shows one's own, the partner's or all", whose),
    ("a list's range includes both of its ends", range),
    ("a list without a range begins 7 days ago", from_seven_days_ago),
    ("7 days ago is that of the user's time zone", time_zones),
    ("a list without a range shows the partner's today, which is tomorrow here", tomorrow_elsewhere),
    ("filters never apply to ids", filters_never_apply_to_ids),
    ("filters that cannot be read are errors of their fields", bad_filters),
    ("check-ins are listed newest day first, in pages", newest_day_first),
    ("check-ins of another couple do not exist", another_couple),
    ("check-ins honour conditional requests", conditional_requests),
];

fn path(id: &str) -> String {
    format!("{CHECKINS}{id}/")
}

fn check_in(phone: &Phone, date: &str) -> String {
    phone.make(CHECKINS, &json!({ "date": date }))
}

/// The dates that a list shows, in its order.
#[track_caller]
fn dates(phone: &Phone, query: &str) -> Vec<String> {
    let list = phone.get(&format!("{CHECKINS}{query}")).expect(200).json();
    let dates: Vec<String> = list["results"].as_array().unwrap().iter().map(|c| c["date"].as_str().unwrap().into()).collect();
    assert_eq!(list["count"], dates.len());
    dates
}

/// The date in a zone of so many hours ahead of UTC.
fn today(hours: i64) -> NaiveDate {
    (DateTime::<Utc>::from(SystemTime::now()) + TimeDelta::hours(hours)).date_naive()
}

fn before(date: NaiveDate, days: u64) -> String {
    date.checked_sub_days(Days::new(days)).unwrap().to_string()
}

fn a_checkin_needs_only_its_date(server: &Server) {
    let (a, b) = Phone::couple(server);
    let made = a.post(CHECKINS, &json!({"date": "2026-02-28", "unknown": []})).expect(201);
    let checkin = made.json();
    let keys: Vec<&str> = checkin.as_object().unwrap().keys().map(String::as_str).collect();
    let expected =
        ["created_at", "date", "energy", "id", "mood", "note", "stress", "updated_at", "user_id", "username", "version"];
    assert_eq!(keys, expected);
    assert_eq!((&checkin["mood"], &checkin["stress"], &checkin["energy"]), (&json!(5), &json!(5), &json!(5)));
    assert_eq!((&checkin["date"], &checkin["note"]), (&json!("2026-02-28"), &json!("")));
    assert_eq!((&checkin["user_id"], &checkin["username"]), (&json!(a.id), &json!(a.username)));
    let seen = b.get(&path(checkin["id"].as_str().unwrap())).expect(200);
    assert_eq!((seen.json(), seen.header("ETag")), (checkin, made.header("ETag")));
}

fn fields_have_limits(server: &Server) {
    let a = Phone::single(server);
    let edge = json!({"date": "2024-02-29", "mood": 0, "stress": 10, "energy": 0, "note": korean(10_000)});
    let made = a.post(CHECKINS, &edge).expect(201).json();
    for (name, value) in edge.as_object().unwrap() {
        assert_eq!(made[name], *value);
    }
    assert_eq!(a.post(CHECKINS, &json!({"date": "2024-03-01", "note": " \n kept "})).expect(201).json()["note"], " \n kept ");
    let one = path(made["id"].as_str().unwrap());
    let dates =
        [json!({}), json!({"date": null}), json!({"date": ""}), json!({"date": 20_240_301}), json!({"date": "2026-02-29"})];
    let more =
        ["2024-3-1", "2024-13-01", "2024-00-10", "01.03.2024", "2024-03-01T00:00:00Z", "0000-01-01", "2024-03-02\u{0}", "today"];
    let dates: Vec<Value> = dates.into_iter().chain(more.map(|date| json!({ "date": date }))).collect();
    refuses(&a, "POST", CHECKINS, "date", &dates);
    refuses(&a, "PUT", &one, "date", &dates);
    refuses(&a, "PATCH", &one, "date", &dates[1..]);
    for scale in ["mood", "stress", "energy"] {
        let wrong = [json!(-1), json!(11), json!(5.5), json!(null), json!("much"), json!(true), json!([]), json!(1e300)];
        let bodies = wrong.map(|value| json!({"date": "2024-03-03", scale: value}));
        refuses(&a, "POST", CHECKINS, scale, &bodies);
        refuses(&a, "PATCH", &one, scale, &bodies);
    }
    let notes = [json!(korean(10_001)), json!("\u{0}"), json!(null), json!({})].map(|n| json!({"date": "2024-03-03", "note": n}));
    refuses(&a, "POST", CHECKINS, "note", &notes);
    refuses(&a, "PUT", &one, "note", &notes);
}

fn once_a_day(server: &Server) {
    let (a, b) = Phone::couple(server);
    let id = check_in(&a, "2026-03-01");
    field_error(a.post(CHECKINS, &json!({"date": "2026-03-01", "mood": 1})), "date");
    check_in(&b, "2026-03-01");
    let other = check_in(&a, "2026-03-02");
    for method in ["PUT", "PATCH"] {
        let moved = a.ask(method, &path(&other)).json(&json!({"date": "2026-03-01", "mood": 9}));
        field_error(moved.send(a.port), "date");
        a.ask(method, &path(&id)).json(&json!({"date": "2026-03-01"})).send(a.port).expect(200);
    }
    assert_eq!(a.get(&path(&other)).expect(200).json()["mood"], 5);
    a.delete(&path(&id)).expect(204);
    a.patch(&path(&other), &json!({"date": "2026-03-01"})).expect(200);
    check_in(&a, "2026-03-02");
}

fn only_the_author(server: &Server) {
    let (a, b) = Phone::couple(server);
    let id = check_in(&a, "2026-03-01");
    let before = a.get(&path(&id)).expect(200).body;
    for method in ["PUT", "PATCH", "DELETE"] {
        let said = b.ask(method, &path(&id)).json(&json!({"date": "2026-03-05", "mood": 0})).send(b.port).expect(403);
        assert!(said.json()["detail"].is_string());
    }
    assert_eq!(b.get(&path(&id)).expect(200).body, before);
    assert_eq!(a.patch(&path(&id), &json!({"mood": 9})).expect(200).json()["mood"], 9);
    assert_eq!(a.delete(&path(&id)).expect(204).body, b"");
    b.get(&path(&id)).expect(404);
}

fn put_leaves_what_is_missing(server: &Server) {
    let a = Phone::single(server);
    let whole = json!({"date": "2026-03-01", "mood": 1, "stress": 2, "energy": 3, "note": "n"});
    let id = a.make(CHECKINS, &whole);
    let before = a.get(&path(&id)).expect(200).json();
    let put = a.put(&path(&id), &json!({"date": "2026-03-02"})).expect(200).json();
    let scales = (&put["mood"], &put["stress"], &put["energy"], &put["note"], &put["date"]);
    assert_eq!(scales, (&json!(1), &json!(2), &json!(3), &json!("n"), &json!("2026-03-02")));
    let patch = a.patch(&path(&id), &json!({"energy": "10", "id": NOBODY, "user_id": 1})).expect(200).json();
    assert_eq!((&patch["energy"], &patch["id"], &patch["user_id"]), (&json!(10), &json!(id), &json!(a.id)));
    assert_eq!(patch["created_at"], before["created_at"]);
    assert!(patch["updated_at"].as_str() > put["updated_at"].as_str());
}

fn both_read(server: &Server) {
    let (a, b) = Phone::couple(server);
    for (author, reader) in [(&a, &b), (&b, &a)] {
        let id = check_in(author, "2026-01-05");
        assert_eq!(reader.get(&path(&id)).expect(200).json()["user_id"], author.id);
    }
}

fn whose(server: &Server) {
    let (a, b) = Phone::couple(server);
    check_in(&a, "2026-01-05");
    check_in(&b, "2026-01-06");
    for (phone, own, other) in [(&a, "2026-01-05", "2026-01-06"), (&b, "2026-01-06", "2026-01-05")] {
        assert_eq!(dates(phone, "?from=2026-01-01"), [own]);
        assert_eq!(dates(phone, "?from=2026-01-01&user="), [own]);
        assert_eq!(dates(phone, "?from=2026-01-01&user=me"), [own]);
        assert_eq!(dates(phone, "?from=2026-01-01&user=partner"), [other]);
        assert_eq!(dates(phone, "?from=2026-01-01&user=all"), ["2026-01-06", "2026-01-05"]);
    }
    let alone = Phone::single(server);
    check_in(&alone, "2026-01-05");
    assert_eq!(dates(&alone, "?from=2026-01-01&user=partner"), [""; 0]);
    assert_eq!(dates(&alone, "?from=2026-01-01&user=all"), ["2026-01-05"]);
}

fn range(server: &Server) {
    let a = Phone::single(server);
    let all = ["2025-12-31", "2026-01-01", "2026-01-02", "2026-01-03", "9999-12-31", "0001-01-01"];
    for date in all {
        check_in(&a, date);
    }
    assert_eq!(dates(&a, "?from=2026-01-01&to=2026-01-02"), ["2026-01-02", "2026-01-01"]);
    assert_eq!(dates(&a, "?from=2026-01-01&to=2026-01-01"), ["2026-01-01"]);
    assert_eq!(dates(&a, "?from=2026-01-03"), ["9999-12-31", "2026-01-03"]);
    assert_eq!(dates(&a, "?to=2025-12-31"), ["2025-12-31", "0001-01-01"]);
    assert_eq!(dates(&a, "?from=0001-01-01&to=9999-12-31").len(), all.len());
    assert_eq!(dates(&a, "?from=2025-01-01&to=2025-12-30"), [""; 0]);
}

fn from_seven_days_ago(server: &Server) {
    let a = Phone::single(server);
    let day = today(0);
    let all: Vec<String> = (0..12).map(|n| before(day + Days::new(2), n)).collect();
    all.iter().for_each(|date| drop(check_in(&a, date)));
    let week = &all[..10];
    let (shown, empty) = (dates(&a, ""), dates(&a, "?from=&to="));
    // At midnight the week moves on under the test.
    if day == today(0) {
        assert_eq!((&*shown, &*empty), (week, week));
    }
}

fn time_zones(server: &Server) {
    for (zone, hours) in [(AHEAD, 14), (BEHIND, -11), ("UTC", 0)] {
        let phone = Phone::register_with(server, json!({ "timezone": zone }));
        phone.post("/couple/create/", &json!({})).expect(201);
        let day = today(hours);
        let around: Vec<String> = (0..12).map(|n| before(day + Days::new(2), n)).collect();
        for date in &around {
            check_in(&phone, date);
        }
        let shown = dates(&phone, "");
        if day == today(hours) {
            assert_eq!(shown, around[..10], "{zone}");
        }
    }
    // Another zone, another week: the account's zone counts as it is now.
    let mover = Phone::register_with(server, json!({ "timezone": BEHIND }));
    mover.post("/couple/create/", &json!({})).expect(201);
    let (behind, ahead) = (today(-11), today(14));
    check_in(&mover, &before(behind, 7));
    let shown = dates(&mover, "");
    mover.patch("/auth/me/", &json!({ "timezone": AHEAD })).expect(200);
    let moved = dates(&mover, "");
    if (behind, ahead) == (today(-11), today(14)) {
        assert_eq!((shown.len(), moved.len()), (1, 0));
    }
}

fn tomorrow_elsewhere(server: &Server) {
    let (a, b) = Phone::couple(server);
    a.patch("/auth/me/", &json!({"timezone": BEHIND})).expect(200);
    b.patch("/auth/me/", &json!({"timezone": AHEAD})).expect(200);
    let day = today(14).to_string();
    check_in(&b, &day);
    assert_eq!((dates(&a, "?user=partner"), dates(&b, "")), (vec![day.clone()], vec![day]));
}

fn filters_never_apply_to_ids(server: &Server) {
    let (a, b) = Phone::couple(server);
    let id = check_in(&a, "2001-01-01");
    for query in ["", "?from=2026-01-01&to=2026-01-02", "?user=partner", "?from=rubbish"] {
        let one = format!("{}{query}", path(&id));
        a.get(&one).expect(200);
        b.get(&format!("{}?user=me", path(&id))).expect(200);
        a.patch(&one, &json!({"mood": 7})).expect(200);
        a.put(&one, &json!({"date": "2001-01-01"})).expect(200);
    }
    a.delete(&format!("{}?from=2026-01-01&user=partner", path(&id))).expect(204);
}

fn bad_filters(server: &Server) {
    let a = Phone::single(server);
    for (query, field) in [
        ("?from=2026-02-30", "from"),
        ("?from=x", "from"),
        ("?to=2026-1-1", "to"),
        ("?to=%00", "to"),
        ("?from=2026-01-02&to=2026-01-01", "from"),
        ("?user=nobody", "user"),
        ("?user=1", "user"),
    ] {
        field_error(a.get(&format!("{CHECKINS}{query}")), field);
    }
}

fn newest_day_first(server: &Server) {
    let (a, b) = Phone::couple(server);
    for day in ["2026-01-03", "2026-01-01", "2026-01-02"] {
        check_in(&a, day);
        check_in(&b, day);
    }
    let query = "?from=2026-01-01&user=all&page_size=4";
    let first = a.get(&format!("{CHECKINS}{query}")).expect(200).json();
    let second = a.get(&format!("{CHECKINS}{query}&page=2")).expect(200).json();
    assert_eq!((&first["count"], &second["count"]), (&json!(6), &json!(6)));
    let results = |list: &Value| list["results"].as_array().unwrap().clone();
    let all = [results(&first), results(&second)].concat();
    let days: Vec<&str> = all.iter().map(|c| c["date"].as_str().unwrap()).collect();
    assert_eq!(days, ["2026-01-03", "2026-01-03", "2026-01-02", "2026-01-02", "2026-01-01", "2026-01-01"]);
    for pair in all.chunks(2) {
        assert_ne!(pair[0]["user_id"], pair[1]["user_id"]);
    }
    for item in &all {
        assert_eq!(*item, a.get(&path(item["id"].as_str().unwrap())).expect(200).json());
    }
    let next = first["next"].as_str().unwrap();
    assert!(next.contains("from=2026-01-01") && next.contains("user=all"), "the filter is lost in {next}");
    // A list without a range stays the one that it was on its first page, whatever day it becomes.
    let day = today(0);
    for n in 0..3 {
        check_in(&a, &before(day, n));
    }
    let next = a.get(&format!("{CHECKINS}?page_size=2")).expect(200).json()["next"].as_str().unwrap().to_owned();
    assert!(day != today(0) || next.contains(&format!("from={}", before(day, 7))), "{next}");
}

fn another_couple(server: &Server) {
    let a = Phone::single(server);
    let id = check_in(&a, "2026-01-01");
    strangers(server, CHECKINS, &id, &json!({"date": "2026-01-02"}));
}

fn conditional_requests(server: &Server) {
    let a = Phone::single(server);
    let id = check_in(&a, "2026-01-01");
    conditional(&a, &path(&id), &json!({"date": "2026-01-02", "note": "changed"}));
}
