//! The forms of the settings about push messages.

use super::Loaded;
use crate::feature::Starts;
use crate::http::peer;
use std::net::IpAddr;
use std::path::Path;

/// Domains that nobody on the Internet has (RFC 6761, 6762): a push service refuses a contact there.
const NOWHERE: [&str; 6] = ["localhost", "local", "internal", "invalid", "test", "lan"];
/// What begins the address of a mailbox.
const MAILTO: &str = "mailto:";

/// Who starts the courier, in the order of [`starts`].
pub const STARTS: &[&str] = &["auto", "cron", "off"];

/// Takes `push.courier`, by its place among [`STARTS`].
pub fn starts(loaded: &mut Loaded, place: usize) {
    loaded.settings.push.courier = [Starts::Auto, Starts::Cron, Starts::Off][place];
}

/// Takes `push.contact`.
pub fn contact(loaded: &mut Loaded, text: &str) -> Result<(), String> {
    loaded.settings.push.contact = Some(reached(text)?);
    Ok(())
}

/// Takes `push.hosts`.
pub fn hosts(loaded: &mut Loaded, entries: &[String]) -> Result<(), String> {
    loaded.settings.push.hosts = names(entries)?;
    Ok(())
}

/// Takes `push.private`.
pub fn private(loaded: &mut Loaded, entries: &[String]) -> Result<(), String> {
    loaded.settings.push.private = names(entries)?;
    Ok(())
}

/// Takes `push.ports`.
pub fn ports(loaded: &mut Loaded, entries: &[String]) -> Result<(), String> {
    loaded.settings.push.ports = numbers(entries)?;
    Ok(())
}

/// Takes `push.ca`, a file by its whole path.
pub fn certificates(loaded: &mut Loaded, text: &str) -> Result<(), String> {
    if !Path::new(text).is_absolute() {
        return Err("must be a whole path, from / on".to_owned());
    }
    loaded.settings.push.ca = Some(text.into());
    Ok(())
}

/// Where push services reach the operator (RFC 8292 §2.1): a mailbox or a page, of a domain that exists.
fn reached(text: &str) -> Result<String, String> {
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
fn names(entries: &[String]) -> Result<Vec<String>, String> {
    let host = |entry: &String| {
        let sound = peer::host(entry).is_some_and(|host| host == entry) && !entry.contains([':', '/']);
        if sound { Ok(entry.to_ascii_lowercase()) } else { Err(format!("must be names of hosts, and {entry:?} is none")) }
    };
    entries.iter().map(host).collect()
}

/// Numbers of ports.
fn numbers(entries: &[String]) -> Result<Vec<u16>, String> {
    let port = |entry: &String| entry.parse().ok().filter(|port| *port > 0);
    entries.iter().map(|entry| port(entry).ok_or_else(|| format!("must be numbers of ports, and {entry:?} is none"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contact_is_of_a_domain_that_push_services_take() {
        for good in ["mailto:ops@example.org", "https://example.org/contact", "https://example.org:8443"] {
            assert_eq!(reached(good).as_deref(), Ok(good));
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
            assert!(reached(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn hosts_and_ports_are_such() {
        let list = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(names(&list("FCM.googleapis.com localhost")).unwrap(), ["fcm.googleapis.com", "localhost"]);
        assert!(names(&list("https://a.b")).is_err() && names(&list("a.b:443")).is_err());
        assert_eq!(numbers(&list("443 8443")).unwrap(), [443, 8443]);
        assert!(numbers(&list("0")).is_err() && numbers(&list("https")).is_err());
    }
}
