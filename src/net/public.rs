//! Which addresses are everybody's: what strangers have this server call may lead to no other.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Networks of IPv4 that are of this machine, of a house, of one link, or for documents and tests (RFC 6890 and its successors), and all
/// that is no host's.
const RESERVED: [([u8; 4], u32); 14] = [
    ([0, 0, 0, 0], 8),
    ([10, 0, 0, 0], 8),
    ([100, 64, 0, 0], 10),
    ([127, 0, 0, 0], 8),
    ([169, 254, 0, 0], 16),
    ([172, 16, 0, 0], 12),
    ([192, 0, 0, 0], 24),
    ([192, 0, 2, 0], 24),
    ([192, 88, 99, 0], 24),
    ([192, 168, 0, 0], 16),
    ([198, 18, 0, 0], 15),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    ([224, 0, 0, 0], 3),
];
/// What of IPv6 is given to hosts (RFC 4291 §2.4).
const GIVEN: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);
/// What of that is reserved, or holds an address of IPv4: protocols' own, documents, 6to4, documents again.
const RESERVED_6: [(Ipv6Addr, u32); 4] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

/// May it be anybody's host?
pub fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => !RESERVED.iter().any(|(net, bits)| same(v4.to_bits(), Ipv4Addr::from(*net).to_bits(), 32 - bits)),
        IpAddr::V6(v6) => {
            let within = |(net, bits): &(Ipv6Addr, u32)| (v6.to_bits() ^ net.to_bits()) >> (128 - bits) == 0;
            within(&GIVEN) && !RESERVED_6.iter().any(within)
        }
    }
}

fn same(one: u32, other: u32, rest: u32) -> bool {
    (one ^ other) >> rest == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_everybodys_is_public() {
        let edges = "0.0.0.0 0.255.255.255 10.0.0.1 100.64.0.0 100.127.255.255 127.0.0.1 127.255.255.254 169.254.169.254 172.16.0.1 \
             172.31.255.255 192.0.0.8 192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1 198.19.255.255 198.51.100.7 203.0.113.9 224.0.0.1 \
             240.0.0.1 255.255.255.255 :: ::1 fe80::1 fc00::1 fd12::1 ff02::1 64:ff9b::7f00:1 2001::1 2001:1ff:ffff::1 2001:db8::1 \
             2002:7f00:1::1 3fff::1 3fff:fff:ffff::1 4000::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::127.0.0.1";
        for address in edges.split_whitespace() {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
        let edges = "1.0.0.0 9.255.255.255 11.0.0.1 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.1 169.253.1.1 169.255.1.1 172.15.1.1 \
             172.32.0.1 192.0.1.1 192.0.3.1 192.88.98.1 192.167.1.1 192.169.0.1 198.17.1.1 198.20.0.1 198.51.101.1 203.0.114.1 223.255.255.255 \
             2001:200::1 2001:db7::1 2001:db9::1 2003::1 2606:4700::1111 3ffe::1 3fff:1000::1 ::ffff:8.8.8.8";
        for address in edges.split_whitespace() {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }
}
