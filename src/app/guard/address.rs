//! The caller's address: the peer's, or behind trusted proxies the last one that no trusted proxy vouches for.

use crate::feature::Settings;
use crate::http::Request;
use std::net::IpAddr;

/// Bits of an IPv6 address that one customer holds whole: limits count the network, not its 2^64 addresses.
const NETWORK_BITS: u32 = 64;

/// Looks behind trusted proxies, and cuts an IPv6 address to its network.
pub fn refine(request: &mut Request<'_>, settings: &Settings) {
    let trusted = |address: &str| settings.trusted_proxies.iter().any(|entry| covers(entry, address));
    if trusted(&request.address) {
        request.secure |= request.header("X_FORWARDED_PROTO").is_some_and(|p| p.eq_ignore_ascii_case("https"));
        let forwarded = request.header("X_FORWARDED_FOR").unwrap_or_default().to_owned();
        let outermost = forwarded.rsplit(',').map(str::trim).find(|address| !trusted(address));
        if let Some(address) = outermost.filter(|a| a.parse::<IpAddr>().is_ok()) {
            request.address = address.to_owned();
        }
    }
    request.address = network(&request.address);
}

/// Does `address` or `network/bits` cover an address?
pub fn covers(entry: &str, address: &str) -> bool {
    let (network, bits) = entry.split_once('/').map_or((entry, None), |(n, b)| (n, Some(b)));
    match (network.parse::<IpAddr>(), address.parse::<IpAddr>()) {
        (Ok(IpAddr::V4(n)), Ok(IpAddr::V4(a))) => same_prefix(n.to_bits().into(), a.to_bits().into(), 32, bits),
        (Ok(IpAddr::V6(n)), Ok(IpAddr::V6(a))) => same_prefix(n.to_bits(), a.to_bits(), 128, bits),
        _ => false,
    }
}

fn same_prefix(network: u128, address: u128, width: u32, bits: Option<&str>) -> bool {
    match bits.map_or(Ok(width), str::parse::<u32>) {
        Ok(0) => true,
        Ok(bits) if bits <= width => network >> (width - bits) == address >> (width - bits),
        _ => false,
    }
}

fn network(address: &str) -> String {
    match address.parse::<IpAddr>() {
        Ok(IpAddr::V6(a)) if a.to_ipv4_mapped().is_none() => {
            std::net::Ipv6Addr::from_bits(a.to_bits() >> NETWORK_BITS << NETWORK_BITS).to_string()
        }
        _ => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Vars;

    fn seen(peer: &str, forwarded: &str) -> String {
        let settings = Settings { trusted_proxies: vec!["10.0.0.0/8".into(), "::1".into()], ..Settings::default() };
        let vars = Vars::from_iter([("REMOTE_ADDR", peer), ("HTTP_X_FORWARDED_FOR", forwarded)]);
        let mut request = Request::new(&vars, String::new());
        refine(&mut request, &settings);
        request.address
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        assert_eq!(seen("192.0.2.1", "198.51.100.7"), "192.0.2.1");
        assert_eq!(seen("10.1.2.3", "203.0.113.9, 198.51.100.7, 10.9.9.9"), "198.51.100.7");
        assert_eq!(seen("10.1.2.3", "garbage"), "10.1.2.3");
        assert_eq!(seen("::1", "198.51.100.7"), "198.51.100.7");
        assert_eq!(seen("2001:db8:1:2:3:4:5:6", ""), "2001:db8:1:2::");
    }

    #[test]
    fn prefixes_cover() {
        assert!(
            covers("0.0.0.0/0", "1.2.3.4") && covers("192.0.2.0/25", "192.0.2.127") && !covers("192.0.2.0/25", "192.0.2.128")
        );
        assert!(!covers("192.0.2.0/99", "192.0.2.0") && !covers("x", "y"));
    }
}
