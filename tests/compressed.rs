//! Servers on the way that compress answers, and name their tags anew: clients send back what they were given.

use crate::api::Phone;
use crate::servers::client::raw;
use crate::servers::nginx::Nginx;
use crate::servers::{Kind, Options, Server};
use serde_json::json;

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
