//! Whatever is sent, nothing is a server error, nothing is HTML, and nothing panics.

use super::expect::Things;
use super::{Phone, routes};
use crate::servers::client::{Request, request};
use crate::servers::{Kind, Options, Server};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};
use std::fs;

/// Requests of one run: some seconds.
const REQUESTS: u32 = 300;

/// A request in the making.
#[derive(Debug, Clone)]
struct Odd {
    method: String,
    target: String,
    headers: Vec<(&'static str, Vec<u8>)>,
    media: &'static str,
    body: Vec<u8>,
}

const METHODS: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "REPORT"];
const HEADERS: [&str; 9] = [
    "If-Match",
    "If-None-Match",
    "If-Unmodified-Since",
    "Accept-Language",
    "Idempotency-Key",
    "X-Forwarded-For",
    "Origin",
    "Accept",
    "Cookie",
];
const PARAMETERS: [&str; 10] = ["page", "page_size", "after", "since", "limit", "include", "state", "from", "month", "user"];
const MEDIA: [&str; 5] =
    ["application/json", "application/x-www-form-urlencoded", "text/plain", "application/json; charset=x", ""];
const FIELDS: [&str; 18] = [
    "title",
    "text",
    "status",
    "owner",
    "target_date",
    "done",
    "date",
    "mood",
    "note",
    "month",
    "content",
    "code",
    "ttl_minutes",
    "email",
    "timezone",
    "language",
    "theme",
    "first_name",
];

/// A segment in the place of an id: a real one, odd text, or escapes that may be broken.
fn segment(ids: Vec<String>) -> impl Strategy<Value = String> {
    prop_oneof![4 => select(ids), 1 => "[!$&-;=@-~]{0,12}", 1 => "(%[0-9A-Fa-f]{0,2}){1,6}", 1 => "\\PC{1,8}".prop_map(escaped)]
}

/// What cannot stand in a request line, percent-encoded.
fn escaped(text: String) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

fn target(ids: Vec<String>) -> impl Strategy<Value = String> {
    // Nothing that ends the session or moves the couple: then the rest would only see 401 and 404.
    let patterns: Vec<&str> =
        routes::routes().map(|r| r.path).filter(|p| !p.starts_with("/auth/log") && !p.starts_with("/couple/l")).collect();
    let path = (select(patterns), vec(segment(ids), 3), any::<bool>()).prop_map(|(pattern, segments, slash)| {
        let mut segments = segments.into_iter();
        let fill = |part: &str| if part.starts_with('{') { segments.next().unwrap_or_default() } else { part.to_owned() };
        let path = pattern.split('/').map(fill).collect::<Vec<_>>().join("/");
        if slash { path } else { path.trim_end_matches('/').to_owned() }
    });
    let value = prop_oneof![
        "[0-9]{1,20}",
        "[0-9]{4}-[0-9]{2}-[0-9]{2}T?[0-9:]{0,8}[Z+ ]?[0-9:]{0,5}".prop_map(escaped),
        "\\PC{0,12}".prop_map(escaped),
        "(%[0-9a-f]{0,2}|&|=|\\+){0,8}"
    ];
    let query = vec((select(&PARAMETERS[..]), value), 0..3);
    let odd =
        prop_oneof![8 => Just(String::new()), 1 => "/[!$&-;=@-~]{0,9}", 1 => Just("//".to_owned()), 1 => Just("/../".to_owned())];
    (select(vec!["/api", "/api/v1", "/api/v2"]), path, odd, query).prop_map(|(mount, path, odd, query)| {
        let query: Vec<String> = query.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!("{mount}{path}{odd}?{}", query.join("&"))
    })
}

fn json_value() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        "\\PC{0,20}".prop_map(Into::into),
        "[0-9]{4}-[0-9]{2}(-[0-9]{2})?".prop_map(Into::into),
        select(vec!["ACTIVE", "DONE", "ANSWERED", "fr", "UTC", "\0", "", "true"]).prop_map(Into::into),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Into::into),
            vec(("[a-z]{0,6}", inner), 0..4).prop_map(|m| m.into_iter().collect())
        ]
    })
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    let object = vec((select(&FIELDS[..]), json_value()), 0..6);
    let object = object.prop_map(|members| serde_json::Value::from_iter(members).to_string().into_bytes());
    prop_oneof![6 => object, 1 => json_value().prop_map(|v| v.to_string().into_bytes()), 1 => vec(any::<u8>(), 0..200), 1 => Just(Vec::new())]
}

fn odd(ids: Vec<String>) -> impl Strategy<Value = Odd> {
    // Bytes that a header may hold (RFC 9110 §5.5): tab, visible ASCII, and everything above.
    let byte = prop_oneof![4 => 0x20_u8..0x7f, 1 => Just(b'\t'), 1 => 0x80_u8..=0xff];
    let headers = vec((select(&HEADERS[..]), vec(byte, 0..40)), 0..3);
    (select(&METHODS[..]), target(ids), headers, select(&MEDIA[..]), body())
        .prop_map(|(method, target, headers, media, body)| Odd { method: method.to_owned(), target, headers, media, body })
}

impl Odd {
    fn request(&self, phone: &Phone) -> Request {
        let ask = request(&self.method, &self.target).bearer(&phone.access).header("Content-Type", self.media);
        self.headers.iter().fold(ask, |ask, (name, value)| ask.header(name, value)).body(self.body.clone())
    }
}

/// What any request may be answered in; the doctor's page is HTML.
const SOUND: [&str; 5] =
    ["application/json", "application/problem+json", "application/pdf", "application/graphql-response+json", "text/html"];

#[test]
fn whatever_is_sent_nothing_breaks() {
    let env = ["TANDEM_LIMITS_AUTH", "TANDEM_LIMITS_REQUESTS"].map(|name| (name.to_owned(), "off".to_owned())).to_vec();
    let server = Server::start(Kind::LighttpdFastcgi, &Options { workers: 2, env, ..Options::default() });
    let (phone, _) = Phone::couple(&server);
    let ids: Vec<String> = Things::of(&phone).ids().map(str::to_owned).to_vec();
    let mut runner =
        TestRunner::new(Config { cases: REQUESTS, max_shrink_iters: 200, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&odd(ids), |odd| {
        let answer = odd.request(&phone).send(server.port);
        let is_fault = answer.status >= 500 && answer.status != 501;
        prop_assert!(!is_fault, "{} {}", answer.status, answer.text());
        let media = answer.header("Content-Type").unwrap_or_default();
        let media = media.split(';').next().unwrap_or_default();
        let sound = SOUND.contains(&media);
        prop_assert!(sound || answer.body.is_empty(), "{media}: {}", answer.text());
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}\n{}", server.log()));
    // One of them may have ended the session.
    phone.get("/auth/me/").expect_one_of(&[200, 401]);
    let log = fs::read_to_string(server.data_dir.join("tandem.log")).unwrap_or_default() + &server.log();
    assert!(!log.contains("panic") && !log.contains("ERROR"), "{log}");
}
