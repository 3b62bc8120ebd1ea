//! Mails that bring codes, through a web server, the courier, and a `sendmail` that keeps what it takes.

use crate::servers::client::{Answer, request};
use crate::servers::{Engine, Kind, Options, Server};
use serde_json::{Value, json};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::thread::sleep;
use std::time::{Duration, Instant};
use tandem::params;
use tempfile::TempDir;

/// How long a mail may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long nothing must come where none is sent: longer than one takes.
const SILENCE: Duration = Duration::from_secs(3);
/// The most that a request may take whose mail hangs, on a busy machine.
const PROMPT: Duration = Duration::from_secs(2);
const NAP: Duration = Duration::from_millis(30);
const PASSWORD: &str = "correct horse 9";
const NEW: &str = "seven purple kites";
/// Takes a mail, and writes it down whole or not at all.
const TAKES: &str = "#!/bin/sh\numask 0\nout=\"$(dirname \"$0\")/out\"\n{ echo \"$*\"; cat; } >\"$out/$$.part\" && mv \"$out/$$.part\" \"$out/$(date +%s%N).mail\"\n";
/// Takes nothing, and does not end.
const HANGS: &str = "#!/bin/sh\nexec sleep 100\n";

/// A site with a mailer, whose mails lie in a folder.
struct Site {
    server: Server,
    folder: TempDir,
}

impl Site {
    fn new(engine: Engine, sendmail: &str) -> Site {
        let folder = tempfile::tempdir().unwrap();
        let (program, out) = (folder.path().join("sendmail"), folder.path().join("out"));
        fs::write(&program, sendmail).unwrap();
        fs::create_dir(&out).unwrap();
        for (path, mode) in [(folder.path(), 0o755), (&program, 0o755), (&out, 0o777)] {
            fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
        }
        let env = [
            ("TANDEM_MAIL_FROM", "Our app <no-reply@example.org>"),
            ("TANDEM_MAIL_SENDMAIL", program.to_str().unwrap()),
            ("TANDEM_COURIER_PROGRAM", env!("CARGO_BIN_EXE_tandem")),
            ("TANDEM_APP_URL", "https://app.example.org"),
            ("TANDEM_EMAIL_REQUIRED", "pairing"),
            ("TANDEM_TRUSTED_PROXIES", "127.0.0.1"),
        ];
        let env = env.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let server = Server::start(Kind::LighttpdFastcgi, &Options { engine, workers: 2, env, ..Options::default() });
        Site { server, folder }
    }

    /// The mails that were taken, oldest first.
    fn mails(&self) -> Vec<String> {
        let files = fs::read_dir(self.folder.path().join("out")).unwrap().flatten().map(|entry| entry.path());
        let mut files: Vec<_> = files.filter(|path| path.extension().is_some_and(|e| e == "mail")).collect();
        files.sort();
        files.iter().map(|path| fs::read_to_string(path).unwrap().replace("=\r\n", "").replace("=3D", "=")).collect()
    }

    /// The mail of this number.
    #[track_caller]
    fn mail(&self, number: usize) -> String {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(mail) = self.mails().get(number) {
                return mail.clone();
            }
            assert!(Instant::now() < end, "no mail {number}: {}", self.server.log());
            sleep(NAP);
        }
    }

    /// Asks from an address of its own, so that no limit of one counts.
    fn ask(&self, path: &str, body: &Value, bearer: &str, from: u8) -> Answer {
        let ask = request("POST", &format!("/api{path}")).header("X-Forwarded-For", format!("203.0.113.{from}")).json(body);
        if bearer.is_empty() { ask.send(self.server.port) } else { ask.bearer(bearer).send(self.server.port) }
    }

    /// An account with this address; its access token.
    fn register(&self, name: &str, email: &str, from: u8) -> String {
        let body = json!({"username": name, "password": PASSWORD, "email": email, "language": "en"});
        self.ask("/auth/register/", &body, "", from).expect(201).json()["access"].as_str().unwrap().to_owned()
    }

    fn user(&self, access: &str) -> Value {
        request("GET", "/api/auth/me/").bearer(access).send(self.server.port).expect(200).json()["user"].clone()
    }

    /// An account whose address is verified, without a mail.
    fn verified(&self, name: &str, email: &str, from: u8) -> String {
        let access = self.register(name, "", from);
        let sql = "UPDATE users SET email = ?, email_key = ?, verified = ? WHERE username = ?";
        self.server.alter(sql, params![email, email, email, name]);
        self.server.hand_over();
        access
    }

    fn forgot(&self, email: &str, from: u8) {
        self.ask("/auth/password/forgot/", &json!({ "email": email }), "", from).expect(202);
    }

    fn reset(&self, proof: Value, from: u8) -> Answer {
        let mut body = proof;
        body["password"] = NEW.into();
        self.ask("/auth/password/reset/", &body, "", from)
    }
}

