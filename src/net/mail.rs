//! Mail that leaves this machine: what is handed to a mailer, and which mailers there are.

use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use url::Url;

/// Where hosts have the program that takes mail: every MTA brings one under this name (Linux Standard Base, §14).
const SENDMAILS: [&str; 2] = ["/usr/sbin/sendmail", "/usr/lib/sendmail"];
/// The port of submission over TLS (RFC 8314 §3.3).
const SUBMISSIONS: u16 = 465;
/// The port of submission that begins in plain text (RFC 6409).
const SUBMISSION: u16 = 587;

/// A mail to one person.
#[derive(Debug, Clone, Copy)]
pub struct Mail<'m> {
    /// To whom.
    pub to: &'m str,
    /// What it is about.
    pub subject: &'m str,
    /// What it says, as plain text.
    pub text: &'m str,
    /// What it says, as HTML.
    pub html: &'m str,
    /// How long handing it over may take.
    pub within: Duration,
}

/// How mail leaves this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// Through a program of the host's.
    Sendmail(PathBuf),
    /// Through a server.
    Smtp(Relay),
}

impl fmt::Display for Way {
    /// For the operator; without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Way::Sendmail(program) => write!(f, "{}", program.display()),
            Way::Smtp(relay) => write!(f, "{}:{}", relay.host, relay.port),
        }
    }
}

/// The host's `sendmail`, if there is one.
pub fn sendmail() -> Option<PathBuf> {
    SENDMAILS.iter().map(Path::new).find(|program| program.is_file()).map(Path::to_owned)
}

/// When a connection to a server becomes private.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Privacy {
    /// From its first byte on.
    Always,
    /// By STARTTLS, before anything is said; a server that has none gets nothing.
    Started,
    /// Never: it does not leave this machine.
    Local,
}

/// A server that takes mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relay {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// When the connection becomes private.
    pub privacy: Privacy,
    /// The account there, and its password.
    pub account: Option<(String, String)>,
}

impl Relay {
    /// The server of an address such as `smtps://USER:PASSWORD@HOST`.
    ///
    /// # Errors
    /// What is wrong with it, in words that hold nothing of it.
    pub fn parse(text: &str) -> Result<Relay, String> {
        const FORM: &str =
            "must look like smtps://USER:PASSWORD@HOST or smtp://USER:PASSWORD@HOST, with %40 for an @ in the user";
        let url = Url::parse(text).map_err(|_| FORM.to_owned())?;
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(FORM)?.to_owned();
        let (privacy, port) = match url.scheme() {
            "smtps" => (Privacy::Always, SUBMISSIONS),
            "smtp" if is_local(&host) => (Privacy::Local, SUBMISSION),
            "smtp" => (Privacy::Started, SUBMISSION),
            _ => return Err(FORM.to_owned()),
        };
        let plain = |part: &str| percent_encoding::percent_decode_str(part).decode_utf8().map(String::from).map_err(|_| FORM);
        let account = match (url.username(), url.password()) {
            ("", None) => None,
            (user, Some(password)) if !user.is_empty() => Some((plain(user)?, plain(password)?)),
            _ => return Err(FORM.to_owned()),
        };
        Ok(Relay { host, port: url.port().unwrap_or(port), privacy, account })
    }
}

/// Does it never leave this machine?
fn is_local(host: &str) -> bool {
    let bare = host.trim_matches(['[', ']']);
    bare == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Why a mail was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undelivered {
    /// May the same mail be taken later?
    pub again: bool,
    /// Why, in words of ours: nothing of the mail stands in them, so that they may be logged.
    pub why: String,
    /// What the server said: it may name the recipient, so whoever wrote the mail may read it and no log may.
    pub said: Option<String>,
}

impl Undelivered {
    /// It may be taken later.
    pub fn yet(why: impl Into<String>) -> Undelivered {
        Undelivered { again: true, why: why.into(), said: None }
    }

    /// It will not be taken.
    pub fn ever(why: impl Into<String>) -> Undelivered {
        Undelivered { again: false, ..Undelivered::yet(why) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_read_from_its_address() {
        let relay = |text: &str| Relay::parse(text).map(|r| (r.host, r.port, r.privacy, r.account));
        let account = |user: &str, password: &str| Some((user.to_owned(), password.to_owned()));
        assert_eq!(
            relay("smtps://no-reply%40a.example:p%3Aw@mail.a.example"),
            Ok(("mail.a.example".into(), 465, Privacy::Always, account("no-reply@a.example", "p:w")))
        );
        assert_eq!(relay("smtp://u:p@mail.a.example:25"), Ok(("mail.a.example".into(), 25, Privacy::Started, account("u", "p"))));
        for local in ["localhost", "127.0.0.1", "[::1]"] {
            assert_eq!(relay(&format!("smtp://{local}:2525")), Ok((local.into(), 2525, Privacy::Local, None)));
        }
        for wrong in ["", "mail.a.example", "http://a.example", "smtp://", "smtps://u@a.example", "smtps://:p@a.example"] {
            assert!(relay(wrong).is_err(), "{wrong}");
        }
        assert!(!relay("smtps://u:secret@").unwrap_err().contains("secret"));
    }
}
