//! GraphQL: what it shows is what REST shows, page by page, and nobody sees another couple's.

use super::expect::Things;
use super::{Case, Phone};
use crate::servers::Server;
use crate::servers::client::Answer;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// See [`Case`].
pub const CASES: &[Case] = &[
    ("every object of GraphQL is the object of REST", objects),
    ("the feed of GraphQL is the feed of REST", feed),
    ("the feed is told in pages and from a cursor", feed_pages),
    ("lists are told page by page, and none is told twice or left out", pages),
    ("lists take the filters of REST", filters),
    ("another couple's objects are not there", foreign),
    ("who is in no couple has empty lists and no objects", without_a_couple),
    ("a query may come by GET, with variables", by_get),
];

/// The fields of each type, as many as REST has.
const ACTION: &str = "id goalId text done createdAt updatedAt version";
const GOAL: &str = "id title whyForUs status targetDate owner createdById createdAt updatedAt version actions { ...action }";
const ANSWER: &str = "id questionId userId username status text updatedAt version";
const QUESTION: &str = "id text theme createdById createdByUsername createdAt updatedAt version answers { ...answer }";
const CHECKIN: &str = "id userId username date mood stress energy note createdAt updatedAt version";
const LETTER: &str = "id month content createdById createdAt updatedAt version";
const PARTNER: &str = "id username language timezone";
const COUPLE: &str = "id partnerA { ...partner } partnerB { ...partner } createdAt updatedAt";
const USER: &str = "id username email emailVerified firstName lastName language timezone";

/// A document with the fragments that a query uses: one that it does not use would not be valid.
fn document(query: &str) -> String {
    const FRAGMENTS: [(&str, &str, &str); 9] = [
        ("user", "User", USER),
        ("couple", "Couple", COUPLE),
        ("partner", "Partner", PARTNER),
        ("goal", "Goal", GOAL),
        ("action", "GoalAction", ACTION),
        ("question", "Question", QUESTION),
        ("answer", "Answer", ANSWER),
        ("checkin", "Checkin", CHECKIN),
        ("letter", "Letter", LETTER),
    ];
    let mut document = query.to_owned();
    while let Some((name, on, fields)) = FRAGMENTS
        .iter()
        .find(|(name, ..)| document.contains(&format!("...{name} ")) && !document.contains(&format!("fragment {name} ")))
    {
        document += &format!(" fragment {name} on {on} {{ {fields} }}");
    }
    document
}

/// Sends a query.
#[track_caller]
pub fn send(phone: &Phone, query: &str, variables: Value) -> Answer {
    phone.post("/graphql/", &json!({"query": document(query), "variables": variables}))
}

/// The data of a query that succeeds.
#[track_caller]
pub fn data(phone: &Phone, query: &str, variables: Value) -> Value {
    let body = send(phone, query, variables).expect(200).json();
    assert_eq!(body.get("errors"), None, "{body}");
    body["data"].clone()
}

/// `created_by_id` as GraphQL calls it.
fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |all, word| all + &word[..1].to_uppercase() + &word[1..])
}

/// Has GraphQL's object every member of REST's, with its value? An id is a string there.
#[track_caller]
fn same(graphql: &Value, rest: &Value) {
    match (graphql, rest) {
        (Value::Object(shown), Value::Object(members)) => {
            for (name, value) in members {
                same(shown.get(&camel(name)).unwrap_or_else(|| panic!("{name} is not in {graphql}")), value);
            }
        }
        (Value::Array(shown), Value::Array(items)) => {
            assert_eq!(shown.len(), items.len(), "{graphql} {rest}");
            shown.iter().zip(items).for_each(|(shown, item)| same(shown, item));
        }
        (Value::String(id), Value::Number(number)) => assert_eq!(*id, number.to_string()),
        _ => assert_eq!(graphql, rest),
    }
}

