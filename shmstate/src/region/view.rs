//! The shared words of a mapping, as the commit protocol borrows them.

use super::geometry::{CONTROL, Geometry, SLOTS};
use crate::commit::{Control, Listed, Shared};
use crate::os::Mapping;
use crate::sync::AtomicU64;
use crate::track::Granule;

/// The shared words of a mapping.
///
/// # Safety
/// The mapping is as long as the geometry says, and outlives the view.
pub(super) unsafe fn view(mapping: &Mapping, geometry: &Geometry) -> Shared<'static> {
    let at = |offset: u64| mapping.base().wrapping_add(offset as usize);
    let (control, slots) = (at(CONTROL).cast::<Control>(), at(SLOTS).cast());
    let lines = at(geometry.lines()).cast();
    let [readers, log, pages] =
        [geometry.readers(), geometry.log(), geometry.pages()].map(|offset| at(offset).cast::<AtomicU64>());
    // For all six: it lies inside the mapping, which the caller keeps; its place is aligned for it, because the geometry's
    // offsets are multiples of 64; and every byte pattern is a value of an atomic integer.
    Shared {
        // SAFETY: as above.
        control: unsafe { &*control },
        // SAFETY: as above.
        slots: unsafe { std::slice::from_raw_parts(slots, geometry.slots) },
        // SAFETY: as above.
        listed: Listed::new(unsafe { std::slice::from_raw_parts(readers, geometry.reader_words()) }, geometry.slots),
        // SAFETY: as above.
        copies: unsafe { std::slice::from_raw_parts(lines, geometry.max_copies) },
        // SAFETY: as above.
        log: unsafe { std::slice::from_raw_parts(log, geometry.log_len()) },
        // SAFETY: as above.
        pages: unsafe { std::slice::from_raw_parts(pages, geometry.page_words()) },
        size: geometry.size,
        granule: Granule::of(geometry.size),
    }
}

/// The words that say when the holder of each slot was attached: nanoseconds since 1970.
///
/// # Safety
/// As for [`view`].
pub(super) unsafe fn since<'a>(mapping: &'a Mapping, geometry: &Geometry) -> &'a [AtomicU64] {
    let words = mapping.base().wrapping_add(geometry.since() as usize).cast::<AtomicU64>();
    // SAFETY: they lie inside of the mapping, aligned as in `view`; any bytes are an atomic integer.
    unsafe { std::slice::from_raw_parts(words, geometry.slots) }
}
