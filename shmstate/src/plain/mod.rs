//! Plain types for what would otherwise be a number and a comment.
//!
//! Each has a name of its own in the schema, so that a `u64` and a [`TimeSpan`] are two layouts. All are copied as they
//! are, and any bytes are a value of them.
//!
//! * `time`: [`TimeSpan`], [`Timestamp`]; `net`: [`IpAddress`], [`SocketAddress`]; `uuid`: [`Uuid`]
//! * `num`: types of the standard library whose layout is guaranteed

mod net;
mod num;
#[cfg(feature = "serde")]
mod serde;
mod time;
mod uuid;

pub use net::{IpAddress, SocketAddress};
pub use time::{TimeRangeError, TimeSpan, Timestamp};
pub use uuid::{ParseUuidError, Uuid};

#[cfg(all(test, not(any(shmstate_loom, shmstate_shuttle))))]
mod tests {
    use super::*;
    use crate::layout::{Layout, Schema, SharedLayout};
    use std::num::{NonZero, Saturating, Wrapping};

    #[test]
    fn each_has_a_name_of_its_own() {
        let all: [&Layout; 12] = [
            u64::LAYOUT,
            i64::LAYOUT,
            TimeSpan::LAYOUT,
            Timestamp::LAYOUT,
            Option::<NonZero<u64>>::LAYOUT,
            Option::<NonZero<i64>>::LAYOUT,
            Wrapping::<u64>::LAYOUT,
            Saturating::<u64>::LAYOUT,
            <[u8; 16]>::LAYOUT,
            Uuid::LAYOUT,
            IpAddress::LAYOUT,
            SocketAddress::LAYOUT,
        ];
        for (i, a) in all.into_iter().enumerate() {
            for (j, b) in all.into_iter().enumerate() {
                let (a, b) = (Schema::of(a), Schema::of(b));
                assert_eq!(a.is_same(&b), i == j, "{a:?} {b:?}");
                assert_eq!(a.differences(&b).is_empty(), i == j, "{a:?} {b:?}");
            }
        }
        let says = |a, b| Schema::of(a).differences(&Schema::of(b)).join("; ");
        assert_eq!(says(u64::LAYOUT, Timestamp::LAYOUT), "Timestamp: the file has `u64`, the program has `Timestamp`");
        assert_eq!(
            says(u64::LAYOUT, Option::<NonZero<u64>>::LAYOUT),
            "Option<NonZero<u64>>: the file has `u64`, the program has `Option<NonZero<u64>>`"
        );
    }

    #[test]
    fn zeroes_are_values() {
        assert_eq!(Option::<NonZero<i128>>::zeroed(), None);
        assert_eq!(Wrapping::<u8>::zeroed(), Wrapping(0));
        assert_eq!((TimeSpan::zeroed(), Timestamp::zeroed()), (TimeSpan::ZERO, Timestamp::UNIX_EPOCH));
        assert!(Uuid::zeroed().is_nil());
    }

    /// What is wrapped is walked and checked as it is by itself.
    #[test]
    fn a_wrapper_hides_nothing() {
        let wrapped = Wrapping(crate::List::<bool, 2>::from([true]));
        let mut bytes = [0u8; size_of::<Wrapping<crate::List<bool, 2>>>()];
        assert_eq!(bytes.len(), size_of_val(&wrapped));
        bytes[0] = 1;
        bytes[64] = 2;
        let mut value = std::mem::MaybeUninit::<Wrapping<crate::List<bool, 2>>>::zeroed();
        // SAFETY: as many bytes as the type has.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), value.as_mut_ptr().cast(), bytes.len()) }
        // SAFETY: aligned, initialised, private.
        let invalid = unsafe { Wrapping::validate(value.as_ptr()) }.unwrap_err();
        assert_eq!(invalid.to_string(), "`[0]`: 2 is no bool (0 or 1)");
        assert!(<Wrapping<crate::List<bool, 2>> as SharedLayout>::TRACKED && wrapped.0[0]);
    }
}
