//! Addresses, networks, schemes, hosts and origins as proxies, browsers and operators write them: one reader for each.

use std::net::{IpAddr, Ipv6Addr};
use url::Url;

/// Bits of an IPv4 and of an IPv6 address.
const V4_BITS: u32 = 32;
const V6_BITS: u32 = 128;
/// The bits before an IPv4 address that stands in an IPv6 one (`::ffff:192.0.2.1`, RFC 4291 §2.5.5.2).
const MAPPED_BITS: u32 = V6_BITS - V4_BITS;
/// The bits that all addresses of an IPv6 customer share (RFC 6177: nobody gets less than a /64).
const CUSTOMER_BITS: u32 = 64;
const CUSTOMER: u128 = u128::MAX << (V6_BITS - CUSTOMER_BITS);
/// The longest host with its port: a name has at most 253 characters (RFC 1035 §2.3.4).
const MAX_HOST: usize = 253 + ":65535".len();

/// The address in an entry of `X-Forwarded-For`, in any of the forms that proxies write (RFC 7239 §6): bare, with a port,
/// in brackets, in quotes, with a zone. An IPv4 address inside an IPv6 one is the IPv4 address. `None` for `unknown` and
/// other words.
pub fn address(entry: &str) -> Option<IpAddr> {
    let entry = entry.trim().trim_matches('"');
    let (bare, port) = match entry.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?,
        None if entry.bytes().filter(|b| *b == b':').count() == 1 => entry.split_at(entry.find(':')?),
        None => (entry, ""),
    };
    let bare = bare.split('%').next().unwrap_or_default();
    let address = bare.parse::<IpAddr>().ok().filter(|_| is_port(port))?;
    Some(address.to_canonical())
}

/// The address, or the first of the IPv6 addresses that its customer has.
pub fn customer(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & CUSTOMER).into(),
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// Whom a limit counts at an address: that address, or an IPv6 address's /64, all of which one customer has.
pub fn network(text: &str) -> String {
    match text.parse::<IpAddr>().map(|address| address.to_canonical()) {
        Ok(address @ IpAddr::V6(_)) => format!("{}/{CUSTOMER_BITS}", customer(address)),
        _ => text.to_owned(),
    }
}

/// Nothing, or a colon and a number.
fn is_port(text: &str) -> bool {
    text.is_empty() || text.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok())
}

/// The scheme that the client used, from `X-Forwarded-Proto`: each proxy adds what it was asked by, the first is the client's.
pub fn is_https(list: &str) -> bool {
    list.split(',').next().is_some_and(|scheme| scheme.trim().trim_matches('"').eq_ignore_ascii_case("https"))
}

/// A `Host` that may stand in a link: a name or an address, perhaps with a port (RFC 9110 §7.2).
pub fn host(text: &str) -> Option<&str> {
    let text = text.split(',').next().unwrap_or_default().trim();
    let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b".-:[]_".contains(&b));
    (plain && !text.is_empty() && text.len() <= MAX_HOST).then_some(text)
}

/// An address, or a network as `address/bits`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u32,
}

impl Network {
    /// Reads what an operator wrote.
    ///
    /// # Errors
    /// What to write in its place.
    pub fn parse(text: &str) -> Result<Network, String> {
        let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let Ok(address) = address.trim().parse::<IpAddr>() else { return Err(instead(text)) };
        let width = if address.is_ipv4() { V4_BITS } else { V6_BITS };
        let bits = bits.map_or(Some(width), |bits| bits.trim().parse().ok().filter(|bits| *bits <= width));
        let Some(bits) = bits else { return Err(format!("{text}: after the slash stands a number from 0 to {width}")) };
        let inner = address.to_canonical();
        if inner.is_ipv4() && address.is_ipv6() {
            let bits = bits.checked_sub(MAPPED_BITS);
            return bits.map(|bits| Network { address: inner, bits }).ok_or_else(|| format!("{text}: write {inner}/{V4_BITS}"));
        }
        Ok(Network { address, bits })
    }

    /// Does the network hold an address, which is in canonical form?
    pub fn covers(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(own), IpAddr::V4(other)) => same_prefix(own.to_bits().into(), other.to_bits().into(), V4_BITS, self.bits),
            (IpAddr::V6(own), IpAddr::V6(other)) => same_prefix(own.to_bits(), other.to_bits(), V6_BITS, self.bits),
            _ => false,
        }
    }
}

fn same_prefix(network: u128, address: u128, width: u32, bits: u32) -> bool {
    bits == 0 || network >> (width - bits) == address >> (width - bits)
}

/// What an operator who wrote no address probably means.
fn instead(text: &str) -> String {
    let meant = match text.split_once(".*") {
        _ if text.eq_ignore_ascii_case("localhost") => "127.0.0.1 and ::1".to_owned(),
        Some((start, _)) if start.bytes().all(|b| b.is_ascii_digit() || b == b'.') => {
            let parts = start.split('.').count().min(3);
            format!("{start}{}/{}", ".0".repeat(4 - parts), 8 * parts)
        }
        _ => "an address or a network, such as 192.0.2.1 or 10.0.0.0/8".to_owned(),
    };
    format!("{text} is no address: write {meant}")
}

