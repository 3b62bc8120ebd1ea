//! Are devices woken?

use super::{FILE, Finding, Patient};
use crate::app::work::marks::Marks;
use crate::app::{advice, open};
use crate::base::error::Result;
use crate::base::time::{MINUTE, Timestamp};
use crate::db::Db;
use crate::domain::push::key::{self, Key};
use crate::domain::push::subscriptions::store::{self, Standing};
use crate::feature::{Push, Settings, Starts};

/// What to do where the courier comes too seldom.
const CRON: &str = "where requests cannot start it, let cron run `tandem courier` every minute";
/// How late a wake-up may be, in milliseconds, before it is told.
const LATE: i64 = 5 * MINUTE;

/// Somebody is named, the key can be opened, no push service refuses it, and the courier comes.
pub fn push(patient: &mut Patient) -> Finding {
    let Ok(loaded) = &patient.loaded else { return Finding::skipped("configuration") };
    let settings = &loaded.settings;
    let Some(contact) = settings.push.sender() else { return without(&settings.push) };
    let (Some(db), Some(secret)) = (patient.db.as_mut(), open::secret_there(loaded)) else { return Finding::skipped("database") };
    match look(db, &secret) {
        Err(error) => {
            Finding::problem(format!("the subscriptions cannot be read: {error}"), "solve the problem of the database first")
        }
        Ok((Key::Sealed, _)) => Finding::problem(
            "no device is woken: the key by which push services know this site was sealed by another secret",
            "put the former tandem/data/secret back, or `tandem push key --new`, with which all subscriptions end and apps subscribe anew",
        ),
        Ok((_, refused)) if refused > 0 => Finding::problem(
            format!(
                "push services refuse {refused} of the subscriptions: they do not take this site's key or its contact {contact}"
            ),
            format!("`tandem push list` shows which; see whether push.contact is an address of yours that exists: {FILE}"),
        ),
        Ok(_) => late(settings, db).unwrap_or_else(|| well(settings, contact)),
    }
}

fn look(db: &mut Db, secret: &[u8]) -> Result<(Key, i64)> {
    Ok((key::find(db, secret)?, store::suspended(db)?))
}

fn without(push: &Push) -> Finding {
    if push.courier == Starts::Off {
        return Finding::note(
            "no device is woken: push.courier is off",
            format!("push.courier = \"auto\" has them woken: {FILE}"),
        );
    }
    let todo = format!(
        "push.contact is not set. {FILE}, write [push] and below it contact = \"mailto:you@YOUR-DOMAIN\", an address that push services \
         can write to; then apps subscribe, and `tandem push test USER` tries it"
    );
    Finding::note("no device is woken: apps only poll", todo)
}

/// Wake-ups that wait for a courier, or whose last courier came late.
fn late(settings: &Settings, db: &mut Db) -> Option<Finding> {
    let now = Timestamp::now();
    let owed = Marks::of(settings).courier.get();
    let Standing { waits, late } = store::standing(db, now).ok()?;
    let since = [owed, waits].into_iter().flatten().min().filter(|at| at.plus(LATE) < now);
    if let Some(since) = since {
        return Some(Finding::note(format!("wake-ups wait since {since}: nobody has started the courier since then"), CRON));
    }
    let saw = |late: i64| {
        format!("the last wake-ups went {} after they were due", advice::count((late / MINUTE).unsigned_abs(), "minute"))
    };
    late.filter(|late| *late > LATE).map(|late| Finding::note(saw(late), CRON))
}

/// All is well, with what is unusual about it.
fn well(settings: &Settings, contact: &str) -> Finding {
    let Push { private, ca, .. } = &settings.push;
    let own = if private.is_empty() {
        String::new()
    } else {
        format!("; also at addresses that are not public: {}", private.join(", "))
    };
    let trusted = ca.as_ref().map_or(String::new(), |file| format!("; {} is trusted, too", file.display()));
    Finding::ok(format!("push services reach you by {contact}{own}{trusted}"))
}
