//! A new start in pages by kind and id (couples API, 5).

use super::feed::{ago, now, rows, text};
use super::feed_pages::live;
use super::{Case, Phone};
use crate::servers::{Engine, Kind, Options, Server};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tandem::params;

/// A cursor from before everything.
const LONG_AGO: &str = "1970-01-01";
/// Pages that a start may take before a test says that it never ends.
const MANY_PAGES: usize = 200;

/// See [`Case`].
pub const CASES: &[Case] = &[
    ("a new start in pages by key has everything alive once", every_page),
    ("what changes between the pages of a new start is told by the polls behind it", writes_between),
    ("a page of a new start that cannot go on begins again", lost_places),
    ("after=start is an ordinary poll where no new start is due", not_due),
    ("who sends no cursor with after=start is told everything, not the last day", without_a_cursor),
    ("a new start in pages by key through GraphQL", through_graphql),
    ("an answer that would be too large is 413, and its pages are not", too_large),
];

/// The pages of a new start from one on, each behind the one before.
#[track_caller]
fn behind(phone: &Phone, first: Value, query: &str) -> Vec<Value> {
    let mut pages = vec![first];
    while let Some(next) = pages[pages.len() - 1]["next"].as_str().map(str::to_owned) {
        assert!(pages.len() < MANY_PAGES && pages[pages.len() - 1]["has_more"] == true);
        pages.push(phone.get(&format!("/sync/changes/?since={LONG_AGO}&after={next}{query}")).expect(200).json());
    }
    assert_eq!(pages[pages.len() - 1]["has_more"], false);
    pages
}

#[track_caller]
fn start(phone: &Phone, query: &str) -> Vec<Value> {
    let first = phone.get(&format!("/sync/changes/?since={LONG_AGO}&after=start{query}")).expect(200).json();
    behind(phone, first, query)
}

/// The rows of a page in the order in which its lists have them.
fn keys(page: &Value) -> Vec<(String, String)> {
    let lists = page["changes"].as_object().unwrap().iter();
    let keys =
        lists.flat_map(|(list, items)| items.as_array().unwrap().iter().map(move |item| (list.clone(), text(&item["id"]))));
    keys.collect()
}

fn every_page(server: &Server) {
    let (a, b) = Phone::couple(server);
    live(&a, &b);
    let whole = b.poll(LONG_AGO);
    let alive: BTreeSet<(String, String)> = rows(&whole).into_iter().map(|row| (row.list, row.id)).collect();
    for limit in [1, 2, 5, 6, 1_000] {
        let pages = start(&b, &format!("&limit={limit}"));
        let found: Vec<(String, String)> = pages.iter().flat_map(keys).collect();
        assert_eq!(found.iter().cloned().collect::<BTreeSet<_>>(), alive, "limit {limit}");
        assert!(found.len() == alive.len() && found.is_sorted(), "limit {limit}: {found:?}");
        assert_eq!(pages.len(), alive.len().div_ceil(limit), "limit {limit}");
        for (n, page) in pages.iter().enumerate() {
            assert_eq!((&page["reset"], &page["server_time"]), (&json!(n == 0), &whole["server_time"]), "page {n}");
            assert_eq!(page["total"], if n == 0 { json!(alive.len()) } else { Value::Null }, "page {n}");
        }
    }
    let some = start(&b, "&limit=1&kinds=letters,qna_answers&include=objects");
    assert_eq!((some.len(), &some[0]["total"]), (3, &json!(3)));
    let lists: Vec<String> = some.iter().flat_map(keys).map(|(list, _)| list).collect();
    assert_eq!(lists, ["letters", "qna_answers", "qna_answers"]);
    assert!(some[0]["changes"]["letters"][0]["object"]["month"].is_string());
}

fn writes_between(server: &Server) {
    let (a, b) = Phone::couple(server);
    let mut goals: Vec<String> = (0..6).map(|n| a.make("/goals/", &json!({"title": n.to_string()}))).collect();
    goals.sort_unstable();
    let first = b.get(&format!("/sync/changes/?since={LONG_AGO}&after=start&kinds=goals&limit=3")).expect(200).json();
    let since = text(&first["server_time"]);
    // Of what was told, of what was not, and new.
    a.patch(&format!("/goals/{}/", goals[0]), &json!({"title": "told"})).expect(200);
    a.delete(&format!("/goals/{}/", goals[1])).expect(204);
    a.patch(&format!("/goals/{}/", goals[4]), &json!({"title": "to come"})).expect(200);
    a.delete(&format!("/goals/{}/", goals[5])).expect(204);
    let new = a.make("/goals/", &json!({"title": "new"}));
    let pages = behind(&b, first, "&kinds=goals&limit=3");
    let told: Vec<String> = pages.iter().flat_map(keys).map(|(_, id)| id).collect();
    let alive = [&goals[..5], std::slice::from_ref(&new)].concat();
    assert_eq!(told, alive, "each page has what is alive when it is made");
    assert!(pages.iter().all(|page| page["server_time"] == json!(since)));
    let mut behind: Vec<(String, bool)> = rows(&b.poll(&since)).into_iter().map(|row| (row.id, row.deleted)).collect();
    behind.sort_unstable();
    let mut moved: Vec<(String, bool)> =
        [(0, false), (1, true), (4, false), (5, true)].map(|(n, gone): (usize, bool)| (goals[n].clone(), gone)).to_vec();
    moved.push((new, false));
    moved.sort_unstable();
    assert_eq!(behind, moved);
}

