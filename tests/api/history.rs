//! What is remembered of edits of records: a row for each, in the edit's own transaction, without content and, in the end, without names.

use super::conflicts::{item, set, upload, with};
use super::mobile::driver::{DRIVERS, Operation, Upload};
use super::phone::PASSWORD;
use super::records::{entry, fresh, one};
use super::{Case, Phone};
use crate::servers::Server;
use serde_json::{Value, json};
use tandem::base::time::{DAY, Timestamp};
use tandem::db::Value as Stored;
use tandem::params;

/// See [`Case`].
pub const CASES: &[Case] = &[
    ("an edit of a record is remembered with what it had seen, whichever way it came", every_way),
    ("who met another's version is remembered, and who met their own did not", met),
    ("what is refused, or sent again under its key, is not remembered", once),
    ("a person's choice is an edit without a base", choices),
    ("a device's clock makes no edit before what it had seen, or in the future", clocks),
    ("nothing of an edit's content is remembered", no_content),
    ("who left is nobody in the history, and their devices are none", nobody),
    ("a user's export holds what is remembered of their edits", held),
    ("edits are forgotten after 90 days, and exported as numbers before", kept),
];

/// An edit as the store has it.
#[derive(Debug, PartialEq)]
struct Row {
    user: i64,
    device: i64,
    base: i64,
    version: i64,
    fields: String,
    outcome: String,
    met: bool,
    /// When its base was made, when it was edited, how far its device had polled, when it landed.
    instants: (i64, i64, Option<i64>, i64),
}

impl Row {
    /// Base, version, fields, outcome, met.
    fn told(&self) -> (i64, i64, &str, &str, bool) {
        (self.base, self.version, &self.fields, &self.outcome, self.met)
    }
}

/// What is remembered of a record, in the order of its landing; its last edit and each before it name the one before.
#[track_caller]
fn rows(server: &Server, id: &str) -> Vec<Row> {
    let sql = "SELECT user_id, device, base, version, fields, outcome, met, base_at, edited_at, cursor_at, stamp FROM history \
         WHERE id = ? ORDER BY stamp, place";
    let read = |row: &tandem::db::Row<'_>| {
        Ok(Row {
            user: row.get(0)?,
            device: row.get(1)?,
            base: row.get(2)?,
            version: row.get(3)?,
            fields: row.get(4)?,
            outcome: row.get(5)?,
            met: row.get(6)?,
            instants: (row.get(7)?, row.get(8)?, row.get(9)?, row.get(10)?),
        })
    };
    let rows = server.store().all(sql, params![id], read).unwrap();
    let landed: Vec<i64> = rows.iter().rev().map(|row| row.instants.3).collect();
    assert_eq!(chain(server, id), landed, "not each edit names the one before");
    rows
}

/// When the edits of a record landed, from its last one back.
fn chain(server: &Server, id: &str) -> Vec<i64> {
    let (mut store, mut landed) = (server.store(), Vec::new());
    let key = |row: &tandem::db::Row<'_>| Ok((row.get::<i64>(0)?, row.get::<i64>(1)?));
    let mut next =
        store.one("SELECT edit_at, edit_place FROM records WHERE id = ?", params![id], key).unwrap().unwrap_or_default();
    loop {
        let sql = "SELECT earlier_at, earlier_place FROM history WHERE stamp = ? AND place = ? AND id = ?";
        let Some(earlier) = store.one(sql, params![next.0, next.1, id], key).unwrap() else { return landed };
        landed.push(next.0);
        next = earlier;
    }
}

/// Lets days pass for what is remembered of a record.
pub fn age(server: &Server, id: &str, days: i64) {
    let by = days * DAY;
    server.alter("UPDATE history SET stamp = stamp - ?, earlier_at = earlier_at - ? WHERE id = ?", params![by, by, id]);
    server.alter("UPDATE records SET edit_at = edit_at - ? WHERE id = ?", params![by, id]);
}

/// Sends an edit of a task from a device; the word that it is told.
#[track_caller]
fn edit(phone: &Phone, device: &str, entry: Value) -> String {
    let said = phone
        .post("/sync/activity/sync/", &json!({"entries": [entry], "client_id": format!("phone {device}")}))
        .expect(200)
        .json();
    said["synced_items"][0]["status"].as_str().unwrap_or_else(|| panic!("{said}")).to_owned()
}

