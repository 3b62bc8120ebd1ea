//! Sockets and streams as an engine in front asks for them: each event is a request. `tests/sockets` has a real engine, and what phones
//! hear through it.

mod engine;
mod heard;
mod said;

use crate::api::Phone;
use crate::api::devices::again;
use crate::push::site as awake;
use crate::servers::client::{Answer, request};
use crate::servers::{Engine, Kind, Options, Server};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use tandem::base::passport::ISSUER;
use tandem::base::time::{SECOND, Timestamp};

const KEY: &str = "a key of these tests of 32 characters or more";

/// The settings of a site whose engine takes nothing that is published.
const SETTINGS: [(&str, &str); 5] = [
    ("TANDEM_GRIP_CONTROL_URL", "http://127.0.0.1:1"),
    ("TANDEM_GRIP_KEY", KEY),
    ("TANDEM_GRIP_PUBLIC_URL", "https://rt.example/api"),
    ("TANDEM_CORS_ORIGINS", "https://app.example"),
    ("TANDEM_LIMITS_REGISTRATIONS", "off"),
];

fn held(engine: Engine) -> Server {
    talking(engine, "5/60")
}

/// The same for a socket that says more.
fn talking(engine: Engine, limit: &str) -> Server {
    site(engine, &[("TANDEM_LIMITS_SOCKET", limit)])
}

/// A site with these settings besides.
fn site(engine: Engine, more: &[(&str, &str)]) -> Server {
    let all = SETTINGS.iter().filter(|(name, _)| !more.iter().any(|(other, _)| name == other)).chain(more);
    let env = all.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Server::start(Kind::LighttpdFastcgi, &Options { engine, workers: 2, env, ..Options::default() })
}

/// What an engine with this key signs.
fn signed(key: &str) -> String {
    // The crate signs by what the product has put in its place.
    tandem::base::token::Keys::new(key.as_bytes());
    let claims = json!({"iss": ISSUER, "exp": Timestamp::now().0 / SECOND + 60});
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &EncodingKey::from_secret(key.as_bytes())).unwrap()
}

/// A connection, as the engine knows it.
struct Socket<'s> {
    server: &'s Server,
    path: &'s str,
    id: &'s str,
    fields: Vec<(&'s str, String)>,
    state: Option<String>,
}

impl<'s> Socket<'s> {
    fn of(server: &'s Server, phone: &Phone, id: &'s str) -> Socket<'s> {
        let fields = vec![("Authorization", format!("Bearer {}", phone.access)), ("Grip-Sig", signed(KEY))];
        Socket { server, path: "/api/ws/mobile/sync/?device_id=phone", id, fields, state: None }
    }

    fn ask(&mut self, body: &str) -> Answer {
        let mut ask =
            request("POST", self.path).header("Content-Type", "application/websocket-events").header("Connection-Id", self.id);
        for (name, value) in &self.fields {
            ask = ask.header(name, value);
        }
        if let Some(state) = &self.state {
            ask = ask.header("Meta-Sync", state);
        }
        let answer = ask.body(body.as_bytes()).send(self.server.port);
        if let Some(state) = answer.header("Set-Meta-Sync") {
            self.state = Some(state.to_owned());
        }
        answer
    }

    /// What is answered to a message.
    #[track_caller]
    fn say(&mut self, message: &Value) -> String {
        let text = message.to_string();
        self.ask(&format!("TEXT {:x}\r\n{text}\r\n", text.len())).expect(200).text()
    }

    #[track_caller]
    fn open(&mut self) -> String {
        self.ask("OPEN\r\n").expect(200).text()
    }
}

/// The events that close a socket by this code.
fn closes(answer: &Answer, code: u16) -> bool {
    answer.status == 200 && answer.body.ends_with(&[&b"CLOSE 2\r\n"[..], &code.to_be_bytes(), b"\r\n"].concat())
}

