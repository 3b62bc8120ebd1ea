//! Memory: each route, with the largest that it takes and shows, in the memory of a small account.

use super::{limited, options};
use crate::api::Phone;
use crate::api::routes::{filled, routes};
use crate::servers::client::Answer;
use crate::servers::{Kind, Server};
use rusqlite::{Connection, params};
use serde_json::{Value, json};
use std::cell::Cell;
use std::fs;
use tandem::http::Method;
use tempfile::TempDir;

/// What no request takes more than beside what the process has anyway, in KiB: of 128 MiB a released program has up to 16 at rest, one
/// that was built to be tested more.
const MOST: u64 = (128 - 16) * 1024;
/// What an export takes beside that, however large it is.
const EXPORT: u64 = 16 * 1024;
/// What every request does with, in KiB of the address space.
const ENOUGH: usize = 256 * 1024;
/// The id of the first object of each kind.
const FIRST: &str = "00000000-0000-4000-8000-000000000001";
/// The longest list of numbers that a record, or a body, holds in a number of bytes.
fn numbers(bytes: usize) -> String {
    format!("[{}372]", "372,".repeat((bytes - 8) / 4))
}

/// Rows of a kind, and that the feed tells of them: `values` is its columns behind the id, tenant and user as `:t` and `:u`, a
/// long text as `:x`, and the row's number as `i`.
struct Rows {
    kind: &'static str,
    insert: &'static str,
    count: i64,
    text: String,
}

