//! Slabs: values by keys that stay.

use crate::errors::inside;
use crate::keyed::{DefaultOfPop, Entries, Gives, Slab, capacity, compare, edit, len, live, plain, reversed, types};
use crate::{from_python, to_python};
use pyo3::basic::CompareOp;
use pyo3::exceptions::{PyKeyError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::PyIterator;
use shmstate::dynamic::Data;

/// The number of a key.
fn bits(key: &Bound<'_, PyAny>) -> PyResult<Data> {
    let bits: u64 =
        key.extract().map_err(|_| PyTypeError::new_err("a key of a slab is a number, as `add` returns it"))?;
    Ok(bits.into())
}

#[pymethods]
impl Slab {
    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        len(py, &self.at)
    }

    /// How many values there can be.
    #[getter]
    fn capacity(&self, py: Python<'_>) -> PyResult<usize> {
        capacity(py, &self.at)
    }

    /// Adds a value and returns its key.
    #[pyo3(signature = (value, /))]
    fn add(&self, py: Python<'_>, value: &Bound<'_, PyAny>) -> PyResult<u64> {
        let (_, items) = types(py, &self.at)?;
        let data = from_python::data(self.at.registry(), items, value, &|| self.at.path(py))?;
        edit(py, &self.at, false, |part| part.add(&data))
    }

    fn __contains__(&self, py: Python<'_>, key: &Bound<'_, PyAny>) -> PyResult<bool> {
        let data = bits(key)?;
        self.at.look(py, |value| Ok(value.entry(&data)?.is_some()))
    }

    fn __getitem__<'py>(&self, py: Python<'py>, key: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let data = bits(key)?;
        let found = self.at.look(py, |value| match value.entry(&data)? {
            Some(value) => to_python::view(py, &self.at, value, true).map(Some),
            None => Ok(None),
        })?;
        found.ok_or_else(|| PyKeyError::new_err(key.clone().unbind()))
    }

    fn __setitem__(&self, py: Python<'_>, key: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let (data, (_, items)) = (bits(key)?, types(py, &self.at)?);
        let value = from_python::data(self.at.registry(), items, value, &|| self.at.path(py))?;
        let position = self.at.look(py, |of| Ok(of.entry(&data)?.map(|value| value.position())))?;
        let position = position.ok_or_else(|| PyKeyError::new_err(key.clone().unbind()))?;
        let (registry, place) = (self.at.registry(), self.at.fixed(position));
        let result = self.at.edit(py, registry.has_moving(items), |edit| edit.part(position)?.set(&value));
        result.map_err(|error| inside(py, error, &place.path(py)))?;
        if to_python::has_views(registry, items) { place.replace(py) } else { Ok(()) }
    }

    fn __delitem__(&self, py: Python<'_>, key: &Bound<'_, PyAny>) -> PyResult<()> {
        let data = bits(key)?;
        let there = edit(py, &self.at, true, |part| part.remove(&data))?;
        if there { Ok(()) } else { Err(PyKeyError::new_err(key.clone().unbind())) }
    }

    /// Takes a value out and returns it; `default`, if there is none.
    #[pyo3(signature = (key, default = DefaultOfPop(None), /), text_signature = "($self, key, default=<unrepresentable>, /)")]
    fn pop<'py>(
        &self,
        py: Python<'py>,
        key: &Bound<'py, PyAny>,
        default: DefaultOfPop<'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let data = bits(key)?;
        let found = self.at.look(py, |value| match value.entry(&data)? {
            Some(value) => to_python::plain(py, self.at.registry(), value).map(Some),
            None => Ok(None),
        })?;
        match found {
            Some(found) => {
                self.__delitem__(py, key)?;
                Ok(found)
            }
            None => default.or_missing(key),
        }
    }

    /// The value of a key, or `default`.
    #[pyo3(signature = (key, default = None, /))]
    fn get<'py>(
        &self,
        py: Python<'py>,
        key: &Bound<'py, PyAny>,
        default: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        if self.__contains__(py, key)? { self.__getitem__(py, key).map(Some) } else { Ok(default) }
    }

    fn __iter__(&self, py: Python<'_>) -> PyResult<Entries> {
        Entries::of_map(py, &self.at, Gives::Keys)
    }

    fn __reversed__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyIterator>> {
        reversed(py, &self.at)
    }

    /// The keys, as `dict.keys`.
    fn keys<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        live(slf, "Keys")
    }

    /// The values, as `dict.values`.
    fn values<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        live(slf, "Values")
    }

    /// The keys and values, as `dict.items`.
    fn items<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        live(slf, "Items")
    }

    fn _values_(&self, py: Python<'_>) -> PyResult<Entries> {
        Entries::of_map(py, &self.at, Gives::Values)
    }

    fn _items_(&self, py: Python<'_>) -> PyResult<Entries> {
        Entries::of_map(py, &self.at, Gives::Items)
    }

    /// Removes all values.
    fn clear(&self, py: Python<'_>) -> PyResult<()> {
        edit(py, &self.at, true, |part| part.clear())
    }

    /// A dictionary of the values by their keys that has nothing to do with the state any more.
    fn copy<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        plain(py, &self.at)
    }

    fn __richcmp__<'py>(&self, py: Python<'py>, other: &Bound<'py, PyAny>, op: CompareOp) -> PyResult<Py<PyAny>> {
        compare(py, plain(py, &self.at)?, other, op)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(plain(py, &self.at)?.repr()?.to_string())
    }
}
