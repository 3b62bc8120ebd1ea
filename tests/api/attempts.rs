//! What guards secrets is limited before it is tried: passwords, invite codes, registrations.

use super::Phone;
use super::expect::problem;
use super::phone::{PASSWORD, fresh_name};
use crate::servers::client::{Answer, Request, request};
use crate::servers::{Engine, Kind, Options, Server};
use serde_json::json;
use std::fs::{self, File};
use std::thread;
use tandem::params;

fn server(kind: Kind, engine: Engine, settings: &[(&str, &str)]) -> Server {
    let env = settings.iter().map(|(name, value)| (format!("TANDEM_{name}"), (*value).to_owned())).collect();
    Server::start(kind, &Options { engine, workers: 2, env, ..Options::default() })
}

fn login(name: &str, password: &str) -> Request {
    request("POST", "/api/auth/login/").json(&json!({"username": name, "password": password}))
}

fn registration() -> Request {
    request("POST", "/api/auth/register/").json(&json!({"username": fresh_name("new"), "password": PASSWORD}))
}

/// An address in a network of its own, however IPv6 is divided.
fn from(request: Request, n: u32) -> Request {
    request.header("X-Forwarded-For", format!("198.51.100.{n}"))
}

/// 429 that says when to try again, at most so many seconds later.
#[track_caller]
fn too_many(answer: Answer, window: u32) {
    let after: u32 =
        answer.header("Retry-After").unwrap_or_else(|| panic!("{} {:?}", answer.status, answer.headers)).parse().unwrap();
    assert!((1..=window).contains(&after), "{after}");
    problem(answer, 429);
}

/// How many answers of requests that are all on their way at once have this status.
fn at_once(port: u16, requests: Vec<Request>, status: u16) -> usize {
    let answers: Vec<u16> = thread::scope(|scope| {
        let sent: Vec<_> = requests.into_iter().map(|request| scope.spawn(move || request.send(port).status)).collect();
        sent.into_iter().map(|answer| answer.join().unwrap()).collect()
    });
    assert!(answers.iter().all(|answer| [200, 400, 429].contains(answer)), "{answers:?}");
    answers.into_iter().filter(|answer| *answer == status).count()
}

fn a_hundred_wrong_passwords_at_once_pass_ten(kind: Kind, engine: Engine) {
    let server = server(kind, engine, &[]);
    let phone = Phone::register(&server);
    let wrong = vec![login(&phone.username, "wrong horse battery"); 100];
    assert_eq!(at_once(server.port, wrong, 400), 10);
    too_many(login(&phone.username, PASSWORD).send(server.port), 300);
}

#[test]
fn a_hundred_wrong_passwords_at_once_pass_ten_as_cgi() {
    a_hundred_wrong_passwords_at_once_pass_ten(Kind::LighttpdCgi, Engine::Sqlite);
}

#[test]
fn a_hundred_wrong_passwords_at_once_pass_ten_over_mariadb() {
    a_hundred_wrong_passwords_at_once_pass_ten(Kind::LighttpdCgi, Engine::Mariadb);
}

fn good_log_ins_are_given_back(engine: Engine) {
    let server = server(Kind::LighttpdFastcgi, engine, &[("LIMITS_AUTH", "3/300"), ("LIMITS_ADDRESS", "4/300")]);
    let phone = Phone::register(&server);
    for n in 0..6 {
        let again = login(&phone.username, PASSWORD).header("Idempotency-Key", format!("the-same-log-in-{}", n / 2));
        again.send(server.port).expect(200);
        phone
            .ask("DELETE", "/auth/me/")
            .header("If-Match", "\"other\"")
            .json(&json!({"password": PASSWORD}))
            .send(server.port)
            .expect(412);
    }
    let sql = "SELECT COUNT(*) FROM attempts WHERE at > ?";
    let left: i64 = server.store().one(sql, params![0_i64], |row| row.get(0)).unwrap().unwrap();
    assert_eq!(left, 1, "the registration alone");
}

#[test]
fn good_log_ins_are_given_back_even_when_their_answer_was_kept() {
    good_log_ins_are_given_back(Engine::Sqlite);
    good_log_ins_are_given_back(Engine::Mariadb);
}