fn rows() -> Vec<Rows> {
    let long = |characters: usize| "말".repeat(characters);
    let data = format!(r#"{{"title":"t","x":{}}}"#, numbers(99_900));
    let row = |kind, insert, count, text| Rows { kind, insert, count, text };
    vec![
        row(
            "letters",
            "INSERT INTO letters (id, tenant, created_by, month, content, created_at, stamp) SELECT id, :t, :u, printf('%04d-%02d', 1900 + i / 12, 1 + i % 12), :x, i, i",
            30,
            long(200_000),
        ),
        row(
            "goals",
            "INSERT INTO goals (id, tenant, created_by, title, why_for_us, status, created_at, stamp) SELECT id, :t, :u, 'title', :x, 'ACTIVE', i, i",
            300,
            long(10_000),
        ),
        row(
            "actions",
            "INSERT INTO goal_actions (id, tenant, goal, text, done, created_at, stamp) SELECT id, :t, printf('00000000-0000-4000-8000-%012d', 1 + i / 500), :x, 0, i, i",
            5_000,
            long(255),
        ),
        row(
            "qna_questions",
            "INSERT INTO questions (id, tenant, created_by, text, theme, created_at, stamp) SELECT id, :t, :u, :x, 'theme', i, i",
            100,
            long(10_000),
        ),
        row(
            "qna_answers",
            "INSERT INTO answers (id, tenant, question, user_id, status, text, created_at, stamp) SELECT id, :t, id, :u, 'ANSWERED', :x, i, i",
            100,
            long(20_000),
        ),
        row(
            "checkins",
            "INSERT INTO checkins (id, tenant, user_id, day, mood, stress, energy, note, created_at, stamp) SELECT id, :t, :u, date('2020-01-01', i || ' days'), 3, 3, 3, :x, i, i",
            100,
            long(10_000),
        ),
        row(
            "journal",
            "INSERT INTO records (tenant, domain, id, version, data, client_at, created_by, updated_by, created_at, stamp, deleted) SELECT :t, 'journal', id, 1, :x, i, :u, :u, i, i, 0",
            100,
            data.clone(),
        ),
        row(
            "conflicts",
            "INSERT INTO conflicts (id, tenant, user_id, device, domain, mobile_id, server_version, client_version, client_at, server_data, client_data, base_data, \
             strategy, result, created_at) SELECT id, :t, :u, 'd', 'journal', id, 1, 0, i, :x, :x, :x, 'manual', 'manual_required', i",
            20,
            data.clone(),
        ),
        row(
            "",
            "INSERT INTO telemetry (tenant, domain, user_id, id, device, at, data, created_at) SELECT :t, 'metrics', :u, id, 'd', i, :x, i",
            200,
            format!(r#"{{"tags":{}}}"#, numbers(50_000)),
        ),
        row(
            "",
            "INSERT INTO devices (tenant, user_id, id, items, synced, conflicts, first_at, last_at) SELECT :t, :u, id, 1, 1, 0, i, i",
            1_000,
            String::new(),
        ),
    ]
}

/// Fills what a user and their tenant have, 60 MiB of it, or so much less.
fn fill(server: &Server, phone: &Phone, divisor: i64) {
    let db = Connection::open(server.data_dir.join("tandem.db")).unwrap();
    let tenant: i64 = db.query_row("SELECT tenant FROM members WHERE user_id = ?", [phone.id], |row| row.get(0)).unwrap();
    db.execute_batch("BEGIN").unwrap();
    for Rows { kind, insert, count, text } in rows() {
        let numbered = "WITH RECURSIVE n(i, id) AS (SELECT 1, printf('00000000-0000-4000-8000-%012d', 1) UNION ALL \
             SELECT i + 1, printf('00000000-0000-4000-8000-%012d', i + 1) FROM n WHERE i < :n)";
        let insert = format!("{numbered} {insert} FROM n WHERE :t > 0 AND :u > 0 AND :x IS NOT NULL");
        db.execute(&insert, rusqlite::named_params! {":n": count / divisor, ":t": tenant, ":u": phone.id, ":x": text}).unwrap();
        if !kind.is_empty() {
            let told =
                format!("{numbered} INSERT INTO changes (tenant, kind, id, stamp, deleted) SELECT :t, :k, id, i, 0 FROM n");
            db.execute(&told, rusqlite::named_params! {":n": count / divisor, ":t": tenant, ":k": kind}).unwrap();
        }
    }
    db.execute("UPDATE users SET language = 'ko' WHERE id = ?", params![phone.id]).unwrap();
    db.execute_batch("COMMIT").unwrap();
}

/// A server of one process that has no more than what is enough.
struct Small {
    server: Server,
    /// Its process, which must live on.
    process: u32,
    /// What it has anyway, in KiB.
    anyway: Cell<u64>,
    _folder: TempDir,
}

impl Small {
    fn start() -> Small {
        let folder = TempDir::new().unwrap();
        let mut options = options(1, None);
        options.env.extend(
            ["UPLOADS", "BURST", "COST", "REGISTRATIONS"].map(|name| (format!("TANDEM_LIMITS_{name}"), "off".to_owned())),
        );
        let server = Server::start(Kind::LighttpdFastcgi, &limited(&options, folder.path(), &format!("ulimit -v {ENOUGH}")));
        let process = *server.descendants().last().unwrap();
        let small = Small { server, process, anyway: Cell::new(0), _folder: folder };
        let phone = Phone::single(&small.server);
        phone.get("/sync/changes/").expect(200);
        small.anyway.set(small.peak().unwrap());
        small
    }

    /// Asks, and sees that the process answered, lives, and took no more than it may.
    #[track_caller]
    fn ask(&self, what: &str, ask: impl FnOnce() -> Answer) -> Answer {
        let _ = fs::write(format!("/proc/{}/clear_refs", self.process), "5");
        let answer = ask();
        // 501: there is nobody who sends mails, or holds streams.
        let is_answer = answer.status < 500 && answer.status != 0 || answer.status == 501;
        assert!(is_answer, "{what}: {} {:.300}", answer.status, answer.text());
        let peak = self.peak().unwrap_or_else(|| panic!("{what}: the process has ended"));
        println!("{what}: {} with {} bytes, {} MiB", answer.status, answer.body.len(), peak / 1024);
        assert!(peak <= self.anyway.get() + MOST, "{what}: {} MiB", peak / 1024);
        answer
    }

    fn peak(&self) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process)).ok()?;
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.trim().parse().ok())
    }
}

