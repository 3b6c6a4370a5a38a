//! [`State`]: what the user holds.
//!
//! * `images`: the copies as values of `T`; `txn_buffer`: what a handle keeps for the transaction that it runs.
//! * `handle`: a handle, its `read`, and what it tells about itself.
//! * `update`: one transaction, from the lock to the verdict; `outcome`: what its closure may return.
//! * `apply`: an update by bytes that were changed in another state.
//! * `with_timeout`: updates with another timeout than that of their handle.
//! * `snapshot`: a private copy; `load`: one field.
//! * `read_only`: looking without the right to write.
//! * `anonymous`: states that go from process to process as descriptors.
//! * `stats`: what a region counts.
//! * `options`: how a state is created and opened; `open`: the same without options; `replace`: how it is replaced and removed.
//! * `reopen`: following the name to another region; `recreate`: going on in one of other sizes.
//! * `migrate`: what becomes of a state of another layout; `migrating`: opening one; `importing`: making one
//!   of a file.
//! * `relocation`: the test of all that is tracked.

mod anonymous;
mod apply;
mod handle;
mod images;
#[cfg(feature = "dynamic")]
mod importing;
mod load;
#[cfg(feature = "dynamic")]
mod migrate;
#[cfg(feature = "dynamic")]
mod migrating;
mod open;
mod options;
mod outcome;
mod read_only;
mod recreate;
#[cfg(test)]
mod relocation;
mod reopen;
mod replace;
mod snapshot;
mod stats;
mod txn_buffer;
mod update;
mod with_timeout;

pub use handle::State;
pub(crate) use images::TypedImages;
pub use load::Projection;
pub(crate) use load::place_of;
#[cfg(feature = "dynamic")]
pub use migrate::{Migrate, Typed};
pub use options::{Options, RegionSize};
pub use outcome::Outcome;
pub use read_only::ReadOnly;
pub use replace::remove;
pub(crate) use snapshot::finish_snapshot;
pub use stats::Stats;
pub use with_timeout::WithTimeout;
