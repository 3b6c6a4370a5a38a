//! A new region: complete, state and all, before it gets its name.

use super::attach::view;
use super::geometry::Geometry;
use super::header::RawHeader;
use crate::commit::{NEVER, Published};
use crate::error::{Error, Trouble};
use crate::layout::{Layout, Schema};
use crate::mutant::planted;
use crate::os::{Access, Mapping, NewFile, Place};
use crate::sync::Ordering::Relaxed;

/// What the maker of a region decides.
#[derive(Clone, Copy)]
pub(crate) struct Sizes {
    /// Copies of the state.
    pub(crate) copies: usize,
    /// Handles at a time.
    pub(crate) handles: usize,
}

/// A region that has no name yet.
pub(crate) struct NewRegion<'a> {
    file: NewFile<'a>,
}

impl<'a> NewRegion<'a> {
    /// Makes a region for the type of that layout. The state is zeroed; `init` gets its first byte.
    pub(crate) fn create(
        place: &'a Place,
        access: Access,
        sizes: Sizes,
        layout: &Layout,
        init: impl FnOnce(*mut u8),
    ) -> Result<Self, Error> {
        let path = place.path();
        let schema = Schema::of(layout);
        let too_large =
            || Trouble::InvalidOption(format!("a state of {} bytes is too large for a region", layout.size));
        let archive = schema.to_bytes().map_err(|_| too_large())?;
        let geometry = Geometry::new(sizes.copies, sizes.handles, layout.size as u64, archive.len() as u64)
            .ok_or_else(too_large)?;
        let file = place.new_file(access, geometry.file_len())?;
        if planted("named_before_it_is_filled") {
            file.link()?;
        }
        let len = usize::try_from(geometry.file_len()).map_err(|_| too_large())?;
        let mapping = Mapping::new(file.file(), len).map_err(|e| Error::io(path, "map", e))?;
        let header = RawHeader::new(&geometry, &schema, &archive);
        mapping.write(0, bytemuck::bytes_of(&header));
        mapping.write(geometry.schema() as usize, &archive);
        // SAFETY: the file is as long as the geometry says; the view is dropped before the mapping.
        let shared = unsafe { view(&mapping, &geometry) };
        shared.control.active.published.store(Published { version: 0, copy: 0 }.pack(), Relaxed);
        for (k, line) in shared.copies.iter().enumerate() {
            // Odd: the other copies are made when they are first used.
            line.generation.store(u64::from(k != 0), Relaxed);
            line.synced.store(if k == 0 { 0 } else { NEVER }, Relaxed);
        }
        init(mapping.base().wrapping_add(geometry.image(0) as usize));
        Ok(NewRegion { file })
    }

    /// The file.
    pub(crate) fn file(&self) -> &std::os::fd::OwnedFd {
        self.file.file()
    }

    /// Gives the region its name, unless something has it: then the error's kind is `AlreadyExists`.
    pub(crate) fn link(&self) -> Result<(), Error> {
        if planted("named_before_it_is_filled") { Ok(()) } else { self.file.link() }
    }
}
