//! Sets, as Python's `set`.

use crate::from_python;
use crate::keyed::{Entries, Set, capacity, compare, edit, find, len, own, plain, sought, types};
use pyo3::basic::CompareOp;
use pyo3::exceptions::PyKeyError;
use pyo3::prelude::*;
use pyo3::types::{PySet, PyTuple, PyType};
use shmstate::dynamic::Data;

impl Set {
    fn value(&self, py: Python<'_>, value: &Bound<'_, PyAny>) -> PyResult<Data> {
        let (_, items) = types(py, &self.at)?;
        from_python::data(self.at.registry(), items, value, &|| self.at.path(py))
    }

    /// The value that is looked for, if it is there.
    fn find(&self, py: Python<'_>, value: &Bound<'_, PyAny>) -> PyResult<Option<Data>> {
        let (_, items) = types(py, &self.at)?;
        let Some(data) = sought(py, &self.at, items, value)? else { return Ok(None) };
        let there = self.at.look(py, |of| Ok(find(of, &data)?.is_some()))?;
        Ok(there.then_some(data))
    }

    /// The result of a method of `set`, on a copy.
    fn call<'py>(&self, py: Python<'py>, name: &str, others: &Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyAny>> {
        let others = others.iter().map(|other| own(py, &other)).collect::<PyResult<Vec<_>>>()?;
        plain(py, &self.at)?.getattr(name)?.call1(PyTuple::new(py, others)?)
    }

    /// Becomes equal to a set of Python's own, or stays as it is.
    fn become_equal(&self, py: Python<'_>, wanted: &Bound<'_, PyAny>) -> PyResult<()> {
        let now = plain(py, &self.at)?;
        let part =
            |of: Bound<'_, PyAny>| of.try_iter()?.map(|value| self.value(py, &value?)).collect::<PyResult<Vec<_>>>();
        let (old, new) = (part(now.sub(wanted)?)?, part(wanted.sub(&now)?)?);
        let needed = wanted.len()?;
        if needed > capacity(py, &self.at)? {
            let index = self.at.look(py, |value| Ok(value.type_index()))?;
            return Err(from_python::full(py, &self.at.path(py), self.at.registry().info(index), needed));
        }
        edit(py, &self.at, true, |part| {
            old.iter().try_for_each(|value| part.remove(value).map(drop))?;
            new.iter().try_for_each(|value| part.push(value))
        })
    }
}

