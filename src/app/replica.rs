//! A replica: a server that follows the database and may lag behind it. Polls are read there as long as it answers.
//!
//! It is asked first, and the database itself where it has nothing to say: where the request does not go on from what the
//! caller knows ([`Route::replica`](crate::feature::Route)), where the replica does not know the caller (yet), where it
//! has another schema, and where it fails. So no refusal ever comes from a replica, and none of its failures is told.
//!
//! That callers are admitted there is sound: its snapshot is a state in which the database once was. Whoever has been
//! shut out since is shown nothing that was written after that, and no longer than their access token is good.

use super::open::{fits, replica};
use crate::base::error::{Error, Result};
use crate::base::mark::Mark;
use crate::base::time::{SECOND, Timestamp};
use crate::db::Db;
use crate::feature::Settings;
use crate::http::Response;

/// The name of a file in the data folder that is there while the replica is left alone. It is shared by all processes: as
/// CGI each lives for one request.
const FILE: &str = "replica-rests";
/// How long a replica that failed is left alone, in milliseconds: then one process pays for the next try, and the others do not.
const REST: i64 = 10 * SECOND;

/// What went wrong at a replica, without the advice that is meant for the database itself.
pub fn words(error: &Error) -> String {
    match error {
        Error::Db(fault) => fault.text.clone(),
        other => other.to_string(),
    }
}

/// The connection to the replica, opened when it is needed.
#[derive(Default)]
pub struct Replica {
    db: Option<Db>,
}

impl Replica {
    /// Lets go of the connection.
    pub fn leave(&mut self) -> Option<Db> {
        self.db.take()
    }

    /// What the replica says; nothing where the database itself is to be asked.
    pub fn ask(&mut self, settings: &Settings, work: impl FnOnce(&mut Db) -> Result<Option<Response>>) -> Option<Response> {
        settings.read_url.as_ref()?;
        let mark = Mark::of(&settings.data, FILE);
        let state = rest(&mark);
        if state == Rest::Resting {
            return None;
        }
        match self.connection(settings).and_then(work) {
            Err(error) if !matches!(error, Error::Refused(_)) => {
                self.db = None;
                fails(&mark, &error);
                None
            }
            answer => {
                answers(&mark, state);
                answer.ok().flatten()
            }
        }
    }

    fn connection(&mut self, settings: &Settings) -> Result<&mut Db> {
        if self.db.is_none() {
            let address = replica(settings)?.ok_or_else(|| Error::internal("no replica"))?;
            let mut db = Db::open(&address)?;
            fits(&mut db)?;
            self.db = Some(db);
        }
        self.db.as_mut().ok_or_else(|| Error::internal("no connection"))
    }
}

/// How a replica stands with this site's processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rest {
    /// Polls are read from it.
    Awake,
    /// It failed, and is left alone.
    Resting,
    /// It has rested, and this process tries it.
    Trying,
}

/// How it stands. A rest that is over is begun anew before the replica is tried, so that the others wait for the outcome.
fn rest(mark: &Mark) -> Rest {
    let Some(since) = mark.get() else { return Rest::Awake };
    let now = Timestamp::now();
    if since <= now && now < since.plus(REST) {
        return Rest::Resting;
    }
    // Where the file cannot be written, each process tries by itself.
    let _ = mark.renew(now);
    Rest::Trying
}

/// The replica failed. One of the processes that notice says so.
fn fails(mark: &Mark, error: &Error) {
    if mark.add(Timestamp::now()).is_ok() {
        let (why, seconds) = (words(error), REST / SECOND);
        log::warn!("replica: {why}: polls are read from the database itself; it is tried again every {seconds} s");
    } else {
        // Another has said so; or the file cannot be written, as above.
        let _ = mark.renew(Timestamp::now());
    }
}

/// It answers again.
fn answers(mark: &Mark, state: Rest) {
    if state == Rest::Trying && mark.lift() {
        log::warn!("replica: answers again");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(database: &str, replica: &str) -> Settings {
        Settings { database_url: database.into(), read_url: Some(replica.into()), ..Settings::default() }
    }

    #[test]
    fn only_a_server_has_replicas() {
        let server = "mysql://a:hush@db.example/x";
        for (database, copy) in [("sqlite:/x.db", server), (server, "sqlite:/x.db"), ("sqlite:/x.db", "sqlite:/y.db")] {
            let said = replica(&settings(database, copy)).err().unwrap().to_string();
            assert!(said.starts_with("read_url: SQLite has no replicas"), "{said}");
        }
        let said = replica(&settings(server, "mysql://hush")).err().unwrap().to_string();
        assert!(said.starts_with("read_url: ") && !said.contains("hush"), "{said}");
        assert_eq!(replica(&settings(server, server)).unwrap().unwrap().to_string(), "mysql://a@db.example/x");
        assert!(replica(&Settings::default()).unwrap().is_none());
    }

    #[test]
    fn one_process_tries_a_replica_that_has_rested() {
        let folder = tempfile::tempdir().unwrap();
        let mark = Mark::of(folder.path(), FILE);
        assert_eq!(rest(&mark), Rest::Awake);
        fails(&mark, &Error::internal("gone"));
        assert_eq!(rest(&mark), Rest::Resting);
        mark.renew(Timestamp::now().plus(-REST)).unwrap();
        assert_eq!([rest(&mark), rest(&mark)], [Rest::Trying, Rest::Resting]);
        answers(&mark, Rest::Resting);
        assert_eq!(rest(&mark), Rest::Resting);
        answers(&mark, Rest::Trying);
        assert_eq!(rest(&mark), Rest::Awake);
    }

    /// A clock that was set back does not prolong the rest.
    #[test]
    fn a_rest_in_the_future_is_over() {
        let folder = tempfile::tempdir().unwrap();
        let mark = Mark::of(folder.path(), FILE);
        fails(&mark, &Error::internal("gone"));
        mark.renew(Timestamp::now().plus(360 * REST)).unwrap();
        assert_eq!(rest(&mark), Rest::Trying);
    }
}
