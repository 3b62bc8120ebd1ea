//! Checks of the database.

use super::{Finding, Patient, SKEW, files};
use crate::app::work::nightly::{self, Starter};
use crate::app::{advice, home, open};
use crate::base::error::{Error, Result};
use crate::base::time::{HOUR, SECOND, Timestamp};
use crate::db::migrate::{self, Standing};
use crate::db::{Address, Db, Journal, journal_for, on_network};
use crate::domain::health::rules::{self, MIB, OVERDUE, State};
use crate::domain::health::store as health;
use crate::feature::store::{MAINTAINED_AT, fact};
use std::path::Path;

/// MySQL's and MariaDB's usual `max_allowed_packet`, 16 MiB: the largest body and what is noted of it fit.
const PACKET: u64 = 16 * MIB;
/// What to do about a clock.
const NTP: &str = "ask the host to set its clocks (NTP); what is stored stays in order meanwhile";

/// Opens, fits this program, is private and, with `--full`, sound.
pub fn database(patient: &mut Patient) -> Finding {
    let Ok(loaded) = &patient.loaded else { return Finding::skipped("configuration") };
    let address = match open::address(&loaded.settings) {
        Ok(address) => address,
        Err(error) => {
            return Finding::problem(advice::explain(&error), "correct database_url, or take it away: the default is good");
        }
    };
    if let Some(path) = address.file().filter(|path| !path.exists()) {
        return Finding::note(format!("{} is not there yet", path.display()), "nothing: the first request makes it");
    }
    let opened = Db::open(&address).and_then(|mut db| Ok((migrate::standing(&mut db)?, db)));
    match opened {
        Err(error) => unusable(&error),
        Ok((standing, db)) => {
            patient.db = matches!(standing, Standing::Current | Standing::Ahead(_)).then_some(db);
            let wrong = stands(standing).or_else(|| address.file().and_then(files::exposed));
            wrong.unwrap_or_else(|| soundness(patient, &address))
        }
    }
}

fn unusable(error: &Error) -> Finding {
    match error {
        Error::Db(fault) => Finding::problem(fault.text.clone(), fault.kind.advice().operator),
        other => {
            Finding::problem(other.to_string(), "let a cron job run `tandem restore FILE` with the newest of tandem/backups")
        }
    }
}

/// What is to be done about the schema, if anything.
fn stands(standing: Standing) -> Option<Finding> {
    match standing {
        Standing::Current => None,
        Standing::Empty => Some(Finding::note(advice::describe(standing), "nothing: the first request makes it")),
        Standing::Old(_) => {
            Some(Finding::problem(advice::describe(standing), "let a cron job run `tandem backup`, then one `tandem migrate`"))
        }
        Standing::Unfinished => {
            Some(Finding::problem(advice::describe(standing), "set database_url to the database that was copied, meanwhile"))
        }
        Standing::Newer(_) => Some(Finding::problem(advice::describe(standing), advice::UPGRADE)),
        Standing::Ahead(_) => {
            Some(Finding::note(advice::describe(standing), "upload the newer programs again, unless you went back on purpose"))
        }
    }
}

fn soundness(patient: &mut Patient, address: &Address) -> Finding {
    if let Some(Ok(true)) = patient.db.as_mut().map(Db::is_read_only) {
        return Finding::problem(format!("{address} cannot be written"), closed(address));
    }
    let described = format!("{address}: {}", advice::describe(Standing::Current));
    match patient.db.as_mut().filter(|_| patient.full).map(Db::check) {
        None => Finding::ok(described),
        Some(Ok(faults)) if faults.is_empty() => Finding::ok(format!("{described}; read whole, no damage")),
        Some(Ok(faults)) => {
            Finding::problem(format!("damaged: {}", faults.join("; ")), "keep a copy for a rescue, then restore a backup")
        }
        Some(Err(error)) => unusable(&error),
    }
}

/// What to do about a store that takes no writes.
fn closed(address: &Address) -> String {
    match address.file() {
        Some(path) => super::chmod("600", path),
        None => "ask the host why the database server takes no writes (read_only)".to_owned(),
    }
}

/// A fact about the engine, by its name.
fn fact_of(db: &mut Db, name: &str) -> Result<String> {
    Ok(db.facts()?.into_iter().find(|fact| fact.0 == name).map(|fact| fact.1).unwrap_or_default())
}

/// Runs a check that needs the database.
pub fn with_db(patient: &mut Patient, look: impl FnOnce(&mut Db) -> Result<Finding>) -> Finding {
    match &mut patient.db {
        None => Finding::note("not looked at", "nothing until the database is there and fits"),
        Some(db) => look(db).unwrap_or_else(|error| unusable(&error)),
    }
}

/// What is configured, but a rollback journal on network file systems, where WAL's shared memory does not work. A server
/// keeps its own; what counts there is that a commit waits for the disk.
pub fn journal(patient: &mut Patient) -> Finding {
    let settings = patient.loaded.as_ref().ok().map(|loaded| loaded.settings.clone()).unwrap_or_default();
    let address = open::address(&settings).ok();
    let file = address.as_ref().and_then(Address::file);
    with_db(patient, |db| {
        let Some(path) = file else { return server_journal(db) };
        Ok(file_journal(path, settings.journal, &fact_of(db, "journal")?, &fact_of(db, "synchronous")?))
    })
}

