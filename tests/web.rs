//! What a web server must hand to the program, and back, on every kind of server: methods, headers, bodies, odd paths.

use crate::servers::client::{Answer, Connection, raw, request};
use crate::servers::{Kind, Options, Server};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

/// One more byte than the program accepts (couples API, 1).
const TOO_LARGE: usize = 10 * 1024 * 1024 + 1;
/// More than mod_fcgid lets through: such a body must reach the program some other way.
const OVER_FCGID_CAP: usize = 200_000;

/// Runs a check on each kind of server.
#[expect(clippy::print_stderr, reason = "the output of a failed test says on which server it failed")]
fn on_every_server(check: impl Fn(&Server)) {
    for kind in Kind::ALL {
        let server = Server::start(kind, &Options { workers: 2, ..Options::default() });
        eprintln!("{kind:?} at {}", server.base_url);
        check(&server);
    }
}

#[track_caller]
fn assert_problem(answer: &Answer, status: u16) {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert_eq!(answer.header("Content-Type"), Some("application/problem+json"), "{}", answer.text());
    assert!(answer.json()["detail"].is_string(), "{}", answer.text());
}

#[test]
fn the_program_answers_for_routes_that_do_not_exist() {
    on_every_server(|server| {
        assert_problem(&request("GET", "/api/no/such/route/").send(server.port), 404);
        assert_problem(&request("POST", "/api/no/such/route").body("x=1").send(server.port), 404);
    });
}

#[test]
fn authorization_reaches_the_program() {
    on_every_server(|server| {
        let without = request("GET", "/api/auth/me/").send(server.port).expect(401);
        let with = request("GET", "/api/auth/me/").bearer("no.real.token").send(server.port).expect(401);
        assert_eq!(without.json()["code"], "not_authenticated");
        assert_eq!(with.json()["code"], "token_not_valid");
        assert!(with.header("WWW-Authenticate").is_some_and(|value| value.starts_with("Bearer")));
    });
}

#[test]
fn every_method_reaches_the_program() {
    on_every_server(|server| {
        for method in ["GET", "PATCH", "DELETE"] {
            let answer = request(method, "/api/auth/me/").json(&json!({})).send(server.port);
            assert_problem(&answer, 401);
        }
        assert_problem(&request("PUT", "/api/auth/me/").json(&json!({})).send(server.port), 405);
        let options = request("OPTIONS", "/api/auth/me/").send(server.port);
        assert!(options.status < 300, "{} {}", options.status, options.text());
        assert!(options.header("Allow").is_some_and(|allow| allow.contains("PATCH")));
        let get = request("GET", "/api/no/such/route/").send(server.port);
        let head = request("HEAD", "/api/no/such/route/").send(server.port);
        assert_eq!(head.status, get.status);
        assert_eq!(head.body, b"");
    });
}

#[test]
fn bodies_arrive_whole_however_they_are_framed() {
    let login = json!({"username": "nobody", "password": "a long pass phrase"}).to_string();
    let (first, rest) = login.split_at(7);
    on_every_server(|server| {
        let post = || request("POST", "/api/auth/login/").header("Content-Type", "application/json");
        for answer in [post().body(login.as_str()).send(server.port), post().chunks([first, rest]).send(server.port)] {
            assert_problem(&answer, 400);
            assert!(answer.json()["non_field_errors"].is_array(), "{}", answer.text());
        }
        assert_problem(&post().chunks(["{\"username\"", ":"]).send(server.port), 400);
    });
}

#[test]
fn large_bodies_reach_the_program() {
    on_every_server(|server| {
        let post = |target: &str| request("POST", target).header("Content-Type", "application/json");
        let goal = json!({"title": "Large", "why_for_us": "x".repeat(OVER_FCGID_CAP)});
        assert_problem(&post("/api/goals/").body(goal.to_string()).send(server.port), 401);
        let large = vec![b' '; TOO_LARGE];
        assert_problem(&post("/api/auth/login/").body(large.clone()).send(server.port), 413);
        assert_problem(&post("/api/auth/login/").chunks(large.chunks(1 << 20)).send(server.port), 413);
    });
}

