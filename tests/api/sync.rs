//! The feed: what stands in it, and how `since` is read (couples API, 5). Pages and new starts: `feed_pages.rs`.

use super::feed::{self, LISTS, Row, after, objects, rows};
use super::{Case, Phone};
use crate::servers::{Options, Server};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};
use std::time::SystemTime;
use tandem::db::{self, Db};

/// See [`Case`].
pub const CASES: &[Case] = &[
    ("a poll has all of its members and all seven lists, always", all_members),
    ("every kind's create, change and delete reaches both partners", every_kind),
    ("deleting a question buries its answers, a goal its actions", cascades),
    ("an object stands in the feed once, at its newest stamp, oldest first", once_and_oldest_first),
    ("joining, leaving and a partner's new time zone show under couple", joining_and_leaving),
    ("server_time continues exactly where the poll ended", server_time),
    ("what was refused leaves nothing in the feed", refused_writes),
    ("since is read in every form that clients send", forms_of_since),
    ("since that is missing or unreadable is the last 24 hours", unreadable_since),
    ("since in the future continues from the couple's clock", future_since),
    ("include=objects shows each object as its own route does", whole_objects),
    ("poll_after is 5 seconds, 30 when idle", poll_after),
    ("the feed is for couples, and for each its own", strangers),
    ("a poll that nothing happened before is answered 304", unchanged),
    ("a poll writes nothing to the database", polls_write_nothing),
];

fn all_members(server: &Server) {
    let (a, _) = Phone::couple(server);
    let since = feed::now(&a);
    for query in [format!("?since={since}"), String::new(), "?since=x&limit=1&include=objects&state=idle".to_owned()] {
        for path in ["/sync/changes/", "/sync/changes"] {
            let poll = a.get(&format!("{path}{query}")).expect(200).json();
            let members: Vec<&String> = poll.as_object().unwrap().keys().collect();
            assert_eq!(members, ["changes", "epoch", "has_more", "poll_after", "reset", "server_time", "since"]);
            let mut lists: Vec<&String> = poll["changes"].as_object().unwrap().keys().collect();
            lists.sort();
            assert_eq!(lists, LISTS);
            assert!(poll["changes"].as_object().unwrap().values().all(Value::is_array));
            assert_eq!((&poll["reset"], &poll["has_more"]), (&json!(false), &json!(false)));
            assert!(poll["epoch"].as_str().is_some_and(|epoch| !epoch.is_empty()));
            for name in ["server_time", "since"] {
                let at = poll[name].as_str().unwrap();
                assert!(at.len() == 24 && at.ends_with('Z') && DateTime::parse_from_rfc3339(at).is_ok(), "{name}: {at}");
            }
        }
    }
}

fn every_kind(server: &Server) {
    let (a, b) = Phone::couple(server);
    for object in objects(&a) {
        let mut since = feed::now(&a);
        for (step, method, body) in object.steps() {
            let before = since.clone();
            let answer = a.ask(method, &step).json(&body).send(a.port);
            assert!((200..300).contains(&answer.status), "{method} {step}: {}", answer.text());
            let (own, partners) = (a.poll(&before), b.poll(&before));
            assert_eq!(rows(&own), rows(&partners), "{method} {step}");
            let found: Vec<Row> = rows(&own).into_iter().filter(|row| row.id == object.id).collect();
            let [row] = found.as_slice() else { panic!("{method} {step} gives {found:?}") };
            assert_eq!((row.list.as_str(), row.deleted), (object.list, method == "DELETE"), "{method} {step}");
            assert!(row.at > before && row.at == feed::text(&own["server_time"]), "{row:?} {before}");
            // A question takes its answers with it; nothing else has changed.
            assert!(rows(&own).iter().all(|other| other.at == row.at && other.deleted == row.deleted), "{method} {step}");
            since = row.at.clone();
        }
    }
}

