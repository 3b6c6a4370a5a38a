//! A state, as the user holds it.

use crate::block::Block;
use crate::errors::{from_library, over, raise};
use crate::from_python;
use crate::guards::{Read, Source, Update};
use crate::registry::Registry;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use shmstate::Error;
use shmstate::dynamic::{self, Data, DynOptions, DynState};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The handle of a state: the compiled part of `State`.
#[pyclass(module = "shmstate", name = "StateBase", subclass, frozen, weakref)]
pub(crate) struct State {
    open: Mutex<Option<Arc<Source>>>,
    /// How it was opened.
    options: DynOptions,
    /// The file, from the root on, whatever the working directory is by now; of an anonymous state, nothing.
    file: Option<PathBuf>,
    /// In a child of `fork` that has not opened the state yet: how it does that.
    forked: Mutex<Option<Forked>>,
    is_forked: AtomicBool,
}

/// How a child opens what its parent had open.
#[derive(Clone)]
enum Forked {
    ByName(PathBuf),
    /// The descriptor was made before the fork, for this.
    ByDescriptor(Arc<OwnedFd>),
    /// No descriptor could be made.
    NoWay,
}

/// Why a child of `fork` has not got what its parent had open.
enum NotOpened {
    Library(Error),
    /// The name leads to another region by now.
    Another(PathBuf),
    NoWay,
}

fn not_opened(py: Python<'_>, why: NotOpened) -> PyErr {
    match why {
        NotOpened::Library(error) => from_library(py, &error),
        NotOpened::Another(path) => {
            let why =
                "leads to another region than the one that was open before the `fork`: open it again in this process";
            raise(py, "retired", format!("the name `{}` {why}", path.display()))
        }
        NotOpened::NoWay => {
            let why = "the state has no name, and no descriptor of it could be made before the `fork`, so that this process cannot open \
                       it: hand it over by `share`, or pickle it";
            raise(py, "forked", why.into())
        }
    }
}

/// How to open or create.
fn options(options: Option<&Bound<'_, PyDict>>) -> PyResult<(DynOptions, Duration)> {
    let (mut made, mut timeout) = (DynState::options().writable(true), Duration::from_secs(5));
    for (name, value) in options.iter().flat_map(|options| options.iter()) {
        made = match &*name.extract::<String>()? {
            "writable" => made.writable(value.extract()?),
            "mode" => made.mode(value.extract()?),
            "copies" => made.copies(value.extract()?),
            "max_copies" => made.max_copies(value.extract()?),
            "handles" => made.handles(value.extract()?),
            "timeout" => {
                timeout = seconds(value.extract()?)?;
                made.timeout(timeout)
            }
            other => return Err(pyo3::exceptions::PyTypeError::new_err(format!("there is no option `{other}`"))),
        };
    }
    Ok((made, timeout))
}

/// A number of seconds; none is for ever.
fn seconds(seconds: Option<f64>) -> PyResult<Duration> {
    let Some(seconds) = seconds else { return Ok(Duration::MAX) };
    if seconds.is_nan() {
        return Err(pyo3::exceptions::PyValueError::new_err("a timeout is a number of seconds"));
    }
    if seconds.is_infinite() && seconds > 0.0 {
        return Ok(Duration::MAX);
    }
    Duration::try_from_secs_f64(seconds.max(0.0))
        .map_err(|_| pyo3::exceptions::PyValueError::new_err("a timeout is a number of seconds"))
}

impl State {
    fn source(&self, py: Python<'_>) -> PyResult<Arc<Source>> {
        if self.is_forked.load(Relaxed) {
            self.open_in_child(py)?;
        }
        self.lock().clone().ok_or_else(|| over(py, "the state is closed: open it again"))
    }

    /// Opens in a child of `fork` what the parent had open, as a handle of its own. If that fails, the next use tries again.
    ///
    /// Several threads of the child may do so at once: the first one that has a handle leaves it to the others. None of them holds a
    /// lock while the interpreter is let go, which would be locked for ever in a child that is forked meanwhile.
    #[cold]
    fn open_in_child(&self, py: Python<'_>) -> PyResult<()> {
        let forked = self.forked().clone();
        let (Some(forked), Some(before)) = (forked, self.lock().clone()) else { return Ok(()) };
        let opened = py.detach(|| self.opened_in_child(forked, &before.state));
        let mut open = self.lock();
        if !self.is_forked.load(Relaxed) || open.is_none() {
            return Ok(());
        }
        match opened {
            Ok(state) => {
                let (registry, timeout) = (Arc::clone(&before.registry), before.timeout);
                *open = Some(Arc::new(Source { state: Arc::new(state), registry, timeout }));
                self.is_forked.store(false, Relaxed);
                let done = self.forked().take();
                drop(open);
                drop(done);
                Ok(())
            }
            Err(why) => {
                drop(open);
                Err(not_opened(py, why))
            }
        }
    }

