//! Replacing a region by a new one that takes over its content, with other sizes or of another type.

use super::attached::Region;
use super::create::{Beginning, Plan, Sizes};
use super::geometry::Geometry;
use super::service::Current;
use crate::commit::Clock;
use crate::error::{Error, ErrorKind};
use crate::os::{Access, ForkGuard, Limits, NameLock, NewFile, Origin, RegionPath, Rights};

/// What the new region is to be.
pub(crate) struct Successor<'a> {
    pub(crate) plan: &'a Plan,
    /// The file's mode; that of the old file if it is `None`.
    pub(crate) mode: Option<u32>,
    pub(crate) limits: Limits,
}

impl Region {
    /// What the maker of this region has decided.
    pub(crate) fn sizes(&self) -> Sizes {
        let Geometry { copies, max_copies, slots, .. } = self.kernel.geometry;
        Sizes { copies, max_copies, handles: slots }
    }

    /// Puts a new region in this one's place, while others use it. `fill` gets what this region holds, and the bytes of the new
    /// state, which are zeroes; `attach` makes a handle on the new file.
    ///
    /// Until the new region has the name, nothing has happened, even if `fill` fails or panics, or if this process dies. From then
    /// on, this region is retired. The version counts on: the new region begins with the next one.
    ///
    /// `None`: this region no longer has the name. It was replaced, removed or renamed; look the name up again.
    pub(crate) fn succeed<H>(
        &self,
        successor: &Successor<'_>,
        clock: &mut impl Clock,
        fill: impl FnOnce(Current<'_>, &mut [u8]) -> Result<(), Error>,
        attach: impl Fn(&RegionPath, &NewFile) -> Result<H, Error>,
    ) -> Result<Option<H>, Error> {
        self.check()?;
        let Successor { plan, mode, limits } = *successor;
        let region_path = &match self.region_path() {
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
            region_path => region_path?,
        };
        if region_path.now()? != Some(self.key()) {
            return Ok(None);
        }
        let path = region_path.path();
        let file = match self.reopen() {
            // Without `/proc`, by the name, which may lead elsewhere by now.
            Err(_) if region_path.now()? != Some(self.key()) => return Ok(None),
            file => file?,
        };
        let Some(_name) = NameLock::take(region_path, &file, clock)? else { return Ok(None) };
        let rights = Rights::of(path, &file)?;
        let access = Access { mode: mode.unwrap_or(rights.mode) };
        // What takes long, and what can fail for want of room, comes before the lock.
        let mut new = region_path.new_file(access, plan.len(), plan.room(), limits)?;
        new.give_to(region_path, rights, access)?;
        new.prepare(region_path)?;
        let fork_guard =
            ForkGuard::current().map_err(|e| Error::io(path, "prepare for forks of this process, for", e))?;
        let attach = &attach;
        let make = move |current: Current<'_>| {
            let beginning = Beginning { version: current.version + 1, lineage: self.lineage };
            plan.write(path, new.file(), fork_guard, beginning, |first| {
                // SAFETY: as many bytes as the state has, in a new file that no other process knows.
                fill(current, unsafe { std::slice::from_raw_parts_mut(first, plan.size()) })
            })?;
            // Checks all of it. Without `/proc`, a file that has not its name yet cannot be opened a second time.
            let attached = match attach(region_path, &new) {
                Err(e) if e.kind() == ErrorKind::NotFound => None,
                handle => Some(handle?),
            };
            Ok((new, attached))
        };
        match self.replace(clock, make, |(new, _)| new.take_name(region_path))? {
            Some((_, Some(attached))) => Ok(Some(attached)),
            // By its name, which the next one may have taken already.
            Some((new, None)) => match attach(region_path, &new) {
                Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
                attached => attached.map(Some),
            },
            None => Ok(None),
        }
    }

    /// The name that leads here, or did, looked up again.
    pub(crate) fn region_path(&self) -> Result<RegionPath, Error> {
        RegionPath::find(Origin::in_reach(self.origin())?.absolute())
    }
}
