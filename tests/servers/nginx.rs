//! nginx in front of another server, as on hosts whose front compresses what programs answer.

use super::{Server, free_port, process};
use std::fs::{self, File};
use std::io;
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long it may take until it listens.
const START: Duration = Duration::from_secs(10);

/// A running nginx; it ends when this is dropped.
pub struct Nginx {
    /// Its port on 127.0.0.1.
    pub port: u16,
    child: Child,
    _home: TempDir,
}

impl Nginx {
    /// Starts it in front of a server, compressing JSON of any length. A client may end its side when it has asked.
    #[track_caller]
    pub fn compressing(server: &Server) -> Nginx {
        let home = TempDir::with_prefix("tandem-nginx-").expect("a folder");
        let port = free_port().expect("a port");
        let child = spawn(&home, port, server.port).expect("nginx (is it installed?)");
        let mut nginx = Nginx { port, child, _home: home };
        let deadline = Instant::now() + START;
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < deadline && matches!(nginx.child.try_wait(), Ok(None)), "nginx does not start");
            sleep(Duration::from_millis(20));
        }
        nginx
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        process::stop(&mut self.child);
    }
}

fn spawn(home: &TempDir, port: u16, behind: u16) -> io::Result<Child> {
    let temporary =
        ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(|name| format!("{name}_temp_path {name};\n")).concat();
    let configuration = format!(
        "daemon off;\npid pid;\nerror_log error.log;\nevents {{}}\nhttp {{\naccess_log off;\n{temporary}\
         proxy_ignore_client_abort on;\ngzip on;\ngzip_types application/json;\ngzip_min_length 1;\ngzip_proxied any;\n\
         server {{\nlisten 127.0.0.1:{port};\nlocation / {{\nproxy_pass http://127.0.0.1:{behind};\nproxy_set_header Host $host;\n}}\n}}\n}}\n"
    );
    fs::write(home.path().join("nginx.conf"), configuration)?;
    Command::new("nginx")
        .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
        .arg("-p")
        .arg(home.path())
        .args(["-c", "nginx.conf", "-e", "error.log"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(File::create(home.path().join("start.log"))?)
        .spawn()
}