fn cascades(server: &Server) {
    let (a, b) = Phone::couple(server);
    let question = a.make("/qna/questions/", &json!({"text": "?"}));
    let answer = |phone: &Phone| {
        let given = phone.post(&format!("/qna/questions/{question}/answer/"), &json!({})).expect(200).json();
        feed::text(&given["answer"]["id"])
    };
    let answers = [answer(&a), answer(&b)];
    let goal = a.make("/goals/", &json!({"title": "x"}));
    let action =
        || feed::text(&a.post(&format!("/goals/{goal}/actions/"), &json!({"text": "y"})).expect(201).json()["action"]["id"]);
    let actions = [action(), action(), action()];
    for (path, whole, list, parts) in [
        (format!("/qna/questions/{question}/"), ("qna_questions", &question), "qna_answers", &answers[..]),
        (format!("/goals/{goal}/"), ("goals", &goal), "goal_actions", &actions[..]),
    ] {
        let since = feed::now(&b);
        b.delete(&path).expect(204);
        let found = rows(&a.poll(&since));
        let mut expected: Vec<(&str, &str)> = parts.iter().map(|id| (list, id.as_str())).collect();
        expected.push((whole.0, whole.1));
        expected.sort_unstable();
        let mut seen: Vec<(&str, &str)> = found.iter().map(|row| (row.list.as_str(), row.id.as_str())).collect();
        seen.sort_unstable();
        assert_eq!(seen, expected);
        assert!(found.iter().all(|row| row.deleted && row.at == found[0].at), "one transaction, one stamp: {found:?}");
    }
}

fn once_and_oldest_first(server: &Server) {
    let a = Phone::single(server);
    let since = feed::now(&a);
    let ids: Vec<String> = (0..4).map(|n| a.make("/goals/", &json!({"title": n.to_string()}))).collect();
    a.patch(&format!("/goals/{}/", ids[1]), &json!({"status": "DONE"})).expect(200);
    a.delete(&format!("/goals/{}/", ids[0])).expect(204);
    let found = rows(&a.poll(&since));
    let order: Vec<&str> = found.iter().map(|row| row.id.as_str()).collect();
    assert_eq!(order, [&ids[2], &ids[3], &ids[1], &ids[0]]);
    assert!(found.windows(2).all(|pair| pair[0].at < pair[1].at), "{found:?}");
    let shown = a.get(&format!("/goals/{}/", ids[1])).expect(200).json();
    assert_eq!(feed::text(&shown["updated_at"]), found[2].at, "the feed's stamp is the object's");
}

fn joining_and_leaving(server: &Server) {
    let (a, b) = (Phone::single(server), Phone::register(server));
    let couple = feed::text(&a.get("/couple/").expect(200).json()["couple"]["id"]);
    let shows_couple = |since: &str| {
        let found = rows(&a.poll(since));
        assert!(found.iter().all(|row| row.list == "couple" && row.id == couple && !row.deleted), "{found:?}");
        assert_eq!(found.len(), 1, "{found:?}");
        found[0].at.clone()
    };
    let mut since = shows_couple(&feed::ago(1_440));
    let code = a.post("/couple/invite/", &json!({})).expect(200).json()["invite"]["code"].clone();
    assert_eq!(rows(&a.poll(&since)), [], "an invite is no change of the couple");
    b.post("/couple/join/", &json!({ "code": code })).expect(200);
    since = shows_couple(&since);
    assert_eq!(rows(&b.poll(&feed::ago(1_440))).len(), 1, "who joins sees the couple");
    b.patch("/auth/me/", &json!({"timezone": "Asia/Seoul"})).expect(200);
    since = shows_couple(&since);
    b.post("/couple/leave/", &json!({})).expect(204);
    shows_couple(&since);
    assert_eq!(b.get("/sync/changes/").expect(404).json()["detail"], "No couple found.");
}

