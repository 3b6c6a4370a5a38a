//! Attaching to a region.
//!
//! Nothing of a file is believed before it is checked, in this order: header, schema, sizes, and, by the first handle of a
//! population, the state itself.

use super::attached::Region;
use super::claim::claim;
use super::expected::StateType;
use super::header::Header;
use super::kernel::Kernel;
use super::population::{Found, join};
use super::reopening::{lost, not_reopened, path_of};
use super::view::view;
use crate::commit::{Clock, Service};
use crate::error::{Error, ErrorKind};
use crate::os::RegionKey;
use crate::os::{self, ForkGuard, Guarded, LiveDescription, Liveness, Mapping, Origin, RegionPath};
use std::mem::ManuallyDrop;
use std::os::fd::OwnedFd;
use std::sync::{Arc, OnceLock};

impl Region {
    /// Attaches to the region in `file`, which was found at `region_path`. `Ok(None)`: the name leads elsewhere by now, look
    /// again.
    ///
    /// Without a type, the state is not looked at, and must not be.
    pub(crate) fn attach(
        region_path: &RegionPath,
        file: &OwnedFd,
        state: Option<StateType<'_>>,
        clock: &mut impl Clock,
    ) -> Result<Option<Region>, Error> {
        let key = os::key(region_path.path(), file)?;
        if region_path.now()? != Some(key) {
            // The region was replaced, or the program has put a file of its own under the number.
            return Ok(None);
        }
        let region = match Self::attach_anywhere(Some(Arc::new(region_path.origin())), file, key, state, clock) {
            // Without `/proc`, the file is opened a second time by its name.
            Err(e)
                if matches!(e.kind(), ErrorKind::Retired | ErrorKind::NotFound) && region_path.now()? != Some(key) =>
            {
                return Ok(None);
            }
            region => region?,
        };
        // Between the look-up and the claim, the name may have been given to another region, whose users would never see
        // what this handle does.
        let is_current = region_path.now()? == Some(region.key);
        Ok(is_current.then_some(region))
    }

    /// [`Self::attach`], whether or not a name leads to the file. `key` is the identity that the file had when it was opened.
    pub(crate) fn attach_anywhere(
        origin: Option<Arc<Origin>>,
        file: &OwnedFd,
        key: RegionKey,
        state: Option<StateType<'_>>,
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
        state: Option<StateType<'_>>,
        clock: &mut impl Clock,
    ) -> Result<Region, Error> {
        let path = path_of(origin.as_deref());
        let header = Header::read(path, file)?;
        header.check_run(path, file)?;
        if let Some(state) = state {
            state.check(path, &header)?;
        }
        let failed = |doing| move |e: std::io::Error| Error::io(path, doing, e);
        let geometry = header.geometry;
        let len = usize::try_from(geometry.file_len()).map_err(|_| Error::corrupt(path, "it is larger than memory"))?;
        os::check_is_of(path, file, key)?;
        let fork_guard = ForkGuard::current().map_err(failed("prepare for forks of this process, for"))?;
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
        let mut region = Region {
            shared,
            mapping,
            kernel,
            origin,
            key,
            id: header.id,
            lineage: header.lineage,
            slot,
            line,
            fork_guard,
            live: None,
            asked_copies: 0,
            tasks: OnceLock::new(),
        };
        region.record_owner();
        let layered = os::is_layered(region.path(), file)?;
        region.live = live.leave_to_the_mapping(layered).map_err(|e| Error::io(region.path(), "lock", e))?;
        let active = region.shared.published();
        if active.service() != Service::In {
            region.check_service(active.copy)?;
        }
        Ok(region)
    }

    /// Another handle on the same region, whatever its name leads to.
    pub(crate) fn attach_same(other: &Region, state: StateType<'_>, clock: &mut impl Clock) -> Result<Region, Error> {
        let file = other.reopen()?;
        let same = Self::attach_anywhere(other.origin.clone(), &file, other.key, Some(state), clock)?;
        Ok(same.asked_for(other.asked_copies))
    }

    /// A description of its own of the same file: other handles' deaths are found by the process's.
    pub(crate) fn reopen(&self) -> Result<Guarded, Error> {
        let origin = self.origin.as_deref();
        let reopened = self.kernel.liveness.reopen(origin).map_err(|e| lost(self.path(), e))?;
        reopened.map_err(|e| not_reopened(origin, e))
    }
}
