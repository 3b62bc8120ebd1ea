//! Plain clients, proved: three devices that edit the same tickets through a network that loses, repeats and cuts hold in the
//! end exactly what the server holds, under every policy.
//!
//! A device is as plain as apps write it: it edits its rows in place, passes over what the feed tells of a row that it has edits
//! of, and takes the answer to an upload as the end of them. One learns what became of an edit from its domain's changes alone,
//! one from the feed of everything, one from the answer, and polls less for it. More histories:
//!
//! ```text
//! CONVERGE_SEEDS=20 cargo test --test all -- converge --nocapture
//! ```
//!
//! That it can fail was tried, with the product broken on purpose, in the 20 histories of 3 devices each that are played by default:
//!
//! | broken | stores that differ |
//! |---|---|
//! | a record that nothing was written of is not told again | 3 |
//! | a kept answer is given again, and nothing told | 1 |

use crate::uploads::Phone;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Histories of each policy, unless CONVERGE_SEEDS says otherwise.
const SEEDS: u64 = 4;
/// What the devices do in a history before the network is well again.
const TURNS: u64 = 60;
/// The policies whose outcomes differ.
const POLICIES: [&str; 5] = ["client_wins", "server_wins", "most_recent_wins", "preserve_escalation", "manual"];
/// Of a hundred calls: requests lost, answers lost after the work, sent twice, refused with 503, answers cut.
const WEATHER: [u64; 5] = [6, 12, 8, 5, 4];

type Fields = Map<String, Value>;

/// Chance that can be had again (SplitMix64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn id(&mut self) -> String {
        uuid::Uuid::from_u64_pair(self.next(), self.next()).to_string()
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

/// The server behind the network.
struct Network<'p> {
    phone: &'p Phone,
    chance: Chance,
    is_bad: bool,
}

impl Network<'_> {
    /// What comes back of a call, if anything does.
    fn call(&mut self, method: &str, uri: &str, body: &str) -> Option<Value> {
        let mut drawn = if self.is_bad { self.chance.below(100) } else { 100 };
        let fate = WEATHER.iter().position(|share| {
            let hit = drawn < *share;
            drawn = drawn.saturating_sub(*share);
            hit
        });
        match fate {
            Some(0 | 3) => None,
            Some(1 | 4) => self.send(method, uri, body).and(None),
            Some(2) => self.send(method, uri, body).and_then(|_| self.send(method, uri, body)),
            _ => self.send(method, uri, body),
        }
    }

    fn send(&self, method: &str, uri: &str, body: &str) -> Option<Value> {
        let (status, answer) = self.phone.home.call(&self.phone.token, method, uri, body);
        assert_eq!(status, "200", "{method} {uri}: {answer}");
        Some(answer)
    }
}

/// What a device goes by.
#[derive(Clone, Copy, PartialEq)]
enum Learns {
    Changes,
    Feed,
    Answer,
}

/// A record on a device.
#[derive(Clone, Debug, Default)]
struct Row {
    fields: Fields,
    version: i64,
    is_deleted: bool,
    /// What the edits began with, where there are any.
    base: Option<Fields>,
}

struct Device {
    name: String,
    learns: Learns,
    /// Does it say what it started from?
    tells_base: bool,
    rows: BTreeMap<String, Row>,
    cursor: String,
    /// The upload that waits for its answer.
    waiting: Option<String>,
}

/// A record's fields without what is not set, and without what the server tells beside them.
fn fields(shown: &Value) -> Fields {
    const TOLD: [&str; 6] = ["mobile_id", "version", "created_by", "created_at", "updated_by", "updated_at"];
    let members = shown.as_object().unwrap().iter();
    let set = members.filter(|(name, value)| !value.is_null() && !TOLD.contains(&name.as_str()));
    set.map(|(name, value)| (name.clone(), value.clone())).collect()
}

impl Device {
    fn new(number: usize, tells_base: bool, cursor: &str) -> Device {
        let learns = [Learns::Changes, Learns::Feed, Learns::Answer][number];
        let name = format!("phone-{number}");
        Device { name, learns, tells_base, rows: BTreeMap::new(), cursor: cursor.to_owned(), waiting: None }
    }

    fn create(&mut self, chance: &mut Chance, turn: u64) -> String {
        let id = chance.id();
        let fields = fields(&json!({"ticketdesc": format!(" made by {} at {turn} ", self.name)}));
        self.rows.insert(id.clone(), Row { fields, base: Some(Fields::new()), ..Row::default() });
        id
    }

