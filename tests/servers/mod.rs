//! Tandem under real web servers: each test starts its own, in a temporary folder, on a free port.
//!
//! lighttpd is started with the committed `deploy/lighttpd.conf`, Apache with `deploy/apache.conf` and `cgi-bin/htaccess`:
//! what is tested is what ships.

mod apache;
pub mod client;
pub mod described;
pub mod galera;
mod lighttpd;
pub mod mariadb;
pub mod nginx;
pub mod process;
pub mod replication;
pub mod tls;

use client::request;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread::sleep;
use std::time::{Duration, Instant};
use tandem::db::{Address, Db, Param, retried};
use tempfile::TempDir;

/// How long a server may take until it answers its first request, the creation of the database included.
const START: Duration = Duration::from_secs(20);
/// Between looking for a free port and using it, somebody else may take it.
const TRIES: u32 = 5;

/// A web server and the way it runs the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// lighttpd, mod_fastcgi.
    LighttpdFastcgi,
    /// lighttpd, mod_cgi.
    LighttpdCgi,
    /// Apache through .htaccess, mod_fcgid for all but large bodies.
    ApacheFcgid,
    /// Apache through .htaccess, mod_cgid alone.
    ApacheCgi,
    /// The same in processes instead of threads, with mod_cgi: most hosts' default.
    ApachePrefork,
}

impl Kind {
    /// Every kind, for tests that must hold on each. [`Kind::ApachePrefork`] matters where processes begin and end.
    pub const ALL: [Kind; 4] = [Kind::LighttpdFastcgi, Kind::LighttpdCgi, Kind::ApacheFcgid, Kind::ApacheCgi];

    /// Does the program stay alive between requests?
    pub fn is_fastcgi(self) -> bool {
        matches!(self, Kind::LighttpdFastcgi | Kind::ApacheFcgid)
    }
}

/// The database behind the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Engine {
    /// A file in the data folder.
    #[default]
    Sqlite,
    /// A database of its own in the tests' MariaDB.
    Mariadb,
    /// A database of its own in the tests' cluster of three nodes.
    Galera,
}

/// What a test may choose.
#[derive(Debug, Clone)]
pub struct Options {
    /// The database.
    pub engine: Engine,
    /// Where it is, if it is there already.
    pub database: Option<String>,
    /// FastCGI processes.
    pub workers: usize,
    /// Settings of the program, `TANDEM_…`; `TANDEM_DATA` is set already.
    pub env: Vec<(String, String)>,
    /// The web program.
    pub program: PathBuf,
    /// More of Apache's configuration; `${WEB_HOME}` is the home folder.
    pub apache: String,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            engine: Engine::Sqlite,
            database: None,
            workers: 4,
            env: Vec::new(),
            program: env!("CARGO_BIN_EXE_api").into(),
            apache: String::new(),
        }
    }
}

/// Where a program that was built to measure coverage writes what it saw; nothing in an ordinary run.
pub fn coverage() -> Option<(String, String)> {
    let name = "LLVM_PROFILE_FILE";
    std::env::var(name).ok().map(|file| (name.to_owned(), file))
}

/// A folder laid out like a hosting account, and what the server in it needs to know.
struct Site<'a> {
    home: &'a Path,
    port: u16,
    database: &'a str,
    options: &'a Options,
}

impl Site<'_> {
    /// The program's environment: the data folder, the database and the test's own settings, which win.
    fn env(&self) -> Vec<(String, String)> {
        let data = ("TANDEM_DATA".to_owned(), data_dir(self.home).to_string_lossy().into_owned());
        let mut env = vec![data];
        if self.options.engine != Engine::Sqlite {
            env.push(("TANDEM_DATABASE_URL".to_owned(), self.database.to_owned()));
        }
        env.extend(coverage());
        for (name, value) in &self.options.env {
            env.retain(|(known, _)| known != name);
            env.push((name.clone(), value.clone()));
        }
        env
    }
}

/// A running server; it ends when this is dropped.
pub struct Server {
    /// `http://127.0.0.1:PORT`, without a slash at the end.
    pub base_url: String,
    /// Its port on 127.0.0.1.
    pub port: u16,
    /// The data folder, outside the web root.
    pub data_dir: PathBuf,
    /// What it is.
    pub kind: Kind,
    /// The database behind it.
    pub engine: Engine,
    /// Where that is.
    pub database: String,
    child: Child,
    home: TempDir,
}

impl Server {
    /// Starts a server and waits until it answers; panics with the server's error log if it does not.
    #[track_caller]
    pub fn start(kind: Kind, options: &Options) -> Server {
        let mut said = String::new();
        for _ in 0..TRIES {
            match Server::launch(kind, options) {
                Ok(server) => return server,
                Err(error) => said = error,
            }
            let taken = ["Address already in use", "could not bind"].iter().any(|words| said.contains(words));
            assert!(taken, "{kind:?} does not start: {said}");
        }
        panic!("{kind:?} found no free port: {said}")
    }

    /// The process id of the web server.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The processes that the server runs: FastCGI programs and its own helpers.
    pub fn descendants(&self) -> Vec<u32> {
        process::descendants(self.pid()).into_iter().map(|process| process.pid).collect()
    }

    /// The account's home folder.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// The store behind it, for what no request does.
    #[track_caller]
    pub fn store(&self) -> Db {
        Db::open(&Address::parse(&self.database).unwrap()).unwrap()
    }