/// Two who have one of everything, some of it by each.
fn couple_with_things(server: &Server) -> (Phone, Phone, Things) {
    let (a, b) = Phone::couple(server);
    let things = Things::of(&a);
    b.post(&format!("/qna/questions/{}/answer/", things.question), &json!({"status": "NEEDS_TIME"})).expect(200);
    b.patch(&format!("/goals/{}/", things.goal), &json!({"target_date": "2026-05-01", "owner": b.id})).expect(200);
    (a, b, things)
}

fn objects(server: &Server) {
    let (a, b, things) = couple_with_things(server);
    let query = "query($goal: ID!, $action: ID!, $question: ID!, $checkin: ID!, $letter: ID!) { goal(id: $goal) { ...goal } \
         goalAction(id: $action) { ...action } question(id: $question) { ...question } checkin(id: $checkin) { ...checkin } \
         letter(id: $letter) { ...letter } }";
    let Things { goal, action, question, checkin, letter } = &things;
    let variables = json!({"goal": goal, "action": action, "question": question, "checkin": checkin, "letter": letter});
    let shown = data(&b, query, variables);
    for (name, path) in ["goal", "goalAction", "question", "checkin", "letter"].iter().zip(things.paths()) {
        same(&shown[name], &a.get(&path).expect(200).json());
    }
    let own = data(&b, "{ me { ...user } couple { ...couple } }", json!({}));
    same(&own["me"], &b.get("/auth/me/").expect(200).json()["user"]);
    same(&own["couple"], &b.get("/couple/").expect(200).json()["couple"]);
    let lists = data(
        &a,
        "{ goals { nodes { ...goal } totalCount } questions { nodes { ...question } totalCount } letters { nodes { ...letter } totalCount } \
         checkins(from: \"2026-01-01\", user: ALL) { nodes { ...checkin } totalCount } }",
        json!({}),
    );
    let paths = ["/goals/", "/qna/questions/", "/letters/", "/checkins/?from=2026-01-01&user=all"];
    for (name, path) in ["goals", "questions", "letters", "checkins"].iter().zip(paths) {
        let list = a.get(path).expect(200).json();
        same(&lists[name]["nodes"], &list["results"]);
        assert_eq!(lists[name]["totalCount"], list["count"], "{name}");
    }
}

const CHANGES: &str = "query($since: String, $limit: Int, $kinds: [String!]) { changes(since: $since, limit: $limit, kinds: $kinds) { \
     serverTime since epoch reset hasMore pollAfter changes { kind id updatedAt deleted object { __typename ...couple ... on Goal { goal: id \
     title whyForUs } ... on GoalAction { done } ...question ...answer ...checkin ...letter } } } }";

fn feed(server: &Server) {
    let (a, _, things) = couple_with_things(server);
    let gone = a.make("/goals/", &json!({"title": "x"}));
    a.delete(&format!("/goals/{gone}/")).expect(204);
    let shown = data(&a, CHANGES, json!({}))["changes"].clone();
    let rest = a.ask("GET", "/v2/sync/changes/?include=objects").send(a.port).expect(200).json();
    for name in ["server_time", "epoch", "reset", "has_more"] {
        assert_eq!(shown[camel(name)], rest[name], "{name}");
    }
    let mut told = BTreeSet::new();
    for change in shown["changes"].as_array().unwrap() {
        let kind = change["kind"].as_str().unwrap();
        let item = rest["changes"][kind].as_array().unwrap().iter().find(|item| item["id"] == change["id"]).unwrap();
        assert_eq!((&change["updatedAt"], change["deleted"] == true), (&item["updated_at"], item["deleted"] == true));
        match kind {
            "goals" if change["id"] == gone => assert_eq!(change["object"], Value::Null),
            // These two are asked for in part.
            "goals" | "goal_actions" => assert!(!change["object"]["__typename"].is_null(), "{change}"),
            _ => same(&change["object"], &item["object"]),
        }
        told.insert(kind.to_owned());
    }
    let every = ["checkins", "couple", "goal_actions", "goals", "letters", "qna_answers", "qna_questions"];
    assert_eq!(told, every.map(str::to_owned).into());
    let count: usize = rest["changes"].as_object().unwrap().values().map(|list| list.as_array().unwrap().len()).sum();
    assert_eq!(shown["changes"].as_array().unwrap().len(), count);
    let only = data(&a, CHANGES, json!({"kinds": ["letters"]}))["changes"]["changes"].clone();
    assert_eq!((only.as_array().unwrap().len(), &only[0]["id"]), (1, &json!(things.letter)));
}

