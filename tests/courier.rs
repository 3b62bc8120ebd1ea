//! The courier, through built programs and real web servers: work that leaves the machine is done after an answer, by a process of
//! its own that holds nothing of the request's. `toy/main.rs` has the work.

use crate::servers::client::{raw, request};
use crate::servers::process::{self, Process};
use crate::servers::{Engine, Kind, Options, Server};
use rustix::process::{Pid, Signal, kill_process};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread::{scope, sleep};
use std::time::{Duration, Instant, SystemTime};
use tandem::feature::store::{fact, put_fact};

/// How long what is promised may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long a courier lives, and then some.
pub const GONE: Duration = Duration::from_secs(25);
/// How often something is looked at.
const NAP: Duration = Duration::from_millis(20);
/// The most that a request may take that has nothing to wait for, on a busy machine.
pub const PROMPT: Duration = Duration::from_secs(2);

fn toy() -> PathBuf {
    env!("CARGO_BIN_EXE_toy").into()
}

/// A server whose courier is the toy: under Apache where the bundle puts it, under lighttpd as the setting says.
fn start(kind: Kind, env: &[(&str, &str)]) -> Server {
    let is_lighttpd = matches!(kind, Kind::LighttpdFastcgi | Kind::LighttpdCgi);
    let mut env: Vec<(String, String)> = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    if is_lighttpd && env.is_empty() {
        env.push(("TANDEM_COURIER_PROGRAM".into(), env!("CARGO_BIN_EXE_toy").into()));
    }
    let server = Server::start(kind, &Options { workers: 2, program: toy(), env, ..Options::default() });
    if !is_lighttpd {
        server.install(&toy());
    }
    server
}

/// Somebody else's server.
struct Elsewhere(TcpListener);

impl Elsewhere {
    fn new() -> Elsewhere {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        Elsewhere(listener)
    }

    fn url(&self) -> String {
        format!("http://{}/", self.0.local_addr().unwrap())
    }

    /// Is anybody there within this time?
    fn called(&self, within: Duration) -> Option<TcpStream> {
        let end = Instant::now() + within;
        while Instant::now() < end {
            if let Ok((stream, _)) = self.0.accept() {
                stream.set_nonblocking(false).unwrap();
                return Some(stream);
            }
            sleep(NAP);
        }
        None
    }

    #[track_caller]
    fn call(&self, server: &Server) -> TcpStream {
        self.called(PATIENCE).unwrap_or_else(|| panic!("{:?}: nobody calls: {}", server.kind, server.log()))
    }
}

fn answer(mut stream: TcpStream) {
    let mut asked = [0; 1_024];
    let read = stream.read(&mut asked).unwrap();
    assert!(asked[..read].starts_with(b"GET / HTTP/1.1\r\n"));
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").unwrap();
}

/// Has the courier ask an address. The request bears what no courier may know. The toy's route is in no description, to which
/// the tests' client would hold the answer.
fn order(server: &Server, url: &str) {
    let head = "POST /api/toy/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: text/plain\r\n";
    let secret = "Authorization: Bearer hush\r\nProxy: http://127.0.0.1:1/\r\n";
    let post = format!("{head}{secret}Content-Length: {}\r\n\r\n{url}", url.len());
    let answer = raw(server.port, post.as_bytes()).unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 200 "), "{:?}: {}", server.kind, String::from_utf8_lossy(&answer));
}

/// Waits until something holds; panics with these words when it does not in time.
#[track_caller]
pub fn until(what: &str, server: &Server, patience: Duration, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + patience;
    while !holds() {
        assert!(Instant::now() < end, "{:?}: not {what}: {}", server.kind, server.log());
        sleep(NAP);
    }
}

fn is_answered(server: &Server) -> bool {
    fact(&mut server.store(), "toy_answered").unwrap().as_deref() == Some("200")
}

/// The couriers of this server's data.
pub fn couriers(server: &Server) -> Vec<Process> {
    let data = format!("TANDEM_DATA={}", server.data_dir.display());
    let holds = |file: &str, pid: u32, text: &[u8]| {
        fs::read(format!("/proc/{pid}/{file}")).is_ok_and(|bytes| bytes.split(|byte| *byte == 0).any(|part| part == text))
    };
    process::all()
        .into_iter()
        .filter(|p| holds("cmdline", p.pid, b"courier") && holds("environ", p.pid, data.as_bytes()))
        .collect()
}

