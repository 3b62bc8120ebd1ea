//! Limits, CORS, proxies and a broken configuration: each test starts a server with settings of its own.

use super::Phone;
use super::expect::{problem, unauthenticated};
use super::phone::{PASSWORD, fresh_name};
use crate::servers::client::{Answer, Request, request};
use crate::servers::{Kind, Options, Server};
use serde_json::{Value, json};
use std::fs;
use tandem::db::{Mode, Row};
use tandem::params;

/// A server with these settings.
fn server(settings: &[(&str, &str)]) -> Server {
    let env = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Server::start(Kind::LighttpdFastcgi, &Options { workers: 2, env, ..Options::default() })
}

/// 429 with a `Retry-After` of at most so many seconds.
#[track_caller]
fn too_many(answer: Answer, window: u32) -> Value {
    let after: u32 =
        answer.header("Retry-After").unwrap_or_else(|| panic!("{} {:?}", answer.status, answer.headers)).parse().unwrap();
    assert!((1..=window).contains(&after), "{after}");
    let body = problem(answer, 429);
    assert_eq!(body["code"], "RATE_LIMIT_EXCEEDED");
    body
}

fn login(name: &str, password: &str) -> Request {
    request("POST", "/api/auth/login/").json(&json!({"username": name, "password": password}))
}

#[test]
fn failed_logins_are_limited_by_account_and_address() {
    let server = server(&[("TANDEM_LIMITS_AUTH", "3/300"), ("TANDEM_TRUSTED_PROXIES", "127.0.0.1")]);
    let (phone, other) = (Phone::register(&server), Phone::register(&server));
    for name in [phone.username.clone(), fresh_name("nobody")] {
        for _ in 0..3 {
            problem(login(&name, "wrong horse").send(server.port), 400);
        }
        too_many(login(&name, "wrong horse").send(server.port), 300);
        too_many(login(&name.to_uppercase(), PASSWORD).send(server.port), 300);
    }
    too_many(phone.post("/auth/password/", &json!({"old_password": PASSWORD, "new_password": "a new horse battery"})), 300);
    too_many(phone.ask("DELETE", "/auth/me/").json(&json!({"password": PASSWORD})).send(server.port), 300);
    login(&other.username, PASSWORD).send(server.port).expect(200);
    login(&phone.username, PASSWORD).header("X-Forwarded-For", "198.51.100.7").send(server.port).expect(200);
    phone.get("/auth/me/").expect(200);
}

#[test]
fn good_logins_do_not_count() {
    let server = server(&[("TANDEM_LIMITS_AUTH", "3/300")]);
    let phone = Phone::register(&server);
    for _ in 0..5 {
        login(&phone.username, PASSWORD).send(server.port).expect(200);
    }
}

#[test]
fn nobody_evades_a_limit_by_naming_a_proxy() {
    let server = server(&[("TANDEM_LIMITS_AUTH", "3/300")]);
    let phone = Phone::register(&server);
    let send =
        |n: u32| login(&phone.username, "wrong horse").header("X-Forwarded-For", format!("198.51.100.{n}")).send(server.port);
    for n in 0..3 {
        problem(send(n), 400);
    }
    too_many(send(9), 300);
}

#[test]
fn failed_refreshes_are_limited() {
    let server = server(&[("TANDEM_LIMITS_AUTH", "3/300")]);
    let phone = Phone::register(&server);
    let refresh = |token: &str| request("POST", "/api/auth/refresh/").json(&json!({ "refresh": token })).send(server.port);
    for _ in 0..3 {
        unauthenticated(refresh("x.y.z"), "token_not_valid");
    }
    too_many(refresh("x.y.z"), 300);
    refresh(&phone.refresh).expect(200);
}

