//! An engine of the tests' own: it takes what is published, and says what a connection would hear of it.

use crate::servers::client::Answer;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::{sleep, spawn};
use std::time::{Duration, Instant};
use tandem::faces::realtime::events::{self, Kind};

/// How long what is published may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);
const NAP: Duration = Duration::from_millis(30);

/// A running engine.
pub struct Published {
    /// Where things are published.
    pub port: u16,
    kept: Arc<Mutex<Vec<Value>>>,
}

impl Published {
    /// Starts one; it ends with the test.
    pub fn start() -> Published {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let (port, kept) = (listener.local_addr().unwrap().port(), Arc::<Mutex<Vec<Value>>>::default());
        let keeps = Arc::clone(&kept);
        spawn(move || listener.incoming().flatten().for_each(|stream| take(stream, &keeps)));
        Published { port, kept }
    }

    /// How often connections were closed by a code.
    pub fn closed(&self, code: u16) -> usize {
        let kept = self.kept.lock().unwrap();
        kept.iter().filter(|item| item["formats"]["ws-message"]["code"] == code).count()
    }

    /// By which codes a connection on these channels was told to end.
    pub fn ends(&self, ear: &Ear) -> Vec<u64> {
        let kept = self.kept.lock().unwrap();
        kept.iter().filter(|item| ear.hears(item)).filter_map(|item| item["formats"]["ws-message"]["code"].as_u64()).collect()
    }

    /// What a connection on these channels would be passed, once there is this in it.
    #[track_caller]
    pub fn heard(&self, ear: &Ear, last: &str) -> Vec<Value> {
        let end = Instant::now() + PATIENCE;
        loop {
            let all = self.kept.lock().unwrap().clone();
            if all.iter().any(|item| item.to_string().contains(last)) {
                return all.into_iter().filter(|item| ear.hears(item)).collect();
            }
            assert!(Instant::now() < end, "{last} was not published: {all:?}");
            sleep(NAP);
        }
    }
}

fn take(stream: TcpStream, kept: &Mutex<Vec<Value>>) {
    let mut reader = BufReader::new(stream);
    let (mut line, mut length) = (String::new(), 0);
    while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        line.clear();
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap();
    kept.lock().unwrap().extend(body["items"].as_array().unwrap().iter().cloned());
    let _ = reader.into_inner().write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
}

/// What an engine knows of a connection: what it was ordered to.
#[derive(Debug, Default)]
pub struct Ear {
    channels: Vec<String>,
    user: String,
}

impl Ear {
    /// Of a stream.
    pub fn of_stream(answer: &Answer) -> Ear {
        let channels =
            answer.header("Grip-Channel").unwrap().split(", ").map(|channel| channel.split(';').next().unwrap().to_owned());
        let user = answer.header("Grip-Set-Meta").unwrap().split('"').nth(1).unwrap().to_owned();
        Ear { channels: channels.collect(), user }
    }

    /// Follows the orders of an answer to a socket.
    pub fn obey(&mut self, answer: &str) {
        for order in texts(answer).iter().filter_map(|text| text.strip_prefix("c:")) {
            let order: Value = serde_json::from_str(order).unwrap();
            let channel = order["channel"].as_str().unwrap_or_default().to_owned();
            match order["type"].as_str().unwrap() {
                "subscribe" => self.channels.push(channel),
                "unsubscribe" => self.channels.retain(|known| *known != channel),
                "set-meta" => self.user = order["value"].as_str().unwrap().to_owned(),
                _ => {}
            }
        }
    }

    fn hears(&self, item: &Value) -> bool {
        let is_own = item["meta"]["sender"] == json!(self.user);
        self.channels.iter().any(|channel| item["channel"] == json!(channel)) && !is_own
    }
}

/// The texts of an answer to a socket.
fn texts(answer: &str) -> Vec<String> {
    let events = events::read(answer.as_bytes()).unwrap_or_default();
    let texts = events.into_iter().filter(|event| event.kind == Kind::Text);
    texts.map(|event| String::from_utf8(event.content.to_vec()).unwrap()).collect()
}

/// The messages among them.
pub fn messages(answer: &str) -> Vec<Value> {
    texts(answer).iter().filter(|text| !text.starts_with("c:")).map(|text| serde_json::from_str(text).unwrap()).collect()
}

/// The last of them.
#[track_caller]
pub fn last(answer: &str) -> Value {
    messages(answer).pop().unwrap_or_else(|| panic!("no message in {answer}"))
}