/// What a process has open: the number, and what it is.
fn open(pid: u32) -> Vec<(u32, String)> {
    let entries = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    let named = entries.map(|entry| (entry.file_name(), fs::read_link(entry.path())));
    named.filter_map(|(n, target)| Some((n.to_str()?.parse().ok()?, target.ok()?.to_string_lossy().into_owned()))).collect()
}

/// Field 6 of /proc/PID/stat (proc(5)).
fn session(pid: u32) -> String {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    stat.rsplit_once(')').unwrap().1.split_whitespace().nth(3).unwrap().to_owned()
}

/// A courier holds three descriptors on /dev/null and what it opened itself, is in a session of its own, and knows nothing of
/// the request.
#[track_caller]
fn holds_nothing(server: &Server, pid: u32) {
    let mut own = open(pid);
    own.sort();
    let null = (0..3).map(|n| (n, "/dev/null".to_owned()));
    assert!(null.eq(own.iter().take(3).cloned()), "{own:?}");
    let theirs: BTreeSet<String> = server.descendants().into_iter().chain([server.pid()]).flat_map(open).map(|fd| fd.1).collect();
    let data = server.data_dir.display().to_string();
    for (n, target) in own.iter().skip(3) {
        let opened = target.starts_with(&data) || target.starts_with("socket:") && !theirs.contains(target);
        assert!(opened, "{:?}: descriptor {n} is {target}", server.kind);
    }
    assert_eq!(session(pid), pid.to_string());
    let environment = fs::read_to_string(format!("/proc/{pid}/environ")).unwrap();
    for (name, value) in environment.split_terminator('\0').map(|line| line.split_once('=').unwrap()) {
        assert!(name.starts_with("TANDEM_") || ["HOME", "TZ", "PATH"].contains(&name), "{name}");
        assert!(name != "PATH" || value == "/usr/sbin:/usr/bin:/bin", "{value}");
    }
}

/// Children of the web server, or of one of its children, that have ended and that nobody has waited for.
pub fn zombies(server: &Server) -> Vec<u32> {
    let parents: BTreeSet<u32> = server.descendants().into_iter().chain([server.pid()]).collect();
    process::zombies().into_iter().filter(|(_, parent)| parents.contains(parent)).map(|(pid, _)| pid).collect()
}

/// Every way in which hosts run the program.
pub const EVERY: [Kind; 5] = [Kind::LighttpdFastcgi, Kind::LighttpdCgi, Kind::ApacheFcgid, Kind::ApacheCgi, Kind::ApachePrefork];

#[test]
fn it_runs_after_an_answer_and_holds_nothing_of_the_request() {
    for kind in EVERY {
        let (server, elsewhere) = (start(kind, &[]), Elsewhere::new());
        // More than once: under lighttpd a CGI program is asked to end as soon as its answer is there.
        for round in 0..3 {
            put_fact(&mut server.store(), "toy_answered", "").unwrap();
            server.hand_over();
            order(&server, &elsewhere.url());
            let stream = elsewhere.call(&server);
            // A process that starts another is two of its name for a moment.
            until("alone", &server, PATIENCE, || couriers(&server).len() == 1);
            holds_nothing(&server, couriers(&server)[0].pid);
            answer(stream);
            until("answered", &server, PATIENCE, || is_answered(&server));
            until("gone", &server, GONE, || couriers(&server).is_empty());
            until("waited for", &server, PATIENCE, || zombies(&server).is_empty());
            assert!(!server.data_dir.join("courier-turn").exists(), "{kind:?}, round {round}");
        }
        assert!(!server.log().contains("cannot be started"), "{}", server.log());
    }
}

#[test]
fn what_was_undone_makes_nothing_due() {
    let (server, elsewhere) = (start(Kind::LighttpdFastcgi, &[]), Elsewhere::new());
    put_fact(&mut server.store(), "toy_ask", &elsewhere.url()).unwrap();
    request("POST", "/api/toy/").header("Content-Type", "text/plain").body("").send(server.port).expect(404);
    for _ in 0..3 {
        sleep(Duration::from_secs(1));
        request("GET", "/api/").send(server.port).expect(200);
    }
    assert!(!server.data_dir.join("next-courier").exists() && elsewhere.called(NAP).is_none());
}

