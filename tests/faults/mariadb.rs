//! MariaDB in trouble: crashed, full, read-only, out of connections, cutting connections.

use super::{assert_logged, assert_unavailable, goal, made, options};
use crate::api::Phone;
use crate::servers::mariadb::Mariadb;
use crate::servers::{Kind, Options, Server};
use std::fs;
use std::process::{Child, Command, Stdio};
use std::thread::{scope, sleep};
use std::time::Duration;
use tandem::db::{Address, Db, Value};
use tandem::params;

/// The fewest connections that MariaDB can be limited to.
const CONNECTIONS: usize = 10;

/// The size at which the server of one test is full.
const FULL: &str = "24M";

/// A database server, and the program over it.
struct Place {
    mariadb: Mariadb,
    url: String,
    server: Server,
    phone: Phone,
}

impl Place {
    fn new(settings: &[&str]) -> Place {
        let settings: Vec<String> = settings.iter().map(|&setting| setting.to_owned()).collect();
        let mariadb = Mariadb::start(&settings);
        let url = mariadb.database();
        let mut options: Options = options(2, None);
        options.env.push(("TANDEM_DATABASE_URL".to_owned(), url.clone()));
        let server = Server::start(Kind::LighttpdFastcgi, &options);
        let phone = Phone::single(&server);
        Place { mariadb, url, server, phone }
    }

    fn open(&self) -> tandem::base::error::Result<Db> {
        Db::open(&Address::parse(&self.url).unwrap())
    }

    #[track_caller]
    fn assert_logged(&self, words: &str) {
        assert_logged(&self.server, &self.server.data_dir, words);
    }

    /// Has every goal that was acknowledged.
    #[track_caller]
    fn assert_kept(&self, made: &[String]) {
        let mut db = self.open().unwrap();
        for id in made {
            let found = "SELECT COUNT(*) FROM goals g JOIN changes c ON c.id = g.id AND c.stamp = g.stamp WHERE g.id = ?";
            assert_eq!(db.one(found, params![id], |row| row.get(0)).unwrap(), Some(Value::Int(1)), "{id}");
        }
    }
}

/// A database server that was killed, and how it is started again; it ends when this is dropped.
struct Crashed {
    command: Vec<String>,
    again: Option<Child>,
}

impl Crashed {
    /// Ends the server as a crash does, in the middle of whatever it does.
    fn now(mariadb: &Mariadb) -> Crashed {
        let port = format!("--port={}", mariadb.port);
        let processes = fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| {
            let line = fs::read_to_string(entry.path().join("cmdline")).ok()?;
            let words: Vec<String> = line.trim_end_matches('\0').split('\0').map(str::to_owned).collect();
            Some((entry.file_name(), words))
        });
        let is_it = |words: &[String]| words[0].ends_with("mariadbd") && words.contains(&port);
        let (pid, command) = processes.into_iter().find(|(_, words)| is_it(words)).expect("the server's process");
        super::run(Command::new("kill").arg("-9").arg(pid));
        Crashed { command, again: None }
    }

    fn start_again(&mut self, place: &Place) {
        let mut command = Command::new(&self.command[0]);
        command.args(&self.command[1..]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        self.again = Some(command.spawn().unwrap());
        let answers = (0..600).any(|_| {
            sleep(Duration::from_millis(50));
            place.open().is_ok()
        });
        assert!(answers, "MariaDB does not start again");
    }
}

impl Drop for Crashed {
    fn drop(&mut self) {
        if let Some(child) = &mut self.again {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

#[test]
fn a_server_that_crashes_under_writers_loses_nothing_that_was_acknowledged() {
    let place = Place::new(&[]);
    let (made, mut crashed): (Vec<String>, Crashed) = scope(|scope| {
        let writing = scope.spawn(|| {
            let answers = std::iter::repeat_with(|| goal(&place.phone, "meanwhile")).take_while(|answer| answer.status == 201);
            answers.map(|answer| answer.json()["id"].as_str().unwrap().to_owned()).collect()
        });
        sleep(Duration::from_millis(700));
        let crashed = Crashed::now(&place.mariadb);
        (writing.join().unwrap(), crashed)
    });
    assert!(made.len() > 10, "{}", made.len());
    for answer in [goal(&place.phone, "away"), place.phone.get("/goals/"), place.phone.get("/health/")] {
        assert_unavailable(&answer, 503, "60");
    }
    place.assert_logged("see that the database server runs");
    crashed.start_again(&place);
    goal(&place.phone, "after").expect(201);
    place.assert_kept(&made);
}

#[test]
fn a_server_without_room_is_told_and_costs_nothing_that_was_saved() {
    let file = format!("--innodb-data-file-path=ibdata1:12M:autoextend:max:{FULL}");
    let place = Place::new(&["--innodb-file-per-table=0", &file]);
    let (made, refused) = super::space::fill(&place.phone);
    assert_unavailable(&refused, 507, "60");
    place.assert_logged("free some space or raise the quota");
    place.phone.get(&format!("/goals/{}/", made[0])).expect(200);
    place.assert_kept(&made);
    let mut crashed = Crashed::now(&place.mariadb);
    crashed.command.iter_mut().for_each(|word| *word = word.replace(FULL, "64M"));
    crashed.start_again(&place);
    goal(&place.phone, "there is space again").expect(201);
    place.assert_kept(&made);
}

#[test]
fn a_server_that_takes_no_writes_is_told_and_still_read() {
    let place = Place::new(&[]);
    let before = vec![made(&place.phone)];
    place.mariadb.sql("SET GLOBAL read_only = ON");
    assert_unavailable(&goal(&place.phone, "meanwhile"), 503, "60");
    place.phone.get("/goals/").expect(200);
    place.assert_logged("or to the database server");
    place.mariadb.sql("SET GLOBAL read_only = OFF");
    goal(&place.phone, "after").expect(201);
    place.assert_kept(&before);
}

#[test]
fn a_server_out_of_connections_is_said_to_be_busy() {
    let place = Place::new(&[]);
    let before = vec![made(&place.phone)];
    place.mariadb.sql(&format!("SET GLOBAL max_connections = {CONNECTIONS}"));
    // Those that the program has are cut, so that it must ask for new ones.
    cut(&place);
    let others: Vec<Db> = std::iter::from_fn(|| place.open().ok()).collect();
    assert!(others.len() >= CONNECTIONS, "{}", others.len());
    for _ in 0..3 {
        assert_unavailable(&goal(&place.phone, "meanwhile"), 503, "1");
    }
    place.assert_logged("Too many connections");
    drop(others);
    goal(&place.phone, "after").expect(201);
    place.assert_kept(&before);
}

#[test]
fn connections_that_the_server_cuts_are_not_missed() {
    let place = Place::new(&[]);
    let made: Vec<String> = (0..10)
        .map(|_| {
            cut(&place);
            made(&place.phone)
        })
        .collect();
    place.assert_kept(&made);
}

/// Cuts every connection of the program.
fn cut(place: &Place) {
    place.mariadb.sql("KILL USER tandem@localhost");
    sleep(Duration::from_millis(50));
}