#[test]
fn one_address_that_tries_many_names_is_stopped() {
    let server = server(Kind::LighttpdFastcgi, Engine::Sqlite, &[("LIMITS_ADDRESS", "5/900"), ("TRUSTED_PROXIES", "127.0.0.1")]);
    let phone = Phone::register(&server);
    let v6 = |n: u32| format!("2001:db8:1:2::{n:x}");
    for n in 0..5 {
        problem(login(&fresh_name("nobody"), "wrong horse").header("X-Forwarded-For", v6(n)).send(server.port), 400);
    }
    too_many(login(&fresh_name("nobody"), "wrong horse").header("X-Forwarded-For", v6(77)).send(server.port), 900);
    login(&phone.username, PASSWORD).header("X-Forwarded-For", "2001:db8:1:3::1").send(server.port).expect(200);
}

#[test]
fn codes_guessed_from_many_addresses_leave_two_to_each() {
    let server =
        server(Kind::LighttpdFastcgi, Engine::Sqlite, &[("LIMITS_ALL_CODES", "6/900"), ("TRUSTED_PROXIES", "127.0.0.1")]);
    let guests: Vec<Phone> = (0..3).map(|_| Phone::register(&server)).collect();
    let guess =
        |phone: &Phone, n: u32| from(phone.ask("POST", "/couple/join/").json(&json!({"code": "000000"})), n).send(server.port);
    for n in 0..6 {
        problem(guess(&guests[0], n), 400);
    }
    for _ in 0..2 {
        problem(guess(&guests[1], 50), 400);
    }
    too_many(guess(&guests[1], 50), 900);
    too_many(guess(&guests[2], 50), 900);
    problem(guess(&guests[2], 51), 400);
}

#[test]
fn attempts_of_a_clock_that_was_years_ahead_lock_nobody_out() {
    let server = server(Kind::LighttpdFastcgi, Engine::Sqlite, &[("LIMITS_AUTH", "3/300")]);
    let phone = Phone::register(&server);
    for _ in 0..3 {
        problem(login(&phone.username, "wrong horse").send(server.port), 400);
    }
    too_many(login(&phone.username, PASSWORD).send(server.port), 300);
    let five_years = 5 * 365 * 86_400_000_i64;
    server.alter("UPDATE attempts SET at = at + ?", params![five_years]);
    login(&phone.username, PASSWORD).send(server.port).expect(200);
    server.tandem(&["maintain"]);
    let left: i64 = server.store().one("SELECT COUNT(*) FROM attempts", &[], |row| row.get(0)).unwrap().unwrap();
    assert_eq!(left, 0);
}

#[test]
fn registrations_are_limited_by_address() {
    let server =
        server(Kind::LighttpdCgi, Engine::Sqlite, &[("LIMITS_REGISTRATIONS", "3/3600"), ("TRUSTED_PROXIES", "127.0.0.1")]);
    for _ in 0..3 {
        registration().send(server.port).expect(201);
    }
    too_many(registration().send(server.port), 3_600);
    from(registration(), 9).send(server.port).expect(201);
}

#[test]
fn where_registration_is_closed_the_operator_alone_makes_accounts() {
    let server = server(Kind::LighttpdFastcgi, Engine::Sqlite, &[("REGISTRATION", "closed")]);
    let refused = problem(registration().send(server.port), 403);
    assert!(refused["detail"].as_str().unwrap().contains("ask them"), "{refused}");
    let name = fresh_name("made");
    let typed = server.home().join("typed");
    fs::write(&typed, format!("{PASSWORD}\n")).unwrap();
    let mut create = server.operator(&["user", "create", &name, "--password-stdin"]);
    let made = create.stdin(File::open(&typed).unwrap()).status().unwrap();
    assert!(made.success());
    login(&name, PASSWORD).send(server.port).expect(200);
}

#[test]
fn the_longest_unused_session_ends_when_there_are_too_many() {
    let server = server(Kind::LighttpdFastcgi, Engine::Sqlite, &[("LIMITS_SESSIONS", "3")]);
    let first = Phone::register(&server);
    let sign_in = || login(&first.username, PASSWORD).send(server.port).expect(200).json()["access"].as_str().unwrap().to_owned();
    let (second, _) = (sign_in(), sign_in());
    request("POST", "/api/auth/refresh/").json(&json!({"refresh": first.refresh})).send(server.port).expect(200);
    sign_in();
    first.get("/auth/me/").expect(200);
    let ended = Phone { access: second, ..first.clone() };
    ended.get("/auth/me/").expect(401);
    let left: i64 = server.store().one("SELECT COUNT(*) FROM sessions", &[], |row| row.get(0)).unwrap().unwrap();
    assert_eq!(left, 3);
}
