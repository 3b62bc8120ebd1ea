//! Where an edit lands: what becomes of a record when a device's item meets it. Pure: a test can replay any history.

use super::fields::{Fields, overlay, value};
use super::item::Item;
use super::record::Record;
use crate::base::error::Result;
use crate::base::json;
use crate::base::time::{Local, Timestamp};
use crate::domain::mobile::conflicts::Policy;
use std::cmp::Ordering;

/// What tells of an escalation.
pub const ESCALATION: &[&str] = &["escalation_level", "escalated_at", "escalated_by", "status"];

/// Where an item lands.
#[derive(Debug, Clone, PartialEq)]
pub enum Landing {
    /// The server has it so already.
    Unchanged,
    /// This is written.
    Written(New),
    /// Both sides changed the same.
    Clash(Clash),
}

/// What is written of a record.
#[derive(Debug, Clone, PartialEq)]
pub struct New {
    /// Its fields; a deleted record has none.
    pub fields: Fields,
    /// Is it deleted?
    pub deleted: bool,
    /// The word that the device is told.
    pub status: &'static str,
}

impl New {
    fn of(fields: Fields, status: &'static str) -> New {
        New { fields, deleted: false, status }
    }

    /// A tombstone. What was deleted is not kept.
    pub fn tombstone() -> New {
        New { fields: Fields::new(), deleted: true, status: "deleted" }
    }
}

/// What of an edit can be taken over a newer version, and what cannot.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Clash {
    /// Fields that the device alone has changed.
    pub clean: Fields,
    /// Fields that both sides have changed, as the device wants them.
    pub contested: Fields,
}

/// How much the devices of both sides count, where both are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ranks {
    /// The one that sent the edit.
    pub client: i64,
    /// The one that made the server's version.
    pub server: i64,
}

/// Which side a settled conflict came out for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Winner {
    /// Everything that the device sent is in the record.
    Client,
    /// The server's row stayed as it was.
    Server,
    /// Something of both.
    Merged,
}

impl Winner {
    /// Every winner with its word in the store and on the wire.
    pub const ALL: [(Winner, &str); 3] = [(Winner::Client, "client"), (Winner::Server, "server"), (Winner::Merged, "merged")];
}

/// How a conflict was settled.
#[derive(Debug, Clone, PartialEq)]
pub struct Settled {
    /// The side that it came out for.
    pub winner: Winner,
    /// What is written; nothing when the server's row stays.
    pub new: Option<New>,
}

/// Compares an edit with what the server has by now. Without a base, every field that differs is contested.
pub fn compare(base: Option<&Fields>, server: &Fields, edit: &Fields) -> Clash {
    let mut clash = Clash::default();
    for (name, wanted) in edit {
        let meant = base.is_none_or(|base| !json::same(value(base, name), wanted));
        if !meant || json::same(value(server, name), wanted) {
            continue;
        }
        let clean = base.is_some_and(|base| json::same(value(base, name), value(server, name)));
        let side = if clean { &mut clash.clean } else { &mut clash.contested };
        side.insert(name.clone(), wanted.clone());
    }
    clash
}

/// Where an item lands.
///
/// # Errors
/// When it breaks a rule by itself.
pub fn land(stored: Option<&Record>, item: &Item) -> Result<Landing> {
    match stored {
        None if item.delete => Ok(Landing::Written(New::tombstone())),
        None => create(item, "created"),
        Some(record) if record.deleted && item.delete => Ok(Landing::Unchanged),
        Some(record) if record.version <= item.version => advance(record, item),
        Some(record) => meet(record, item),
    }
}

fn create(item: &Item, status: &'static str) -> Result<Landing> {
    let fields = item.table.read(&item.view(), Local::Utc)?;
    item.table.check(None, &fields)?;
    Ok(Landing::Written(New::of(fields, status)))
}

/// The device has seen what the server has: its edit is the next version. One of a deleted record brings it back.
fn advance(record: &Record, item: &Item) -> Result<Landing> {
    if item.delete {
        return Ok(Landing::Written(New::tombstone()));
    }
    if record.deleted {
        return create(item, "updated");
    }
    let fields = overlay(&record.fields, &item.edit);
    item.table.check(Some(&record.fields), &fields)?;
    Ok(if json::same_members(&fields, &record.fields) {
        Landing::Unchanged
    } else {
        Landing::Written(New::of(fields, "updated"))
    })
}

