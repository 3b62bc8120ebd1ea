//! A real cluster for the tests: three nodes of MariaDB with Galera on loopback, which can be killed, brought back, cut
//! off from the others and held up.
//!
//! A shell keeps each node, as it keeps the tests' MariaDB: it starts the server anew for each line that it is sent, and
//! stops it and deletes its folder when this process has ended.

use super::mariadb::{LOGIN, account, install, new_database, run};
use rustix::process::{Pid, Signal, geteuid, kill_process};
use std::fs::{self, File, Permissions};
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, OnceLock};
use std::thread::sleep;
use std::time::{Duration, Instant};
use tandem::db::{Address, Db};
use tempfile::TempDir;

/// The nodes: the fewest of which two are most.
pub const NODES: usize = 3;
/// How long a node may take until it has what the others have.
const JOIN: Duration = Duration::from_secs(90);
/// Where packages put Galera: Debian, Red Hat.
const PROVIDERS: [&str; 2] = ["/usr/lib/galera/libgalera_smm.so", "/usr/lib64/galera-4/libgalera_smm.so"];
/// A node is given up sooner than usual, and one that comes back is let in sooner; a busy machine needs some patience.
const PATIENCE: &str = "evs.suspect_timeout=PT3S;evs.inactive_timeout=PT8S;evs.install_timeout=PT4S;gmcast.time_wait=PT1S;\
     gcache.size=32M";

/// What is the same on every node.
const FIXED: [&str; 11] = [
    "mariadbd",
    "--no-defaults",
    "--bind-address=127.0.0.1",
    "--max-connections=300",
    "--character-set-server=latin1",
    "--innodb-buffer-pool-size=32M",
    "--innodb-autoinc-lock-mode=2",
    "--binlog-format=ROW",
    "--wsrep-on=ON",
    "--wsrep-sst-method=rsync",
    "--wsrep-cluster-name=tandem",
];

/// Starts the server `$2…`, with what it reads as more arguments, for each line; at the end of standard input it ends the
/// last one and deletes the folder `$1`.
const KEEPER: &str = "folder=$1; shift; server=; while read -r more; do \"$@\" $more & server=$!; done; \
     kill $server; wait $server; rm -rf \"$folder\"";

/// Whom a node runs as: the state that it is sent is received by a program that must not be root.
fn user() -> Option<&'static str> {
    geteuid().is_root().then_some("mysql")
}

/// The cluster that the tests share, with all of its nodes.
pub fn cluster() -> &'static Cluster {
    static SHARED: OnceLock<Cluster> = OnceLock::new();
    SHARED.get_or_init(Cluster::start)
}

/// A port below those that the kernel gives to connections: a node that is away must find its own free again.
fn port() -> u16 {
    static NEXT: Mutex<u16> = Mutex::new(0);
    let mut next = NEXT.lock().unwrap();
    if *next == 0 {
        *next = 20_000 + u16::try_from(std::process::id() % 10_000).unwrap();
    }
    loop {
        *next += 1;
        if TcpListener::bind(("127.0.0.1", *next)).is_ok() {
            return *next;
        }
    }
}

/// A running cluster.
pub struct Cluster {
    /// Its nodes.
    pub nodes: Vec<Node>,
}

impl Cluster {
    fn start() -> Cluster {
        let ports: Vec<[u16; 4]> = (0..NODES).map(|_| [port(), port(), port(), port()]).collect();
        let all: Vec<String> = ports.iter().map(|[_, group, ..]| format!("127.0.0.1:{group}")).collect();
        let nodes: Vec<Node> = ports.iter().map(|ports| Node::new(*ports, &all.join(","))).collect();
        nodes[0].launch("--wsrep-new-cluster");
        nodes[0].wait_until_it_serves();
        for node in &nodes[1..] {
            node.launch("");
            node.wait_until_it_serves();
        }
        for statement in account() {
            nodes[0].sql(&statement);
        }
        Cluster { nodes }
    }

    /// Makes a database; answers its URL, with every node.
    pub fn database(&self) -> String {
        let (name, statements) = new_database();
        for statement in statements {
            self.nodes[0].sql(&statement);
        }
        self.url(&name, 0)
    }

    /// The URL of the database of this URL in another order: the nodes from this one on.
    pub fn from_node(&self, url: &str, first: usize) -> String {
        self.url(url.rsplit_once('/').unwrap().1, first)
    }

    /// The URL of the same database on one node alone.
    pub fn on_node(&self, url: &str, node: usize) -> String {
        format!("{LOGIN}127.0.0.1:{}/{}", self.nodes[node].port, url.rsplit_once('/').unwrap().1)
    }

    fn url(&self, name: &str, first: usize) -> String {
        let order = (0..NODES).map(|n| format!("127.0.0.1:{}", self.nodes[(first + n) % NODES].port));
        format!("{LOGIN}{}/{name}", order.collect::<Vec<_>>().join(","))
    }
}

/// One server of the cluster.
pub struct Node {
    folder: PathBuf,
    /// Its port on 127.0.0.1.
    pub port: u16,
    /// The program and its arguments.
    server: Vec<String>,
    keeper: Mutex<Child>,
}