    /// Edits a field of some row, or deletes it; while an upload waits, nothing is edited.
    fn edit(&mut self, chance: &mut Chance, turn: u64) {
        let alive: Vec<String> = self.rows.iter().filter(|(_, row)| !row.is_deleted).map(|(id, _)| id.clone()).collect();
        if alive.is_empty() || self.waiting.is_some() {
            return;
        }
        let count = u64::try_from(alive.len()).unwrap();
        let row = self.rows.get_mut(&alive[usize::try_from(chance.below(count)).unwrap()]).unwrap();
        row.base.get_or_insert_with(|| row.fields.clone());
        let value = json!(format!("{} at {turn}", self.name));
        match chance.below(8) {
            0 => row.is_deleted = true,
            1 | 2 => drop(row.fields.insert("escalation_level".to_owned(), json!(turn % 7))),
            3 => drop(row.fields.remove("comments")),
            4 => drop(row.fields.insert("ticketdesc".to_owned(), value.clone())),
            _ => drop(row.fields.insert("comments".to_owned(), json!(if chance.below(4) == 0 { "the same" } else { "another" }))),
        }
        // An edit that comes to nothing is none.
        if row.base.as_ref() == Some(&row.fields) {
            row.fields.insert("comments".to_owned(), value);
        }
    }

    /// What changed in a row since its edits began.
    fn item(&self, id: &str, row: &Row, turn: u64) -> Option<Value> {
        let base = row.base.as_ref()?;
        let mut data: Fields = row
            .fields
            .iter()
            .filter(|(name, value)| base.get(*name) != Some(value))
            .map(|(n, v)| (n.clone(), v.clone()))
            .collect();
        data.extend(base.keys().filter(|name| !row.fields.contains_key(*name)).map(|name| (name.clone(), Value::Null)));
        let operation = if row.is_deleted { "DELETE" } else { "UPDATE" };
        let at = format!("2026-01-16T10:{:02}:00.000Z", turn % 60);
        let mut item = json!({"domain": "ticket", "mobile_id": id, "operation": operation, "version": row.version,
            "data": data, "client_timestamp": at});
        if self.tells_base && row.version > 0 {
            item["base_data"] = json!(base);
        }
        Some(item)
    }

    fn push(&mut self, network: &mut Network<'_>, turn: u64) {
        // An app that was away for longer than keys are kept begins anew.
        if network.is_bad && network.chance.below(6) == 0 {
            self.waiting = None;
        }
        if self.waiting.is_none() {
            let records: Vec<Value> = self.rows.iter().filter_map(|(id, row)| self.item(id, row, turn)).collect();
            if records.is_empty() {
                return;
            }
            let key = uuid::Uuid::new_v4().to_string();
            let body = json!({"idempotency_key": key, "device_id": self.name, "client_timestamp": "2026-01-16T14:00:00Z", "records": records});
            self.waiting = Some(body.to_string());
        }
        let body = self.waiting.clone().unwrap();
        if let Some(answer) = network.call("POST", "/api/v1/sync/batch/", &body) {
            self.waiting = None;
            self.take(&answer["records_sync_result"]);
        }
    }

    /// Takes an answer as the end of the edits that it is about.
    fn take(&mut self, answer: &Value) {
        // An edit that is refused is dropped: what stands instead is in the feed.
        for refused in answer["errors"].as_array().unwrap() {
            assert_eq!(refused["reason"], "required", "an edit of what is deleted, not known to be: {refused}");
            self.rows.get_mut(refused["item_id"].as_str().unwrap()).unwrap().base = None;
        }
        let mut is_whole = answer["success"] == true;
        for item in answer["items"].as_array().unwrap() {
            let id = item["mobile_id"].as_str().unwrap();
            let row = self.rows.get_mut(id).unwrap();
            row.base = None;
            // A version is of the record as it is: what is not as it was sent has none here until the feed or the object tells.
            if item["as_sent"] == true {
                row.version = item["version"].as_i64().unwrap();
            }
            if row.is_deleted {
                self.rows.remove(id);
            }
            is_whole &= item["object_omitted"] != true;
            if let (Learns::Answer, Some(object)) = (self.learns, item.get("object")) {
                self.adopt(id, object, item["version"].as_i64().unwrap());
            }
        }
        if self.learns == Learns::Answer && is_whole && answer["previous_stamp"] == self.cursor.as_str() {
            self.cursor = answer["server_timestamp"].as_str().unwrap().to_owned();
        }
    }

    /// Puts the server's record in the place of its row.
    fn adopt(&mut self, id: &str, object: &Value, version: i64) {
        if object.is_null() {
            self.rows.remove(id);
        } else {
            self.rows.insert(id.to_owned(), Row { fields: fields(object), version, ..Row::default() });
        }
    }

    /// Polls until nothing is left; how many rows it was told of.
    fn poll(&mut self, network: &mut Network<'_>) -> usize {
        let mut told = 0;
        loop {
            let Some(page) = self.page(network) else { return told };
            let (rows, cursor) = if self.learns == Learns::Feed {
                (&page["changes"]["tickets"], &page["server_time"])
            } else {
                (&page["items"], &page["next_timestamp"])
            };
            for row in rows.as_array().unwrap() {
                told += 1;
                self.hear(row);
            }
            self.cursor = cursor.as_str().unwrap().to_owned();
            if page["has_more"] != true {
                return told;
            }
        }
    }