#[test]
fn wrong_codes_are_limited_by_user_and_address() {
    let server = server(&[("TANDEM_LIMITS_CODES", "3/900")]);
    let (host, guest, other) = (Phone::single(&server), Phone::register(&server), Phone::register(&server));
    let code = host.post("/couple/invite/", &json!({})).expect(200).json()["invite"]["code"].clone();
    let wrong = if code == "000000" { "000001" } else { "000000" };
    for _ in 0..3 {
        problem(guest.post("/couple/join/", &json!({ "code": wrong })), 400);
    }
    too_many(guest.post("/couple/join/", &json!({ "code": wrong })), 900);
    too_many(guest.post("/couple/join/", &json!({ "code": code })), 900);
    // What is no code at all is told before it is counted.
    problem(guest.post("/couple/join/", &json!({"code": "x"})), 400);
    other.post("/couple/join/", &json!({ "code": code })).expect(200);
}

#[test]
fn requests_are_limited_by_user() {
    let server = server(&[("TANDEM_LIMITS_REQUESTS", "5/300")]);
    let (phone, other) = (Phone::single(&server), Phone::register(&server));
    // Starting the couple was the first of five.
    for _ in 0..4 {
        phone.get("/goals/").expect(200);
    }
    let over = phone.get("/auth/me/");
    assert_eq!(over.header("RateLimit-Policy"), Some("\"requests\";q=5;w=300"), "{:?}", over.headers);
    let left = over.header("RateLimit").unwrap().to_owned();
    assert!(left.starts_with("\"requests\";r=0;t="), "{left}");
    assert_eq!(left.rsplit('=').next(), over.header("Retry-After"));
    too_many(over, 300);
    too_many(phone.post("/goals/", &json!({"title": "x"})), 300);
    other.get("/auth/me/").expect(200);
    phone.get("/sync/changes/").expect(200);
    for _ in 0..8 {
        request("GET", "/api/health/").send(server.port).expect(200);
        unauthenticated(request("GET", "/api/goals/").bearer("forged").send(server.port), "token_not_valid");
    }
}

/// An upload of one item.
fn upload(phone: &Phone, key: &str) -> Answer {
    let item = json!({"metric_type": "m", "value": 1, "timestamp": "2026-01-16"});
    phone.post("/sync/metrics/", &json!({"device_id": "d", "data": [item], "idempotency_key": key}))
}

/// Sends uploads until one is refused; how many were taken, and the refusal.
fn upload_until_refused(phone: &Phone, most: usize) -> (usize, Answer) {
    for number in 0..=most {
        let answer = upload(phone, &format!("a-key-of-upload-{number}"));
        if answer.status != 200 {
            return (number, answer);
        }
    }
    panic!("{most} uploads were taken")
}