    /// Changes rows behind the programs' back, and answers how many: again where the engine has it give way to a request.
    #[track_caller]
    pub fn alter(&self, sql: &str, params: &[Param<'_>]) -> u64 {
        retried(|| self.store().run(sql, params)).unwrap()
    }

    /// Runs the operator's program on the server's data; it must succeed. What it printed. SQLite gives the owner of the
    /// database what it makes beside it.
    #[track_caller]
    pub fn tandem(&self, words: &[&str]) -> String {
        let output = self.operator(words).output().expect("the operator's program");
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    }

    /// The operator's program on the server's data.
    pub fn operator(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tandem"));
        command.env_clear().env("HOME", self.home()).env("TANDEM_DATA", &self.data_dir).envs(coverage()).args(words);
        command.env("TANDEM_DATABASE_URL", &self.database);
        command
    }

    /// What the server wrote to its error log.
    pub fn log(&self) -> String {
        log(self.home.path())
    }

    /// Gives all of the home folder to the user as whom the server runs programs: after the test put files there.
    pub fn hand_over(&self) {
        hand_over(self.kind, self.home.path()).expect("change of owner");
    }

    /// Puts the operator's program where the bundle does.
    pub fn install(&self, program: &Path) {
        let bin = self.home().join("tandem/bin");
        fs::create_dir_all(&bin).expect("a folder");
        fs::copy(program, bin.join("tandem")).expect("a copy of the program");
        self.hand_over();
    }

    fn launch(kind: Kind, options: &Options) -> Result<Server, String> {
        let home = TempDir::with_prefix("tandem-test-").map_err(|e| e.to_string())?;
        let port = free_port().map_err(|e| e.to_string())?;
        let database = options.database.clone().unwrap_or_else(|| match options.engine {
            Engine::Sqlite => format!("sqlite:{}", data_dir(home.path()).join("tandem.db").display()),
            Engine::Mariadb => mariadb::database(),
            Engine::Galera => galera::cluster().database(),
        });
        let site = Site { home: home.path(), port, database: &database, options };
        let child = spawn(kind, &site).map_err(|e| format!("{e} (is the server installed?)"))?;
        let base_url = format!("http://127.0.0.1:{port}");
        let (data_dir, engine) = (data_dir(home.path()), options.engine);
        let mut server = Server { base_url, port, data_dir, kind, engine, database, child, home };
        server.wait_until_it_answers().map(|()| server)
    }

    /// Errors: the server ended, or gave no answer below 500 in time; with its log.
    fn wait_until_it_answers(&mut self) -> Result<(), String> {
        let deadline = Instant::now() + START;
        let mut last = String::from("nothing");
        while Instant::now() < deadline {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(format!("it ended with {status}\n{}", self.log()));
            }
            let asked = client::Connection::open(self.port).and_then(|mut c| c.send(&request("GET", "/api/")));
            match asked {
                Ok(answer) if answer.status < 500 => return Ok(()),
                Ok(answer) => last = format!("{} {}", answer.status, answer.text()),
                Err(error) => last = error.to_string(),
            }
            sleep(Duration::from_millis(30));
        }
        Err(format!("GET /api/ answers {last}\n{}", self.log()))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        process::stop(&mut self.child);
    }
}

/// A port that was free a moment ago.
fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// Where the program keeps its data: beside the web root, never in it.
fn data_dir(home: &Path) -> PathBuf {
    home.join("tandem")
}

fn spawn(kind: Kind, site: &Site) -> std::io::Result<Child> {
    fs::create_dir_all(data_dir(site.home))?;
    fs::create_dir_all(site.home.join("logs"))?;
    match kind {
        Kind::LighttpdFastcgi => lighttpd::spawn(site, "fastcgi"),
        Kind::LighttpdCgi => lighttpd::spawn(site, "cgi"),
        Kind::ApacheFcgid => apache::spawn(site, &["mpm_event", "cgid", "fcgid"]),
        Kind::ApacheCgi => apache::spawn(site, &["mpm_event", "cgid"]),
        Kind::ApachePrefork => apache::spawn(site, &["mpm_prefork", "cgi"]),
    }
}

fn hand_over(kind: Kind, home: &Path) -> std::io::Result<()> {
    match kind {
        Kind::LighttpdFastcgi | Kind::LighttpdCgi => Ok(()),
        Kind::ApacheFcgid | Kind::ApacheCgi | Kind::ApachePrefork => apache::hand_over(home),
    }
}

/// The end of every log in a home folder: a server that does not start says why in one of them.
fn log(home: &Path) -> String {
    let mut all = String::new();
    for name in ["logs/start.log", "logs/error.log", "run/error.log", "tandem/tandem.log"] {
        let text = fs::read(home.join(name)).unwrap_or_default();
        let lines: Vec<_> = String::from_utf8_lossy(&text).lines().map(str::to_owned).collect();
        all.extend(lines[lines.len().saturating_sub(20)..].iter().map(|line| format!("{name}: {line}\n")));
    }
    all
}

/// The repository.
fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Moves everything from the log into the database file, as the last connection does that is closed: a log that is left holds
/// whole pages, the first one too, which would heal what is done to the file, and a process that ends puts them there.
pub fn empty_log(database: &Path) {
    let db = rusqlite::Connection::open(database).unwrap();
    let busy: i64 = db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0)).unwrap();
    assert_eq!(busy, 0);
}
