//! Another version in the place of the one that runs, while requests come in: none fails, nothing acknowledged is lost,
//! and soon all answers come from the other version. The other version is the same program with another number in it.

use crate::api::Phone;
use crate::cli::Home;
use crate::servers::client::request;
use crate::servers::{Kind, Options, Server};
use serde_json::json;
use std::fs::{self, File, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const VERSION: &str = env!("CARGO_PKG_VERSION");
/// As long as the real one.
const OTHER: &str = "9.9.9";
/// How long it may take until every process is of the other version.
const PATIENCE: Duration = Duration::from_secs(30);
/// Requests in a row that must be answered by the other version: more than there are processes.
const IN_A_ROW: usize = 20;

/// How often an upgrade is killed, each time later.
const KILLS: u32 = 8;

const API: &str = env!("CARGO_BIN_EXE_api");
const TANDEM: &str = env!("CARGO_BIN_EXE_tandem");

/// The bytes of a program with this version's number.
fn program(built: &str, version: &str) -> Vec<u8> {
    let mut bytes = fs::read(built).unwrap();
    assert_eq!(VERSION.len(), version.len(), "the number is replaced in place");
    for at in 0..bytes.len() - VERSION.len() {
        if bytes[at..].starts_with(VERSION.as_bytes()) {
            bytes[at..at + VERSION.len()].copy_from_slice(version.as_bytes());
        }
    }
    bytes
}

fn write(path: &Path, bytes: &[u8], mode: u32) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    // A program that runs cannot be written to.
    let _ = fs::remove_file(path);
    fs::write(path, bytes).unwrap();
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// Puts a file in the place of another in one step.
fn replace(path: &Path, bytes: &[u8]) {
    let draft = path.with_extension("draft");
    write(&draft, bytes, 0o755);
    fs::rename(draft, path).unwrap();
}

/// A server with a program of its own, which may be replaced, and where that lies.
fn start(kind: Kind, folder: &TempDir) -> (Server, Vec<PathBuf>) {
    let program = folder.path().join("api");
    fs::copy(API, &program).unwrap();
    let env = ["AUTH", "REQUESTS"].map(|name| (format!("TANDEM_LIMITS_{name}"), "off".to_owned())).to_vec();
    let server = Server::start(kind, &Options { workers: 3, env, program: program.clone(), ..Options::default() });
    let web = server.home().join("public_html/api");
    let programs = if web.exists() { vec![web.join("api.fcgi"), web.join("api.cgi")] } else { vec![program] };
    (server, programs)
}

/// The version that answers.
#[track_caller]
fn version(server: &Server) -> String {
    request("GET", "/api/").send(server.port).expect(200).json()["version"].as_str().unwrap().to_owned()
}

#[track_caller]
fn wait_for(server: &Server, wanted: &str) {
    let deadline = Instant::now() + PATIENCE;
    while !(0..IN_A_ROW).all(|_| version(server) == wanted) {
        assert!(Instant::now() < deadline, "{:?}: {wanted} does not come: {}", server.kind, server.log());
        sleep(Duration::from_millis(50));
    }
}

/// Does something while phones write and read; every request must succeed, and what was acknowledged must be there.
fn under_load(server: &Server, work: impl FnOnce()) {
    let phones: Vec<Phone> = (0..3).map(|_| Phone::single(server)).collect();
    let (done, asked, made) = (AtomicBool::new(false), AtomicUsize::new(0), Mutex::new(Vec::new()));
    scope(|scope| {
        for phone in &phones {
            let (done, asked, made) = (&done, &asked, &made);
            scope.spawn(move || {
                while !done.load(Ordering::Relaxed) {
                    let id = phone.make("/goals/", &json!({"title": "during the upgrade"}));
                    phone.get(&format!("/goals/{id}/")).expect(200);
                    made.lock().unwrap().push((phone, id));
                    asked.fetch_add(2, Ordering::Relaxed);
                }
            });
        }
        let _done = Done(&done);
        work();
    });
    let made = made.into_inner().unwrap();
    assert!(made.len() > 20, "{:?}: {} goals are no load", server.kind, made.len());
    for (phone, id) in made {
        phone.get(&format!("/goals/{id}/")).expect(200);
    }
    println!("{:?}: {} requests meanwhile, none failed", server.kind, asked.into_inner());
}

/// Ends the load, be it that the work failed.
struct Done<'a>(&'a AtomicBool);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn no_request_fails_while_the_programs_are_replaced() {
    for kind in Kind::ALL.into_iter().chain([Kind::ApachePrefork]) {
        let folder = TempDir::new().unwrap();
        fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
        let (server, programs) = start(kind, &folder);
        wait_for(&server, VERSION);
        under_load(&server, || {
            for version in [OTHER, VERSION, OTHER] {
                let bytes = program(API, version);
                programs.iter().for_each(|path| replace(path, &bytes));
                wait_for(&server, version);
            }
        });
    }
}

