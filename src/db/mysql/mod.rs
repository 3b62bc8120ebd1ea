//! MySQL and MariaDB through the crate `mysql`. The files of this folder alone name that driver.
//!
//! | mode | isolation | why |
//! |---|---|---|
//! | [`Mode::Read`], [`Mode::Recent`] | REPEATABLE READ, WITH CONSISTENT SNAPSHOT | every statement of a poll sees the same instant |
//! | [`Mode::Write`] | READ COMMITTED | a write locks what it builds on first and must then read what others committed while it waited; and it locks no gaps, so that tenants do not wait for each other |
//! | [`Mode::Spare`] | as Write | rows are locked, not the store: who waits for one waits for its writer alone |
//! | [`Mode::Alone`] | REPEATABLE READ | locks gaps: no row comes to a table that was locked whole |
//! | [`Mode::Define`] | none: a definition commits itself | one process at a time, by a named lock; see `define.rs` |
//!
//! A node of a cluster (Galera) has what the others acknowledged a moment later. So every transaction waits for it
//! (`wsrep_sync_wait`) but those of [`Mode::Recent`]. What that costs on three nodes of one machine: a write nothing that
//! could be measured, since it waits for the others at its end anyway; a read 0.02 ms, and 3 ms while others write.
//!
//! A connection that breaks between transactions is opened anew and nothing is lost. One that breaks inside a transaction
//! undoes it, and the caller is told that it may run it again; one that breaks during COMMIT leaves open what happened,
//! and the caller is told that.

mod define;
mod fault;
mod greet;
mod hosts;
mod later;
mod values;

pub use hosts::Hosts;
pub use mysql::Row as Found;
pub use values::value;

use super::sql::list;
use super::{Mode, Param, Upsert};
use crate::base::error::{DbError, DbFault, Error, Result};
use greet::{fits, greet};
use later::Later;
use mysql::Conn;
use mysql::prelude::Queryable;
use std::io::ErrorKind;
use values::bound;

/// How a connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Transaction {
    /// Between transactions.
    Idle,
    /// In one that reads.
    Reading,
    /// In one that writes.
    Open,
    /// In one that the server has undone: a statement would write outside of any.
    Undone,
    /// In [`Mode::Define`].
    Defining,
}

/// A connection to one of several hosts.
pub struct Mysql {
    hosts: Hosts,
    /// The host that answered last.
    host: usize,
    line: Option<Conn>,
    state: Transaction,
    /// Is the host a node of a cluster?
    clustered: bool,
    /// The largest statement that the host takes with its values, in bytes.
    packet: usize,
    /// Does this connection wait long for an answer?
    patient: bool,
    /// What is still to be written in this transaction.
    later: Later,
}

/// Begins to read.
const BEGIN_READ: &str = "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY";
/// Begins to read on a node, which is not to wait; only the beginning of a transaction ever does.
const BEGIN_RECENT: &str = "SET SESSION wsrep_sync_wait = 0; START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY; \
     SET SESSION wsrep_sync_wait = 7";

/// Begins and ends a write. The savepoint is there as long as the transaction is: where the server has undone it and nobody
/// was told (a cluster's node that gives way to another may do so between two statements), it is gone, and the end fails
/// before anything is committed. Without automatic commits, what was written meanwhile goes with it. The same holds for what
/// was found out meanwhile and has the write refused: a request was told 404 because its own row was gone.
const BEGIN_WRITE: &str =
    "SET autocommit = 0; SET TRANSACTION ISOLATION LEVEL READ COMMITTED; START TRANSACTION; SAVEPOINT whole";
const BEGIN_ALONE: &str = "SET autocommit = 0; START TRANSACTION; SAVEPOINT whole";
const COMMIT_WRITE: &str = "RELEASE SAVEPOINT whole; COMMIT; SET autocommit = 1";
const ABANDON_WRITE: &str = "RELEASE SAVEPOINT whole; ROLLBACK; SET autocommit = 1";
const ROLLBACK: &str = "ROLLBACK; SET autocommit = 1";

type Outcome<T> = std::result::Result<T, mysql::Error>;

impl Mysql {
    /// Connects to the first host that lets this account in.
    pub fn open(hosts: &Hosts) -> Result<Mysql> {
        let mut db = Mysql {
            hosts: hosts.clone(),
            host: 0,
            line: None,
            state: Transaction::Idle,
            clustered: false,
            packet: usize::MAX,
            patient: false,
            later: Later::default(),
        };
        db.line()?;
        Ok(db)
    }

    /// The connection, made when there is none.
    fn line(&mut self) -> Result<&mut Conn> {
        if self.line.is_none() {
            self.line = Some(self.connect()?);
        }
        self.line.as_mut().ok_or_else(|| Error::internal("no connection"))
    }

    /// Tries every host once, the last good one first.
    fn connect(&mut self) -> Result<Conn> {
        let mut why = None;
        for _ in 0..self.hosts.len() {
            match greet(self.hosts.options(self.host, self.patient)) {
                Ok((line, server)) => {
                    (self.clustered, self.packet) = (server.clustered, server.packet);
                    return Ok(line);
                }
                Err(error) => why = Some(fault::of(&error)),
            }
            self.host = (self.host + 1) % self.hosts.len();
        }
        Err(why.map_or_else(|| Error::internal("no host"), Error::Db))
    }