fn whole_way(engine: Engine) {
    let server = held(engine);
    let (a, b) = Phone::couple(&server);
    let phone = again(&server, &a, &json!({"device_id": "phone"}));
    let about = phone.get("/push/").expect(200).json();
    assert_eq!(about["socket"], "wss://rt.example/api/ws/mobile/sync/");
    assert_eq!(about["stream"], "https://rt.example/api/push/stream/");
    let mut socket = Socket::of(&server, &phone, "one");
    let said = socket.open();
    assert!(said.starts_with("OPEN\r\n") && said.matches("\"type\":\"subscribe\"").count() == 5, "{said}");
    assert!(said.contains("connection_established") && said.contains("\"filters\":[\"skip-self\"]"), "{said}");
    // The token counts at the opening alone, and what the socket remembers is good for this connection alone.
    socket.fields.remove(0);
    assert!(socket.say(&json!({"type": "heartbeat", "client_time": 1})).contains("heartbeat_response"));
    let kept = socket.state.clone();
    let mut other = Socket { id: "two", state: kept.clone(), ..Socket::of(&server, &phone, "two") };
    assert!(closes(&other.ask("TEXT 2\r\n{}\r\n"), 4401));
    // When somebody leaves, the channels are others: nobody hears what is not theirs any more.
    let channels = |text: &str| text.matches("\"type\":\"subscribe\"").count();
    b.post("/couple/leave/", &json!({})).expect(204);
    let said = socket.say(&json!({"type": "heartbeat"}));
    assert!(channels(&said) == 1 && said.matches("\"type\":\"unsubscribe\"").count() == 1, "{said}");
    // What is asked of the API is the API's own answer.
    let said = socket.say(&json!({"type": "request_server_data", "request_id": "r", "since_timestamp": "2020-01-01T00:00:00Z"}));
    assert!(said.contains("server_data_response") && said.contains("\"changes\""), "{said}");
    // A session that ended is closed at its next event.
    phone.post("/auth/logout/", &json!({"refresh": phone.refresh}));
    assert!(closes(&socket.ask("TEXT 2\r\n{}\r\n"), 4401));
    let mut left = Socket::of(&server, &b, "three");
    assert_eq!(left.ask("OPEN\r\n").status, 403, "who is in no couple");
}

#[test]
fn each_event_of_a_socket_is_admitted() {
    whole_way(Engine::Sqlite);
}

#[test]
fn each_event_of_a_socket_is_admitted_over_mariadb() {
    whole_way(Engine::Mariadb);
}

/// What an upload through a socket is answered.
fn uploads(socket: &mut Socket<'_>, members: &Value) -> String {
    let mut message = json!({"type": "sync_data", "sync_id": "s", "idempotency_key": uuid::Uuid::new_v4().to_string()});
    message.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    socket.say(&message)
}

#[test]
fn nothing_is_told_as_synced_that_was_not_taken() {
    let server = talking(Engine::Sqlite, "100/60");
    let (a, _) = Phone::couple(&server);
    let mut socket = Socket::of(&server, &a, "one");
    socket.open();
    socket.say(&json!({"type": "start_sync", "sync_id": "s", "domain": "journal"}));
    let entry = || json!({"mobile_id": uuid::Uuid::new_v4().to_string(), "title": "a day", "content": "…"});
    let record = |title: &str| {
        let data = json!({"jobdesc": title});
        json!({"domain": "task", "mobile_id": uuid::Uuid::new_v4().to_string(), "operation": "CREATE", "version": 0, "data": data})
    };
    for mixed in [
        json!({"data": {"records": [record("one")]}, "payload": {"entries": [entry()]}}),
        json!({"data": {"entries": [entry()]}}),
        json!({"data": {"entries": [entry()], "records": [record("two")]}, "domain": "journal"}),
        json!({"data": {}, "payload": {"entries": [entry()]}}),
        json!({"data": {"anything": [1]}}),
        json!({"data": {}}),
    ] {
        let said = uploads(&mut socket, &mixed);
        assert!(said.contains("VALIDATION_ERROR") && !said.contains("sync_complete"), "{mixed}: {said}");
    }
    let none = a.get("/sync/changes/?kinds=tasks,journal").expect(200).json()["changes"].to_string();
    assert!(!none.contains("\"id\""), "{none}");
    let said = uploads(&mut socket, &json!({"data": {"records": [record("three")]}}));
    assert!(said.contains("sync_complete"), "{said}");
}

#[test]
fn a_socket_tells_as_retryable_what_http_does() {
    let server = held(Engine::Sqlite);
    let (a, _) = Phone::couple(&server);
    let mut socket = Socket::of(&server, &a, "one");
    socket.open();
    socket.say(&json!({"type": "start_sync", "sync_id": "s", "domain": "journal"}));
    let said = uploads(&mut socket, &json!({"data": {"records": [], "epoch": "00000000-0000-8000-8000-000000000000"}}));
    assert!(said.contains("EPOCH_CHANGED") && said.contains("\"retryable\":false"), "{said}");
}

