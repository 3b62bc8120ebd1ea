//! The caller's address: the peer's, or behind trusted proxies the last one that no trusted proxy vouches for. What such
//! a proxy was asked, scheme and host, counts for links.

use crate::feature::Settings;
use crate::http::{Request, peer};
use std::net::IpAddr;

/// Looks behind trusted proxies, and cuts an IPv6 address to its network.
pub fn refine(request: &mut Request<'_>, settings: &Settings) {
    request.site = settings.link_base().map(str::to_owned);
    let Some(peer) = peer::address(&request.address) else { return };
    let trusted = |address: &IpAddr| settings.trusted_proxies.iter().any(|network| network.covers(*address));
    if !trusted(&peer) {
        request.address = peer::customer(peer).to_string();
        return;
    }
    if let Some(schemes) = request.header("X_FORWARDED_PROTO") {
        request.secure = peer::is_https(schemes);
    }
    request.forwarded_host = request.header("X_FORWARDED_HOST").and_then(peer::host).map(str::to_owned);
    let caller = request.header("X_FORWARDED_FOR").and_then(|list| outermost(list, trusted));
    request.address = peer::customer(caller.unwrap_or(peer)).to_string();
}

/// The last address that no trusted proxy vouches for; the first, where proxies alone are named.
fn outermost(list: &str, trusted: impl Fn(&IpAddr) -> bool) -> Option<IpAddr> {
    let addresses = || list.rsplit(',').filter_map(peer::address);
    addresses().find(|address| !trusted(address)).or_else(|| addresses().next_back())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Vars;
    use crate::http::peer::Network;

    /// Behind the proxies 10.0.0.0/8 and ::1: what is taken for the caller's address.
    fn seen(peer: &str, forwarded: &str) -> String {
        refined(&[("REMOTE_ADDR", peer), ("HTTP_X_FORWARDED_FOR", forwarded)]).0
    }

    /// The address, and the link to a second page.
    fn refined(vars: &[(&str, &str)]) -> (String, String) {
        let trusted_proxies = ["10.0.0.0/8", "::1"].map(|text| Network::parse(text).unwrap()).to_vec();
        let vars =
            Vars::from_iter(vars.iter().copied().chain([("REQUEST_URI", "/api/goals/?x=1"), ("HTTP_HOST", "inner.example")]));
        let mut request = Request::new(&vars, String::new());
        refine(&mut request, &Settings { trusted_proxies, ..Settings::default() });
        let link = request.url_with("page=2");
        (request.address, link)
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
    fn callers_stay_apart_however_a_proxy_writes_them() {
        assert_eq!(seen("10.1.2.3", "198.51.100.7:4711"), "198.51.100.7");
        assert_eq!(seen("::ffff:10.1.2.3", "198.51.100.7"), "198.51.100.7");
        assert_eq!(seen("10.1.2.3", "\"[2001:db8:1:2::7]:443\""), "2001:db8:1:2::");
        assert_eq!(seen("10.1.2.3", "198.51.100.7, unknown"), "198.51.100.7");
        assert_eq!(seen("10.1.2.3", "10.8.8.8, 10.9.9.9"), "10.8.8.8");
    }

    #[test]
    fn links_name_what_a_trusted_proxy_was_asked_and_nobody_else_s_host() {
        let asked = [("HTTP_X_FORWARDED_PROTO", "https, https"), ("HTTP_X_FORWARDED_HOST", "outer.example")];
        let link = |peer| refined(&[&[("REMOTE_ADDR", peer)], &asked[..]].concat()).1;
        assert_eq!(link("10.1.2.3"), "https://outer.example/api/goals/?page=2");
        assert_eq!(link("192.0.2.1"), "http://inner.example/api/goals/?page=2");
    }

    #[test]
    fn the_site_s_own_address_decides_links() {
        let vars = Vars::from_iter([("REQUEST_URI", "/inner/api/v1/goals/?x=1"), ("HTTP_HOST", "stranger.example")]);
        let mut request = Request::new(&vars, String::new());
        refine(&mut request, &Settings { site_url: "https://example.org/api".into(), ..Settings::default() });
        assert_eq!(request.url_with("page=2"), "https://example.org/api/v1/goals/?page=2");
    }
}