/// Before and after the listener is given up, and with another order meanwhile.
#[test]
fn a_server_that_hangs_delays_no_request_and_leaves_nothing() {
    for kind in [Kind::LighttpdFastcgi, Kind::ApacheFcgid, Kind::ApachePrefork] {
        let (server, elsewhere) = (start(kind, &[]), Elsewhere::new());
        order(&server, &elsewhere.url());
        let hanging = elsewhere.call(&server);
        let started = Instant::now();
        for _ in 0..5 {
            let asked = Instant::now();
            request("GET", "/api/").send(server.port).expect(200);
            order(&server, &elsewhere.url());
            assert!(asked.elapsed() < PROMPT, "{kind:?}: {:?}", asked.elapsed());
            assert_eq!(couriers(&server).len(), 1, "{kind:?}");
        }
        // Nobody asks for anything any more: it gives up, tries again within its life, and is gone.
        until("gone", &server, GONE, || couriers(&server).is_empty());
        assert!(started.elapsed() < GONE && zombies(&server).is_empty(), "{kind:?}: {:?}", started.elapsed());
        drop(hanging);
        while let Some(stream) = elsewhere.called(NAP) {
            drop(stream);
        }
        // What is still owed is done once somebody comes.
        until("asked again", &server, PATIENCE, || {
            request("GET", "/api/").send(server.port).expect(200);
            elsewhere.called(10 * NAP).map(answer).is_some()
        });
        until("answered", &server, PATIENCE, || is_answered(&server));
    }
}

/// The toy as the operator's program of this server's account.
fn by_hand(server: &Server, words: &[&str]) -> Command {
    let mut command = Command::new(toy());
    command.env_clear().env("HOME", server.home()).env("TANDEM_DATA", &server.data_dir).args(words).stdin(Stdio::null());
    command
}

#[test]
fn many_starts_make_one_courier() {
    let (server, elsewhere) = (start(Kind::LighttpdFastcgi, &[]), Elsewhere::new());
    put_fact(&mut server.store(), "toy_ask", &elsewhere.url()).unwrap();
    scope(|scope| {
        let all: Vec<_> = (0..6).map(|_| scope.spawn(|| by_hand(&server, &["courier"]).status().unwrap().success())).collect();
        let stream = elsewhere.call(&server);
        until("one", &server, PATIENCE, || couriers(&server).len() == 1);
        assert!(elsewhere.called(25 * NAP).is_none(), "a second one calls, too");
        answer(stream);
        assert!(all.into_iter().all(|one| one.join().unwrap()));
    });
    assert!(is_answered(&server) && elsewhere.called(25 * NAP).is_none());
}

/// Machines that share a database have no lock in common, only the lease.
#[test]
fn of_many_machines_one_has_the_courier() {
    let options = Options { engine: Engine::Mariadb, workers: 1, program: toy(), ..Options::default() };
    let (server, elsewhere) = (Server::start(Kind::LighttpdFastcgi, &options), Elsewhere::new());
    put_fact(&mut server.store(), "toy_ask", &elsewhere.url()).unwrap();
    let run = || {
        let machine = tempfile::tempdir().unwrap();
        let mut courier = by_hand(&server, &["courier"]);
        courier.env("TANDEM_DATA", machine.path()).env("TANDEM_DATABASE_URL", &server.database).status().unwrap().success()
    };
    scope(|scope| {
        let all: Vec<_> = (0..4).map(|_| scope.spawn(run)).collect();
        let stream = elsewhere.call(&server);
        assert!(elsewhere.called(25 * NAP).is_none(), "a second one calls, too");
        answer(stream);
        assert!(all.into_iter().all(|one| one.join().unwrap()));
    });
    assert!(is_answered(&server) && elsewhere.called(25 * NAP).is_none());
}

