//! Where a device is woken: an address of its push service, and its keys. Kept sealed; what names it in the store is hashed.

use super::rules::Subscription;
use crate::base::error::Result;
use crate::base::{id, json, sealed};
use crate::feature::settings::HTTPS;
use crate::feature::{House, Push};
use crate::net::webpush::{message::Reader, read};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The most characters of an endpoint: those of browsers have some hundred.
pub const MAX_ENDPOINT: usize = 1_000;
/// The most characters of a host name (RFC 1035 §2.3.4).
const MAX_HOST: usize = 253;
/// The most characters of a part of it.
const MAX_LABEL: usize = 63;
/// How each address begins.
const HTTPS_SCHEME: &str = "https://";
/// Bytes of a code: 128 bits, which nobody guesses.
const CODE: usize = 16;
/// What the key is derived for by which a target is sealed.
const SEALED: &str = "push endpoints";
/// By which it is hashed.
const HASHED: &str = "push endpoint hashes";
/// By which codes are made.
const PROVED: &str = "push codes";

/// Where a device is woken, and the keys of what it is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// The address.
    pub endpoint: String,
    /// Its device's public key, in base64url.
    pub p256dh: String,
    /// The secret that its device shares, in base64url.
    pub auth: String,
}

/// The parts of an endpoint that decide whether it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'e> {
    /// The host's name.
    pub host: &'e str,
    /// The port.
    pub port: u16,
}

impl Place<'_> {
    /// Is the host one of these? None is every one.
    pub fn is_of(&self, hosts: &[String]) -> bool {
        hosts.is_empty() || hosts.iter().any(|host| host.eq_ignore_ascii_case(self.host))
    }
}

impl Target {
    /// The keys, if they are such.
    pub fn reader(&self) -> Option<Reader> {
        Reader::of(&read(&self.p256dh)?, &read(&self.auth)?)
    }

    /// Sealed for the store.
    pub fn seal(&self, house: &House) -> Result<Vec<u8>> {
        sealed::seal(&house.derive(SEALED), json::write(self)?.as_bytes())
    }

    /// What [`seal`](Target::seal) made; nothing where the site has another secret now.
    pub fn open(house: &House, sealed: &[u8]) -> Option<Target> {
        json::read(&sealed::open(&house.derive(SEALED), sealed)?).ok()
    }

    /// Where a subscription wakes its device, if it does and the site's secret is the one of then.
    pub fn of(house: &House, s: &Subscription) -> Option<Target> {
        Target::open(house, s.sealed.as_deref()?)
    }

    /// Is it where the operator lets this site call? What was allowed once need not be so any more.
    pub fn is_allowed(&self, push: &Push) -> bool {
        place(&self.endpoint).is_some_and(|place| place.is_of(&push.hosts) && push.ports.contains(&place.port))
    }

    /// Its hash in the store: nobody else's subscription has that.
    pub fn hash(&self, house: &House) -> String {
        hash(house, &["proved", &self.spelled()])
    }

    /// The hash of one that nobody has proved yet: it belongs to its device alone, so that naming another's takes nothing away.
    pub fn hash_for(&self, house: &House, user: i64, device: &str) -> String {
        hash(house, &["claimed", &self.spelled(), &user.to_string(), device])
    }

    /// The address in one spelling: the host in small letters, the port in full.
    fn spelled(&self) -> String {
        let Some(Place { host, port }) = place(&self.endpoint) else { return self.endpoint.clone() };
        let rest = self.endpoint.get(HTTPS_SCHEME.len()..).unwrap_or_default();
        let path = rest.find(['/', '?']).and_then(|at| rest.get(at..)).unwrap_or("/");
        format!("{}:{port}{path}", host.to_ascii_lowercase())
    }

    /// The hash of its host: what rests one rests all subscriptions there.
    pub fn host_hash(&self, house: &House) -> i64 {
        let host = place(&self.endpoint).map_or(String::new(), |place| place.host.to_ascii_lowercase());
        let hash = keyed(house, HASHED, &["host", &host]);
        i64::from_be_bytes(hash.first_chunk().copied().unwrap_or_default()) & i64::MAX
    }
}

/// The code that proves a subscription, as its device is sent it. It is made of what stands in the store and the site's secret: so
/// it is kept nowhere, and the next one is another.
pub fn code(house: &House, s: &Subscription) -> String {
    // The instant, because a subscription that has to be proved anew counts from the beginning: a code of then is none now.
    let (since, number) = (s.state_at.0.to_string(), s.codes.to_string());
    let hash = keyed(house, PROVED, &[&s.id, s.endpoint.as_deref().unwrap_or_default(), &since, &number]);
    id::hex(hash.get(..CODE).unwrap_or_default())
}

fn hash(house: &House, parts: &[&str]) -> String {
    id::hex(&keyed(house, HASHED, parts))
}

fn keyed(house: &House, purpose: &str, parts: &[&str]) -> Vec<u8> {
    let begun = Sha256::new().chain_update(house.derive(purpose));
    parts.iter().fold(begun, |hash, part| hash.chain_update(part).chain_update([0])).finalize().to_vec()
}

/// Takes an endpoint apart: `https://HOST[:PORT]/…`, a host's name and no address, nobody's name or password before it; nothing where it
/// is something else. Whether the name leads to a public address is looked at whenever something is sent.
pub fn place(endpoint: &str) -> Option<Place<'_>> {
    let sound = endpoint.len() <= MAX_ENDPOINT
        && endpoint.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>\\^`{|}#".contains(&byte));
    let rest = endpoint.strip_prefix(HTTPS_SCHEME).filter(|_| sound)?;
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, port.parse().ok().filter(|_| port.bytes().all(|byte| byte.is_ascii_digit()))?),
        None => (authority, HTTPS),
    };
    is_host(host).then_some(Place { host, port })
}

/// Is it the name of a host? The last part of an address is a number (WHATWG URL, "ends in a number").
fn is_host(host: &str) -> bool {
    let is_label = |label: &str| {
        let sound = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        sound && (1..=MAX_LABEL).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-')
    };
    let last = host.rsplit('.').next().unwrap_or_default();
    let is_number = last.starts_with(|c: char| c.is_ascii_digit());
    host.len() <= MAX_HOST && host.split('.').all(is_label) && !is_number
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_names_a_host_and_nobody() {
        let of = |endpoint| place(endpoint).map(|place| (place.host, place.port));
        assert_eq!(of("https://push.example/x"), Some(("push.example", 443)));
        assert_eq!(of("https://push.example:8443/x?a=b:c@d"), Some(("push.example", 8443)));
        assert_eq!(of("https://localhost"), Some(("localhost", 443)), "refused for what it resolves to");
        assert_eq!(of("https://a_b.xn--kkc.example/"), Some(("a_b.xn--kkc.example", 443)));
        let long = format!("https://push.example/{}", "x".repeat(MAX_ENDPOINT));
        for bad in [
            "http://push.example/x",
            "HTTPS://push.example/",
            "https://u@push.example/",
            "https://u:p@push.example/",
            "https://push.example:/",
            "https://push.example:+443/",
            "https://push.example:99999/",
            "https://127.0.0.1/",
            "https://127.1/",
            "https://0x7f.0.0.0x1/",
            "https://2130706433/",
            "https://[::1]/",
            "https:///x",
            "https://push.example./",
            "https://-a.example/",
            "https://push.example/a b",
            "https://push.example\\@evil.example/",
            "https://push.example/#x",
            "https://püsh.example/",
            &long,
        ] {
            assert_eq!(of(bad), None, "{bad}");
        }
    }
}
