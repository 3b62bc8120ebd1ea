//! The feed in pages, and starting over (couples API, 5).

use super::feed::{Row, after, ago, now, rows, text};
use super::{Case, Phone};
use crate::servers::{Options, Server};
use chrono::DateTime;
use rusqlite::Connection;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Pages that a poll may take before a test says that it never ends.
const MANY_PAGES: usize = 200;
/// Milliseconds in a day.
const DAY: i64 = 86_400_000;

/// See [`Case`].
pub const CASES: &[Case] = &[
    ("pages of every size add up to the whole", pages_add_up),
    ("a page never ends inside one stamp, however large that is", stamps_stay_whole),
    ("a limit that is just enough leaves nothing", just_enough),
    ("a limit that is unreadable or out of range is none", bad_limits),
    ("writes between two pages are not lost", writes_between_pages),
    ("since from before the horizon starts over with everything alive", ancient_since),
    ("starting over in pages ends with everything alive", ancient_since_in_pages),
    ("another epoch starts over, the same does not", epochs),
    ("what is old comes on the first page of a new start", old_couple),
    ("a couple that was silent for long does not start over", silent_couple),
];

#[track_caller]
fn page(phone: &Phone, since: &str, limit: usize, more: &str) -> Value {
    phone.get(&format!("/sync/changes/?since={since}&limit={limit}{more}")).expect(200).json()
}

/// All pages from a cursor on; each must go forward, and end between two stamps. `first` is asked with the first page
/// alone, `always` with every page.
#[track_caller]
pub fn drain(phone: &Phone, since: &str, limit: usize, first: &str, always: &str) -> Vec<Value> {
    let (mut since, mut pages) = (since.to_owned(), Vec::<Value>::new());
    for n in 0..MANY_PAGES {
        let page = page(phone, &since, limit, &format!("{always}{}", if n == 0 { first } else { "" }));
        let end = text(&page["server_time"]);
        let found = rows(&page);
        assert!(found.iter().all(|row| row.at <= end), "a row beyond server_time {end}: {found:?}");
        let more = page["has_more"] == true;
        pages.push(page);
        if !more {
            return pages;
        }
        assert_eq!(found.last().map(|row| &row.at), Some(&end), "server_time is the last stamp included");
        assert!(n == 0 || end > since, "page {n} does not go forward");
        since = end;
    }
    panic!("{MANY_PAGES} pages and no end")
}

/// The rows of all pages.
pub fn all_rows(pages: &[Value]) -> Vec<Row> {
    pages.iter().flat_map(rows).collect()
}

/// Rows without a meaning in their order: of one stamp any may come first.
pub fn set(rows: Vec<Row>) -> BTreeSet<(String, String, String, bool)> {
    rows.into_iter().map(|row| (row.at, row.list, row.id, row.deleted)).collect()
}

/// What a client holds that takes each row in turn, starting with nothing.
fn held(pages: &[Value]) -> BTreeSet<(String, String)> {
    let mut held = BTreeSet::new();
    for page in pages {
        if page["reset"] == true {
            held.clear();
        }
        for row in rows(page) {
            let object = (row.list, row.id);
            if row.deleted {
                held.remove(&object)
            } else {
                held.insert(object)
            };
        }
    }
    held
}

fn question(phone: &Phone, answering: &[&Phone]) -> String {
    let id = phone.make("/qna/questions/", &json!({"text": "?"}));
    for phone in answering {
        phone.post(&format!("/qna/questions/{id}/answer/"), &json!({})).expect(200);
    }
    id
}

/// A couple's life: single stamps, stamps of several rows, objects that were changed and deleted.
pub fn live(a: &Phone, b: &Phone) {
    let gone = question(a, &[a, b]);
    let kept = question(b, &[b, a]);
    let goal = a.make("/goals/", &json!({"title": "x"}));
    for n in 0..4 {
        a.post(&format!("/goals/{goal}/actions/"), &json!({"text": n.to_string()})).expect(201);
    }
    a.delete(&format!("/qna/questions/{gone}/")).expect(204);
    b.post("/letters/", &json!({"month": "2026-01"})).expect(201);
    b.delete(&format!("/goals/{goal}/")).expect(204);
    b.make("/checkins/", &json!({"date": "2026-01-01"}));
    b.patch(&format!("/qna/questions/{kept}/"), &json!({"theme": "t"})).expect(200);
}

fn pages_add_up(server: &Server) {
    let (a, b) = Phone::couple(server);
    live(&a, &b);
    let since = ago(60);
    let whole = b.poll(&since);
    assert_eq!(rows(&whole).len(), 14);
    for limit in [1, 2, 3, 5, 7, 13, 14, 1_000] {
        let pages = drain(&b, &since, limit, "", "");
        let found = all_rows(&pages);
        assert_eq!(found.len(), rows(&whole).len(), "limit {limit}: a row twice, or none");
        assert_eq!(set(found), set(rows(&whole)), "limit {limit}");
        assert_eq!(pages.last().unwrap()["server_time"], whole["server_time"], "limit {limit}");
        assert!(pages.iter().all(|page| page["reset"] == false));
        let objects = drain(&b, &since, limit, "&include=objects", "");
        assert_eq!(objects.len(), pages.len());
    }
}

