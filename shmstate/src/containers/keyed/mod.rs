//! Maps and sets. They are made of lists and arrays, which know what is touched; nothing in them is marked otherwise.
//!
//! * [`Map`], over the keys in a [`Set`], over a [`table`] of where each key is; [`SortedMap`]: two lists in order
//! * `methods`, [`entry`]: what both maps have in common

pub mod entry;
mod map;
mod methods;
mod set;
mod sorted;
mod table;

use super::List;
use crate::layout::SharedLayout;
use entry::{Entry, Keyed, OccupiedEntry};
pub use map::Map;
use methods::map_methods;
pub use set::Set;
pub use sorted::SortedMap;

/// Removes item `index` if it is there, and puts the last one in its place. Unlike that of a list it does not panic, for
/// a stranger may have changed the length since the item was found.
fn swap_remove<T: SharedLayout, const N: usize>(list: &mut List<T, N>, index: usize) -> Option<T> {
    let last = list.pop()?;
    Some(match list.get_mut(index) {
        Some(item) => std::mem::replace(item, last),
        None => last,
    })
}
