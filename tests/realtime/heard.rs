//! What connections hear of what happens, and what of it they are told again when they come back.

use super::engine::{Ear, Published, last};
use super::{KEY, Socket, signed, site};
use crate::api::Phone;
use crate::api::devices::again;
use crate::servers::{Engine, Server};
use serde_json::{Value, json};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Longer than a channel rests between two hints.
const CALM: Duration = Duration::from_millis(1_200);

/// A site whose engine takes what is published.
fn published() -> (Published, Server) {
    let engine = Published::start();
    let control = format!("http://127.0.0.1:{}", engine.port);
    let server = site(Engine::Sqlite, &[("TANDEM_GRIP_CONTROL_URL", &control), ("TANDEM_LIMITS_SOCKET", "off")]);
    (engine, server)
}

/// A phone and a tablet of one person, and their partner.
fn devices(server: &Server) -> (Phone, Phone, Phone) {
    let (a, b) = Phone::couple(server);
    (again(server, &a, &json!({"device_id": "phone"})), again(server, &a, &json!({"device_id": "tablet"})), b)
}

/// Has a phone ask its partner something; the question's id.
fn ask(phone: &Phone) -> String {
    phone.make("/qna/questions/", &json!({"text": "What made you smile today?"}))
}

/// An engine subscribes a connection when it has the answer to its opening: one that is opened just then hears the first time nothing.
#[test]
fn the_end_of_a_session_is_told_once_more() {
    let (engine, server) = published();
    let (_, tablet, _) = devices(&server);
    tablet.post("/auth/logout/", &json!({"refresh": tablet.refresh})).expect(204);
    deliver(&engine, &server, || engine.closed(4401) >= 2);
    deliver(&engine, &server, || closings(&server) == 0);
    assert_eq!(engine.closed(4401), 2, "it is not told for ever");
}

/// Has couriers work until something is so.
#[track_caller]
fn deliver(engine: &Published, server: &Server, done: impl Fn() -> bool) {
    let control = format!("http://127.0.0.1:{}", engine.port);
    let until = Instant::now() + Duration::from_secs(90);
    while !done() {
        assert!(Instant::now() < until, "{}", server.log());
        let mut courier = server.operator(&["courier"]);
        // On a busy machine it may end before its work does: the next one goes on.
        courier.env("TANDEM_GRIP_CONTROL_URL", &control).env("TANDEM_GRIP_KEY", KEY).status().unwrap();
        sleep(CALM / 4);
    }
}

/// How many closings wait.
fn closings(server: &Server) -> i64 {
    let sql = "SELECT COUNT(*) FROM shelf WHERE kind = 'closing'";
    server.store().one(sql, &[], |row| row.get(0)).unwrap().unwrap()
}

/// Whoever hears of a couple as it was comes back, even one that was opened just as it changed; whoever came back is left alone.
#[test]
fn what_was_opened_while_another_joined_or_left_comes_back() {
    let (engine, server) = published();
    let (a, b) = (Phone::single(&server), Phone::register(&server));
    let ears = |phone: &Phone| {
        let wishes =
            [json!({}), json!({"domains": ["goals"]}), json!({"priority_filter": "critical"}), json!({"battery_saver": true})];
        let ears = wishes.map(|wishes| {
            let mut whole = json!({"device_id": "phone"});
            whole.as_object_mut().unwrap().extend(wishes.as_object().unwrap().clone());
            phone.post("/push/subscriptions/", &whole).expect_one_of(&[200, 201]);
            Stream::open(&server, phone, "").ear
        });
        phone.post("/push/subscriptions/", &json!({"device_id": "phone"})).expect(200);
        ears
    };
    let ends = |ears: &[Ear; 4]| ears.each_ref().map(|ear| engine.ends(ear));
    let alone = ears(&a);
    let code = a.post("/couple/invite/", &json!({})).expect(200).json()["invite"]["code"].clone();
    b.post("/couple/join/", &json!({"code": code})).expect(200);
    let (both, partner) = (ears(&a), ears(&b));
    deliver(&engine, &server, || closings(&server) == 0);
    assert_eq!(ends(&alone), [const { [1012; 2] }; 4].map(Vec::from), "at once and once more");
    assert_eq!((ends(&both), ends(&partner)), Default::default(), "who hears of both of them is left alone");
    b.post("/couple/leave/", &json!({})).expect(204);
    deliver(&engine, &server, || closings(&server) == 0);
    assert_eq!(ends(&both), [const { [1012; 2] }; 4].map(Vec::from));
    assert_eq!(ends(&partner), [const { [4403, 1012, 1012] }; 4].map(Vec::from), "who left hears that first");
}

