//! Identifiers of 16 bytes.

use crate::SharedLayout;
use std::fmt;
use std::str::FromStr;

/// An identifier of 16 bytes in a state: as bytes, and as text with hyphens.
///
/// It makes none: take the crate `uuid` for that, whose `Uuid` converts by its bytes. In a new state it is the nil one.
///
/// ```
/// use shmstate::Uuid;
///
/// let id: Uuid = "67e55044-10b1-426f-9247-bb680e5fe0c8".parse()?;
/// assert_eq!(<[u8; 16]>::from(id)[..2], [0x67, 0xe5]);
/// assert_eq!(Uuid::from(<[u8; 16]>::from(id)).to_string(), "67e55044-10b1-426f-9247-bb680e5fe0c8");
/// assert!(Uuid::default().is_nil());
/// # Ok::<_, shmstate::ParseUuidError>(())
/// ```
#[derive(SharedLayout, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[shared(crate = "crate")]
#[repr(C)]
pub struct Uuid {
    bytes: [u8; 16],
}

impl Uuid {
    /// The bytes, in the order in which they are printed.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.bytes
    }

    /// Whether all bytes are 0.
    #[must_use]
    pub fn is_nil(&self) -> bool {
        self.bytes == [0; 16]
    }
}

impl From<[u8; 16]> for Uuid {
    fn from(bytes: [u8; 16]) -> Self {
        Uuid { bytes }
    }
}

impl From<Uuid> for [u8; 16] {
    fn from(id: Uuid) -> [u8; 16] {
        id.bytes
    }
}

/// Small letters, with hyphens.
impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = format!("{:032x}", u128::from_be_bytes(self.bytes));
        let (a, b, c, d, e) = (&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]);
        f.pad(&format!("{a}-{b}-{c}-{d}-{e}"))
    }
}

impl fmt::Debug for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is no [`Uuid`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not 32 hexadecimal digits in groups of 8, 4, 4, 4 and 12 with hyphens between them")]
pub struct ParseUuidError(());

/// With hyphens, in letters of any size.
impl FromStr for Uuid {
    type Err = ParseUuidError;

    fn from_str(text: &str) -> Result<Self, ParseUuidError> {
        let groups: Vec<&str> = text.split('-').collect();
        let digits = groups.concat();
        let right = groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
            && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        let number = u128::from_str_radix(&digits, 16).ok().filter(|_| right).ok_or(ParseUuidError(()))?;
        Ok(number.to_be_bytes().into())
    }
}

#[cfg(all(test, not(any(shmstate_loom, shmstate_shuttle))))]
mod tests {
    use super::*;

    #[test]
    fn text_that_is_none_is_refused() {
        let right = "67e55044-10b1-426f-9247-bb680e5fe0c8";
        assert_eq!(right.to_uppercase().parse::<Uuid>().unwrap().to_string(), right);
        let wrong = [
            "",
            "67e5504410b1426f9247bb680e5fe0c8",
            "67e55044-10b1-426f-9247-bb680e5fe0c",
            "+7e55044-10b1-426f-9247-bb680e5fe0c8",
            "67e55044-10b1-426f-9247bb680e5fe0c8-",
            "67e55044-10b1-426f-9247-bb680e5fe0ć",
        ];
        for text in wrong {
            assert_eq!(text.parse::<Uuid>(), Err(ParseUuidError(())), "{text}");
        }
    }
}