    fn opened_in_child(&self, forked: Forked, before: &DynState) -> Result<DynState, NotOpened> {
        let (opened, path) = match forked {
            Forked::ByName(path) => (self.options.clone().open(&path), path),
            Forked::ByDescriptor(descriptor) => (self.options.clone().from_fd(&*descriptor), before.file().to_owned()),
            Forked::NoWay => return Err(NotOpened::NoWay),
        };
        let state = opened.map_err(NotOpened::Library)?;
        if state.is_same_region(before) { Ok(state) } else { Err(NotOpened::Another(path)) }
    }

    fn forked(&self) -> MutexGuard<'_, Option<Forked>> {
        self.forked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Arc<Source>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with<R>(&self, py: Python<'_>, f: impl FnOnce(&DynState) -> Result<R, Error>) -> PyResult<R> {
        f(&self.source(py)?.state).map_err(|error| from_library(py, &error))
    }
}

#[pymethods]
impl State {
    /// Opens or creates: `how` is `open`, `create`, `open_or_create`, `anonymous` or `fd`. `init` is a list of values of fields, by
    /// their numbers.
    #[new]
    #[pyo3(signature = (how, name, schema, init, settings))]
    fn new(
        py: Python<'_>,
        how: &str,
        name: &Bound<'_, PyAny>,
        schema: Option<&str>,
        init: Option<&Bound<'_, PyAny>>,
        settings: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<State> {
        let (options, timeout) = options(settings)?;
        let path = || name.extract::<PathBuf>();
        let text = || schema.unwrap_or_default();
        // Prepared while Python can be asked.
        let fill = match (init, schema) {
            (Some(classes), Some(schema)) => Fill::new(py, schema, classes)?,
            _ => Fill::default(),
        };
        let apply = |edit: &mut shmstate::dynamic::Edit<'_>| fill.apply(edit);
        let kept = options.clone();
        let opened = match how {
            "open" => {
                let path = path()?;
                py.detach(|| options.open(path))
            }
            "create" => {
                let (path, schema) = (path()?, text());
                match fill.is_empty() {
                    true => py.detach(|| options.create_from_schema(path, schema)),
                    false => py.detach(|| options.create_from_schema_with(path, schema, apply)),
                }
            }
            "open_or_create" => {
                let (path, schema) = (path()?, text());
                py.detach(|| options.open_or_create_from_schema(path, schema, apply))
            }
            "anonymous" => {
                let schema = text();
                py.detach(|| {
                    let state = options.anonymous_from_schema(schema)?;
                    if fill.is_empty() { Ok(state) } else { state.update(apply).map(|()| state) }
                })
            }
            _ => {
                let descriptor = name.extract::<i32>()?;
                if descriptor < 0 {
                    return Err(pyo3::exceptions::PyValueError::new_err("a descriptor is not negative"));
                }
                // SAFETY: the caller names a descriptor that is open during this call; another number is an error of the system.
                let descriptor = unsafe { BorrowedFd::borrow_raw(descriptor) };
                options.from_fd(descriptor)
            }
        };
        let state = opened.map_err(|error| from_library(py, &error))?;
        let (schema, types) = (state.schema(), state.types());
        let has_name = !matches!(how, "anonymous" | "fd");
        let file = has_name.then(|| std::path::absolute(state.file()).unwrap_or_else(|_| state.file().to_owned()));
        let registry = Arc::new(Registry::new(&types, schema));
        let open = Mutex::new(Some(Arc::new(Source { state: Arc::new(state), registry, timeout })));
        Ok(State { open, options: kept, file, forked: Mutex::new(None), is_forked: AtomicBool::new(false) })
    }

    /// Takes the classes of the types, one for each.
    fn _set_classes_(&self, py: Python<'_>, classes: &Bound<'_, PyAny>) -> PyResult<()> {
        self.source(py)?.registry.set_classes(classes)
    }

    /// Refuses a region of another type.
    fn _check_(&self, py: Python<'_>, schema: &str) -> PyResult<()> {
        self.with(py, |state| state.check_schema(schema))
    }

    /// The document that describes the type of the state, as JSON.
    #[getter]
    fn schema(&self, py: Python<'_>) -> PyResult<String> {
        Ok(self.source(py)?.registry.schema.clone())
    }

    /// An update, to be entered.
    fn _update_(&self, py: Python<'_>) -> PyResult<Update> {
        Ok(Update::new(self.source(py)?))
    }

    /// A read, to be entered.
    fn _read_(&self, py: Python<'_>) -> PyResult<Read> {
        Ok(Read::new(self.source(py)?))
    }

    /// A copy of the newest version, which lasts, and may be used by any thread.
    fn snapshot<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let source = self.source(py)?;
        let snapshot = py.detach(|| source.state.snapshot()).map_err(|error| from_library(py, &error))?;
        Block::snapshot(&source.registry, snapshot).root(py)
    }

