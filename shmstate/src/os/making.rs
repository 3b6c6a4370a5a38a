//! The names whose regions this thread is making: the `init` of a region, or a migration, must not wait for itself.

use super::file::RegionPath;
use super::region_key::RegionKey;
use crate::error::{Error, ErrorRepr};
use std::cell::RefCell;
use std::ffi::OsString;
use std::mem::ManuallyDrop;

thread_local! {
    /// The directories and the names in them, the innermost last. The list is not dropped with the thread, because the program may
    /// open a state in code that runs afterwards: destructors of thread-local values, and `atexit`. An empty list has no memory.
    static NAMES: RefCell<ManuallyDrop<Vec<(RegionKey, OsString)>>> = const { RefCell::new(ManuallyDrop::new(Vec::new())) };
}

/// While this value lives, nothing else on this thread may change where that name leads.
pub(crate) struct Making(());

impl Making {
    /// Of the region of that path.
    pub(crate) fn begin(region_path: &RegionPath) -> Result<Making, Error> {
        let name = region_path.identity()?;
        NAMES.with_borrow_mut(|names| names.push(name));
        Ok(Making(()))
    }

    /// Refuses a path whose region is being made further out on this thread.
    pub(crate) fn check(region_path: &RegionPath) -> Result<(), Error> {
        if NAMES.with_borrow(|names| names.is_empty()) {
            return Ok(());
        }
        let name = region_path.identity()?;
        if NAMES.with_borrow(|names| names.contains(&name)) {
            return Err(ErrorRepr::InMaking { path: region_path.path().to_owned() }.into());
        }
        Ok(())
    }
}

impl Drop for Making {
    fn drop(&mut self) {
        NAMES.with_borrow_mut(|names| {
            drop(names.pop());
            if names.is_empty() {
                names.shrink_to_fit();
            }
        });
    }
}
