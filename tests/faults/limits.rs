//! What a host allows an account: memory and processes, as CloudLinux limits them.

use super::{assert_logged, assert_unavailable, limited, made, options};
use crate::api::Phone;
use crate::api::phone::PASSWORD;
use crate::servers::client::{Answer, Request, request};
use crate::servers::{Kind, Server};
use serde_json::{Value, json};
use std::fs;
use tempfile::TempDir;

/// The largest body, in bytes.
const BODY: usize = 10 * 1024 * 1024;
/// The most items of an upload.
const ITEMS: usize = 1_000;
/// What CloudLinux gives an account, in KiB.
const CLOUDLINUX: usize = 1024 * 1024;
/// What every legal request does with, in KiB. Of the address space, which is what can be limited so; little of it is used.
const ENOUGH: usize = 256 * 1024;
/// What does for small requests alone, in KiB: less than a full upload is said to take, however small the program is.
const SCARCE: usize = 64 * 1024;

/// One shell says it so, another otherwise.
const ONE_PROCESS: &str = "ulimit -u 1 2>/dev/null || ulimit -p 1";

/// A list of numbers that fills a body: nothing that is allowed takes more memory.
fn numbers() -> Vec<u8> {
    let (start, end) = (r#"{"device_id":"d","data":[],"more":[0"#, "]}");
    let more = (BODY - start.len() - end.len()) / 4;
    format!("{start}{}{end}", ",372".repeat(more)).into_bytes()
}

/// A batch of as many records, as large together as a body may be.
fn batch() -> Value {
    let note = "n".repeat(BODY / ITEMS - 400);
    let data = |n: usize| json!({"title": format!("entry {n}"), "content": note, "tags": ["a", "b"], "rating": {"stars": 4.5}});
    let record = |n: usize| json!({"domain": "journal", "mobile_id": format!("00000000-0000-4000-8000-{n:012}"), "operation": "SYNC", "data": data(n)});
    let records: Vec<Value> = (0..ITEMS).map(record).collect();
    json!({"device_id": "phone-1", "client_timestamp": "2026-01-16T14:30:45Z", "records": records})
}

/// The requests that take most, and that each is answered.
#[track_caller]
pub fn largest(phone: &Phone) {
    let sent = batch();
    assert!(sent.to_string().len() > BODY * 9 / 10);
    let said = phone.post("/v1/sync/batch/", &sent).expect(200).json();
    assert_eq!(said["overall_metrics"]["synced_items"], ITEMS, "{said:.300}");
    post(phone, numbers()).expect(200);
    login(phone).send(phone.port).expect(200);
    let letter =
        phone.post("/letters/", &json!({"month": "2026-01", "content": "말 and words ".repeat(2_000)})).expect(201).json();
    let pdf = phone.get(&format!("/letters/{}/pdf/", letter["letter"]["id"].as_str().unwrap())).expect(200);
    assert!(pdf.body.starts_with(b"%PDF"));
    phone.get("/openapi.json").expect(200);
    let query = json!({"query": "{ me { id username } }"});
    phone.post("/graphql/", &query).expect(200);
    let all = phone.get("/sync/journal/changes/?limit=1000").expect(200);
    assert!(all.body.len() > BODY * 9 / 10, "{}", all.body.len());
}

fn post(phone: &Phone, body: Vec<u8>) -> Answer {
    phone.ask("POST", "/sync/metrics/").header("Content-Type", "application/json").body(body).send(phone.port)
}

fn login(phone: &Phone) -> Request {
    request("POST", "/api/auth/login/").json(&json!({"username": phone.username, "password": PASSWORD}))
}

fn in_memory(kib: usize, folder: &TempDir) -> Server {
    let options = limited(&options(1, None), folder.path(), &format!("ulimit -v {kib}"));
    Server::start(Kind::LighttpdFastcgi, &options)
}

#[test]
fn the_largest_requests_are_served_in_the_memory_of_a_shared_account_and_in_less() {
    for kib in [CLOUDLINUX, ENOUGH] {
        let folder = TempDir::new().unwrap();
        let server = in_memory(kib, &folder);
        let before = server.descendants();
        largest(&Phone::single(&server));
        assert_eq!(server.descendants(), before, "the program crashed");
    }
}

#[test]
fn what_finds_no_memory_is_told_and_the_program_lives_on() {
    let folder = TempDir::new().unwrap();
    let server = in_memory(SCARCE, &folder);
    let phone = Phone::single(&server);
    let before = server.descendants();
    assert_unavailable(&post(&phone, numbers()), 503, "60");
    assert_unavailable(&phone.post("/v1/sync/batch/", &batch()), 503, "60");
    assert_logged(&server, &server.data_dir, "raise the account's memory limit");
    made(&phone);
    login(&phone).send(phone.port).expect(200);
    assert_eq!(server.descendants(), before, "the program crashed");
}

/// One process for each request, and none besides: no thread, no child.
#[test]
fn nothing_needs_a_second_process() {
    let folder = TempDir::new().unwrap();
    super::set_mode(folder.path(), 0o755);
    for kind in [Kind::ApacheFcgid, Kind::ApacheCgi] {
        let options = limited(&options(1, None), folder.path(), ONE_PROCESS);
        let server = Server::start(kind, &options);
        largest(&Phone::single(&server));
        let limits =
            server.descendants().into_iter().map(|pid| fs::read_to_string(format!("/proc/{pid}/limits")).unwrap_or_default());
        let held =
            limits.filter(|limits| limits.lines().any(|line| line.split_whitespace().take(3).eq(["Max", "processes", "1"])));
        assert_eq!(held.count(), usize::from(kind.is_fastcgi()), "a CGI program has ended");
    }
}
