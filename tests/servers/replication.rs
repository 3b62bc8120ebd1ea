//! A MariaDB and a real asynchronous replica of it, which can be made to lag, to stand still and to hang.

use super::mariadb::Mariadb;
use rustix::process::{Pid, Signal, kill_process};
use std::fs;

/// The account by which the replica reads, with no password: both listen on 127.0.0.1 alone.
const ACCOUNT: &str = "follower";

/// A server, and another that follows it.
pub struct Pair {
    /// The one that is written to.
    pub primary: Mariadb,
    /// The one that follows, and refuses writes.
    pub replica: Mariadb,
}

impl Pair {
    /// Starts both. The replica follows from here on: the accounts that both have were made in each.
    pub fn start() -> Pair {
        let options = |more: &[&str]| -> Vec<String> { more.iter().map(|option| (*option).to_owned()).collect() };
        let primary = Mariadb::start(&options(&["--server-id=1", "--log-bin", "--binlog-format=ROW"]));
        let replica = Mariadb::start(&options(&["--server-id=2", "--read-only", "--skip-slave-start"]));
        primary.sql(&format!("CREATE USER {ACCOUNT}@'127.0.0.1'"));
        primary.sql(&format!("GRANT REPLICATION SLAVE ON *.* TO {ACCOUNT}@'127.0.0.1'"));
        let pair = Pair { primary, replica };
        pair.replica.sql(&format!("SET GLOBAL gtid_slave_pos = '{}'", pair.written()));
        pair.replica.sql(&format!(
            "CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = {}, MASTER_USER = '{ACCOUNT}', MASTER_USE_GTID = slave_pos, \
             MASTER_CONNECT_RETRY = 1",
            pair.primary.port
        ));
        pair.replica.sql("START SLAVE");
        pair
    }

    /// A new database in both: its URL, and the replica's.
    pub fn database(&self) -> [String; 2] {
        let url = self.primary.database();
        self.catch_up();
        [url.clone(), self.replica.same(&url)]
    }

    /// How far the primary has written.
    fn written(&self) -> String {
        self.primary.value("SELECT @@GLOBAL.gtid_binlog_pos")
    }

    /// Waits until the replica has everything that the primary has now.
    #[track_caller]
    pub fn catch_up(&self) {
        let waited = format!("SELECT CAST(MASTER_GTID_WAIT('{}', 30) AS CHAR)", self.written());
        assert_eq!(self.replica.value(&waited), "0", "the replica does not follow");
    }

    /// Lets the replica follow so many seconds behind.
    pub fn delay(&self, seconds: u32) {
        self.replica.sql("STOP SLAVE");
        self.replica.sql(&format!("CHANGE MASTER TO MASTER_DELAY = {seconds}"));
        self.replica.sql("START SLAVE");
    }

    /// Lets the replica stand still: it goes on hearing of changes, and carries none out.
    pub fn stand_still(&self) {
        self.replica.sql("STOP SLAVE SQL_THREAD");
    }

    /// Lets it go on.
    pub fn go_on(&self) {
        self.replica.sql("START SLAVE SQL_THREAD");
    }

    /// How many statements programs have asked the replica so far.
    pub fn asked(&self) -> u64 {
        let sql = "SELECT variable_value FROM information_schema.global_status WHERE variable_name = 'COM_STMT_EXECUTE'";
        self.replica.value(sql).parse().unwrap()
    }

    /// The process of the replica: to be stopped, it takes connections, and never says a word.
    pub fn process(&self) -> Pid {
        let file = self.replica.value("SELECT @@pid_file");
        Pid::from_raw(fs::read_to_string(file).unwrap().trim().parse().unwrap()).unwrap()
    }
}

/// Sends a process a signal.
pub fn signal(process: Pid, signal: Signal) {
    kill_process(process, signal).unwrap();
}
