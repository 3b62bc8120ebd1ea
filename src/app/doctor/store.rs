//! Checks of the database.

use super::{Finding, Level, Patient, SKEW, files};
use crate::app::store::made::{self, Signs};
use crate::app::work::nightly::{self, Starter};
use crate::app::{advice, home, open};
use crate::base::error::{DbError, Error, Result};
use crate::base::text::Language;
use crate::base::time::{HOUR, SECOND, Timestamp};
use crate::db::hints::Sample;
use crate::db::migrate::{self, Standing};
use crate::db::{Address, Db, Journal, Mode, journal_for, on_network};
use crate::domain::auth::keyed;
use crate::domain::health::rules::{self, MIB, OVERDUE, State};
use crate::domain::health::store as health;
use crate::feature::store::{MAINTAINED_AT, fact, put_fact};
use crate::feature::{Backups, Settings};
use std::path::{Path, PathBuf};

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
        if let Some(signs) = made::signs(&loaded.settings, &address) {
            return lost(&signs, &address);
        }
        return Finding::note(format!("{} is not there yet", path.display()), "nothing: the first request makes it");
    }
    let opened = Db::open(&address).and_then(|mut db| Ok((migrate::standing(&mut db)?, db)));
    match opened {
        Err(error) => unusable(&error),
        Ok((Standing::Empty, _)) if let Some(signs) = made::signs(&loaded.settings, &address) => lost(&signs, &address),
        Ok((standing, db)) => {
            patient.db = matches!(standing, Standing::Current | Standing::Ahead(_)).then_some(db);
            let wrong = stands(standing).filter(|finding| finding.level == Level::Problem);
            wrong
                .or_else(|| closed(patient, &address))
                .or_else(|| stands(standing))
                .unwrap_or_else(|| soundness(patient, &address))
        }
    }
}

/// Others can read it, or this account cannot write to it.
fn closed(patient: &mut Patient, address: &Address) -> Option<Finding> {
    let file = address.file().and_then(|path| files::exposed(path).or_else(|| files::locked(path)));
    file.or_else(|| write(patient.db.as_mut()?).err().map(|error| unusable(&error)))
}

/// Writes a row in a transaction that is undone: what only looks at permissions learns too late what else forbids it.
fn write(db: &mut Db) -> Result<()> {
    db.begin(Mode::Write)?;
    let written = put_fact(db, TRIAL, "undone");
    db.rollback();
    written
}

/// The name of the fact that is never there.
const TRIAL: &str = "doctor";

/// What a server refuses, by the number of its error, and what to do.
const REFUSALS: &[(&[&str], &str)] = &[
    (
        &["error 1045", "error 1698"],
        "the server runs and refuses this name or password: cPanel → MySQL Databases → Current Users → Change Password, and write the \
         same into database_url in tandem/tandem.toml; a password of letters and digits only needs no escapes",
    ),
    (
        &["error 1044", "error 1142", "error 1290"],
        "the server lets this user in and refuses the work: cPanel → MySQL Databases → Add User To Database → ALL PRIVILEGES",
    ),
    (&["error 1049"], "the server has no such database: cPanel → MySQL Databases shows the names; correct database_url"),
];

/// What to do about a failure of the database.
fn remedy(fault: &DbError) -> &'static str {
    let refusal = REFUSALS.iter().find(|(numbers, _)| numbers.iter().any(|number| fault.text.contains(number)));
    refusal.map_or_else(|| fault.kind.advice().operator, |(_, todo)| todo)
}

/// A store that is missing although it was made.
fn lost(signs: &Signs, address: &Address) -> Finding {
    let restore = "let a cron job run `tandem restore --latest` once: it puts the newest backup in its place";
    Finding::problem(signs.told(address), format!("{restore}. To begin with an empty one on purpose: {}", signs.by_hand()))
}

fn unusable(error: &Error) -> Finding {
    match error {
        Error::Db(fault) => Finding::problem(fault.text.clone(), remedy(fault)),
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
        Standing::Moved => Some(Finding::problem(
            "moved to another database by `tandem copy --move`",
            "set database_url to that one; or let a cron job run `tandem migrate --unmove`, to go on with this one",
        )),
        Standing::Newer(_) => Some(Finding::problem(advice::describe(standing), advice::UPGRADE)),
        Standing::Ahead(_) => {
            Some(Finding::note(advice::describe(standing), "upload the newer programs again, unless you went back on purpose"))
        }
    }
}

