//! The forms of the settings about push messages.

use crate::http::peer;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

/// Domains that nobody on the Internet has (RFC 6761, 6762): a push service refuses a contact there.
const NOWHERE: [&str; 6] = ["localhost", "local", "internal", "invalid", "test", "lan"];
/// What begins the address of a mailbox.
const MAILTO: &str = "mailto:";

/// Where push services reach the operator (RFC 8292 §2.1): a mailbox or a page, of a domain that exists.
pub fn contact(text: &str) -> Result<String, String> {
    let host = match text.strip_prefix(MAILTO) {
        Some(address) => address.rsplit_once('@').filter(|(name, _)| !name.is_empty()).map(|(_, host)| host),
        None => text.strip_prefix("https://").map(|rest| rest.split(['/', ':', '?', '#']).next().unwrap_or_default()),
    };
    let plain = text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>\\,".contains(&byte));
    if plain && host.is_some_and(is_domain) {
        return Ok(text.to_owned());
    }
    Err("must be mailto: with an address of a domain of yours, such as mailto:you@YOUR-DOMAIN, or an https address: push services \
         refuse others"
        .to_owned())
}

/// Is it a domain that can be had?
fn is_domain(host: &str) -> bool {
    let (Some((_, last)), Err(_)) = (host.rsplit_once('.'), host.parse::<IpAddr>()) else { return false };
    host.split('.').all(|label| !label.is_empty()) && !NOWHERE.iter().any(|word| last.eq_ignore_ascii_case(word))
}

/// Names of hosts, in small letters.
pub fn hosts(entries: &[String]) -> Result<Vec<String>, String> {
    let host = |entry: &String| {
        let sound = peer::host(entry).is_some_and(|host| host == entry) && !entry.contains([':', '/']);
        if sound { Ok(entry.to_ascii_lowercase()) } else { Err(format!("must be names of hosts, and {entry:?} is none")) }
    };
    entries.iter().map(host).collect()
}

/// Numbers of ports.
pub fn ports(entries: &[String]) -> Result<Vec<u16>, String> {
    let port = |entry: &String| entry.parse().ok().filter(|port| *port > 0);
    entries.iter().map(|entry| port(entry).ok_or_else(|| format!("must be numbers of ports, and {entry:?} is none"))).collect()
}

/// A file, by its whole path.
pub fn certificates(text: &str) -> Result<PathBuf, String> {
    let path = Path::new(text);
    if path.is_absolute() { Ok(path.to_owned()) } else { Err("must be a whole path, from / on".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contact_is_of_a_domain_that_push_services_take() {
        for good in ["mailto:ops@example.org", "https://example.org/contact", "https://example.org:8443"] {
            assert_eq!(contact(good).as_deref(), Ok(good));
        }
        for bad in [
            "ops@example.org",
            "mailto:ops@localhost",
            "mailto:@example.org",
            "mailto:ops@192.0.2.1",
            "http://example.org",
            "mailto:ops@my.local",
            "mailto:ops@a..org",
            "https://",
        ] {
            assert!(contact(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn hosts_and_ports_are_such() {
        let list = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(hosts(&list("FCM.googleapis.com localhost")).unwrap(), ["fcm.googleapis.com", "localhost"]);
        assert!(hosts(&list("https://a.b")).is_err() && hosts(&list("a.b:443")).is_err());
        assert_eq!(ports(&list("443 8443")).unwrap(), [443, 8443]);
        assert!(ports(&list("0")).is_err() && ports(&list("https")).is_err());
    }
}