    /// The number of commits so far.
    #[getter]
    fn version(&self, py: Python<'_>) -> PyResult<u64> {
        self.with(py, |state| Ok(state.version()))
    }

    /// Waits for a version after `version` and returns the newest one; `None` after `timeout` seconds, which is for ever by default.
    #[pyo3(signature = (version, timeout = None))]
    fn wait_newer(&self, py: Python<'_>, version: u64, timeout: Option<f64>) -> PyResult<Option<u64>> {
        const SLICE: Duration = Duration::from_millis(100);
        let (source, mut left) = (self.source(py)?, seconds(timeout)?);
        loop {
            let slice = left.min(SLICE);
            let found = py.detach(|| source.state.wait_newer(version, slice));
            if let Some(found) = found.map_err(|error| from_library(py, &error))? {
                return Ok(Some(found));
            }
            left = left.saturating_sub(slice);
            if left.is_zero() {
                return Ok(None);
            }
            py.check_signals()?;
        }
    }

    /// A descriptor that is readable while there is a version after `seen`.
    fn _readiness_(&self, py: Python<'_>, seen: u64) -> PyResult<Readiness> {
        let readiness = self.source(py)?.state.readiness(seen).map_err(|error| from_library(py, &error))?;
        Ok(Readiness { open: Mutex::new(Some(readiness)) })
    }

    /// What a path leads to, as JSON; the empty path is the whole state.
    #[pyo3(signature = (path = ""))]
    fn to_json(&self, py: Python<'_>, path: &str) -> PyResult<String> {
        self.with(py, |state| state.to_json(path))
    }

    /// Sets what a path leads to from JSON, in one update.
    #[allow(clippy::wrong_self_convention, reason = "as the library calls it")]
    fn from_json(&self, py: Python<'_>, path: &str, json: &str) -> PyResult<()> {
        let source = self.source(py)?;
        py.detach(|| source.state.from_json(path, json)).map_err(|error| from_library(py, &error))
    }

    /// The file of the region, from the root on, or a text for people if it has none.
    #[getter]
    fn file(&self, py: Python<'_>) -> PyResult<String> {
        let source = self.source(py)?;
        Ok(self.file.as_deref().unwrap_or_else(|| source.state.file()).display().to_string())
    }

    /// Writes the committed version to a file.
    fn export(&self, py: Python<'_>, file: PathBuf) -> PyResult<()> {
        let source = self.source(py)?;
        py.detach(|| source.state.export(file)).map_err(|error| from_library(py, &error))
    }

