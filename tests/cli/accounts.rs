//! Accounts: the rules of registration, sessions that end, passwords that are not shown.

use super::{Home, at_terminal};
use serde_json::Value;

const GOOD: &str = "correct horse 9";

fn login(home: &Home, name: &str, password: &str) -> (String, Value) {
    let body = serde_json::json!({"username": name, "password": password});
    home.call("", "POST", "/api/auth/login/", &body.to_string())
}

fn create(home: &Home, rest: &str) {
    home.ok_with(&format!("user create {rest} --password-stdin"), &format!("{GOOD}\n"));
}

#[test]
fn a_created_account_signs_in() {
    let home = Home::new();
    create(&home, "Anna --email anna@example.org --language ko --timezone Asia/Seoul");
    let (status, answer) = login(&home, "anna", GOOD);
    assert_eq!(status, "200", "{answer}");
    let user = &answer["user"];
    assert_eq!(
        (&user["username"], &user["email"], &user["language"], &user["timezone"]),
        (&"Anna".into(), &"anna@example.org".into(), &"ko".into(), &"Asia/Seoul".into())
    );
    let listed = home.json("user list --json");
    assert_eq!((&listed[0]["sessions"], &listed[0]["disabled"]), (&1.into(), &false.into()));
    let table = home.ok("user list");
    assert!(table.lines().next().unwrap().starts_with("id ") && table.contains("anna@example.org"), "{table}");
}

#[test]
fn the_rules_of_registration_hold() {
    let home = Home::new();
    create(&home, "anna --email a@b.fr");
    for (arguments, password, told) in [
        ("ben", "short", "password: "),
        ("ben", "12345678901", "password: "),
        ("ben", "password123", "password: "),
        ("longer-name-9", "longer-name-9", "password: "),
        ("ANNA", GOOD, "username: "),
        ("be/n", GOOD, "username: "),
        ("ben --email A@B.fr", GOOD, "email: "),
        ("ben --email nonsense", GOOD, "email: "),
        ("ben --language de", GOOD, "language: "),
        ("ben --timezone Europe/Atlantis", GOOD, "timezone: "),
    ] {
        let ran = home.run_with(&format!("user create {arguments} --password-stdin"), password);
        assert_eq!(ran.code, 1, "{arguments}");
        assert!(ran.err.contains(told) && !ran.err.contains(password), "{arguments}: {}", ran.err);
    }
    assert_eq!(home.json("user list --json").as_array().unwrap().len(), 1);
}

#[test]
fn a_new_password_ends_the_sessions() {
    let home = Home::new();
    create(&home, "anna");
    let token = login(&home, "anna", GOOD).1["access"].as_str().unwrap().to_owned();
    assert_eq!(home.run_with("user password anna --password-stdin", "anna").code, 1);
    assert_eq!(home.call(&token, "GET", "/api/auth/me/", "").0, "200");
    let told = home.ok_with("user password ANNA --password-stdin", "another horse 9\r\n");
    assert_eq!(told, "anna has a new password; 1 session ended\n");
    assert_eq!(home.call(&token, "GET", "/api/auth/me/", "").0, "401");
    assert_eq!(login(&home, "anna", GOOD).0, "400");
    assert_eq!(login(&home, "anna", "another horse 9").0, "200");
}

#[test]
fn the_password_on_standard_input_is_one_line() {
    let home = Home::new();
    home.ok_with("user create anna --password-stdin", &format!("{GOOD}\nand what a script writes after it\n"));
    assert_eq!(login(&home, "anna", GOOD).0, "200");
}

#[test]
fn a_disabled_account_is_shut_out_until_it_is_enabled() {
    let home = Home::new();
    create(&home, "anna");
    let token = login(&home, "anna", GOOD).1["access"].as_str().unwrap().to_owned();
    assert_eq!(home.ok("user disable anna"), "anna is disabled; 1 session ended\n");
    assert_eq!(home.call(&token, "GET", "/api/auth/me/", "").0, "401");
    assert_eq!(login(&home, "anna", GOOD).0, "400");
    assert_eq!(home.ok("user disable anna"), "nothing to do: anna is disabled\n");
    assert_eq!(home.ok("user enable anna"), "anna is enabled\n");
    assert_eq!(home.call(&token, "GET", "/api/auth/me/", "").0, "401", "the old session does not come back");
    assert_eq!(login(&home, "anna", GOOD).0, "200");
}

#[test]
fn an_account_is_deleted_as_its_owner_would() {
    let home = Home::new();
    create(&home, "anna");
    let token = login(&home, "anna", GOOD).1["access"].as_str().unwrap().to_owned();
    let asked = home.run("user delete anna");
    assert_eq!(asked.code, 1);
    assert!(asked.err.contains("--yes") && login(&home, "anna", GOOD).0 == "200", "{}", asked.err);
    home.ok("user disable anna");
    assert_eq!(home.ok("user delete ANNA --yes"), "deleted anna\n");
    assert_eq!(home.call(&token, "GET", "/api/auth/me/", "").0, "401");
    assert_eq!(login(&home, "anna", GOOD).0, "400");
    let left = home.json("user list --json")[0]["username"].as_str().unwrap().to_owned();
    assert!(left.starts_with("deleted:"), "{left}");
    let again = home.run(&format!("user delete {left} --yes"));
    assert!(again.code == 1 && again.err.contains("deleted before"), "{}", again.err);
    create(&home, "anna");
}

#[test]
fn a_link_is_told_with_its_end_and_never_for_who_is_shut_out() {
    let home = Home::new();
    create(&home, "anna");
    let told = home.ok("user link anna");
    assert!(
        told.starts_with("https://YOUR-ADDRESS/api/reset/#token=ey") && told.contains("good once") && told.contains("site_url"),
        "{told}"
    );
    home.ok("user disable anna");
    let ran = home.run("user link anna");
    assert!(ran.code == 1 && ran.err.contains("user enable"), "{}", ran.err);
}

#[test]
fn an_unknown_name_is_told() {
    let home = Home::new();
    home.ok("migrate");
    for command in ["disable", "enable"] {
        let ran = home.run(&format!("user {command} nobody"));
        assert_eq!(ran.code, 1);
        assert!(ran.err.contains("no account called nobody"), "{}", ran.err);
    }
    assert_eq!(home.run_with("user password nobody --password-stdin", GOOD).code, 1);
    assert!(home.ok("user list").contains("no accounts yet"));
}

#[test]
fn without_a_terminal_the_password_must_be_announced() {
    let ran = Home::new().run_with("user create anna", GOOD);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("--password-stdin"), "{}", ran.err);
}

#[test]
fn at_a_terminal_the_password_is_asked_for_twice_and_never_shown() {
    let home = Home::new();
    let twice = |second| [("Password: ", GOOD), ("The same again: ", second)];
    let (code, shown) = at_terminal(&home, "user create anna", &twice("another horse 9"));
    assert_eq!(code, 1, "{shown}");
    assert!(shown.contains("differ") && !shown.contains("horse"), "{shown}");
    let (code, shown) = at_terminal(&home, "user create anna", &twice(GOOD));
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("The same again: ") && !shown.contains("horse"), "{shown}");
    assert_eq!(login(&home, "anna", GOOD).0, "200");
}
