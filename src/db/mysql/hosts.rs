//! `mysql://user:password@host[:port][,host…]/database?…`, understood: the hosts, and how each is connected to.

use crate::base::error::{Error, Result};
use mysql::consts::CapabilityFlags;
use mysql::{Opts, OptsBuilder, SslOpts};
use percent_encoding::percent_decode_str;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a host may take to accept: a dead one must not use up a request's patience before the next is tried.
const CONNECT: Duration = Duration::from_secs(5);
/// How long a server may stay silent in a request: longer than it may wait for a lock, and so short that another host can
/// be asked before web servers lose their patience.
const SILENCE: Duration = Duration::from_secs(15);
/// How long each may take where another can answer instead, a replica's primary: a poll takes milliseconds, and whoever
/// waits for it has a few seconds' patience in all.
const HASTE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(3));
/// How long it may stay silent while it alters a table or looks one over.
const LONG_SILENCE: Duration = Duration::from_secs(3_600);
/// The most bytes of a packet that this side accepts; the server's own limit, mostly 16 MiB, comes first.
const PACKET: usize = 64 * 1024 * 1024;
/// Prepared statements kept: more than the stores have, so that none is prepared twice on a connection.
const STATEMENTS: usize = 256;
/// Where servers listen for this machine alone: cPanel and Red Hat, Debian.
const SOCKETS: [&str; 3] = ["/var/lib/mysql/mysql.sock", "/run/mysqld/mysqld.sock", "/var/run/mysqld/mysqld.sock"];
/// The name by which MySQL's own programs mean the socket.
const LOCAL: &str = "localhost";
/// MySQL's port (IANA).
const PORT: u16 = 3306;

/// How a connection over TCP is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tls {
    /// Encrypted, and the server's certificate must be good for its name.
    Verify,
    /// Encrypted, but any server is believed: for a certificate that it made for itself.
    Trust,
    /// Not at all.
    Off,
}

/// The hosts of a URL and what they have in common. It holds a password: it is never shown with [`fmt::Debug`].
#[derive(Clone)]
pub struct Hosts {
    hosts: Vec<(String, Option<u16>)>,
    user: String,
    password: String,
    database: String,
    socket: Option<String>,
    tls: Option<Tls>,
    ca: Option<PathBuf>,
    /// How long one may take to accept, and how long to answer.
    patience: (Duration, Duration),
}

fn wrong(what: &str) -> Error {
    Error::NotReady(format!("the URL of a database: {what}"))
}

fn decoded(text: &str) -> Result<String> {
    Ok(percent_decode_str(text).decode_utf8().map_err(|_| wrong("not UTF-8"))?.into_owned())
}

impl Hosts {
    /// Reads what follows `mysql:`.
    ///
    /// # Errors
    /// What is wrong, for the operator, without what stands in the URL.
    pub fn parse(rest: &str) -> Result<Hosts> {
        let rest = rest.strip_prefix("//").ok_or_else(|| wrong("// must follow mysql:"))?;
        let (main, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (account, place) = main.rsplit_once('@').ok_or_else(|| wrong("a user is missing: mysql://user:password@…"))?;
        let (user, password) = account.split_once(':').unwrap_or((account, ""));
        let (hosts, database) = place.split_once('/').unwrap_or((place, ""));
        if user.is_empty() || database.is_empty() {
            return Err(wrong("the user or the database's name is missing: mysql://user:password@localhost/database"));
        }
        let (user, password, database) = (decoded(user)?, decoded(password)?, decoded(database)?);
        let hosts = hosts.split(',').map(host).collect::<Result<_>>()?;
        let mut parsed =
            Hosts { hosts, user, password, database, socket: None, tls: None, ca: None, patience: (CONNECT, SILENCE) };
        for option in query.split('&').filter(|option| !option.is_empty()) {
            let (name, value) = option.split_once('=').ok_or_else(|| wrong("an option must look like name=value"))?;
            parsed.option(name, decoded(value)?)?;
        }
        Ok(parsed)
    }

    fn option(&mut self, name: &str, value: String) -> Result<()> {
        match (name, value.as_str()) {
            ("socket", _) => self.socket = Some(value),
            ("ca", _) => self.ca = Some(value.into()),
            ("tls", "verify") => self.tls = Some(Tls::Verify),
            ("tls", "trust") => self.tls = Some(Tls::Trust),
            ("tls", "off") => self.tls = Some(Tls::Off),
            ("tls", _) => return Err(wrong("tls must be verify, trust or off")),
            _ => return Err(wrong("the options are socket, tls and ca")),
        }
        Ok(())
    }

    /// These hosts, for a caller who can ask others and does not wait long.
    #[must_use]
    pub fn hasty(self) -> Hosts {
        Hosts { patience: HASTE, ..self }
    }

    /// How many there are; with a socket they are one.
    pub fn len(&self) -> usize {
        if self.socket.is_some() { 1 } else { self.hosts.len() }
    }

    /// How to connect to one of them; a patient connection waits long for an answer.
    pub fn options(&self, index: usize, patient: bool) -> Opts {
        let (name, port) = self.hosts.get(index).cloned().unwrap_or_default();
        let socket = self.socket.clone().or_else(|| local_socket(&name, port));
        let (connect, silence) = self.patience;
        let silence = if patient { LONG_SILENCE } else { silence };
        let address = if name == LOCAL || name.is_empty() { "127.0.0.1".to_owned() } else { name };
        OptsBuilder::new()
            .user(Some(&self.user))
            .pass(Some(&self.password))
            .db_name(Some(&self.database))
            .ssl_opts(if socket.is_some() { None } else { self.tls_options(&address) })
            .socket(socket)
            .prefer_socket(false)
            .ip_or_hostname(Some(address))
            .tcp_port(port.unwrap_or(PORT))
            .tcp_connect_timeout(Some(connect))
            .read_timeout(Some(silence))
            .write_timeout(Some(silence))
            .max_allowed_packet(Some(PACKET))
            .stmt_cache_size(STATEMENTS)
            .additional_capabilities(CapabilityFlags::CLIENT_FOUND_ROWS)
            .into()
    }

    /// Unless it says otherwise, what leaves this machine is encrypted, and the server must show who it is.
    fn tls_options(&self, address: &str) -> Option<SslOpts> {
        let loopback = address.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
        let tls = self.tls.unwrap_or(if loopback { Tls::Off } else { Tls::Verify });
        let trust = tls == Tls::Trust;
        let options = SslOpts::default().with_danger_accept_invalid_certs(trust).with_danger_skip_domain_validation(trust);
        (tls != Tls::Off).then(|| options.with_root_cert_path(self.ca.clone()))
    }
}

/// `name`, `name:port`, `[::1]:port`.
fn host(text: &str) -> Result<(String, Option<u16>)> {
    let (name, port) = match text.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, Some(port)),
        _ => (text, None),
    };
    let port = port.map(|port| port.parse().map_err(|_| wrong("a port must be a number"))).transpose()?;
    Ok((decoded(name)?, port))
}

