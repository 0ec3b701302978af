//! Where a request comes from: the other end of the connection, or what a proxy in front of us says.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::http::HeaderMap;
use ipnet::IpNet;

use crate::app::{Arrival, Certificate};

const FORWARDED: &str = "x-forwarded-for";

/// What is known of the other end of a connection.
#[derive(Clone, Debug)]
pub(super) struct Peer {
    /// Its address.
    pub(super) address: SocketAddr,
    /// The certificate that it showed and that was found good.
    pub(super) certificate: Option<Certificate>,
}

/// Where a request comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Client {
    pub(super) address: IpAddr,
    /// The proxy that says so.
    pub(super) via: Option<IpAddr>,
}

impl Client {
    /// The client behind a connection. A proxy's word counts when the operator trusts the proxy: then it is the right-most
    /// address that is not itself trusted.
    pub(super) fn of(peer: &Peer, headers: &HeaderMap, trusted: &[IpNet]) -> Self {
        let direct = peer.address.ip().to_canonical();
        let is_trusted = |address: &IpAddr| trusted.iter().any(|net| net.contains(address));
        let unproxied = Self {
            address: direct,
            via: None,
        };
        if !is_trusted(&direct) {
            return unproxied;
        }
        let lists = headers.get_all(FORWARDED).iter().rev();
        let words = lists
            .filter_map(|list| list.to_str().ok())
            .flat_map(|list| list.rsplit(','));
        for word in words {
            match word.trim().parse::<IpAddr>() {
                Ok(address) if is_trusted(&address.to_canonical()) => {}
                Ok(address) => {
                    return Self {
                        address: address.to_canonical(),
                        via: Some(direct),
                    };
                }
                // What stands further left is the word of nobody we know.
                Err(_) => break,
            }
        }
        unproxied
    }

    /// What rates are counted by: an IPv6 client has a whole /64 to itself.
    pub(super) fn rate_key(&self) -> IpAddr {
        match self.address {
            IpAddr::V4(_) => self.address,
            IpAddr::V6(address) => {
                let network = u128::from(address) & !u128::from(u64::MAX);
                IpAddr::V6(Ipv6Addr::from(network))
            }
        }
    }

    /// What audit records say of the way a call came.
    pub(super) fn arrival(&self, peer: &Peer, session: Option<String>, request_id: Option<String>) -> Arrival {
        Arrival {
            peer: Some(self.address.to_string()),
            via: self.via.map(|via| via.to_string()),
            certificate: peer.certificate.clone(),
            session,
            request_id,
            era: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, forwarded: &[&'static str]) -> Client {
        let peer = Peer {
            address: SocketAddr::new(peer.parse().expect("an address"), 1),
            certificate: None,
        };
        let mut headers = HeaderMap::new();
        for list in forwarded {
            headers.append(FORWARDED, list.parse().expect("a value"));
        }
        let trusted = ["10.0.0.0/8", "2001:db8::/32"].map(|net| net.parse().expect("a network"));
        Client::of(&peer, &headers, &trusted)
    }

    #[test]
    fn a_proxys_word_counts_only_where_the_proxy_is_trusted() {
        for (peer, forwarded, expected) in [
            ("192.0.2.1", &["203.0.113.9"][..], "192.0.2.1"),
            ("10.0.0.1", &["203.0.113.9"], "203.0.113.9"),
            ("::ffff:10.0.0.1", &["203.0.113.9"], "203.0.113.9"),
            ("10.0.0.1", &["198.51.100.1, 203.0.113.9, 10.0.0.2"], "203.0.113.9"),
            ("10.0.0.1", &["198.51.100.1", "203.0.113.9"], "203.0.113.9"),
            ("10.0.0.1", &["203.0.113.9, unknown"], "10.0.0.1"),
            ("10.0.0.1", &["10.0.0.2"], "10.0.0.1"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("2001:db8::1", &["2001:db9::2"], "2001:db9::2"),
        ] {
            assert_eq!(
                client(peer, forwarded).address.to_string(),
                expected,
                "{peer} {forwarded:?}"
            );
        }
    }

    #[test]
    fn an_ipv6_client_is_its_network() {
        let key = |address| client(address, &[]).rate_key().to_string();
        assert_eq!(key("2001:db9:0:1:2::3"), "2001:db9:0:1::");
        assert_eq!(key("::ffff:192.0.2.7"), "192.0.2.7");
    }
}
