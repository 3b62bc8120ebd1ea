//! Bodies that are larger than their route can use, or that take their time: nothing waits for them for long.

use super::options;
use crate::api::Phone;
use crate::servers::client::request;
use crate::servers::{Kind, Server};
use serde_json::{Value, json};
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Between two bytes of a slow body.
const BETWEEN: Duration = Duration::from_millis(250);
/// When a body is slow, and what was refused is no longer read either (some 16 s on a quiet machine).
const REFUSED: Duration = Duration::from_secs(45);
/// When a small body is waited for no longer (some 40 s on a quiet machine).
const GIVEN_UP: Duration = Duration::from_secs(120);
/// Slow bodies that an address may have at a time.
const PLACES: usize = 4;

/// A request whose body comes byte by byte.
struct Slow {
    stream: TcpStream,
    rest: Vec<u8>,
}

impl Slow {
    fn new(port: u16, path: &str, fields: &str, body: &str) -> Slow {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(40))).unwrap();
        let (at_once, rest) = body.as_bytes().split_at(body.len() * 3 / 4);
        let head = format!(
            "POST /api{path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n{fields}Content-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(at_once).unwrap();
        Slow { stream, rest: rest.to_vec() }
    }

    fn drip(&mut self) {
        let _ = self.stream.write_all(&self.rest[..1]);
        self.rest.remove(0);
    }

    /// Sends the rest, as Apache wants before it passes the answer on; the status and the problem.
    fn finish(mut self) -> (u16, Value) {
        let _ = self.stream.write_all(&self.rest);
        let mut answer = String::new();
        // Apache may reset a connection whose last bytes it did not read, behind a whole answer.
        let read = self.stream.read_to_string(&mut answer);
        assert!(!answer.is_empty(), "no answer: {read:?}");
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let body = &body[body.find('{').unwrap()..=body.rfind('}').unwrap()];
        (head.split(' ').nth(1).unwrap().parse().unwrap(), serde_json::from_str(body).unwrap())
    }
}

fn drip_until(slow: &mut [Slow], begun: Instant, end: Duration) {
    drip_while(slow, begun, end, || true);
}

/// Sends byte by byte until `end` or until `go_on` says no.
fn drip_while(slow: &mut [Slow], begun: Instant, end: Duration, mut go_on: impl FnMut() -> bool) {
    while begun.elapsed() < end && go_on() {
        slow.iter_mut().for_each(Slow::drip);
        sleep(BETWEEN);
    }
}

/// Programs of ours that the server has running.
fn running(server: &Server) -> usize {
    let name = |pid| fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    server.descendants().into_iter().filter(|pid| name(*pid).starts_with("api")).count()
}

/// An upload of four items.
fn upload() -> String {
    let item = |n: i32| json!({"metric_type": "x".repeat(50), "value": n, "timestamp": "2026-01-16T14:30:45Z"});
    let items: Vec<Value> = (0..4).map(item).collect();
    json!({"data": items, "device_id": "d", "padding": "x".repeat(3_000)}).to_string()
}

fn bearer(phone: &Phone) -> String {
    format!("Authorization: Bearer {}\r\n", phone.access)
}

#[test]
fn twenty_slow_bodies_hold_four_processes_for_half_a_minute_and_no_more() {
    let server = Server::start(Kind::ApacheCgi, &options(1, None));
    let phone = Phone::single(&server);
    let begun = Instant::now();
    let mut slow = vec![Slow::new(server.port, "/sync/metrics/", &bearer(&phone), &upload())];
    drip_until(&mut slow, begun, Duration::from_secs(2));
    let login = json!({"username": "nobody", "password": "wrong horse", "padding": "x".repeat(5_000)}).to_string();
    slow.extend((0..19).map(|_| Slow::new(server.port, "/auth/login/", "", &login)));
    // All twenty have begun before the first is refused.
    drip_until(&mut slow, begun, Duration::from_secs(6));
    // On a busy machine none may have begun yet.
    let mut held = 0;
    drip_while(&mut slow, begun, REFUSED, || {
        held = running(&server);
        !(1..=PLACES).contains(&held)
    });
    assert!((1..=PLACES).contains(&held), "{held} processes wait");
    phone.get("/auth/me/").expect(200);
    drip_while(&mut slow, begun, GIVEN_UP, || running(&server) > 0);
    assert_eq!(running(&server), 0);
    let answers: Vec<(u16, Value)> = slow.into_iter().map(Slow::finish).collect();
    let (status, problem) = &answers[0];
    assert_eq!((*status, &problem["code"], &problem["max_items"]), (408, &json!("too-slow"), &json!(2)), "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("at most 2 items"), "{problem}");
    let count = |status: u16| answers.iter().filter(|answer| answer.0 == status).count();
    // On a very busy machine a body may begin only when the first four have been given up.
    assert!(count(408) >= PLACES && count(429) >= 20 - 2 * PLACES, "{answers:?}");
    assert_eq!(count(408) + count(429), 20, "{answers:?}");
}

#[test]
fn a_user_s_second_slow_upload_waits_for_the_first() {
    let server = Server::start(Kind::ApacheCgi, &options(1, None));
    let (phone, other) = (Phone::single(&server), Phone::single(&server));
    let begun = Instant::now();
    let begin = |phone: &Phone| Slow::new(server.port, "/sync/metrics/", &bearer(phone), &upload());
    let mut slow = vec![begin(&phone), begin(&other)];
    drip_until(&mut slow, begun, Duration::from_secs(2));
    slow.push(begin(&phone));
    drip_until(&mut slow, begun, Duration::from_secs(12));
    let statuses: Vec<u16> = slow.into_iter().map(|slow| slow.finish().0).collect();
    assert_eq!(statuses, [200, 200, 429]);
    let begun = Instant::now();
    let mut again = [begin(&phone)];
    drip_until(&mut again, begun, Duration::from_secs(8));
    assert_eq!(again.map(|slow| slow.finish().0), [200], "its place is free again");
}

#[test]
fn a_body_is_bounded_by_what_its_route_takes_before_it_is_read() {
    let server = Server::start(Kind::LighttpdCgi, &options(1, None));
    let phone = Phone::single(&server);
    let said = phone.post("/auth/login/", &json!({"username": "a", "password": "b", "padding": "x".repeat(200_000)})).expect(413);
    assert!(said.json()["detail"].as_str().unwrap().contains("bytes"), "{}", said.text());
    phone.post("/couple/create/", &json!({"padding": "x".repeat(20_000)})).expect(413);
    phone.post("/goals/", &json!({"title": "x", "padding": "x".repeat(200_000)})).expect(413);
    // Whatever a route takes fits, written as wastefully as JSON and forms can.
    let smile = |times| r"\ud83d\ude42".repeat(times);
    let send = |path: &str, media: &str, body: String| {
        request("POST", &format!("/api{path}")).bearer(&phone.access).header("Content-Type", media).body(body).send(server.port)
    };
    let goal = format!(r#"{{"title":"{}","why_for_us":"{}"}}"#, smile(255), smile(10_000));
    send("/goals/", "application/json", goal).expect(201);
    send("/letters/", "application/json", format!(r#"{{"month":"2026-01","content":"{}"}}"#, smile(200_000))).expect(201);
    let form = format!("title={}&why_for_us={}", "%F0%9F%99%82".repeat(255), "%F0%9F%99%82".repeat(10_000));
    send("/goals/", "application/x-www-form-urlencoded", form).expect(201);
}