#[test]
fn no_odd_request_gets_a_server_error() {
    let targets: [&[u8]; 12] = [
        b"/api//auth///me/",
        b"/api/a%2Fb",
        b"/api/a%00b",
        b"/api/%",
        b"/api/%zz?x=%zz%00",
        b"/api/../etc/passwd",
        b"/api/%2e%2e/x",
        b"/api/\xff\x80",
        b"/api/a%01b?q=\x01",
        b"/api/a\"b<c>",
        b"/api/x?--config%3Dx",
        b"/api/a\\b",
    ];
    on_every_server(|server| {
        for target in targets {
            let lines = [b"GET ", target, b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"].concat();
            let answer = String::from_utf8_lossy(&raw(server.port, &lines).unwrap()).into_owned();
            let shown = format!("{:?} {}: {answer}", server.kind, String::from_utf8_lossy(target));
            assert!(answer.starts_with("HTTP/1.1 4"), "{shown}");
            // Apache refuses some paths before it looks at any .htaccess; under lighttpd every answer is ours.
            let apache = matches!(server.kind, Kind::ApacheFcgid | Kind::ApacheCgi);
            assert!(apache || !answer.to_lowercase().contains("<html"), "{shown}");
        }
    });
}

#[test]
fn bytes_that_are_no_text_do_not_hide_other_headers() {
    on_every_server(|server| {
        let asked = request("GET", "/api/auth/me/").header("X-Odd", b"\xff\x80").bearer("no.real.token").header("X-Last", "1");
        assert_eq!(asked.send(server.port).expect(401).json()["code"], "token_not_valid");
    });
}

#[test]
fn nothing_in_the_folder_is_served_as_a_file() {
    for kind in [Kind::ApacheFcgid, Kind::ApacheCgi] {
        let server = Server::start(kind, &Options::default());
        for folder in [server.home().join("public_html/api"), server.data_dir.clone()] {
            std::fs::write(folder.join("secret.txt"), "secret").unwrap();
        }
        server.hand_over();
        for target in ["secret.txt", ".htaccess", "errors/", "../tandem/secret.txt", "%2e%2e/tandem/secret.txt"] {
            let answer = request("GET", &format!("/api/{target}")).send(server.port);
            assert!((400..500).contains(&answer.status), "{target}: {} {}", answer.status, answer.text());
        }
        for program in ["api.fcgi", "api.cgi"] {
            // Run, not sent: the program under its own name answers like the root.
            request("GET", &format!("/api/{program}")).send(server.port).json();
        }
    }
}

#[test]
fn a_connection_serves_many_requests() {
    on_every_server(|server| {
        let mut connection = Connection::open(server.port).unwrap();
        for _ in 0..20 {
            let answer = connection.send(&request("GET", "/api/no/such/route/")).unwrap();
            assert_eq!(answer.status, 404);
        }
    });
}

#[test]
fn fastcgi_keeps_its_processes_and_a_stopped_server_leaves_none() {
    for kind in Kind::ALL {
        let server = Server::start(kind, &Options { workers: 2, ..Options::default() });
        // A CGI program may need a moment to end after its answer has arrived.
        let settled = (0..100).any(|_| {
            sleep(Duration::from_millis(20));
            programs(&server).is_empty() != kind.is_fastcgi()
        });
        assert!(settled, "{kind:?} runs {:?}", programs(&server));
        let all = server.descendants();
        drop(server);
        for pid in all {
            assert!(!Path::new(&format!("/proc/{pid}/exe")).exists(), "{kind:?} leaves process {pid}");
        }
    }
}

#[test]
fn a_server_replaces_workers_that_are_killed() {
    for kind in Kind::ALL.into_iter().filter(|kind| kind.is_fastcgi()) {
        let server = Server::start(kind, &Options { workers: 2, ..Options::default() });
        let killed = programs(&server);
        for &pid in &killed {
            kill_process(Pid::from_raw(i32::try_from(pid).unwrap()).unwrap(), Signal::KILL).unwrap();
        }
        // With every process gone at once a server fails some requests until it has looked: lighttpd once a second.
        let works = || request("GET", "/api/").send(server.port).status == 200;
        let back = (0..200).any(|_| {
            sleep(Duration::from_millis(50));
            works()
        });
        assert!(back, "{kind:?} does not come back: {}", server.log());
        assert!((0..20).all(|_| works()), "{kind:?} fails again");
    }
}

#[test]
fn lighttpd_starts_as_many_workers_as_it_is_told() {
    const WORKERS: usize = 7;
    let server = Server::start(Kind::LighttpdFastcgi, &Options { workers: WORKERS, ..Options::default() });
    assert_eq!(programs(&server).len(), WORKERS);
}

/// The processes of the web program under a server.
fn programs(server: &Server) -> Vec<u32> {
    server.descendants().into_iter().filter(|&pid| is_program(pid)).collect()
}

/// Is this process the web program rather than one of the server's own?
fn is_program(pid: u32) -> bool {
    let exe = std::fs::read_link(format!("/proc/{pid}/exe")).unwrap_or_default();
    !["apache2", "lighttpd"].iter().any(|server| exe.ends_with(server))
}

#[test]
fn recycling_loses_no_request_and_no_process() {
    let env = vec![("TANDEM_RECYCLE_AFTER".to_owned(), "5".to_owned())];
    for kind in [Kind::LighttpdFastcgi, Kind::ApacheFcgid] {
        let server = Server::start(kind, &Options { workers: 2, env: env.clone(), ..Options::default() });
        let before = server.descendants();
        for _ in 0..200 {
            request("GET", "/api/health/").send(server.port).expect(200);
        }
        if kind == Kind::LighttpdFastcgi {
            assert_eq!(server.descendants(), before, "the same processes go on");
        }
    }
}
