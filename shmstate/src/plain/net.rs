//! Addresses of the network.

use crate::SharedLayout;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::{AddrParseError, IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::str::FromStr;

/// An address of version 6 is what says so; everything else is of version 4, zero included.
const V6: u16 = 6;

/// An IP address in a state: what [`IpAddr`] is in a program.
///
/// It has 18 bytes, and is printed, compared, hashed and parsed as an `IpAddr`. In a new state it is `0.0.0.0`.
///
/// ```
/// use shmstate::IpAddress;
/// use std::net::{IpAddr, Ipv4Addr};
///
/// let host = IpAddress::from(Ipv4Addr::LOCALHOST);
/// assert_eq!(host.to_string(), "127.0.0.1");
/// assert!(IpAddr::from(host).is_loopback());
/// assert_eq!("::1".parse::<IpAddress>()?, IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]));
/// # Ok::<_, std::net::AddrParseError>(())
/// ```
#[derive(SharedLayout, Clone, Copy, Default)]
#[shared(crate = "crate")]
#[repr(C)]
pub struct IpAddress {
    family: u16,
    /// In the order of the network; the first four of version 4.
    octets: [u8; 16],
}

/// The address of a socket in a state: what [`SocketAddr`] is in a program.
///
/// It has 28 bytes, and is printed, compared, hashed and parsed as a `SocketAddr`. In a new state it is `0.0.0.0:0`.
///
/// ```
/// use shmstate::SocketAddress;
/// use std::net::SocketAddr;
///
/// let peer: SocketAddress = "[::1]:8080".parse()?;
/// assert_eq!(SocketAddr::from(peer).port(), 8080);
/// # Ok::<_, std::net::AddrParseError>(())
/// ```
#[derive(SharedLayout, Clone, Copy, Default)]
#[shared(crate = "crate")]
#[repr(C)]
pub struct SocketAddress {
    ip: IpAddress,
    port: u16,
    /// Of version 6.
    flow_info: u32,
    /// Of version 6.
    scope_id: u32,
}

impl From<Ipv4Addr> for IpAddress {
    fn from(ip: Ipv4Addr) -> Self {
        let mut octets = [0; 16];
        octets[..4].copy_from_slice(&ip.octets());
        IpAddress { family: 0, octets }
    }
}

impl From<Ipv6Addr> for IpAddress {
    fn from(ip: Ipv6Addr) -> Self {
        IpAddress { family: V6, octets: ip.octets() }
    }
}

impl From<IpAddr> for IpAddress {
    fn from(ip: IpAddr) -> Self {
        match ip {
            IpAddr::V4(ip) => ip.into(),
            IpAddr::V6(ip) => ip.into(),
        }
    }
}

impl From<IpAddress> for IpAddr {
    fn from(IpAddress { family, octets }: IpAddress) -> IpAddr {
        let [a, b, c, d, ..] = octets;
        if family == V6 { octets.into() } else { [a, b, c, d].into() }
    }
}

impl From<SocketAddr> for SocketAddress {
    fn from(address: SocketAddr) -> Self {
        let (flow_info, scope_id) = match &address {
            SocketAddr::V4(_) => (0, 0),
            SocketAddr::V6(v6) => (v6.flowinfo(), v6.scope_id()),
        };
        SocketAddress { ip: address.ip().into(), port: address.port(), flow_info, scope_id }
    }
}

impl From<SocketAddress> for SocketAddr {
    fn from(SocketAddress { ip, port, flow_info, scope_id }: SocketAddress) -> SocketAddr {
        match ip.into() {
            IpAddr::V4(ip) => SocketAddrV4::new(ip, port).into(),
            IpAddr::V6(ip) => SocketAddrV6::new(ip, port, flow_info, scope_id).into(),
        }
    }
}

/// What the type has in common with the one of the standard library: everything that looks at it goes through that one, for
/// bytes that do not count may differ.
macro_rules! as_in_std {
    ($($Type:ident: $Std:ident),*) => {$(
        impl fmt::Display for $Type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&$Std::from(*self), f)
            }
        }

        impl fmt::Debug for $Type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&$Std::from(*self), f)
            }
        }

        impl PartialEq for $Type {
            fn eq(&self, other: &Self) -> bool {
                $Std::from(*self) == $Std::from(*other)
            }
        }

        impl PartialEq<$Std> for $Type {
            fn eq(&self, other: &$Std) -> bool {
                $Std::from(*self) == *other
            }
        }

        impl PartialEq<$Type> for $Std {
            fn eq(&self, other: &$Type) -> bool {
                *self == $Std::from(*other)
            }
        }

        impl Eq for $Type {}

        impl PartialOrd for $Type {
            fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
                Some(self.cmp(other))
            }
        }

        impl Ord for $Type {
            fn cmp(&self, other: &Self) -> Ordering {
                $Std::from(*self).cmp(&$Std::from(*other))
            }
        }

        impl Hash for $Type {
            fn hash<H: Hasher>(&self, state: &mut H) {
                $Std::from(*self).hash(state);
            }
        }

        impl FromStr for $Type {
            type Err = AddrParseError;

            fn from_str(text: &str) -> Result<Self, AddrParseError> {
                $Std::from_str(text).map(Self::from)
            }
        }
    )*};
}

as_in_std!(IpAddress: IpAddr, SocketAddress: SocketAddr);

#[cfg(all(test, not(any(shmstate_loom, shmstate_shuttle))))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn there_and_back(a: SocketAddr, b: SocketAddr) {
            let (one, two) = (SocketAddress::from(a), SocketAddress::from(b));
            prop_assert_eq!(SocketAddr::from(one), a);
            prop_assert_eq!(one.cmp(&two), a.cmp(&b));
            prop_assert_eq!((one.to_string(), format!("{one:?}")), (a.to_string(), format!("{a:?}")));
            prop_assert_eq!(one.to_string().parse::<SocketAddress>().unwrap().ip, a.ip());
            prop_assert_eq!(IpAddress::from(a.ip()).cmp(&b.ip().into()), a.ip().cmp(&b.ip()));
            prop_assert_eq!(IpAddr::from(IpAddress::from(a.ip())), a.ip());
        }

        /// Any bytes are some address, equal to what that one is made of.
        #[test]
        fn any_bytes_are_an_address(family: u16, octets: [u8; 16], port: u16, flow_info: u32, scope_id: u32) {
            let address = SocketAddress { ip: IpAddress { family, octets }, port, flow_info, scope_id };
            prop_assert_eq!(SocketAddress::from(SocketAddr::from(address)), address);
        }
    }

    #[test]
    fn zeroes_are_unspecified() {
        assert_eq!(SocketAddress::zeroed().to_string(), "0.0.0.0:0");
        assert_eq!(IpAddress::zeroed(), IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        assert_ne!(IpAddress::zeroed(), IpAddr::V6(Ipv6Addr::UNSPECIFIED));
    }
}
