//! Containers of fixed capacity that live inside a state.
//!
//! A *tracked* container ([`List`], [`Array`], [`Archived`]) notes what the running update touches, so that the cost of an update
//! depends on what it touches, not on the size of the state. An untracked one ([`Text`]) is copied as it is.
//!
//! Others are made of these: [`Ring`] and [`Slab`] of lists, [`Queue`] and [`Tracked`] of arrays; [`Maybe`] and [`Blob`] are
//! plain values, and a [`Text`] is a `Blob`.
//!
//! * `slots`: the storage of the tracked ones, over `marks`, `collect_dirty`: what an update has touched, and how it is collected;
//!   `len`: lengths that are not trusted; `slice`: what the containers that are slices have in common
//! * `derived`: the contract for what is made of parts; `deque_iter`: items that lie in two slices; `moved_out`: values that are moved by their bytes
//! * `capacity`, `collect`, `compare`, `edits`, `bytes`: methods and traits that several containers have, written once
//! * `place`: values that are made, moved and swapped where they lie; `drain`: taking many items out; `conversions`: to and from
//!   std's collections

#[cfg(feature = "archived")]
mod archived;
mod array;
mod blob;
mod bytes;
mod capacity;
mod capacity_error;
mod collect;
mod collect_dirty;
mod compare;
mod conversions;
pub mod deque_iter;
mod derived;
mod drain;
mod edits;
mod keyed;
mod len;
mod list;
mod marks;
mod maybe;
mod moved_out;
mod place;
mod queue;
mod ring;
#[cfg(feature = "serde")]
mod serde;
pub mod slab;
mod slice;
mod slots;
#[cfg(all(test, not(any(shmstate_loom, shmstate_shuttle))))]
pub(crate) mod tests;
mod text;
mod tracked;

#[cfg(feature = "serde")]
pub use self::serde::{de, fields};
#[cfg(feature = "archived")]
pub use archived::{Archivable, ArchiveError, Archived};
pub use array::Array;
pub use blob::Blob;
pub use capacity_error::CapacityError;
pub use drain::Drain;
pub use keyed::{Lookup, Map, Set, SortedMap, entry, sorted};
pub use list::List;
pub use maybe::Maybe;
pub use queue::Queue;
pub use ring::Ring;
pub use slab::{Key, Slab};
pub use slice::ItemIndex;
pub use text::Text;
pub use tracked::Tracked;
