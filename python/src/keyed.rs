//! The views of maps, sets and slabs, and what they have in common. What Python calls is in `map`, `set` and `slab`.

use crate::block::{At, Failure};
use crate::errors::inside;
use crate::registry::Registry;
use crate::sequence::Form;
use crate::{from_python, to_python};
use pyo3::basic::CompareOp;
use pyo3::exceptions::{PyKeyError, PyRuntimeError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyFloat, PyIterator, PyList, PyTuple};
use shmstate::ErrorKind;
use shmstate::dynamic::{Data, EntryKey, Part, Position, Value, ValueKind};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// A map in a state.
#[pyclass(module = "shmstate", mapping, frozen, weakref)]
pub(crate) struct Map {
    pub(crate) at: At,
}

/// A set in a state.
#[pyclass(module = "shmstate", frozen, weakref)]
pub(crate) struct Set {
    pub(crate) at: At,
}

/// A slab in a state: values, each with a key that it gets when it is added.
#[pyclass(module = "shmstate", frozen, weakref)]
pub(crate) struct Slab {
    pub(crate) at: At,
}

impl Map {
    pub(crate) fn new(at: At) -> Map {
        Map { at }
    }
}

impl Set {
    pub(crate) fn new(at: At) -> Set {
        Set { at }
    }
}

impl Slab {
    pub(crate) fn new(at: At) -> Slab {
        Slab { at }
    }
}

/// The types of the keys and of the values.
pub(crate) fn types(py: Python<'_>, at: &At) -> PyResult<(usize, usize)> {
    at.look(py, |value| {
        let info = at.registry().info(value.type_index());
        Ok((info.key.unwrap_or(0), info.item.unwrap_or(0)))
    })
}

pub(crate) fn len(py: Python<'_>, at: &At) -> PyResult<usize> {
    at.look(py, |value| Ok(value.len()?))
}

pub(crate) fn capacity(py: Python<'_>, at: &At) -> PyResult<usize> {
    at.look(py, |value| Ok(value.capacity()?))
}

pub(crate) fn edit<R>(
    py: Python<'_>,
    at: &At,
    moves: bool,
    f: impl FnOnce(&mut Part<'_, '_>) -> Result<R, shmstate::Error>,
) -> PyResult<R> {
    let result = at.edit(py, moves, |edit| f(&mut edit.part(at.position)?));
    result.map_err(|error| inside(py, error, &at.path(py)))
}

/// All of it, in objects of Python's own.
pub(crate) fn plain<'py>(py: Python<'py>, at: &At) -> PyResult<Bound<'py, PyAny>> {
    at.look(py, |value| to_python::plain(py, at.registry(), value))
}

/// The value of a key, or the item of a set. A text that is longer than any key can be is no key.
pub(crate) fn find<'a>(value: Value<'a>, key: &Data) -> Result<Option<Value<'a>>, Failure> {
    match value.entry(key) {
        Err(error) if error.kind() == ErrorKind::Full => Ok(None),
        found => Ok(found?),
    }
}

/// What a loop over entries gives.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gives {
    Keys,
    Values,
    Items,
}

/// A loop over the entries of a map or a slab, or over the values of a set.
#[pyclass(module = "shmstate", frozen)]
pub(crate) struct Entries {
    at: At,
    gives: Gives,
    /// What its type is called by Python.
    called: &'static str,
    /// The keys, and where their values lie, as long as nothing has moved.
    all: Vec<(Py<PyAny>, Position)>,
    moves: u64,
    next: AtomicUsize,
}

impl Entries {
    pub(crate) fn of_map(py: Python<'_>, at: &At, gives: Gives) -> PyResult<Entries> {
        let all = at.look(py, |value| {
            let entry = |entry: Result<(EntryKey<'_>, Value<'_>), shmstate::Error>| {
                let (key, value) = entry?;
                Ok((to_python::key_of(py, at.registry(), key)?.unbind(), value.position()))
            };
            value.entries()?.map(entry).collect::<Result<Vec<_>, Failure>>()
        })?;
        Ok(Entries::new(at, gives, "dictionary", all))
    }

    pub(crate) fn of_set(py: Python<'_>, at: &At) -> PyResult<Entries> {
        let all = at.look(py, |of| {
            let item = |item: Value<'_>| {
                let position = item.position();
                Ok((to_python::hashable(py, at.registry(), item)?.unbind(), position))
            };
            of.items()?.map(item).collect::<Result<Vec<_>, Failure>>()
        })?;
        Ok(Entries::new(at, Gives::Keys, "Set", all))
    }

    fn new(at: &At, gives: Gives, called: &'static str, all: Vec<(Py<PyAny>, Position)>) -> Entries {
        Entries { at: at.clone(), gives, called, all, moves: at.moves_so_far(), next: AtomicUsize::new(0) }
    }

    /// A view of the value of entry `i`, whose key this is.
    fn value<'py>(&self, py: Python<'py>, i: usize, key: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let (at, registry) = (&self.at, self.at.registry());
        if self.moves == at.moves_so_far() {
            return at.view_at(py, self.all[i].1);
        }
        // Entries were set meanwhile, which leaves their number as it is.
        let found = at.look(py, |value| match value.entries()?.nth(i) {
            Some(entry) => {
                let (key, value) = entry?;
                Ok(Some((to_python::key_of(py, registry, key)?, value.position())))
            }
            None => Ok(None),
        })?;
        match found {
            Some((now, position)) if now.eq(key)? => at.view_at(py, position),
            _ => Err(PyRuntimeError::new_err(format!("{} keys changed during iteration", self.called))),
        }
    }
}

