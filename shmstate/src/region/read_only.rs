//! Looking at a region without the right to write it: no slot, no pin, no lock; no process notices.

#[cfg(feature = "dynamic")]
use super::copy::copy_words;
#[cfg(feature = "dynamic")]
use super::counted::Handle;
use super::expected::StateType;
use super::geometry::{Geometry, SLOTS};
use super::header::Header;
use super::holes::Holes;
use super::task_server::TaskServer;
#[cfg(feature = "dynamic")]
use super::view::since;
use super::view::view;
use crate::commit::{Published, Service, Shared};
use crate::error::{Error, ErrorRepr};
use crate::os::RegionKey;
use crate::os::{self, Mapping, Origin, Reader, RegionPath};
use std::ops::Range;
use std::sync::{Arc, OnceLock};

/// A region that is mapped for reading.
pub(crate) struct ReadOnlyRegion {
    /// Borrows `mapping`.
    shared: Shared<'static>,
    mapping: Arc<Mapping>,
    geometry: Geometry,
    origin: Origin,
    key: RegionKey,
    /// A random number.
    id: u128,
    /// Where an access to a hole would take memory.
    holes: Option<Holes>,
    /// For the tasks that wait for its versions.
    tasks: OnceLock<Arc<TaskServer>>,
}

// SAFETY: the mapping is shared memory of which only atomic words are read.
unsafe impl Send for ReadOnlyRegion {}
// SAFETY: as above.
unsafe impl Sync for ReadOnlyRegion {}

impl ReadOnlyRegion {
    /// Maps the region at `region_path`, which must hold that type. The state itself is not looked at.
    pub(crate) fn open(region_path: &RegionPath, state: StateType<'_>) -> Result<ReadOnlyRegion, Error> {
        let path = region_path.path();
        let mut file = region_path.open_read_only()?;
        if os::is_layered(path, &file)? {
            if !os::is_populated(&file).map_err(|e| Error::io(path, "lock", e))? {
                let why = "it lies on overlayfs, and no process has it open for writing: if it is in a lower layer, this handle \
                           would never see a change; open it while another process has it open, or keep it on a tmpfs such \
                           as /dev/shm";
                return Err(ErrorRepr::Unsupported { path: path.to_owned(), why: why.into() }.into());
            }
            // The file was copied to the upper layer at the latest when the other process opened it.
            file = region_path.open_read_only()?;
        }
        let key = os::opened_as(path, &file)?;
        let checked = || {
            let header = Header::read(path, &file)?;
            header.check_run(path, &file)?;
            state.check(path, &header)?;
            Ok::<_, Error>(header)
        };
        let header = checked().map_err(|e| os::check_is_of(path, &file, key).err().unwrap_or(e))?;
        let geometry = header.geometry;
        let len = usize::try_from(geometry.file_len()).map_err(|_| Error::corrupt(path, "it is larger than memory"))?;
        let mapping = Mapping::read_only(&file, len).map_err(|e| Error::io(path, "map", e))?;
        // What is mapped is the region only if the number was not replaced meanwhile.
        os::check_is_of(path, &file, key)?;
        // SAFETY: the mapping is as long as the geometry says, and outlives the view.
        let shared = unsafe { view(&mapping, &geometry) };
        let origin = region_path.origin();
        let holes = if os::is_memory(path, &file)? {
            let holes = Holes::new(Reader::of(file, key).map_err(|e| Error::io(path, "open a second time", e))?);
            // The words by which the active copy is found are read in the mapping. Their creator has written them.
            if !holes.are_data(0..SLOTS, &origin)? || !holes.are_data(geometry.lines()..geometry.log(), &origin)? {
                let why = "it is a copy of a region's file with holes in its first pages: open it for writing once (`open`), \
                           which fills them, or copy it without holes (`cp --sparse=never`)";
                return Err(ErrorRepr::Unsupported { path: path.to_owned(), why: why.into() }.into());
            }
            Some(holes)
        } else {
            None
        };
        let (mapping, tasks) = (Arc::new(mapping), OnceLock::new());
        Ok(ReadOnlyRegion { shared, mapping, geometry, origin, key, id: header.id, holes, tasks })
    }

    /// Where it was found.
    pub(crate) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Identity of the file.
    pub(crate) fn key(&self) -> RegionKey {
        self.key
    }

    /// What identifies the region: its file, and its number. A later file of the same inode may be another region, and a copy of
    /// the file has the same number.
    pub(crate) fn identity(&self) -> (RegionKey, u128) {
        (self.key, self.id)
    }

    /// Whether no task has waited through this handle in a parent of this process, where it would be woken.
    pub(super) fn is_mine(&self) -> bool {
        self.tasks.get().is_none_or(|tasks| tasks.is_mine())
    }

    /// What sleeps for the tasks of this process that wait for its versions, through this handle.
    pub(super) fn tasks(&self) -> Result<&TaskServer, Error> {
        if let Some(tasks) = self.tasks.get() {
            return Ok(tasks);
        }
        let failed = |e| Error::io(self.origin.path(), "prepare for tasks that wait for", e);
        let tasks = TaskServer::new(self.shared, Arc::clone(&self.mapping), false).map_err(failed)?;
        Ok(self.tasks.get_or_init(|| Arc::new(tasks)))
    }

