//! Servers on the way that compress answers, and name their tags anew: clients send back what they were given.

use crate::api::Phone;
use crate::servers::client::{Answer, raw};
use crate::servers::nginx::Nginx;
use crate::servers::{Kind, Options, Server};
use serde_json::{Value, json};

/// Apache with what cPanel's "Optimize Website" switches on.
const DEFLATE: &str = "LoadModule filter_module /usr/lib/apache2/modules/mod_filter.so\n\
    LoadModule deflate_module /usr/lib/apache2/modules/mod_deflate.so\n\
    AddOutputFilterByType DEFLATE application/json\n";

/// The tag of an answer that came compressed.
#[track_caller]
fn compressed_tag(phone: &Phone, path: &str) -> String {
    let request = format!(
        "GET /api{path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n",
        phone.access
    );
    let answer = String::from_utf8_lossy(&raw(phone.port, request.as_bytes()).unwrap()).into_owned();
    let head = answer.split("\r\n\r\n").next().unwrap();
    let field =
        |name: &str| head.lines().find_map(|line| line.split_once(": ").filter(|field| field.0.eq_ignore_ascii_case(name)));
    assert_eq!(field("Content-Encoding").map(|field| field.1), Some("gzip"), "not compressed:\n{head}");
    field("ETag").unwrap_or_else(|| panic!("no tag:\n{head}")).1.to_owned()
}

/// What is told by a tag behind such a server; `form` is what that makes of a tag.
fn tags_hold(phone: &Phone, form: impl Fn(&str) -> bool) {
    let path =
        format!("/goals/{}/", phone.make("/goals/", &json!({"title": "Walk the coast path", "why_for_us": "air ".repeat(50)})));
    let first = compressed_tag(phone, &path);
    assert!(form(&first), "not the form of tag that this test is for: {first}");
    phone.ask("GET", &path).header("If-None-Match", &first).send(phone.port).expect(304);
    phone.ask("PATCH", &path).header("If-Match", &first).json(&json!({"status": "DONE"})).send(phone.port).expect(200);
    let second = compressed_tag(phone, &path);
    phone.ask("GET", &path).header("If-None-Match", &first).send(phone.port).expect(200);
    phone.ask("PATCH", &path).header("If-Match", &first).json(&json!({"status": "ACTIVE"})).send(phone.port).expect(412);
    phone.ask("DELETE", &path).header("If-Match", &second).send(phone.port).expect(204);
}

/// A request of somebody who takes gzip.
#[track_caller]
fn packed(phone: &Phone, method: &str, path: &str, body: &Value) -> (Option<String>, Value) {
    let answer = phone.ask(method, path).header("Accept-Encoding", "gzip, deflate").json(body).send(phone.port);
    assert!((200..300).contains(&answer.status), "{method} {path}: {}", answer.text());
    let mut codings =
        answer.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("Content-Encoding")).map(|(_, coding)| coding);
    assert!(codings.clone().count() <= 1, "{method} {path} is coded twice");
    (codings.next_back().cloned(), answer.json())
}

/// Long answers are compressed once, whoever does it, and say the same; and their tags hold. `alone` is a program without a
/// compressing server in front: its answers to other than reads and uploads are not compressed at all.
fn long_answers(phone: &Phone, alone: bool) {
    let gzip = Some("gzip".to_owned());
    let words = "word ".repeat(300);
    let letter = json!({"month": "2026-01", "content": words});
    let made = packed(phone, "POST", "/letters/", &letter).0;
    assert!(made.is_none() || !alone, "an answer to what is neither a read nor an upload");
    let items: Vec<Value> = (0..20)
        .map(|n| json!({"domain": "journal", "mobile_id": format!("01890000-0000-7000-8000-{n:012x}"), "data": {"title": "x"}}))
        .collect();
    let upload = json!({"device_id": "phone", "client_timestamp": "2026-01-01T00:00:00Z", "records": items});
    let (coding, answer) = packed(phone, "POST", "/sync/batch/", &upload);
    assert_eq!((coding, answer["overall_metrics"]["synced_items"].clone()), (gzip.clone(), json!(20)));
    for path in ["/letters/", "/sync/changes/?since=1970-01-01&include=objects&kinds=letters,journal", "/openapi.json"] {
        let (coding, answer) = packed(phone, "GET", path, &json!({}));
        assert_eq!((coding, answer), (gzip.clone(), phone.get(path).expect(200).json()), "{path}");
    }
    let tag = compressed_tag(phone, "/letters/");
    phone.ask("GET", "/letters/").header("If-None-Match", &tag).send(phone.port).expect(304);
    let plain = phone.get("/letters/").expect(200);
    assert_eq!((plain.header("Content-Encoding"), plain.body.len() > 1_024), (None, true));
    assert_eq!(packed(phone, "GET", "/couple/", &json!({})).0, (!alone).then(|| "gzip".to_owned()), "a short one");
}

#[test]
fn what_is_left_out_depends_on_what_the_whole_does() {
    let server = Server::start(Kind::LighttpdFastcgi, &Options { workers: 1, ..Options::default() });
    let phone = Phone::single(&server);
    let varies = |answer: &Answer| {
        let mut names: Vec<String> = answer.header("Vary").unwrap().split(", ").map(str::to_owned).collect();
        names.sort_unstable();
        names
    };
    let made = |title: &str| {
        let path = format!("/goals/{}/", phone.make("/goals/", &json!({"title": title, "why_for_us": title.repeat(300)})));
        let whole = phone.get(&path).expect(200);
        let known = phone.ask("GET", &path).header("If-None-Match", whole.header("ETag").unwrap()).send(phone.port).expect(304);
        assert_eq!(varies(&known), varies(&whole), "{title}");
        let packed = phone.ask("GET", &path).header("Accept-Encoding", "gzip").send(phone.port).expect(200);
        assert_eq!(varies(&packed), varies(&whole), "{title}");
        varies(&whole)
    };
    assert_eq!(made("word "), ["Accept", "Accept-Encoding", "Accept-Version"]);
    assert_eq!(made("x"), ["Accept", "Accept-Version"], "what is short is never compressed");
}

#[test]
fn long_answers_are_compressed() {
    for kind in [Kind::LighttpdFastcgi, Kind::LighttpdCgi] {
        let server = Server::start(kind, &Options { workers: 1, ..Options::default() });
        long_answers(&Phone::single(&server), true);
    }
}

#[test]
fn long_answers_are_compressed_once_behind_servers_that_compress() {
    let server = Server::start(Kind::LighttpdFastcgi, &Options { workers: 1, ..Options::default() });
    let nginx = Nginx::compressing(&server);
    long_answers(&Phone { port: nginx.port, ..Phone::single(&server) }, false);
    let options = Options { workers: 1, apache: DEFLATE.to_owned(), ..Options::default() };
    long_answers(&Phone::single(&Server::start(Kind::ApacheFcgid, &options)), false);
}

#[test]
fn preconditions_hold_behind_nginx_that_compresses() {
    let server = Server::start(Kind::LighttpdFastcgi, &Options { workers: 1, ..Options::default() });
    let nginx = Nginx::compressing(&server);
    let phone = Phone { port: nginx.port, ..Phone::single(&server) };
    tags_hold(&phone, |tag| tag.starts_with("W/\""));
}

#[test]
fn preconditions_hold_behind_apache_that_compresses() {
    let options = Options { workers: 1, apache: DEFLATE.to_owned(), ..Options::default() };
    let server = Server::start(Kind::ApacheFcgid, &options);
    tags_hold(&Phone::single(&server), |tag| tag.ends_with("-gzip\""));
}