fn feed_pages(server: &Server) {
    let phone = Phone::single(server);
    let made: Vec<String> = (0..5).map(|n| phone.make("/goals/", &json!({ "title": n.to_string() }))).collect();
    let (mut since, mut told) = (json!("1970-01-01"), Vec::new());
    loop {
        let page = data(&phone, CHANGES, json!({"since": since, "limit": 2, "kinds": ["goals"]}))["changes"].clone();
        told.extend(page["changes"].as_array().unwrap().iter().map(|change| change["id"].as_str().unwrap().to_owned()));
        since = page["serverTime"].clone();
        if page["hasMore"] == false {
            break;
        }
    }
    assert_eq!(told, made, "oldest change first");
    assert_eq!(data(&phone, CHANGES, json!({ "since": since }))["changes"]["changes"], json!([]));
    phone.patch(&format!("/goals/{}/", made[0]), &json!({"status": "DONE"})).expect(200);
    assert_eq!(data(&phone, CHANGES, json!({ "since": since }))["changes"]["changes"][0]["object"]["title"], "0");
}

fn pages(server: &Server) {
    let (a, b) = Phone::couple(server);
    for n in 1..=5 {
        a.make("/goals/", &json!({ "title": n.to_string() }));
        a.make("/qna/questions/", &json!({ "text": n.to_string() }));
        a.make("/checkins/", &json!({"date": format!("2026-01-0{n}")}));
        b.make("/checkins/", &json!({"date": format!("2026-01-0{n}")}));
        a.post("/letters/", &json!({"month": format!("2026-0{n}"), "content": "x"})).expect(201);
    }
    for (list, filter, count) in
        [("goals", "", 5), ("questions", "", 5), ("letters", "", 5), ("checkins", ", from: \"2026-01-01\", user: ALL", 10)]
    {
        let page = |first: usize, after: &Value| {
            let query = format!(
                "query($after: String) {{ {list}(first: {first}, after: $after{filter}) {{ nodes {{ id }} totalCount pageInfo {{ hasNextPage endCursor }} }} }}"
            );
            data(&a, &query, json!({ "after": after }))[list].clone()
        };
        let all = page(200, &Value::Null);
        assert_eq!((all["nodes"].as_array().unwrap().len(), &all["totalCount"]), (count, &json!(count)), "{list}");
        let (mut after, mut told) = (Value::Null, Vec::new());
        for turn in 0.. {
            let part = page(2, &after);
            told.extend(part["nodes"].as_array().unwrap().clone());
            after = part["pageInfo"]["endCursor"].clone();
            if turn == 0 && list == "goals" {
                // What comes to the front meanwhile moves nothing from one page to another.
                a.make("/goals/", &json!({"title": "new"}));
            }
            if part["pageInfo"]["hasNextPage"] == false {
                break;
            }
        }
        assert_eq!(json!(told), all["nodes"], "{list}");
        assert_eq!(page(2, &after)["nodes"], json!([]), "{list}: nothing after the end");
    }
}

