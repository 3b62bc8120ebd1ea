//! Polls that do not open the database, as CGI: while another program holds it, they are answered, and in every byte as the database would.

use crate::api::{Phone, devices};
use crate::servers::client::Answer;
use crate::servers::{Kind, Options, Server, mariadb};
use rusqlite::Connection;
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;
use tandem::db::{Db, Journal, Mode};
use tempfile::TempDir;

fn start() -> Server {
    let env = ["AUTH", "REQUESTS", "BURST", "UPLOADS"].map(|name| (format!("TANDEM_LIMITS_{name}"), "off".to_owned()));
    Server::start(Kind::LighttpdCgi, &Options { env: env.to_vec(), ..Options::default() })
}

/// Where a phone is in the feed.
fn path(answer: &Value) -> String {
    let text = |name: &str| answer[name].as_str().unwrap().to_owned();
    format!("/sync/changes/?since={}&epoch={}", text("server_time"), text("epoch"))
}

/// A phone that has polled twice, so that its proof is there, and its next poll.
fn settled(phone: &Phone) -> String {
    let mut next = "/sync/changes/".to_owned();
    for _ in 0..3 {
        next = path(&phone.get(&next).expect(200).json());
    }
    next
}

/// Another program that lets nobody read.
fn hold(server: &Server) -> Connection {
    let store = Connection::open(server.data_dir.join("tandem.db")).unwrap();
    store.busy_timeout(Duration::from_secs(20)).unwrap();
    store.execute_batch("BEGIN EXCLUSIVE").unwrap();
    store
}

/// Is a poll answered while nobody can read the database? What it tells then.
fn fast(server: &Server, phone: &Phone, path: &str) -> Option<Value> {
    let held = hold(server);
    let (port, request) = (phone.port, phone.ask("GET", path));
    let (told, answer) = std::sync::mpsc::channel();
    let asked = std::thread::spawn(move || {
        let _ = told.send(request.send(port));
    });
    let found: Option<Answer> = answer.recv_timeout(Duration::from_secs(2)).ok();
    drop(held);
    asked.join().unwrap();
    found.map(|answer| answer.expect(200).json())
}

#[test]
fn a_poll_without_news_is_answered_while_nobody_can_read_the_database() {
    let server = start();
    let (a, b) = Phone::couple(&server);
    let stranger = Phone::single(&server);
    let (next, other) = (settled(&a), settled(&stranger));
    assert_eq!(fast(&server, &a, &next).expect("an answer")["changes"]["goals"], json!([]));
    // Another couple's write, and a refresh: nobody here has to notice.
    stranger.make("/goals/", &json!({"title": "theirs"}));
    assert!(fast(&server, &a, &next).is_some());
    assert!(fast(&server, &stranger, &other).is_none(), "there is news");
    // The partner's.
    let goal = b.make("/goals/", &json!({"title": "ours"}));
    assert!(fast(&server, &a, &next).is_none(), "there is news");
    let news = a.get(&next).expect(200).json();
    assert_eq!(news["changes"]["goals"][0]["id"], goal.as_str());
    let next = settled(&a);
    assert!(fast(&server, &a, &next).is_some());
    // Without an epoch, with another one, or behind.
    let since = next.split('&').next().unwrap();
    for asked in [
        since.to_owned(),
        format!("{since}&epoch=another"),
        path(&json!({"server_time": "2026-01-01T00:00:00Z", "epoch": news["epoch"]})),
    ] {
        assert!(fast(&server, &a, &asked).is_none(), "{asked}");
    }
}

/// What ends a session, an account or a membership is told by the next request.
#[test]
fn who_may_not_poll_any_more_is_told_at_once() {
    for end in ["password", "others", "leave", "disable"] {
        let server = start();
        let (a, b) = Phone::couple(&server);
        let next = settled(&a);
        assert!(fast(&server, &a, &next).is_some(), "{end}");
        match end {
            "password" => drop(server.alter("DELETE FROM sessions WHERE user_id = ?", &[a.id.into()])),
            "others" => {
                let other = devices::again(&server, &a, &json!({"device_id": "other"}));
                other.post("/auth/sessions/end-others/", &json!({})).expect(200);
            }
            "leave" => drop(b.post("/couple/leave/", &json!({})).expect(204)),
            _ => drop(server.tandem(&["user", "disable", &a.username])),
        }
        let answer = a.get(&next);
        if end == "leave" {
            assert_ne!(path(&answer.expect(200).json()), next, "the couple has changed");
        } else {
            assert_eq!(answer.status, 401, "{end}: {}", answer.text());
        }
    }
}

#[test]
fn a_store_that_was_moved_answers_no_poll() {
    let server = start();
    let phone = Phone::single(&server);
    let next = settled(&phone);
    assert!(fast(&server, &phone, &next).is_some());
    server.tandem(&["copy", "--move", "--to", &mariadb::database()]);
    phone.get(&next).expect(503);
}