    /// The words of the region.
    pub(crate) fn shared(&self) -> &Shared<'static> {
        &self.shared
    }

    /// The active version and copy.
    pub(crate) fn published(&self) -> Published {
        self.shared.published_relaxed()
    }

    /// Calls `copy` with the active image, of which it may look at `bytes`: whole words. Returns the version of
    /// what was copied; `None` if a writer has written that image meanwhile.
    #[inline]
    pub(crate) fn try_copy(&self, bytes: Range<usize>, copy: impl FnOnce(*const u8)) -> Result<Option<u64>, Error> {
        self.try_copy_numbered(bytes, |_, image| copy(image))
    }

    /// [`Self::try_copy`], with the number of the copy that has that image.
    #[inline]
    pub(crate) fn try_copy_numbered(
        &self,
        bytes: Range<usize>,
        copy: impl FnOnce(usize, *const u8),
    ) -> Result<Option<u64>, Error> {
        let read = |k| self.read(k, bytes, |image| copy(k, image)).map(|()| self.shared.version_of(k));
        match self.shared.published_relaxed().service() {
            Service::In => self.outcome(self.shared.optimistic_read(read)),
            service => self.try_copy_leaving(service, read),
        }
    }

    /// Copies these bytes of the active image, which begin at a multiple of 8, word by word. Returns the version of what was
    /// copied; `None` if a writer has written that image meanwhile.
    #[cfg(feature = "dynamic")]
    pub(crate) fn try_copy_words(&self, bytes: Range<usize>, to: &mut [u8]) -> Result<Option<u64>, Error> {
        let size = self.geometry.size as usize;
        assert!(bytes.start.is_multiple_of(8) && bytes.end <= size && bytes.len() == to.len(), "bytes of the state");
        let words = bytes.start..bytes.end.next_multiple_of(8);
        self.try_copy(words, |image| {
            // SAFETY: inside of the image, which begins at a page and is readable up to the next word; `to` is as long.
            unsafe { copy_words(to.as_mut_ptr(), image.wrapping_add(bytes.start), bytes.len()) }
        })
    }

    /// Copies copy `k` word by word, if it holds a version, and returns that version's number. `None` if it holds none, or was
    /// written meanwhile.
    #[cfg(feature = "dynamic")]
    pub(crate) fn try_copy_of(&self, k: usize, to: &mut [u8]) -> Result<Option<u64>, Error> {
        assert!(k < self.shared.copies.len() && to.len() as u64 == self.geometry.size, "a copy of the state");
        let words = 0..to.len().next_multiple_of(8);
        let inspected = self.shared.inspect(k, || {
            self.read(k, words, |image| {
                // SAFETY: inside of the image, which begins at a page and is readable up to the next word; `to` is as long.
                unsafe { copy_words(to.as_mut_ptr(), image, to.len()) }
            })
        });
        inspected.map_or(Ok(None), |(read, version)| read.map(|()| Some(version)))
    }

    /// The handles whose processes have not left.
    #[cfg(feature = "dynamic")]
    pub(crate) fn handles(&self) -> Vec<Handle> {
        // SAFETY: the mapping is as long as the geometry says, and this has it.
        Handle::all(&self.shared, unsafe { since(&self.mapping, &self.geometry) })
    }

    /// Whether the region is in service: as its words say, or, if they leave it open, as its name says.
    pub(crate) fn is_in_service(&self) -> Result<bool, Error> {
        self.serves(self.published().service())
    }

    /// Refuses a region that is out of service.
    #[cfg(feature = "dynamic")]
    #[inline]
    pub(crate) fn check_service(&self) -> Result<(), Error> {
        match self.published().service() {
            Service::In => Ok(()),
            service if self.serves(service)? => Ok(()),
            _ => Err(ErrorRepr::Retired { path: self.origin.path().to_owned() }.into()),
        }
    }

    fn serves(&self, service: Service) -> Result<bool, Error> {
        match service {
            Service::In => Ok(true),
            // This process cannot ask the file whether it has another name: a path that leads nowhere says nothing.
            Service::Leaving => Ok(self.origin.now()?.is_none_or(|key| key == self.key)),
            Service::Retired => Ok(false),
        }
    }

    /// [`Self::try_copy`] of a region that is being replaced, or has been.
    #[cold]
    fn try_copy_leaving(
        &self,
        service: Service,
        read: impl FnOnce(usize) -> Result<u64, Error>,
    ) -> Result<Option<u64>, Error> {
        if !self.serves(service)? {
            return Err(ErrorRepr::Retired { path: self.origin.path().to_owned() }.into());
        }
        self.outcome(self.shared.optimistic_read_leaving(read))
    }

    /// The result of a read. A read that met a copy that the region does not have is repeated if the region began to be replaced a
    /// moment ago.
    #[inline]
    fn outcome(&self, read: Result<(Result<u64, Error>, bool), usize>) -> Result<Option<u64>, Error> {
        match read {
            Ok((read, unchanged)) => read.map(|version| unchanged.then_some(version)),
            Err(copy) => match (Published { version: 0, copy }).service() {
                Service::In => Err(self.no_such_copy(copy)),
                _ => Ok(None),
            },
        }
    }

    /// Calls `copy` with copy `k`.
    #[inline]
    fn read(&self, k: usize, bytes: Range<usize>, copy: impl FnOnce(*const u8)) -> Result<(), Error> {
        let image = self.mapping.base().wrapping_add(self.geometry.image(k) as usize).cast_const();
        match &self.holes {
            Some(holes) => holes.read(k, bytes, image, (&self.geometry, &self.origin), copy),
            None => {
                copy(image);
                Ok(())
            }
        }
    }

    #[cold]
    fn no_such_copy(&self, copy: usize) -> Error {
        let why = format!("it names copy {copy} as the active one, and has {}", self.shared.in_use());
        Error::corrupt(self.origin.path(), why)
    }
}
