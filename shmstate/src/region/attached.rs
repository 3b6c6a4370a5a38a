//! An attached region, and leaving it.

#[cfg(feature = "dynamic")]
use super::counted::Handle;
use super::geometry::Geometry;
use super::kernel::Kernel;
use super::reopening::{lost, path_of};
use super::task_server::TaskServer;
use super::view::since;
use crate::commit::{Shared, SlotLine};
use crate::error::{Error, ErrorRepr};
use crate::events;
use crate::os::RegionKey;
use crate::os::{self, ForkGuard, LiveDescription, Mapping, Origin};
use crate::sync::{AtomicU64, Ordering::Relaxed};
use std::mem::ManuallyDrop;
use std::path::Path;
use std::sync::{Arc, OnceLock};

/// An attached region: one handle's mapping and slot.
pub(crate) struct Region {
    /// Borrows `mapping`. Invariant: used only while `mapping` is there, and only in the process that made it
    /// ([`Region::check`]).
    pub(super) shared: Shared<'static>,
    /// Holds the byte of the slot, and the population byte.
    pub(super) mapping: ManuallyDrop<Mapping>,
    pub(super) kernel: Kernel,
    /// Where it was found; an anonymous region has no origin.
    pub(super) origin: Option<Arc<Origin>>,
    pub(super) key: RegionKey,
    /// A random number.
    pub(super) id: u128,
    /// The lineage, which it shares with the regions whose content it has taken over.
    pub(super) lineage: u128,
    /// Invariant: this handle holds the byte of this slot.
    pub(super) slot: usize,
    /// The line of that slot; borrows `mapping`, as `shared` does.
    pub(super) line: &'static SlotLine,
    pub(super) fork_guard: ForkGuard,
    /// Holds the byte of the slot where the mapping does not hold it.
    pub(super) live: Option<LiveDescription>,
    /// How many copies the program has asked for at most; 0 if it has not asked.
    pub(super) asked_copies: usize,
    /// For the tasks that wait for its versions.
    pub(super) tasks: OnceLock<Arc<TaskServer>>,
}

// SAFETY: the mapping is shared memory that is accessed by atomics, or under the commit protocol; everything else is
// plain data.
unsafe impl Send for Region {}
// SAFETY: as above.
unsafe impl Sync for Region {}

impl Region {
    /// Says that this process has made the region.
    pub(crate) fn tell_created(&self) {
        let Geometry { copies, slots, .. } = self.kernel.geometry;
        events::created(self.path(), self.kernel.geometry.file_len(), copies, slots);
    }

    /// Remembers how many copies the program has asked for, for the error when they are missing.
    pub(crate) fn asked_for(mut self, copies: usize) -> Region {
        self.asked_copies = copies;
        self
    }

    /// See [`Self::asked_for`].
    pub(crate) fn asked_copies(&self) -> usize {
        self.asked_copies
    }

    /// Refuses to touch the mapping in a forked child, which has none.
    #[inline]
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.fork_guard.is_current() { Ok(()) } else { Err(self.forked()) }
    }

    #[cold]
    fn forked(&self) -> Error {
        ErrorRepr::Forked { path: self.path().to_owned() }.into()
    }

    /// Whether this is the process that attached.
    #[inline]
    pub(crate) fn is_mine(&self) -> bool {
        self.fork_guard.is_current()
    }

    /// The shared words.
    #[inline]
    pub(crate) fn shared(&self) -> &Shared<'_> {
        &self.shared
    }

    /// What the protocol asks the operating system.
    #[inline]
    pub(crate) fn os(&self) -> &Kernel {
        &self.kernel
    }

    /// What sleeps for the tasks of this process that wait for its versions.
    pub(super) fn tasks(&self) -> Result<&TaskServer, Error> {
        if let Some(tasks) = self.tasks.get() {
            return Ok(tasks);
        }
        // A mapping of its own: this handle's ends with the handle, and with it the handle's locks.
        let map = |file: &_| TaskServer::map(file, &self.kernel.geometry);
        let mapped = || self.kernel.liveness.with_file(map).and_then(std::convert::identity);
        let tasks = TaskServer::of(self.key, mapped).map_err(|e| lost(self.path(), e))?;
        Ok(self.tasks.get_or_init(|| tasks))
    }

    /// What identifies the region: its file, and its number. A later file of the same inode may be another region, and a copy of
    /// the file has the same number.
    pub(crate) fn identity(&self) -> (RegionKey, u128) {
        (self.key, self.id)
    }

    /// The lineage, which this region shares with those whose content it has taken over.
    pub(crate) fn lineage(&self) -> u128 {
        self.lineage
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

    /// Says which process holds the slot, for the error messages of others.
    pub(super) fn record_owner(&self) {
        let line = self.slot_line();
        self.since()[self.slot].store(os::now_ns(), Relaxed);
        line.namespace.store(os::pid_namespace(), Relaxed);
        line.pid.store(std::process::id(), Relaxed);
        let name = os::process_name();
        for (word, bytes) in line.name.iter().zip(name.chunks_exact(8)) {
            word.store(u64::from_ne_bytes(std::array::from_fn(|i| bytes[i])), Relaxed);
        }
        self.shared.ring_bell(os::futex_wake_all);
    }

    /// When the holder of each slot was attached: nanoseconds since 1970.
    pub(super) fn since(&self) -> &[AtomicU64] {
        // SAFETY: the mapping is as long as the geometry says, and this has it.
        unsafe { since(&self.mapping, &self.kernel.geometry) }
    }

    /// The handles whose processes have not left.
    #[cfg(feature = "dynamic")]
    pub(crate) fn handles(&self) -> Vec<Handle> {
        Handle::all(&self.shared, self.since())
    }

    /// Makes this handle no longer the elected one. In a forked child of its process, this changes nothing.
    pub(crate) fn resign(&self) {
        if self.fork_guard.is_current() && self.shared.resign(self.slot) {
            self.shared.ring_bell(os::futex_wake_all);
        }
    }
}

impl Drop for Region {
    fn drop(&mut self) {
        if self.fork_guard.is_current() {
            self.shared.clear_pins(self.slot);
            self.slot_line().pid.store(0, Relaxed);
            self.slot_line().namespace.store(0, Relaxed);
            self.shared.resign(self.slot);
            self.shared.ring_bell(os::futex_wake_all);
        }
        // SAFETY: taken once, and not used afterwards: the region is being dropped.
        let mapping = unsafe { ManuallyDrop::take(&mut self.mapping) };
        if self.fork_guard.is_current() {
            // The byte goes with it, last.
            drop(mapping);
        } else {
            // The mapping was not inherited, and the handle in the parent is alive.
            mapping.forget();
        }
    }
}
