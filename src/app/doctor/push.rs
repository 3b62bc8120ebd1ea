//! Are devices woken?

use super::{Finding, Patient};
use crate::app::open;
use crate::app::work::marks::Marks;
use crate::base::error::Result;
use crate::base::time::{MINUTE, Timestamp};
use crate::db::Db;
use crate::domain::push::key::{self, Key};
use crate::domain::push::subscriptions::store;
use crate::feature::{Push, Settings, Starts};

/// Where the settings are written.
const FILE: &str = "File Manager → tandem/tandem.toml";
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
        Ok(_) => well(settings, contact),
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

/// All is well, with what is unusual about it.
fn well(settings: &Settings, contact: &str) -> Finding {
    let late = Marks::of(settings).courier.get().map_or(0, |at| Timestamp::now().0 - at.0);
    if late > LATE {
        let saw = format!("wake-ups are {} minutes late: nobody has started the courier since", late / MINUTE);
        return Finding::note(saw, "where requests cannot start it, let cron run `tandem courier` every minute");
    }
    let Push { private, ca, .. } = &settings.push;
    let own = if private.is_empty() {
        String::new()
    } else {
        format!("; also at addresses that are not public: {}", private.join(", "))
    };
    let trusted = ca.as_ref().map_or(String::new(), |file| format!("; {} is trusted, too", file.display()));
    Finding::ok(format!("push services reach you by {contact}{own}{trusted}"))
}
