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
pub use time::{OutOfRange, TimeSpan, Timestamp};
pub use uuid::{NotUuid, Uuid};
