//! The forms of the settings about the engine that holds sockets and streams.

use super::Loaded;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// The fewest characters of a key: HS256 wants one as long as its hash (RFC 7518 §3.2).
const MIN_KEY: usize = 32;
/// What begins a key that Pushpin takes for bytes in base64, which is not read here.
const ENCODED: &str = "base64:";

/// Takes `grip.control_url`.
pub fn control(loaded: &mut Loaded, text: &str) -> Result<(), String> {
    loaded.settings.grip.control = Some(nearby(text)?);
    Ok(())
}

/// Takes `grip.key`.
pub fn key(loaded: &mut Loaded, text: &str) -> Result<(), String> {
    if text.len() < MIN_KEY || text.starts_with(ENCODED) {
        return Err(format!("must be a text of at least {MIN_KEY} characters, the same as Pushpin's sig_key, and not in base64"));
    }
    loaded.settings.grip.key = Some(text.to_owned());
    Ok(())
}

/// Takes `grip.public_url`.
pub fn public(loaded: &mut Loaded, text: &str) -> Result<(), String> {
    let rest = ["https://", "http://"].iter().find_map(|scheme| text.strip_prefix(scheme));
    let sound = rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/') && !rest.contains(['?', '#', ' ', '@']));
    if !sound {
        return Err("must be an address of the API, such as https://rt.example.org/api".to_owned());
    }
    loaded.settings.grip.public_url = Some(text.trim_end_matches('/').to_owned());
    Ok(())
}

/// An address of this machine. What is published has no other guard: whoever can reach it can speak to every phone.
fn nearby(text: &str) -> Result<SocketAddr, String> {
    let authority = text.strip_prefix("http://").map(|rest| rest.trim_end_matches('/'));
    let named = |authority: &str| {
        let port = authority.strip_prefix("localhost:")?.parse().ok()?;
        Some(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port))
    };
    let address = authority.and_then(|authority| authority.parse().ok().or_else(|| named(authority)));
    let wrong = || "must be an address of this machine with its port, such as http://127.0.0.1:5561".to_owned();
    address.filter(|address| address.ip().is_loopback() && address.port() > 0).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_published_stays_on_this_machine() {
        for good in ["http://127.0.0.1:5561", "http://127.0.0.1:5561/", "http://localhost:5561", "http://[::1]:5561"] {
            assert!(nearby(good).is_ok(), "{good}");
        }
        for bad in [
            "https://127.0.0.1:5561",
            "http://127.0.0.1",
            "http://192.168.0.7:5561",
            "http://example.org:5561",
            "127.0.0.1:5561",
            "http://127.0.0.1:0",
        ] {
            assert!(nearby(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_key_is_long_and_an_address_is_one() {
        let mut loaded = Loaded::default();
        assert!(key(&mut loaded, "too short").is_err() && key(&mut loaded, &format!("base64:{}", "x".repeat(40))).is_err());
        assert!(key(&mut loaded, &"x".repeat(32)).is_ok());
        assert!(public(&mut loaded, "rt.example.org/api").is_err() && public(&mut loaded, "https:///api").is_err());
        assert!(public(&mut loaded, "https://rt.example.org/api/").is_ok());
        assert_eq!(loaded.settings.grip.public_url.as_deref(), Some("https://rt.example.org/api"));
    }
}
