//! Reading values where they lie.

use crate::layout::SharedLayout;
use serde::de::{Deserialize, DeserializeSeed, Deserializer};

/// Reads a value into a place, so that it does not pass over the stack: for states and items of any size.
///
/// Containers read their items where they lie. So does a struct of yours with [`impl_deserialize!`](crate::impl_deserialize),
/// instead of serde's derive, whose `Deserialize` makes all fields on the stack first.
///
/// If it fails, `place` holds some value, of which a part may have been read: inside of an update, return the error, which
/// rolls back.
///
/// ```
/// use shmstate::{List, SharedLayout, State, de};
///
/// #[derive(SharedLayout)]
/// #[repr(C)]
/// struct Board {
///     ticks: u64,
///     samples: List<u64, 1_000_000>, // 8 MB
/// }
///
/// shmstate::impl_deserialize!(Board { ticks, samples });
///
/// # let dir = tempfile::tempdir()?;
/// # let name = dir.path().join("board");
/// let state = State::<Board>::open_or_create(&name)?;
/// let json = &mut serde_json::Deserializer::from_str(r#"{"ticks":1,"samples":[2,3]}"#);
/// state.try_update(|s| de::deserialize_into(s, json))??;
/// assert_eq!(state.read(|s| s.samples.len())?, 2);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// As the deserializer, and where a container has no room.
pub fn deserialize_into<'de, T, D>(place: &mut T, deserializer: D) -> Result<(), D::Error>
where
    T: SharedLayout + Deserialize<'de>,
    D: Deserializer<'de>,
{
    T::deserialize_in_place(deserializer, place)
}

/// Reads a value onto the heap: as [`deserialize_into`] into a [`SharedLayout::new_box`].
///
/// ```
/// use shmstate::{List, de};
///
/// let json = &mut serde_json::Deserializer::from_str("[1,2]");
/// let list: Box<List<u64, 1_000_000>> = de::deserialize_boxed(json)?;
/// assert_eq!(*list, [1, 2]);
/// # Ok::<_, serde_json::Error>(())
/// ```
///
/// # Errors
/// As the deserializer, and where a container has no room.
pub fn deserialize_boxed<'de, T, D>(deserializer: D) -> Result<Box<T>, D::Error>
where
    T: SharedLayout + Deserialize<'de>,
    D: Deserializer<'de>,
{
    let mut value = T::new_box();
    T::deserialize_in_place(deserializer, &mut *value)?;
    Ok(value)
}

/// A seed that reads a value into a place: for implementations of [`Deserialize`] and formats of your own.
///
/// ```
/// use serde::de::DeserializeSeed;
/// use shmstate::{List, de::InPlace};
///
/// let mut list = List::<u64, 4>::new();
/// InPlace(&mut list).deserialize(&mut serde_json::Deserializer::from_str("[1,2]"))?;
/// assert_eq!(list, [1, 2]);
/// # Ok::<_, serde_json::Error>(())
/// ```
#[derive(Debug)]
pub struct InPlace<'a, T>(pub &'a mut T);

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for InPlace<'_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        T::deserialize_in_place(deserializer, self.0)
    }
}
