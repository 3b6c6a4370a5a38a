//! Getting in, and out.
//!
//! Nothing of a file is believed before it is checked, in this order: header, schema, sizes, and, by the first handle of a
//! population, the state itself. A later one finds the first one's work: it holds the population byte for writing
//! until the region is clean, and all others hold it for reading.

use super::claim::{claim, holders};
use super::geometry::Geometry;
use super::header::Header;
use super::kernel::Kernel;
use super::retire::Found;
use super::view::view;
use crate::commit::{BeginError, Clock, Host, LockError, Published, Service, Shared, SlotLine};
use crate::error::{Error, ErrorKind, Trouble};
use crate::events;
use crate::layout::{Layout, Schema, ValidityError};
use crate::os::{self, ANONYMOUS, Generation, Guarded, Limits, LiveDescription, Liveness, Mapping, Origin, Place};
use crate::sync::Ordering::{Acquire, Relaxed, Release};
use crate::track::RegionKey;
use std::mem::ManuallyDrop;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;

/// What the region has to hold.
#[derive(Clone, Copy)]
pub(crate) struct StateType {
    pub(crate) layout: &'static Layout,
    /// Whether aligned, initialised bytes that do not change are a value.
    pub(crate) validate: unsafe fn(*const u8) -> Result<(), ValidityError>,
}

/// An attached region: one handle's mapping and slot.
pub(crate) struct Region {
    /// Borrows `mapping`. Invariant: used only while `mapping` is there, and only in the process that made it
    /// ([`Region::check`]).
    shared: Shared<'static>,
    /// Holds the byte of the slot, and the population byte.
    mapping: ManuallyDrop<Mapping>,
    kernel: Kernel,
    /// Where it was found; an anonymous region has no origin.
    origin: Option<Arc<Origin>>,
    key: RegionKey,
    /// Invariant: this handle holds the byte of this slot.
    slot: usize,
    /// The line of that slot; borrows `mapping`, as `shared` does.
    line: &'static SlotLine,
    generation: Generation,
    /// What holds the byte where the mapping does not.
    live: Option<LiveDescription>,
    /// How many copies the program would have liked the region to come to have; 0 if it did not say.
    asked_copies: usize,
}

// SAFETY: the mapping is shared memory that is accessed by atomics, or under the commit protocol; everything else is
// plain data.
unsafe impl Send for Region {}
// SAFETY: as above.
unsafe impl Sync for Region {}

impl Region {
    /// Attaches to the region in `file`, which was found at `place`. `Ok(None)`: the name leads elsewhere by now, look
    /// again.
    ///
    /// Without a type, the state is not looked at, and must not be.
    pub(crate) fn attach(
        place: &Place,
        file: &OwnedFd,
        state: Option<StateType>,
        clock: &mut impl Clock,
    ) -> Result<Option<Region>, Error> {
        let key = os::key(place.path(), file)?;
        if place.now()? != Some(key) {
            // The region was replaced, or the program has put a file of its own under the number.
            return Ok(None);
        }
        let region = match Self::attach_anywhere(Some(Arc::new(place.origin())), file, key, state, clock) {
            Err(e) if e.kind() == ErrorKind::Retired && place.now()? != Some(key) => {
                return Ok(None);
            }
            region => region?,
        };
        // Between the look-up and the claim, the name may have been given to another region, whose users would never see
        // what this handle does.
        let is_current = place.now()? == Some(region.key);
        Ok(is_current.then_some(region))
    }

    /// [`Self::attach`], wherever the name leads, or without one. `key` is what the file was when it was opened.
    pub(crate) fn attach_anywhere(
        origin: Option<Arc<Origin>>,
        file: &OwnedFd,
        key: RegionKey,
        state: Option<StateType>,
        clock: &mut impl Clock,
    ) -> Result<Region, Error> {
        let attached = Self::attach_file(origin.clone(), file, key, state, clock);
        // What was found wrong with another file says nothing of the region.
        attached.map_err(|e| os::check_is_of(path_of(origin.as_deref()), file, key).err().unwrap_or(e))
    }

