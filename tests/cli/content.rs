//! Routes, the demonstration couple, and data to measure with.

use super::Home;
use chrono::Days;
use serde_json::Value;
use tandem::base::time::{DAY, Timestamp, date_in};

#[test]
fn every_route_is_listed() {
    let home = Home::new();
    let json = home.json("routes --json");
    let count: usize = tandem::app::FEATURES.iter().map(|feature| feature.routes.len()).sum();
    assert_eq!(json.as_array().unwrap().len(), count);
    let goal = json.as_array().unwrap().iter().find(|r| r["method"] == "POST" && r["path"] == "/goals/").unwrap();
    assert_eq!((&goal["access"], &goal["transaction"], &goal["limit"]), (&"member".into(), &"write".into(), &"requests".into()));
    assert_eq!(home.ok("routes").lines().count(), count + 1);
    assert!(!home.data().exists());
}

#[test]
fn the_description_is_printed_as_the_api_shows_it() {
    let home = Home::new();
    let printed = home.json("openapi");
    assert!(!home.data().exists());
    let (status, shown) = home.call("", "GET", "/api/openapi.json", "");
    assert_eq!((status.as_str(), &shown), ("200", &printed));
}

fn get(home: &Home, token: &Value, path: &str) -> Value {
    let (status, answer) = home.call(token.as_str().unwrap(), "GET", &format!("/api{path}"), "");
    assert_eq!(status, "200", "{path}: {answer}");
    answer
}

#[test]
fn the_demo_is_a_couple_with_a_month_of_content() {
    let home = Home::new();
    let couple = home.json("demo --json");
    let (anna, ben) = (&couple[0]["access"], &couple[1]["access"]);
    let pair = get(&home, anna, "/couple/");
    assert_eq!(pair["couple"]["partner_a"]["username"], "demo-anna");
    assert_eq!(pair["couple"]["partner_b"]["username"], "demo-ben");
    let questions = get(&home, ben, "/qna/questions/");
    assert!(questions["count"].as_i64().unwrap() >= 5);
    assert!(questions["results"].as_array().unwrap().iter().all(|q| q["answers"].as_array().unwrap().len() == 2));
    let goals = get(&home, anna, "/goals/");
    assert!(goals["results"].as_array().unwrap().iter().all(|g| g["actions"].as_array().unwrap().len() == 3));
    let today = date_in(Timestamp::now(), "Europe/Paris");
    let first = today.checked_sub_days(Days::new(29)).unwrap();
    for token in [anna, ben] {
        let days = get(&home, token, &format!("/checkins/?from={first}&to={today}"));
        assert_eq!(days["count"], 30);
    }
    let letters = get(&home, ben, "/letters/");
    assert_eq!(letters["results"][0]["month"], today.to_string()[..7]);
    let body = serde_json::json!({"username": couple[0]["username"], "password": couple[0]["password"]}).to_string();
    assert_eq!(home.call("", "POST", "/api/auth/login/", &body).0, "200");
}

#[test]
fn a_second_demo_has_names_of_its_own() {
    let home = Home::new();
    home.ok("demo");
    let again = home.ok("demo");
    assert!(again.contains("user name  demo-anna-"), "{again}");
    assert_eq!(home.json("user list --json").as_array().unwrap().len(), 4);
}

#[test]
fn bench_data_fills_the_feed_to_the_row() {
    let home = Home::new();
    home.ok("migrate");
    let told = home.ok("bench data --changes 60500");
    let token = Value::from(told.lines().last().unwrap());
    let since = Timestamp::now().plus(-29 * DAY - DAY / 2);
    let (mut seen, mut since) = (0, since.to_string());
    loop {
        let page = get(&home, &token, &format!("/sync/changes/?since={since}&limit=1000"));
        assert_eq!(page["reset"], false);
        seen += page["changes"].as_object().unwrap().values().map(|list| list.as_array().unwrap().len()).sum::<usize>();
        since = page["server_time"].as_str().unwrap().to_owned();
        if page["has_more"] == false {
            break;
        }
    }
    assert_eq!(seen, 60_500);
    assert_eq!(get(&home, &token, "/goals/")["count"], 20);
}