fn server_journal(db: &mut Db) -> Result<Finding> {
    let (engine, synchronous) = (fact_of(db, "engine")?, fact_of(db, "synchronous")?);
    let packet = fact_of(db, "packet")?.parse::<u64>().unwrap_or_default();
    Ok(if synchronous != "full" {
        Finding::note(
            format!("{engine}, synchronous is {synchronous}"),
            "ask the host: after a crash the last second's changes may be gone",
        )
    } else if packet < PACKET {
        Finding::note(
            format!("{engine} takes at most {packet} bytes at once (max_allowed_packet)"),
            format!("ask the host for {PACKET}, the usual: larger uploads fail"),
        )
    } else {
        Finding::ok(format!("{engine} keeps it, synchronous {synchronous}, collation {}", fact_of(db, "collation")?))
    })
}

fn file_journal(path: &Path, wanted: Journal, is: &str, synchronous: &str) -> Finding {
    let (should, network) = (journal_for(path, wanted), on_network(path));
    let place = if network { "a network file system" } else { "a local file system" };
    if should.is_some_and(|should| should != is) {
        Finding::problem(
            format!("{is} on {place}, it should be {}", should.unwrap_or_default()),
            "let a cron job run `tandem migrate` once, in a quiet minute: it sets it",
        )
    } else if synchronous != "full" {
        Finding::problem(format!("synchronous is {synchronous}"), "use a program built with SQLite's defaults")
    } else {
        Finding::ok(format!("{is} on {place}, synchronous {synchronous}"))
    }
}

/// Deleting a couple deletes what is in it.
pub fn foreign_keys(patient: &mut Patient) -> Finding {
    with_db(patient, |db| {
        Ok(match fact_of(db, "foreign keys")?.as_str() {
            "on" => Finding::ok("on"),
            other => Finding::problem(other, "use a program built as its Cargo.toml says"),
        })
    })
}

/// The clock beside what the store remembers, and beside the database's own, where it has one.
pub fn clock(patient: &mut Patient) -> Finding {
    with_db(patient, |db| {
        let (now, server) = (Timestamp::now(), fact_of(db, "clock")?.parse::<i64>().ok());
        let (memory, (number, furthest)) = (health::memory(db, now)?, health::clocks_ahead(db, now)?);
        let skew = server.map_or(0, |server| server - now.0);
        Ok(match rules::clock(memory, now) {
            State::Fail => Finding::problem(format!("{now} is before something that the database remembers"), NTP),
            _ if skew.abs() > SKEW => {
                let way = if skew > 0 { "ahead of" } else { "behind" };
                Finding::problem(
                    format!("the database server's clock is {} seconds {way} this machine's", skew.abs() / SECOND),
                    NTP,
                )
            }
            State::Warn => Finding::problem(
                "sessions, codes or accounts were made in the future: a clock was ahead",
                "let a cron job run `tandem maintain` once: each is good for its own length then, counted from now",
            ),
            _ if number > 0 => Finding::note(
                format!("{now}; a clock was ahead: {number} couples or teams have stamps up to {furthest}"),
                "nothing: their stamps go on from there in their order, and phones lose nothing",
            ),
            _ => Finding::ok(format!("{now}{}", if server.is_some() { ", as the database server has it" } else { "" })),
        })
    })
}

/// What to put into the host's page for cron jobs.
pub fn cron() -> String {
    let program = home::operator().map_or_else(|| "tandem".to_owned(), |path| path.display().to_string());
    let fields = "minute 17, hour 3, the other three *";
    format!("let cron do it: cPanel → Cron Jobs → Add New Cron Job: {fields}, command `{program} maintain --quiet`")
}

/// When maintenance was last done, and who does it.
pub fn maintenance(patient: &mut Patient) -> Finding {
    with_db(patient, |db| {
        let last = fact(db, MAINTAINED_AT)?.and_then(|text| Timestamp::parse(&text));
        let since = last.or(migrate::made_at(db)?).unwrap_or_default();
        let by = nightly::starter(db)?;
        let who =
            if by == Starter::Cron { "by `tandem maintain`" } else { "by requests after their answers: cron does not do it" };
        let saw = last.map_or_else(|| "has never run".to_owned(), |at| format!("last ran {}, {who}", ago(at)));
        Ok(match by {
            _ if Timestamp::now().plus(-OVERDUE) > since => Finding::problem(saw, cron()),
            Starter::Cron if last.is_some() => Finding::ok(saw),
            _ => Finding::note(saw, cron()),
        })
    })
}

fn ago(at: Timestamp) -> String {
    match (Timestamp::now().0 - at.0) / HOUR {
        hours if hours < 1 => "within the hour".to_owned(),
        hours if hours < 48 => format!("{hours} hours ago"),
        hours => format!("{} days ago", hours / 24),
    }
}