/// A write that follows another one within a second is told by the courier, to the writer's other devices as theirs.
#[test]
fn what_was_held_back_is_heard_by_ones_other_devices_as_their_own() {
    let (engine, server) = published();
    let (phone, tablet, partner) = devices(&server);
    let mut socket = Socket { path: "/api/ws/mobile/sync/?device_id=tablet", ..Socket::of(&server, &tablet, "one") };
    let (mut ear, mut own) = (Ear::default(), Ear::default());
    ear.obey(&socket.open());
    ear.obey(&socket.say(&json!({"type": "subscribe_events", "event_types": ["sync_from_device"]})));
    own.obey(&Socket { path: "/api/ws/mobile/sync/?device_id=phone", ..Socket::of(&server, &phone, "two") }.open());
    // What was held back of their becoming a couple is told first.
    deliver(&engine, &server, || !server.data_dir.join("hints-owed").exists());
    sleep(CALM);
    let asked = [&phone, &partner, &phone].map(ask);
    let told = |ear: &Ear, id: &str| events(&engine.heard(ear, &asked[0]), id);
    deliver(&engine, &server, || !told(&ear, &asked[2]).is_empty());
    assert_eq!(told(&ear, &asked[1]), Vec::<String>::new(), "the partner's");
    assert_eq!(told(&ear, &asked[0]), ["sync_from_device"]);
    assert_eq!(told(&ear, &asked[2]), ["sync_from_device"], "one's own alone");
    assert_eq!(told(&own, &asked[2]), Vec::<String>::new());
}

/// The update of a published item.
fn update(item: &Value) -> Value {
    serde_json::from_str(item["formats"]["ws-message"]["content"].as_str().unwrap_or("{}")).unwrap()
}

