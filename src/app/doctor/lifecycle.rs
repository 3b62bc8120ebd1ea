//! What is to go: the operator's file, and the next last day.

use super::{Finding, Patient, chmod};
use crate::app::{advice, lifecycle};
use crate::base::time::Timestamp;
use crate::db::Db;
use crate::feature::Lifecycle;
use crate::feature::lifecycle::days::WARNING;
use crate::feature::lifecycle::file::FILE;
use crate::feature::lifecycle::{State, merged};
use crate::feature::store::fact;
use crate::feature::usage::{day_of, short_target, store};
use std::fs;
use std::os::unix::fs::PermissionsExt;

/// The permissions of anybody but the owner.
const OTHERS: u32 = 0o077;

/// Does the store remember another file than this host has?
fn is_another(db: &mut Db, mark: Option<&str>) -> bool {
    fact(db, lifecycle::WRITTEN).is_ok_and(|written| written.is_some_and(|written| Some(written.as_str()) != mark))
}

/// What goes within 30 days and was used in the last 30.
fn still_used(db: &mut Db, found: &Lifecycle, now: Timestamp) -> Option<(String, i64)> {
    let soon = merged(&found.entries).into_iter().filter(|entry| entry.state(now) == State::SunsetWarning);
    let mut used = soon.filter_map(|entry| {
        let target = entry.target.to_string();
        let counted = store::of_target(db, day_of(now.plus(-WARNING)), &short_target(&target)).ok()?;
        Some((target, counted.iter().map(|day| day.requests).sum()))
    });
    used.find(|(_, uses)| *uses > 0)
}

/// Can the file be read, and what goes next?
pub fn lifecycle(patient: &mut Patient) -> Finding {
    let Ok(loaded) = &patient.loaded else { return Finding::skipped("configuration") };
    let path = loaded.settings.data.join(FILE);
    let found = lifecycle::look(&loaded.settings.data);
    if let Some(fault) = found.fault {
        let todo = "`tandem api deprecate …` writes it anew once it is moved away; until then nothing in it holds";
        return Finding::problem(format!("{}: {fault}", path.display()), todo);
    }
    if fs::metadata(&path).is_ok_and(|file| file.permissions().mode() & OTHERS != 0) {
        return Finding::note(format!("others can read {}", path.display()), chmod("600", &path));
    }
    let mark = lifecycle::mark(&loaded.settings.data);
    if patient.db.as_mut().is_some_and(|db| is_another(db, mark.as_deref())) {
        return Finding::note(
            format!("{} is not the one that `tandem api` wrote last", path.display()),
            "copy it from the host where that was done; if it was edited by hand, any `tandem api deprecate` or `restore` here makes it the one",
        );
    }
    let now = Timestamp::now();
    if let Some((target, uses)) = patient.db.as_mut().and_then(|db| still_used(db, &found, now)) {
        let saw = format!("{target} goes within 30 days and was used {uses} times in the last 30");
        return Finding::note(
            saw,
            "`tandem api report` shows by which apps: their people need a newer one, or it a later --sunset",
        );
    }
    let going = merged(&found.entries).into_iter().filter(|entry| entry.state(now) != State::Gone).count();
    Finding::ok(format!(
        "{} to go, {} of clients",
        advice::count(going as u64, "deprecation"),
        advice::count(found.clients.len() as u64, "minimum")
    ))
}