#[pymethods]
impl Entries {
    fn __iter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let i = self.next.load(Relaxed);
        if i > self.all.len() {
            return Ok(None);
        }
        if len(py, &self.at)? != self.all.len() {
            return Err(PyRuntimeError::new_err(format!("{} changed size during iteration", self.called)));
        }
        self.next.store(i + 1, Relaxed);
        let Some((key, _)) = self.all.get(i) else { return Ok(None) };
        let key = key.bind(py).clone();
        Ok(Some(match self.gives {
            Gives::Keys => key,
            Gives::Values => self.value(py, i, &key)?,
            Gives::Items => {
                let value = self.value(py, i, &key)?;
                PyTuple::new(py, [key, value])?.into_any()
            }
        }))
    }

    fn __length_hint__(&self) -> usize {
        self.all.len().saturating_sub(self.next.load(Relaxed))
    }
}

/// The keys in the opposite order.
pub(crate) fn reversed<'py>(py: Python<'py>, at: &At) -> PyResult<Bound<'py, PyIterator>> {
    let keys = Entries::of_map(py, at, Gives::Keys)?.all;
    PyList::new(py, keys.into_iter().rev().map(|(key, _)| key))?.try_iter()
}

/// A live view of the keys, values or items, as `dict` has them: a class of the module `_views`.
pub(crate) fn live<'py>(of: &Bound<'py, PyAny>, class: &str) -> PyResult<Bound<'py, PyAny>> {
    static VIEWS: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    let py = of.py();
    let views = VIEWS.get_or_try_init(py, || py.import("shmstate._views").map(Bound::unbind))?;
    views.bind(py).getattr(class)?.call1((of,))
}

/// The key or item of type `index` that an object which is looked for stands for; nothing, if it is none of the type: as dictionaries and
/// sets do, which have keys of any type.
pub(crate) fn sought(py: Python<'_>, at: &At, index: usize, object: &Bound<'_, PyAny>) -> PyResult<Option<Data>> {
    let find = |object: &Bound<'_, PyAny>| from_python::data(at.registry(), index, object, &|| at.path(py));
    let whole = |number: &Bound<'_, PyAny>| number.call_method0("is_integer").and_then(|whole| whole.is_truthy());
    match find(object) {
        Ok(data) => Ok(Some(data).filter(|data| can_be(at.registry(), index, data))),
        // 3.0 is 3.
        Err(_) if object.is_instance_of::<PyFloat>() && whole(object)? => {
            Ok(find(&object.call_method0("__int__")?).ok())
        }
        Err(error) if from_python::is_about_the_value(py, &error) && object.hash().is_ok() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether a key can be one of type `index`: an array of another length is none.
fn can_be(registry: &Registry, index: usize, key: &Data) -> bool {
    let info = registry.info(index);
    let fields = |values: &mut dyn Iterator<Item = &Data>| {
        values.zip(&info.fields).all(|(value, (_, field))| can_be(registry, *field, value))
    };
    match (info.kind, key) {
        (ValueKind::Sequence, Data::Sequence(items)) => {
            let fits = Form::of(&info.name) != Form::Array || info.capacity == Some(items.len());
            fits && info.item.is_none_or(|item| items.iter().all(|value| can_be(registry, item, value)))
        }
        (ValueKind::Maybe, value) => info.item.is_none_or(|item| can_be(registry, item, value)),
        (ValueKind::Struct, Data::Map(values)) => fields(&mut values.iter().map(|(_, value)| value)),
        (ValueKind::Struct, Data::Sequence(values)) if info.fields.len() > 1 => fields(&mut values.iter()),
        (ValueKind::Struct, value) => fields(&mut std::iter::once(value)),
        _ => true,
    }
}

/// The default of `pop`, which may be `None` as well as not there.
pub(crate) struct DefaultOfPop<'py>(pub(crate) Option<Bound<'py, PyAny>>);

impl<'py> FromPyObject<'_, 'py> for DefaultOfPop<'py> {
    type Error = PyErr;

    fn extract(default: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        Ok(DefaultOfPop(Some(default.to_owned())))
    }
}

impl<'py> DefaultOfPop<'py> {
    /// What `pop` returns for a key that is not there.
    pub(crate) fn or_missing(self, key: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.0.ok_or_else(|| PyKeyError::new_err(key.clone().unbind()))
    }
}

pub(crate) fn compare<'py>(
    py: Python<'py>,
    ours: Bound<'py, PyAny>,
    other: &Bound<'py, PyAny>,
    op: CompareOp,
) -> PyResult<Py<PyAny>> {
    Ok(ours.rich_compare(own(py, other)?, op)?.unbind())
}

/// Python's own object instead of a view.
pub(crate) fn own<'py>(py: Python<'py>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    if let Ok(map) = other.cast::<Map>() {
        plain(py, &map.get().at)
    } else if let Ok(set) = other.cast::<Set>() {
        plain(py, &set.get().at)
    } else if let Ok(slab) = other.cast::<Slab>() {
        plain(py, &slab.get().at)
    } else {
        Ok(other.clone())
    }
}
