//! Where connections come from, as far as limits per address are concerned.

use core::net::{IpAddr, Ipv4Addr};

use crate::limits::{Limit, Limits};

/// Where a connection comes from.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Origin {
    /// The peer's network address, for the limits per address. Loopback is exempt from them unless
    /// `exempt_loopback` is 0 (PROTOCOL.md, "Limits").
    Address(IpAddr),
    /// Somewhere that no limit per address applies to, however `exempt_loopback` is set.
    Exempt,
}

/// What is counted together: one IPv4 address, one IPv6 network of 64 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Address {
    V4(Ipv4Addr),
    V6([u8; 8]),
    Exempt,
}

impl Address {
    /// What a connection from `origin` is counted with.
    pub(super) fn of(origin: Origin, limits: &Limits) -> Self {
        let Origin::Address(address) = origin else {
            return Self::Exempt;
        };
        match address.to_canonical() {
            address if address.is_loopback() && limits[Limit::ExemptLoopback] == 1 => Self::Exempt,
            IpAddr::V4(address) => Self::V4(address),
            IpAddr::V6(address) => {
                let mut network = [0; 8];
                network.copy_from_slice(&address.octets()[..8]);
                Self::V6(network)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Address {
        address_under(text, &Limits::default())
    }

    fn address_under(text: &str, limits: &Limits) -> Address {
        Address::of(Origin::Address(text.parse().expect("an address")), limits)
    }

    #[test]
    fn an_ipv6_network_counts_as_one() {
        assert_eq!(address("2001:db8::1"), address("2001:db8::ffff:2"));
        assert_ne!(address("2001:db8::1"), address("2001:db8:0:1::1"));
    }

    #[test]
    fn a_mapped_address_is_an_ipv4_address() {
        assert_eq!(address("::ffff:10.0.0.1"), address("10.0.0.1"));
        assert_ne!(address("10.0.0.1"), address("10.0.0.2"));
    }

    #[test]
    fn loopback_is_exempt() {
        for loopback in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
            assert_eq!(address(loopback), Address::Exempt);
        }
    }

    #[test]
    fn loopback_is_an_address_like_others_where_it_is_not_exempt() {
        let mut limits = Limits::default();
        limits.set("exempt_loopback", 0).expect("a value within its range");
        let of = |text| address_under(text, &limits);
        assert_eq!(of("127.0.0.1"), Address::V4(Ipv4Addr::LOCALHOST));
        assert_eq!(of("::ffff:127.0.0.1"), of("127.0.0.1"));
        assert_ne!(of("127.9.9.9"), of("127.0.0.1"));
        assert_eq!(of("::1"), Address::V6([0; 8]));
        assert_eq!(Address::of(Origin::Exempt, &limits), Address::Exempt);
    }
}
