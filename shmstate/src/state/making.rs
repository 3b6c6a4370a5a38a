//! The names whose regions this thread is making: the `init` of one must not wait for itself.

use crate::error::{Error, Trouble};
use crate::os::Place;
use crate::os::RegionKey;
use std::cell::RefCell;
use std::ffi::OsString;

thread_local! {
    /// The directories and the names in them, the innermost last.
    static NAMES: RefCell<Vec<(RegionKey, OsString)>> = const { RefCell::new(Vec::new()) };
}

/// While there is one, nothing else on this thread may change where that name leads.
pub(super) struct Making(());

impl Making {
    /// Of the region of that place.
    pub(super) fn begin(place: &Place) -> Result<Making, Error> {
        let name = place.identity()?;
        NAMES.with_borrow_mut(|names| names.push(name));
        Ok(Making(()))
    }

    /// Refuses a place whose region is being made further out on this thread.
    pub(super) fn check(place: &Place) -> Result<(), Error> {
        if NAMES.with_borrow(Vec::is_empty) {
            return Ok(());
        }
        let name = place.identity()?;
        if NAMES.with_borrow(|names| names.contains(&name)) {
            return Err(Trouble::InInit { path: place.path().to_owned() }.into());
        }
        Ok(())
    }
}

impl Drop for Making {
    fn drop(&mut self) {
        NAMES.with_borrow_mut(|names| drop(names.pop()));
    }
}