    fn attach_file(
        origin: Option<Arc<Origin>>,
        file: &OwnedFd,
        key: RegionKey,
        state: Option<StateType>,
        clock: &mut impl Clock,
    ) -> Result<Region, Error> {
        let path = path_of(origin.as_deref());
        let header = Header::read(path, file)?;
        header.check_run(path, file)?;
        if let Some(state) = state {
            check_type(path, &header, state.layout)?;
        }
        let failed = |doing| move |e: std::io::Error| Error::io(path, doing, e);
        let geometry = header.geometry;
        let len = usize::try_from(geometry.file_len()).map_err(|_| Error::corrupt(path, "it is larger than memory"))?;
        os::check_is_of(path, file, key)?;
        let generation = Generation::current().map_err(failed("prepare for forks of this process, for"))?;
        let not_reopened = |e| match origin {
            None => not_reopened(None, e),
            Some(_) => Error::io(path, "open a second time", e),
        };
        let live = LiveDescription::open(file, key, origin.as_deref()).map_err(not_reopened)?;
        let mapping = live.file().and_then(|file| Mapping::new(&file, len)).map_err(failed("map"))?;
        // What is mapped is the region only if the number was not replaced meanwhile.
        let _ = live.file().map_err(failed("map"))?;
        // SAFETY: the mapping is as long as the geometry says, and the region that gets the view owns it.
        let shared = unsafe { view(&mapping, &geometry) };
        let liveness = Liveness::new(key, file, origin.as_ref(), mapping.addresses()).map_err(not_reopened)?;
        let kernel = Kernel::new(liveness, geometry, path);
        let found = Found { file, live: &live, key, origin: origin.as_deref() };
        join(&found, &shared, &kernel, &mapping, state, clock)?;
        let slot = claim(&live, &shared, &kernel, clock)?;
        let (line, mapping) = (&shared.slots[slot], ManuallyDrop::new(mapping));
        let mut region =
            Region { shared, mapping, kernel, origin, key, slot, line, generation, live: None, asked_copies: 0 };
        region.leave_hints();
        let layered = os::is_layered(region.path(), file)?;
        region.live = live.leave_to_the_mapping(layered).map_err(|e| Error::io(region.path(), "lock", e))?;
        let active = region.shared.published();
        if active.service() != Service::In {
            region.check_service(active.copy)?;
        }
        Ok(region)
    }

    /// Says that this process has made the region.
    pub(crate) fn tell_created(&self) {
        let Geometry { copies, slots, .. } = self.kernel.geometry;
        events::created(self.path(), self.kernel.geometry.file_len(), copies, slots);
    }

    /// Another handle on the same region, whatever its name leads to.
    pub(crate) fn attach_same(other: &Region, state: StateType, clock: &mut impl Clock) -> Result<Region, Error> {
        let file = other.reopen()?;
        let same = Self::attach_anywhere(other.origin.clone(), &file, other.key, Some(state), clock)?;
        Ok(same.asked_for(other.asked_copies))
    }

    /// Remembers how many copies the program would have liked, for the error when they are missing.
    pub(crate) fn asked_for(mut self, copies: usize) -> Region {
        self.asked_copies = copies;
        self
    }

    /// A description of its own of the same file: other handles' deaths are found by the process's.
    pub(crate) fn reopen(&self) -> Result<Guarded, Error> {
        let origin = self.origin.as_deref();
        let reopened = self.kernel.liveness.reopen(origin).map_err(|e| lost(self.path(), e))?;
        reopened.map_err(|e| not_reopened(origin, e))
    }

