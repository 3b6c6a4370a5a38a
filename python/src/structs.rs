//! Structs: views of one in a state, and values by themselves.

use crate::block::{At, Failure};
use crate::errors::class_name;
use crate::{from_python, instance, to_python};
use pyo3::exceptions::{PyAttributeError, PyTypeError};
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple, PyType};
use std::sync::Mutex;

/// What an object of a struct's class holds.
pub(crate) enum Body {
    /// A part of a state.
    View(At),
    /// Values of the fields, in their order, that are no part of a state.
    Plain(Mutex<Vec<Option<Py<PyAny>>>>),
}

/// The base of `Struct`: what the compiled part does for it.
#[pyclass(module = "shmstate", subclass, frozen, weakref)]
pub(crate) struct StructBase {
    body: Body,
}

/// One field of a struct, as an attribute of its class.
#[pyclass(module = "shmstate", frozen)]
pub(crate) struct Field {
    index: usize,
    #[pyo3(get)]
    name: Py<PyString>,
    /// What is documented of it.
    #[pyo3(get, name = "__doc__")]
    docs: Option<Py<PyAny>>,
    /// The type that was declared.
    #[pyo3(get)]
    r#type: Py<PyAny>,
}

/// The names of the fields of a class, as attributes.
fn names<'py>(class: &Bound<'py, PyType>) -> PyResult<Bound<'py, PyTuple>> {
    let names = class.call_method0("_field_names_")?;
    Ok(names.cast_into::<PyTuple>()?)
}

#[pymethods]
impl StructBase {
    #[new]
    #[classmethod]
    #[pyo3(signature = (*args, **kwargs))]
    fn new(
        class: &Bound<'_, PyType>,
        args: &Bound<'_, PyTuple>,
        kwargs: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<StructBase> {
        if let Some(body) = instance::take() {
            return Ok(StructBase { body });
        }
        let names = names(class)?;
        if args.len() > names.len() {
            let (name, most, found) = (class_name(class), names.len(), args.len());
            return Err(PyTypeError::new_err(format!("`{name}` takes {most} values at most, and {found} were given")));
        }
        let mut values: Vec<Option<Py<PyAny>>> = args.iter().map(|value| Some(value.unbind())).collect();
        values.resize_with(names.len(), || None);
        for (name, value) in kwargs.iter().flat_map(|kwargs| kwargs.iter()) {
            let index = names
                .index(&name)
                .map_err(|_| PyTypeError::new_err(format!("`{}` has no field `{name}`", class_name(class))))?;
            if values[index].is_some() {
                return Err(PyTypeError::new_err(format!(
                    "the field `{name}` of `{}` is given twice",
                    class_name(class)
                )));
            }
            values[index] = Some(value.unbind());
        }
        for (index, value) in values.iter_mut().enumerate().filter(|(_, value)| value.is_none()) {
            let made = class.call_method1("_default_", (index,))?;
            *value = Some(made.unbind());
        }
        Ok(StructBase { body: Body::Plain(Mutex::new(values)) })
    }

    /// Whether it is a part of a state, and not a value by itself.
    fn _is_view_(&self) -> bool {
        matches!(self.body, Body::View(_))
    }

    /// Its values, in objects that have nothing to do with a state.
    fn _plain_<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        match &slf.get().body {
            Body::View(at) => at.look(py, |value| to_python::plain(py, at.registry(), value)),
            Body::Plain(_) => Ok(slf.clone().into_any()),
        }
    }

    /// The version that it is a part of.
    fn _version_(&self, py: Python<'_>) -> PyResult<Option<u64>> {
        match &self.body {
            Body::View(at) => at.block.version(py).map(Some),
            Body::Plain(_) => Ok(None),
        }
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        if let Body::Plain(values) = &self.body
            && let Ok(values) = values.try_lock()
        {
            for value in values.iter().flatten() {
                visit.call(value)?;
            }
        }
        Ok(())
    }

    fn __clear__(&self) {
        if let Body::Plain(values) = &self.body
            && let Ok(mut values) = values.try_lock()
        {
            let values = std::mem::take(&mut *values);
            drop(values);
        }
    }
}

impl StructBase {
    /// The part of a state that it is.
    pub(crate) fn at(&self) -> Option<&At> {
        match &self.body {
            Body::View(at) => Some(at),
            Body::Plain(_) => None,
        }
    }

    /// The values of the fields.
    pub(crate) fn fields<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        match &self.body {
            Body::Plain(values) => {
                let values = values.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                Ok(values.iter().flatten().map(|value| value.bind(py).clone()).collect())
            }
            Body::View(at) => at.look(py, |value| {
                let fields = value.fields()?.map(|(_, field)| to_python::plain(py, at.registry(), field));
                fields.collect::<Result<_, Failure>>()
            }),
        }
    }
}

#[pymethods]
impl Field {
    #[new]
    #[pyo3(signature = (index, name, r#type, docs = None))]
    fn new(index: usize, name: Py<PyString>, r#type: Py<PyAny>, docs: Option<Py<PyAny>>) -> Field {
        Field { index, name, docs, r#type }
    }

    fn __get__<'py>(
        slf: &Bound<'py, Self>,
        instance: &Bound<'py, PyAny>,
        owner: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (py, _) = (slf.py(), owner);
        let Ok(object) = instance.cast::<StructBase>() else { return Ok(slf.clone().into_any()) };
        let index = slf.get().index;
        match &object.get().body {
            Body::View(at) => at.look(py, |value| to_python::view(py, at, value.field(index)?, false)),
            Body::Plain(values) => {
                let values = values.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                match values.get(index) {
                    Some(Some(value)) => Ok(value.bind(py).clone()),
                    _ => Err(PyAttributeError::new_err(slf.get().name.bind(py).to_string())),
                }
            }
        }
    }

    fn __set__(&self, py: Python<'_>, instance: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let object = instance.cast::<StructBase>()?;
        match &object.get().body {
            Body::View(at) => {
                let (position, index) = at.look(py, |of| {
                    let field = of.field(self.index)?;
                    Ok((field.position(), field.type_index()))
                })?;
                let (field, registry) = (at.fixed(position), at.registry());
                if field.is_shown_by(value) {
                    return Ok(());
                }
                let data = from_python::data(registry, index, value, &|| field.path(py))?;
                let result = at.edit(py, registry.has_moving(index), |edit| edit.part(position)?.set(&data));
                result.map_err(|error| crate::errors::inside(py, error, &field.path(py)))?;
                if to_python::has_views(registry, index) { field.replace(py) } else { Ok(()) }
            }
            Body::Plain(values) => {
                let mut values = values.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                let before = values.get_mut(self.index).map(|slot| slot.replace(value.clone().unbind()));
                drop(values);
                drop(before);
                Ok(())
            }
        }
    }

    fn __delete__(&self, py: Python<'_>, _instance: &Bound<'_, PyAny>) -> PyResult<()> {
        let name = self.name.bind(py);
        Err(PyAttributeError::new_err(format!("`{name}` cannot be deleted: a field always has a value")))
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!("<field {}: {}>", self.name.bind(py), self.r#type.bind(py).repr()?))
    }
}
