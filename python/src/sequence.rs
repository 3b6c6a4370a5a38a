//! Lists, arrays, rings and queues: views that behave like Python's `list`.

use crate::block::At;
use crate::errors::inside;
use crate::{buffer, from_python, to_python};
use pyo3::basic::CompareOp;
use pyo3::exceptions::{PyIndexError, PyOverflowError, PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PySlice, PyTuple, PyType};
use shmstate::dynamic::{Data, Value};
use std::ops::Range;
use std::os::raw::c_int;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// A list, an array, a ring or a queue in a state.
#[pyclass(module = "shmstate", frozen, weakref)]
pub(crate) struct Sequence {
    pub(crate) at: At,
    /// The type of the items.
    pub(crate) item: usize,
    /// How its type is called.
    form: Form,
}

/// A kind of sequence.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Its length never changes.
    Array,
    List,
    Ring,
    Queue,
}

/// The items of a sequence, one after the other.
#[pyclass(module = "shmstate", frozen)]
pub(crate) struct Iter {
    of: Py<Sequence>,
    next: AtomicUsize,
}

impl Form {
    /// That of the sequences of a type.
    pub(crate) fn of(type_name: &str) -> Form {
        match type_name {
            name if name.starts_with("List<") => Form::List,
            name if name.starts_with("Ring") => Form::Ring,
            name if name.starts_with("Queue") => Form::Queue,
            _ => Form::Array,
        }
    }
}

impl Sequence {
    pub(crate) fn new(at: At, value: Value<'_>) -> Sequence {
        Sequence { at, item: value.item_type().unwrap_or(0), form: Form::of(value.type_name()) }
    }

    fn len(&self, py: Python<'_>) -> PyResult<usize> {
        self.at.look(py, |value| Ok(value.len()?))
    }

    /// The index that a number of Python stands for, of `len` items.
    fn index(&self, py: Python<'_>, index: isize, what: &str) -> PyResult<usize> {
        let len = self.len(py)?;
        let found = if index < 0 { index.checked_add_unsigned(len) } else { Some(index) };
        let found = found.and_then(|index| usize::try_from(index).ok()).filter(|index| *index < len);
        found.ok_or_else(|| {
            let path = crate::errors::at(&self.at.path(py));
            PyIndexError::new_err(format!("{path}{what} index {index} is out of range: there are {len} items"))
        })
    }

    fn one(&self, py: Python<'_>, item: &Bound<'_, PyAny>, index: usize) -> PyResult<Data> {
        from_python::data(self.at.registry(), self.item, item, &|| format!("{}[{index}]", self.at.path(py)))
    }

    fn edit(
        &self,
        py: Python<'_>,
        moves: bool,
        f: impl FnOnce(&mut shmstate::dynamic::Part<'_, '_>) -> Result<(), shmstate::Error>,
    ) -> PyResult<()> {
        let result = self.at.edit(py, moves, |edit| f(&mut edit.part(self.at.position)?));
        result.map_err(|error| inside(py, error, &self.at.path(py)))
    }

    /// All items, in a list of Python's own.
    fn all<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        self.at.look(py, |value| to_python::list(py, self.at.registry(), value, 0..usize::MAX))
    }

    /// Puts the items of an iterable instead of those of a range: at once, if they are such items in memory that can be seen.
    fn splice(&self, py: Python<'_>, range: Range<usize>, items: &Bound<'_, PyAny>) -> PyResult<()> {
        let size = self.at.registry().info(self.item).size.max(1);
        let splice = |bytes: &[u8]| {
            let moves = self.moves(py, &range, bytes.len() / size)?;
            self.edit(py, moves, |part| part.splice_bytes(range.clone(), bytes))
        };
        if buffer::with_items_of(items, &self.at, self.item, splice)?.is_none() {
            // Also if the items come from this very sequence.
            let path = || self.at.path(py);
            let data = from_python::items(self.at.registry(), self.item, items, &path, range.start)?;
            let moves = self.moves(py, &range, data.len())?;
            self.edit(py, moves, |part| part.splice(range.clone(), &data))?;
        }
        if range.is_empty() { Ok(()) } else { self.replaced(py, &self.at) }
    }

    /// Whether something lies elsewhere, or nowhere, when so many items have taken the place of those of a range.
    fn moves(&self, py: Python<'_>, range: &Range<usize>, count: usize) -> PyResult<bool> {
        // Rings and queues begin in their first slot after that.
        let shifts = matches!(self.form, Form::Ring | Form::Queue)
            || count < range.len()
            || count > range.len() && range.end < self.len(py)?;
        Ok(shifts || !range.is_empty() && self.at.registry().has_moving(self.item))
    }

    /// An item has got another value, or all of them have, as a whole.
    fn replaced(&self, py: Python<'_>, at: &At) -> PyResult<()> {
        if to_python::has_views(self.at.registry(), self.item) { at.replace(py) } else { Ok(()) }
    }

    fn refuse_array(&self, py: Python<'_>) -> PyResult<()> {
        if self.form != Form::Array {
            return Ok(());
        }
        let path = crate::errors::at(&self.at.path(py));
        Err(PyTypeError::new_err(format!("{path}an array always has the same length: set its items")))
    }
}

