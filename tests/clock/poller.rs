//! A poller: it follows the feed, adopts `server_time`, and notes everything that it was told.

use super::actor::{Client, Task, instant};
use crate::servers::client::Answer;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::thread::sleep;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The longest pause between two polls, in milliseconds: far more often than a phone, to meet writers in every phase.
const PAUSE: usize = 10;
/// A worker whose clock is further behind than this, in microseconds, has had it set back.
const BEHIND: u128 = 30 * 60 * 1_000_000;

/// One answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Poll {
    /// The cursor that was sent; none the first time.
    pub since: Option<i64>,
    /// The cursor that came back.
    pub server_time: i64,
    pub has_more: bool,
    pub reset: bool,
    pub epoch: String,
    /// Did the worker see its clock set back?
    pub behind: bool,
    pub rows: Vec<Seen>,
    /// Messages by their ids and stamps.
    pub messages: Vec<(String, i64)>,
}

/// A change that was told.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Seen {
    pub kind: String,
    pub id: String,
    pub stamp: i64,
    pub deleted: bool,
    /// The stamp of the object beside it, with `include=objects`.
    pub object: Option<i64>,
}

/// Polls until the writers have ended, and then once more to the end.
pub fn run(task: &Task) {
    let mut client = Client::new(task);
    let mut since: Option<Cursor> = None;
    loop {
        let last = task.folder.join("stop").exists();
        while poll(&mut client, &mut since, last) {}
        if last {
            return;
        }
        let pause = client.random.below(PAUSE);
        sleep(Duration::from_millis(pause as u64));
    }
}

/// What a poll adopts from the one before.
struct Cursor {
    since: String,
    epoch: String,
}

/// One poll; answers whether there is more. The last ones ask for the latest: a node of a cluster may not have it yet.
fn poll(client: &mut Client<'_>, known: &mut Option<Cursor>, last: bool) -> bool {
    let cursor = known.as_ref().map(|known| format!("since={}&epoch={}", known.since, known.epoch)).unwrap_or_default();
    let path = format!("/sync/changes/?{cursor}&{}", client.task.query);
    let request = client.request("GET", &path);
    let (answer, _) = client.send(&if last { request.header("Cache-Control", "no-cache") } else { request });
    let behind = is_behind(&answer);
    let body = answer.expect(200).json();
    let has_more = body["has_more"].as_bool().unwrap();
    let poll = Poll {
        since: known.as_ref().map(|known| instant(&Value::from(known.since.as_str()))),
        server_time: instant(&body["server_time"]),
        has_more,
        reset: body["reset"].as_bool().unwrap(),
        epoch: body["epoch"].as_str().unwrap().to_owned(),
        behind,
        rows: rows(&body["changes"]),
        messages: messages(&body["messages"]),
    };
    *known = Some(Cursor { since: body["server_time"].as_str().unwrap().to_owned(), epoch: poll.epoch.clone() });
    client.note(&poll);
    has_more
}

fn messages(messages: &Value) -> Vec<(String, i64)> {
    let messages = messages.as_array().into_iter().flatten();
    messages.map(|message| (message["id"].as_str().unwrap().to_owned(), instant(&message["stamp"]))).collect()
}

fn rows(changes: &Value) -> Vec<Seen> {
    let lists = changes.as_object().unwrap().iter();
    lists.flat_map(|(kind, list)| list.as_array().unwrap().iter().map(|item| row(kind, item))).collect()
}

fn row(kind: &str, item: &Value) -> Seen {
    Seen {
        kind: kind.to_owned(),
        id: item["id"].as_str().unwrap().to_owned(),
        stamp: instant(&item["updated_at"]),
        deleted: item["deleted"].as_bool().unwrap_or_default(),
        object: item.get("object").map(|object| instant(&object["updated_at"])),
    }
}

/// A request's id begins with the worker's wall clock, in microseconds.
fn is_behind(answer: &Answer) -> bool {
    let id = answer.header("X-Request-Id").unwrap_or_default();
    let worker = id.split('-').next().and_then(|micros| u128::from_str_radix(micros, 16).ok()).unwrap();
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros().saturating_sub(worker) > BEHIND
}
