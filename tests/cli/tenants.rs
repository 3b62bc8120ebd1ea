//! Couples and teams as the operator makes and changes them; the app sees each change at once.

use super::{Home, at_terminal};
use serde_json::{Value, json};

const GOOD: &str = "correct horse 9";

/// A home with these accounts, signed in; their access tokens.
fn home(names: &[&str]) -> (Home, Vec<String>) {
    let home = Home::new();
    let register = |name: &&str| {
        let body = json!({"username": name, "password": GOOD}).to_string();
        let (status, answer) = home.call("", "POST", "/api/auth/register/", &body);
        assert_eq!(status, "201", "{answer}");
        answer["access"].as_str().unwrap().to_owned()
    };
    let tokens = names.iter().map(register).collect();
    (home, tokens)
}

fn team(home: &Home, token: &str) -> (String, Value) {
    home.call(token, "GET", "/api/couple/", "")
}

/// Runs a command that must fail; what it says.
fn fails(home: &Home, line: &str) -> String {
    let ran = home.run(line);
    assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{line}: {ran:?}");
    ran.err
}

#[test]
fn a_team_is_made_and_filled() {
    let (home, tokens) = home(&["anna", "ben"]);
    let made = home.ok("tenant create --kind team --name Nightshift");
    let id = home.json("tenant list --json")[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(made, format!("created the team Nightshift (id {id})\n"));
    assert_eq!(home.ok("tenant add Nightshift ANNA --role admin"), "anna is in the team Nightshift as admin\n");
    assert_eq!(home.ok(&format!("tenant add {id} ben")), "ben is in the team Nightshift as member\n");
    let (status, shown) = team(&home, &tokens[1]);
    assert_eq!((status.as_str(), &shown["team"]["name"]), ("200", &json!("Nightshift")));
    let told = home.json("tenant show Nightshift --json");
    assert_eq!((&told["members"], &told["updated_at"]), (&shown["team"]["members"], &shown["team"]["updated_at"]));
    let table = home.ok("tenant show Nightshift");
    assert!(table.starts_with(&format!("the team Nightshift (id {id}), 2 members of at most 200\n")), "{table}");
    assert!(table.lines().nth(2).unwrap().contains("anna") && table.contains("admin"), "{table}");
    let list = home.ok("tenant list");
    assert!(list.lines().nth(1).unwrap().contains("Nightshift  2 "), "{list}");
    assert_eq!(home.json("tenant list --json")[0]["member_count"], 2);
}

#[test]
fn a_code_lets_many_in() {
    let (home, tokens) = home(&["anna", "ben"]);
    home.ok("tenant create --kind team --name Nightshift");
    let told = home.ok("tenant code Nightshift");
    let code = told.split_whitespace().next().unwrap();
    assert!(told.contains("for everybody") && told.contains("the team Nightshift"), "{told}");
    for token in &tokens {
        let (status, answer) = home.call(token, "POST", "/api/couple/join/", &json!({ "code": code }).to_string());
        assert_eq!(status, "200", "{answer}");
    }
    let invite = home.json("tenant code Nightshift --minutes 10080 --json");
    let at = |name: &str| tandem::base::time::Timestamp::parse(invite[name].as_str().unwrap()).unwrap().0;
    assert_eq!(at("expires_at") - at("created_at"), 7 * 86_400_000);
    assert_eq!(invite["role"], "member");
    let told = home.ok("tenant code Nightshift --role admin");
    assert!(told.contains("works once") && told.ends_with("to join the team Nightshift as admin\n"), "{told}");
    assert_eq!(home.run("tenant code Nightshift --role owner").code, 2);
    for minutes in ["0", "10081", "x"] {
        assert_eq!(home.run(&format!("tenant code Nightshift --minutes {minutes}")).code, 2, "{minutes}");
    }
}

#[test]
fn roles_are_given_and_members_removed() {
    let (home, tokens) = home(&["anna", "ben"]);
    home.ok("tenant create --kind team --name T");
    home.ok("tenant add T anna --role admin");
    home.ok("tenant add T ben");
    assert_eq!(home.ok("tenant role T ben staff"), "ben is now staff in the team T\n");
    let code = home.call(&tokens[1], "POST", "/api/couple/invite/", "{}");
    assert_eq!(code.0, "200", "staff invites: {}", code.1);
    let told = home.ok("tenant role T anna member");
    assert!(told.starts_with("anna is now member in the team T\n") && told.contains("no admin now"), "{told}");
    assert_eq!(home.ok("tenant role T ben admin").lines().count(), 1);
    assert_eq!(home.ok("tenant remove T anna"), "anna is no longer in the team T\n");
    home.ok("tenant add T anna");
    assert!(home.ok("tenant remove T ben").contains("no admin now"));
    assert_eq!(home.ok("tenant remove T anna").lines().count(), 1);
    assert_eq!(team(&home, &tokens[0]).0, "404");
    let back = home.call(&tokens[0], "POST", "/api/couple/join/", &json!({"code": code.1["invite"]["code"]}).to_string());
    assert_eq!(back.0, "400", "a code that she may know has ended");
}

#[test]
fn what_cannot_be_is_told() {
    let (home, _) = home(&["anna", "ben"]);
    assert!(home.ok("tenant list").contains("no couples or teams yet"));
    home.ok("tenant create --kind team --name T");
    home.ok("tenant create --kind couple --name Pair");
    home.ok("tenant add T anna");
    for (line, told) in [
        ("tenant show Nobody", "no couple or team called Nobody"),
        ("tenant add T carl", "no account called carl"),
        ("tenant add Pair anna", "already in a couple or a team"),
        ("tenant add T anna", "already in a couple or a team"),
        ("tenant add Pair ben --role admin", "no roles"),
        ("tenant code Pair --role staff", "no roles"),
        ("tenant remove T ben", "not in the team T"),
        ("tenant role T ben staff", "not in the team T"),
    ] {
        assert!(fails(&home, line).contains(told), "{line}: {}", fails(&home, line));
    }
    home.ok("tenant create --kind team --name T");
    assert!(fails(&home, "tenant show T").contains("2 are called T: give the id"));
    for line in ["tenant create --kind club --name X", "tenant create --kind team", "tenant role T anna owner", "tenant add T"] {
        assert_eq!(home.run(line).code, 2, "{line}");
    }
    let name = "x".repeat(101);
    assert!(fails(&home, &format!("tenant create --kind team --name {name}")).contains("100"));
    assert_eq!(home.json("tenant list --json").as_array().unwrap().len(), 3);
}

#[test]
fn who_is_taken_out_owns_nothing_in_the_team_any_more_and_its_phones_are_told() {
    let (home, tokens) = home(&["anna", "ben"]);
    home.ok("tenant create --kind team --name T");
    home.ok("tenant add T anna --role admin");
    home.ok("tenant add T ben");
    let ben = home.json("tenant show T --json")["members"][1]["id"].clone();
    let made = home.call(&tokens[0], "POST", "/api/goals/", &json!({"title": "Ship", "owner": ben}).to_string()).1;
    let poll = |since: &Value| {
        let uri = format!("/api/sync/changes/?since={}&include=objects", since.as_str().unwrap());
        home.call(&tokens[0], "GET", &uri, "").1
    };
    let before = poll(&json!("2026-01-01"))["server_time"].clone();
    home.ok("tenant remove T ben");
    let told = poll(&before);
    let row = &told["changes"]["goals"][0];
    assert_eq!((&row["id"], &row["object"]["owner"]), (&made["id"], &Value::Null), "{told}");
    assert_eq!(told["changes"]["couple"].as_array().unwrap().len(), 1, "{told}");
    assert_eq!(poll(&told["server_time"])["changes"]["goals"], json!([]));
}

#[test]
fn a_couple_keeps_its_rules() {
    let (home, tokens) = home(&["anna", "ben", "carl"]);
    assert_eq!(home.call(&tokens[0], "POST", "/api/couple/create/", "{}").0, "201");
    let id = home.json("tenant list --json")[0]["id"].as_str().unwrap().to_owned();
    assert!(home.ok(&format!("tenant code {id}")).contains("works once"));
    assert_eq!(home.ok(&format!("tenant add {id} ben")), format!("ben is in the couple {id}\n"));
    let shown = team(&home, &tokens[1]).1;
    assert_eq!(
        (&shown["couple"]["partner_a"]["username"], &shown["couple"]["partner_b"]["username"]),
        (&json!("anna"), &json!("ben"))
    );
    assert!(fails(&home, &format!("tenant add {id} carl")).contains("complete"));
    assert!(fails(&home, &format!("tenant code {id}")).contains("complete"));
    assert!(fails(&home, &format!("tenant role {id} ben admin")).contains("no roles"));
    home.ok(&format!("tenant remove {id} anna"));
    assert_eq!(team(&home, &tokens[1]).1["couple"]["partner_a"]["username"], "ben");
    let told = home.ok(&format!("tenant remove {id} ben"));
    assert!(!told.contains("has ended"), "what a couple was is kept for who left it: {told}");
    assert_eq!(home.call(&tokens[2], "POST", "/api/couple/create/", "{}").0, "201");
    let all = home.json("tenant list --json");
    let own = all.as_array().unwrap().iter().map(|tenant| tenant["id"].as_str().unwrap()).find(|other| *other != id).unwrap();
    assert!(home.ok(&format!("tenant remove {own} carl")).contains("has ended with everything in it"));
    assert_eq!(home.json("tenant list --json").as_array().unwrap().len(), 1);
}

#[test]
fn deleting_asks_first_and_keeps_the_accounts() {
    let (home, tokens) = home(&["anna"]);
    home.ok("tenant create --kind team --name T");
    home.ok("tenant add T anna");
    assert_eq!(home.call(&tokens[0], "POST", "/api/goals/", r#"{"title": "x"}"#).0, "201");
    assert!(fails(&home, "tenant delete T").contains("--yes"));
    let (code, shown) = at_terminal(&home, "tenant delete T", &[("yes: ", "y")]);
    assert_eq!(code, 1, "{shown}");
    assert!(shown.contains("Delete the team T, with 1 member and everything in it? Type yes: "), "{shown}");
    assert_eq!(team(&home, &tokens[0]).0, "200");
    assert_eq!(at_terminal(&home, "tenant delete T", &[("yes: ", "yes")]).0, 0);
    assert_eq!(team(&home, &tokens[0]).0, "404");
    assert_eq!(home.call(&tokens[0], "GET", "/api/goals/", "").1["count"], 0);
    assert_eq!(home.call(&tokens[0], "GET", "/api/auth/me/", "").0, "200");
    home.ok("tenant create --kind team --name T");
    assert_eq!(home.ok("tenant delete T --yes"), "deleted the team T\n");
}
