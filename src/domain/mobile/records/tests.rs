//! What must hold whatever two devices do: no edit is lost silently, and edits that do not touch each other commute.

use super::fields::{Fields, value};
use super::item::Item;
use super::merge::{Landing, New, Ranks, Settled, Winner, client_wins, land, settle};
use super::record::Record;
use crate::base::time::{Local, Timestamp, Zone};
use crate::domain::mobile::conflicts::Policy;
use crate::domain::mobile::domains::records;
use crate::domain::mobile::sender::Batch;
use crate::feature::Feature;
use proptest::prelude::*;
use serde_json::{Value, json};

/// The one object.
pub const ID: &str = "0b6c8f6e-7d1c-7000-8000-000000000000";
const NOW: Timestamp = Timestamp(1_000_000);

/// Reads an item of a record.
fn read(json: &Value) -> crate::base::error::Result<Item> {
    read_of(&[], json)
}

/// Reads an item of a record or of one of these nouns.
pub fn read_of(features: &[&'static Feature], json: &Value) -> crate::base::error::Result<Item> {
    Item::read(features, json, &Batch { device: "d".into(), client_at: None, local: Local::Utc, zone: Zone::UTC }, NOW)
}

fn object(json: Value) -> Fields {
    json.as_object().cloned().unwrap()
}

/// A conflict as the server keeps it.
#[derive(Debug)]
pub struct Kept {
    /// What the server had.
    pub server: Fields,
    /// What the device sent; nothing for a deletion.
    pub client: Option<Fields>,
}

/// A server with one record.
#[derive(Debug, Default)]
pub struct Server {
    record: Option<Record>,
    /// How much the devices count that meet next.
    ranks: Option<Ranks>,
    /// Its conflicts.
    pub conflicts: Vec<Kept>,
}

impl Server {
    /// Takes an item as the writer does; answers the word that its device is told, `None` for a refusal.
    pub fn take(&mut self, item: &Item, policy: Policy) -> Option<&'static str> {
        let new = match land(self.record.as_ref(), item).ok()? {
            Landing::Unchanged => return Some("unchanged"),
            Landing::Written(new) => new,
            Landing::Clash(clash) => {
                let record = self.record.as_ref().unwrap();
                let settled = settle(policy, self.ranks, record, item, &clash);
                self.conflicts.push(Kept { server: record.fields.clone(), client: (!item.delete).then(|| item.edit.clone()) });
                match settled {
                    Some(Settled { new: Some(new), .. }) => new,
                    _ => return Some("conflict"),
                }
            }
        };
        let status = new.status;
        self.write(item, new);
        Some(status)
    }

    fn write(&mut self, item: &Item, new: New) {
        let version = self.record.as_ref().map_or(1, |record| record.version.max(item.version) + 1);
        let client_at = self.record.as_ref().map_or(Timestamp(0), |record| record.client_at).max(item.at.unwrap_or(NOW));
        self.record = Some(Record {
            id: item.id.clone(),
            version,
            fields: new.fields,
            bytes: 0,
            client_at,
            created_by: 1,
            updated_by: 1,
            created_at: NOW,
            updated_at: NOW,
            deleted: new.deleted,
            edit: crate::feature::news::EditKey::default(),
            object: None,
        });
    }

    /// What the record holds.
    pub fn fields(&self) -> Fields {
        self.record.as_ref().map(|record| record.fields.clone()).unwrap_or_default()
    }
}

/// A device: what it last saw of the server, and what it has made of it.
#[derive(Debug, Clone, Default)]
struct Device {
    version: i64,
    seen: Fields,
    own: Fields,
    deleted: bool,
}

#[derive(Debug, Clone)]
enum Step {
    Edit(usize, &'static str, Value),
    Delete(usize),
    Push { device: usize, whole: bool, with_base: bool, at: i64 },
    Pull(usize),
}

impl Device {
    fn item(&self, whole: bool, with_base: bool, at: i64) -> Value {
        let changed = |name: &&String| whole || value(&self.own, name) != value(&self.seen, name);
        let names = self.own.keys().chain(self.seen.keys()).filter(changed);
        let data: Fields = names.map(|name| (name.clone(), value(&self.own, name).clone())).collect();
        let mut item = json!({
            "domain": "task", "mobile_id": ID, "version": self.version, "data": data, "client_timestamp": Timestamp(at),
            "operation": if self.deleted { "DELETE" } else { "UPDATE" },
        });
        if with_base {
            item["base_data"] = Value::Object(self.seen.clone());
        }
        item
    }