#[test]
fn processes_give_memory_back_within_a_minute_of_mixed_work() {
    /// What a process may have of its own then, in KiB. With the 4 MiB of a release's program that is 16 MiB; of a program that
    /// was built to be tested as much as 14 MiB lie in memory.
    const AT_REST: u64 = 12 * 1024;
    let mut options = options(2, None);
    options.env.extend(["UPLOADS", "BURST", "COST"].map(|name| (format!("TANDEM_LIMITS_{name}"), "off".to_owned())));
    let server = Server::start(Kind::LighttpdFastcgi, &options);
    let before = server.descendants();
    for _ in 0..2 {
        super::limits::largest(&Phone::single(&server));
    }
    let resident = |pid: &u32| {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap().to_owned();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap()
    };
    let most = || server.descendants().iter().map(resident).max().unwrap();
    assert!(most() > AT_REST, "the work was no strain: {} KiB", most());
    let since = std::time::Instant::now();
    while most() > AT_REST && since.elapsed().as_secs() < 60 {
        std::thread::sleep(std::time::Duration::from_secs(1));
    }
    assert!(most() <= AT_REST, "{} KiB", most());
    assert_eq!(server.descendants(), before, "the same processes go on");
    for _ in 0..4 {
        Phone::single(&server).get("/sync/changes/").expect(200);
    }
}

/// glibc's `malloc` would begin at the program's break, which the kernel then lists as `[heap]`.
#[test]
fn all_memory_of_the_web_program_comes_from_its_own_allocator() {
    let server = Server::start(Kind::LighttpdFastcgi, &options(1, None));
    Phone::single(&server).get("/sync/changes/").expect(200);
    for pid in server.descendants() {
        let maps = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap();
        assert!(maps.contains("/api") && !maps.contains("[heap]"), "{maps}");
    }
}

/// A body of so many bytes, of which as much are values as one may hold.
fn body(bytes: usize) -> Vec<u8> {
    let (start, end) = (r#"{"device_id":"d","client_id":"client","data":[],"entries":[],"more":"#, "}");
    format!("{start}{}{end}", numbers(bytes - start.len() - end.len())).into_bytes()
}

#[test]
fn every_route_answers_its_largest_requests_in_256_mib_and_takes_128() {
    let small = Small::start();
    let (reader, mut writer) = (Phone::single(&small.server), Phone::single(&small.server));
    // All of it takes the better part of a minute to be exported by a program that was built to be tested.
    fill(&small.server, &reader, 4);
    for route in routes() {
        let (method, path) = (route.method.name(), filled(route.path, FIRST));
        let what = format!("{method} {path}");
        if route.method == Method::Get {
            let all = "page_size=200&limit=1000&since=1970-01-02&include=objects&from=1970-01-01";
            let answer = small.ask(&what, || reader.ask(method, &format!("{path}?{all}")).send(reader.port));
            assert!(answer.status != 413 || path == "/sync/changes/", "{what}: it cannot be asked for");
            continue;
        }
        let most = usize::try_from(route.most_bytes()).unwrap();
        let sent = || writer.ask(method, &path).header("Content-Type", "application/json").body(body(most)).send(writer.port);
        small.ask(&what, sent);
        if writer.get("/couple/").status != 200 {
            writer = Phone::single(&small.server);
        }
    }
}

#[test]
fn a_list_that_is_too_large_for_an_answer_is_paged_and_loses_nothing() {
    let small = Small::start();
    let phone = Phone::single(&small.server);
    fill(&small.server, &phone, 1);
    for (list, count) in [("/letters/?page_size=200", 30), ("/sync/conflicts/?page_size=200", 20), ("/goals/?page_size=200", 300)]
    {
        let (mut next, mut seen, mut pages) = (Some(format!("/api{list}")), Vec::new(), 0);
        while let Some(url) = next {
            let path = url[url.find("/api/").unwrap() + 4..].to_owned();
            let page = small.ask(&path, || phone.get(&path)).expect(200);
            assert!(page.body.len() <= 16 * 1024 * 1024);
            let page = page.json();
            let id = |object: &Value| {
                let id = object.get("id").or(object.get("conflict_id"));
                id.unwrap_or_else(|| panic!("{object:.300}")).to_string()
            };
            seen.extend(page.get("results").or(page.get("conflicts")).and_then(Value::as_array).unwrap().iter().map(id));
            next = page["next"].as_str().map(str::to_owned);
            pages += 1;
        }
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), count, "{list}");
        assert!(pages > 1, "{list}");
    }
    let (mut since, mut seen) = ("1970-01-01T00:00:00Z".to_owned(), 0);
    loop {
        let path = format!("/sync/journal/changes/?limit=1000&since={since}");
        let page = small.ask(&path, || phone.get(&path)).expect(200).json();
        seen += page["items"].as_array().unwrap().len();
        since = page["next_timestamp"].as_str().unwrap().to_owned();
        if page["has_more"] == false {
            break;
        }
    }
    assert_eq!(seen, 100);
}