#[test]
fn after_one_that_was_killed_the_next_goes_on_when_its_lease_ends() {
    let (server, elsewhere) = (start(Kind::LighttpdFastcgi, &[]), Elsewhere::new());
    order(&server, &elsewhere.url());
    let stream = elsewhere.call(&server);
    for courier in couriers(&server) {
        kill_process(Pid::from_raw(i32::try_from(courier.pid).unwrap()).unwrap(), Signal::KILL).unwrap();
    }
    drop(stream);
    let killed = Instant::now();
    let again = (0..).find_map(|_| {
        assert!(killed.elapsed() < 2 * GONE, "{}", server.log());
        request("GET", "/api/").send(server.port).expect(200);
        elsewhere.called(Duration::from_secs(1))
    });
    assert!(killed.elapsed() > Duration::from_secs(25), "the lease of the killed one holds: {:?}", killed.elapsed());
    answer(again.unwrap());
    until("answered", &server, PATIENCE, || is_answered(&server));
    assert!(server.log().contains("the one that was started before did not come to its end"), "{}", server.log());
    until("forgotten", &server, PATIENCE, || !server.data_dir.join("courier-failing").exists());
}

#[test]
fn cron_does_the_same_work_where_no_request_may_start_it() {
    let missing = [("TANDEM_COURIER_PROGRAM", "/not/there/tandem")];
    let (server, elsewhere) = (start(Kind::LighttpdFastcgi, &missing), Elsewhere::new());
    order(&server, &elsewhere.url());
    let log = || fs::read_to_string(server.data_dir.join("tandem.log")).unwrap_or_default();
    until("told", &server, PATIENCE, || log().contains("the courier cannot be started"));
    for _ in 0..20 {
        order(&server, &elsewhere.url());
    }
    assert_eq!(log().matches("the courier cannot be started").count(), 1);
    assert!(elsewhere.called(10 * NAP).is_none() && !is_answered(&server));
    let told =
        String::from_utf8(server.operator(&["doctor"]).env("TANDEM_COURIER_PROGRAM", "/bin/true").output().unwrap().stdout)
            .unwrap();
    assert!(told.contains("note     courier") && told.contains("cron alone does its work"), "{told}");
    scope(|scope| {
        let cron = scope.spawn(|| by_hand(&server, &["maintain"]).output().unwrap());
        answer(elsewhere.call(&server));
        let output = cron.join().unwrap();
        assert!(output.status.success() && output.stdout.is_empty() && output.stderr.is_empty(), "{output:?}");
    });
    assert!(is_answered(&server));
}

/// What a web server left open by mistake goes to no courier.
#[test]
fn a_descriptor_that_was_left_open_is_not_handed_on() {
    let (server, elsewhere) = (start(Kind::LighttpdCgi, &[]), Elsewhere::new());
    put_fact(&mut server.store(), "toy_ask", &elsewhere.url()).unwrap();
    for mark in ["next-courier", "next-work"] {
        File::create(server.data_dir.join(mark)).unwrap().set_modified(SystemTime::now() - Duration::from_secs(60)).unwrap();
    }
    let leak = server.home().join("leak");
    let line = format!("exec 7>{}; exec {}", leak.display(), toy().display());
    let mut cgi = Command::new("/bin/sh");
    cgi.args(["-c", &line])
        .env_clear()
        .env("REQUEST_METHOD", "GET")
        .env("REQUEST_URI", "/api/")
        .env("TANDEM_DATA", &server.data_dir);
    cgi.env("TANDEM_COURIER_PROGRAM", toy()).env("HTTP_AUTHORIZATION", "Bearer hush").stdin(Stdio::null());
    assert!(cgi.output().unwrap().status.success());
    let stream = elsewhere.call(&server);
    let running = couriers(&server);
    holds_nothing(&server, running[0].pid);
    assert!(!open(running[0].pid).iter().any(|(_, target)| target.ends_with("leak")));
    answer(stream);
    until("answered", &server, PATIENCE, || is_answered(&server));
}

/// The web program waits for nobody: it holds no client that could.
#[test]
fn the_web_program_links_no_http_client() {
    let symbols = |program: &str| {
        let output = Command::new("nm").arg(program).output().expect("nm, which comes with the C compiler");
        String::from_utf8_lossy(&output.stdout).matches("ureq").count()
    };
    assert!(symbols(env!("CARGO_BIN_EXE_tandem")) > 100, "the operator's program has one, so nm shows it");
    assert_eq!(symbols(env!("CARGO_BIN_EXE_api")), 0);
}
