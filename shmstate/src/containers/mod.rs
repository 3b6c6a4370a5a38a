//! Containers of fixed capacity that live inside a state.
//!
//! A *tracked* container ([`List`], [`Array`], [`Archived`]) notes what the running update touches, so that the cost of an update
//! follows what it touches and not how large the state is. An untracked one ([`Text`]) is copied as it is.
//!
//! * `marks`, `walks`: what an update has touched, and how it is told; `slice`: what those have in common that are slices

mod archived;
mod array;
mod full;
mod list;
mod marks;
#[cfg(feature = "serde")]
mod serde;
mod slice;
#[cfg(all(test, not(loom)))]
mod tests;
mod text;
mod walks;

pub use archived::{Archivable, ArchiveError, Archived};
pub use array::Array;
pub use full::Full;
pub use list::List;
pub use slice::ListIndex;
pub use text::Text;
