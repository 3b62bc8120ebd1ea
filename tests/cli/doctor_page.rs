//! The doctor's report as a page: only for whoever can make a file in the data folder, and once.

use super::Home;
use crate::servers::client::{Answer, request};
use crate::servers::{Kind, Options, Server};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::thread;
use tandem::base::token::{Claims, Keys, Purpose};

fn start(env: &[(&str, &str)]) -> Server {
    let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let server = Server::start(Kind::LighttpdFastcgi, &Options { env, ..Options::default() });
    fs::set_permissions(&server.data_dir, Permissions::from_mode(0o700)).unwrap();
    server
}

fn file(server: &Server) -> PathBuf {
    server.data_dir.join("doctor.txt")
}

fn visit(server: &Server, query: &str) -> Answer {
    request("GET", &format!("/api/doctor/{query}")).send(server.port)
}

/// Makes the file, visits the page and opens the file: the link in it.
fn link(server: &Server) -> String {
    fs::write(file(server), "").unwrap();
    assert!(visit(server, "").expect(200).text().contains("Your file now holds a link"));
    let text = fs::read_to_string(file(server)).unwrap();
    text.lines().last().unwrap().to_owned()
}

fn key(link: &str) -> &str {
    link.split_once("?key=").unwrap().1
}

fn send(server: &Server, key: &str) -> Answer {
    let form = request("POST", "/api/doctor/").header("Content-Type", "application/x-www-form-urlencoded");
    form.body(format!("key={}", key.replace(':', "%3A").replace('?', "%3F").replace('=', "%3D"))).send(server.port)
}

#[test]
fn a_link_shows_the_report_once() {
    let server = start(&[]);
    let setup = request("GET", "/api/").send(server.port).expect(200).json()["setup"].to_string();
    assert!(setup.contains("open doctor/ below this address"), "{setup}");
    assert!(visit(&server, "").expect(200).text().contains("make an empty file"));
    assert!(!file(&server).exists(), "a visit alone makes nothing");
    let link = link(&server);
    assert!(link.starts_with("https://YOUR.SITE/api/doctor/?key="), "{link}");
    assert_eq!(fs::metadata(file(&server)).unwrap().permissions().mode() & 0o777, 0o600);
    // Whatever opens links by itself does not use it up.
    for _ in 0..2 {
        assert!(visit(&server, &format!("?key={}", key(&link))).expect(200).text().contains("works once"));
    }
    let page = send(&server, key(&link)).expect(200);
    assert_eq!(page.header("Content-Type"), Some("text/html; charset=utf-8"));
    let policy = page.header("Content-Security-Policy").unwrap();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("script"), "{policy}");
    for row in [
        "no problems",
        "variables of the web server decide",
        "FastCGI",
        "data folder",
        "secret, 64 characters",
        "schema",
        "maintenance",
    ] {
        assert!(page.text().contains(row), "{row} is not in {}", page.text());
    }
    let secret = fs::read_to_string(server.data_dir.join("secret")).unwrap();
    assert!(!page.text().contains(secret.trim()));
    assert!(send(&server, key(&link)).expect(403).text().contains("was used"));
    assert!(!file(&server).exists());
}

#[test]
fn the_link_may_be_pasted_whole_and_names_the_site() {
    let server = start(&[("TANDEM_SITE_URL", "https://example.org/api/")]);
    let link = link(&server);
    assert!(link.starts_with("https://example.org/api/doctor/?key="), "{link}");
    send(&server, &link).expect(200);
}

#[test]
fn a_key_that_is_not_ours_or_not_the_newest_or_too_old_shows_nothing() {
    let server = start(&[]);
    let secret = fs::read(server.data_dir.join("secret")).unwrap();
    let sign = |keys: &Keys, token_type, exp| {
        let (jti, user_id, sid) = ("a".to_owned(), "1".to_owned(), "s".to_owned());
        keys.sign(&Claims { token_type, exp, iat: 0, jti, user_id, sid, generation: None }).unwrap()
    };
    let (ours, others, late) = (Keys::new(secret.trim_ascii()), Keys::new(&[b'x'; 64]), 9_999_999_999);
    let first = link(&server);
    fs::remove_file(file(&server)).unwrap();
    let second = link(&server);
    let guessed = ["", "x", key(&first), &sign(&others, Purpose::Report, late), &sign(&ours, Purpose::Report, late)];
    for key in guessed {
        send(&server, key).expect(403);
    }
    // Not even the file makes a good one of these.
    let wrong = [sign(&ours, Purpose::Report, 1_000), sign(&ours, Purpose::Access, late), sign(&others, Purpose::Report, late)];
    for key in wrong {
        fs::write(file(&server), format!("https://YOUR.SITE/api/doctor/?key={key}\n")).unwrap();
        send(&server, &key).expect(403);
        assert!(file(&server).exists());
    }
    fs::write(file(&server), &second).unwrap();
    send(&server, key(&second)).expect(200);
}