fn lost_places(server: &Server) {
    let (a, _) = Phone::couple(server);
    let since = now(&a);
    let stranger = Phone::single(server);
    stranger.make("/goals/", &json!({"title": "x"}));
    let page = stranger.get(&format!("/sync/changes/?since={LONG_AGO}&after=start&limit=1")).expect(200).json();
    for next in ["rubbish", "1.goals.x.y", &text(&page["next"]), &"9".repeat(400)] {
        let page = a.get(&format!("/sync/changes/?since={since}&after={next}")).expect(200).json();
        assert_eq!((&page["reset"], &page["total"], keys(&page).len()), (&json!(true), &json!(1), 1), "{next}");
    }
}

fn without_a_cursor(server: &Server) {
    let (a, b) = Phone::couple(server);
    live(&a, &b);
    let whole = keys(&b.poll(LONG_AGO)).len();
    let first = b.get("/sync/changes/?after=start&limit=2").expect(200).json();
    assert_eq!((&first["reset"], &first["total"]), (&json!(true), &json!(whole)));
    let next = text(&first["next"]);
    let second = b.get(&format!("/sync/changes/?after={next}&limit=1000")).expect(200).json();
    assert_eq!((keys(&first).len() + keys(&second).len(), &second["has_more"]), (whole, &json!(false)));
}

fn not_due(server: &Server) {
    let (a, b) = Phone::couple(server);
    let since = now(&a);
    let goal = b.make("/goals/", &json!({"title": "x"}));
    for after in ["start", ""] {
        let page = a.get(&format!("/sync/changes/?since={since}&limit=5&after={after}")).expect(200).json();
        assert_eq!((&page["reset"], page.get("total"), page.get("next")), (&json!(false), None, None));
        assert_eq!(rows(&page)[0].id, goal);
    }
    let epoch = a.get(&format!("/sync/changes/?since={since}&after=start&epoch=other")).expect(200).json();
    assert_eq!((&epoch["reset"], &epoch["total"]), (&json!(true), &json!(2)));
}

fn through_graphql(server: &Server) {
    let (a, b) = Phone::couple(server);
    live(&a, &b);
    let page = |after: &str| {
        let ask = format!(
            r#"{{ changes(since: "{LONG_AGO}", limit: 4, after: "{after}") {{ reset hasMore next total serverTime changes {{ id kind object {{ __typename }} }} }} }}"#
        );
        a.post("/graphql/", &json!({ "query": ask })).expect(200).json()["data"]["changes"].clone()
    };
    let first = page("start");
    assert_eq!((&first["reset"], &first["hasMore"], &first["total"]), (&json!(true), &json!(true), &json!(6)));
    let second = page(&text(&first["next"]));
    assert_eq!((&second["reset"], &second["next"], &second["total"]), (&json!(false), &Value::Null, &Value::Null));
    assert_eq!(first["serverTime"], second["serverTime"]);
    let all: Vec<&Value> = [&first, &second].into_iter().flat_map(|page| page["changes"].as_array().unwrap()).collect();
    assert_eq!(all.len(), 6);
    assert!(all.iter().all(|change| change["object"]["__typename"].is_string()), "{all:?}");
}

/// A server of its own: the test fills its store.
fn too_large(server: &Server) {
    if (server.kind, server.engine) != (Kind::LighttpdFastcgi, Engine::Sqlite) {
        return;
    }
    let env = vec![("TANDEM_LIMITS_NEW_COUPLE".to_owned(), "64".to_owned())];
    let server = Server::start(server.kind, &Options { engine: server.engine, workers: 1, env, ..Options::default() });
    let a = Phone::single(&server);
    // Letters of 600,000 bytes each.
    let content = "가".repeat(200_000);
    for n in 0..30 {
        a.post("/letters/", &json!({"month": format!("20{:02}-{:02}", 10 + n / 12, 1 + n % 12), "content": content})).expect(201);
    }
    let whole = a.get(&format!("/sync/changes/?since={LONG_AGO}&include=objects")).expect(413).json();
    assert!(whole["detail"].as_str().unwrap().contains("after=start"), "{whole}");
    a.get(&format!("/sync/changes/?since={}&include=objects&limit=1000", ago(60))).expect(413);
    assert_eq!(rows(&a.poll(LONG_AGO)).len(), 31, "without objects it is small");
    let pages = start(&a, "&include=objects");
    assert_eq!((pages.len(), pages.iter().map(|page| keys(page).len()).sum::<usize>()), (2, 31));
    assert!(pages.iter().all(|page| page.to_string().len() <= 16 << 20));
    let rows = "INSERT INTO changes (tenant, kind, id, stamp, deleted) SELECT id, 'goals', ?, clock, 0 FROM tenants";
    let mut store = server.store();
    assert_eq!(store.run(rows, params!["019a0000-0000-7000-8000-000000000000"]).unwrap(), 1);
    assert!(start(&a, "&limit=9").iter().flat_map(keys).any(|(list, _)| list == "goals"));
}