/// A socket of this machine, when it is what the host means.
fn local_socket(name: &str, port: Option<u16>) -> Option<String> {
    let local = (name == LOCAL || name.is_empty()) && port.is_none();
    SOCKETS.iter().find(|path| local && Path::new(path).exists()).map(|path| (*path).to_owned())
}

/// As a URL again, without its password.
impl fmt::Display for Hosts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let port = |port: &Option<u16>| port.map(|port| format!(":{port}")).unwrap_or_default();
        let hosts: Vec<String> = self.hosts.iter().map(|(name, number)| format!("{name}{}", port(number))).collect();
        write!(f, "mysql://{}@{}/{}", self.user, hosts.join(","), self.database)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_taken_apart() {
        let hosts = Hosts::parse("//ann:p%40ss%2F+@db1:3307,db2,[::1]:4000/app?tls=trust").unwrap();
        assert_eq!((hosts.user.as_str(), hosts.password.as_str(), hosts.database.as_str()), ("ann", "p@ss/+", "app"));
        assert_eq!(hosts.hosts, [("db1".into(), Some(3307)), ("db2".into(), None), ("[::1]".into(), Some(4000))]);
        let options = hosts.options(0, false);
        assert_eq!((options.get_ip_or_hostname().into_owned(), options.get_tcp_port()), ("db1".to_owned(), 3307));
        assert!(options.get_ssl_opts().is_some_and(SslOpts::accept_invalid_certs));
        assert_eq!(hosts.to_string(), "mysql://ann@db1:3307,db2,[::1]:4000/app");
    }

    #[test]
    fn a_socket_is_one_host_and_needs_no_tls() {
        let hosts = Hosts::parse("//ann@a,b/app?socket=%2Frun%2Fa.sock&tls=verify").unwrap();
        let options = hosts.options(0, false);
        assert_eq!((hosts.len(), options.get_socket()), (1, Some("/run/a.sock")));
        assert!(options.get_ssl_opts().is_none());
    }

    #[test]
    fn what_leaves_the_machine_is_encrypted_and_verified() {
        let tls = |url: &str| Hosts::parse(url).unwrap().options(0, false).get_ssl_opts().map(SslOpts::accept_invalid_certs);
        assert_eq!(tls("//a@127.0.0.1/d"), None);
        assert_eq!(tls("//a@[::1]/d"), None);
        assert_eq!(tls("//a@db.example/d"), Some(false));
        assert_eq!(tls("//a@db.example/d?tls=off"), None);
    }

    #[test]
    fn what_is_wrong_is_said_without_the_password() {
        for url in [
            "x",
            "//secret-word",
            "//a:secret-word@h",
            "//a:secret-word@h:x/d",
            "//a:secret-word@h/d?a=b",
            "//a:secret-word@h/d?tls=b",
        ] {
            let said = Hosts::parse(url).err().unwrap().to_string();
            assert!(said.starts_with("the URL of a database: ") && !said.contains("secret-word"), "{said}");
        }
    }
}