/// As an archive is unpacked over the running version: another file, which grows.
#[test]
fn a_process_waits_until_the_other_program_is_whole() {
    let folder = TempDir::new().unwrap();
    let (server, programs) = start(Kind::LighttpdFastcgi, &folder);
    let bytes = program(API, OTHER);
    under_load(&server, || {
        fs::remove_file(&programs[0]).unwrap();
        let mut file = File::create(&programs[0]).unwrap();
        fs::set_permissions(&programs[0], Permissions::from_mode(0o755)).unwrap();
        for part in bytes.chunks(bytes.len() / 8) {
            file.write_all(part).unwrap();
            assert_eq!(version(&server), VERSION);
            sleep(Duration::from_millis(400));
        }
        drop(file);
        wait_for(&server, OTHER);
    });
}

/// The files of a version, as its archive has them.
fn extract(folder: &Path, version: &str, htaccess: &str) {
    let (api, tandem) = (program(API, version), program(TANDEM, version));
    let files: [(&str, &[u8], u32); 4] = [
        ("public_html/api/.htaccess", htaccess.as_bytes(), 0o644),
        ("public_html/api/api.cgi", &api, 0o755),
        ("public_html/api/api.fcgi", &api, 0o755),
        ("tandem/bin/tandem", &tandem, 0o755),
    ];
    for (name, bytes, mode) in files {
        write(&folder.join(name), bytes, mode);
    }
    let sums = Command::new("sha256sum").args(files.map(|(name, ..)| name)).current_dir(folder).output().unwrap();
    fs::write(folder.join("tandem/SHA256SUMS"), sums.stdout).unwrap();
}

/// The `tandem upgrade` of an archive that was extracted.
fn upgrading(home: &Path, data: &Path, from: &Path) -> Command {
    let mut command = Command::new(from.join("tandem/bin/tandem"));
    command.arg("upgrade").env_clear().env("HOME", home).env("TANDEM_DATA", data).envs(crate::servers::coverage());
    command
}

fn upgrade(home: &Path, data: &Path, from: &Path) -> Output {
    upgrading(home, data, from).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), &output.stderr].concat()).into_owned()
}

#[test]
fn tandem_upgrade_replaces_a_version_and_puts_it_back() {
    for kind in [Kind::ApacheFcgid, Kind::ApacheCgi] {
        let folder = TempDir::new().unwrap();
        fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
        let (server, _) = start(kind, &folder);
        let (home, rules) = (server.home(), fs::read_to_string("cgi-bin/htaccess").unwrap());
        let [old, new] = [VERSION, OTHER].map(|version| {
            let from = home.join(format!("version-{version}"));
            extract(&from, version, &format!("{rules}\n# {version}\n"));
            from
        });
        // What is installed is the old version, with a line that somebody has changed.
        extract(home, VERSION, &format!("{rules}\n# {VERSION}\n"));
        let htaccess = home.join("public_html/api/.htaccess");
        fs::write(&htaccess, format!("{rules}\n# mine\n")).unwrap();
        server.hand_over();
        under_load(&server, || {
            for (version, from) in [(OTHER, &new), (VERSION, &old)] {
                let ran = upgrade(home, &server.data_dir, from);
                assert!(ran.status.success(), "{}", said(&ran));
                for words in
                    [&format!("version {version} is installed"), "nothing to do", "kept public_html/api/.htaccess", "backup "]
                {
                    assert!(said(&ran).contains(words), "{words:?} is not in {}", said(&ran));
                }
                wait_for(&server, version);
            }
        });
        assert!(fs::read_to_string(&htaccess).unwrap().ends_with("# mine\n"));
        assert!(!home.join("tandem/bin/tandem.next").exists());
        assert_eq!(fs::metadata(home.join("tandem/bin/tandem")).unwrap().permissions().mode() & 0o777, 0o755);
    }
}

