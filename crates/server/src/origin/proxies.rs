//! Whose word about the client's side of a connection is believed.

use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;

/// Addresses of proxies; nobody's by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<Trusted>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trusted {
    Loopback,
    Net(IpNet),
}

impl TrustedProxies {
    /// All of those in `several`.
    pub fn of(several: impl IntoIterator<Item = Self>) -> Self {
        Self(several.into_iter().flat_map(|one| one.0).collect())
    }

    /// Whether `peer` is one of them.
    pub(crate) fn contains(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        self.0.iter().any(|trusted| match trusted {
            Trusted::Loopback => peer.is_loopback(),
            Trusted::Net(net) => net.contains(&peer),
        })
    }
}

impl FromStr for TrustedProxies {
    type Err = String;

    /// Reads one: `loopback`, an IP address, or a network such as `172.16.0.0/12`.
    ///
    /// # Errors
    /// A sentence for a person.
    fn from_str(text: &str) -> Result<Self, String> {
        if text == "loopback" {
            return Ok(Self(vec![Trusted::Loopback]));
        }
        let net = text.parse().or_else(|_| text.parse().map(host));
        net.map(|net| Self(vec![Trusted::Net(net)])).map_err(|_| {
            "a proxy is `loopback`, an IP address, or a network such as 172.16.0.0/12".to_owned()
        })
    }
}

fn host(address: IpAddr) -> IpNet {
    address.to_canonical().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies_are_addresses_networks_or_loopback() {
        let check = |trusted: &str, peer: &str, expected: Option<bool>| {
            let proxies = trusted.parse::<TrustedProxies>().ok();
            let peer = peer.parse().expect("an address");
            let trusts = proxies.map(|proxies| proxies.contains(peer));
            assert_eq!(trusts, expected, "{trusted} {peer}");
        };
        check("loopback", "127.0.0.1", Some(true));
        check("loopback", "127.8.0.1", Some(true));
        check("loopback", "::1", Some(true));
        check("loopback", "::ffff:127.0.0.1", Some(true));
        check("loopback", "10.0.0.1", Some(false));
        check("10.0.0.1", "10.0.0.1", Some(true));
        check("10.0.0.1", "::ffff:10.0.0.1", Some(true));
        check("10.0.0.1", "10.0.0.2", Some(false));
        check("172.16.0.0/12", "172.31.255.1", Some(true));
        check("172.16.0.0/12", "172.32.0.1", Some(false));
        check("fd00::/8", "fd12::1", Some(true));
        check("proxy", "10.0.0.1", None);
        check("10.0.0.0/33", "10.0.0.1", None);
        check("", "10.0.0.1", None);
        assert!(!TrustedProxies::default().contains([127, 0, 0, 1].into()));
    }
}
