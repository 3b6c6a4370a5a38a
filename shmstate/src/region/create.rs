//! A new region: complete, state and all, before any other process can find it.

use super::geometry::Geometry;
use super::header::RawHeader;
use super::view::view;
use crate::commit::{NEVER, Published};
use crate::error::{Error, ErrorRepr};
use crate::layout::{LONGEST_DOCUMENT, Schema};
use crate::os::{self, ForkGuard, Guarded, Mapping};
use crate::sync::Ordering::Relaxed;
use std::mem::ManuallyDrop;
use std::path::Path;

/// What the maker of a region decides.
#[derive(Clone, Copy)]
pub(crate) struct Sizes {
    /// Copies of the state that get memory at once.
    pub(crate) copies: usize,
    /// Copies that there are places for.
    pub(crate) max_copies: usize,
    /// Handles at a time.
    pub(crate) handles: usize,
}

/// Where the history of a region begins.
#[derive(Clone, Copy)]
pub(crate) struct Beginning {
    /// Its first version.
    pub(crate) version: u64,
    /// The lineage, which it shares with the regions whose content it has taken over.
    pub(crate) lineage: u128,
}

impl Beginning {
    /// The beginning of a region with new content.
    pub(crate) fn new() -> Beginning {
        Beginning { version: 0, lineage: os::random_u128() }
    }
}

/// What a region will be: known before there is a file for it.
pub(crate) struct Plan {
    geometry: Geometry,
    schema: Schema,
    document: String,
    len: usize,
}

impl Plan {
    /// Of a region for the type of that schema.
    pub(crate) fn new(schema: Schema, sizes: Sizes) -> Result<Plan, Error> {
        let (name, size) = schema.root().map_or(("", 0), |root| (&*root.name, root.size));
        let too_large = || ErrorRepr::InvalidOption(format!("a state of {size} bytes is too large for a region"));
        // Before there is a file that no process could open.
        schema
            .validate()
            .map_err(|why| ErrorRepr::InvalidOption(format!("no region can be made for `{name}`: {why}")))?;
        let document = schema.document();
        if document.len() > LONGEST_DOCUMENT {
            let why = format!(
                "the description of `{}` takes {} bytes, and a region has room for {LONGEST_DOCUMENT}: give it fewer fields",
                name,
                document.len()
            );
            return Err(ErrorRepr::InvalidOption(why).into());
        }
        let Sizes { copies, max_copies, handles } = sizes;
        let geometry = Geometry::new(copies, max_copies, handles, size, document.len() as u64).ok_or_else(too_large)?;
        let len = usize::try_from(geometry.file_len()).map_err(|_| too_large())?;
        Ok(Plan { geometry, schema, document, len })
    }

    /// Bytes of the file, spare copies included.
    pub(crate) fn len(&self) -> u64 {
        self.geometry.file_len()
    }

    /// Bytes that need memory from the start.
    pub(crate) fn room(&self) -> u64 {
        self.geometry.image(self.geometry.copies)
    }

    /// Bytes of the state.
    pub(crate) fn size(&self) -> usize {
        self.geometry.size as usize
    }

    /// Bytes of one copy.
    pub(crate) fn copy(&self) -> u64 {
        self.geometry.stride()
    }

    /// Makes a zeroed file a region with that beginning. The file has the plan's length, and no other process knows it. `init` gets
    /// the address of the state's first byte. `fork_guard` is the process that does this.
    pub(crate) fn write(
        &self,
        path: &Path,
        file: &Guarded,
        fork_guard: ForkGuard,
        Beginning { version, lineage }: Beginning,
        init: impl FnOnce(*mut u8) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let geometry = &self.geometry;
        let mapping = Mapping::new(file, self.len).map_err(|e| Error::io(path, "map", e))?;
        let mapping = &NewMapping { mapping: ManuallyDrop::new(mapping), fork_guard }.mapping;
        // What is mapped, and written now, is the new file only if the number was not replaced meanwhile.
        file.check().map_err(|e| Error::io(path, "map", e))?;
        let header = RawHeader::new(geometry, &self.schema, self.document.as_bytes(), lineage)
            .map_err(|e| Error::io(path, "ask for the machine's boot id, for", e))?;
        mapping.write(0, bytemuck::bytes_of(&header));
        mapping.write(geometry.schema() as usize, self.document.as_bytes());
        // SAFETY: the file is as long as the geometry says; the view is dropped before the mapping.
        let shared = unsafe { view(mapping, geometry) };
        shared.control.active.published.store(Published { version, copy: 0 }.pack(), Relaxed);
        shared.control.counters.copies.store(geometry.copies as u32, Relaxed);
        for (k, line) in shared.copies.iter().enumerate() {
            // Odd: the other copies are made when they are first used.
            line.sequence.store(u64::from(k != 0), Relaxed);
            line.synced.store(if k == 0 { version } else { NEVER }, Relaxed);
        }
        init(mapping.base().wrapping_add(geometry.image(0) as usize))
    }
}

/// The mapping of a new region, for as long as its maker's code runs.
struct NewMapping {
    mapping: ManuallyDrop<Mapping>,
    /// The process that made it.
    fork_guard: ForkGuard,
}

impl Drop for NewMapping {
    fn drop(&mut self) {
        // SAFETY: the field is not used again.
        let mapping = unsafe { ManuallyDrop::take(&mut self.mapping) };
        // A child that was forked in `init`, and returns from it or panics, has no such mapping.
        if self.fork_guard.is_current() { drop(mapping) } else { mapping.forget() }
    }
}