fn server_time(server: &Server) {
    let (a, b) = Phone::couple(server);
    let mut since = feed::now(&a);
    for n in 0..5 {
        let quiet = a.poll(&since);
        assert_eq!((rows(&quiet), &quiet["server_time"]), (vec![], &json!(since)), "nothing happened");
        assert_eq!(quiet["since"], json!(since));
        let writer = if n % 2 == 0 { &a } else { &b };
        let id = writer.make("/goals/", &json!({"title": n.to_string()}));
        let news = a.poll(&since);
        let ids: Vec<String> = rows(&news).into_iter().map(|row| row.id).collect();
        assert_eq!(ids, [id]);
        assert_eq!(rows(&b.poll(&since)), rows(&news));
        since = feed::text(&news["server_time"]);
    }
    // One millisecond less delivers the last stamp again; so the bound is exact.
    assert_eq!(rows(&a.poll(&after(&since, -1))).len(), 1);
}

fn refused_writes(server: &Server) {
    let (a, b) = Phone::couple(server);
    let question = b.make("/qna/questions/", &json!({"text": "?"}));
    let checkin = b.make("/checkins/", &json!({"date": "2026-01-01"}));
    let since = feed::now(&a);
    a.post("/goals/", &json!({})).expect(400);
    a.patch(&format!("/qna/questions/{question}/"), &json!({"text": "!"})).expect(403);
    a.delete(&format!("/checkins/{checkin}/")).expect(403);
    a.ask("DELETE", &format!("/qna/questions/{question}/")).header("If-Match", "\"x\"").send(a.port).expect(412);
    a.delete("/goals/01890000-0000-7000-8000-000000000000/").expect(404);
    let poll = a.poll(&since);
    assert_eq!((rows(&poll), &poll["server_time"]), (vec![], &json!(since)));
}

fn forms_of_since(server: &Server) {
    let a = Phone::single(server);
    let id = a.make("/goals/", &json!({"title": "x"}));
    let stamp = DateTime::parse_from_rfc3339(&rows(&a.poll(&feed::ago(60)))[1].at).unwrap().to_utc();
    let form = |at: DateTime<Utc>, form: &str| at.format(form).to_string();
    let shifted = |hours: i64, pattern: &str| form(stamp + TimeDelta::hours(hours), pattern);
    let exact = [
        form(stamp, "%Y-%m-%dT%H:%M:%S%.3fZ"),
        form(stamp, "%Y-%m-%dT%H:%M:%S%.6fZ"),
        form(stamp, "%Y-%m-%dT%H:%M:%S%.9f%%2B00:00"),
        form(stamp, "%Y-%m-%dT%H:%M:%S%.3f"),
        form(stamp, "%Y-%m-%d%%20%H:%M:%S%.3fZ"),
        form(stamp, "%Y-%m-%dt%H:%M:%S%.3fz"),
        form(stamp, "%Y-%m-%dT%H%%3A%M%%3A%S%.3fZ"),
        shifted(2, "%Y-%m-%dT%H:%M:%S%.3f%%2B02:00"),
        shifted(2, "%Y-%m-%dT%H:%M:%S%.3f+02:00"),
        shifted(2, "%Y-%m-%dT%H:%M:%S%.3f%%2002:00"),
        shifted(2, "%Y-%m-%d+%H:%M:%S%.3f+02:00"),
        shifted(-5, "%Y-%m-%dT%H:%M:%S%.3f-05:00"),
        shifted(-5, "%Y-%m-%dT%H:%M:%S%.3f-0500"),
    ];
    for since in exact {
        let poll = a.poll(&since);
        assert_eq!(poll["since"], form(stamp, "%Y-%m-%dT%H:%M:%S%.3fZ"), "{since}");
        assert_eq!(rows(&poll), [], "{since}");
    }
    let wider = [form(stamp - TimeDelta::minutes(2), "%Y-%m-%dT%H:%M:%SZ"), form(stamp - TimeDelta::days(1), "%Y-%m-%d")];
    let reads = [
        form(stamp - TimeDelta::minutes(2), "%Y-%m-%dT%H:%M:%S.000Z"),
        form(stamp - TimeDelta::days(1), "%Y-%m-%dT00:00:00.000Z"),
    ];
    for (since, read) in wider.iter().zip(reads) {
        let poll = a.poll(since);
        assert_eq!(poll["since"], read);
        assert!(rows(&poll).iter().any(|row| row.id == id));
    }
    // Of several, one is taken; never a 500.
    a.get(&format!("/sync/changes/?since={}&since=x&since=", wider[0])).expect(200);
}

