//! Section 1 of the contract: pages of lists, and conditional requests on every object.

use super::expect::{Things, guarded, problem, refused};
use super::{Case, Phone};
use crate::servers::Server;
use crate::servers::client::request;
use serde_json::{Value, json};

/// See [`Case`].
pub const CASES: &[Case] = &[
    ("lists come in pages of fifty with links to the next and the previous", pages),
    ("a page may have any size up to 200", page_sizes),
    ("a page that does not exist is 404", bad_pages),
    ("every object and list has a strong entity tag, and 304 for who holds it", if_none_match),
    ("If-Match that names the current object lets a change pass", if_match),
    ("If-Match that fails is 412 and changes nothing", stale),
    ("the tag in the answer to a change is the object's new one", tags_of_changes),
    ("the account honours If-Match when it is deleted", account_deletion),
];

fn ids(page: &Value) -> Vec<String> {
    page["results"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

/// Follows a link of a page: an absolute URL of this very server.
#[track_caller]
fn follow(phone: &Phone, server: &Server, link: &Value) -> Value {
    let link = link.as_str().unwrap();
    let target = link.strip_prefix(&format!("http://localhost:{}", server.port)).unwrap_or_else(|| panic!("{link}"));
    let ask = request("GET", target).bearer(&phone.access).header("Host", format!("localhost:{}", server.port));
    ask.send(server.port).expect(200).json()
}

fn pages(server: &Server) {
    let phone = Phone::single(server);
    let mut made: Vec<String> = (0..53).map(|n| phone.make("/goals/", &json!({ "title": n.to_string() }))).collect();
    made.reverse();
    let host = format!("localhost:{}", server.port);
    let first = phone.ask("GET", "/goals/").header("Host", &host).send(server.port).expect(200).json();
    assert_eq!((first["count"].as_i64(), &first["previous"]), (Some(53), &Value::Null));
    assert_eq!(ids(&first), made[..50], "newest change first");
    let second = follow(&phone, server, &first["next"]);
    assert_eq!((ids(&second).as_slice(), &second["next"]), (&made[50..], &Value::Null));
    assert_eq!(follow(&phone, server, &second["previous"]), first);
    let last = phone.ask("GET", "/goals/?page=last").header("Host", &host).send(server.port).expect(200).json();
    assert_eq!(ids(&last), ids(&second));
    let odd =
        phone.ask("GET", "/goals?x=%C3%A9+1&page_size=20&page=2").header("Host", &host).send(server.port).expect(200).json();
    assert_eq!(ids(&odd), made[20..40]);
    let third = odd["next"].as_str().unwrap();
    assert!(third.contains("page_size=20") && third.contains("page=3") && third.contains("x=%C3%A9+1"), "{third}");
    assert_eq!(ids(&follow(&phone, server, &odd["next"])), made[40..]);
    assert_eq!(ids(&follow(&phone, server, &odd["previous"])), made[..20]);
}

fn page_sizes(server: &Server) {
    let phone = Phone::single(server);
    let goal = phone.make("/goals/", &json!({"title": "x"}));
    let made: Vec<String> = (0..4).map(|n| super::expect::add_action(&phone, &goal, &n.to_string())).collect();
    let list = |query: &str| phone.get(&format!("/goals/{goal}/actions/?{query}")).expect(200).json();
    assert_eq!(ids(&list("")), made, "oldest first");
    assert_eq!(ids(&list("page_size=3")), made[..3]);
    assert_eq!(ids(&list("page_size=3&page=last")), made[3..]);
    assert_eq!(ids(&list("page_size=100000")), made);
    for odd in ["0", "-1", "x", "", "99999999999999999999"] {
        assert_eq!(ids(&list(&format!("page_size={odd}"))), made, "{odd}");
    }
}

fn bad_pages(server: &Server) {
    let phone = Phone::single(server);
    let goal = phone.make("/goals/", &json!({"title": "x"}));
    for list in ["/goals/", "/qna/questions/", "/checkins/", "/letters/", &format!("/goals/{goal}/actions/")] {
        for page in ["0", "2", "-1", "x", "1.5", "99999999999999999999", "LAST", "%00"] {
            problem(phone.get(&format!("{list}?page={page}")), 404);
        }
        for page in ["1", "last", ""] {
            phone.get(&format!("{list}?page={page}")).expect(200);
        }
    }
}

/// Everything that has a tag: the couple's objects, the couple, the account, and the lists.
fn tagged(phone: &Phone) -> Vec<String> {
    let mut paths: Vec<String> = Things::of(phone).paths().into();
    let more = ["/auth/me/", "/couple/", "/goals/", "/qna/questions/", "/letters/", "/checkins/?from=2026-01-01&to=2026-02-01"];
    paths.extend(more.map(str::to_owned));
    paths
}

fn if_none_match(server: &Server) {
    let phone = Phone::single(server);
    for path in tagged(&phone) {
        let etag = phone.get(&path).expect(200).header("ETag").unwrap_or_else(|| panic!("no ETag: {path}")).to_owned();
        assert!(etag.len() > 10 && etag.starts_with('"') && etag.ends_with('"'), "{etag} is strong");
        let ask = |method: &str, value: &str| phone.ask(method, &path).header("If-None-Match", value).send(server.port);
        for value in [etag.clone(), format!("W/{etag}"), format!("\"other\", {etag}"), "*".to_owned()] {
            let answer = ask("GET", &value).expect(304);
            assert_eq!((answer.header("ETag"), answer.body.len()), (Some(etag.as_str()), 0), "{path}");
            guarded(&answer);
            ask("HEAD", &value).expect(304);
        }
        for value in ["\"other\"", "nonsense", &etag[..etag.len() - 2]] {
            assert_eq!(ask("GET", value).expect(200).header("ETag"), Some(etag.as_str()), "{path} {value}");
        }
    }
}

/// Each object with a change of it.
fn changes(phone: &Phone) -> Vec<(String, Value)> {
    let [goal, action, question, checkin, letter] = Things::of(phone).paths();
    vec![
        // Before its goal, which takes it along.
        (action, json!({"text": "Buy fins"})),
        (goal, json!({"title": "Swim"})),
        (question, json!({"text": "Where from?"})),
        (checkin, json!({"date": "2026-01-17", "mood": 9})),
        (letter, json!({"month": "2026-01", "content": "Dearest"})),
        ("/auth/me/".to_owned(), json!({"first_name": "Ana"})),
    ]
}

#[track_caller]
fn tag(phone: &Phone, path: &str) -> String {
    phone.get(path).expect(200).header("ETag").unwrap().to_owned()
}

fn if_match(server: &Server) {
    let phone = Phone::single(server);
    for (path, change) in changes(&phone) {
        let send = |method: &str, value: &str| phone.ask(method, &path).header("If-Match", value).json(&change).send(server.port);
        send("PATCH", &tag(&phone, &path)).expect(200);
        send("PATCH", "*").expect(200);
        send("PATCH", &format!("\"other\", {}", tag(&phone, &path))).expect(200);
        if path != "/auth/me/" {
            send("PUT", &tag(&phone, &path)).expect(200);
            send("DELETE", &tag(&phone, &path)).expect(204);
        }
    }
}

fn stale(server: &Server) {
    let phone = Phone::single(server);
    for (path, change) in changes(&phone) {
        let (before, current) = (phone.get(&path).expect(200), tag(&phone, &path));
        let cursor = phone.poll("")["server_time"].clone();
        // What is no text names nothing.
        for value in ["\"other\"".into(), format!("W/{}", &current[..9]), current[2..].to_owned()]
            .map(String::into_bytes)
            .into_iter()
            .chain([vec![0xe9]])
        {
            for method in ["PATCH", "PUT", "DELETE"].into_iter().filter(|m| path != "/auth/me/" || *m == "PATCH") {
                let answer = phone.ask(method, &path).header("If-Match", &value).json(&change).send(server.port);
                problem(answer, 412);
            }
        }
        assert_eq!(phone.get(&path).expect(200).body, before.body, "{path}");
        assert_eq!(phone.poll(cursor.as_str().unwrap())["server_time"], cursor, "not even the clock: {path}");
    }
}

fn tags_of_changes(server: &Server) {
    let phone = Phone::single(server);
    for (path, change) in changes(&phone) {
        let old = tag(&phone, &path);
        let answer = phone.patch(&path, &change).expect(200);
        let new = answer.header("ETag").unwrap_or_else(|| panic!("no ETag: PATCH {path}")).to_owned();
        assert_eq!(new, tag(&phone, &path), "{path}");
        assert_ne!(new, old, "{path}");
        problem(phone.ask("PATCH", &path).header("If-Match", old).json(&change).send(server.port), 412);
        if path != "/auth/me/" {
            let put = phone.put(&path, &change).expect(200);
            assert_eq!(put.header("ETag"), Some(tag(&phone, &path).as_str()), "{path}");
        }
    }
    let made = phone.post("/goals/", &json!({"title": "x"})).expect(201);
    let path = format!("/goals/{}/", made.json()["id"].as_str().unwrap());
    assert_eq!(made.header("ETag"), Some(tag(&phone, &path).as_str()));
}

fn account_deletion(server: &Server) {
    let phone = Phone::register(server);
    let etag = tag(&phone, "/auth/me/");
    phone.patch("/auth/me/", &json!({"first_name": "Ana"})).expect(200);
    let delete = |value: &str| {
        let body = json!({"password": super::phone::PASSWORD});
        phone.ask("DELETE", "/auth/me/").header("If-Match", value).json(&body).send(server.port)
    };
    problem(delete(&etag), 412);
    refused(phone.delete("/auth/me/"), "password");
    delete(&tag(&phone, "/auth/me/")).expect(204);
}
