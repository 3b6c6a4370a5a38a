//! [`Exports`]: the buffers that show the memory of a block.

use pyo3::exceptions::PyBufferError;
use pyo3::prelude::*;
use shmstate::dynamic::{Position, Value};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The buffers that show the memory of a block.
#[derive(Default)]
pub(crate) struct Exports {
    count: AtomicUsize,
    /// The sequences whose items some of them can write.
    written: Mutex<Vec<Position>>,
    /// Whether one of these lay in a variant that its enum has lost, so that what was written may be in another one.
    spoiled: AtomicBool,
}

impl Exports {
    fn written(&self) -> MutexGuard<'_, Vec<Position>> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.count.load(Relaxed)
    }

    /// One more, which can write the items of the sequence that is named.
    pub(crate) fn add(&self, written: Option<Position>) {
        self.written().extend(written);
        let _ = self.count.fetch_add(1, Relaxed);
    }

    /// One less, which was added so. Returns whether it was the last one.
    pub(crate) fn remove(&self, written: Option<Position>) -> bool {
        let mut all = self.written();
        if let Some(index) = all.iter().position(|position| Some(*position) == written) {
            let _ = all.swap_remove(index);
        }
        self.count.fetch_sub(1, Relaxed) == 1
    }

    /// Refuses a change after which one of them could write over a part of another type. The update cannot be committed any more.
    pub(crate) fn check(&self, root: Value<'_>) -> PyResult<()> {
        if self.written().iter().all(|position| root.part(*position).is_ok()) {
            return Ok(());
        }
        self.spoiled.store(true, Relaxed);
        Err(PyBufferError::new_err(
            "an array or memoryview shows items in a variant that its enum does not have any more, and could write over another \
             variant: `del` it before the enum gets another variant; the update is rolled back",
        ))
    }

    /// Refuses to commit after such a change.
    pub(crate) fn check_commit(&self) -> PyResult<()> {
        if !self.spoiled.load(Relaxed) {
            return Ok(());
        }
        Err(PyBufferError::new_err(
            "an enum got another variant while an array or memoryview showed items of the one before, and the update has been rolled \
             back: `del` it before the enum gets another variant",
        ))
    }
}
