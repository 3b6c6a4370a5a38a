//! The context managers: `with state.update() as s`, `with state.read() as s`.

use crate::block::Block;
use crate::errors::{from_library, over};
use crate::registry::Registry;
use pyo3::prelude::*;
use shmstate::ErrorKind;
use shmstate::dynamic::DynState;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A state, as blocks use it.
pub(crate) struct Source {
    pub(crate) state: Arc<DynState>,
    pub(crate) registry: Arc<Registry>,
    pub(crate) timeout: Duration,
}

impl Source {
    /// Begins an update. The interpreter is let go while other updates are waited for.
    pub(crate) fn begin(&self, py: Python<'_>) -> PyResult<Arc<Block>> {
        let begun = match self.state.begin_within(Duration::ZERO) {
            Err(error) if error.kind() == ErrorKind::Busy && !self.timeout.is_zero() => self.wait(py)?,
            begun => begun,
        };
        let transaction = begun.map_err(|error| from_library(py, &error))?;
        Ok(Block::update(&self.registry, transaction))
    }

    /// Begins an update, and looks for signals while it waits.
    #[cold]
    fn wait(&self, py: Python<'_>) -> PyResult<Result<shmstate::dynamic::Transaction, shmstate::Error>> {
        const SLICE: Duration = Duration::from_millis(100);
        let mut left = self.timeout;
        loop {
            let slice = left.min(SLICE);
            let begun = py.detach(|| self.state.begin_within(slice));
            match begun {
                Err(error) if error.kind() == ErrorKind::Busy && left > slice => left -= slice,
                begun => return Ok(begun),
            }
            py.check_signals()?;
        }
    }

    pub(crate) fn reading(&self, py: Python<'_>) -> PyResult<Arc<Block>> {
        let reading = self.state.reading().map_err(|error| from_library(py, &error))?;
        Ok(Block::reading(&self.registry, reading))
    }
}

macro_rules! manager {
    ($(#[$docs:meta])* $Name:ident, $begin:ident, $commits:literal, $again:literal) => {
        $(#[$docs])*
        #[pyclass(module = "shmstate", frozen)]
        pub(crate) struct $Name {
            source: Arc<Source>,
            block: Mutex<Option<Arc<Block>>>,
        }

        impl $Name {
            pub(crate) fn new(source: Arc<Source>) -> $Name {
                $Name { source, block: Mutex::new(None) }
            }

            fn block(&self) -> MutexGuard<'_, Option<Arc<Block>>> {
                self.block.lock().unwrap_or_else(PoisonError::into_inner)
            }
        }

        #[pymethods]
        impl $Name {
            fn __enter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
                if self.block().is_some() {
                    return Err(over(py, $again));
                }
                let block = self.source.$begin(py)?;
                let made = block.root(py)?;
                *self.block() = Some(block);
                Ok(made)
            }

            #[pyo3(signature = (raised = None, _value = None, _traceback = None))]
            fn __exit__(
                &self,
                py: Python<'_>,
                raised: Option<&Bound<'_, PyAny>>,
                _value: Option<&Bound<'_, PyAny>>,
                _traceback: Option<&Bound<'_, PyAny>>,
            ) -> PyResult<bool> {
                let mut open = self.block();
                match &*open {
                    None => return Ok(false),
                    // Another thread takes nothing away.
                    Some(block) => block.check_thread(py)?,
                }
                let Some(block) = open.take() else { return Ok(false) };
                drop(open);
                let fine = raised.is_none();
                match block.end(py, $commits && fine) {
                    // What was raised in the block says more.
                    Err(_) if !fine => Ok(false),
                    ended => ended.map(|_| false),
                }
            }

            /// The version that the block sees, or makes if it commits.
            #[getter]
            fn version(&self, py: Python<'_>) -> PyResult<Option<u64>> {
                let block = self.block().clone();
                block.map(|block| block.version(py)).transpose()
            }
        }
    };
}

manager! {
    /// An update: `with state.update() as s`. What is done to `s` is committed at the end, and rolled back by an exception.
    Update, begin, true, "this update is running already: call `update()` for each one"
}

manager! {
    /// A read: `with state.read() as s`. `s` shows one version, which does not change.
    Read, reading, false, "this read is running already: call `read()` for each one"
}
