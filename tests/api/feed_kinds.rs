//! Choosing lists of the feed with `?kinds=`: which there are, and that the cursor stays exact whatever is chosen.

use super::expect::{problem, refused};
use super::feed::{LISTS, ago, now, rows, text};
use super::feed_pages::{all_rows, drain, live, set};
use super::{Case, Phone};
use crate::servers::Server;
use crate::servers::client::request;
use serde_json::{Value, json};
use tandem::domain::FEATURES;

/// See [`Case`].
pub const CASES: &[Case] = &[
    ("version 1 carries the seven lists, version 2 every list there is", lists_of_versions),
    ("kinds chooses any lists in both versions, and no others come", chosen_lists),
    ("an unknown kind is 400 and tells those that are known", unknown_kinds),
    ("a poll of some lists has their changes and no others, deletions too", changes_of_some),
    ("pages of some lists add up to their part of the whole", pages_of_some),
    ("a limit counts the changes of the chosen lists alone", limits_count_what_is_chosen),
    ("a cursor moves on past changes that were not asked for", passes_the_others),
    ("starting over with some lists gives everything alive in them", starting_over),
    ("include=objects loads the chosen lists alone", objects_of_some),
];

/// Every list of the registry.
fn every_list() -> Vec<&'static str> {
    FEATURES.iter().flat_map(|feature| feature.kinds).map(|kind| kind.name).collect()
}

/// A poll of this version, with this query.
#[track_caller]
fn poll(phone: &Phone, version: u8, query: &str) -> Value {
    let path = format!("/api/v{version}/sync/changes/?{query}");
    request("GET", &path).bearer(&phone.access).send(phone.port).expect(200).json()
}

/// The names of a poll's lists, in the alphabet's order.
fn names(poll: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = poll["changes"].as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

fn sorted<'l>(lists: &[&'l str]) -> Vec<&'l str> {
    let mut lists = lists.to_vec();
    lists.sort_unstable();
    lists
}

fn lists_of_versions(server: &Server) {
    let phone = Phone::single(server);
    for nothing in ["", "kinds=", "kinds=,%20,"] {
        assert_eq!(names(&poll(&phone, 1, nothing)), LISTS, "{nothing}");
        assert_eq!(names(&poll(&phone, 2, nothing)), sorted(&every_list()), "{nothing}");
    }
}

fn chosen_lists(server: &Server) {
    let (phone, every) = (Phone::single(server), every_list());
    for version in [1, 2] {
        for list in &every {
            assert_eq!(names(&poll(&phone, version, &format!("kinds={list}"))), [*list]);
        }
        assert_eq!(names(&poll(&phone, version, "kinds=letters,%20goals,,letters,")), ["goals", "letters"]);
        assert_eq!(names(&poll(&phone, version, &format!("kinds={}", every.join(",")))), sorted(&every));
    }
    let order = request("GET", "/api/sync/changes/?kinds=letters,goals").bearer(&phone.access).send(server.port).text();
    assert!(order.find("\"goals\"") < order.find("\"letters\""), "the registry's order: {order}");
}

fn unknown_kinds(server: &Server) {
    let phone = Phone::single(server);
    for kinds in ["nonsense", "goals,nonsense", "Goals", "goals;letters", "%00", "goals%20letters", &"x".repeat(500)] {
        for version in ["", "/v1", "/v2"] {
            let ask = request("GET", &format!("/api{version}/sync/changes/?kinds={kinds}")).bearer(&phone.access);
            let said =
                if version == "/v2" { problem(ask.send(server.port), 400) } else { refused(ask.send(server.port), "kinds") };
            let detail = said["detail"].as_str().unwrap();
            assert!(every_list().iter().all(|list| detail.contains(list)) && detail.len() < 400, "{detail}");
        }
    }
}

fn changes_of_some(server: &Server) {
    let (a, b) = Phone::couple(server);
    let since = now(&a);
    live(&a, &b);
    let whole = rows(&b.poll(&since));
    for chosen in [&["goals"][..], &["goal_actions", "letters"], &["qna_answers", "qna_questions", "checkins"], &["couple"]] {
        let some = poll(&b, 1, &format!("since={since}&kinds={}", chosen.join(",")));
        let expected: Vec<_> = whole.iter().filter(|row| chosen.contains(&row.list.as_str())).cloned().collect();
        assert_eq!(set(rows(&some)), set(expected), "{chosen:?}");
        assert_eq!(text(&some["server_time"]), now(&a), "{chosen:?}");
    }
}