fn unreadable_since(server: &Server) {
    let a = Phone::single(server);
    let huge = "9".repeat(3_000);
    // Bytes that are no text are refused, by lighttpd itself or by the program.
    a.get("/sync/changes/?since=%ff%fe").expect(400);
    let queries = [
        "",
        "?",
        "?since",
        "?since=",
        "?since=x",
        "?since=2026-02-30",
        "?since=2026-02-30T00:00:00Z",
        "?since=2026-13-01",
        "?since=2026-01-01T25:00:00Z",
        "?since=2026-01-01T00:00:00%2B99:99",
        "?since=0000-00-00",
        "?since=-1",
        "?since=1e99",
        "?since=99999-01-01",
        "?since=%00",
        "?since=2026-01-01T00:00:00Z%00",
        "?since[]=2026-01-01",
        "?since=NaN",
        "?since=null",
        "?Since=2026-01-01",
        "?since=%F0%9F%8F%A1",
        "?since=' OR 1=1 --",
    ];
    for query in queries.iter().map(|query| query.replace(' ', "%20")).chain(["?since=%20".to_owned(), format!("?since={huge}")])
    {
        let answer = a.get(&format!("/sync/changes/{query}"));
        let shown: String = query.chars().take(40).collect();
        assert_eq!(answer.status, 200, "{shown}: {}", answer.text());
        let poll = answer.json();
        assert_eq!((rows(&poll).len(), &poll["reset"]), (1, &json!(false)), "{shown}");
        let since = DateTime::parse_from_rfc3339(poll["since"].as_str().unwrap()).unwrap();
        let age = DateTime::<Utc>::from(SystemTime::now()).signed_duration_since(since);
        assert!((age - TimeDelta::days(1)).abs() < TimeDelta::minutes(5), "{shown}: {age}");
    }
}

fn future_since(server: &Server) {
    let a = Phone::single(server);
    let clock = feed::now(&a);
    let tomorrow = (DateTime::<Utc>::from(SystemTime::now()) + TimeDelta::days(1)).to_rfc3339_opts(SecondsFormat::Millis, true);
    for since in [tomorrow.as_str(), "9999-12-31T23:59:59.999Z", "9999-12-31"] {
        let poll = a.poll(since);
        assert_eq!((rows(&poll), &poll["since"], &poll["server_time"]), (vec![], &json!(clock), &json!(clock)));
        assert_eq!(poll["reset"], false);
    }
    let id = a.make("/goals/", &json!({"title": "x"}));
    assert_eq!(rows(&a.poll(&clock))[0].id, id, "what came after a poll of the future is told");
}

fn whole_objects(server: &Server) {
    let (a, b) = Phone::couple(server);
    let made = objects(&b);
    let gone = a.make("/goals/", &json!({"title": "gone"}));
    a.delete(&format!("/goals/{gone}/")).expect(204);
    let path = format!("/sync/changes/?since={}", feed::ago(60));
    let with = a.get(&format!("{path}&include=objects")).expect(200).json();
    let shown = |list: &str, id: &str| {
        let found = with["changes"][list].as_array().unwrap().iter().find(|row| row["id"] == id);
        found.unwrap_or_else(|| panic!("{list} has no {id}"))["object"].clone()
    };
    for object in &made {
        assert_eq!(shown(object.list, &object.id), object.alone(&a), "{}", object.list);
    }
    let couple = a.get("/couple/").expect(200).json()["couple"].clone();
    assert_eq!(shown("couple", couple["id"].as_str().unwrap()), couple);
    assert_eq!(shown("goals", &gone), Value::Null, "a tombstone has no object");
    assert!(LISTS.iter().all(|list| !with["changes"][list].as_array().unwrap().is_empty()), "a list was not tried");
    let (without, other) = (a.get(&path).expect(200).json(), a.get(&format!("{path}&include=x")).expect(200).json());
    assert_eq!(rows(&without), rows(&with));
    for poll in [without, other] {
        let bare = poll["changes"].as_object().unwrap().values().flat_map(|list| list.as_array().unwrap());
        assert!(bare.into_iter().all(|row| row.get("object").is_none()));
    }
}

