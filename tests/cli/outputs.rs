//! Files that commands write where the operator says: never in the place of what Tandem needs, and whole or not at all.

use super::risk::history;
use super::risk_own::{couple, live};
use super::{Home, Ran};
use flate2::read::GzDecoder;
use std::collections::BTreeMap;
use std::fs::{self, hard_link};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A store with everything beside it that a site has.
fn used(home: &Home) {
    home.ok_with("user create anna --password-stdin", "correct horse battery 9");
    home.ok("maintain --quiet");
    home.ok("backup --quiet");
    fs::write(home.path("tandem/tandem.toml"), "").unwrap();
    fs::write(home.data().join("lifecycle.json"), "{}").unwrap();
    let packed = fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/risk/edits_m_last.csv.gz")).unwrap();
    let mut csv = fs::File::create(home.path("edits.csv")).unwrap();
    std::io::copy(&mut GzDecoder::new(packed.as_slice()), &mut csv).unwrap();
}

/// Every command that writes a file of the operator's, up to its name.
fn writers(home: &Home) -> [String; 4] {
    let from = home.path("edits.csv");
    [
        "export --user anna --out".to_owned(),
        "risk export --out".to_owned(),
        format!("risk train --from {} --predictions", from.display()),
        "risk train --dry-run --predictions".to_owned(),
    ]
}

/// The files below a folder, with their bytes. SQLite's own log and its index come and go.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if !path.to_string_lossy().ends_with("-wal") && !path.to_string_lossy().ends_with("-shm") {
            found.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    found
}

fn refused(ran: &Ran, word: &str) {
    assert!(ran.code == 1 && ran.out.is_empty() && ran.err.contains(word), "{ran:?}");
}

#[test]
fn no_output_takes_the_place_of_what_is_tandem_s_own() {
    let home = Home::new();
    used(&home);
    symlink(home.data(), home.path("door")).unwrap();
    hard_link(home.data().join("tandem.db"), home.path("twin.csv")).unwrap();
    let mut names: Vec<PathBuf> = files(&home.path("tandem")).into_keys().collect();
    assert!(names.len() > 6, "{names:?}");
    names.extend(["tandem.db-wal", "tandem.db-journal", "next-work", "anything"].map(|name| home.data().join(name)));
    names.extend(["door/tandem.db", "door/x.json", "tandem/../tandem/data/secret", "twin.csv"].map(|name| home.path(name)));
    let before = files(&home.path("tandem"));
    for writer in writers(&home) {
        for name in &names {
            refused(&home.run(&format!("{writer} {}", name.display())), "Name a file elsewhere");
        }
        // From within the folder the same names are short.
        for name in ["tandem.db", "./tandem.db", "secret"] {
            let mut command = home.command(env!("CARGO_BIN_EXE_tandem"));
            command.current_dir(home.data()).args(writer.split(' ')).arg(name);
            refused(&super::ran(command, ""), "Name a file elsewhere");
        }
    }
    assert_eq!(files(&home.path("tandem")), before);
    home.ok("user list");
}

#[test]
fn a_database_elsewhere_is_as_safe_as_one_in_its_folder() {
    let mut home = Home::new();
    home.env.push(("TANDEM_DATABASE_URL", format!("sqlite:{}", home.path("elsewhere.csv").display())));
    used(&home);
    fs::rename(home.path("elsewhere.csv"), home.path("real.csv")).unwrap();
    symlink(home.path("real.csv"), home.path("elsewhere.csv")).unwrap();
    for name in ["elsewhere.csv", "elsewhere.csv-wal", "elsewhere.csv-journal", "real.csv", "real.csv-wal", "real.csv-journal"] {
        refused(&home.run(&format!("risk export --out {}", home.path(name).display())), "Name a file elsewhere");
    }
    home.ok("user list");
}

#[test]
fn the_programs_beside_the_one_that_is_named_and_backups_beside_a_linked_folder_stay() {
    let mut home = Home::new();
    used(&home);
    for folder in ["bin", "far"] {
        fs::create_dir(home.path(folder)).unwrap();
    }
    for name in ["bin/tandem", "bin/api"] {
        fs::write(home.path(name), "a program").unwrap();
    }
    symlink(home.data(), home.path("far/door")).unwrap();
    home.env.push(("TANDEM_COURIER_PROGRAM", home.path("bin/tandem").display().to_string()));
    home.env.push(("TANDEM_DATA", home.path("far/door").display().to_string()));
    let real = home.data().with_file_name("backups");
    for to in [home.path("bin/tandem"), home.path("bin/api"), home.path("far/backups/x.gz"), real.join("x.gz")] {
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        refused(&home.run(&format!("risk export --out {}", to.display())), "Name a file elsewhere");
    }
    assert_eq!(fs::read(home.path("bin/api")).unwrap(), b"a program");
    home.ok(&format!("risk export --out {}", home.path("bin/edits").display()));
}

#[test]
fn what_killed_commands_left_in_the_making_goes_in_the_night() {
    let home = Home::new();
    used(&home);
    let (old, young) = (home.data().join("old.draft"), home.data().join("young.draft"));
    for draft in [&old, &young] {
        fs::write(draft, "half").unwrap();
    }
    let days = std::time::Duration::from_secs(2 * 24 * 60 * 60);
    fs::File::options().write(true).open(&old).unwrap().set_modified(std::time::SystemTime::now() - days).unwrap();
    home.ok("maintain --quiet");
    assert!(!old.exists() && young.exists());
}

