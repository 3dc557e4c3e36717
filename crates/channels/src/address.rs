//! Where the server may connect. Whoever may add an endpoint must not reach the server's own network through it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use reqwest::Url;

/// Which addresses may be connected to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Targets {
    /// Public ones, with TLS.
    Public,
    /// Any, for development.
    Any,
}

impl Targets {
    /// Whether this address may be connected to.
    pub fn allow(self, address: IpAddr) -> bool {
        self == Self::Any || is_public(address)
    }

    /// Whether this can be the URL of a webhook: https, a host that is not a forbidden address, no name or password in it.
    /// What its name resolves to is looked at with every connection.
    pub fn allow_url(self, url: &Url) -> bool {
        let scheme = url.scheme() == "https" || (self == Self::Any && url.scheme() == "http");
        let host = url.host_str().is_some_and(|host| {
            let literal = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
            !host.is_empty() && literal.map_or(true, |address| self.allow(address))
        });
        scheme && host && url.username().is_empty() && url.password().is_none() && url.fragment().is_none()
    }
}

/// Whether an address is one of the public internet. What is not known to be is not.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !matches!(
        (a, b, c),
        // This host, private, loopback, link-local with the metadata services, multicast and what is reserved.
        (0 | 10 | 127 | 224..=255, _, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 168, _)
            // Shared by a provider's customers; also metadata services.
            | (100, 64..=127, _)
            // Assignments of protocols, documentation, relays, benchmarks.
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (198, 18..=19, _)
            | (198, 51, 100)
            | (203, 0, 113)
    )
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    match (a, b) {
        // Tunnels that lead to an IPv4 address, documentation, benchmarks, identifiers.
        (0x2001, 0..=0x1ff | 0x0db8) | (0x2002, _) | (0x3fff, 0..=0xfff) => false,
        // What is handed out to the public; mapped, translated, local and multicast addresses lie elsewhere.
        _ => (0x2000..=0x3fff).contains(&a),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_loopback_link_local_and_metadata_addresses_are_not_public() {
        for address in [
            "0.0.0.0",
            "10.1.2.3",
            "127.0.0.1",
            "127.9.9.9",
            "100.100.100.200",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "192.0.2.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "::7f00:1",
            "64:ff9b::7f00:1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "2002:7f00:1::",
            "2001::1",
            "2001:db8::1",
        ] {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
        for address in [
            "8.8.8.8",
            "172.32.0.1",
            "100.128.0.1",
            "192.0.1.1",
            "2606:4700::1111",
            "2a00:1450::1",
            "2001:4860::8888",
        ] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn a_url_that_is_not_https_to_a_public_host_is_refused() {
        let allowed = |url: &str| Url::parse(url).is_ok_and(|url| Targets::Public.allow_url(&url));
        for url in [
            "http://agency.example/",
            "https://127.0.0.1/",
            "https://0x7f000001/",
            "https://2130706433/",
            "https://[::1]/",
            "https://[::ffff:10.0.0.1]/",
            "https://user@agency.example/",
            "https://:word@agency.example/",
            "https://agency.example/#part",
            "ftp://agency.example/",
            "file:///etc/passwd",
            "https://",
            "agency.example",
        ] {
            assert!(!allowed(url), "{url}");
        }
        assert!(allowed("https://agency.example:8443/hook?x=1"));
        assert!(Targets::Any.allow_url(&Url::parse("http://127.0.0.1:9/").unwrap()));
    }
}