fn poll_after(server: &Server) {
    let a = Phone::single(server);
    for (query, usual) in [("", 5), ("?state=active", 5), ("?state=x", 5), ("?state=idle", 30)] {
        let wait = a.get(&format!("/sync/changes/{query}")).expect(200).json()["poll_after"].as_u64().unwrap();
        assert!([usual, usual * 2, usual * 4].contains(&wait), "{query}: {wait}");
    }
}

fn strangers(server: &Server) {
    let (a, alone, stranger) = (Phone::single(server), Phone::register(server), Phone::single(server));
    a.make("/goals/", &json!({"title": "ours"}));
    assert_eq!(alone.get("/sync/changes/").expect(404).json()["detail"], "No couple found.");
    let theirs = rows(&stranger.poll(&feed::ago(60)));
    assert_eq!(theirs.iter().map(|row| row.list.as_str()).collect::<Vec<_>>(), ["couple"]);
    crate::servers::client::request("GET", "/api/sync/changes/").send(server.port).expect(401);
    for method in ["POST", "PUT", "PATCH", "DELETE"] {
        assert!(
            a.ask(method, "/sync/changes/").json(&json!({})).send(a.port).expect(405).header("Allow").unwrap().contains("GET")
        );
    }
    let head = a.ask("HEAD", "/sync/changes/").send(a.port).expect(200);
    assert!(head.body.is_empty());
}

fn unchanged(server: &Server) {
    let a = Phone::single(server);
    let path = format!("/sync/changes/?since={}", feed::now(&a));
    let tag = a.get(&path).expect(200).header("ETag").unwrap().to_owned();
    let again = a.ask("GET", &path).header("If-None-Match", &tag).send(a.port);
    // The server may have asked for another poll_after in between.
    assert!(again.status == 304 || again.header("ETag") != Some(tag.as_str()), "{}", again.status);
    a.make("/goals/", &json!({"title": "x"}));
    a.ask("GET", &path).header("If-None-Match", &tag).send(a.port).expect(200);
}

/// What changes with every write: SQLite counts the commits of others, MariaDB sums up what is in each table.
fn version(store: &mut Db) -> Vec<i64> {
    let count = |row: &db::Row<'_>| row.get(0);
    let sum = |row: &db::Row<'_>| row.get(1);
    match store {
        Db::Sqlite(_) => store.all("PRAGMA data_version", &[], count).unwrap(),
        Db::Unasked => Vec::new(),
        Db::Mysql(_) => {
            let tables = store.tables().unwrap();
            tables.iter().flat_map(|table| store.all(&format!("CHECKSUM TABLE {table}"), &[], sum).unwrap()).collect()
        }
    }
}

/// On a server of its own, with the limits that ship: nobody else writes there.
fn polls_write_nothing(server: &Server) {
    let server = Server::start(server.kind, &Options { engine: server.engine, workers: 2, ..Options::default() });
    let (a, b) = Phone::couple(&server);
    let mut store = server.store();
    let mut version = || version(&mut store);
    let (start, since) = (version(), feed::now(&a));
    for n in 0..50 {
        let phone = if n % 2 == 0 { &a } else { &b };
        let query = ["", "&include=objects", "&limit=1", "&state=idle"][n % 4];
        phone.get(&format!("/sync/changes/?since={since}{query}")).expect(200);
        phone.get("/sync/changes/").expect(200);
    }
    assert_eq!(version(), start, "a poll wrote to the database");
    a.make("/goals/", &json!({"title": "x"}));
    assert_ne!(version(), start, "this would not have seen a write");
}