    /// Refuses to touch the mapping in a forked child, which has none.
    #[inline]
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.generation.is_current() { Ok(()) } else { Err(self.forked()) }
    }

    #[cold]
    fn forked(&self) -> Error {
        Trouble::Forked { path: self.path().to_owned() }.into()
    }

    /// Whether this is the process that attached.
    #[inline]
    pub(crate) fn is_mine(&self) -> bool {
        self.generation.is_current()
    }

    /// The shared words.
    #[inline]
    pub(crate) fn shared(&self) -> &Shared<'_> {
        &self.shared
    }

    /// What the protocol asks the operating system.
    #[inline]
    pub(crate) fn host(&self) -> &Kernel {
        &self.kernel
    }

    /// This handle's slot.
    #[inline]
    pub(crate) fn slot(&self) -> usize {
        self.slot
    }

    /// This handle's slot.
    #[inline]
    pub(crate) fn slot_line(&self) -> &SlotLine {
        self.line
    }

    /// Identity of the file.
    #[inline]
    pub(crate) fn key(&self) -> RegionKey {
        self.key
    }

    /// Where it was found, for people.
    pub(crate) fn path(&self) -> &Path {
        path_of(self.origin.as_deref())
    }

    /// Where it was found; an anonymous region was found nowhere.
    pub(crate) fn origin(&self) -> Option<&Origin> {
        self.origin.as_deref()
    }

    /// Whether it has a name.
    pub(crate) fn is_anonymous(&self) -> bool {
        self.origin.is_none()
    }

    /// Whether its name, if it has one, still leads to it.
    pub(crate) fn is_current(&self) -> Result<bool, Error> {
        let Some(origin) = &self.origin else { return Ok(true) };
        if origin.is_out_of_reach() {
            // The name cannot be looked up from here; whether the file has one can be asked of the file.
            let named = self.kernel.liveness.with_file(|file| os::has_name(self.path(), file));
            return named.map_err(|e| lost(self.path(), e))?;
        }
        Ok(origin.now()? == Some(self.key))
    }

    /// The first copy of the state, and the bytes from one copy to the next.
    #[inline]
    pub(crate) fn images(&self) -> (*mut u8, usize) {
        let geometry = &self.kernel.geometry;
        (self.mapping.base().wrapping_add(geometry.image(0) as usize), geometry.stride() as usize)
    }

    /// What is wrong, in words.
    #[cold]
    pub(crate) fn trouble(&self, error: BeginError) -> Error {
        let path = self.path().to_owned();
        match error {
            BeginError::Lock(LockError::Busy { slot }) => {
                let holder = holders(&self.shared, [slot]) + &self.doubt();
                Trouble::LockHeld { path, holder }.into()
            }
            BeginError::Lock(LockError::Corrupt { word }) => {
                Error::corrupt(&path, format!("its lock names handle {word:#x}, which it does not have"))
            }
            BeginError::Pinned { slots } => {
                let pinning = (0..self.shared.slots.len().min(63)).filter(|s| slots >> s & 1 == 1);
                let mut holders = holders(&self.shared, pinning);
                if slots >> 63 == 1 {
                    // All slots past the first 63 share that bit.
                    holders.push_str(if holders.is_empty() { "a handle past the first 63" } else { ", and others" });
                }
                let in_use = self.shared.in_use();
                let asked = Some(self.asked_copies).filter(|asked| *asked > self.shared.copies.len());
                let spare = self.kernel.missing_room(in_use);
                Trouble::Pinned { path, holders: holders + &self.doubt(), spare, asked }.into()
            }
            BeginError::NoSuchCopy { copy } => self.no_such_copy(copy),
        }
    }

    /// Says that the dead cannot be distinguished from the living, if that is so.
    fn doubt(&self) -> String {
        self.kernel.liveness.doubt().map_or_else(String::new, |e| {
            format!(
                "; whether that is alive cannot be found out, because the region's descriptor was closed in this process, \
                 and the region cannot be opened again: {e}"
            )
        })
    }

    /// The region names a copy that it does not have.
    #[cold]
    pub(crate) fn no_such_copy(&self, copy: usize) -> Error {
        let why = format!("it names copy {copy} as the active one, and has {}", self.shared.in_use());
        Error::corrupt(self.path(), why)
    }

    /// Says which process holds the slot, for the error messages of others.
    fn leave_hints(&self) {
        let line = self.slot_line();
        line.namespace.store(os::pid_namespace(), Relaxed);
        line.pid.store(std::process::id(), Relaxed);
        let name = os::process_name();
        for (word, bytes) in line.name.iter().zip(name.chunks_exact(8)) {
            word.store(u64::from_ne_bytes(std::array::from_fn(|i| bytes[i])), Relaxed);
        }
    }
}

impl Drop for Region {
    fn drop(&mut self) {
        if self.generation.is_current() {
            self.shared.clear_pins(self.slot);
            self.slot_line().pid.store(0, Relaxed);
            self.slot_line().namespace.store(0, Relaxed);
        }
        // SAFETY: taken once, and not used afterwards: the region is being dropped.
        let mapping = unsafe { ManuallyDrop::take(&mut self.mapping) };
        if self.generation.is_current() {
            // The byte goes with it, last.
            drop(mapping);
        } else {
            // The mapping was not inherited, and the handle in the parent is alive.
            mapping.forget();
        }
    }
}

/// Refuses a region of another type, with the differences.
pub(super) fn check_type(path: &Path, header: &Header, layout: &'static Layout) -> Result<(), Error> {
    let program = Schema::of(layout);
    // All that identifies the layout is compared. A fingerprint says quickly that two differ; that they are the same it does
    // not say, because two layouts of one fingerprint can be searched for.
    let same = header.fingerprint == program.fingerprint()
        && header.schema.is_same(&program)
        && header.geometry.size == layout.size as u64
        && header.align as usize == layout.align;
    if same {
        return Ok(());
    }
    let mut differences = header.schema.differences(&program);
    if differences.is_empty() {
        differences.push("the order of the fields differs".into());
    }
    Err(Trouble::LayoutMismatch { path: path.to_owned(), differences }.into())
}

/// Where a region was found, for people.
fn path_of(origin: Option<&Origin>) -> &Path {
    origin.map_or(Path::new(ANONYMOUS), Origin::path)
}

