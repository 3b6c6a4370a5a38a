//! What lies where in a region file, and how a handle attaches.
//!
//! From the ground up:
//!
//! * `geometry`: offsets of everything, computed from a few numbers.
//! * `header`: the identity at the file's start: raw bytes, and what they are once they have been verified.
//! * `expected`: what a region has to hold.
//! * `copy`: copying out of memory that others may write.
//! * `view`: the shared words of a mapping.
//! * `stats`, `counted`: what a region counts, and which handles it has.
//! * `create`: a new region, complete before it has a name.
//! * `holes`, `read_only`: looking without the right to write.
//! * `reopening`: what to say of a file that cannot be opened a second time.
//! * `kernel`: what a handle asks the operating system for.
//! * `claim`: which slot a new handle gets, and which processes hold the others.
//! * `removal`: taking a name away.
//! * `population`: the first handle of a population makes the region clean.
//! * `task_server`: the thread that sleeps for the tasks of this process.
//! * `attached`: an attached region, and leaving it.
//! * `attached_handle`, `presence`: which handles are attached.
//! * `diagnostics`: what the protocol has met with, as errors.
//! * `service`: what a handle does when its region is replaced.
//! * `waiting`: waiting for a version of a region that may be replaced meanwhile.
//! * `task`: the same, without sleeping.
//! * `attach`: verification, the mapping, the population, a slot.
//! * `succession`: a region that goes on in a new one.

mod attach;
mod attached;
mod attached_handle;
mod claim;
mod copy;
mod counted;
mod create;
mod diagnostics;
mod expected;
#[cfg(test)]
mod format;
mod geometry;
mod header;
mod holes;
mod kernel;
mod population;
mod presence;
mod read_only;
mod removal;
mod reopening;
mod service;
mod stats;
mod succession;
mod task;
mod task_server;
#[cfg(test)]
mod tests;
mod view;
mod waiting;

pub(crate) use attached::Region;
pub use attached_handle::Attached;
pub(crate) use copy::{copy_words, word_at};
#[cfg(feature = "dynamic")]
pub use counted::Handle;
pub(crate) use create::{Beginning, Plan, Sizes};
#[cfg(feature = "dynamic")]
pub(crate) use expected::Described;
pub(crate) use expected::StateType;
pub(crate) use header::recognise;
#[cfg(feature = "dynamic")]
pub(crate) use header::{BEGIN, begins_like_region, differences};
pub(crate) use read_only::ReadOnlyRegion;
pub(crate) use removal::remove_name;
#[cfg(any(feature = "dynamic", test))]
pub(crate) use service::Current;
pub use stats::Stats;
pub(crate) use succession::Successor;
pub(crate) use task::{Task, Waited};