/// The code in a mail, as it stands there.
fn code(mail: &str) -> String {
    let is_code =
        |word: &&str| word.len() == 9 && word.as_bytes()[4] == b'-' && word.bytes().all(|b| b == b'-' || b.is_ascii_uppercase());
    mail.split_whitespace().find(is_code).unwrap_or_else(|| panic!("no code in {mail}")).to_owned()
}

/// The token of the link in a mail.
fn token(mail: &str) -> String {
    let rest = mail.split_once("#token=").unwrap_or_else(|| panic!("no link in {mail}")).1;
    rest.chars().take_while(char::is_ascii_hexdigit).collect()
}

/// The way from a registration to a new password, and what each step leaves.
fn whole_way(engine: Engine) {
    let site = Site::new(engine, TAKES);
    let access = site.register("anna", "Anna@example.org", 1);
    let mail = site.mail(0);
    assert!(mail.starts_with("-i -f no-reply@example.org -- Anna@example.org\n"), "{mail}");
    for words in [
        "Subject: Is this your address?",
        "Auto-Submitted: auto-generated",
        "text/plain",
        "text/html",
        "https://app.example.org/verify#token=",
    ] {
        assert!(mail.contains(words), "{words} is not in {mail}");
    }
    // Nothing but a verified address gets a mail to reset, and nothing else lets anybody join.
    assert_eq!(site.user(&access)["email_verified"], false);
    let joined = site.ask("/v2/couple/join/", &json!({"code": "123456"}), &access, 1).expect(403).json();
    assert_eq!(joined["code"], "email-unverified");
    site.forgot("anna@example.org", 2);
    site.ask("/auth/email/verify/", &json!({"code": "BBBB-BBBB"}), &access, 1).expect(400);
    let user =
        site.ask("/auth/email/verify/", &json!({"code": code(&mail).to_lowercase()}), &access, 1).expect(200).json()["user"]
            .clone();
    assert_eq!((&user["email_verified"], &site.user(&access)["email_verified"]), (&true.into(), &true.into()));
    site.ask("/auth/email/verify/", &json!({"token": token(&mail)}), "", 1).expect(400);
    site.ask("/couple/join/", &json!({"code": "123456"}), &access, 1).expect(400);

    site.forgot(" ANNA@example.org ", 3);
    let mail = site.mail(1);
    assert!(mail.contains("https://app.example.org/reset#token=") && mail.contains("Subject: A new password"), "{mail}");
    site.reset(json!({"email": "anna@example.org", "code": "BBBB-BBBB"}), 3).expect(400);
    site.reset(json!({"email": "other@example.org", "code": code(&mail)}), 3).expect(400);
    site.reset(json!({"email": "anna@example.org", "code": code(&mail)}), 3).expect(204);
    request("GET", "/api/auth/me/").bearer(&access).send(site.server.port).expect(401);
    for used in [json!({"email": "anna@example.org", "code": code(&mail)}), json!({"token": token(&mail)})] {
        site.reset(used, 3).expect(400);
    }
    site.ask("/auth/login/", &json!({"username": "anna", "password": NEW}), "", 3).expect(200);
    assert_eq!(site.mails().len(), 2, "an unverified address got one, too");
    let waiting = "SELECT COUNT(*) FROM codes";
    assert_eq!(site.server.store().one(waiting, &[], |row| row.get::<i64>(0)).unwrap(), Some(0), "success ends all");
}

#[test]
fn from_a_registration_to_a_new_password_on_sqlite() {
    whole_way(Engine::Sqlite);
}

#[test]
fn from_a_registration_to_a_new_password_on_mariadb() {
    whole_way(Engine::Mariadb);
}

#[test]
fn nobody_is_kept_out_and_nobody_s_mailbox_is_filled() {
    let site = Site::new(Engine::Sqlite, TAKES);
    site.verified("ben", "ben@example.org", 1);
    (0..5).for_each(|n| site.forgot("ben@example.org", 10 + n));
    let mails = [site.mail(0), site.mail(1), site.mail(2)];
    sleep(SILENCE);
    assert_eq!(site.mails().len(), 3, "three an hour");
    // Guesses end the codes, and no link.
    for n in 0..5 {
        site.reset(json!({"email": "ben@example.org", "code": "BBBB-BBBB"}), 20 + n).expect(400);
    }
    site.reset(json!({"email": "ben@example.org", "code": code(&mails[0])}), 30).expect(400);
    site.reset(json!({"token": token(&mails[0])}), 31).expect(204);
    site.reset(json!({"token": token(&mails[1])}), 32).expect(400);
    // Ten an hour from a client's address, whatever they ask for.
    for n in 0..12 {
        site.forgot(&format!("nobody{n}@example.org"), 40);
    }
    site.verified("cleo", "cleo@example.org", 2);
    site.forgot("cleo@example.org", 40);
    sleep(SILENCE);
    assert_eq!(site.mails().len(), 3);
    site.forgot("cleo@example.org", 41);
    assert!(site.mail(3).contains("cleo@example.org"));
}

