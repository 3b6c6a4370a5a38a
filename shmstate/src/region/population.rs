//! Joining the handles that are attached. The first handle checks the state and makes the region clean before it lets others in.
//! Until then it holds the population byte for writing; all other handles hold it for reading.

use super::expected::StateType;
use super::geometry::Geometry;
use super::kernel::Kernel;
use crate::commit::{Clock, Os, Published, Service, Shared};
use crate::error::{Error, ErrorRepr};
use crate::events;
use crate::os::RegionKey;
use crate::os::{self, Limits, LiveDescription, Mapping, Origin};
use crate::sync::Ordering::{Acquire, Relaxed, Release};
use std::os::fd::OwnedFd;
use std::path::Path;

/// A file that is about to be attached to.
pub(super) struct Found<'a> {
    pub(super) file: &'a OwnedFd,
    pub(super) live: &'a LiveDescription,
    pub(super) key: RegionKey,
    pub(super) origin: Option<&'a Origin>,
}

impl Found<'_> {
    /// Whether its name, if it was found by one, still leads to it.
    pub(super) fn has_its_name(&self) -> Result<bool, Error> {
        self.origin.map_or(Ok(true), |origin| Ok(origin.now()? == Some(self.key)))
    }
}

/// Joins the population. The first one makes the region clean, before it lets others in.
pub(super) fn join(
    found: &Found<'_>,
    shared: &Shared<'_>,
    kernel: &Kernel,
    mapping: &Mapping,
    state: Option<StateType<'_>>,
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
        if clock.remaining().is_none() {
            return Err(ErrorRepr::Opening { path: path.to_owned() }.into());
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
        _ => return Err(ErrorRepr::Retired { path: path.to_owned() }.into()),
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
    state: Option<StateType<'_>>,
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
    unsafe { state.validate(image, geometry.size as usize) }.map_err(|invalid| Error::invalid_state(path, &invalid))
}

/// Far from where versions would not fit into their bits any more: at one update each nanosecond, a year away.
const LAST_VERSION: u64 = 1 << 55;