fn stamps_stay_whole(server: &Server) {
    let (a, b) = Phone::couple(server);
    let since = now(&a);
    live(&a, &b);
    for limit in 1..8 {
        let mut ends = BTreeSet::new();
        for page in drain(&a, &since, limit, "", "") {
            let found = rows(&page);
            let stamps: BTreeSet<&String> = found.iter().map(|row| &row.at).collect();
            assert!(stamps.iter().all(|stamp| !ends.contains(*stamp)), "limit {limit} cuts a stamp");
            // More rows than asked for are there only when one stamp has them.
            assert!(found.len() <= limit || stamps.len() == 1, "limit {limit}: {found:?}");
            ends.extend(stamps.into_iter().cloned());
        }
    }
    let id = question(&a, &[&a, &b]);
    let since = now(&a);
    b.delete(&format!("/qna/questions/{id}/")).expect(204);
    let only = page(&a, &since, 1, "");
    assert_eq!((rows(&only).len(), &only["has_more"]), (3, &json!(false)));
    let goal = a.make("/goals/", &json!({"title": "next"}));
    let first = page(&a, &since, 2, "");
    assert_eq!((rows(&first).len(), &first["has_more"]), (3, &json!(true)));
    let second = page(&a, &text(&first["server_time"]), 2, "");
    assert_eq!((rows(&second)[0].id.as_str(), &second["has_more"]), (goal.as_str(), &json!(false)));
}

fn just_enough(server: &Server) {
    let a = Phone::single(server);
    let since = now(&a);
    for n in 0..3 {
        a.make("/goals/", &json!({"title": n.to_string()}));
    }
    let clock = now(&a);
    let page = |limit| page(&a, &since, limit, "");
    assert_eq!((rows(&page(3)).len(), &page(3)["has_more"], text(&page(3)["server_time"])), (3, &json!(false), clock.clone()));
    assert_eq!((rows(&page(2)).len(), &page(2)["has_more"]), (2, &json!(true)));
    assert_eq!(text(&page(2)["server_time"]), rows(&page(3))[1].at);
    let nothing = super::feed_pages::page(&a, &clock, 1, "");
    assert_eq!((rows(&nothing), &nothing["has_more"], text(&nothing["server_time"])), (vec![], &json!(false), clock));
}

fn bad_limits(server: &Server) {
    let a = Phone::single(server);
    let since = now(&a);
    for n in 0..3 {
        a.make("/goals/", &json!({"title": n.to_string()}));
    }
    for limit in ["", "0", "-1", "1001", "x", "1.5", "1e3", "99999999999999999999999", "%00", "2%202"] {
        let poll = a.get(&format!("/sync/changes/?since={since}&limit={limit}")).expect(200).json();
        assert_eq!((rows(&poll).len(), &poll["has_more"]), (3, &json!(false)), "{limit}");
    }
    assert_eq!(rows(&page(&a, &since, 1, "")).len(), 1);
    assert_eq!(rows(&page(&a, &since, 1_000, "")).len(), 3);
}

fn writes_between_pages(server: &Server) {
    let (a, b) = Phone::couple(server);
    let mut since = now(&a);
    let goals: Vec<String> = (0..4).map(|n| a.make("/goals/", &json!({"title": n.to_string()}))).collect();
    let first = page(&b, &since, 2, "");
    assert_eq!(rows(&first).len(), 2);
    // One that the page told, one that it did not, and a new one.
    a.patch(&format!("/goals/{}/", goals[0]), &json!({"status": "DONE"})).expect(200);
    a.delete(&format!("/goals/{}/", goals[2])).expect(204);
    let new = a.make("/goals/", &json!({"title": "new"}));
    since = text(&first["server_time"]);
    let rest = all_rows(&drain(&b, &since, 1, "", ""));
    let seen: Vec<(&str, bool)> = rest.iter().map(|row| (row.id.as_str(), row.deleted)).collect();
    assert_eq!(seen, [(goals[3].as_str(), false), (&goals[0], false), (&goals[2], true), (&new, false)]);
}

fn ancient_since(server: &Server) {
    let (a, b) = Phone::couple(server);
    live(&a, &b);
    for since in ["1970-01-01T00:00:00Z", "2001-02-03", &ago(31 * 1_440)] {
        let poll = b.poll(since);
        assert_eq!((&poll["reset"], &poll["has_more"]), (&json!(true), &json!(false)), "{since}");
        let found = rows(&poll);
        assert!(found.iter().all(|row| !row.deleted), "{found:?}");
        let mut lists: Vec<&str> = found.iter().map(|row| row.list.as_str()).collect();
        lists.sort_unstable();
        assert_eq!(lists, ["checkins", "couple", "letters", "qna_answers", "qna_answers", "qna_questions"]);
        let next = a.poll(&text(&poll["server_time"]));
        assert_eq!((&next["reset"], rows(&next)), (&json!(false), vec![]));
    }
    let recent = b.poll(&ago(29 * 1_440));
    assert_eq!(recent["reset"], false);
    assert!(rows(&recent).iter().any(|row| row.deleted));
    let objects = b.get("/sync/changes/?since=1970-01-01&include=objects").expect(200).json();
    let mut items = objects["changes"].as_object().unwrap().values().flat_map(|list| list.as_array().unwrap());
    assert!(items.all(|item| item["object"].is_object()));
}

