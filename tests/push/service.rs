//! A push service of the tests' own, over TLS, with a certificate that nobody vouches for: it keeps what it is sent, and answers as it is
//! told to.

use crate::servers::tls::certificate;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread::{sleep, spawn};
use std::time::{Duration, Instant, SystemTime};
use tempfile::TempDir;

/// How a service answers.
#[derive(Debug, Clone)]
pub enum Says {
    /// With a status and these lines of the head.
    Status(u16, &'static str),
    /// With a status after a while.
    Slowly(u16, Duration),
    /// With as much as anybody reads.
    Gigabyte,
    /// Not at all.
    Nothing,
}

/// What it was sent.
#[derive(Debug, Clone)]
pub struct Sent {
    /// To which endpoint: its path without the first `/`.
    pub name: String,
    /// When it had it whole.
    pub at: Instant,
    /// The same by the clock on the wall, in milliseconds.
    pub ms: i64,
    /// The fields, their names in small letters.
    pub fields: BTreeMap<String, String>,
    /// The message.
    pub body: Vec<u8>,
}

type Kept = Arc<Mutex<Vec<Sent>>>;
type Told = Arc<Mutex<BTreeMap<String, Says>>>;

/// A running service; what it was told for an endpoint holds until it is told otherwise, and the usual answer is 201.
pub struct Service {
    /// Its port on `localhost`.
    pub port: u16,
    /// Who vouches for it.
    pub authority: PathBuf,
    kept: Kept,
    told: Told,
    _folder: TempDir,
}

impl Service {
    /// Starts one; it ends with the test.
    pub fn start() -> Service {
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let [cert, key] = certificate(folder.path(), "DNS:localhost", None);
        let (authority, cert) = (PathBuf::from(&cert), CertificateDer::from_pem_file(&cert).unwrap());
        let key = PrivateKeyDer::from_pem_file(&key).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let config = Arc::new(config.with_no_client_auth().with_single_cert(vec![cert], key).unwrap());
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (kept, told) = (Kept::default(), Told::default());
        let (keeps, tells) = (Arc::clone(&kept), Arc::clone(&told));
        spawn(move || {
            for stream in listener.incoming().flatten() {
                let (config, kept, told) = (Arc::clone(&config), Arc::clone(&keeps), Arc::clone(&tells));
                spawn(move || serve(stream, config, &kept, &told));
            }
        });
        Service { port, authority, kept, told, _folder: folder }
    }

    /// The address of an endpoint.
    pub fn endpoint(&self, name: &str) -> String {
        format!("https://localhost:{}/{name}", self.port)
    }

    /// From now on it answers so at an endpoint.
    pub fn says(&self, name: &str, says: Says) {
        self.told.lock().unwrap().insert(name.to_owned(), says);
    }

    /// What it was sent at an endpoint, oldest first.
    pub fn sent(&self, name: &str) -> Vec<Sent> {
        self.kept.lock().unwrap().iter().filter(|sent| sent.name == name).cloned().collect()
    }
}

/// Answers the calls of one connection.
fn serve(stream: TcpStream, config: Arc<ServerConfig>, kept: &Kept, told: &Told) {
    let mut tls = BufReader::new(StreamOwned::new(ServerConnection::new(config).unwrap(), stream));
    while let Some(sent) = read(&mut tls) {
        let says = told.lock().unwrap().get(&sent.name).cloned().unwrap_or(Says::Status(201, ""));
        kept.lock().unwrap().push(sent);
        let head = |status: u16, more: &str| format!("HTTP/1.1 {status} Said\r\n{more}Content-Length: 0\r\n\r\n");
        let answered = match says {
            Says::Status(status, more) => tls.get_mut().write_all(head(status, more).as_bytes()),
            Says::Slowly(status, wait) => {
                sleep(wait);
                tls.get_mut().write_all(head(status, "").as_bytes())
            }
            Says::Gigabyte => {
                let begun = tls.get_mut().write_all(b"HTTP/1.1 201 Created\r\nContent-Length: 1073741824\r\n\r\n");
                begun.and_then(|()| (0..1_024).try_for_each(|_| tls.get_mut().write_all(&[b'x'; 1 << 20])))
            }
            Says::Nothing => {
                sleep(Duration::from_secs(30));
                return;
            }
        };
        if answered.is_err() {
            return;
        }
    }
}

fn read(from: &mut impl BufRead) -> Option<Sent> {
    let mut line = || {
        let mut line = String::new();
        from.read_line(&mut line).ok().filter(|read| *read > 0).map(|_| line.trim_end().to_owned())
    };
    let first = line()?;
    let (method, rest) = first.split_once(" /")?;
    let path = rest.split(' ').next()?;
    let name = if method == "POST" { path.to_owned() } else { format!("{method} {path}") };
    let mut fields = BTreeMap::new();
    loop {
        let line = line()?;
        let Some((name, value)) = line.split_once(':') else { break };
        fields.insert(name.to_lowercase(), value.trim().to_owned());
    }
    let mut body = vec![0; fields.get("content-length").map_or(Some(0), |length| length.parse().ok())?];
    from.read_exact(&mut body).ok()?;
    let ms = i64::try_from(SystemTime::UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap();
    Some(Sent { name, at: Instant::now(), ms, fields, body })
}
