//! The types of a state, with the Python classes of its structs and enums.

use crate::buffer;
use pyo3::prelude::*;
use pyo3::types::PyType;
use shmstate::dynamic::{TypeInfo, Types, ValueKind};
use std::ffi::{CStr, CString};
use std::sync::OnceLock;

/// The types of a state, by their numbers in the schema.
pub(crate) struct Registry {
    pub(crate) infos: Vec<TypeInfo>,
    pub(crate) root: usize,
    pub(crate) schema: String,
    classes: OnceLock<Vec<Option<Shown>>>,
    /// What buffers say of values of each type, as far as it was asked for.
    formats: Vec<OnceLock<Option<CString>>>,
}

/// What the values of a type are shown as.
pub(crate) enum Shown {
    /// A struct: its class.
    Struct(Py<PyType>),
    /// An enum without payloads: its members.
    Members(Vec<Py<PyAny>>),
    /// An enum with payloads: the class of each variant.
    Variants(Vec<Py<PyType>>),
}

impl Registry {
    pub(crate) fn new(types: &Types, schema: String) -> Registry {
        let infos: Vec<TypeInfo> = (0..types.len()).filter_map(|index| types.get(index)).collect();
        let formats = infos.iter().map(|_| OnceLock::new()).collect();
        Registry { infos, root: types.root(), schema, classes: OnceLock::new(), formats }
    }

    /// Takes the classes, one for each type.
    pub(crate) fn set_classes(&self, classes: &Bound<'_, PyAny>) -> PyResult<()> {
        let mut all = Vec::new();
        for (class, info) in classes.try_iter()?.zip(&self.infos) {
            let class = class?;
            all.push(if class.is_none() {
                None
            } else if info.kind != ValueKind::Enum {
                Some(Shown::Struct(class.extract()?))
            } else if info.variants.iter().all(|variant| variant.fields.is_empty()) {
                Some(Shown::Members(class.extract()?))
            } else {
                Some(Shown::Variants(class.extract()?))
            });
        }
        let _ = self.classes.set(all);
        Ok(())
    }

    pub(crate) fn info(&self, index: usize) -> &TypeInfo {
        &self.infos[index]
    }

    /// The format of values of a type, in the language of Python's `struct`, if a buffer can have them.
    pub(crate) fn format(&self, index: usize) -> Option<&CStr> {
        let format = || CString::new(buffer::format(self, index)?).ok();
        self.formats[index].get_or_init(format).as_deref()
    }

    pub(crate) fn shown(&self, index: usize) -> Option<&Shown> {
        self.classes.get()?.get(index)?.as_ref()
    }
}
