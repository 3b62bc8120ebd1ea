//! What a backup would undo of what was done to accounts since it was made.

use super::rules::NO_PASSWORD;
use super::store::{self, Lock};
use crate::base::error::Result;
use crate::db::Db;
use crate::feature::Restore;
use crate::feature::restore::{Change, Undone};
use std::collections::BTreeMap;

impl Lock {
    /// Was the account deleted? What it made is kept under no name then, and no password fits.
    fn is_deleted(&self) -> bool {
        self.password == NO_PASSWORD
    }
}

/// What a restore does with accounts: nobody goes on signed in, and what is undone is told.
pub const RESTORED: Restore = Restore { sign_out: Some(store::end_all_sessions), undoes: Some(undone), ..Restore::NONE };

fn undone(backup: &mut Db, store: &mut Db) -> Result<Undone> {
    Ok(changes(&store::locks(backup)?, &store::locks(store)?))
}

/// What was done to accounts between two instants, by user name as it was then; one that was made, as it is now.
fn changes(then: &[Lock], now: &[Lock]) -> Undone {
    let at = |locks: &[Lock]| -> BTreeMap<i64, Lock> { locks.iter().map(|lock| (lock.id, lock.clone())).collect() };
    let (before, after) = (at(then), at(now));
    let mut changes = Vec::new();
    for lock in then.iter().filter(|lock| !lock.is_deleted()) {
        changes.extend(change(lock, after.get(&lock.id)).into_iter().map(|change| (lock.username.clone(), change)));
    }
    let made = now.iter().filter(|lock| !lock.is_deleted() && !before.contains_key(&lock.id));
    changes.extend(made.map(|lock| (lock.username.clone(), Change::Made)));
    changes
}

fn change(then: &Lock, now: Option<&Lock>) -> Vec<Change> {
    let Some(now) = now.filter(|now| !now.is_deleted()) else { return vec![Change::Deleted] };
    let disabled = match (then.disabled, now.disabled) {
        (false, true) => Some(Change::Disabled),
        (true, false) => Some(Change::Enabled),
        _ => None,
    };
    disabled.into_iter().chain((then.password != now.password).then_some(Change::Password)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lock(id: i64, password: &str, disabled: bool) -> Lock {
        Lock { id, username: format!("u{id}"), password: password.to_owned(), disabled }
    }

    #[test]
    fn what_was_done_to_an_account_is_found() {
        let then = [1, 2, 3, 4, 5, 6].map(|id| lock(id, "a", id == 6));
        let mut now = then.to_vec();
        (now[1].disabled, now[2].password, now[5].disabled) = (true, "b".to_owned(), false);
        now[3] = Lock { username: "deleted:4".to_owned(), ..lock(4, "!", true) };
        now.remove(4);
        now.push(lock(7, "a", false));
        let found = changes(&then, &now);
        let expected = [
            ("u2", Change::Disabled),
            ("u3", Change::Password),
            ("u4", Change::Deleted),
            ("u5", Change::Deleted),
            ("u6", Change::Enabled),
            ("u7", Change::Made),
        ];
        assert_eq!(found, expected.map(|(name, change)| (name.to_owned(), change)));
        assert!(changes(&now, &now).is_empty());
    }
}
