//! Plain data of other crates.

use super::{Kind, Layout, SharedLayout};
use std::ops::{Deref, DerefMut};

/// A foreign type that is plain bytes ([`bytemuck::Pod`]), as a field or an element.
///
/// The schema knows its size and alignment only: two foreign types of the same size and alignment look alike. If the name
/// should count, write `#[shared(pod)]` on the field instead of wrapping it.
///
/// ```
/// use shmstate::{List, Pod, SharedLayout};
///
/// #[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
/// #[repr(C)]
/// struct Quat { x: f32, y: f32, z: f32, w: f32 } // think of a foreign crate's
///
/// #[derive(SharedLayout)]
/// #[repr(C)]
/// struct World {
///     #[shared(pod)]
///     sun: Quat,
///     stars: List<Pod<Quat>, 5>,
/// }
///
/// let mut world = World::new_box_zeroed();
/// world.sun.x = 1.0;
/// world.stars.push(Pod(world.sun))?;
/// assert_eq!(world.stars[0].x, 1.0);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
#[repr(transparent)]
pub struct Pod<T>(pub T);

impl<T> Deref for Pod<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Pod<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

// SAFETY: `bytemuck::Pod`: every byte pattern is a value, zero included; no padding, no pointers, no interior mutability
// and, being `Copy`, no drop glue.
unsafe impl<T: bytemuck::Pod + Send + Sync> SharedLayout for Pod<T> {
    const LAYOUT: &'static Layout = &Layout::of::<T>("Pod", Kind::Pod);
    const TRACKED: bool = false;
    const CHECKED: bool = false;
}