fn every_way(server: &Server) {
    let phone = Phone::single(server);
    let id = fresh();
    one(&phone, "activity", entry(&id, 0, json!({"jobdesc": "a job"})));
    assert_eq!(rows(server, &id), [], "a new record is no edit");
    let clock = phone.get("/sync/changes/?kinds=tasks").expect(200).json()["server_time"].as_str().unwrap().to_owned();
    phone.get(&format!("/sync/changes/?kinds=goals&since={clock}")).expect(200);
    one(&phone, "activity", entry(&id, 1, json!({"jobdesc": "another job", "remarks": "r"})));
    phone.get(&format!("/sync/changes/?kinds=tasks&since={clock}")).expect(200);
    for (driver, version) in DRIVERS.iter().zip(2..) {
        let fields = json!({"remarks": format!("by {}", driver.name())});
        let said = upload(*driver, &phone, &[item("task", &id, version, fields)]);
        assert_eq!(said["items"][0]["server_version"], version + 1);
    }
    let delete = with(item("task", &id, 4, json!({})), json!({"operation": "DELETE"}));
    upload(DRIVERS[0], &phone, &[delete]);
    let rows = rows(server, &id);
    let told: Vec<_> = rows.iter().map(Row::told).collect();
    let wanted = [
        (1, 2, "jobdesc,remarks", "written", false),
        (2, 3, "remarks", "written", false),
        (3, 4, "remarks", "written", false),
        (4, 5, "jobdesc,jobstatus,remarks", "written", false),
    ];
    assert_eq!(told, wanted);
    assert!(rows.iter().all(|row| row.user == phone.id && row.device == rows[0].device && row.device > 0), "{rows:?}");
    assert!(rows.windows(2).all(|pair| pair[1].instants.0 == pair[0].instants.3), "a base has the stamp of its version");
    let clock = Timestamp::parse(&clock).map(|clock| clock.0);
    let cursors: Vec<_> = rows.iter().map(|row| row.instants.2).collect();
    assert_eq!(cursors, [None, clock, clock, clock], "a poll of other lists tells nothing");
}

fn met(server: &Server) {
    let (a, b) = Phone::couple(server);
    set(&a, "task", json!({"resolution_policy": "client_wins"}));
    let id = fresh();
    edit(&a, "one", entry(&id, 0, json!({"jobdesc": "first", "remarks": "first"})));
    let base = json!({"base_data": {"jobdesc": "first", "remarks": "first"}});
    assert_eq!(edit(&a, "one", entry(&id, 1, json!({"remarks": "a's"}))), "updated");
    assert_eq!(edit(&b, "one", with(entry(&id, 1, json!({"jobdesc": "b's"})), base.clone())), "merged");
    // The same phone again, whose answer was lost: what it had not seen is its own and b's.
    assert_eq!(edit(&b, "one", with(entry(&id, 2, json!({"remarks": "b's"})), base.clone())), "conflict");
    assert_eq!(edit(&b, "one", entry(&id, 3, json!({"remarks": "b's again"}))), "conflict");
    assert_eq!(edit(&b, "two", entry(&id, 3, json!({"remarks": "b's other phone"}))), "conflict");
    assert_eq!(edit(&b, "two", entry(&id, 3, json!({"remarks": "b's other phone"}))), "unchanged");
    let rows = rows(server, &id);
    let told: Vec<_> = rows.iter().map(Row::told).collect();
    let wanted = [
        (1, 2, "remarks", "written", false),
        (1, 3, "jobdesc", "merged", true),
        (2, 4, "remarks", "conflict", false),
        (3, 5, "remarks", "conflict", false),
        (3, 6, "remarks", "conflict", true),
        (3, 0, "", "unchanged", true),
    ];
    assert_eq!(told, wanted);
    let devices: Vec<_> = rows.iter().map(|row| row.device).collect();
    assert_eq!((devices[1], devices[2], devices[4]), (devices[3], devices[3], devices[5]));
    assert!(devices[0] != devices[1] && devices[1] != devices[4], "a device is its user's: {devices:?}");
}

