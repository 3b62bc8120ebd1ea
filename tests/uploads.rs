//! Uploads, proved: whatever moment a process is killed at, what a phone sends again is in the store exactly once.
//!
//! The CGI program is started as a web server starts it and killed with SIGKILL at a random moment between its start and a
//! little after its usual end; then the phone sends the same upload under the same key until it is answered. More kills:
//!
//! ```text
//! UPLOAD_KILLS=2000 cargo test uploads:: -- --nocapture
//! ```
//!
//! That it can fail was tried, with the product broken on purpose:
//!
//! | broken | what it found |
//! |---|---|
//! | the answer is kept in a transaction of its own, after the work | a device that sent 24,675 items is said to have sent 29,850 |

use crate::cli::Home;
use rusqlite::Connection;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Kills of a run, unless UPLOAD_KILLS says otherwise.
const KILLS: usize = 200;
/// Items of each list: writing them takes about as long as everything else.
const ITEMS: usize = 25;
/// Items of an upload.
const EACH: usize = 3 * ITEMS;
/// Tries of which one must be answered: nobody kills those.
const TRIES: usize = 5;

/// A phone in a couple of its own.
pub struct Phone {
    pub home: Home,
    pub token: String,
}

impl Phone {
    pub fn new() -> Phone {
        let mut home = Home::new();
        let limits = ["TANDEM_LIMITS_UPLOADS", "TANDEM_LIMITS_BURST", "TANDEM_LIMITS_COST", "TANDEM_LIMITS_REQUESTS"];
        home.env.extend(limits.map(|name| (name, "off".to_owned())));
        let account = json!({"username": "ana", "password": "correct horse battery 9"});
        let (status, answer) = home.call("", "POST", "/api/auth/register/", &account.to_string());
        assert_eq!(status, "201", "{answer}");
        let token = answer["access"].as_str().unwrap().to_owned();
        assert_eq!(home.call(&token, "POST", "/api/couple/create/", "{}").0, "201");
        Phone { home, token }
    }

    /// Starts the program with an upload.
    fn start(&self, body: &str) -> Child {
        let mut command = self.home.command(env!("CARGO_BIN_EXE_api"));
        command.env("REQUEST_METHOD", "POST").env("REQUEST_URI", "/api/v1/sync/batch/").env("REMOTE_ADDR", "192.0.2.1");
        command.env("CONTENT_TYPE", "application/json").env("CONTENT_LENGTH", body.len().to_string());
        command.env("HTTP_AUTHORIZATION", format!("Bearer {}", self.token));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        // The program may be dead before it has read everything; here it is not yet.
        child.stdin.take().unwrap().write_all(body.as_bytes()).unwrap();
        child
    }

    /// Sends an upload until it is answered.
    fn insist(&self, body: &str) -> Value {
        for _ in 0..TRIES {
            let (status, answer) = self.home.call(&self.token, "POST", "/api/v1/sync/batch/", body);
            if status == "200" {
                return answer;
            }
            eprintln!("{status}: {answer}");
        }
        panic!("no answer")
    }

    pub fn store(&self) -> Connection {
        Connection::open(self.home.data().join("tandem.db")).unwrap()
    }
}

fn upload(number: usize) -> String {
    let at = "2026-01-16T14:30:45Z";
    let list = |item: &dyn Fn(String) -> Value| (0..ITEMS).map(|n| item(format!("{number}-{n}"))).collect::<Value>();
    json!({
        "idempotency_key": format!("upload-number-{number:06}"), "device_id": "phone", "client_timestamp": at,
        "voice_data": list(&|id| json!({"verification_id": id, "timestamp": at, "verified": true})),
        "metrics_data": list(&|id| json!({"metric_type": id, "value": 1, "timestamp": at})),
        "session_data": list(&|id| json!({"session_id": id, "start_time": at, "activities": [{"number": number}]})),
    })
    .to_string()
}

/// A random moment within a span.
fn moment(span: Duration) -> Duration {
    let random = u16::from_le_bytes(tandem::base::id::bytes::<2>().unwrap());
    span.mul_f64(f64::from(random) / f64::from(u16::MAX))
}

/// Kills a program at a random moment; `false` when it had ended before.
fn kill(mut child: Child, span: Duration) -> bool {
    sleep(moment(span));
    let lives = child.try_wait().unwrap().is_none();
    child.kill().unwrap();
    let mut answer = Vec::new();
    child.stdout.take().unwrap().read_to_end(&mut answer).unwrap();
    child.wait().unwrap();
    lives
}

fn one(db: &Connection, sql: &str) -> i64 {
    db.query_row(sql, [], |row| row.get(0)).unwrap()
}

fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap()
}

#[test]
fn a_killed_upload_that_is_sent_again_is_there_exactly_once() {
    let wanted = std::env::var("UPLOAD_KILLS").map_or(KILLS, |text| text.parse().unwrap());
    let phone = Phone::new();
    let begun = Instant::now();
    phone.insist(&upload(0));
    let span = begun.elapsed().mul_f64(1.2);
    let (mut sent, mut kills) = (1, 0);
    while kills < wanted {
        let body = upload(sent);
        sent += 1;
        kills += usize::from(kill(phone.start(&body), span));
        let answer = phone.insist(&body);
        assert_eq!((&answer["success"], &answer["overall_metrics"]["synced_items"]), (&json!(true), &json!(EACH)), "{answer}");
        assert!(sent < 20 * wanted, "only {kills} of {sent} were killed in time");
    }
    let db = phone.store();
    // An answer that was asked for again: the work had been done when the program was killed, or it had ended before.
    let done = one(&db, "SELECT COUNT(*) FROM idempotency WHERE hits = 1");
    let (sent, kills) = (count(sent), count(kills));
    // All but the first were asked for again; of these, the ones that were not killed had ended.
    let late = done - (sent - 1 - kills);
    println!("{kills} kills of {sent} uploads, {late} of them after the work; moments within {span:?}");
    let items = sent * count(EACH);
    assert_eq!(one(&db, "SELECT COUNT(*) FROM telemetry"), items);
    assert_eq!(one(&db, "SELECT items FROM devices"), items, "an upload was counted twice");
    assert_eq!(one(&db, "SELECT COUNT(*) FROM uploads"), sent);
    assert_eq!(one(&db, "SELECT SUM(hits > 1) FROM idempotency"), 0);
    assert!((0..kills).contains(&late), "no moment was before the end of the work");
    let sound: String = db.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(sound, "ok");
}