/// Which events tell of an object.
fn events(heard: &[Value], id: &str) -> Vec<String> {
    let about = heard.iter().map(update).filter(|update| update.to_string().contains(id));
    about.map(|update| update["event"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn what_ones_other_devices_do_is_heard_as_its_device_wants_it() {
    let (engine, server) = published();
    let (phone, tablet, _) = devices(&server);
    let mut socket = Socket { path: "/api/ws/mobile/sync/?device_id=tablet", ..Socket::of(&server, &tablet, "one") };
    let mut ear = Ear::default();
    ear.obey(&socket.open());
    let mut hear = |socket: &mut Socket<'_>, message: &Value| {
        let said = socket.say(message);
        ear.obey(&said);
        sleep(CALM);
        let asked = ask(&phone);
        (said, events(&engine.heard(&ear, &asked), &asked))
    };
    let always = ["sync_trigger", "conflict_alert", "system"];
    let chosen =
        |events: &[&str], domains: &[&str]| json!({"type": "subscribe_events", "event_types": events, "domains": domains});
    for (choice, heard, named) in [
        (chosen(&[], &[]), vec!["data_update", "sync_from_device"], vec![]),
        (chosen(&["data_update"], &[]), vec!["data_update"], vec![]),
        (chosen(&["sync_from_device"], &["question"]), vec!["sync_from_device"], vec!["qna_questions"]),
        (chosen(&["all"], &["questions", "goal"]), vec!["data_update", "sync_from_device"], vec!["goals", "qna_questions"]),
        (chosen(&["conflict_alert"], &[]), vec![], vec![]),
    ] {
        let (said, mut told) = hear(&mut socket, &choice);
        let confirmed = last(&said);
        let wanted: Vec<&str> = heard.iter().copied().chain(always).collect();
        assert_eq!((&confirmed["subscribed_events"], &confirmed["domains"]), (&json!(wanted), &json!(named)), "{choice}");
        told.sort();
        assert_eq!(told, heard, "{choice}");
    }
    let (_, told) = hear(&mut socket, &chosen(&[], &["goals"]));
    assert!(told.is_empty(), "{told:?}");
    // Of many domains, what the other devices do is heard as what happens in the couple is, and that is said.
    let kinds = server_kinds(&mut socket);
    let (said, told) = hear(&mut socket, &chosen(&[], &kinds.iter().map(String::as_str).collect::<Vec<_>>()));
    assert!(kinds.len() > 8 && last(&said)["subscribed_events"][1] == "sync_trigger", "{said}");
    assert_eq!(told, ["data_update"]);
    // Who saves their battery hears of it rarely, by the courier.
    hear(&mut socket, &json!({"type": "device_status", "battery_saver": true}));
    let (said, told) = hear(&mut socket, &chosen(&[], &[]));
    assert!(told.is_empty() && last(&said)["subscribed_events"][1] == "sync_trigger", "{said}");
    tablet.post("/push/subscriptions/", &json!({"device_id": "tablet", "priority_filter": "critical"})).expect(200);
    let (said, told) = hear(&mut socket, &chosen(&[], &[]));
    assert!(told.is_empty() && last(&said)["subscribed_events"] == json!(always), "{said}");
}

/// The names of kinds, as a sync is told them.
fn server_kinds(socket: &mut Socket<'_>) -> Vec<String> {
    let begun = last(&socket.say(&json!({"type": "start_sync", "domain": "journal"})));
    let kinds = begun["session_info"]["supported_data_types"].as_array().unwrap();
    kinds.iter().take(16).map(|kind| kind.as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_device_that_its_session_is_bound_to_later_hears_nothing_of_its_own() {
    let (engine, server) = published();
    let (a, _) = Phone::couple(&server);
    let mut socket = Socket::of(&server, &a, "one");
    let mut ear = Ear::default();
    ear.obey(&socket.open());
    a.put("/devices/phone/", &json!({"type": "phone"})).expect(201);
    ear.obey(&socket.say(&json!({"type": "heartbeat"})));
    sleep(CALM);
    let asked = ask(&a);
    assert_eq!(events(&engine.heard(&ear, &asked), &asked), Vec::<String>::new());
}

/// A stream, followed as browsers do: it comes back with the last id that it was told.
struct Stream<'s> {
    server: &'s Server,
    phone: &'s Phone,
    ear: Ear,
    text: String,
    id: String,
}

impl<'s> Stream<'s> {
    fn open(server: &'s Server, phone: &'s Phone, id: &str) -> Stream<'s> {
        let ask = phone.ask("GET", "/push/stream/").header("Grip-Sig", signed(KEY)).header("Accept-Encoding", "gzip");
        let ask = ask.header("If-None-Match", "*");
        let answer = if id.is_empty() { ask } else { ask.header("Last-Event-ID", id) }.send(server.port).expect(200);
        // What follows comes as it is, and what began it is nobody's copy.
        assert!(answer.header("ETag").is_none() && answer.header("Content-Encoding").is_none(), "{:?}", answer.headers);
        let mut stream = Stream { server, phone, ear: Ear::of_stream(&answer), text: answer.text(), id: id.to_owned() };
        stream.follow(&stream.text.clone());
        stream
    }

    fn follow(&mut self, events: &str) {
        if let Some(id) = events.lines().rev().find_map(|line| line.strip_prefix("id: ")) {
            id.clone_into(&mut self.id);
        }
    }

    fn hear(&mut self, engine: &Published, last: &str) {
        for item in engine.heard(&self.ear, last) {
            self.follow(item["formats"]["http-stream"]["content"].as_str().unwrap_or_default());
        }
    }

    fn again(&self) -> Stream<'s> {
        Stream::open(self.server, self.phone, &self.id)
    }
}

#[test]
fn a_stream_that_comes_back_is_told_of_what_was_held_back() {
    let (engine, server) = published();
    let (phone, tablet, partner) = devices(&server);
    let mut stream = Stream::open(&server, &phone, "");
    sleep(CALM);
    ask(&partner);
    // The second in a second is held back; a message is not.
    let held: Vec<String> = (0..12).map(|_| ask(&partner)).collect();
    let sent = tablet.post("/push/send/", &json!({"to": {"user_id": tablet.id}, "type": "sync_trigger"})).expect(201).json();
    stream.hear(&engine, sent["id"].as_str().unwrap());
    let back = stream.again();
    assert!(back.text.len() > 1_024 && held.iter().all(|id| back.text.contains(id)), "{}", back.text);
    // One that ends within what it is told is told of it again.
    let cut = back.text.len() / 2;
    stream.follow(&back.text[..cut]);
    assert!(held.iter().all(|id| stream.again().text.contains(id)), "{}", stream.again().text);
    assert!(back.again().text.matches("event: ").count() == 1, "{}", back.again().text);
}

#[test]
fn a_stream_that_comes_back_is_told_of_what_its_device_wants() {
    let (_engine, server) = published();
    let (phone, _, partner) = devices(&server);
    let stream = Stream::open(&server, &phone, "");
    let asked = ask(&partner);
    let told = |wishes: &Value| {
        let whole = json!({"device_id": "phone", "domains": ["all"], "priority_filter": "all", "battery_saver": false});
        let mut wished = whole.as_object().unwrap().clone();
        wished.extend(wishes.as_object().unwrap().clone());
        phone.post("/push/subscriptions/", &Value::Object(wished)).expect_one_of(&[200, 201]);
        let text = stream.again().text;
        assert!(text.contains("connection_established"), "{text}");
        text.contains(&asked)
    };
    assert!(told(&json!({})) && told(&json!({"domains": ["qna_questions"], "priority_filter": "high"})));
    assert!(told(&json!({"battery_saver": true})));
    assert!(!told(&json!({"domains": ["goals"]})) && !told(&json!({"priority_filter": "critical"})));
}