fn pages_of_some(server: &Server) {
    let (a, b) = Phone::couple(server);
    live(&a, &b);
    let since = ago(60);
    let clock = now(&a);
    for kinds in ["goal_actions", "goals,letters", "qna_questions,qna_answers", "checkins,couple", "letters"] {
        let whole = rows(&poll(&b, 1, &format!("since={since}&kinds={kinds}")));
        for limit in [1, 2, 3, 5, 1_000] {
            let pages = drain(&b, &since, limit, "", &format!("&kinds={kinds}"));
            let found = all_rows(&pages);
            assert_eq!(found.len(), whole.len(), "{kinds}, limit {limit}: a row twice, or none");
            assert_eq!(set(found), set(whole.clone()), "{kinds}, limit {limit}");
            assert_eq!(text(&pages.last().unwrap()["server_time"]), clock, "{kinds}, limit {limit}");
        }
    }
}

fn limits_count_what_is_chosen(server: &Server) {
    let a = Phone::single(server);
    let since = now(&a);
    let goal = a.make("/goals/", &json!({"title": "x"}));
    for n in 0..4 {
        super::expect::add_action(&a, &goal, &n.to_string());
        a.post("/letters/", &json!({"month": format!("2026-0{}", n + 1)})).expect(201);
    }
    let pages = drain(&a, &since, 2, "", "&kinds=letters");
    let sizes: Vec<usize> = pages.iter().map(|page| rows(page).len()).collect();
    assert_eq!(sizes, [2, 2], "no page is used up by what nobody asked for");
    assert_eq!(pages[1]["has_more"], false);
}

fn passes_the_others(server: &Server) {
    let a = Phone::single(server);
    let since = now(&a);
    let goal = a.make("/goals/", &json!({"title": "x"}));
    for limit in ["", "&limit=1"] {
        let some = poll(&a, 1, &format!("since={since}&kinds=letters,checkins{limit}"));
        assert_eq!((rows(&some), &some["has_more"], text(&some["server_time"])), (vec![], &json!(false), now(&a)), "{limit}");
    }
    let clock = now(&a);
    let letter = a.post("/letters/", &json!({"month": "2026-01"})).expect(201).json();
    a.patch(&format!("/goals/{goal}/"), &json!({"status": "DONE"})).expect(200);
    let some = poll(&a, 1, &format!("since={clock}&kinds=letters&limit=1"));
    assert_eq!((&some["changes"]["letters"][0]["id"], &some["has_more"]), (&letter["letter"]["id"], &json!(false)));
    assert_eq!(text(&some["server_time"]), now(&a), "beyond the letter, past the goal that nobody asked for");
}

fn starting_over(server: &Server) {
    let (a, b) = Phone::couple(server);
    live(&a, &b);
    let ancient = "1970-01-01T00:00:00Z";
    let whole = rows(&b.poll(ancient));
    for kinds in ["letters,qna_questions", "goals", "checkins,couple"] {
        let expected: Vec<_> = whole.iter().filter(|row| kinds.split(',').any(|kind| kind == row.list)).cloned().collect();
        for limit in ["", "&limit=1"] {
            let some = poll(&b, 1, &format!("since={ancient}&kinds={kinds}{limit}"));
            assert_eq!(some["reset"], true, "{kinds}");
            let rest = text(&some["server_time"]);
            let more = rows(&poll(&b, 1, &format!("since={rest}&kinds={kinds}")));
            assert_eq!(set([rows(&some), more].concat()), set(expected.clone()), "{kinds}{limit}");
        }
    }
}

fn objects_of_some(server: &Server) {
    let a = Phone::single(server);
    let since = now(&a);
    let goal = a.make("/goals/", &json!({"title": "x"}));
    a.post("/letters/", &json!({"month": "2026-01"})).expect(201);
    let some = poll(&a, 2, &format!("since={since}&kinds=goals&include=objects"));
    assert_eq!(names(&some), ["goals"]);
    assert_eq!(some["changes"]["goals"][0]["object"], a.get(&format!("/goals/{goal}/")).expect(200).json());
}