#[test]
fn an_address_that_was_only_given_goes_to_whoever_verifies_it() {
    let site = Site::new(Engine::Sqlite, TAKES);
    let squatter = site.register("squatter", "owner@example.org", 1);
    let first = site.mail(0);
    let owner = site.register("owner", "owner@example.org", 2);
    let second = site.mail(1);
    site.ask("/auth/email/verify/", &json!({"code": code(&first)}), &owner, 2).expect(400);
    let user = site.ask("/auth/email/verify/", &json!({"token": token(&second)}), "", 3).expect(200).json()["user"].clone();
    assert_eq!((&user["username"], &user["email_verified"]), (&"owner".into(), &true.into()));
    assert_eq!(site.user(&squatter)["email"], "");
    site.ask("/auth/email/verify/", &json!({"code": code(&first)}), &squatter, 1).expect(400);
    site.ask("/auth/login/", &json!({"email": "owner@example.org", "password": PASSWORD}), "", 2).expect(200);
    let body = json!({"username": "third", "password": PASSWORD, "email": "owner@example.org"});
    assert!(site.ask("/auth/register/", &body, "", 4).expect(400).json()["email"].is_array());
}

/// The ratio is shown, not asserted: what else the machine does is in it.
#[test]
fn an_unknown_address_costs_what_a_known_one_costs() {
    let site = Site::new(Engine::Sqlite, TAKES);
    for n in 0..20 {
        site.verified(&format!("user{n}"), &format!("user{n}@example.org"), n);
    }
    let timed = |name: &str, from: u8| {
        let mut times: Vec<Duration> = Vec::new();
        for n in 0..20_u8 {
            let asked = Instant::now();
            site.forgot(&format!("{name}{n}@example.org"), from + n);
            times.push(asked.elapsed());
        }
        times.sort();
        times[10]
    };
    let (known, unknown) = (timed("user", 100), timed("nobody", 130));
    println!(
        "median of a known address {known:?}, of an unknown one {unknown:?}: {:.2}",
        known.as_secs_f64() / unknown.as_secs_f64()
    );
    site.mail(19);
    sleep(SILENCE);
    assert_eq!(site.mails().len(), 20);
    assert_eq!(
        site.server.store().one("SELECT COUNT(*) FROM codes WHERE owner = 0", &[], |row| row.get::<i64>(0)).unwrap(),
        Some(0)
    );
}

#[test]
fn a_mailer_that_hangs_delays_no_request_and_is_told() {
    let site = Site::new(Engine::Sqlite, HANGS);
    site.verified("dora", "dora@example.org", 1);
    for n in 0..3 {
        let asked = Instant::now();
        site.forgot("dora@example.org", 10 + n);
        assert!(asked.elapsed() < PROMPT, "{:?}", asked.elapsed());
    }
    let failing = || {
        site.server.store().one("SELECT value FROM facts WHERE name = 'mail_failing'", &[], |row| row.get::<String>(0)).unwrap()
    };
    let end = Instant::now() + PATIENCE;
    while failing().is_none() {
        assert!(Instant::now() < end, "{}", site.server.log());
        sleep(NAP);
    }
    assert!(failing().unwrap().ends_with("sendmail did not end within 8 s") && site.mails().is_empty(), "{:?}", failing());
    assert!(!site.server.log().contains("dora@"), "{}", site.server.log());
}

#[test]
fn the_operator_tries_a_mail_and_is_told_what_is_missing() {
    let site = Site::new(Engine::Sqlite, TAKES);
    let program = site.folder.path().join("sendmail");
    let run = |words: &[&str], env: &[(&str, &str)]| {
        let output = site.server.operator(words).envs(env.iter().copied()).output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr))
    };
    let set = [("TANDEM_MAIL_FROM", "no-reply@example.org"), ("TANDEM_MAIL_SENDMAIL", program.to_str().unwrap())];
    let (well, told) = run(&["mail", "test", "you@example.org"], &set);
    assert!(well && told.contains("took it") && site.mail(0).contains("To: you@example.org"), "{told}");
    let (well, told) = run(&["mail", "test", "you@example.org"], &[]);
    assert!(!well && told.contains("mail.from is not set"), "{told}");
    let refused = [set[0], ("TANDEM_MAIL_SMTP", "smtp://127.0.0.1:1")];
    let (well, told) = run(&["mail", "test", "you@example.org"], &refused);
    assert!(!well && told.contains("127.0.0.1:1"), "{told}");
    let (_, told) = run(&["doctor"], &set);
    assert!(told.contains("from no-reply@example.org"), "{told}");
}