#[test]
fn an_export_is_larger_than_the_memory_and_whole() {
    let small = Small::start();
    let phone = Phone::single(&small.server);
    fill(&small.server, &phone, 2);
    let export = small.ask("export", || phone.get("/auth/export/")).expect(200);
    assert!(export.body.len() > 24 * 1024 * 1024, "{}", export.body.len());
    let (peak, anyway) = (small.peak().unwrap(), small.anyway.get());
    assert!(peak <= anyway + EXPORT, "{peak} KiB, anyway {anyway}");
    let data = export.json()["data"].take();
    for (list, count) in
        [("letters", 15), ("goals", 150), ("journal", 50), ("conflicts", 10), ("telemetry", 100), ("devices", 500)]
    {
        assert_eq!(data[list].as_array().map(Vec::len), Some(count), "{list}");
    }
    let held: Vec<_> = fs::read_dir(&small.server.data_dir).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(held.iter().all(|name| !name.to_string_lossy().ends_with(".draft")), "{held:?}");
}

#[test]
fn graphql_answers_its_largest_requests_in_256_mib_and_takes_128() {
    let small = Small::start();
    let phone = Phone::single(&small.server);
    fill(&small.server, &phone, 1);
    let ask = |what: &str, query: String, variables: Value| {
        small.ask(what, || phone.post("/graphql/", &json!({"query": query, "variables": variables})))
    };
    for list in [
        "letters { nodes { id content } }",
        "goals { nodes { id whyForUs actions { id text } } }",
        "conflicts { nodes { serverData clientData baseData } }",
    ] {
        let (name, fields) = list.split_once(' ').unwrap();
        let answer = ask(name, format!("{{ {name}(first: 200) {fields} }}"), Value::Null).json();
        assert!(answer["data"][name]["nodes"].as_array().is_some_and(|nodes| !nodes.is_empty()), "{answer:.300}");
    }
    let again: String = (0..300).map(|n| format!("a{n}: content ")).collect();
    let refused = ask("aliases", format!("{{ letters(first: 200) {{ nodes {{ {again} }} }} }}"), Value::Null);
    assert!(refused.text().contains("ANSWER_TOO_LARGE"), "{:.300}", refused.text());
    let id = FIRST.replace("0001", "0999");
    let item = json!({"domain": "JOURNAL", "mobileId": id, "operation": "CREATE", "data": {"title": "t"}});
    let metadata: Value = serde_json::from_str(&numbers(10 * 1024 * 1024 - 2_000)).unwrap();
    let batch = json!({"idempotencyKey": "a-key-that-is-long-enough", "deviceId": "d", "clientTimestamp": "2026-01-16T14:30:45Z",
        "records": [item], "metadata": metadata});
    let dense =
        ask("dense", "mutation($b: SyncBatchInput!) { syncBatch(batch: $b) { success } }".to_owned(), json!({"b": batch}));
    assert!(dense.status == 413 || dense.json()["data"]["syncBatch"]["success"] == true, "{:.300}", dense.text());
}

#[test]
fn stale_edits_of_large_records_are_answered_in_256_mib() {
    let small = Small::start();
    let phone = Phone::single(&small.server);
    fill(&small.server, &phone, 1);
    let record = |n: usize| {
        json!({"domain": "journal", "mobile_id": format!("00000000-0000-4000-8000-{n:012}"), "operation": "UPDATE", "version": 0,
        "data": {"title": "mine", "x": n}})
    };
    let records: Vec<Value> = (1..=100).map(record).collect();
    let sent = json!({"device_id": "phone-1", "client_timestamp": "2026-01-16T14:30:45Z", "records": records});
    let answer = small.ask("stale edits", || phone.post("/v1/sync/batch/", &sent)).expect(200);
    assert!(answer.body.len() <= 16 * 1024 * 1024, "{}", answer.body.len());
}
