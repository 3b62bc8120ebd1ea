//! No room: on the disk, in the quota, where the web server keeps what it has not passed on.

use super::{
    Disk, assert_kept, assert_logged, assert_unavailable, backup_in, goal, limited, made, operate, options, tandem, unwell,
};
use crate::api::Phone;
use crate::servers::client::Answer;
use crate::servers::{Kind, Server};
use rustix::process::geteuid;
use std::fs;
use std::os::unix::fs::symlink;
use tempfile::TempDir;

/// Goals of 10,000 characters that fill the small disks below many times over.
const MANY: usize = 2_000;

/// Makes goals until the server refuses; the ids of those that it acknowledged, and the refusal.
pub fn fill(phone: &Phone) -> (Vec<String>, Answer) {
    let mut made = Vec::new();
    for number in 0..MANY {
        let answer = goal(phone, &format!("goal {number}"));
        if answer.status != 201 {
            return (made, answer);
        }
        made.push(answer.json()["id"].as_str().unwrap().to_owned());
    }
    panic!("{MANY} goals fit on the disk");
}

#[test]
fn a_full_disk_is_told_and_costs_nothing_that_was_saved() {
    if !geteuid().is_root() {
        println!("Only root can mount a small disk: a_full_quota_… shows the same with a limit on the size of files.");
        return;
    }
    let disk = Disk::new("2m");
    let server = Server::start(Kind::LighttpdFastcgi, &options(2, Some(disk.path())));
    let phone = Phone::single(&server);
    let (made, refusal) = fill(&phone);
    assert_unavailable(&refusal, 507, "60");
    assert_logged(&server, disk.path(), "free some space or raise the quota");
    assert!(made.len() > 10);
    phone.get(&format!("/goals/{}/", made[0])).expect(200);
    unwell(&phone, "disk");
    // Sound, and made elsewhere: what does not fit is its copy on this disk.
    let elsewhere = TempDir::with_prefix("tandem-copies-").unwrap();
    operate(disk.path(), &["backup", "--quiet", "--to", elsewhere.path().to_str().unwrap()]);
    let copy = backup_in(elsewhere.path());
    for line in [vec!["backup", "--to", disk.path().to_str().unwrap()], vec!["restore", "--force", &copy]] {
        let ran = tandem(disk.path(), &line).output().unwrap();
        let said = String::from_utf8_lossy(&ran.stderr).into_owned();
        assert!(ran.status.code() == Some(1) && said.contains("full"), "{line:?}: {said}");
    }
    let left = fs::read_dir(disk.path()).unwrap().flatten().map(|entry| entry.path());
    assert!(
        !left.into_iter().any(|path| path.extension().is_some_and(|end| end == "draft" || end == "gz")),
        "something was left"
    );
    disk.remount("size=64m");
    goal(&phone, "there is space again").expect(201);
    assert_kept(disk.path(), &made);
}

#[test]
fn a_full_quota_is_told_and_costs_nothing_that_was_saved() {
    let folder = TempDir::with_prefix("tandem-quota-").unwrap();
    let data = folder.path().join("data");
    let limited = limited(&options(2, Some(&data)), folder.path(), SMALL_FILES);
    let server = Server::start(Kind::LighttpdFastcgi, &limited);
    let phone = Phone::single(&server);
    let (made, refusal) = fill(&phone);
    assert_unavailable(&refusal, 507, "60");
    assert_logged(&server, &data, "free some space or raise the quota");
    assert!(made.len() > 10);
    drop(server);
    let server = Server::start(Kind::LighttpdFastcgi, &options(2, Some(&data)));
    goal(&Phone { port: server.port, ..phone }, "there is space again").expect(201);
    assert_kept(&data, &made);
}

/// Files of 1 MiB at most. Beyond that a write fails with EFBIG, as with EDQUOT beyond a quota.
const SMALL_FILES: &str = "trap '' XFSZ\nulimit -f 2048";

/// lighttpd keeps a body in a file until it has come whole; there is no room for that here.
#[test]
fn a_web_server_without_room_for_uploads_goes_on_with_the_rest() {
    if !geteuid().is_root() {
        println!("Only root can mount a small disk.");
        return;
    }
    let server = Server::start(Kind::LighttpdFastcgi, &options(2, None));
    let phone = Phone::single(&server);
    let before = vec![made(&phone)];
    let upload =
        || phone.ask("POST", "/sync/metrics/").header("Content-Type", "application/json").body(large()).send(server.port);
    upload().expect(200);
    let (run_folder, aside, disk) = (server.home().join("run"), server.home().join("aside"), Disk::new("256k"));
    fs::rename(&run_folder, &aside).unwrap();
    for entry in fs::read_dir(&aside).unwrap().flatten() {
        symlink(entry.path(), disk.path().join(entry.file_name())).unwrap();
    }
    symlink(disk.path(), &run_folder).unwrap();
    let refused = upload();
    assert!(refused.status >= 500 || refused.status == 413, "{} {}", refused.status, refused.text());
    assert_eq!(refused.json()["status"], refused.status, "{}", refused.text());
    goal(&phone, "small").expect(201);
    phone.get("/goals/").expect(200);
    fs::remove_file(&run_folder).unwrap();
    fs::rename(&aside, &run_folder).unwrap();
    upload().expect(200);
    assert_kept(&server.data_dir, &before);
}

/// An upload of a megabyte.
fn large() -> String {
    let item = r#"{"metric_type":"m","value":1,"timestamp":"2026-01-16"}"#;
    format!(r#"{{"device_id":"d","data":[{item}],"more":"{}"}}"#, "x".repeat(1 << 20))
}
