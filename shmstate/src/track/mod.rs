//! What an update has touched: the vocabulary that the containers, the walks over a type, and the commit protocol share.
//!
//! * [`Stamp`]: the proof that a container's marks belong to the place where it lies, in the running transaction.
//! * [`DirtyRanges`]: byte ranges of `T`, a few exact ones and then whole pages, gathered by one transaction.
//! * [`Frame`]: the closures that are open on this thread: which regions they read or write.

#[allow(missing_debug_implementations, reason = "no program sees one")]
mod dirty_ranges;
mod frame;
mod pages;
mod stamp;

pub use dirty_ranges::DirtyRanges;
pub(crate) use dirty_ranges::{Granule, IN_BLOCKS, exact, log_len};
#[cfg(feature = "dynamic")]
pub(crate) use frame::OpenFrame;
pub(crate) use frame::{Frame, Running, close_inherited, spill, spill_to_innermost, thread_number};
use pages::PagesBuf;
pub(crate) use pages::{PAGE, Pages};
pub use stamp::Stamp;
