//! Maps and sets. They are made of lists, arrays and slots, which note what is touched; nothing else in them keeps marks.
//!
//! * [`Map`], over the keys in a [`Set`], over a [`table`] of where each key is; [`SortedMap`]: leaves of slots in order
//! * `methods`, [`entry`]: what both maps have in common; [`lookup`]: what keys are looked up by;
//!   `rebuild`: inserts all entries again, where they belong

pub mod entry;
mod lookup;
mod map;
mod methods;
#[cfg(feature = "dynamic")]
mod rebuild;
mod set;
pub mod sorted;
mod table;

use entry::{Entry, Keyed, OccupiedEntry};
pub use lookup::Lookup;
pub use map::Map;
use methods::map_methods;
pub use set::Set;
pub use sorted::SortedMap;