#[test]
fn an_output_has_a_free_name_or_takes_the_place_of_one_before() {
    let home = Home::new();
    used(&home);
    for (writer, name) in writers(&home).iter().zip(["anna.json", "out.csv", "told.csv", "tandem/data/told.csv"]) {
        for _ in 0..2 {
            assert_eq!(home.run(&format!("{writer} {}", home.path(name).display())).code, 0, "{writer}");
        }
        assert!(fs::metadata(home.path(name)).unwrap().len() > 0, "{writer}");
    }
    let left = files(&home.path(""));
    assert!(!left.keys().any(|path| path.to_string_lossy().ends_with(".draft")), "{:?}", left.keys());
}

#[test]
fn what_the_shell_has_opened_is_written_to() {
    let home = Home::new();
    used(&home);
    assert!(home.ok("risk export --out /dev/stdout").starts_with("source,asked_at,"));
    let said = home.ok("export --user anna --out /dev/fd/1");
    assert_eq!(serde_json::from_str::<serde_json::Value>(&said).unwrap()["user"]["username"], "anna");
}

#[test]
fn a_name_of_nothing_is_no_name() {
    let home = Home::new();
    used(&home);
    let before = files(&home.path(""));
    let lines = writers(&home).into_iter().chain(["risk train --from", "backup --to", "restore"].map(str::to_owned));
    for line in lines {
        let mut command = home.command(env!("CARGO_BIN_EXE_tandem"));
        command.current_dir(home.path("")).args(line.split(' ')).arg("");
        let ran = super::ran(command, "");
        assert!(ran.code == 2 && ran.out.is_empty() && ran.err.contains("a value is required for"), "{line}: {ran:?}");
    }
    assert_eq!(files(&home.path("")), before);
}

#[test]
fn where_there_is_no_room_the_file_that_was_asked_for_is_named_and_nothing_is_left() {
    let home = Home::new();
    used(&home);
    history(&home, "edits_s_last");
    let (token, ids) = couple(&home);
    live(&home, &ids, None);
    for _ in 0..3 {
        let goal = serde_json::json!({"title": "long", "why_for_us": "x".repeat(9_000)}).to_string();
        assert_eq!(home.call(&token, "POST", "/api/goals/", &goal).0, "201");
    }
    fs::create_dir(home.path("full")).unwrap();
    let writers = writers(&home).map(|writer| writer.replace("anna", "ana"));
    for (writer, name) in writers.iter().zip(["ana.json", "edits.csv", "told.csv"]) {
        let to = home.path("full").join(name);
        let mut command = home.command("/bin/sh");
        // No file may have more than 36 KiB, as where a quota is full: enough for what lies beside a database that is read.
        let line = format!("trap '' XFSZ; ulimit -f 72; exec {} {writer} {}", env!("CARGO_BIN_EXE_tandem"), to.display());
        command.args(["-c", &line]);
        let ran = super::ran(command, "");
        assert!(ran.code == 1, "{writer}: {:?}", fs::metadata(&to).map(|meta| meta.len()));
        refused(&ran, &format!("{}: the disk or the quota is full", to.display()));
        assert!(!ran.err.contains(".draft"), "{ran:?}");
        assert_eq!(fs::read_dir(home.path("full")).unwrap().count(), 0, "{writer}");
    }
}

#[test]
fn what_is_read_is_never_written() {
    let home = Home::new();
    used(&home);
    let from = home.path("edits.csv");
    hard_link(&from, home.path("twin.csv")).unwrap();
    let before = fs::read(&from).unwrap();
    for name in ["edits.csv", "./edits.csv", "tandem/../edits.csv", "twin.csv"] {
        let mut command = home.command(env!("CARGO_BIN_EXE_tandem"));
        command.current_dir(home.path("")).args(["risk", "train", "--from"]).arg(&from).args(["--predictions", name]);
        refused(&super::ran(command, ""), "Give the output another name");
    }
    assert_eq!(fs::read(&from).unwrap(), before);
}

#[test]
fn what_is_no_file_is_not_read_and_what_is_piped_is() {
    let home = Home::new();
    used(&home);
    let pipe = home.path("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).stdout(Stdio::null()).status().unwrap().success());
    for (name, what) in [(pipe.as_path(), "a device or a pipe"), (&home.data(), "a folder"), (Path::new("/dev/null"), "a device")]
    {
        let ran = home.run(&format!("risk train --from {}", name.display()));
        refused(&ran, what);
        assert!(ran.err.contains("/dev/stdin"), "{ran:?}");
    }
    let text = fs::read_to_string(home.path("edits.csv")).unwrap();
    let whole = home.json(&format!("risk train --json --from {}", home.path("edits.csv").display()));
    let piped = home.run_with("risk train --json --from /dev/stdin", &text);
    assert_eq!(serde_json::from_str::<serde_json::Value>(&piped.out).unwrap(), whole);
    let mut command = home.command("/bin/bash");
    let (program, from) = (env!("CARGO_BIN_EXE_tandem"), home.path("edits.csv"));
    command.args(["-c", &format!("exec 3< <(/bin/cat {}); exec {program} risk train --json --from /dev/fd/3", from.display())]);
    let passed = super::ran(command, "");
    assert_eq!(serde_json::from_str::<serde_json::Value>(&passed.out).unwrap(), whole, "{}", passed.err);
}