    fn page(&self, network: &mut Network<'_>) -> Option<Value> {
        let uri = match self.learns {
            Learns::Feed => "/api/v2/sync/changes/?kinds=tickets&include=objects&limit=4",
            _ => "/api/v1/sync/helpdesk/changes/?limit=4",
        };
        network.call("GET", &format!("{uri}&since={}", self.cursor), "")
    }

    /// Takes what a poll tells of a record, unless its row has edits.
    fn hear(&mut self, told: &Value) {
        let id = told["id"].as_str().or(told["mobile_id"].as_str()).unwrap();
        if self.rows.get(id).is_some_and(|row| row.base.is_some()) {
            return;
        }
        let object = if told["deleted"] == true { &Value::Null } else { told.get("object").unwrap_or(told) };
        self.adopt(id, object, object["version"].as_i64().unwrap_or_default());
    }

    /// What it holds of these records.
    fn holds(&self, ids: &BTreeSet<String>) -> BTreeMap<String, (i64, Fields)> {
        let rows = self.rows.iter().filter(|(id, _)| ids.contains(*id));
        rows.map(|(id, row)| (id.clone(), (row.version, row.fields.clone()))).collect()
    }
}

/// What the server holds of these records.
fn server(phone: &Phone, ids: &BTreeSet<String>) -> BTreeMap<String, (i64, Fields)> {
    let (status, page) = phone.home.call(&phone.token, "GET", "/api/v1/sync/helpdesk/changes/?limit=1000", "");
    assert_eq!(status, "200", "{page}");
    let id = |item: &Value| item["mobile_id"].as_str().unwrap().to_owned();
    let own = page["items"].as_array().unwrap().iter().filter(|item| ids.contains(&id(item)));
    own.map(|item| (id(item), (item["version"].as_i64().unwrap(), fields(item)))).collect()
}

/// One history: what differs in the end.
fn history(phone: &Phone, policy: &str, seed: u64) -> Vec<String> {
    let rule = json!({"resolution_policy": policy, "auto_resolve": policy != "manual"}).to_string();
    assert_eq!(phone.home.call(&phone.token, "PUT", "/api/v1/sync/policies/helpdesk/", &rule).0, "200");
    let mut network = Network { phone, chance: Chance(seed), is_bad: false };
    let start = network.send("GET", "/api/v1/sync/helpdesk/changes/?limit=1000", "").unwrap()["next_timestamp"].clone();
    let mut chance = Chance(seed.wrapping_mul(31));
    let mut devices: Vec<Device> =
        (0..3).map(|number| Device::new(number, chance.below(2) == 0, start.as_str().unwrap())).collect();
    let mut ids = BTreeSet::new();
    network.is_bad = true;
    for turn in 0..TURNS {
        let device = &mut devices[usize::try_from(chance.below(3)).unwrap()];
        match chance.below(16) {
            0 => drop(ids.insert(device.create(&mut chance, turn))),
            1..=6 => device.edit(&mut chance, turn),
            7..=10 => drop(device.poll(&mut network)),
            _ => device.push(&mut network, turn),
        }
        if turn == 0 || ids.is_empty() {
            ids.insert(devices[0].create(&mut chance, turn));
        }
    }
    settle(&mut network, &mut devices);
    let held = server(phone, &ids);
    let differs = devices.iter().filter(|device| device.holds(&ids) != held);
    differs.map(|device| format!("{policy}, {seed}, {}: {:?}\n  server: {held:?}", device.name, device.holds(&ids))).collect()
}

/// The network is well: each device sends what it has and polls until nothing is new, and then nothing is told for ever.
fn settle(network: &mut Network<'_>, devices: &mut [Device]) {
    network.is_bad = false;
    for _ in 0..2 {
        for device in devices.iter_mut() {
            device.push(network, TURNS);
            // What was edited while the upload waited goes now.
            device.push(network, TURNS);
            device.poll(network);
        }
    }
    let told: Vec<usize> = devices.iter_mut().map(|device| device.poll(network)).collect();
    let again: Vec<usize> = devices.iter_mut().map(|device| device.poll(network)).collect();
    assert_eq!(again, [0, 0, 0], "news without end after {told:?}");
}

#[test]
fn plain_clients_hold_what_the_server_holds_in_the_end() {
    let seeds = std::env::var("CONVERGE_SEEDS").map_or(SEEDS, |text| text.parse().unwrap());
    let phone = Phone::new();
    let histories = (1..=seeds).flat_map(|seed| POLICIES.iter().zip(1..).map(move |(policy, n)| (*policy, seed * 1_000 + n)));
    let failed: Vec<String> = histories.flat_map(|(policy, seed)| history(&phone, policy, seed)).collect();
    let conflicts: i64 = phone.store().query_row("SELECT COUNT(*) FROM conflicts", [], |row| row.get(0)).unwrap();
    println!("{} histories, {conflicts} conflicts", seeds * 5);
    assert!(conflicts > 0, "no history had a conflict");
    assert!(failed.is_empty(), "{} stores differ:\n{}", failed.len(), failed.join("\n"));
}
