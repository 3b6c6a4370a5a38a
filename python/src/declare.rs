//! Types that Python declares.

use crate::errors::from_library;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use shmstate::dynamic::{self, FieldDef, StructDef, TypeId, Types, ValueKind, VariantDef};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Types, and the schema that they make; a type is named by a number.
#[pyclass(module = "shmstate", frozen)]
pub(crate) struct Declaration {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    types: dynamic::Declaration,
    ids: Vec<TypeId>,
}

/// A field, as Python gives it: its name, its type, its documentation.
type Field = (String, usize, String);

impl Inner {
    fn id(&self, number: usize) -> PyResult<TypeId> {
        let found = self.ids.get(number).copied();
        found.ok_or_else(|| pyo3::exceptions::PyIndexError::new_err("no such type"))
    }

    fn fields(&self, fields: Vec<Field>) -> PyResult<Vec<FieldDef>> {
        let field = |(name, ty, docs): Field| Ok(FieldDef::new(name, self.id(ty)?).docs(docs));
        fields.into_iter().map(field).collect()
    }

    fn keep(&mut self, py: Python<'_>, id: Result<TypeId, shmstate::Error>) -> PyResult<usize> {
        self.ids.push(id.map_err(|error| from_library(py, &error))?);
        Ok(self.ids.len() - 1)
    }
}

impl Declaration {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl Declaration {
    #[new]
    fn new() -> Declaration {
        Declaration { inner: Mutex::default() }
    }

    /// A type of Rust or of the library.
    fn library(&self, py: Python<'_>, name: &str, types: Vec<usize>, count: usize) -> PyResult<usize> {
        let mut inner = self.lock();
        let types = types.into_iter().map(|ty| inner.id(ty)).collect::<PyResult<Vec<_>>>()?;
        let id = inner.types.library(name, &types, count);
        inner.keep(py, id)
    }

    fn pod(&self, py: Python<'_>, name: &str, size: usize, align: usize) -> PyResult<usize> {
        let mut inner = self.lock();
        let id = inner.types.pod(name, size, align);
        inner.keep(py, id)
    }

    fn structure(
        &self,
        py: Python<'_>,
        name: String,
        version: u32,
        docs: String,
        arguments: Vec<(bool, i128)>,
        fields: Vec<Field>,
    ) -> PyResult<usize> {
        let mut inner = self.lock();
        let mut def = StructDef::new(name, inner.fields(fields)?).version(version).docs(docs);
        for (is_type, number) in arguments {
            def = if is_type { def.argument(inner.id(number as usize)?) } else { def.constant(number) };
        }
        let id = inner.types.structure(def);
        inner.keep(py, id)
    }

    fn enumeration(
        &self,
        py: Python<'_>,
        name: &str,
        docs: &str,
        repr: &str,
        c: bool,
        variants: Vec<(String, u64, String, Vec<Field>)>,
    ) -> PyResult<usize> {
        let mut inner = self.lock();
        let variant = |(name, value, docs, fields): (String, u64, String, Vec<Field>)| {
            Ok(VariantDef::new(name, value, inner.fields(fields)?).docs(docs))
        };
        let variants = variants.into_iter().map(variant).collect::<PyResult<_>>()?;
        let id = inner.types.enumeration(name, docs, repr, c, variants);
        inner.keep(py, id)
    }

    /// The schema of a state of a type, and the number in it of each type.
    fn schema(&self, py: Python<'_>, root: usize) -> PyResult<(String, Vec<Option<usize>>)> {
        let inner = self.lock();
        let (schema, indices) =
            inner.types.schema_with_indices(inner.id(root)?).map_err(|error| from_library(py, &error))?;
        // The types were declared one after the other, with those that the library has added between them.
        let by_number = inner.ids.iter().map(|id| indices.get(id.number()).copied().flatten()).collect();
        Ok((schema, by_number))
    }
}

/// What a kind of value is called.
fn kind(kind: ValueKind) -> &'static str {
    match kind {
        ValueKind::Struct => "struct",
        ValueKind::Enum => "enum",
        _ => "other",
    }
}

/// The types of a schema, as far as classes are made for them: of each its kind, its name, its fields and its variants.
#[pyfunction]
pub(crate) fn types_of<'py>(py: Python<'py>, schema: &str) -> PyResult<Bound<'py, PyList>> {
    let types = Types::of_schema(schema).map_err(|error| from_library(py, &error))?;
    let all = PyList::empty(py);
    for info in (0..types.len()).filter_map(|index| types.get(index)) {
        let one = PyDict::new(py);
        one.set_item("kind", kind(info.kind))?;
        one.set_item("name", &info.name)?;
        one.set_item("fields", info.fields.iter().map(|(name, ty)| (name, *ty)).collect::<Vec<_>>())?;
        let variants = info.variants.iter().map(|v| (&v.name, v.value, v.fields.clone())).collect::<Vec<_>>();
        one.set_item("variants", variants)?;
        all.append(one)?;
    }
    Ok(all)
}