#[test]
fn of_many_at_once_one_is_shown_the_report() {
    let server = start(&[]);
    for _ in 0..5 {
        let link = link(&server);
        let statuses: Vec<u16> = thread::scope(|scope| {
            let asked: Vec<_> = (0..8).map(|_| scope.spawn(|| send(&server, key(&link)).status)).collect();
            asked.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
        assert_eq!(statuses.iter().filter(|status| **status == 403).count(), 7, "{statuses:?}");
    }
}

#[test]
fn many_visits_at_once_leave_one_good_link() {
    let server = start(&[]);
    fs::write(file(&server), "").unwrap();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| visit(&server, "").expect(200));
        }
    });
    let text = fs::read_to_string(file(&server)).unwrap();
    send(&server, key(text.lines().last().unwrap())).expect(200);
    let left = fs::read_dir(&server.data_dir)
        .unwrap()
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("doctor"));
    assert_eq!(left.count(), 0);
}

#[test]
fn what_is_not_an_empty_file_is_left_alone() {
    let server = start(&[]);
    fs::write(file(&server), "my notes").unwrap();
    visit(&server, "").expect(200);
    assert_eq!(fs::read_to_string(file(&server)).unwrap(), "my notes");
    fs::remove_file(file(&server)).unwrap();
    let elsewhere = server.home().join("elsewhere");
    fs::write(&elsewhere, "").unwrap();
    std::os::unix::fs::symlink(&elsewhere, file(&server)).unwrap();
    visit(&server, "").expect(200);
    assert_eq!(fs::read_to_string(&elsewhere).unwrap(), "");
}

#[test]
fn the_report_is_to_be_had_when_nothing_else_is() {
    let server = start(&[]);
    let link = link(&server);
    fs::write(server.data_dir.join("tandem.db"), "this is no database, whatever its name says. ".repeat(99)).unwrap();
    request("GET", "/api/health/").send(server.port).expect(503);
    let page = send(&server, key(&link)).expect(200).text();
    assert!(page.contains("<table>\n<tr><td class=\"problem\">problem</td><th>database</th>"), "problems stand first: {page}");
    assert!(page.contains("1 problem") && page.contains("is not a database") || page.contains("damaged"), "{page}");
}

#[test]
fn what_is_shown_is_text_whatever_it_looks_like() {
    let server = start(&[]);
    let page = visit(&server, "?key=%22%3E%3Cscript%3Ealert(1)%3C/script%3E").expect(200).text();
    assert!(page.contains("&quot;&gt;&lt;script&gt;") && !page.contains("<script"), "{page}");
}

#[test]
fn a_folder_that_cannot_be_written_is_told_and_cgi_shows_the_report_too() {
    let home = Home::new();
    home.call("", "GET", "/api/health/", "");
    let wish = home.data().join("doctor.txt");
    fs::write(&wish, "").unwrap();
    if !rustix::process::geteuid().is_root() {
        fs::set_permissions(home.data(), Permissions::from_mode(0o500)).unwrap();
        assert_eq!(home.call("", "GET", "/api/doctor/", "").0, "503");
        fs::set_permissions(home.data(), Permissions::from_mode(0o700)).unwrap();
    }
    assert_eq!(home.call("", "GET", "/api/doctor/", "").0, "200");
    let text = fs::read_to_string(&wish).unwrap();
    let body = serde_json::json!({ "key": key(text.trim_end()) }).to_string();
    assert_eq!(home.call("", "POST", "/api/doctor/", &body).0, "200");
    assert_eq!(home.call("", "POST", "/api/doctor/", &body).0, "403");
}

/// As a host's panel or .htaccess gives the web program variables that cron does not have.
#[test]
fn a_configuration_that_cron_does_not_share_is_told() {
    let home = Home::new();
    let ask = |env: &[(&str, &str)]| {
        let call = |method: &str, body: &str| {
            let mut command = home.command(env!("CARGO_BIN_EXE_api"));
            command.env("REQUEST_METHOD", method).env("REQUEST_URI", "/api/doctor/").envs(env.iter().copied());
            command.env("CONTENT_TYPE", "application/json").env("CONTENT_LENGTH", body.len().to_string());
            crate::cli::ran(command, body).out
        };
        fs::write(home.data().join("doctor.txt"), "").unwrap();
        call("GET", "");
        let text = fs::read_to_string(home.data().join("doctor.txt")).unwrap();
        call("POST", &serde_json::json!({ "key": key(text.trim_end()) }).to_string())
    };
    home.call("", "GET", "/api/health/", "");
    assert!(ask(&[]).contains("`tandem` started by cron goes by the same"));
    assert!(ask(&[("TANDEM_POLL_IDLE", "77")]).contains("variables of the web server decide: other settings"));
}