fn ancient_since_in_pages(server: &Server) {
    let (a, b) = Phone::couple(server);
    live(&a, &b);
    let alive = held(&[b.poll("1970-01-01")]);
    for limit in [1, 2, 4, 1_000] {
        let pages = drain(&b, "1970-01-01T00:00:00Z", limit, "", "");
        assert!(pages.iter().enumerate().all(|(n, page)| page["reset"] == (n == 0)), "limit {limit}");
        assert_eq!(held(&pages), alive, "limit {limit}");
        assert!(limit < 1_000 || pages.len() == 1, "{} pages", pages.len());
    }
}

fn epochs(server: &Server) {
    let (a, b) = Phone::couple(server);
    live(&a, &b);
    let since = now(&a);
    let epoch = text(&a.poll(&since)["epoch"]);
    assert_eq!(text(&b.poll("1970-01-01")["epoch"]), epoch);
    let same = a.get(&format!("/sync/changes/?since={since}&epoch={epoch}")).expect(200).json();
    assert_eq!((&same["reset"], rows(&same)), (&json!(false), vec![]));
    let alive = held(&[b.poll("1970-01-01")]);
    for other in ["x", "01890000-0000-7000-8000-000000000000"] {
        let more = format!("&epoch={other}");
        let poll = a.get(&format!("/sync/changes/?since={since}{more}")).expect(200).json();
        assert_eq!((&poll["reset"], text(&poll["epoch"])), (&json!(true), epoch.clone()));
        assert_eq!(held(&[poll]), alive);
        assert_eq!(held(&drain(&a, &since, 2, &more, "")), alive);
    }
    assert_ne!(text(&Phone::single(server).poll(&since)["epoch"]), "");
}

/// Moves everything of the only couple on a server so many days into the past.
fn age(server: &Server, days: i64) {
    let db = Connection::open(server.data_dir.join("tandem.db")).unwrap();
    for sql in ["UPDATE changes SET stamp = stamp - ?", "UPDATE tenants SET clock = clock - ?"] {
        assert!(db.execute(sql, [days * DAY]).unwrap() > 0);
    }
}

/// A server of its own: the test ages its store.
fn own_server(server: &Server) -> Server {
    Server::start(server.kind, &Options { workers: 1, ..Options::default() })
}

fn old_couple(server: &Server) {
    let server = own_server(server);
    let (a, b) = Phone::couple(&server);
    live(&a, &b);
    let before = now(&a);
    age(&server, 40);
    let old = held(&[a.poll("1970-01-01")]);
    live_more(&a);
    let alive = held(&[a.poll("1970-01-01")]);
    assert!(old.is_subset(&alive) && old.len() == 6 && alive.len() == 9, "{old:?} {alive:?}");
    let away = after(&before, -41 * DAY);
    for limit in [1, 3, 7] {
        let pages = drain(&b, &away, limit, "", "");
        assert_eq!(pages[0]["reset"], true);
        assert!(old.is_subset(&held(&pages[..1])), "limit {limit}: what is old is not on the first page");
        assert!(pages[1..].iter().all(|page| page["reset"] == false), "limit {limit} starts over twice");
        assert_eq!(held(&pages), alive, "limit {limit}");
    }
    // The horizon is 30 days back, to the day.
    assert_eq!(a.poll(&ago(30 * 1_440 + 5))["reset"], true);
    assert_eq!(a.poll(&ago(30 * 1_440 - 5))["reset"], false);
}

fn live_more(phone: &Phone) {
    for n in 0..3 {
        phone.make("/goals/", &json!({"title": n.to_string()}));
    }
}

fn silent_couple(server: &Server) {
    let server = own_server(server);
    let (a, b) = Phone::couple(&server);
    live(&a, &b);
    age(&server, 400);
    let clock = text(&a.poll("9999-12-31")["server_time"]);
    let year_ago = DateTime::parse_from_rfc3339(&ago(399 * 1_440)).unwrap();
    assert!(DateTime::parse_from_rfc3339(&clock).unwrap() < year_ago, "the store has not aged: {clock}");
    for since in [clock.as_str(), "9999-12-31", "", "rubbish"] {
        let quiet = a.poll(since);
        assert_eq!(
            (&quiet["reset"], rows(&quiet), text(&quiet["server_time"])),
            (&json!(false), vec![], clock.clone()),
            "{since}"
        );
    }
    assert_eq!(a.poll(&after(&clock, -1))["reset"], true, "who has missed something starts over");
    let goal = b.make("/goals/", &json!({"title": "again"}));
    // Their cursor is now older than any tombstone that is kept for sure.
    let poll = a.poll(&clock);
    assert_eq!(poll["reset"], true);
    assert!(held(&[poll]).contains(&("goals".to_owned(), goal)));
}
