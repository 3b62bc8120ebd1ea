//! Writers and pollers as processes of their own: this test binary, asked for one test alone, with its task in a file.

use super::{poller, writer};
use crate::servers::client::{Answer, Connection, Request, request};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};
use tandem::base::time::Timestamp;

/// The variable with the path of the task.
const VARIABLE: &str = "CLOCK_TASK";
/// How long an actor repeats a request that a killed worker left without an answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// What an actor is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Role {
    Writer,
    Poller,
}

/// What an actor shall do.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Task {
    pub role: Role,
    /// Its couple: 0 or 1.
    pub couple: usize,
    /// Its own number among all actors.
    pub index: u64,
    pub port: u16,
    /// Its user's id.
    pub user: i64,
    pub token: String,
    /// A poller's parameters besides `since`.
    pub query: String,
    /// A goal that every writer of the couple changes.
    pub shared: String,
    pub seed: u64,
    /// How long a writer writes, unless there is a file `enough` before.
    pub seconds: u64,
    /// Are answers of 500 and more, and none, to be expected?
    pub server_may_fail: bool,
    /// May a cursor go back? It may from one node of a cluster to another.
    pub cursor_may_go_back: bool,
    /// Where its book goes; pollers end when there is a file `stop`.
    pub folder: PathBuf,
}

impl Task {
    /// The file with what the actor saw: a JSON text a line.
    pub fn book(&self) -> PathBuf {
        self.folder.join(format!("{:?}-{}", self.role, self.index))
    }

    /// Reads an actor's book.
    pub fn read_book<T: DeserializeOwned>(&self) -> Vec<T> {
        let text = fs::read_to_string(self.book()).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// The program that the tests start: this test binary, asked for this test alone.
#[test]
#[ignore = "is started by other tests as a program of its own"]
fn program() {
    let Ok(path) = std::env::var(VARIABLE) else { return };
    let task: Task = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    match task.role {
        Role::Writer => writer::run(&task),
        Role::Poller => poller::run(&task),
    }
}

/// A running actor; it ends when this is dropped.
pub struct Actor {
    child: Child,
    said: PathBuf,
}

impl Actor {
    /// Starts an actor.
    pub fn start(task: &Task) -> Actor {
        let (path, said) = (task.book().with_extension("task"), task.book().with_extension("said"));
        fs::write(&path, serde_json::to_vec(task).unwrap()).unwrap();
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "clock::actor::program", "--ignored", "--nocapture", "--test-threads=1"]);
        command.env(VARIABLE, path).stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(&said).unwrap());
        Actor { child: command.spawn().unwrap(), said }
    }

    /// Is it still at work?
    pub fn runs(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Waits for its end; fails with what it said if it failed.
    pub fn finish(mut self) {
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}: {}", fs::read_to_string(&self.said).unwrap_or_default());
    }
}

impl Drop for Actor {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An actor's line to the server, and its book.
pub struct Client<'t> {
    pub task: &'t Task,
    pub random: Random,
    connection: Option<Connection>,
    book: File,
}

impl<'t> Client<'t> {
    pub fn new(task: &'t Task) -> Client<'t> {
        let book = File::create(task.book()).unwrap();
        Client { task, random: Random::new(task.seed), connection: None, book }
    }

    /// A request of this actor; the path is below `/api`.
    pub fn request(&self, method: &str, path: &str) -> Request {
        request(method, &format!("/api{path}")).bearer(&self.task.token)
    }

    /// Sends a request until there is an answer below 500; answers how often it was sent, too.
    pub fn send(&mut self, request: &Request) -> (Answer, u32) {
        let deadline = Instant::now() + PATIENCE;
        for sent in 1.. {
            match self.send_once(request) {
                Ok(answer) if answer.status < 500 => return (answer, sent),
                outcome => {
                    let may_fail = self.task.server_may_fail && Instant::now() < deadline;
                    assert!(may_fail, "{:?}", outcome.map(|answer| (answer.status, answer.text())));
                    self.connection = None;
                    sleep(Duration::from_millis(20));
                }
            }
        }
        unreachable!("sent for ever")
    }

    fn send_once(&mut self, request: &Request) -> io::Result<Answer> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => Connection::open(self.task.port)?,
        };
        let answer = connection.send(request)?;
        // lighttpd closes a connection after many requests, and says so.
        if !answer.header("Connection").is_some_and(|value| value.eq_ignore_ascii_case("close")) {
            self.connection = Some(connection);
        }
        Ok(answer)
    }

    /// Puts a line into the book at once: it is there whatever happens next.
    pub fn note(&mut self, line: &impl Serialize) {
        let line = serde_json::to_string(line).unwrap() + "\n";
        self.book.write_all(line.as_bytes()).unwrap();
    }
}

/// An instant of an answer, in milliseconds.
pub fn instant(value: &serde_json::Value) -> i64 {
    let text = value.as_str().unwrap_or_else(|| panic!("{value} is no instant"));
    Timestamp::parse(text).unwrap_or_else(|| panic!("{text} is no instant")).0
}

/// Random numbers that a seed repeats (SplitMix64).
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    /// A number below this one.
    pub fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((z ^ (z >> 31)) % end as u64).unwrap()
    }
}