fn once(server: &Server) {
    let phone = Phone::single(server);
    let id = fresh();
    for driver in DRIVERS {
        let mut sent = Upload::new(Operation::Batch, &json!({"records": [item("task", &id, 0, json!({"jobdesc": "a job"}))]}));
        driver.upload(&phone, &sent).answer();
        sent = Upload::new(
            Operation::Batch,
            &json!({"records": [
                item("task", &id, 1, json!({"remarks": "r"})), item("task", &id, 1, json!({"jobdesc": null})),
                item("task", &id, 1, json!({"remarks": "s"})), item("task", &id, 1, json!({"remarks": "s"})),
            ]}),
        );
        for _ in 0..2 {
            assert_eq!(driver.upload(&phone, &sent).answer()["records_sync_result"]["failed_items"], 1);
        }
    }
    let rows = rows(server, &id);
    let told: Vec<_> = rows.iter().map(|row| (row.base, row.version, row.outcome.as_str())).collect();
    let first = [(1, 2, "written"), (2, 3, "written"), (3, 0, "unchanged")];
    assert_eq!(told[..3], first, "several edits of one upload build on each other: {rows:?}");
    assert!(rows.iter().all(|row| !row.met), "{rows:?}");
    // The second face says of its first item that the record is there, and of the others what they change by then.
    assert!((4..=7).contains(&told.len()), "{rows:?}");
}

fn choices(server: &Server) {
    let (a, b) = Phone::couple(server);
    set(&a, "task", json!({"resolution_policy": "manual", "auto_resolve": false}));
    let id = fresh();
    edit(&a, "one", entry(&id, 0, json!({"jobdesc": "first"})));
    edit(&a, "one", entry(&id, 1, json!({"jobdesc": "a's"})));
    assert_eq!(edit(&b, "one", entry(&id, 1, json!({"jobdesc": "b's"}))), "conflict");
    let conflict = a.get("/sync/conflicts/").expect(200).json()["conflicts"][0]["conflict_id"].as_str().unwrap().to_owned();
    let choice = json!({"resolution_strategy": "client_wins", "chosen_version": "client"});
    a.post(&format!("/sync/conflicts/{conflict}/resolve/"), &choice).expect(200);
    let rows = rows(server, &id);
    let told: Vec<_> = rows.iter().map(Row::told).collect();
    let wanted = [(1, 2, "jobdesc", "written", false), (1, 0, "", "conflict", true), (0, 3, "jobdesc", "written", false)];
    assert_eq!(told, wanted);
    assert_eq!(rows[2].user, a.id);
}

fn clocks(server: &Server) {
    let phone = Phone::single(server);
    let id = fresh();
    one(&phone, "activity", entry(&id, 0, json!({"jobdesc": "a job"})));
    for (version, at) in (1..).zip(["2001-01-01T00:00:00Z", "2099-01-01T00:00:00Z"]) {
        let sent = with(entry(&id, version, json!({"remarks": at})), json!({"client_timestamp": at}));
        one(&phone, "activity", sent);
    }
    let rows = rows(server, &id);
    let [(made, early, ..), (_, late, _, landed)] = [rows[0].instants, rows[1].instants];
    assert_eq!(early, made);
    assert!(late <= landed && late > landed - DAY, "{rows:?}");
}

fn no_content(server: &Server) {
    let (a, b) = Phone::couple(server);
    let (id, mark) = (fresh(), "Qv3-content-mark");
    let sent = |version: i64, word: &str| {
        entry(&id, version, json!({"jobdesc": format!("{mark} {word}"), "remarks": mark, mark: 1, format!("{mark} a name"): 2}))
    };
    edit(&a, mark, sent(0, "first"));
    edit(&a, mark, entry(&id, 1, json!({"jobdesc": format!("{mark} second"), format!("{mark} a name"): 3})));
    edit(&b, mark, entry(&id, 1, json!({"jobdesc": format!("{mark} third"), "remarks": null})));
    let columns = server.store().columns("history").unwrap().len();
    let read = |row: &tandem::db::Row<'_>| (0..columns).map(|n| row.get::<Stored>(n)).collect::<Result<Vec<_>, _>>();
    let all = server.store().all("SELECT * FROM history WHERE id = ?", params![&id], read).unwrap();
    assert_eq!(all.len(), 2);
    assert!(!format!("{all:?}").contains(mark), "{all:?}");
}

