//! Accounts that a program of 0.3 made: their names come under today's keys, and whoever could sign in still can.

use super::Home;
use crate::servers::mariadb;
use argon2::password_hash::PasswordHasher;
use serde_json::json;
use tandem::db::{Address, Db, Mode, within};
use tandem::params;

const GOOD: &str = "correct horse 9";
/// 가나 in one character each, and in pieces.
const COMPOSED: &str = "가나";
const APART: &str = "\u{1100}\u{1161}\u{1102}\u{1161}";

fn open(home: &Home) -> Db {
    let file = format!("sqlite:{}", home.data().join("tandem.db").display());
    Db::open(&Address::parse(home.env.first().map_or(&file, |(_, url)| url)).unwrap()).unwrap()
}

/// Does the account of this address sign in, and as whom?
fn login(home: &Home, name: &str, password: &str) -> Option<String> {
    let body = json!({"email": name, "password": password}).to_string();
    let (status, answer) = home.call("", "POST", "/api/auth/login/", &body);
    (status == "200").then(|| answer["user"]["username"].as_str().unwrap().to_owned())
}

/// Makes an account and puts it under the keys that 0.3 had.
fn of_old(home: &Home, made: &str, name: &str, email: Option<&str>) {
    home.ok_with(&format!("user create {made} --password-stdin"), &format!("{GOOD}\n"));
    let (name_key, email_key) = (name.to_lowercase(), email.map(str::to_lowercase));
    within(&mut open(home), Mode::Write, |db| {
        let sql = "UPDATE users SET username = ?, username_key = ?, email = ?, email_key = ? WHERE username = ?";
        let email = email.map(str::to_owned);
        db.run(sql, params![name, &name_key, &email, &email_key, made])
    })
    .unwrap();
}

fn names_of_old(home: &Home) {
    of_old(home, "one", APART, None);
    of_old(home, "two", COMPOSED, None);
    of_old(home, "three", "Straße", Some("JOSE\u{301}@x.fr"));
    of_old(home, "four", "plain", Some("plain@x.fr"));
    let told = home.ok("migrate");
    assert!(told.contains("is also that of") && told.contains(COMPOSED), "{told}");
    for (typed, account) in [
        (APART, APART),
        (COMPOSED, COMPOSED),
        ("STRASSE", "Straße"),
        ("straße", "Straße"),
        ("josé@x.fr", "Straße"),
        ("Jose\u{301}@X.fr", "Straße"),
        ("PLAIN", "plain"),
        ("plain@x.fr", "plain"),
    ] {
        assert_eq!(login(home, typed, GOOD).as_deref(), Some(account), "{typed}");
    }
    let again = home.ok("migrate");
    assert!(again.contains("is also that of") && again.contains("nothing to do"), "{again}");
    assert_eq!(home.run(&format!("user create {COMPOSED} --password-stdin")).code, 1);
}

#[test]
fn accounts_of_older_versions_sign_in_by_every_form_of_their_names_and_collisions_are_named() {
    names_of_old(&Home::new());
    names_of_old(&Home { env: vec![("TANDEM_DATABASE_URL", mariadb::database())], ..Home::new() });
}

#[test]
fn a_password_that_was_hashed_as_it_was_sent_is_hashed_anew() {
    let home = Home::new();
    home.ok_with("user create anna --password-stdin", &format!("{GOOD}\n"));
    let apart = "cafe\u{301} secret 7";
    let of_old = argon2::Argon2::default().hash_password_with_salt(apart.as_bytes(), &[7; 16]).unwrap().to_string();
    within(&mut open(&home), Mode::Write, |db| db.run("UPDATE users SET password = ?", params![&of_old])).unwrap();
    assert_eq!(login(&home, "anna", "caf\u{e9} secret 7"), None);
    assert_eq!(login(&home, "anna", apart).as_deref(), Some("anna"));
    for form in ["caf\u{e9} secret 7", apart] {
        assert_eq!(login(&home, "anna", form).as_deref(), Some("anna"), "{form}");
    }
    let kept = open(&home).one("SELECT password FROM users", &[], |row| row.get::<String>(0)).unwrap();
    assert_ne!(kept, Some(of_old));
}
