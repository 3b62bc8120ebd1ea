//! What several nouns are held to in the same way: errors of fields, other couples' ids, conditional requests.

use super::Phone;
use crate::servers::Server;
use crate::servers::client::Answer;
use serde_json::{Value, json};

/// An id that no object has.
pub const NOBODY: &str = "01890000-0000-7000-8000-000000000000";

/// A 400 that names this field, with a message, as a problem.
#[track_caller]
pub fn field_error(answer: Answer, field: &str) {
    let said = answer.expect(400).json();
    assert!(said["detail"].is_string(), "{said}");
    assert!(said[field][0].is_string(), "no message on {field}: {said}");
}

/// Each of these bodies is refused on this field, and none leaves anything behind.
#[track_caller]
pub fn refuses(phone: &Phone, method: &str, path: &str, field: &str, bodies: &[Value]) {
    let before = phone.get(path).text();
    for body in bodies {
        let answer = phone.ask(method, path).json(body).send(phone.port);
        let shown: String = body.to_string().chars().take(100).collect();
        assert_eq!(answer.status, 400, "{method} {path} {shown}: {}", answer.text());
        field_error(answer, field);
    }
    assert_eq!(phone.get(path).text(), before, "{method} {path} was refused and changed something");
}

/// So many Korean characters: three bytes each.
pub fn korean(count: usize) -> String {
    "가나다라마바사아자차".chars().cycle().take(count).collect()
}

/// What somebody of another couple, of none, and without a token sees of a noun whose list and object these are.
#[track_caller]
pub fn strangers(server: &Server, list: &str, id: &str, body: &Value) {
    let owners_object = format!("{list}{id}/");
    let stranger = Phone::couple(server).0;
    let alone = Phone::register(server);
    for phone in [&stranger, &alone] {
        assert_eq!(phone.get(list).expect(200).json()["results"], json!([]));
        for path in [owners_object.clone(), format!("{list}{NOBODY}/"), format!("{list}no-id/")] {
            for method in ["GET", "PUT", "PATCH", "DELETE"] {
                let said = phone.ask(method, &path).json(body).send(phone.port).expect(404).json();
                assert!(said["detail"].is_string(), "{method} {path}: {said}");
            }
        }
    }
    assert_eq!(alone.post(list, body).expect(400).json()["detail"], "No couple found.");
    for path in [list, &owners_object] {
        crate::servers::client::request("GET", &format!("/api{path}")).send(server.port).expect(401);
    }
}

/// Holds an object's routes to conditional requests: a stale `If-Match` is 412 and changes nothing, the current tag
/// and `*` pass; `If-None-Match` answers 304. Ends with the object deleted.
#[track_caller]
pub fn conditional(phone: &Phone, path: &str, body: &Value) {
    let seen = phone.get(path).expect(200);
    let stale = seen.header("ETag").expect("a tag").to_owned();
    assert!(stale.starts_with('"'), "the tag is not strong: {stale}");
    let known = phone.ask("GET", path).header("If-None-Match", &stale).send(phone.port).expect(304);
    assert_eq!((known.body.len(), known.header("ETag")), (0, Some(stale.as_str())));
    let put = phone.ask("PUT", path).header("If-Match", &stale).json(body).send(phone.port).expect(200);
    let patch = phone.ask("PATCH", path).header("If-Match", put.header("ETag").unwrap()).json(&json!({}));
    let current = patch.send(phone.port).expect(200).header("ETag").unwrap().to_owned();
    let before = phone.get(path).expect(200);
    assert_eq!(before.header("ETag"), Some(current.as_str()), "the tag of a change is not that of the object");
    assert_ne!(current, stale);
    phone.ask("GET", path).header("If-None-Match", &stale).send(phone.port).expect(200);
    for method in ["PUT", "PATCH", "DELETE"] {
        for tag in [stale.clone(), format!("W/{stale}"), "\"x\"".to_owned()] {
            let said = phone.ask(method, path).header("If-Match", tag).json(body).send(phone.port).expect(412).json();
            assert!(said["detail"].is_string(), "{said}");
        }
    }
    assert_eq!(phone.get(path).expect(200).body, before.body, "a refused change changed something");
    let list = format!("\"x\", {current}");
    phone.ask("PATCH", path).header("If-Match", list).json(&json!({})).send(phone.port).expect(200);
    phone.ask("DELETE", path).header("If-Match", "*").send(phone.port).expect(204);
    phone.get(path).expect(404);
    phone.delete(path).expect(404);
}