fn nobody(server: &Server) {
    let team = Phone::team(server, &["admin", "member", "member"]);
    let id = fresh();
    edit(&team[0], "one", entry(&id, 0, json!({"jobdesc": "first"})));
    for (n, phone) in (1..).zip([1, 2, 1, 2]) {
        edit(&team[phone], if n == 3 { "two" } else { "one" }, entry(&id, n, json!({"remarks": n})));
    }
    let before = rows(server, &id);
    team[1].post("/couple/leave/", &json!({})).expect(204);
    team[2].ask("DELETE", "/auth/me/").json(&json!({"password": PASSWORD})).send(team[2].port).expect(204);
    let after = rows(server, &id);
    assert!(after.iter().all(|row| row.user < 0 && row.device < 0), "{after:?}");
    let is_one = |one: usize, other: usize| (after[one].user == after[other].user, after[one].device == after[other].device);
    assert_eq!((is_one(0, 2), is_one(1, 3), is_one(0, 1)), ((true, false), (true, true), (false, false)), "{after:?}");
    let rest = |rows: &[Row]| rows.iter().map(|row| (format!("{:?}", row.told()), row.instants)).collect::<Vec<_>>();
    assert_eq!(rest(&before), rest(&after));
    for phone in &team[1..] {
        let left: Option<i64> =
            server.store().one("SELECT COUNT(*) FROM history WHERE user_id = ?", params![phone.id], |row| row.get(0)).unwrap();
        assert_eq!(left, Some(0));
    }
}

fn held(server: &Server) {
    let (a, b) = Phone::couple(server);
    let id = fresh();
    edit(&a, "one", entry(&id, 0, json!({"jobdesc": "first"})));
    edit(&a, "one", entry(&id, 1, json!({"remarks": "a's"})));
    edit(&b, "one", entry(&id, 2, json!({"remarks": "b's"})));
    let held = b.get("/auth/export/").expect(200).json()["data"]["history"].clone();
    let wanted = json!([{"domain": "task", "mobile_id": id, "base": 2, "version": 3, "fields": ["remarks"], "outcome": "written", "met": false,
        "landed_at": held[0]["landed_at"], "edited_at": held[0]["edited_at"]}]);
    assert_eq!(held, wanted);
    super::edits::mark(&b, "task", &id, json!({"device_id": "phone one", "fields": ["remarks"]}));
    let marks = b.get("/auth/export/").expect(200).json()["data"]["edit_marks"].clone();
    let mark = json!({"kind": "task", "id": id, "since": marks[0]["since"], "until": marks[0]["until"], "fields": ["remarks"]});
    assert_eq!(marks, json!([mark]));
}

fn kept(server: &Server) {
    let phone = Phone::single(server);
    let (id, other) = (fresh(), fresh());
    for id in [&id, &other] {
        for version in 0..3 {
            one(&phone, "activity", entry(id, version, json!({"jobdesc": format!("job {version}")})));
        }
    }
    let file = server.data_dir.join(format!("{id}.csv"));
    let export = || {
        server.tandem(&["risk", "export", "--out", file.to_str().unwrap()]);
        std::fs::read_to_string(&file).unwrap()
    };
    let before = export();
    let head = "source,asked_at,uploaded_at,behind_by_others,hours_since_base,hours_since_other,edits_30d,editors_30d,own_share,\
         open_editors,user_rate,record_rate,user_met,record_met,team_7d,conflict,met";
    assert_eq!(before.lines().next(), Some(head));
    assert!(before.lines().all(|line| line.split(',').count() == 17), "{before}");
    let trained = server.tandem(&["risk", "train", "--json", "--from", file.to_str().unwrap()]);
    assert_eq!(serde_json::from_str::<Value>(&trained).unwrap()["rows"], before.lines().count() - 1, "what is exported is taken");
    let old = Timestamp::now().plus(-91 * DAY);
    server.alter("UPDATE history SET stamp = ? WHERE id = ? AND version = 2", params![old, &id]);
    server.tandem(&["maintain", "--quiet"]);
    let left = |id: &str| rows(server, id).iter().map(|row| row.version).collect::<Vec<_>>();
    assert_eq!((left(&id), left(&other)), (vec![3], vec![2, 3]));
    std::fs::remove_file(file).unwrap();
}
