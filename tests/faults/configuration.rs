//! The configuration edited, broken and mistaken while processes live.

use super::{assert_unavailable, options};
use crate::api::Phone;
use crate::servers::client::request;
use crate::servers::{Kind, Options, Server};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, SystemTime};
use tempfile::TempDir;

/// How long it may take until every process has noticed: a look a second, on a busy machine.
const NOTICED: Duration = Duration::from_secs(10);

/// A home folder with a configuration file, and a server whose processes read it.
struct Site {
    home: TempDir,
    server: Server,
}

impl Site {
    fn start(kind: Kind, configuration: &str) -> Site {
        let home = TempDir::with_prefix("tandem-home-").unwrap();
        fs::create_dir_all(home.path().join("tandem/data")).unwrap();
        write(home.path(), configuration);
        let mut options = options(3, Some(&home.path().join("tandem/data")));
        options.env.push(("HOME".into(), home.path().to_str().unwrap().into()));
        options.env.push(("TANDEM_CONFIG".into(), file(home.path()).to_str().unwrap().into()));
        let server = Server::start(kind, &options);
        Site { home, server }
    }

    fn data(&self) -> PathBuf {
        self.home.path().join("tandem/data")
    }
}

fn file(home: &Path) -> PathBuf {
    home.join("tandem/tandem.toml")
}

/// Saves the file as an operator does, some seconds ago.
fn write(home: &Path, text: &str) {
    fs::write(file(home), text).unwrap();
    File::options().write(true).open(file(home)).unwrap().set_modified(SystemTime::now() - Duration::from_secs(3)).unwrap();
}

/// Asks until this many answers in a row are as wanted: so often that each of three processes has answered.
fn until_all(ask: impl Fn() -> bool) {
    let (mut row, start) = (0, SystemTime::now());
    while row < 30 {
        row = if ask() { row + 1 } else { 0 };
        assert!(start.elapsed().unwrap() < NOTICED, "a process still goes by the old configuration");
        sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_configuration_that_was_edited_holds_in_every_living_process() {
    let site = Site::start(Kind::LighttpdFastcgi, "cors_origins = [\"https://one.example\"]\n");
    let allowed = |origin: &str| {
        let answer = request("GET", "/api/health/").header("Origin", origin).send(site.server.port).expect(200);
        answer.header("Access-Control-Allow-Origin") == Some(origin)
    };
    assert!(allowed("https://one.example") && !allowed("https://two.example"));
    write(site.home.path(), "cors_origins = [\"https://two.example\"]\n");
    until_all(|| allowed("https://two.example") && !allowed("https://one.example"));
    fs::remove_file(file(site.home.path())).unwrap();
    write(site.home.path(), "");
    until_all(|| !allowed("https://two.example"));
}

#[test]
fn a_secret_that_was_replaced_holds_in_every_living_process() {
    let site = Site::start(Kind::LighttpdFastcgi, "");
    let phone = Phone::single(&site.server);
    let secret = site.data().join("secret");
    let before = fs::read(&secret).unwrap();
    fs::write(&secret, "x".repeat(64)).unwrap();
    File::options().write(true).open(&secret).unwrap().set_modified(SystemTime::now() - Duration::from_secs(3)).unwrap();
    until_all(|| phone.get("/auth/me/").status == 401);
    fs::write(&secret, before).unwrap();
    File::options().write(true).open(&secret).unwrap().set_modified(SystemTime::now() - Duration::from_secs(4)).unwrap();
    until_all(|| phone.get("/auth/me/").status == 200);
}

#[test]
fn a_configuration_with_an_error_leaves_the_doctor_s_page_and_a_line_in_the_log() {
    for kind in [Kind::ApacheFcgid, Kind::ApacheCgi] {
        let server = Server::start(kind, &Options::default());
        let data = server.home().join("tandem/data");
        fs::create_dir_all(&data).unwrap();
        fs::write(data.join("doctor.txt"), "").unwrap();
        write(server.home(), "poll_idle = 30\npoll_active = \"soon\n");
        server.hand_over();
        let ask = || request("GET", "/api/auth/me/").send(server.port);
        let start = SystemTime::now();
        while ask().status != 503 && start.elapsed().unwrap() < NOTICED {
            sleep(Duration::from_millis(50));
        }
        assert_unavailable(&ask(), 503, "60");
        let log = fs::read_to_string(data.join("tandem.log")).unwrap();
        assert!(log.contains("tandem.toml: line 2, column"), "{log}");
        let page = request("GET", "/api/doctor/").send(server.port).expect(200).text();
        assert!(page.contains("Your file now holds a link"), "{page}");
        let link = fs::read_to_string(data.join("doctor.txt")).unwrap();
        let key = link.trim().rsplit("?key=").next().unwrap().to_owned();
        let form = request("POST", "/api/doctor/").header("Content-Type", "application/x-www-form-urlencoded");
        let report = form.body(format!("key={key}")).send(server.port).expect(200).text();
        assert!(report.contains("line 2, column") && report.contains("tandem.toml"), "{report}");
    }
}

#[test]
fn a_variable_that_no_setting_has_takes_no_site_down_and_is_logged_once() {
    let home = TempDir::with_prefix("tandem-home-").unwrap();
    let mut options: Options = options(1, Some(home.path()));
    options.env.push(("TANDEM_OF_THE_HOST".into(), "1".into()));
    let server = Server::start(Kind::LighttpdCgi, &options);
    for _ in 0..5 {
        request("GET", "/api/health/").send(server.port).expect(200);
    }
    let log = fs::read_to_string(home.path().join("tandem.log")).unwrap();
    assert_eq!(log.matches("there is no setting TANDEM_OF_THE_HOST").count(), 1, "{log}");
}

#[test]
fn a_proxy_that_names_the_scheme_twice_is_not_sent_round_for_ever() {
    let server = Server::start(Kind::ApacheCgi, &Options::default());
    let ask = |scheme: &str| {
        let ask = request("GET", "/api/health/").header("Host", "app.example").header("X-Forwarded-Proto", scheme);
        ask.send(server.port).status
    };
    for scheme in ["https", "https, https", "HTTPS", "https,http"] {
        assert_eq!(ask(scheme), 200, "{scheme}");
    }
    assert_eq!((ask("http"), ask("httpsx")), (308, 308));
}

#[test]
fn callers_behind_a_proxy_that_writes_ports_do_not_lock_each_other_out() {
    let mut options = Options::default();
    options.env.push(("TANDEM_TRUSTED_PROXIES".into(), "127.0.0.1".into()));
    options.env.push(("TANDEM_LIMITS_AUTH".into(), "3/300".into()));
    let server = Server::start(Kind::LighttpdFastcgi, &options);
    let phone = Phone::register(&server);
    let sign_in = |password: &str, address: &str| {
        let body = serde_json::json!({"username": phone.username, "password": password});
        request("POST", "/api/auth/login/").json(&body).header("X-Forwarded-For", address).send(server.port).status
    };
    for _ in 0..4 {
        sign_in("a wrong password", "203.0.113.66:4711");
    }
    assert_eq!(sign_in("a wrong password", "203.0.113.66:4712"), 429);
    for owner in ["198.51.100.7:80", "[2001:db8::7]:443", "\"[2001:db8:1::7]\"", "unknown, 198.51.100.8"] {
        assert_eq!(sign_in(crate::api::phone::PASSWORD, owner), 200, "{owner}");
    }
}