/// A file that was open could not be opened a second time.
#[cold]
fn not_reopened(origin: Option<&Origin>, e: std::io::Error) -> Error {
    let path = path_of(origin);
    if e.kind() != std::io::ErrorKind::NotFound {
        return Error::io(path, "open a second time", e);
    }
    let why = if origin.is_some_and(Origin::is_out_of_reach) {
        format!("{}, and to open it a second time without its name takes /proc", os::OUT_OF_REACH)
    } else {
        "it has no name, or none any more, and to open it a second time without one takes /proc".into()
    };
    Trouble::Unsupported { path: path.to_owned(), why }.into()
}

/// The program has closed the descriptor, and the file could not be opened again.
#[cold]
pub(super) fn lost(path: &Path, e: std::io::Error) -> Error {
    use std::io::ErrorKind::{NotFound, PermissionDenied};
    if !matches!(e.kind(), NotFound | PermissionDenied) {
        return Error::io(path, "open a second time", e);
    }
    let why = format!(
        "the program has closed the region's descriptor (`closefrom`, `close_range`), and the region cannot be opened again: \
         {e}; make the handles that are needed before the descriptors are closed, or open the region by its name"
    );
    Trouble::Unsupported { path: path.to_owned(), why }.into()
}

/// Joins the population. The first one makes the region clean, before it lets others in.
fn join(
    found: &Found<'_>,
    shared: &Shared<'_>,
    kernel: &Kernel,
    mapping: &Mapping,
    state: Option<StateType>,
    clock: &mut impl Clock,
) -> Result<(), Error> {
    let (Found { live, .. }, Kernel { path, geometry, .. }) = (found, kernel);
    let failed = |e| Error::io(path, "lock", e);
    let ready = &shared.control.counters.ready;
    for round in 0.. {
        if live.is_alone().map_err(failed)? {
            break;
        }
        if live.share().map_err(failed)? {
            if ready.load(Acquire) == 1 {
                return Ok(());
            }
            // The first handle died, or has skipped the check of the state.
            live.leave().map_err(failed)?;
        }
        if clock.rest().is_none() {
            return Err(Trouble::Opening { path: path.to_owned() }.into());
        }
        kernel.pause(round);
    }
    // A copy of the file may have holes, where an access would be a signal once the file system is full.
    // Without a type, the state is not looked at.
    let in_use = shared.in_use();
    if in_use < geometry.copies {
        return Err(Error::corrupt(path, format!("it has {in_use} copies, and was made with {}", geometry.copies)));
    }
    let used = geometry.image(if state.is_some() { in_use } else { 0 });
    os::reserve(path, found.file, found.key, 0..used, Limits::Respected)?;
    let active = match shared.published() {
        active if active.service() == Service::In => active,
        // The replacer died before the name went to another region.
        active if active.service() == Service::Leaving && found.has_its_name()? => active.in_service(),
        _ => return Err(Trouble::Retired { path: path.to_owned() }.into()),
    };
    check_state(path, shared, active, mapping, geometry, state)?;
    // Nothing was written until here: a file that is refused is as it was.
    ready.store(0, Release);
    shared.stay_in_service();
    if shared.control.counters.used.load(Relaxed) != 0 {
        // It had a handle before: this one is not the creator's.
        events::reset(path, active.version);
    }
    shared.reset(active.copy);
    ready.store(u32::from(state.is_some()), Release);
    live.share().map_err(failed)?;
    Ok(())
}

/// Checks, for the first handle, that the region names an active copy, and that this holds a value.
fn check_state(
    path: &Path,
    shared: &Shared<'_>,
    active: Published,
    mapping: &Mapping,
    geometry: &Geometry,
    state: Option<StateType>,
) -> Result<(), Error> {
    let in_use = shared.in_use();
    let line = shared.copies[..in_use].get(active.copy).ok_or_else(|| {
        Error::corrupt(path, format!("it names copy {} as the active one, and has {in_use}", active.copy))
    })?;
    if active.version >= LAST_VERSION {
        return Err(Error::corrupt(path, format!("its version is {}, which no region reaches", active.version)));
    }
    if line.synced.load(Relaxed) != active.version {
        return Err(Error::corrupt(path, "its active copy is not of the version that it says"));
    }
    let Some(state) = state else { return Ok(()) };
    let image = mapping.base().wrapping_add(geometry.image(active.copy) as usize);
    // SAFETY: inside the mapping, aligned to a page, initialised (by the file); no other handle is attached.
    unsafe { (state.validate)(image) }.map_err(|invalid| Error::invalid_state(path, &invalid))
}

/// Far from where versions would not fit into their bits any more: at one update each nanosecond, a year away.
const LAST_VERSION: u64 = 1 << 55;