#[test]
fn uploads_are_limited_by_number_by_cost_and_in_quick_succession() {
    let off = |names: [&'static str; 2]| names.map(|name| (name, "off"));
    let [number, cost, burst] = ["TANDEM_LIMITS_UPLOADS", "TANDEM_LIMITS_COST", "TANDEM_LIMITS_BURST"];
    // An upload of one list through REST costs 4 points.
    for (limit, others, reason, policy) in [
        ((number, "5/300"), off([cost, burst]), "requests", "\"requests\";q=5;w=300"),
        ((cost, "20/300"), off([number, burst]), "complexity", "\"complexity\";q=20;w=300"),
        ((burst, "5/200"), off([number, cost]), "burst", "\"burst\";q=5;w=200"),
    ] {
        let server = server(&[&others[..], &[limit]].concat());
        let (phone, other) = (Phone::single(&server), Phone::single(&server));
        let (taken, over) = upload_until_refused(&phone, 8);
        assert_eq!((taken, over.header("RateLimit-Policy")), (5, Some(policy)), "{:?}", over.headers);
        let left = over.header("RateLimit").unwrap();
        assert!(left.starts_with(&format!("\"{reason}\";r=0;t=")), "{left}");
        assert_eq!(too_many(over, 300)["reason"], reason);
        // What was taken is answered again and costs nothing; neither does another's.
        upload(&phone, "a-key-of-upload-0").expect(200);
        upload(&other, "a-key-of-upload-0").expect(200);
        assert_eq!(phone.get("/sync/devices/").expect(200).json()["results"][0]["items"], 5);
    }
}

#[test]
fn the_more_somebody_decides_the_more_they_may_upload() {
    let server = server(&[("TANDEM_LIMITS_UPLOADS", "2/300"), ("TANDEM_LIMITS_BURST", "off")]);
    for (role, expected) in [("member", 2), ("staff", 4), ("admin", 6)] {
        let phone = Phone::single(&server);
        server.alter("UPDATE members SET role = ? WHERE user_id = ?", params![role, phone.id]);
        assert_eq!(upload_until_refused(&phone, 8).0, expected, "{role}");
    }
}

#[test]
fn an_upload_that_waits_in_vain_is_told_to_come_back_with_its_key() {
    let server = server(&[]);
    let phone = Phone::single(&server);
    let mut store = server.store();
    store.begin(Mode::Write).unwrap();
    let answer = upload(&phone, "a-key-that-waits-long");
    assert_eq!(answer.header("Retry-After"), Some("1"));
    problem(answer, 409);
    store.rollback();
    upload(&phone, "a-key-that-waits-long").expect(200);
}

#[test]
fn polls_are_limited_and_asked_to_slow_down() {
    let server = server(&[("TANDEM_LIMITS_POLLS", "3/300"), ("TANDEM_POLL_IDLE", "40")]);
    let phone = Phone::single(&server);
    let usual = phone.poll("")["poll_after"].as_i64().unwrap();
    for _ in 0..2 {
        phone.get("/sync/changes/").expect(200);
    }
    let body = too_many(phone.get("/sync/changes/"), 300);
    assert!(body["poll_after"].as_i64().unwrap() >= 4 * 40.max(usual), "{body}");
    phone.get("/goals/").expect(200);
}

#[test]
fn a_limit_that_is_off_stops_nobody() {
    let server = server(&[("TANDEM_LIMITS_AUTH", "off"), ("TANDEM_LIMITS_REQUESTS", "off")]);
    let phone = Phone::register(&server);
    for _ in 0..12 {
        problem(login(&phone.username, "wrong horse").send(server.port), 400);
        problem(phone.post("/couple/join/", &json!({"code": "000000"})), 400);
    }
    login(&phone.username, PASSWORD).send(server.port).expect(200);
}

/// The preflight that a browser sends before a page's request.
fn preflight(server: &Server, origin: &str) -> Answer {
    let ask = request("OPTIONS", "/api/goals/").header("Origin", origin).header("Access-Control-Request-Method", "POST");
    ask.header("Access-Control-Request-Headers", "authorization, content-type").send(server.port).expect(204)
}

#[test]
fn pages_of_configured_origins_may_call_and_no_others() {
    let server = server(&[("TANDEM_CORS_ORIGINS", "https://app.example, http://localhost:3000")]);
    let phone = Phone::register(&server);
    let get = |path: &str, origin: &str| phone.ask("GET", path).header("Origin", origin).send(server.port);
    let named = |answer: &Answer| answer.header("Access-Control-Allow-Origin").map(str::to_owned);
    for origin in ["https://app.example", "http://localhost:3000"] {
        let answer = preflight(&server, origin);
        assert_eq!(named(&answer).as_deref(), Some(origin));
        let methods = answer.header("Access-Control-Allow-Methods").unwrap();
        assert!(["GET", "POST"].iter().all(|method| methods.contains(method)), "{methods}");
        let headers = answer.header("Access-Control-Allow-Headers").unwrap();
        let promised = ["authorization", "content-type", "idempotency-key", "if-match", "accept-language"];
        assert!(promised.iter().all(|header| headers.contains(header)), "{headers}");
        // Errors too: a page must be able to read why.
        for (path, status) in [("/auth/me/", 200), ("/nowhere/", 404), ("/couple/", 404)] {
            let answer = get(path, origin).expect(status);
            let varies = answer.header("Vary").unwrap();
            assert_eq!((named(&answer).as_deref(), varies), (Some(origin), "Accept, Accept-Version, Origin"), "{path}");
        }
    }
    for origin in
        ["https://evil.example", "https://app.example.evil.example", "http://app.example", "https://app.example:444", "null", "*"]
    {
        let answer = preflight(&server, origin);
        assert_eq!((named(&answer), answer.header("Access-Control-Allow-Methods")), (None, None), "{origin}");
        let answer = get("/auth/me/", origin).expect(200);
        assert_eq!(
            (named(&answer), answer.header("Vary")),
            (None, Some("Accept, Accept-Version, Origin")),
            "a cache must tell them apart"
        );
    }
    assert!(preflight(&server, "https://app.example").header("Access-Control-Allow-Credentials").is_none());
}

#[test]
fn a_trusted_proxy_tells_the_scheme_and_no_one_else() {
    let names = |server: &Server| {
        let phone = Phone::single(server);
        (0..2).for_each(|n| drop(phone.make("/goals/", &json!({ "title": n.to_string() }))));
        let ask = phone.ask("GET", "/goals/?page_size=1").header("X-Forwarded-Proto", "https").header("Host", "app.example");
        ask.send(server.port).expect(200).json()["next"].as_str().unwrap().to_owned()
    };
    assert!(
        names(&server(&[("TANDEM_TRUSTED_PROXIES", "10.0.0.0/8, 127.0.0.0/8")])).starts_with("https://app.example/api/goals/?")
    );
    assert!(names(&server(&[])).starts_with("http://app.example/api/goals/?"));
}

#[test]
fn a_kept_answer_is_sealed_and_forgotten_in_its_time() {
    let server = server(&[("TANDEM_LIMITS_AUTH", "off")]);
    let phone = Phone::register(&server);
    let key = uuid::Uuid::new_v4().to_string();
    let send = || login(&phone.username, PASSWORD).header("Idempotency-Key", &key).send(server.port).expect(200);
    let first = send();
    let mut store = server.store();
    let sql = "SELECT scope, request, answer, hits, expires_at FROM idempotency";
    let read = |row: &Row<'_>| {
        let text = row.get::<String>(0)? + &row.get::<String>(1)?;
        Ok((text.into_bytes(), row.get::<Vec<u8>>(2)?, row.get::<i64>(3)?, row.get::<i64>(4)?))
    };
    assert_eq!(send().body, first.body);
    let (names, sealed, hits, expires) = store.one(sql, &[], read).unwrap().unwrap();
    assert_eq!(hits, 1);
    let access = first.json()["access"].as_str().unwrap().to_owned();
    for secret in [access.as_bytes(), key.as_bytes(), PASSWORD.as_bytes(), phone.username.as_bytes()] {
        let holds = |bytes: &[u8]| bytes.windows(secret.len()).any(|window| window == secret);
        assert!(!holds(&names) && !holds(&sealed));
    }
    let lifetime = expires - tandem::base::time::Timestamp::now().0;
    assert!((500_000..=600_000).contains(&lifetime), "{lifetime}");
    store.run("UPDATE idempotency SET expires_at = 1", &[]).unwrap();
    assert_ne!(send().body, first.body, "the key counts as unused");
}