    /// Lets go of a connection that broke.
    fn lose(&mut self, error: &mysql::Error) {
        self.line = None;
        if fault::is_apart(error) {
            self.host = (self.host + 1) % self.hosts.len();
        }
    }

    /// Turns what the driver said into what the caller is told, and remembers what it means for the connection.
    fn settle<T>(&mut self, outcome: Outcome<T>) -> Result<T> {
        let error = match outcome {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        let mut said = fault::of(&error);
        if fault::is_lost(&error) {
            self.lose(&error);
            said.kind = DbFault::Retry;
        }
        if said.kind == DbFault::Retry && matches!(self.state, Transaction::Open | Transaction::Reading) {
            self.state = Transaction::Undone;
        }
        Err(Error::Db(said))
    }

    /// Has the server do something, once.
    fn once<T>(&mut self, work: &mut dyn FnMut(&mut Conn) -> Outcome<T>) -> Result<T> {
        self.send_later()?;
        if self.state == Transaction::Undone {
            return Err(Error::Db(DbError { kind: DbFault::Retry, text: "the server has undone the transaction".to_owned() }));
        }
        let outcome = work(self.line()?);
        self.settle(outcome)
    }

    /// Asks the server for what may be asked twice. One that went away between transactions is asked again.
    fn ask<T>(&mut self, work: &mut dyn FnMut(&mut Conn) -> Outcome<T>) -> Result<T> {
        let kept = self.line.is_some();
        match self.once(&mut *work) {
            Err(_) if kept && self.line.is_none() && self.state == Transaction::Idle => self.once(work),
            first => first,
        }
    }

    /// Runs statements without bound values.
    fn tell(&mut self, sql: &str) -> Result<()> {
        self.ask(&mut |line| say(line, sql))
    }

    pub fn begin(&mut self, mode: Mode) -> Result<()> {
        if mode == Mode::Alone {
            // Whole tables take longer than a request.
            self.be_patient();
        }
        match mode {
            Mode::Recent if self.clustered => self.tell(BEGIN_RECENT).inspect_err(|_| self.line = None)?,
            Mode::Read | Mode::Recent => self.tell(BEGIN_READ)?,
            Mode::Write | Mode::Spare => self.tell(BEGIN_WRITE).inspect_err(|_| self.line = None)?,
            Mode::Alone => self.tell(BEGIN_ALONE).inspect_err(|_| self.line = None)?,
            Mode::Define => self.take_turn()?,
        }
        self.state = match mode {
            Mode::Read | Mode::Recent => Transaction::Reading,
            Mode::Write | Mode::Spare | Mode::Alone => Transaction::Open,
            Mode::Define => Transaction::Defining,
        };
        Ok(())
    }

    /// Is the host that answered last a node of a cluster?
    pub fn is_clustered(&self) -> bool {
        self.clustered
    }

    pub fn commit(&mut self) -> Result<()> {
        if self.state == Transaction::Defining {
            return self.end_turn();
        }
        // Apart from its end: a connection that breaks before that has done nothing.
        self.send_later().inspect_err(|_| self.rollback())?;
        let writes = self.state == Transaction::Open;
        let end = if self.state == Transaction::Reading { "COMMIT" } else { COMMIT_WRITE };
        let done = self.once(&mut |line| say(line, end));
        if done.is_ok() {
            self.state = Transaction::Idle;
            return Ok(());
        }
        let broke = writes && self.line.is_none();
        self.rollback();
        match done {
            // What the server did is not known: running the work again might do it twice.
            Err(Error::Db(said)) if broke => {
                let text = format!("the connection broke during COMMIT, and whether it was done is not known: {}", said.text);
                Err(Error::Db(DbError { kind: DbFault::Other, text }))
            }
            other => other,
        }
    }

    pub fn abandon(&mut self) -> Result<()> {
        self.later = Later::default();
        let whole = match self.state {
            Transaction::Open | Transaction::Undone => self.once(&mut |line| say(line, ABANDON_WRITE)),
            Transaction::Idle | Transaction::Reading | Transaction::Defining => Ok(()),
        };
        if self.state == Transaction::Open && whole.is_ok() {
            self.state = Transaction::Idle;
        }
        self.rollback();
        whole
    }

    pub fn rollback(&mut self) {
        let before = std::mem::replace(&mut self.state, Transaction::Idle);
        self.later = Later::default();
        let Some(line) = self.line.as_mut() else { return };
        let ended = match before {
            Transaction::Idle => return,
            Transaction::Defining => self.end_turn().is_ok(),
            Transaction::Reading | Transaction::Open | Transaction::Undone => say(line, ROLLBACK).is_ok(),
        };
        if !ended {
            // Closing undoes it as well.
            self.line = None;
        }
    }

    pub fn each(&mut self, sql: &str, params: &[Param<'_>], visit: &mut dyn FnMut(&Found) -> Result<bool>) -> Result<()> {
        let (mut told, mut begun) = (Ok(true), false);
        self.ask(&mut |line| {
            if begun {
                // Nobody is shown a row twice: what broke in the middle is not asked again.
                return Err(mysql::Error::IoError(ErrorKind::BrokenPipe.into()));
            }
            // To the end, even when the visitor has seen enough: the server may say after any row that it has undone the
            // transaction, and whoever did not hear that would go on outside of it.
            for row in line.exec_iter(sql, bound(params))? {
                let row = row?;
                begun = true;
                if matches!(told, Ok(true)) {
                    told = visit(&row);
                }
            }
            Ok(())
        })?;
        told.map(drop)
    }

    /// Every row of a query with the locks that a write to them would take.
    pub fn each_locked(&mut self, sql: &str, params: &[Param<'_>], visit: &mut dyn FnMut(&Found) -> Result<bool>) -> Result<()> {
        self.each(&format!("{sql} FOR UPDATE"), params, visit)
    }

    pub fn run(&mut self, sql: &str, params: &[Param<'_>]) -> Result<u64> {
        self.require_fit(params)?;
        self.once(&mut |line| Ok(line.exec_iter(sql, bound(params))?.affected_rows()))
    }

    fn require_fit(&self, params: &[Param<'_>]) -> Result<()> {
        if fits(params, self.packet) {
            return Ok(());
        }
        let text = format!("a statement is larger than max_allowed_packet, {} bytes", self.packet);
        Err(Error::Db(DbError { kind: DbFault::TooLarge, text }))
    }

    pub fn put(&mut self, upsert: &Upsert, params: &[Param<'_>]) -> Result<()> {
        self.run(&inserting(upsert), params).map(drop)
    }

    pub fn facts(&mut self) -> Result<Vec<(&'static str, String)>> {
        let sql = "SELECT VERSION(), @@innodb_flush_log_at_trx_commit, @@foreign_key_checks, @@collation_connection, \
                   CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED), @@max_allowed_packet";
        type Facts = (String, i64, i64, String, i64, i64);
        let found: Option<Facts> = self.ask(&mut |line| line.query_first(sql))?;
        let (version, flush, keys, collation, clock, packet) = found.ok_or_else(|| Error::internal("no facts"))?;
        let name = if version.contains("MariaDB") { "MariaDB" } else { "MySQL" };
        Ok(vec![
            ("engine", format!("{name} {version}")),
            (
                "synchronous",
                if flush == 1 { "full".to_owned() } else { format!("off (innodb_flush_log_at_trx_commit = {flush})") },
            ),
            ("foreign keys", if keys == 1 { "on" } else { "off" }.to_owned()),
            ("collation", collation),
            ("clock", clock.to_string()),
            ("packet", packet.to_string()),
        ])
    }

    /// The server, or the node of a cluster, takes no writes from accounts like this one.
    pub fn is_read_only(&mut self) -> Result<bool> {
        // A number; in MariaDB from 12 on a word.
        let found: Option<String> = self.ask(&mut |line| line.query_first("SELECT CAST(@@global.read_only AS CHAR)"))?;
        Ok(found.is_some_and(|said| !["0", "OFF"].contains(&said.as_str())))
    }

    /// What the server says of the tables of this database.
    pub fn size(&mut self) -> Result<Option<u64>> {
        let sql = "SELECT CAST(SUM(data_length + index_length) AS UNSIGNED) FROM information_schema.tables WHERE table_schema = DATABASE()";
        Ok(self.ask(&mut |line| line.query_first::<Option<u64>, _>(sql))?.flatten())
    }

    pub fn check(&mut self) -> Result<Vec<String>> {
        self.be_patient();
        let tables = self.tables()?.join(", ");
        type Said = (String, String, String, String);
        let said: Vec<Said> = self.ask(&mut |line| line.query(format!("CHECK TABLE {tables}")))?;
        let faults = said.into_iter().filter(|(_, _, kind, text)| !(kind == "note" || kind == "status" && text == "OK"));
        Ok(faults.map(|(table, _, kind, text)| format!("{table}: {kind}: {text}")).collect())
    }

    /// From here on answers may take long: between transactions only.
    fn be_patient(&mut self) {
        if !self.patient {
            (self.patient, self.line) = (true, None);
        }
    }
}

/// The insertion of a row, or of its values where its key is there.
fn inserting(upsert: &Upsert) -> String {
    let mut sql = upsert.insertion();
    sql.push_str(" ON DUPLICATE KEY UPDATE ");
    list(&mut sql, upsert.set.iter(), |sql, column| sql.extend([*column, " = VALUES(", column, ")"]));
    sql
}

/// Runs statements without bound values, several at once.
fn say(line: &mut Conn, sql: &str) -> Outcome<()> {
    hear(line, sql, &mut |_| {})
}

/// As [`say`], with every row that they answer. The driver itself forgets what the server says of any but the first, and
/// of the end of a result.
fn hear(line: &mut Conn, sql: &str, visit: &mut dyn FnMut(Found)) -> Outcome<()> {
    let mut said = line.query_iter(sql)?;
    while let Some(rows) = said.iter() {
        for row in rows {
            visit(row?);
        }
    }
    Ok(())
}