/// An installed version, and another beside it.
fn two_versions() -> (Home, PathBuf) {
    let home = Home::new();
    extract(&home.path(""), VERSION, "# old\n");
    extract(&home.path("new"), OTHER, "# new\n");
    home.ok("migrate");
    let new = home.path("new");
    (home, new)
}

/// The upgrade must be refused with these words and change nothing.
#[track_caller]
fn refused(home: &Home, from: &Path, words: &str) {
    let ran = upgrade(&home.path(""), &home.data(), from);
    assert!(ran.status.code() == Some(1) && said(&ran).contains(words), "{}", said(&ran));
    assert!(fs::read(home.path("public_html/api/api.cgi")).unwrap() == program(API, VERSION), "the program was replaced");
    assert!(!home.path("tandem/bin/tandem.next").exists());
}

#[test]
fn an_upgrade_that_cannot_be_changes_nothing() {
    let (home, new) = two_versions();
    refused(&home, &home.path(""), "extract the archive of the other version in a folder of its own");
    let part = fs::read(new.join("public_html/api/api.fcgi")).unwrap();
    fs::write(new.join("public_html/api/api.fcgi"), &part[..part.len() / 2]).unwrap();
    refused(&home, &new, "api.fcgi has not arrived whole");
    fs::write(new.join("public_html/api/api.fcgi"), &part).unwrap();
    home.sql("DELETE FROM facts; PRAGMA user_version = 99");
    refused(&home, &new, "the database has schema 99");
    home.sql(&format!("PRAGMA user_version = {}", tandem::db::migrate::newest()));
    assert!(upgrade(&home.path(""), &home.data(), &new).status.success());
    assert_eq!(fs::read_to_string(home.path("public_html/api/.htaccess")).unwrap(), "# new\n", "nobody had changed it");
}

/// What says that all has arrived must itself have arrived: an empty list, a part of one, one of something else.
#[test]
fn an_upgrade_trusts_only_a_complete_list_of_sums() {
    let (home, new) = two_versions();
    let list = new.join("tandem/SHA256SUMS");
    let whole = fs::read_to_string(&list).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    let upper = whole.to_uppercase();
    for text in [
        "",
        "\n",
        "no list\n",
        &lines[1..].join("\n"),
        &format!("{}\n", lines[..3].join("\n")),
        &whole[..whole.len() - 9],
        &upper,
    ] {
        fs::write(&list, text).unwrap();
        refused(&home, &new, "extract the archive again; nothing was changed");
    }
    fs::remove_file(&list).unwrap();
    refused(&home, &new, "nothing was changed");
    for name in ["../outside", "public_html/api/../../.ssh/authorized_keys", "/etc/passwd"] {
        fs::write(&list, format!("{whole}{}  {name}\n", "0".repeat(64))).unwrap();
        refused(&home, &new, "is no whole list of sums");
    }
    // An unlisted file means a list that was cut; sums of binary files are as good.
    fs::write(&list, &whole).unwrap();
    fs::write(new.join("tandem/more.txt"), "unlisted").unwrap();
    refused(&home, &new, "SHA256SUMS has not arrived whole");
    fs::remove_file(new.join("tandem/more.txt")).unwrap();
    fs::write(&list, whole.replace("  ", " *")).unwrap();
    assert!(upgrade(&home.path(""), &home.data(), &new).status.success());
    assert!(fs::read(home.path("public_html/api/api.cgi")).unwrap() == program(API, OTHER));
}

/// Whatever its permissions, and whatever became of the list of what was installed.
#[test]
fn a_changed_htaccess_is_never_taken_for_a_program() {
    for forget in [false, true] {
        let (home, new) = two_versions();
        let htaccess = home.path("public_html/api/.htaccess");
        write(&htaccess, b"# mine\n", 0o755);
        if forget {
            fs::write(home.path("tandem/SHA256SUMS"), "").unwrap();
        }
        let ran = upgrade(&home.path(""), &home.data(), &new);
        assert!(ran.status.success() && said(&ran).contains("kept public_html/api/.htaccess"), "{}", said(&ran));
        assert_eq!(fs::read_to_string(&htaccess).unwrap(), "# mine\n");
    }
}