    fn pull(&mut self, server: &Server) {
        if let Some(record) = &server.record {
            let (version, fields) = (record.version, record.fields.clone());
            *self = Device { version, seen: fields.clone(), own: fields, deleted: record.deleted };
        }
    }
}

fn edits() -> impl Strategy<Value = (&'static str, Value)> {
    let states = ["ASSIGNED", "INPROGRESS", "COMPLETED", "STANDBY"].map(Value::from);
    prop_oneof![
        (0..4_usize).prop_map(|n| ("jobdesc", json!(format!("job {n}")))),
        (0..4_usize).prop_map(|n| ("remarks", if n == 0 { Value::Null } else { json!(format!("r{n}")) })),
        prop::sample::select(states.to_vec()).prop_map(|state| ("jobstatus", state)),
        (0..5_i64).prop_map(|n| ("starttime", json!(Timestamp(n * 1_000)))),
        (0..5_i64).prop_map(|n| ("endtime", json!(Timestamp(n * 1_000)))),
        (0..3_usize).prop_map(|n| ("of_a_newer_app", if n == 0 { Value::Null } else { json!({ "n": n }) })),
    ]
}

fn steps() -> impl Strategy<Value = Step> {
    let device = || 0..2_usize;
    prop_oneof![
        5 => (device(), edits()).prop_map(|(device, (field, value))| Step::Edit(device, field, value)),
        4 => (device(), any::<bool>(), any::<bool>(), 0..9_i64)
            .prop_map(|(device, whole, with_base, at)| Step::Push { device, whole, with_base, at }),
        2 => device().prop_map(Step::Pull),
        1 => device().prop_map(Step::Delete),
    ]
}

fn policies() -> impl Strategy<Value = Policy> {
    prop::sample::select(Policy::ALL.map(|(policy, _)| policy).to_vec())
}

/// Is every value that a push put out of the record one that its device had seen, or kept with the conflict? And is every
/// value that the device set in the record, or kept with the conflict?
fn nothing_lost(before: &Fields, server: &Server, pushed: &Item, device: &Device, conflict: Option<&Kept>) {
    let after = server.fields();
    for (name, old) in before {
        let kept = value(&after, name) == old || conflict.is_some_and(|kept| value(&kept.server, name) == old);
        assert!(kept || value(&device.seen, name) == old, "{name}: {old} vanished");
    }
    for (name, set) in pushed.edit.iter().filter(|_| !pushed.delete) {
        let meant = pushed.base.as_ref().is_none_or(|base| value(base, name) != set);
        let kept = conflict.and_then(|kept| kept.client.as_ref()).is_some_and(|client| value(client, name) == set);
        assert!(!meant || kept || value(&after, name) == set, "{name}: {set} was dropped");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_edit_is_in_the_record_or_in_a_conflict(policy in policies(), history in prop::collection::vec(steps(), 1..40)) {
        let mut server = Server::default();
        let mut devices = [Device::default(), Device::default()];
        devices[0].own = object(json!({"jobdesc": "the first"}));
        for step in history {
            match step {
                Step::Edit(n, field, value) => {
                    devices[n].deleted = false;
                    devices[n].own = super::fields::overlay(&devices[n].own, &object(json!({ field: value })));
                }
                Step::Delete(n) => devices[n].deleted = true,
                Step::Pull(n) => devices[n].pull(&server),
                Step::Push { device: n, whole, with_base, at } => {
                    let device = devices[n].clone();
                    let item = read(&device.item(whole, with_base, at)).unwrap();
                    let (before, conflicts) = (server.fields(), server.conflicts.len());
                    let told = server.take(&item, policy);
                    if told.is_none() {
                        prop_assert_eq!(&server.fields(), &before, "what is refused changes nothing");
                        continue;
                    }
                    nothing_lost(&before, &server, &item, &device, server.conflicts.get(conflicts));
                    prop_assert_eq!(server.conflicts.len() > conflicts, server.conflicts.len() == conflicts + 1);
                    if matches!(told, Some("created" | "updated" | "deleted")) {
                        devices[n].pull(&server);
                    }
                }
            }
            if let Some(record) = server.record.as_ref().filter(|record| !record.deleted) {
                prop_assert!(records("task").unwrap().check(None, &record.fields).is_ok(), "{:?}", record);
            }
        }
    }

    #[test]
    fn edits_of_different_fields_commute(policy in policies(), edits in prop::collection::btree_map("[a-f]", (any::<bool>(), 0..3_u8), 1..6)) {
        let base = object(json!({"title": "t", "a": 1, "b": 2, "c": 0, "d": null, "e": 0}));
        let side = |first: bool| {
            let own = edits.iter().filter(|(_, (side, _))| *side == first);
            let data: Fields = own.map(|(name, (_, n))| (name.clone(), if *n == 0 { Value::Null } else { json!(n) })).collect();
            read(&json!({"domain": "journal", "mobile_id": ID, "version": 1, "base_data": base, "data": data})).unwrap()
        };
        let outcome = |order: [bool; 2]| {
            let mut server = Server::default();
            let new = json!({"domain": "journal", "mobile_id": ID, "data": base});
            assert_eq!(server.take(&read(&new).unwrap(), policy), Some("created"));
            for first in order {
                assert!(server.take(&side(first), policy).is_some_and(|told| told != "conflict"));
            }
            (server.fields(), server.conflicts.len())
        };
        prop_assert_eq!(outcome([true, false]), outcome([false, true]));
        prop_assert_eq!(outcome([true, false]).1, 0);
    }
}

proptest! {
    /// Of two devices of unlike rank the higher one wins whenever it edited and whichever comes first; else the later edit does.
    #[test]
    fn the_device_that_counts_more_wins_whichever_comes_first(
        ranks in (0..=100_i64, 0..=100_i64), known in any::<bool>(), at in (0..4_i64, 0..4_i64), timed in any::<bool>(),
    ) {
        let (one, other) = ((ranks.0, at.0), (ranks.1, at.1));
        let wins = |(client, at): (i64, i64), (server, server_at): (i64, i64)| {
            let ranks = known.then_some(Ranks { client, server });
            client_wins(Policy::DevicePriority, ranks, Timestamp(server_at), timed.then_some(Timestamp(at))).unwrap()
        };
        if known && ranks.0 != ranks.1 {
            prop_assert_eq!((wins(one, other), wins(other, one)), (ranks.0 > ranks.1, ranks.1 > ranks.0));
        } else {
            let later = |at: i64, than: i64| timed && at > than;
            prop_assert_eq!((wins(one, other), wins(other, one)), (later(at.0, at.1), later(at.1, at.0)));
        }
    }

    /// No other policy looks at ranks.
    #[test]
    fn ranks_are_nothing_to_other_policies(policy in policies(), client in 0..=100_i64, server in 0..=100_i64, at in 0..4_i64) {
        prop_assume!(policy != Policy::DevicePriority);
        let by = |ranks| client_wins(policy, ranks, Timestamp(2), Some(Timestamp(at)));
        prop_assert_eq!(by(Some(Ranks { client, server })), by(None));
    }

    /// What a device may count for in a team is never more than its type, unless it was granted there.
    #[test]
    fn nobody_raises_their_own_device_in_a_team(set in prop::option::of(0..=100_i64), granted in 0..3_i64, team in 1..3_i64) {
        let mut device = crate::feature::sessions::device::Device::new("d", NOW);
        (device.set_priority, device.granted_in) = (set, granted);
        let (here, free) = (device.priority_in(Some(team)), device.priority_in(None));
        prop_assert_eq!(free, set.unwrap_or(50));
        prop_assert_eq!(here, if granted == team { free } else { free.min(50) });
    }
}

fn stored(domain: &str, fields: Value) -> Record {
    let mut server = Server::default();
    let item = json!({"domain": domain, "mobile_id": ID, "data": fields, "client_timestamp": Timestamp(500)});
    assert_eq!(server.take(&read(&item).unwrap(), Policy::Manual), Some("created"));
    Record { version: 5, ..server.record.unwrap() }
}

/// A ticket was edited on the server and on a device that had seen nothing: how it is settled, by policy.
#[test]
fn each_policy_decides_in_its_own_way() {
    let record = stored("ticket", json!({"ticketdesc": "the server's words", "status": "OPEN", "escalation_level": 3}));
    let edit = json!({"ticketdesc": "the device's words", "status": "INPROGRESS", "escalation_level": 1, "comments": "new"});
    let at =
        |at: i64| json!({"domain": "ticket", "mobile_id": ID, "version": 4, "data": edit, "client_timestamp": Timestamp(at)});
    let settled = |policy, item: Value| {
        let item = read(&item).unwrap();
        let Landing::Clash(clash) = land(Some(&record), &item).unwrap() else { panic!("no conflict") };
        settle(policy, None, &record, &item, &clash)
    };
    let told = |settled: Option<Settled>| {
        let settled = settled.unwrap();
        let fields = settled.new.map_or_else(|| record.fields.clone(), |new| new.fields);
        let text = |name| value(&fields, name).to_string();
        (settled.winner, text("ticketdesc"), text("status"), text("escalation_level"))
    };
    let client = (Winner::Client, json!("the device's words").to_string(), json!("INPROGRESS").to_string(), "1".to_owned());
    let server = (Winner::Server, json!("the server's words").to_string(), json!("OPEN").to_string(), "3".to_owned());
    assert_eq!(told(settled(Policy::ClientWins, at(1))), client);
    assert_eq!(told(settled(Policy::ServerWins, at(900))), server);
    assert_eq!(told(settled(Policy::MostRecentWins, at(501))), client);
    assert_eq!(told(settled(Policy::MostRecentWins, at(500))), server, "a tie goes to the server");
    let preserved = (Winner::Merged, client.1.clone(), server.2.clone(), server.3.clone());
    assert_eq!(told(settled(Policy::PreserveEscalation, at(1))), preserved);
    assert_eq!(settled(Policy::Merge, at(900)), None);
    assert_eq!(settled(Policy::Manual, at(900)), None);
}

#[test]
fn what_would_break_the_rules_is_left_to_a_person() {
    let record = stored("ticket", json!({"ticketdesc": "long enough", "status": "CLOSED"}));
    let item = read(&json!({"domain": "ticket", "mobile_id": ID, "version": 1, "data": {"status": "OPEN"}})).unwrap();
    let Landing::Clash(clash) = land(Some(&record), &item).unwrap() else { panic!("no conflict") };
    assert_eq!(settle(Policy::ClientWins, None, &record, &item, &clash), None);
    // Each side is sound alone: the device moved the start, the server had moved the end.
    let record =
        stored("task", json!({"jobdesc": "job", "starttime": "2026-01-01T08:00:00Z", "endtime": "2026-01-01T09:00:00Z"}));
    let base = json!({"jobdesc": "job", "starttime": "2026-01-01T08:00:00Z", "endtime": "2026-01-01T12:00:00Z"});
    let item = json!({"domain": "task", "mobile_id": ID, "version": 1, "base_data": base, "data": {"starttime": "2026-01-01T11:00:00Z"}});
    let item = read(&item).unwrap();
    let Landing::Clash(clash) = land(Some(&record), &item).unwrap() else { panic!("no conflict") };
    assert!(clash.contested.is_empty());
    assert_eq!(settle(Policy::ClientWins, None, &record, &item, &clash), None);
}

#[test]
fn a_deletion_and_an_edit_meet() {
    let alive = stored("journal", json!({"title": "t"}));
    let gone = Record { deleted: true, fields: Fields::new(), ..alive.clone() };
    let delete = |version, base| {
        let item = json!({"domain": "journal", "mobile_id": ID, "operation": "DELETE", "version": version, "base_data": base});
        read(&item).unwrap()
    };
    assert_eq!(land(Some(&gone), &delete(1, Value::Null)).unwrap(), Landing::Unchanged);
    assert_eq!(land(Some(&alive), &delete(5, Value::Null)).unwrap(), Landing::Written(New::tombstone()));
    assert_eq!(land(Some(&alive), &delete(1, json!({"title": "t"}))).unwrap(), Landing::Written(New::tombstone()));
    let late = delete(1, json!({"title": "older"}));
    let Landing::Clash(clash) = land(Some(&alive), &late).unwrap() else { panic!("no conflict") };
    let winners = |record: &Record, item: &Item| {
        Policy::ALL.map(|(policy, _)| settle(policy, None, record, item, &clash).map(|settled| settled.winner))
    };
    let (client, server) = (Some(Winner::Client), Some(Winner::Server));
    assert_eq!(winners(&alive, &late), [client, server, server, None, None, None, server]);
    let edit = read(&json!({"domain": "journal", "mobile_id": ID, "version": 1, "data": {"title": "still here"}})).unwrap();
    assert!(matches!(land(Some(&gone), &edit).unwrap(), Landing::Clash(_)));
    assert_eq!(winners(&gone, &edit), [client, server, server, None, None, None, server]);
    let part = read(&json!({"domain": "journal", "mobile_id": ID, "version": 1, "data": {"mood": "part of it"}})).unwrap();
    assert_eq!(winners(&gone, &part), [None, server, server, None, None, None, server], "half a record is not brought back");
}
