//! Are devices woken?

use super::{Finding, Patient};
use crate::app::{advice, open};
use crate::base::error::Result;
use crate::base::time::{MINUTE, SECOND, Timestamp};
use crate::db::Db;
use crate::domain::push::key::{self, Key};
use crate::domain::push::wake::store::{self, Standing};
use crate::feature::{Push, Starts};

/// What to do where nobody answers for wake-ups.
const CONTACT: &str = "File Manager → tandem/tandem.toml, write [push] and below it contact = \"mailto:you@YOUR-DOMAIN\", an address of a \
     domain of yours: push services want to know who answers for what they carry";
/// What to do where the key cannot be opened.
const LOST: &str = "the site has another secret than the one that sealed it: put tandem/data/secret of the old place back. If that is lost, \
     `tandem push key --new` makes another key; every device has to subscribe anew then, which apps do by themselves";
/// What to do where push services refuse the site.
const BARRED: &str = "look whether push.contact is a mailbox of a domain that exists and whether this machine's clock is right; apps that are \
     opened again subscribe anew";
/// What to do where wake-ups are late.
const LATE: &str = "look at the line `courier`: where requests cannot start it, cron does its work, and `*/5 * * * *` in the place of once a \
     night has `tandem courier` come every five minutes";
/// A wake-up that waits for so much longer than it should, in milliseconds, is late.
const PATIENCE: i64 = MINUTE;

/// A contact is set, the key can be opened, push services take what is sent, and it is not late.
pub fn push(patient: &mut Patient) -> Finding {
    let Ok(loaded) = &patient.loaded else { return Finding::skipped("configuration") };
    let (settings, secret) = (&loaded.settings.push, open::secret_there(loaded));
    if settings.sender().is_none() {
        let off = settings.courier == Starts::Off;
        return Finding::note(
            "no device is woken: apps only poll",
            if off { "nothing, as long as push.courier is off" } else { CONTACT },
        );
    }
    let own = own(settings);
    let Some(db) = patient.db.as_mut() else { return Finding::skipped("database") };
    match stands(db, secret.as_deref().unwrap_or_default()) {
        Ok(Some(finding)) => finding,
        Ok(None) => Finding::ok(format!("devices are woken{own}")),
        Err(error) => Finding::problem(advice::explain(&error), "solve the problem of the database first"),
    }
}

/// What the operator allows beyond public push services.
fn own(settings: &Push) -> String {
    let private = (!settings.private.is_empty())
        .then(|| format!("; push.private lets it call {} wherever they stand", settings.private.join(", ")));
    let ca = settings.ca.as_ref().map(|file| format!("; push.ca has it trust {}, too", file.display()));
    [private, ca].into_iter().flatten().collect()
}

/// What is wrong, if something is.
fn stands(db: &mut Db, secret: &[u8]) -> Result<Option<Finding>> {
    if matches!(key::find(db, secret)?, Key::Sealed) {
        return Ok(Some(Finding::problem(
            "no device is woken: the key by which push services know this site cannot be opened",
            LOST,
        )));
    }
    let now = Timestamp::now();
    let Standing { suspended, overdue, late } = store::standing(db, now.plus(-PATIENCE))?;
    if suspended > 0 {
        return Ok(Some(Finding::problem(
            format!("push services refuse this site: {} not woken any more", advice::count(suspended.unsigned_abs(), "device")),
            BARRED,
        )));
    }
    if let Some(since) = overdue {
        return Ok(Some(Finding::problem(format!("wake-ups wait since {since}"), LATE)));
    }
    let late = late.filter(|late| *late > PATIENCE);
    Ok(late.map(|late| Finding::note(format!("the last wake-ups went {} s after they were due", late / SECOND), LATE)))
}