fn soundness(patient: &mut Patient, address: &Address) -> Finding {
    let described = format!("{address}: {}; a row was written and undone", advice::describe(Standing::Current));
    match patient.db.as_mut().filter(|_| patient.full).map(Db::check) {
        None => Finding::ok(described),
        Some(Ok(faults)) if faults.is_empty() => Finding::ok(format!("{described}; read whole, no damage")),
        Some(Ok(faults)) => {
            Finding::problem(format!("damaged: {}", faults.join("; ")), "keep a copy for a rescue, then restore a backup")
        }
        Some(Err(error)) => unusable(&error),
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
    let (settings, file) = placed(patient);
    with_db(patient, |db| {
        let Some(path) = &file else { return server_journal(db) };
        Ok(file_journal(path, settings.journal, &fact_of(db, "journal")?, &fact_of(db, "synchronous")?))
    })
}

/// The settings that hold, and the file that holds the database, if one does.
fn placed(patient: &Patient) -> (Settings, Option<PathBuf>) {
    let settings = patient.loaded.as_ref().ok().map(|loaded| loaded.settings.clone()).unwrap_or_default();
    let address = open::address(&settings).ok();
    let file = address.as_ref().and_then(Address::file).map(Path::to_path_buf);
    (settings, file)
}

fn server_journal(db: &mut Db) -> Result<Finding> {
    let (engine, synchronous) = (fact_of(db, "engine")?, fact_of(db, "synchronous")?);
    let packet = fact_of(db, "packet")?.parse::<u64>().unwrap_or_default();
    Ok(if is_too_old(&engine) {
        Finding::problem(
            format!("{engine} is too old: edits of what others have changed fail"),
            "ask the host for MySQL 8.0 or MariaDB 10.2, or newer; or go to SQLite: `tandem copy --move`, then take database_url away",
        )
    } else if synchronous != "full" {
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

/// Does a server lack questions that go on by their own answers, which came with MySQL 8.0 and MariaDB 10.2?
fn is_too_old(engine: &str) -> bool {
    let (name, version) = engine.split_once(' ').unwrap_or_default();
    // What MariaDB puts before its version for old replicas, and some proxies keep.
    let version = version.strip_prefix("5.5.5-").unwrap_or(version);
    let mut numbers = version.split(|c: char| !c.is_ascii_digit()).map_while(|number| number.parse::<u32>().ok());
    let found = numbers.next().zip(numbers.next());
    found.is_some_and(|found| found < if name == "MySQL" { (8, 0) } else { (10, 2) })
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

/// Whether polls without news are answered without opening the database, and how many of them are. Where there is a write-ahead log, as
/// under FastCGI, opening it costs next to nothing.
pub fn hints(patient: &mut Patient) -> Finding {
    let (settings, Some(path)) = placed(patient) else { return Finding::ok("not used: a server keeps the store") };
    with_db(patient, |db| {
        Ok(match (settings.hints, fact_of(db, "journal")?.as_str(), Sample::beside(&path)) {
            (false, ..) => Finding::ok("switched off: each poll opens the database"),
            (true, "wal", _) => Finding::ok("not used with a write-ahead log"),
            _ if on_network(&path) => Finding::ok("not used on a network file system"),
            (true, _, None) => Finding::ok("no file yet: the next write makes it"),
            (true, _, Some(Sample { polls, hits })) => {
                Finding::ok(format!("on: of {polls} polls that were looked at {hits} did not open the database"))
            }
        })
    })
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

/// Accounts whose names differ in their spelling alone.
pub fn names(patient: &mut Patient) -> Finding {
    with_db(patient, |db| {
        let clashes = keyed::clashes(db)?;
        Ok(if clashes.is_empty() {
            Finding::ok("no two accounts have one")
        } else {
            Finding::note(
                clashes.join("; "),
                "each signs in by its own spelling; `tandem user disable NAME` where one is not wanted",
            )
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

/// How long backups keep what was deleted: without a bound it is told, because who deletes something thinks that it is gone.
pub fn backups(patient: &mut Patient) -> Finding {
    with_db(patient, |db| {
        let kept = Backups::of(db)?;
        let said = kept.message().render(Language::En).into_owned();
        let is_bounded = !kept.made || kept.newest.is_some() || kept.days.is_some();
        Ok(if is_bounded { Finding::ok(said) } else { Finding::note(said, "let a cron job run `tandem backup --days 30`") })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_lacks_what_is_needed_is_too_old() {
        for old in [
            "MySQL 5.7.44-log",
            "MySQL 5.6",
            "MariaDB 10.1.48-MariaDB",
            "MariaDB 5.5.68-MariaDB",
            "MariaDB 5.5.5-10.1.48-MariaDB",
        ] {
            assert!(is_too_old(old), "{old}");
        }
        for new in [
            "MySQL 8.0.36",
            "MySQL 9.1.0",
            "MariaDB 10.2.44-MariaDB",
            "MariaDB 5.5.5-10.11.6-MariaDB",
            "MariaDB 12.0.2",
            "SQLite",
            "",
        ] {
            assert!(!is_too_old(new), "{new}");
        }
    }
}