fn filters(server: &Server) {
    let (a, b) = Phone::couple(server);
    let (mine, theirs) =
        (a.make("/checkins/", &json!({"date": "2026-01-05"})), b.make("/checkins/", &json!({"date": "2026-01-05"})));
    let ids = |arguments: &str| {
        let shown = data(&a, &format!("{{ checkins({arguments}) {{ nodes {{ id }} }} }}"), json!({}));
        shown["checkins"]["nodes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|node| node["id"].as_str().unwrap().to_owned())
            .collect::<BTreeSet<_>>()
    };
    assert_eq!(ids("from: \"2026-01-05\""), [mine.clone()].into());
    assert_eq!(ids("to: \"2026-01-05\", user: PARTNER"), [theirs.clone()].into());
    assert_eq!(ids("from: \"2026-01-05\", to: \"2026-01-05\", user: ALL"), [mine, theirs].into());
    assert_eq!(ids("from: \"2026-01-06\", user: ALL"), [].into());
    for month in ["2026-01", "2026-02"] {
        a.post("/letters/", &json!({"month": month, "content": "x"})).expect(201);
    }
    let letters = data(&a, "{ letters(month: \"2026-02\") { nodes { month } totalCount } }", json!({}));
    assert_eq!(letters["letters"], json!({"nodes": [{"month": "2026-02"}], "totalCount": 1}));
}

const ONE_BY_ONE: &str = "query($id: ID!) { goal(id: $id) { id } goalAction(id: $id) { id } question(id: $id) { id } checkin(id: $id) { id } \
     letter(id: $id) { id } }";

fn foreign(server: &Server) {
    let (a, _, things) = couple_with_things(server);
    let stranger = Phone::single(server);
    let nothing = json!({"goal": null, "goalAction": null, "question": null, "checkin": null, "letter": null});
    for id in things.ids().into_iter().chain(["0b6c8f6e-7d1c-7000-8000-000000000000", "x", ""]) {
        assert_eq!(data(&stranger, ONE_BY_ONE, json!({ "id": id })), nothing, "{id}");
    }
    let shown = data(&stranger, CHANGES, json!({"since": "1970-01-01"})).to_string();
    let lists = "{ goals { nodes { id } } questions { nodes { id } } letters { nodes { id } } checkins(from: \"0001-01-01\", user: ALL) { nodes { id } } \
         devices { nodes { deviceId } } }";
    let shown = shown + &data(&stranger, lists, json!({})).to_string();
    assert!(things.ids().iter().all(|id| !shown.contains(id)) && !shown.contains(&a.username), "{shown}");
}

fn without_a_couple(server: &Server) {
    let phone = Phone::register(server);
    let empty = json!({"nodes": [], "pageInfo": {"hasNextPage": false, "endCursor": null}, "totalCount": 0});
    for list in ["goals", "questions", "letters", "checkins", "devices"] {
        let query = format!(
            "{{ {list} {{ nodes {{ __typename }} pageInfo {{ hasNextPage endCursor }} totalCount }} couple {{ id }} me {{ username }} }}"
        );
        let shown = data(&phone, &query, json!({}));
        assert_eq!(
            (&shown[list], &shown["couple"], &shown["me"]["username"]),
            (&empty, &Value::Null, &json!(phone.username)),
            "{list}"
        );
    }
    assert!(data(&phone, ONE_BY_ONE, json!({"id": phone.id.to_string()})).as_object().unwrap().values().all(Value::is_null));
    let body = send(&phone, "{ me { id } changes { serverTime } syncHealth { status } }", json!({})).expect(200).json();
    assert_eq!((&body["data"]["changes"], &body["data"]["me"]["id"]), (&Value::Null, &json!(phone.id.to_string())));
    let codes: Vec<&Value> = body["errors"].as_array().unwrap().iter().map(|error| &error["extensions"]["code"]).collect();
    assert_eq!(codes, ["NOT_FOUND", "NOT_FOUND"], "{body}");
    assert_eq!(body["errors"][0]["path"], json!(["changes"]));
}

fn by_get(server: &Server) {
    let phone = Phone::single(server);
    let goal = phone.make("/goals/", &json!({"title": "Été"}));
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("query", "query other { me { id } } query one($id: ID!) { goal(id: $id) { title } }")
        .append_pair("operationName", "one")
        .append_pair("variables", &json!({ "id": goal }).to_string())
        .finish();
    let path = format!("/graphql/?{query}");
    let answer = phone.get(&path).expect(200);
    assert_eq!(answer.json(), json!({"data": {"goal": {"title": "Été"}}}));
    let tag = answer.header("ETag").unwrap().to_owned();
    phone.ask("GET", &path).header("If-None-Match", &tag).send(server.port).expect(304);
    assert_eq!(phone.ask("HEAD", &path).send(server.port).expect(200).header("ETag"), Some(tag.as_str()));
}