#[pymethods]
impl Sequence {
    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        self.len(py)
    }

    /// How many items there can be.
    #[getter]
    fn capacity(&self, py: Python<'_>) -> PyResult<usize> {
        self.at.look(py, |value| Ok(value.capacity()?))
    }

    /// The type, as it is written in Rust.
    #[getter]
    pub(crate) fn type_name(&self, py: Python<'_>) -> PyResult<String> {
        self.at.look(py, |value| Ok(value.type_name().to_owned()))
    }

    fn __getitem__<'py>(&self, py: Python<'py>, index: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        if let Some(index) = number(index)? {
            let negative = if index < 0 { self.index(py, index, "list")? } else { index as usize };
            let found = self.at.look(py, |value| {
                // A list is asked for its length once.
                match value.items()?.nth(negative) {
                    Some(item) => to_python::view(py, &self.at, item, self.form != Form::Array).map(Some),
                    None => Ok(None),
                }
            })?;
            return match found {
                Some(found) => Ok(found),
                None => {
                    self.index(py, index, "list").and_then(|_| Err(PyIndexError::new_err("list index out of range")))
                }
            };
        }
        let slice = index.cast::<PySlice>().map_err(|_| not_an_index(index))?;
        let found = slice.indices(self.len(py)? as isize)?;
        if found.step == 1 {
            let range = found.start as usize..(found.stop.max(found.start)) as usize;
            return self.at.look(py, |value| Ok(to_python::list(py, self.at.registry(), value, range)?.into_any()));
        }
        self.all(py)?.as_any().get_item(slice)
    }

    fn __setitem__(&self, py: Python<'_>, index: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        if let Some(index) = number(index)? {
            let index = self.index(py, index, "list assignment")?;
            let position = self.at.look(py, |value| Ok(value.item(index)?.position()))?;
            if self.at.fixed(position).is_shown_by(value) {
                return Ok(());
            }
            let data = self.one(py, value, index)?;
            let moves = self.at.registry().has_moving(self.item);
            let result = self.at.edit(py, moves, |edit| edit.part(position)?.set(&data));
            result.map_err(|error| inside(py, error, &format!("{}[{index}]", self.at.path(py))))?;
            return self.replaced(py, &self.at.fixed(position));
        }
        let slice = index.cast::<PySlice>().map_err(|_| not_an_index(index))?;
        let found = slice.indices(self.len(py)? as isize)?;
        if found.step == 1 {
            let start = found.start as usize;
            return self.splice(py, start..found.stop.max(found.start) as usize, value);
        }
        let values = value.try_iter()?.collect::<PyResult<Vec<_>>>()?;
        let count = found.slicelength;
        if values.len() != count {
            let why = format!("attempt to assign sequence of size {} to extended slice of size {count}", values.len());
            return Err(PyValueError::new_err(why));
        }
        let data = values.iter().enumerate().map(|(i, value)| self.one(py, value, i)).collect::<PyResult<Vec<_>>>()?;
        let moves = matches!(self.form, Form::Ring | Form::Queue) || self.at.registry().has_moving(self.item);
        self.edit(py, moves, |part| {
            for (i, data) in data.iter().enumerate() {
                let index = (found.start + i as isize * found.step) as usize;
                part.splice(index..index + 1, std::slice::from_ref(data))?;
            }
            Ok(())
        })?;
        self.replaced(py, &self.at)
    }

    fn __delitem__(&self, py: Python<'_>, index: &Bound<'_, PyAny>) -> PyResult<()> {
        self.refuse_array(py)?;
        if let Some(index) = number(index)? {
            let index = self.index(py, index, "list")?;
            return self.edit(py, true, |part| part.remove(&(index as u64).into()).map(drop));
        }
        let slice = index.cast::<PySlice>().map_err(|_| not_an_index(index))?;
        let found = slice.indices(self.len(py)? as isize)?;
        if found.step == 1 {
            let range = found.start as usize..found.stop.max(found.start) as usize;
            return self.edit(py, true, |part| part.splice(range, &[]));
        }
        let all = self.all(py)?;
        all.as_any().del_item(slice)?;
        let len = self.len(py)?;
        self.splice(py, 0..len, all.as_any())
    }

    fn __iter__(slf: &Bound<'_, Self>) -> Iter {
        Iter { of: slf.clone().unbind(), next: AtomicUsize::new(0) }
    }

    fn __reversed__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let all = self.all(py)?;
        all.as_any().call_method0("__reversed__")
    }

    fn __contains__(&self, py: Python<'_>, item: &Bound<'_, PyAny>) -> PyResult<bool> {
        self.all(py)?.contains(item)
    }

    fn __richcmp__<'py>(&self, py: Python<'py>, other: &Bound<'py, PyAny>, op: CompareOp) -> PyResult<Py<PyAny>> {
        let other = match other.cast::<Sequence>() {
            Ok(other) => other.get().all(py)?.into_any(),
            Err(_) if other.is_instance_of::<PyList>() => other.clone(),
            Err(_) => return Ok(py.NotImplemented()),
        };
        Ok(self.all(py)?.as_any().rich_compare(&other, op)?.unbind())
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(self.all(py)?.repr()?.to_string())
    }

    /// Adds an item at the end; into a full ring, instead of the oldest one.
    #[pyo3(signature = (value, /))]
    fn append(&self, py: Python<'_>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        self.refuse_array(py)?;
        let data = from_python::data(self.at.registry(), self.item, value, &|| {
            format!("{}[{}]", self.at.path(py), self.len(py).unwrap_or(0))
        })?;
        self.edit(py, self.form == Form::Ring, |part| part.push(&data))
    }

    /// Adds the items of an iterable, all of them or none.
    #[pyo3(signature = (values, /))]
    fn extend(&self, py: Python<'_>, values: &Bound<'_, PyAny>) -> PyResult<()> {
        self.refuse_array(py)?;
        let len = self.len(py)?;
        if self.form == Form::Ring {
            let path = || self.at.path(py);
            let data = from_python::items(self.at.registry(), self.item, values, &path, len)?;
            return self.edit(py, true, |part| data.iter().try_for_each(|item| part.push(item)));
        }
        self.splice(py, len..len, values)
    }

    fn __iadd__(&self, py: Python<'_>, items: &Bound<'_, PyAny>) -> PyResult<()> {
        self.extend(py, items)
    }

    fn __add__<'py>(&self, py: Python<'py>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let other = match other.cast::<Sequence>() {
            Ok(other) => other.get().all(py)?.into_any(),
            Err(_) => other.clone(),
        };
        self.all(py)?.as_any().add(other)
    }

    /// Inserts an item before the one of that index.
    #[pyo3(signature = (index, value, /))]
    fn insert(&self, py: Python<'_>, index: isize, value: &Bound<'_, PyAny>) -> PyResult<()> {
        self.refuse_array(py)?;
        let len = self.len(py)? as isize;
        let index = if index < 0 { (index + len).max(0) } else { index.min(len) } as usize;
        let data = self.one(py, value, index)?;
        self.edit(py, true, |part| part.insert(&(index as u64).into(), &data))
    }

    /// Takes an item out and returns it, the last one by default.
    #[pyo3(signature = (index = -1, /))]
    fn pop<'py>(&self, py: Python<'py>, index: isize) -> PyResult<Bound<'py, PyAny>> {
        self.refuse_array(py)?;
        if self.len(py)? == 0 {
            return Err(PyIndexError::new_err(format!(
                "{}pop from an empty list",
                crate::errors::at(&self.at.path(py))
            )));
        }
        let index = self.index(py, index, "pop")?;
        let item = self.at.look(py, |value| to_python::plain(py, self.at.registry(), value.item(index)?))?;
        self.edit(py, true, |part| part.remove(&(index as u64).into()).map(drop))?;
        Ok(item)
    }

    /// Takes the first item out and returns it.
    fn popleft<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.pop(py, 0)
    }

    /// Adds an item before the first one.
    #[pyo3(signature = (value, /))]
    fn appendleft(&self, py: Python<'_>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        self.insert(py, 0, value)
    }

    /// Removes the first item that is equal.
    #[pyo3(signature = (value, /))]
    fn remove(&self, py: Python<'_>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        self.refuse_array(py)?;
        let index = self.all(py)?.index(value).map_err(|_| PyValueError::new_err("list.remove(x): x not in list"))?;
        self.edit(py, true, |part| part.remove(&(index as u64).into()).map(drop))
    }

    /// Removes all items.
    fn clear(&self, py: Python<'_>) -> PyResult<()> {
        self.refuse_array(py)?;
        self.edit(py, true, |part| part.clear())
    }

    /// The index of the first item that is equal.
    #[pyo3(name = "index", signature = (*args))]
    fn find<'py>(&self, py: Python<'py>, args: &Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyAny>> {
        self.all(py)?.as_any().getattr("index")?.call1(args)
    }

    /// How many items are equal.
    #[pyo3(signature = (value, /))]
    fn count<'py>(&self, py: Python<'py>, value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.all(py)?.call_method1("count", (value,))
    }

    /// Brings the items into the opposite order.
    fn reverse(&self, py: Python<'_>) -> PyResult<()> {
        let all = self.all(py)?;
        all.reverse()?;
        self.splice(py, 0..all.len(), all.as_any())
    }

    /// Sorts the items, as `list.sort` does.
    #[pyo3(signature = (*, key = None, reverse = false))]
    fn sort(&self, py: Python<'_>, key: Option<Bound<'_, PyAny>>, reverse: bool) -> PyResult<()> {
        let all = self.all(py)?;
        let arguments = PyDict::new(py);
        arguments.set_item("key", key)?;
        arguments.set_item("reverse", reverse)?;
        let _ = all.call_method("sort", (), Some(&arguments))?;
        if self.len(py)? != all.len() {
            return Err(PyValueError::new_err("list modified during sort"));
        }
        self.splice(py, 0..all.len(), all.as_any())
    }

    /// The items in a list that has nothing to do with the state any more.
    fn copy<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        self.all(py)
    }

    /// The same as `copy`, by numpy's name.
    fn tolist<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        self.all(py)
    }

    fn __copy__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        self.all(py)
    }

    fn __deepcopy__<'py>(&self, py: Python<'py>, _memo: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyList>> {
        self.all(py)
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyType>, (Bound<'py, PyList>,))> {
        Ok((py.get_type::<PyList>(), (self.all(py)?,)))
    }

    unsafe fn __getbuffer__(slf: Bound<'_, Self>, view: *mut ffi::Py_buffer, flags: c_int) -> PyResult<()> {
        // SAFETY: Python passes a buffer to be filled.
        unsafe { buffer::fill(slf, view, flags) }
    }

    unsafe fn __releasebuffer__(&self, view: *mut ffi::Py_buffer) {
        // SAFETY: Python passes a buffer that was filled by `fill`, once.
        unsafe { buffer::release(&self.at.block, view) }
    }
}