/// The server has a newer version.
fn meet(record: &Record, item: &Item) -> Result<Landing> {
    let base = item.base.as_ref();
    if item.delete {
        let untouched = base.is_some_and(|base| json::same_members(base, &record.fields));
        return Ok(if untouched { Landing::Written(New::tombstone()) } else { Landing::Clash(Clash::default()) });
    }
    item.table.check_alone(base, &item.edit)?;
    if record.deleted {
        return Ok(Landing::Clash(Clash::default()));
    }
    let clash = compare(base, &record.fields, &item.edit);
    if clash.clean.is_empty() && clash.contested.is_empty() {
        return Ok(Landing::Unchanged);
    }
    let merged = overlay(&record.fields, &clash.clean);
    let sound = clash.contested.is_empty() && item.table.check(Some(&record.fields), &merged).is_ok();
    Ok(if sound { Landing::Written(New::of(merged, "merged")) } else { Landing::Clash(clash) })
}

/// Settles a conflict by a policy; `None` leaves it to a person. What is settled obeys the rules of the domain.
pub fn settle(policy: Policy, ranks: Option<Ranks>, record: &Record, item: &Item, clash: &Clash) -> Option<Settled> {
    if item.delete || record.deleted {
        return settle_deletion(policy, ranks, record, item);
    }
    // Each side alone is sound, both together are not: no policy about fields can tell which to leave out.
    if clash.contested.is_empty() {
        return None;
    }
    let fields = overlay(&record.fields, &chosen(policy, ranks, record, item.at, clash)?);
    item.table.check(Some(&record.fields), &fields).ok()?;
    let winner = winner(record, &item.edit, &fields);
    let new = (winner != Winner::Server).then(|| New::of(fields, "conflict"));
    Some(Settled { winner, new })
}

/// What is taken of an edit under a policy.
pub fn chosen(policy: Policy, ranks: Option<Ranks>, record: &Record, at: Option<Timestamp>, clash: &Clash) -> Option<Fields> {
    let taken = match policy {
        Policy::Merge | Policy::Manual => return clash.contested.is_empty().then(|| clash.clean.clone()),
        Policy::PreserveEscalation => without(&clash.contested, ESCALATION),
        _ if client_wins(policy, ranks, record.client_at, at)? => clash.contested.clone(),
        _ => Fields::new(),
    };
    Some(clash.clean.clone().into_iter().chain(taken).collect())
}

fn without(fields: &Fields, names: &[&str]) -> Fields {
    fields.clone().into_iter().filter(|(name, _)| !names.contains(&name.as_str())).collect()
}

/// Does the device win as a whole? `None` when the policy does not say.
pub fn client_wins(policy: Policy, ranks: Option<Ranks>, server_at: Timestamp, at: Option<Timestamp>) -> Option<bool> {
    // An edit of unknown age is not known to be later.
    let is_later = at.is_some_and(|at| at > server_at);
    match policy {
        Policy::ClientWins => Some(true),
        Policy::ServerWins => Some(false),
        Policy::MostRecentWins => Some(is_later),
        Policy::DevicePriority => Some(match ranks.map(|ranks| ranks.client.cmp(&ranks.server)) {
            Some(Ordering::Greater) => true,
            Some(Ordering::Less) => false,
            Some(Ordering::Equal) | None => is_later,
        }),
        Policy::PreserveEscalation | Policy::Merge | Policy::Manual => None,
    }
}

/// One side has deleted the record, the other has changed it.
fn settle_deletion(policy: Policy, ranks: Option<Ranks>, record: &Record, item: &Item) -> Option<Settled> {
    if !client_wins(policy, ranks, record.client_at, item.at)? {
        return Some(Settled { winner: Winner::Server, new: None });
    }
    let new = if item.delete { New::tombstone() } else { revived(item)? };
    Some(Settled { winner: Winner::Client, new: Some(New { status: "conflict", ..new }) })
}

/// A deleted record as the device has it, if that is whole.
fn revived(item: &Item) -> Option<New> {
    match create(item, "conflict") {
        Ok(Landing::Written(new)) => Some(new),
        _ => None,
    }
}

/// Which side the fields came out for.
fn winner(record: &Record, edit: &Fields, fields: &Fields) -> Winner {
    if json::same_members(fields, &record.fields) {
        Winner::Server
    } else if edit.iter().all(|(name, wanted)| json::same(value(fields, name), wanted)) {
        Winner::Client
    } else {
        Winner::Merged
    }
}
