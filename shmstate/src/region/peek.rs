//! Looking at a region without the right to write it: no slot, no pin, no lock; nobody notices.

use super::attach::{check_type, view};
use super::geometry::Geometry;
use super::header::Header;
use crate::commit::{Published, Shared};
use crate::error::Error;
use crate::layout::Layout;
use crate::os::{self, Mapping, Place};
use crate::sync::{Ordering::Relaxed, fence_acquire};
use crate::track::RegionKey;

/// A region that is mapped for reading.
pub(crate) struct Peek {
    /// Borrows `mapping`.
    shared: Shared<'static>,
    mapping: Mapping,
    geometry: Geometry,
    place: Place,
    key: RegionKey,
}

// SAFETY: the mapping is shared memory of which only atomic words are read.
unsafe impl Send for Peek {}
// SAFETY: as above.
unsafe impl Sync for Peek {}

impl Peek {
    /// Maps the region at `place`, which must hold that type.
    pub(crate) fn open(place: Place, layout: &'static Layout) -> Result<Peek, Error> {
        let path = place.path();
        let file = place.open_read_only()?;
        let header = Header::read(path, &file)?;
        check_type(path, &header, layout)?;
        let geometry = header.geometry;
        let len = usize::try_from(geometry.file_len()).map_err(|_| Error::corrupt(path, "it is larger than memory"))?;
        let mapping = Mapping::read_only(&file, len).map_err(|e| Error::io(path, "map", e))?;
        // SAFETY: the mapping is as long as the geometry says, and outlives the view.
        let shared = unsafe { view(&mapping, &geometry) };
        let key = os::key(path, &file)?;
        Ok(Peek { shared, mapping, geometry, place, key })
    }

    /// Where it was found.
    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// Identity of the file.
    pub(crate) fn key(&self) -> RegionKey {
        self.key
    }

    /// The active version and copy. Loads of read-only memory are relaxed, which is what the language promises to work
    /// there; the fence makes them acquire.
    pub(crate) fn published(&self) -> Published {
        let word = self.shared.control.active.published.load(Relaxed);
        fence_acquire();
        Published::unpack(word)
    }

    /// Calls `copy` with the active image. Returns whether nobody has written that image meanwhile.
    ///
    /// A copy is written only while it is not the active one, and whoever writes it changes its generation. So it was left
    /// alone if it is still the active one of the same version, or still has the same even generation.
    pub(crate) fn try_copy(&self, copy: impl FnOnce(*const u8)) -> Result<bool, Error> {
        let before = self.published();
        let Some(line) = self.shared.copies.get(before.copy) else {
            let why = format!("it names copy {} as the active one, and has {}", before.copy, self.shared.in_use());
            return Err(Error::corrupt(self.place.path(), why));
        };
        let generation = line.generation.load(Relaxed);
        fence_acquire();
        copy(self.mapping.base().wrapping_add(self.geometry.image(before.copy) as usize));
        fence_acquire(); // [P1]
        let same = generation % 2 == 0 && line.generation.load(Relaxed) == generation;
        Ok(same || self.published() == before)
    }
}