/// The number that an index is; nothing for a slice, and for what is no index.
fn number(index: &Bound<'_, PyAny>) -> PyResult<Option<isize>> {
    match index.extract() {
        Ok(number) => Ok(Some(number)),
        Err(error) if error.is_instance_of::<PyTypeError>(index.py()) => Ok(None),
        Err(error) if error.is_instance_of::<PyOverflowError>(index.py()) => {
            Err(PyIndexError::new_err("cannot fit 'int' into an index-sized integer"))
        }
        Err(error) => Err(error),
    }
}

fn not_an_index(found: &Bound<'_, PyAny>) -> PyErr {
    let found = found.get_type().name().map(|name| name.to_string()).unwrap_or_default();
    PyTypeError::new_err(format!("list indices must be integers or slices, not {found}"))
}

#[pymethods]
impl Iter {
    #[allow(clippy::self_named_constructors, reason = "the name is Python's")]
    fn __iter__<'py>(slf: Bound<'py, Self>) -> Bound<'py, Self> {
        slf
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let (index, of) = (self.next.load(Relaxed), self.of.get());
        let found = of.at.look(py, |value| match value.items()?.nth(index) {
            Some(item) => to_python::view(py, &of.at, item, of.form != Form::Array).map(Some),
            None => Ok(None),
        })?;
        // It stays at its end, whatever is appended.
        self.next.store(if found.is_some() { index + 1 } else { usize::MAX }, Relaxed);
        Ok(found)
    }

    fn __length_hint__(&self, py: Python<'_>) -> PyResult<usize> {
        Ok(self.of.get().len(py)?.saturating_sub(self.next.load(Relaxed)))
    }
}