    /// What the region counts, in all processes together.
    fn stats<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let stats = self.with(py, DynState::stats)?;
        let dict = PyDict::new(py);
        dict.set_item("roll_backs", stats.roll_backs)?;
        dict.set_item("recoveries", stats.recoveries)?;
        dict.set_item("commits", stats.commits)?;
        dict.set_item("pins_reclaimed", stats.pins_reclaimed)?;
        dict.set_item("copies", stats.copies)?;
        dict.set_item("longest_wait", stats.longest_wait.as_secs_f64())?;
        Ok(dict)
    }

    /// The processes that have the state open for writing: their numbers, once for each handle.
    fn processes(&self, py: Python<'_>) -> PyResult<Vec<u32>> {
        self.with(py, |state| Ok(state.handles()?.iter().map(|handle| handle.pid).collect()))
    }

    /// Whether the name still leads to this region.
    fn is_current(&self, py: Python<'_>) -> PyResult<bool> {
        self.with(py, DynState::is_current)
    }

    /// A descriptor by which another process can open this anonymous state. The caller closes it.
    fn share(&self, py: Python<'_>) -> PyResult<i32> {
        Ok(self.with(py, DynState::share)?.into_raw_fd())
    }

    /// In a child of `fork`: the next use opens the state for this process. An anonymous state is opened at once, by a descriptor, which
    /// belongs to the state from then on.
    #[pyo3(signature = (descriptor = None))]
    fn _after_fork_(&self, py: Python<'_>, descriptor: Option<i32>) -> PyResult<()> {
        let before = self.forked().take();
        let now = match (descriptor, &self.file, before) {
            (Some(descriptor), ..) => {
                // SAFETY: the caller has made it for this, and leaves it to the state.
                Forked::ByDescriptor(Arc::new(unsafe { OwnedFd::from_raw_fd(descriptor) }))
            }
            (None, Some(file), _) => Forked::ByName(file.clone()),
            // The parent, a child itself, has not opened it yet: its descriptor has been inherited.
            (None, None, Some(before)) => before,
            (None, None, None) => Forked::NoWay,
        };
        *self.forked() = Some(now);
        self.is_forked.store(true, Relaxed);
        if descriptor.is_some() { self.open_in_child(py) } else { Ok(()) }
    }

    /// Leaves the state, which goes on for others. Blocks that are open end as they would; new ones are an error.
    fn close(&self) {
        let closed = self.lock().take();
        let forked = self.forked().take();
        drop((closed, forked));
    }

    /// Whether it was closed.
    #[getter]
    fn closed(&self) -> bool {
        self.lock().is_none()
    }
}

/// A descriptor for an event loop, which is readable while there is a version that was not taken.
#[pyclass(module = "shmstate", frozen, weakref)]
pub(crate) struct Readiness {
    open: Mutex<Option<dynamic::Readiness>>,
}

impl Readiness {
    fn open(&self) -> MutexGuard<'_, Option<dynamic::Readiness>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl Readiness {
    fn fileno(&self, py: Python<'_>) -> PyResult<i32> {
        let open = self.open();
        let readiness = open.as_ref().ok_or_else(|| over(py, "the descriptor is closed"))?;
        Ok(readiness.as_fd().as_raw_fd())
    }

    /// The newest version, if it was not taken yet.
    fn take(&self, py: Python<'_>) -> PyResult<Option<u64>> {
        let mut open = self.open();
        let readiness = open.as_mut().ok_or_else(|| over(py, "the descriptor is closed"))?;
        readiness.take().map_err(|error| from_library(py, &error))
    }

    fn close(&self) {
        let closed = self.open().take();
        drop(closed);
    }
}

/// A value, with the numbers of the fields on the way to it.
type Given<'py> = (Vec<usize>, Bound<'py, PyAny>);

/// What a new state begins with, where it is not zero.
#[derive(Default)]
struct Fill {
    values: Vec<(Vec<usize>, Data)>,
}

impl Fill {
    /// From a pair of the classes of the types, and the values by the numbers of the fields on the way to them.
    fn new(py: Python<'_>, schema: &str, given: &Bound<'_, PyAny>) -> PyResult<Fill> {
        let types = shmstate::dynamic::Types::of_schema(schema).map_err(|error| from_library(py, &error))?;
        let registry = Registry::new(&types, schema.to_owned());
        let (classes, values): (Bound<'_, PyAny>, Vec<Given<'_>>) = given.extract()?;
        registry.set_classes(&classes)?;
        let one = |(way, value): Given<'_>| {
            let mut ty = registry.root;
            let mut path = String::new();
            for number in &way {
                let (name, next) = &registry.info(ty).fields[*number];
                path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                ty = *next;
            }
            let data = from_python::data(&registry, ty, &value, &|| path.clone())?;
            Ok((way, data))
        };
        Ok(Fill { values: values.into_iter().map(one).collect::<PyResult<_>>()? })
    }

    fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    fn apply(&self, edit: &mut shmstate::dynamic::Edit<'_>) -> Result<(), Error> {
        for (way, data) in &self.values {
            let position = {
                let mut value = edit.value();
                for number in way {
                    value = value.field(*number)?;
                }
                value.position()
            };
            edit.part(position)?.set(data)?;
        }
        Ok(())
    }
}

/// Removes the name of a state. Processes that have it open keep working.
#[pyfunction]
pub(crate) fn remove(py: Python<'_>, name: PathBuf) -> PyResult<()> {
    py.detach(|| shmstate::remove(name)).map_err(|error| from_library(py, &error))
}