impl Node {
    fn new([port, group, increments, state]: [u16; 4], all: &str) -> Node {
        let folder = TempDir::with_prefix("tandem-galera-").unwrap();
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
        fs::create_dir(folder.path().join("tmp")).unwrap();
        if let Some(user) = user() {
            run(Command::new("chown").arg("-R").arg(user).arg(folder.path()));
        }
        install(&folder.path().join("data"), &folder.path().join("tmp"), user());
        let folder = folder.keep();
        let server = server(&folder, [port, group, increments, state], all);
        let keeper = Command::new("sh")
            .args(["-c", KEEPER, "keeper"])
            .arg(&folder)
            .args(&server)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(File::create(folder.join("log")).unwrap())
            .spawn()
            .unwrap();
        Node { folder, port, server, keeper: Mutex::new(keeper) }
    }

    /// Starts the server with more arguments.
    fn launch(&self, more: &str) {
        writeln!(self.keeper.lock().unwrap().stdin.as_mut().unwrap(), "{more}").unwrap();
    }

    /// Waits until it is one of the cluster and has what the others have.
    pub fn wait_until_it_serves(&self) {
        let deadline = Instant::now() + JOIN;
        while let Err(error) = self.open() {
            let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
            let end = log.lines().rev().take(60).collect::<Vec<_>>();
            assert!(
                Instant::now() < deadline,
                "a node does not serve: {error}\n{}",
                end.into_iter().rev().collect::<Vec<_>>().join("\n")
            );
            sleep(Duration::from_millis(50));
        }
    }

    /// As the server's owner; refused by a node that is apart from the others.
    fn open(&self) -> tandem::base::error::Result<Db> {
        Db::open(&Address::parse(&format!("mysql://root@localhost/mysql?socket={}", self.socket().display()))?)
    }

    fn socket(&self) -> PathBuf {
        self.folder.join("socket")
    }

    /// Runs a statement as the server's owner.
    #[track_caller]
    pub fn sql(&self, statement: &str) -> u64 {
        self.open().unwrap().run(statement, &[]).unwrap()
    }

    /// `kill -9`.
    pub fn kill(&self) {
        let pid = fs::read_to_string(self.folder.join("pid")).unwrap().trim().parse().unwrap();
        kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
    }

    /// Brings one that was killed back, as its service does: it asks its own files how far it came, and the others for
    /// the rest.
    pub fn bring_back(&self) {
        let said = run(Command::new(&self.server[0]).args(&self.server[1..]).arg("--wsrep-recover"));
        let (_, position) = said.rsplit_once("Recovered position: ").expect("a position");
        self.launch(&format!("--wsrep-start-position={}", position.split_whitespace().next().unwrap()));
        self.wait_until_it_serves();
    }

    /// Cuts it off from the other nodes, not from its clients; or lets it reach them again.
    pub fn isolate(&self, apart: bool) {
        // The program's own driver would refuse to talk to a node that is apart.
        let statement = format!("SET GLOBAL wsrep_provider_options = 'gmcast.isolate={}'", u8::from(apart));
        run(Command::new("mariadb").args(["--no-defaults", "-uroot", "-e", &statement]).arg("-S").arg(self.socket()));
        if !apart {
            self.wait_until_it_serves();
        }
    }

    /// Lets it take nothing over from the others, though it goes on serving, until what this answers is dropped.
    pub fn hold_up(&self) -> impl Drop + use<> {
        let mut db = self.open().unwrap();
        db.run("FLUSH TABLES WITH READ LOCK", &[]).unwrap();
        Held(db)
    }
}

/// A connection that holds a lock.
struct Held(Db);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.run("UNLOCK TABLES", &[]).unwrap();
    }
}

/// The program that is a node and its arguments: whoever recovers its position needs all of them, too.
fn server(folder: &Path, [port, group, increments, state]: [u16; 4], all: &str) -> Vec<String> {
    let provider = PROVIDERS.iter().find(|path| Path::new(path).exists());
    let provider = provider.expect("Galera is not installed: Debian's package galera-4, which tests/run installs");
    let place = |name: &str, file: &str| format!("--{name}={}", folder.join(file).display());
    let mut server: Vec<String> = FIXED.map(str::to_owned).to_vec();
    server.extend(user().map(|user| format!("--user={user}")));
    server.extend([place("datadir", "data"), place("tmpdir", "tmp"), place("socket", "socket"), place("pid-file", "pid")]);
    server.extend([
        format!("--port={port}"),
        format!("--wsrep-provider={provider}"),
        format!("--wsrep-cluster-address=gcomm://{all}"),
        "--wsrep-node-address=127.0.0.1".to_owned(),
        format!("--wsrep-node-incoming-address=127.0.0.1:{port}"),
        format!("--wsrep-sst-receive-address=127.0.0.1:{state}"),
        format!(
            "--wsrep-provider-options=gmcast.listen_addr=tcp://127.0.0.1:{group};ist.recv_addr=127.0.0.1:{increments};{PATIENCE}"
        ),
    ]);
    server
}
