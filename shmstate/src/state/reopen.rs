//! Following a name to the region that it leads to now.

use super::handle::State;
use super::options::Options;
use super::read_only::ReadOnly;
use crate::error::Error;
use crate::layout::SharedLayout;
use crate::os::{Deadline, Origin, RegionPath};
use crate::region::ReadOnlyRegion;

impl<T: SharedLayout> State<T> {
    /// Opens the name of this handle again, and makes this handle one on the region to which the name leads now. Returns whether
    /// that is another region.
    ///
    /// Call it after [`Retired`](crate::ErrorKind::Retired). Projections stay valid. If the name still leads to the same region,
    /// nothing happens, except in a child of the process that opened the handle: there the handle gets a slot of its own.
    ///
    /// ```
    /// use shmstate::{Error, ErrorKind, State};
    ///
    /// fn count(state: &mut State<u64>) -> Result<(), Error> {
    ///     loop {
    ///         match state.update(|n| *n += 1) {
    ///             Err(e) if e.kind() == ErrorKind::Retired => state.reopen()?,
    ///             done => return done,
    ///         };
    ///     }
    /// }
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let name = dir.path().join("number");
    /// let mut state = State::<u64>::create(&name)?;
    /// count(&mut state)?;
    /// State::<u64>::open(&name)?.recreate(State::options().handles(1000))?; // another process
    /// count(&mut state)?;
    /// assert_eq!(state.read(|n| *n)?, 2);
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As for [`open`](Self::open); [`LayoutMismatch`](crate::ErrorKind::LayoutMismatch) if the new region is of a newer release;
    /// [`NotFound`](crate::ErrorKind::NotFound) if the name was removed; [`Unsupported`](crate::ErrorKind::Unsupported) for a state
    /// without a name, or whose name this process cannot look up any more (`chroot`). The handle stays what it was.
    pub fn reopen(&mut self) -> Result<bool, Error> {
        let (region, terms) = (self.region(), self.terms());
        let mine = region.is_mine();
        if mine && region.is_current()? && region.is_in_service()? {
            return Ok(false);
        }
        let (region_path, before) = (region.region_path()?, region.identity());
        let next = Options::open_at(&region_path, terms, &mut Deadline::new(terms.timeout))?;
        *self = next.asked_for(region.asked_copies());
        Ok(self.region().identity() != before)
    }
}

impl<T: SharedLayout> ReadOnly<T> {
    /// Opens the name again, and makes this one a view of the region that it leads to now: see [`State::reopen`].
    ///
    /// # Errors
    /// As for [`State::open_read_only`]. The view stays what it was.
    pub fn reopen(&mut self) -> Result<bool, Error> {
        let before = self.region().identity();
        if self.is_current()? && self.region().is_in_service()? {
            return Ok(false);
        }
        let origin = Origin::in_reach(Some(self.region().origin()))?;
        let next = ReadOnlyRegion::open(&RegionPath::find(origin.absolute())?, State::<T>::TYPE)?;
        *self = ReadOnly::new(next);
        Ok(self.region().identity() != before)
    }
}
