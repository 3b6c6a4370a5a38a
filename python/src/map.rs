//! Maps, as Python's `dict`.

use crate::keyed::{
    DefaultOfPop, Entries, Gives, Map, capacity, compare, edit, find, len, live, own, plain, reversed, sought, types,
};
use crate::{from_python, to_python};
use pyo3::basic::CompareOp;
use pyo3::exceptions::PyKeyError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyIterator, PyType};
use shmstate::dynamic::{Data, Value};

impl Map {
    /// The key that an object stands for; nothing, if it is no key of the type.
    fn key(&self, py: Python<'_>, key: &Bound<'_, PyAny>) -> PyResult<Option<Data>> {
        let (keys, _) = types(py, &self.at)?;
        sought(py, &self.at, keys, key)
    }

    fn find<'py>(&self, py: Python<'py>, key: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let Some(data) = self.key(py, key)? else { return Ok(None) };
        self.at
            .look(py, |value| find(value, &data)?.map(|value| to_python::view(py, &self.at, value, true)).transpose())
    }

    fn take(&self, py: Python<'_>, key: &Bound<'_, PyAny>) -> PyResult<bool> {
        match self.key(py, key)? {
            Some(data) if self.at.look(py, |value| Ok(find(value, &data)?.is_some()))? => {
                edit(py, &self.at, true, |part| part.remove(&data))
            }
            _ => Ok(false),
        }
    }
}

#[pymethods]
impl Map {
    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        len(py, &self.at)
    }

    /// How many entries there can be.
    #[getter]
    fn capacity(&self, py: Python<'_>) -> PyResult<usize> {
        capacity(py, &self.at)
    }

    fn __contains__(&self, py: Python<'_>, key: &Bound<'_, PyAny>) -> PyResult<bool> {
        Ok(self.find(py, key)?.is_some())
    }

    fn __getitem__<'py>(&self, py: Python<'py>, key: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.find(py, key)?.ok_or_else(|| PyKeyError::new_err(key.clone().unbind()))
    }

    fn __setitem__(&self, py: Python<'_>, key: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let (keys, values) = types(py, &self.at)?;
        let path = || format!("{}[{}]", self.at.path(py), key.repr().map(|r| r.to_string()).unwrap_or_default());
        let key = from_python::data(self.at.registry(), keys, key, &path)?;
        let value = from_python::data(self.at.registry(), values, value, &path)?;
        let found = self.at.look(py, |of| Ok(find(of, &key)?.map(Value::position)))?;
        let moves = found.is_none() || self.at.registry().has_moving(values);
        edit(py, &self.at, moves, |part| part.insert(&key, &value))?;
        match found {
            Some(position) if to_python::has_views(self.at.registry(), values) => self.at.fixed(position).replace(py),
            _ => Ok(()),
        }
    }

    fn __delitem__(&self, py: Python<'_>, key: &Bound<'_, PyAny>) -> PyResult<()> {
        if self.take(py, key)? { Ok(()) } else { Err(PyKeyError::new_err(key.clone().unbind())) }
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

    /// The value of a key, or `default`.
    #[pyo3(signature = (key, default = None, /))]
    fn get<'py>(
        &self,
        py: Python<'py>,
        key: &Bound<'py, PyAny>,
        default: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        Ok(self.find(py, key)?.or(default))
    }

    /// The value of a key; `default` is inserted first if there is none.
    #[pyo3(signature = (key, default = None, /))]
    fn setdefault<'py>(
        &self,
        py: Python<'py>,
        key: &Bound<'py, PyAny>,
        default: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        if let Some(found) = self.find(py, key)? {
            return Ok(found);
        }
        self.__setitem__(py, key, &default.into_pyobject(py)?)?;
        self.__getitem__(py, key)
    }

    /// Takes an entry out and returns its value; `default`, if there is none.
    #[pyo3(signature = (key, default = DefaultOfPop(None), /), text_signature = "($self, key, default=<unrepresentable>, /)")]
    fn pop<'py>(
        &self,
        py: Python<'py>,
        key: &Bound<'py, PyAny>,
        default: DefaultOfPop<'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let found = match self.key(py, key)? {
            Some(data) => self.at.look(py, |value| {
                find(value, &data)?.map(|value| to_python::plain(py, self.at.registry(), value)).transpose()
            })?,
            None => None,
        };
        match found {
            Some(found) => {
                let _ = self.take(py, key)?;
                Ok(found)
            }
            None => default.or_missing(key),
        }
    }

    /// Takes one entry out and returns its key and value.
    fn popitem<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
        let last = reversed(py, &self.at)?.next();
        let last = last.ok_or_else(|| PyKeyError::new_err("popitem(): the map is empty"))??;
        let value = self.pop(py, &last, DefaultOfPop(None))?;
        Ok((last, value))
    }

    /// Inserts the entries of another mapping, or of an iterable of pairs, all of them or none.
    #[pyo3(signature = (other = None, /, **more))]
    fn update(&self, py: Python<'_>, other: Option<Bound<'_, PyAny>>, more: Option<Bound<'_, PyDict>>) -> PyResult<()> {
        let all = PyDict::new(py);
        if let Some(other) = other {
            let _ = all.call_method1("update", (other,))?;
        }
        if let Some(more) = more {
            let _ = all.call_method1("update", (more,))?;
        }
        let info = self.at.look(py, |value| Ok(value.type_index()))?;
        let data = from_python::data(self.at.registry(), info, all.as_any(), &|| self.at.path(py))?;
        let Data::Map(pairs) = data else { return Ok(()) };
        let new = all.keys().iter().map(|key| Ok(!self.__contains__(py, &key)?)).collect::<PyResult<Vec<_>>>()?;
        let needed = len(py, &self.at)? + new.iter().filter(|new| **new).count();
        if needed > capacity(py, &self.at)? {
            return Err(from_python::full(py, &self.at.path(py), self.at.registry().info(info), needed));
        }
        edit(py, &self.at, true, |part| pairs.iter().try_for_each(|(key, value)| part.insert(key, value)))
    }

    /// Removes all entries.
    fn clear(&self, py: Python<'_>) -> PyResult<()> {
        edit(py, &self.at, true, |part| part.clear())
    }

    /// A dictionary that has nothing to do with the state any more.
    fn copy<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        plain(py, &self.at)
    }

    fn __or__<'py>(&self, py: Python<'py>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        plain(py, &self.at)?.bitor(own(py, other)?)
    }

    fn __ror__<'py>(&self, py: Python<'py>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        other.bitor(plain(py, &self.at)?)
    }

    fn __ior__(&self, py: Python<'_>, other: Bound<'_, PyAny>) -> PyResult<()> {
        self.update(py, Some(other), None)
    }

    fn __richcmp__<'py>(&self, py: Python<'py>, other: &Bound<'py, PyAny>, op: CompareOp) -> PyResult<Py<PyAny>> {
        compare(py, plain(py, &self.at)?, other, op)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(plain(py, &self.at)?.repr()?.to_string())
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyType>, (Bound<'py, PyAny>,))> {
        Ok((py.get_type::<PyDict>(), (plain(py, &self.at)?,)))
    }
}