#[test]
fn an_upgrade_replaces_no_link() {
    let (home, new) = two_versions();
    let (htaccess, mine) = (home.path("public_html/api/.htaccess"), home.path("mine"));
    fs::rename(&htaccess, &mine).unwrap();
    std::os::unix::fs::symlink(&mine, &htaccess).unwrap();
    refused(&home, &new, "is a link, which is not replaced");
    assert_eq!(fs::read_to_string(&mine).unwrap(), "# old\n");
}

#[test]
fn an_upgrade_migrates_before_it_replaces() {
    let (home, new) = two_versions();
    fs::remove_dir_all(home.data()).unwrap();
    crate::cli::old_store(&home);
    let ran = upgrade(&home.path(""), &home.data(), &new);
    let told = said(&ran);
    let order = ["backup ", "applied 0002_couples", "is installed"].map(|words| told.find(words).unwrap());
    assert!(order.is_sorted(), "{told}");
}

/// Killed at any moment: each program is of one version or of the other, never a part of one, and a second run ends it.
#[test]
fn an_upgrade_that_is_killed_leaves_programs_that_work() {
    let (home, new) = two_versions();
    let folder = home.path("");
    let begun = Instant::now();
    assert!(upgrade(&folder, &home.data(), &new).status.success());
    let whole = begun.elapsed();
    let versions = |built| [VERSION, OTHER].map(|version| program(built, version));
    let (api, tandem) = (versions(API), versions(TANDEM));
    let installed = || {
        let files = [("public_html/api/api.cgi", &api), ("public_html/api/api.fcgi", &api), ("tandem/bin/tandem", &tandem)];
        files.map(|(name, versions)| versions.iter().position(|bytes| *bytes == fs::read(home.path(name)).unwrap()))
    };
    let mut halfway = 0;
    for part in 1..=KILLS {
        extract(&folder, VERSION, "# old\n");
        let mut run = upgrading(&folder, &home.data(), &new).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        sleep(whole * part / KILLS);
        run.kill().unwrap();
        let ended = run.wait().unwrap();
        let found = installed();
        assert!(found.iter().all(Option::is_some), "killed after {part}/{KILLS}: {found:?}");
        halfway += usize::from(!ended.success());
        assert!(upgrade(&folder, &home.data(), &new).status.success());
        assert_eq!(installed(), [Some(1); 3]);
    }
    assert!(halfway > 0, "no run was killed before its end");
    assert!(!home.path("tandem/bin/tandem.next").exists());
}

/// What a migration of a later version does: it adds, and says whom it lets in.
fn add(home: &Home, oldest: i64) {
    let next = tandem::db::migrate::newest() + 1;
    home.sql(&format!(
        "ALTER TABLE goals ADD COLUMN mood BIGINT NOT NULL DEFAULT 0; CREATE TABLE photos (id VARCHAR(36) PRIMARY KEY); \
         INSERT INTO migrations VALUES ({next}, '0005_photos', 1); UPDATE facts SET value = '{oldest}' WHERE name = 'oldest_schema'; \
         PRAGMA user_version = {next}"
    ));
}

#[test]
fn the_programs_before_a_migration_go_on_where_it_lets_them() {
    let newest = tandem::db::migrate::newest();
    let home = Home::new();
    let token = home.json("demo --json")[0]["access"].as_str().unwrap().to_owned();
    add(&home, newest);
    assert_eq!(home.call(&token, "POST", "/api/goals/", r#"{"title": "Later"}"#).0, "201");
    let (status, goals) = home.call(&token, "GET", "/api/goals/", "");
    assert!(status == "200" && goals.to_string().contains("Later"), "{goals}");
    assert_eq!(home.call("", "GET", "/api/health/", "").1["schema"], newest + 1);
    for command in ["migrate", "migrate --dry-run"] {
        assert!(home.ok(command).starts_with("nothing to do"), "{command}");
    }
    for command in ["maintain", "backup", "user list"] {
        home.ok(command);
    }
    assert!(home.ok("doctor").contains("upload the newer programs again, unless you went back on purpose"));
    home.sql(&format!("UPDATE facts SET value = '{}' WHERE name = 'oldest_schema'", newest + 1));
    let (status, problem) = home.call(&token, "GET", "/api/goals/", "");
    assert_eq!((status.as_str(), &problem["status"]), ("503", &503.into()));
    let log = home.ok("logs");
    assert!(log.contains("put the newer programs back, or restore the backup"), "{log}");
    assert_eq!(home.run("migrate").code, 1);
}
