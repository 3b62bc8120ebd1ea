//! What the server knows of what each device has fetched, and that it costs no write.

use super::devices::{again, refresh};
use super::expect::problem;
use super::{Case, Phone};
use crate::faults::Disk;
use crate::servers::{Kind, Options, Server, empty_log};
use rustix::process::geteuid;
use serde_json::{Value, json};
use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};

/// See [`Case`].
pub const CASES: &[Case] = &[
    ("a device's state says what it has not fetched yet", behind),
    ("a cursor that this store never gave, and a HEAD, tell nothing", not_given),
];

#[track_caller]
fn state(phone: &Phone, device: &str) -> Value {
    phone.get(&format!("/devices/{device}/sync-state/")).expect(200).json()
}

fn behind(server: &Server) {
    let (phone, partner) = Phone::couple(server);
    let tablet = again(server, &phone, &json!({"device_id": "tab"}));
    let fresh = json!({"device_id": "tab", "polled_at": null, "cursor": null, "behind": null, "sync_state": []});
    assert_eq!(state(&phone, "tab"), fresh);
    problem(partner.get("/devices/tab/sync-state/"), 404);
    let cursor = tablet.poll("2020-01-01")["server_time"].as_str().unwrap().to_owned();
    tablet.poll(&cursor);
    let known = state(&phone, "tab");
    assert_eq!((&known["cursor"], &known["behind"]), (&json!(cursor), &json!(0)), "{known}");
    for title in ["one", "two"] {
        partner.make("/goals/", &json!({ "title": title }));
    }
    partner.make("/qna/questions/", &json!({"text": "?"}));
    let known = state(&phone, "tab");
    assert_eq!((&known["cursor"], &known["behind"]), (&json!(cursor), &json!(3)), "{known}");
    let goals =
        known["sync_state"].as_array().unwrap().iter().find(|list| list["last_sync_timestamp"] == cursor && list["behind"] == 2);
    assert!(goals.is_some() && known["sync_state"].as_array().unwrap().len() == 7, "{known}");
    tablet.get(&format!("/sync/changes/?since={cursor}&kinds=goals")).expect(200);
    assert_eq!(state(&phone, "tab")["behind"], 2, "of the lists that it asks for");
    // A refresh puts it into the database.
    refresh(&tablet).expect(200);
    let kept = tandem::params![phone.id];
    let sql = "SELECT cursor_at FROM sessions WHERE user_id = ? AND device = 'tab'";
    assert!(server.store().one(sql, kept, |row| row.get::<i64>(0)).unwrap().unwrap() > 0);
}

fn not_given(server: &Server) {
    let (phone, _) = Phone::couple(server);
    let tablet = again(server, &phone, &json!({"device_id": "tab"}));
    tablet.ask("HEAD", "/sync/changes/?since=2020-01-01").send(server.port).expect(200);
    assert_eq!(state(&phone, "tab")["polled_at"], Value::Null);
    tablet.get("/sync/changes/?since=9999-01-01").expect(200);
    let known = state(&phone, "tab");
    assert!(known["polled_at"].is_string() && known["cursor"].is_null() && known["behind"].is_null(), "{known}");
}

/// Polls that follow each other.
const POLLS: usize = 10_000;

#[test]
fn polls_leave_the_database_as_it_is_and_go_on_without_their_file() {
    let env = vec![("TANDEM_LIMITS_POLLS".to_owned(), "off".to_owned())];
    let server = Server::start(Kind::LighttpdFastcgi, &Options { env, ..Options::default() });
    let (phone, _) = Phone::couple(&server);
    let tablet = again(&server, &phone, &json!({"device_id": "tab"}));
    let cursor = tablet.poll("2020-01-01")["server_time"].as_str().unwrap().to_owned();
    // Nothing is due after an answer then.
    server.tandem(&["maintain"]);
    let content = || {
        let file = |name: &str| std::fs::read(server.data_dir.join(name)).unwrap_or_default();
        [file("tandem.db"), file("tandem.db-wal")]
    };
    // What is in the log is in the database file then: a process that ends meanwhile has nothing left to put there.
    empty_log(&server.data_dir.join("tandem.db"));
    let before = content();
    assert!(!before[0].is_empty());
    for _ in 0..POLLS {
        tablet.poll(&cursor);
    }
    assert!(content() == before, "a poll wrote to the database");
    assert_eq!(state(&phone, "tab")["cursor"], cursor);
    // The processes that have it open go on with what they have; those that come find something that is no file.
    let file = server.data_dir.join("seen");
    std::fs::remove_file(&file).unwrap();
    tablet.poll(&cursor);
    std::fs::remove_file(&file).unwrap_or_default();
    std::fs::create_dir(&file).unwrap();
    tablet.poll(&cursor);
    phone.post("/auth/sessions/end-others/", &json!({})).expect(200);
}

/// As CGI each poll opens the file anew.
#[test]
fn polls_go_on_where_their_file_cannot_be_written() {
    let server = Server::start(Kind::LighttpdCgi, &Options::default());
    let (phone, _) = Phone::couple(&server);
    let tablet = again(&server, &phone, &json!({"device_id": "tab"}));
    let cursor = tablet.poll("2020-01-01")["server_time"].as_str().unwrap().to_owned();
    let file = server.data_dir.join("seen");
    let go_on = |why: &str| {
        fs::write(server.data_dir.join("tandem.log"), "").unwrap();
        for _ in 0..3 {
            assert_eq!(tablet.poll(&cursor)["server_time"], cursor, "{why}");
        }
        assert_eq!(state(&phone, "tab")["cursor"], Value::Null, "{why}: nothing is known, and nothing made up");
        let log = fs::read_to_string(server.data_dir.join("tandem.log")).unwrap();
        assert!(log.contains("polls are not noted"), "{why}: {log}");
        fs::remove_file(&file).unwrap();
    };
    // A file on a full disk reads as it was, and takes nothing.
    fs::remove_file(&file).unwrap();
    symlink("/dev/full", &file).unwrap();
    go_on("full");
    // Read only: root is refused nothing but by the file system.
    let disk = geteuid().is_root().then(|| Disk::new("1m"));
    if let Some(disk) = &disk {
        File::create(disk.path().join("seen")).unwrap();
        disk.remount("ro");
        symlink(disk.path().join("seen"), &file).unwrap();
    } else {
        File::create(&file).unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o400)).unwrap();
    }
    go_on("read only");
    tablet.poll(&cursor);
    assert_eq!(state(&phone, "tab")["cursor"], cursor, "once the file can be written it is known again");
}
