//! Containers of fixed capacity that live inside a state.
//!
//! A *tracked* container ([`List`]) notes what the running update touches, so that the cost of an update follows what it
//! touches and not how large the state is. An untracked one ([`Text`]) is copied as it is.

mod full;
mod list;
mod marks;
#[cfg(all(test, not(any(loom, shuttle))))]
mod tests;
mod text;

pub use full::Full;
pub use list::{List, ListIndex};
pub use text::Text;