#[test]
fn only_the_engine_is_believed_and_a_stream_is_held_by_it_alone() {
    let server = held(Engine::Sqlite);
    let (a, _) = Phone::couple(&server);
    let phone = again(&server, &a, &json!({"device_id": "phone"}));
    let mut socket = Socket::of(&server, &phone, "one");
    socket.fields[1].1 = signed("another key of 32 characters or more");
    assert_eq!(socket.ask("OPEN\r\n").status, 403);
    socket.fields.pop();
    assert_eq!(socket.ask("OPEN\r\n").status, 403);
    let unheld = phone.get("/push/stream/").expect(501).json();
    assert!(unheld["poll_after"].as_u64() >= Some(1), "{unheld}");
    let held = phone.ask("GET", "/push/stream/").header("Grip-Sig", signed(KEY)).send(server.port).expect(200);
    assert_eq!((held.header("Grip-Hold"), held.header("Content-Type")), (Some("stream"), Some("text/event-stream")));
    let channels = held.header("Grip-Channel").unwrap();
    assert_eq!(channels.matches("; filter=skip-self").count(), 5, "{channels}");
    assert!(held.text().contains("event: connection_established\nid: "), "{}", held.text());
    // What came since, and a poll where that is more than is told one by one.
    let id = held.text().lines().find_map(|line| line.strip_prefix("id: ").map(str::to_owned)).unwrap();
    let since = |id: &str| {
        let ask = phone.ask("GET", "/push/stream/").header("Grip-Sig", signed(KEY)).header("Last-Event-ID", id);
        ask.send(server.port).expect(200).text()
    };
    phone.post("/qna/questions/", &json!({"text": "What made you smile today?"})).expect(201);
    assert!(since(&id).contains("event: data_update\n") && since(&id).contains("\"operation\":\"create\""), "{}", since(&id));
    assert!(since("1999-01-01T00:00:00Z").contains("event: sync_trigger\n"));
    // Nobody else's secret is in what the engine is told.
    assert!(!channels.contains(&phone.id.to_string()) && !channels.contains("phone"));
}

#[test]
fn what_is_too_much_or_no_message_is_answered_and_then_closed() {
    let server = held(Engine::Sqlite);
    let (a, _) = Phone::couple(&server);
    let phone = again(&server, &a, &json!({"device_id": "phone"}));
    let mut socket = Socket::of(&server, &phone, "one");
    socket.fields.push(("Origin", "https://evil.example".to_owned()));
    assert_eq!(socket.ask("OPEN\r\n").status, 403);
    socket.fields.pop();
    assert_eq!(socket.ask("OPEN").status, 415, "no events");
    socket.open();
    assert!(socket.say(&json!({"type": "nonsense"})).contains("UNKNOWN_MESSAGE_TYPE"));
    assert!(socket.say(&json!(["no object"])).contains("INVALID_MESSAGE"));
    let long = "x".repeat(17 * 1024);
    let mut other = Socket::of(&server, &phone, "two");
    other.open();
    assert!(closes(&other.ask(&format!("TEXT {:x}\r\n{long}\r\n", long.len())), 4400));
    (0..4).for_each(|_| drop(socket.say(&json!({"type": "heartbeat"}))));
    assert!(socket.say(&json!({"type": "heartbeat"})).contains("RATE_LIMIT_EXCEEDED"));
    let closed = socket.ask("TEXT 2\r\n{}\r\n");
    assert!(closes(&closed, 4429), "{}", closed.text());
    // A client that closes is answered, and one that is gone leaves nothing.
    let mut third = Socket::of(&server, &phone, "three");
    third.open();
    assert!(closes(&third.ask("CLOSE 2\r\n\u{3}x\r\n"), 1000));
    assert!(third.ask("DISCONNECT\r\n").expect(200).body.is_empty());
}

#[test]
fn without_an_engine_apps_are_told_to_poll() {
    let server = Server::start(Kind::LighttpdFastcgi, &Options { workers: 1, ..Options::default() });
    let (a, _) = Phone::couple(&server);
    let about = a.get("/push/").expect(200).json();
    assert_eq!((&about["socket"], &about["stream"]), (&Value::Null, &Value::Null));
    for (method, path) in [("GET", "/push/stream/"), ("POST", "/ws/mobile/sync/?device_id=phone")] {
        let problem = a.ask(method, path).body("").send(server.port).expect(501).json();
        assert!(problem["code"] == "realtime-unavailable" && problem["poll_after"] == 5, "{problem}");
    }
}

#[test]
fn a_device_that_holds_a_socket_is_not_woken() {
    let site = awake::Site::with(Engine::Sqlite, false, &SETTINGS);
    let (phone, partner) = site.awake("phone", &json!({}));
    let mut socket = Socket::of(&site.server, &phone, "one");
    socket.open();
    awake::ask(&partner);
    site.deliver();
    assert!(site.service.sent("phone").is_empty(), "it was told on its socket");
    socket.ask("DISCONNECT\r\n");
    site.hurry("phone");
    site.deliver();
    assert_eq!(site.sent("phone", 1).len(), 1);
}