#[test]
fn a_setting_that_does_not_exist_is_503_and_told_to_the_operator_alone() {
    const SECRET: &str = "a-secret-that-is-long-enough-for-everybody";
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tandem.toml");
    let sound = format!("jwt_secret = \"{SECRET}\"\n");
    fs::write(&file, &sound).unwrap();
    let env = vec![("TANDEM_CONFIG".to_owned(), file.to_string_lossy().into_owned())];
    let server = Server::start(Kind::LighttpdCgi, &Options { env, ..Options::default() });
    let phone = Phone::register(&server);
    for (line, told) in
        [("pol_idle = 9", "did you mean poll_idle?"), ("poll_idle = 0", "poll_idle"), ("poll_idle = ", "tandem.toml")]
    {
        fs::write(&file, format!("{sound}{line}\n")).unwrap();
        for path in ["/auth/me/", "/nowhere/"] {
            let answer = phone.get(path);
            assert!(answer.header("Retry-After").is_some());
            let body = problem(answer, 503).to_string();
            assert!(!body.contains("idle") && !body.contains("toml") && !body.contains(SECRET), "{body}");
        }
        let log = server.log();
        assert!(log.contains(told), "{told} is not in the web server's log: {log}");
        assert!(!log.contains(SECRET) && !log.contains(&phone.access), "{log}");
    }
    fs::write(&file, &sound).unwrap();
    phone.get("/auth/me/").expect(200);
}
