//! What the doctor tries rather than concludes: files, transactions, programs.

use super::Home;
use super::doctor::{check, chmod, finds, used};
use crate::faults::Disk;
use std::fs;

/// The programs as the bundle leaves them.
fn installed() -> Home {
    let home = used();
    let folder = home.path("public_html/api");
    fs::create_dir_all(&folder).unwrap();
    for name in ["api.fcgi", "api.cgi", ".htaccess"] {
        match name {
            ".htaccess" => fs::write(folder.join(name), "the same").unwrap(),
            _ => drop(fs::copy(env!("CARGO_BIN_EXE_api"), folder.join(name)).unwrap()),
        }
        chmod(&folder.join(name), if name == ".htaccess" { 0o644 } else { 0o755 });
    }
    chmod(&folder, 0o755);
    home
}

#[test]
fn what_suexec_would_not_start_is_found() {
    let home = installed();
    let api = home.path("public_html/api");
    assert!(check(&home.json("doctor --json"), "web programs").1.contains("public_html/api: owner"));
    for (path, mode) in
        [(api.clone(), 0o775), (api.join("api.cgi"), 0o757), (api.join("api.fcgi"), 0o644), (api.join("api.cgi"), 0o4755)]
    {
        chmod(&path, mode);
        finds(&home, "web programs", &[&format!("{mode:o}"), path.to_str().unwrap(), "chmod 755", "File Manager"]);
        chmod(&path, 0o755);
    }
    fs::write(api.join("api.cgi"), "of another version").unwrap();
    finds(&home, "web programs", &["two versions", "upload the zip file again"]);
    fs::remove_file(api.join("api.cgi")).unwrap();
    finds(&home, "web programs", &["api.cgi", "upload the zip file again"]);
    fs::copy(api.join("api.fcgi"), api.join("api.cgi")).unwrap();
    home.ok("doctor");
    fs::remove_file(api.join(".htaccess")).unwrap();
    finds(&home, "web programs", &[".htaccess", "Show Hidden Files"]);
}

#[test]
fn a_program_that_the_system_cannot_start_is_found() {
    let home = installed();
    for name in ["api.fcgi", "api.cgi"] {
        fs::write(home.path("public_html/api").join(name), "\u{7f}ELF of another processor").unwrap();
    }
    finds(&home, "web programs", &["api.fcgi does not start: Exec format error", "upload the zip file again"]);
}

/// For root the system allows everything; the doctor must not go by that.
#[test]
fn what_its_owner_may_not_write_to_is_found() {
    let home = used();
    let (data, database, secret) = (home.data(), home.data().join("tandem.db"), home.data().join("secret"));
    for (path, mode, check, advice) in [
        (&data, 0o500, "data folder", "chmod 700"),
        (&database, 0o400, "database", "chmod 600"),
        (&secret, 0o200, "secret", "chmod"),
    ] {
        let before = fs::metadata(path).unwrap().permissions();
        chmod(path, mode);
        finds(&home, check, &[&format!("{mode:o}"), advice, "File Manager"]);
        fs::set_permissions(path, before).unwrap();
    }
    home.ok("doctor");
}

/// Permissions show nothing of a disk that became read-only; trying does.
#[test]
fn a_data_folder_on_a_read_only_disk_is_found() {
    if !rustix::process::geteuid().is_root() {
        return eprintln!("only root can mount a disk");
    }
    let disk = Disk::new("256m");
    chmod(disk.path(), 0o700);
    let mut home = Home::new();
    home.env.push(("TANDEM_DATA", disk.path().to_str().unwrap().to_owned()));
    home.ok("migrate");
    disk.remount("ro");
    finds(&home, "data folder", &["no file can be made there", "read-only"]);
    finds(&home, "database", &[]);
    disk.remount("rw");
    home.ok("doctor");
}

#[test]
fn the_doctor_leaves_no_trace_of_what_it_tries() {
    let home = used();
    let files = || {
        let mut names: Vec<_> = fs::read_dir(home.data()).unwrap().flatten().map(|entry| entry.file_name()).collect();
        // SQLite's own, and cut to nothing: from the first write of whomever on.
        names.retain(|name| name != "tandem.db-journal" || fs::metadata(home.data().join(name)).is_ok_and(|meta| meta.len() > 0));
        names.sort();
        names
    };
    let before = files();
    home.ok("doctor");
    assert_eq!(files(), before);
    let store = rusqlite::Connection::open(home.data().join("tandem.db")).unwrap();
    let facts = "SELECT COUNT(*) FROM facts WHERE name = 'doctor'";
    assert_eq!(store.query_row(facts, [], |row| row.get::<_, i64>(0)).unwrap(), 0);
}

#[test]
fn a_program_of_another_account_is_found() {
    let home = installed();
    if std::os::unix::fs::chown(home.path("public_html/api/api.cgi"), None, Some(65_534)).is_err() {
        return eprintln!("only root can give files away");
    }
    finds(&home, "web programs", &[":65534", "upload it again as this account"]);
}
