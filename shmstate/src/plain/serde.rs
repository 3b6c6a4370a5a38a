//! The plain types for the crate `serde`: addresses as the standard library's, identifiers as text or bytes; times see to that
//! themselves.

use super::{IpAddress, SocketAddress, Uuid};
use crate::Pod;
use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, Serializer};
use std::net::{IpAddr, SocketAddr};

/// A type that is written and read as another one.
macro_rules! as_another {
    ($($Type:ident as $Other:ty: $to:expr, $from:path, $doc:literal;)*) => {$(
        #[doc = $doc]
        impl Serialize for $Type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                <$Other>::serialize(&$to(*self), serializer)
            }
        }

        #[doc = $doc]
        impl<'de> Deserialize<'de> for $Type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                <$Other>::deserialize(deserializer).map($from)
            }
        }
    )*};
}

as_another! {
    IpAddress as IpAddr: IpAddr::from, IpAddress::from, "As an `IpAddr`: text where people read it.";
    SocketAddress as SocketAddr: SocketAddr::from, SocketAddress::from, "As a `SocketAddr`: text where people read it.";
}

/// Text with hyphens where people read it, 16 bytes elsewhere.
impl Serialize for Uuid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            self.as_bytes().serialize(serializer)
        }
    }
}

/// Text with hyphens where people read it, 16 bytes elsewhere.
impl<'de> Deserialize<'de> for Uuid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
        } else {
            <[u8; 16]>::deserialize(deserializer).map(Self::from)
        }
    }
}

/// As what is in it.
impl<T: Serialize> Serialize for Pod<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// As what is in it.
impl<'de, T: Deserialize<'de>> Deserialize<'de> for Pod<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Pod)
    }
}

#[cfg(all(test, not(any(shmstate_loom, shmstate_shuttle))))]
pub(super) mod tests {
    use super::*;
    use serde::de::DeserializeOwned;
    use std::fmt::Debug;

    pub(in crate::plain) fn there_and_back<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: T, json: &str) {
        assert_eq!(serde_json::to_string(&value).unwrap(), json);
        assert_eq!(serde_json::from_str::<T>(json).unwrap(), value);
    }

    #[test]
    fn there_and_back_again() {
        there_and_back("::1".parse::<IpAddress>().unwrap(), "\"::1\"");
        there_and_back("10.0.0.1:80".parse::<SocketAddress>().unwrap(), "\"10.0.0.1:80\"");
        there_and_back(
            "67e55044-10b1-426f-9247-bb680e5fe0c8".parse::<Uuid>().unwrap(),
            "\"67e55044-10b1-426f-9247-bb680e5fe0c8\"",
        );
        there_and_back(Pod([1u8, 2]), "[1,2]");
        let wrong = serde_json::from_str::<Uuid>("\"67e5\"").unwrap_err();
        assert!(wrong.to_string().starts_with("not 32 hexadecimal digits"), "{wrong}");
    }
}