#[pymethods]
impl Set {
    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        len(py, &self.at)
    }

    /// How many values there can be.
    #[getter]
    fn capacity(&self, py: Python<'_>) -> PyResult<usize> {
        capacity(py, &self.at)
    }

    fn __contains__(&self, py: Python<'_>, value: &Bound<'_, PyAny>) -> PyResult<bool> {
        Ok(self.find(py, value)?.is_some())
    }

    fn __iter__(&self, py: Python<'_>) -> PyResult<Entries> {
        Entries::of_set(py, &self.at)
    }

    /// Adds a value.
    #[pyo3(signature = (value, /))]
    fn add(&self, py: Python<'_>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let data = self.value(py, value)?;
        edit(py, &self.at, true, |part| part.push(&data))
    }

    /// Adds the values of iterables, all of them or none.
    #[pyo3(signature = (*others))]
    fn update(&self, py: Python<'_>, others: &Bound<'_, PyTuple>) -> PyResult<()> {
        self.become_equal(py, &self.call(py, "union", others)?)
    }

    /// Keeps the values that all of the iterables have as well.
    #[pyo3(signature = (*others))]
    fn intersection_update(&self, py: Python<'_>, others: &Bound<'_, PyTuple>) -> PyResult<()> {
        self.become_equal(py, &self.call(py, "intersection", others)?)
    }

    /// Removes the values that one of the iterables has.
    #[pyo3(signature = (*others))]
    fn difference_update(&self, py: Python<'_>, others: &Bound<'_, PyTuple>) -> PyResult<()> {
        self.become_equal(py, &self.call(py, "difference", others)?)
    }

    /// Keeps the values that it does not share with the iterable, and adds those that the iterable does not share with it.
    #[pyo3(signature = (other, /))]
    fn symmetric_difference_update(&self, py: Python<'_>, other: Bound<'_, PyAny>) -> PyResult<()> {
        self.become_equal(py, &self.call(py, "symmetric_difference", &PyTuple::new(py, [other])?)?)
    }

    /// Removes a value if it is there.
    #[pyo3(signature = (value, /))]
    fn discard(&self, py: Python<'_>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        if let Some(data) = self.find(py, value)? {
            let _ = edit(py, &self.at, true, |part| part.remove(&data))?;
        }
        Ok(())
    }

    /// Removes a value, which has to be there.
    #[pyo3(signature = (value, /))]
    fn remove(&self, py: Python<'_>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        match self.find(py, value)? {
            Some(data) => edit(py, &self.at, true, |part| part.remove(&data)).map(drop),
            None => Err(PyKeyError::new_err(value.clone().unbind())),
        }
    }

    /// Takes one value out and returns it.
    fn pop<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let last =
            plain(py, &self.at)?.call_method0("pop").map_err(|_| PyKeyError::new_err("pop from an empty set"))?;
        self.discard(py, &last)?;
        Ok(last)
    }

    /// Removes all values.
    fn clear(&self, py: Python<'_>) -> PyResult<()> {
        edit(py, &self.at, true, |part| part.clear())
    }

    /// A set that has nothing to do with the state any more.
    fn copy<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        plain(py, &self.at)
    }

    fn __and__<'py>(&self, py: Python<'py>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        plain(py, &self.at)?.bitand(own(py, other)?)
    }

    fn __rand__<'py>(&self, py: Python<'py>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        other.bitand(plain(py, &self.at)?)
    }

    fn __iand__(&self, py: Python<'_>, other: &Bound<'_, PyAny>) -> PyResult<()> {
        self.become_equal(py, &self.__and__(py, other)?)
    }

    fn __or__<'py>(&self, py: Python<'py>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        plain(py, &self.at)?.bitor(own(py, other)?)
    }

    fn __ror__<'py>(&self, py: Python<'py>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        other.bitor(plain(py, &self.at)?)
    }

    fn __ior__(&self, py: Python<'_>, other: &Bound<'_, PyAny>) -> PyResult<()> {
        self.become_equal(py, &self.__or__(py, other)?)
    }

    fn __sub__<'py>(&self, py: Python<'py>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        plain(py, &self.at)?.sub(own(py, other)?)
    }

    fn __rsub__<'py>(&self, py: Python<'py>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        other.sub(plain(py, &self.at)?)
    }

    fn __isub__(&self, py: Python<'_>, other: &Bound<'_, PyAny>) -> PyResult<()> {
        self.become_equal(py, &self.__sub__(py, other)?)
    }

    fn __xor__<'py>(&self, py: Python<'py>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        plain(py, &self.at)?.bitxor(own(py, other)?)
    }

    fn __rxor__<'py>(&self, py: Python<'py>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        other.bitxor(plain(py, &self.at)?)
    }

    fn __ixor__(&self, py: Python<'_>, other: &Bound<'_, PyAny>) -> PyResult<()> {
        self.become_equal(py, &self.__xor__(py, other)?)
    }

    /// The values of it and of iterables, as a `set`.
    #[pyo3(signature = (*others))]
    fn union<'py>(&self, py: Python<'py>, others: &Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyAny>> {
        self.call(py, "union", others)
    }

    /// The values that it shares with all of the iterables, as a `set`.
    #[pyo3(signature = (*others))]
    fn intersection<'py>(&self, py: Python<'py>, others: &Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyAny>> {
        self.call(py, "intersection", others)
    }

    /// The values that none of the iterables has, as a `set`.
    #[pyo3(signature = (*others))]
    fn difference<'py>(&self, py: Python<'py>, others: &Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyAny>> {
        self.call(py, "difference", others)
    }

    /// The values that either it or the iterable has, as a `set`.
    #[pyo3(signature = (*others))]
    fn symmetric_difference<'py>(&self, py: Python<'py>, others: &Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyAny>> {
        self.call(py, "symmetric_difference", others)
    }

    /// Whether the iterable has all its values.
    #[pyo3(signature = (*others))]
    fn issubset<'py>(&self, py: Python<'py>, others: &Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyAny>> {
        self.call(py, "issubset", others)
    }

    /// Whether it has all values of the iterable.
    #[pyo3(signature = (*others))]
    fn issuperset<'py>(&self, py: Python<'py>, others: &Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyAny>> {
        self.call(py, "issuperset", others)
    }

    /// Whether it shares no value with the iterable.
    #[pyo3(signature = (*others))]
    fn isdisjoint<'py>(&self, py: Python<'py>, others: &Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyAny>> {
        self.call(py, "isdisjoint", others)
    }

    fn __richcmp__<'py>(&self, py: Python<'py>, other: &Bound<'py, PyAny>, op: CompareOp) -> PyResult<Py<PyAny>> {
        compare(py, plain(py, &self.at)?, other, op)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(plain(py, &self.at)?.repr()?.to_string())
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyType>, (Bound<'py, PyAny>,))> {
        Ok((py.get_type::<PySet>(), (plain(py, &self.at)?,)))
    }
}
