//! A real MariaDB for the tests: one server for all of them, with its data, its socket and its port in a temporary
//! folder, and a database of its own for whoever asks.
//!
//! A shell keeps the server: it waits for the end of the pipe that this process holds, stops the server by its process
//! id and deletes the folder. So nothing is left behind, however the tests end.

use super::free_port;
use rustix::process::geteuid;
use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};
use tandem::db::{Address, Db};
use tempfile::TempDir;

/// How long the server may take until it answers.
const START: Duration = Duration::from_secs(60);
/// The account of the program; its password needs escapes in a URL.
const USER: &str = "tandem";
const PASSWORD: &str = "a b/c@d:e?f";
/// The account at the beginning of a URL.
pub const LOGIN: &str = "mysql://tandem:a%20b%2Fc%40d%3Ae%3Ff@";
/// From where the account is let in.
const FROM: [&str; 2] = ["localhost", "127.0.0.1"];

/// Starts the server `$2…` and ends it, and deletes the folder `$1`, when standard input ends.
const KEEPER: &str = "folder=$1; shift; \"$@\" & server=$!; cat >/dev/null; kill $server; wait $server; rm -rf \"$folder\"";

/// A running server.
pub struct Mariadb {
    folder: PathBuf,
    /// Its port on 127.0.0.1.
    pub port: u16,
    /// It ends with this.
    _keeper: Child,
}

/// A database of its own in the server that the tests share.
pub fn database() -> String {
    static SHARED: OnceLock<Mariadb> = OnceLock::new();
    SHARED.get_or_init(|| Mariadb::start(&[])).database()
}

/// The statements that make the program's account.
pub fn account() -> [String; 2] {
    FROM.map(|host| format!("CREATE USER {USER}@'{host}' IDENTIFIED BY '{PASSWORD}'"))
}

/// The name of a new database, and the statements that make it, with what cPanel's wizard makes of it: the server's
/// character set, all rights for one account.
pub fn new_database() -> (String, [String; 3]) {
    static SERIAL: AtomicU32 = AtomicU32::new(0);
    let name = format!("test_{}", SERIAL.fetch_add(1, Ordering::Relaxed));
    let [here, there] = FROM.map(|host| format!("GRANT ALL ON {name}.* TO {USER}@'{host}'"));
    let make = format!("CREATE DATABASE {name}");
    (name, [make, here, there])
}

/// Makes the folder of a server's data, which runs as this user; without one, as whoever runs the tests.
pub fn install(data: &Path, temporary: &Path, user: Option<&str>) {
    let mut command = Command::new("mariadb-install-db");
    command.args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"]);
    command.arg(format!("--datadir={}", data.display())).arg(format!("--tmpdir={}", temporary.display()));
    run(command.args(user.map(|user| format!("--user={user}"))));
}

/// Runs a program that must succeed; what it said beside its output.
#[track_caller]
pub fn run(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output();
    let output = output.unwrap_or_else(|error| panic!("{command:?}: {error} (tests/run installs what is missing)"));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{command:?}: {said}");
    said
}

impl Mariadb {
    /// Starts a server with more options than those that every test needs.
    pub fn start(options: &[String]) -> Mariadb {
        let folder = TempDir::with_prefix("tandem-mariadb-").unwrap();
        // Programs that run as another user open the socket in it.
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
        let data = folder.path().join("data");
        let user = geteuid().is_root().then_some("root");
        install(&data, folder.path(), user);
        let folder = folder.keep();
        let port = free_port().unwrap();
        let keeper = Command::new("sh")
            .args(["-c", KEEPER, "keeper"])
            .arg(&folder)
            .args(["mariadbd", "--no-defaults", "--bind-address=127.0.0.1", "--innodb-buffer-pool-size=64M"])
            // A character set that is not ours: tables must have their own, whatever the host chose.
            .args(["--max-connections=300", "--character-set-server=latin1"])
            .args(user.map(|user| format!("--user={user}")))
            // A server that starts clears its folder for temporary tables: each has its own.
            .arg(format!("--tmpdir={}", folder.display()))
            .arg(format!("--port={port}"))
            .arg(format!("--datadir={}", data.display()))
            .arg(format!("--socket={}", folder.join("socket").display()))
            .args(options)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(File::create(folder.join("log")).unwrap())
            .spawn()
            .unwrap();
        let server = Mariadb { folder, port, _keeper: keeper };
        server.wait_until_it_answers();
        for statement in account() {
            server.sql(&statement);
        }
        server
    }

    fn wait_until_it_answers(&self) {
        let deadline = Instant::now() + START;
        while let Err(error) = self.open() {
            let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
            assert!(Instant::now() < deadline, "MariaDB does not start: {error}\n{log}");
            sleep(Duration::from_millis(50));
        }
    }

    /// As the server's owner.
    pub fn open(&self) -> tandem::base::error::Result<Db> {
        Db::open(&Address::parse(&format!("mysql://root@localhost/mysql?socket={}", self.socket().display()))?)
    }

    /// Its socket.
    pub fn socket(&self) -> PathBuf {
        self.folder.join("socket")
    }

    /// Runs a statement as the server's owner.
    #[track_caller]
    pub fn sql(&self, statement: &str) -> u64 {
        self.open().unwrap().run(statement, &[]).unwrap()
    }

    /// The only value of a query, as text, asked as the server's owner.
    #[track_caller]
    pub fn value(&self, query: &str) -> String {
        self.open().unwrap().one(query, &[], |row| row.get(0)).unwrap().unwrap()
    }

    /// Makes a database; answers its URL by the socket.
    pub fn database(&self) -> String {
        let (name, statements) = new_database();
        for statement in statements {
            self.sql(&statement);
        }
        self.url(&name)
    }

    /// The URL of a database by the socket.
    fn url(&self, name: &str) -> String {
        format!("{LOGIN}localhost/{name}?socket={}", self.socket().display())
    }

    /// The URL of the database of the same name in this server.
    pub fn same(&self, url: &str) -> String {
        let name = url.split_once("@localhost/").and_then(|(_, rest)| rest.split_once('?')).unwrap().0;
        self.url(name)
    }

    /// The same database by TCP: its URL up to the options.
    pub fn by_tcp(&self, url: &str) -> String {
        let (main, _) = url.split_once('?').unwrap();
        main.replace("@localhost/", &format!("@127.0.0.1:{}/", self.port))
    }
}
