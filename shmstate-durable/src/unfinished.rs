//! What an opening has made goes again if the opening fails.

use crate::control::{Control, is_alone};
use crate::error::Error;
use crate::paths::{NewDirs, Paths};
use crate::store::Store;
use shmstate::{SharedLayout, State};
use std::cell::{Cell, RefCell};
use std::fs;

/// What the elected process makes while it opens a state. What it has made goes with this value, unless all of it is [kept](Self::keep): the
/// store, which is still locked then, and what no other process has open.
pub(crate) struct Unfinished<'a> {
    paths: &'a Paths,
    control: &'a Control,
    /// The lineage that a new region would have.
    lineage: Cell<Option<u128>>,
    has_store: Cell<bool>,
    dirs: RefCell<NewDirs>,
    is_kept: bool,
}

impl<'a> Unfinished<'a> {
    pub(crate) fn new(paths: &'a Paths, control: &'a Control) -> Self {
        let (lineage, has_store, dirs) = (Cell::default(), Cell::default(), RefCell::default());
        Unfinished { paths, control, lineage, has_store, dirs, is_kept: false }
    }

    /// `create` creates the store, in a directory that is made if it is missing.
    pub(crate) fn store(&self, create: impl FnOnce() -> Result<Store, Error>) -> Result<Store, Error> {
        *self.dirs.borrow_mut() = self.paths.make_dir()?;
        let store = create()?;
        self.has_store.set(true);
        Ok(store)
    }

    /// A region of that lineage may be made.
    pub(crate) fn region(&self, lineage: u128) {
        self.lineage.set(Some(lineage));
    }

    /// Removes the region, if this opening has made it and no other handle is on it.
    pub(crate) fn remove_region<T: SharedLayout>(&self, state: &State<T>) {
        if self.lineage.get() == Some(state.lineage()) && is_alone(state) {
            let _ = shmstate::remove(&self.paths.region);
        }
    }

    pub(crate) fn keep(mut self) {
        self.is_kept = true;
    }
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        if self.is_kept {
            return;
        }
        if self.has_store.get() {
            let _ = fs::remove_file(&self.paths.store);
        }
        self.control.remove_new(self.paths);
    }
}