/// Whoever writes without a word in the file: an older program, `sqlite3`, with the file deleted, cut, torn or from before.
#[test]
fn what_nobody_registered_is_told_all_the_same() {
    let server = start();
    let a = Phone::single(&server);
    let file = server.data_dir.join("hints");
    let mut copy = Vec::new();
    for damage in ["none", "deleted", "cut", "torn", "from before"] {
        let next = settled(&a);
        assert!(fast(&server, &a, &next).is_some(), "{damage}");
        match damage {
            "none" => copy = fs::read(&file).unwrap(),
            "deleted" => fs::remove_file(&file).unwrap(),
            "cut" => fs::OpenOptions::new().write(true).open(&file).unwrap().set_len(100).unwrap(),
            "torn" => fs::OpenOptions::new().write(true).open(&file).unwrap().write_all_at(&[1; 2_000], 0).unwrap(),
            _ => fs::write(&file, &copy).unwrap(),
        }
        let store = Connection::open(server.data_dir.join("tandem.db")).unwrap();
        let sql = "UPDATE tenants SET clock = clock + 1000";
        store.execute_batch(sql).unwrap();
        let told = a.get(&next).expect(200).json();
        assert_ne!(path(&told), next, "{damage}: the clock has moved");
        a.make("/goals/", &json!({"title": damage}));
    }
}

/// A database that is taken back, by whoever: nobody is answered from what was.
#[test]
fn a_database_of_before_is_noticed() {
    let server = start();
    let a = Phone::single(&server);
    a.make("/goals/", &json!({"title": "kept"}));
    let database = server.data_dir.join("tandem.db");
    let before = fs::read(&database).unwrap();
    a.make("/goals/", &json!({"title": "lost"}));
    let next = settled(&a);
    assert!(fast(&server, &a, &next).is_some());
    fs::write(&database, &before).unwrap();
    assert!(fast(&server, &a, &next).is_none());
    fs::remove_file(&database).unwrap();
    fs::write(&database, before).unwrap();
    server.hand_over();
    assert!(fast(&server, &a, &next).is_none());
    a.make("/goals/", &json!({"title": "new"}));
    let next = settled(&a);
    assert!(fast(&server, &a, &next).is_some(), "and the next write seals anew");
}

/// What a program says as CGI, but for what is another each time.
fn said(data: &PathBuf, hints: &str, method: &str, query: &str, token: &str, fields: &[(&str, &str)]) -> (Vec<String>, Vec<u8>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_api"));
    let uri = format!("/api/sync/changes/?{query}");
    command
        .env_clear()
        .env("TANDEM_DATA", data)
        .env("TANDEM_HINTS", hints)
        .env("REQUEST_METHOD", method)
        .env("REQUEST_URI", &uri);
    command.env("HTTP_AUTHORIZATION", format!("Bearer {token}")).env("QUERY_STRING", query).env("REMOTE_ADDR", "127.0.0.1");
    command.envs(crate::servers::coverage()).envs(fields.iter().map(|(name, value)| (format!("HTTP_{name}"), *value)));
    let output = command.stdin(std::process::Stdio::null()).output().unwrap().stdout;
    let end = output.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(output[..end].to_vec()).unwrap();
    let head = head.split("\r\n").filter(|line| !line.starts_with("X-Request-Id")).map(str::to_owned).collect();
    (head, output[end..].to_vec())
}

#[test]
fn answers_are_those_of_the_database_in_every_byte() {
    let server = start();
    let (a, _) = Phone::couple(&server);
    a.make("/goals/", &json!({"title": "x"}));
    let next = settled(&a);
    let query = next.split_once('?').unwrap().1.to_owned();
    let more = [
        "",
        "&limit=7",
        "&kinds=goals,couple",
        "&include=objects,messages",
        "&state=idle",
        "&own=2026-01-01T00:00:00Z",
        "&limit=x",
        "&kinds=nothing",
        "&after=start",
    ];
    let tag = a.get(&next).header("ETag").unwrap().to_owned();
    let fields: [&[(&str, &str)]; 5] = [
        &[],
        &[("ACCEPT_ENCODING", "gzip")],
        &[("IF_NONE_MATCH", &tag)],
        &[("ACCEPT_VERSION", "2")],
        &[("ORIGIN", "https://a.example")],
    ];
    for (more, fields) in more.iter().flat_map(|more| fields.map(|fields| (more, fields))) {
        for method in ["GET", "HEAD"] {
            let query = format!("{query}{more}");
            let [on, off] = ["on", "off"].map(|hints| said(&server.data_dir, hints, method, &query, &a.access, fields));
            assert_eq!(on, off, "{method} {query} {fields:?}");
        }
    }
}

/// Closing any descriptor of a file drops the locks that a process has on it: while a writer works, no other may.
#[test]
fn the_look_at_the_state_lets_no_second_writer_in() {
    let write = "import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=0).execute('BEGIN IMMEDIATE')";
    for journal in [Journal::Rollback, Journal::Wal] {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("tandem.db");
        let mut db = Db::sqlite_create(&path, journal).unwrap();
        db.keep_hints();
        // Another process: within one, locks of POSIX do not hold each other off.
        let second = || Command::new("python3").args(["-c", write]).arg(&path).output().unwrap();
        for sql in ["CREATE TABLE t (a)", "INSERT INTO t VALUES (1)", "INSERT INTO t VALUES (2)"] {
            db.begin(Mode::Write).unwrap();
            db.run(sql, &[]).unwrap();
            let refused = second();
            assert!(
                !refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("locked"),
                "{sql}: {refused:?}"
            );
            db.commit().unwrap();
            assert!(second().status.success());
        }
        assert_eq!(folder.path().join("hints").exists(), journal == Journal::Rollback);
    }
}