/// An origin as browsers send it (RFC 6454 §6.2), from what an operator wrote: a slash at the end, capitals and the scheme's
/// own port are mended. Packaged apps have origins such as `capacitor://localhost`, pages from a file `null`; `*` is any.
///
/// # Errors
/// Why no browser would ever send it.
pub fn origin(text: &str) -> Result<String, String> {
    if matches!(text, "*" | "null") {
        return Ok(text.to_owned());
    }
    let Some((scheme, rest)) = text.split_once("://") else {
        return Err(format!("{text} lacks its scheme: write https://{text}"));
    };
    let authority = rest.strip_suffix('/').unwrap_or(rest);
    if authority.contains(['/', '?', '#', '@']) {
        return Err(format!("{text}: an origin ends with its host and port, without a path"));
    }
    if authority.contains('*') {
        return Err(format!("{text}: browsers send no patterns; list each origin, or write * alone for any"));
    }
    let written = Url::parse(&format!("{scheme}://{authority}")).ok().filter(|url| !authority.is_empty() && url.has_host());
    let Some(url) = written else { return Err(format!("{text} is no origin: write one such as https://app.example")) };
    Ok(match url.origin() {
        origin if origin.is_tuple() => origin.ascii_serialization(),
        // Schemes of packaged apps are none of the URL standard's own.
        _ => format!("{}://{}", url.scheme(), authority.to_ascii_lowercase()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_in_every_form_that_proxies_write() {
        for form in ["198.51.100.7", "198.51.100.7:4711", "\"198.51.100.7:4711\"", "::ffff:198.51.100.7", " 198.51.100.7 "] {
            assert_eq!(address(form), "198.51.100.7".parse().ok(), "{form}");
        }
        for form in [
            "2001:db8::7",
            "[2001:db8::7]",
            "[2001:db8::7]:443",
            "\"[2001:db8::7]\"",
            "\"[2001:db8::7]:443\"",
            "2001:db8::7%eth0",
        ] {
            assert_eq!(address(form), "2001:db8::7".parse().ok(), "{form}");
        }
        for form in ["", "unknown", "_hidden", "[2001:db8::7", "198.51.100.7:port", "198.51.100", "[198.51.100.7]x", "999.1.1.1"]
        {
            assert_eq!(address(form), None, "{form}");
        }
    }

    #[test]
    fn a_limit_counts_an_ipv6_customer_whole() {
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
        assert_eq!(network("2001:db8:1:2::"), network("2001:db8:1:2:ffff::1"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        for plain in ["198.51.100.7", "unknown", ""] {
            assert_eq!(network(plain), plain);
        }
    }

    #[test]
    fn the_first_scheme_is_the_client_s() {
        assert!(is_https("https") && is_https("https, https") && is_https("HTTPS,http") && is_https(" https ,http"));
        assert!(!is_https("http, https") && !is_https("") && !is_https("httpsx"));
    }

    #[test]
    fn networks_cover() {
        let covers = |network: &str, ip: &str| Network::parse(network).unwrap().covers(address(ip).unwrap());
        assert!(
            covers("0.0.0.0/0", "1.2.3.4") && covers("192.0.2.0/25", "192.0.2.127") && !covers("192.0.2.0/25", "192.0.2.128")
        );
        assert!(covers("10.0.0.0/8", "::ffff:10.9.9.9") && covers("::ffff:10.0.0.0/104", "10.9.9.9") && covers("::1", "::1"));
        assert!(!covers("10.0.0.0/8", "::1") && covers("2001:db8::/32", "2001:db8:1::1"));
    }

    #[test]
    fn a_network_that_can_never_match_says_what_to_write() {
        for (wrong, right) in [
            ("localhost", "127.0.0.1"),
            ("10.0.0.0/33", "0 to 32"),
            ("10.0.0.*", "10.0.0.0/24"),
            ("10.*", "10.0.0.0/8"),
            ("proxy", "192.0.2.1"),
        ] {
            let error = Network::parse(wrong).unwrap_err();
            assert!(error.contains(right), "{error}");
        }
    }

    #[test]
    fn origins_are_mended_or_refused() {
        for (written, sent) in [
            ("https://App.Example/", "https://app.example"),
            ("HTTPS://app.example:443", "https://app.example"),
            ("http://localhost:8100", "http://localhost:8100"),
            ("capacitor://localhost", "capacitor://localhost"),
            ("ionic://localhost/", "ionic://localhost"),
            ("https://bücher.example", "https://xn--bcher-kva.example"),
            ("null", "null"),
            ("*", "*"),
        ] {
            assert_eq!(origin(written).as_deref(), Ok(sent));
        }
        for wrong in
            ["app.example", "https://app.example/app", "https://*.example", "https://", "https://a b", "://x", "https://u@x"]
        {
            assert!(origin(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_host_in_a_link_is_a_plain_one() {
        assert_eq!(host("example.org:8080"), Some("example.org:8080"));
        assert_eq!(host("outer.example, inner.example"), Some("outer.example"));
        for wrong in ["", "a b", "x/../y", "x\"y", &"x".repeat(300)] {
            assert_eq!(host(wrong), None, "{wrong}");
        }
    }
}
