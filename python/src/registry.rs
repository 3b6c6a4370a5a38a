//! The types of a state, with the Python classes of its structs and enums.

use crate::buffer;
use crate::sequence::Form;
use crate::to_python;
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
    /// Of each type, whether values of it have parts that may move.
    moving: Vec<bool>,
    /// What buffers say of values of each type, as far as it was asked for.
    formats: Vec<OnceLock<Option<CString>>>,
}

/// What the values of a type are shown as.
pub(crate) enum Shown {
    /// A struct: its class.
    Struct(Py<PyType>),
    /// An `Enum`: its members.
    Members(Vec<Py<PyAny>>),
    /// A `Union`: the class of each variant.
    Variants(Vec<Py<PyType>>),
}

impl Registry {
    pub(crate) fn new(types: &Types, schema: String) -> Registry {
        let infos: Vec<TypeInfo> = (0..types.len()).filter_map(|index| types.get(index)).collect();
        let moving = moving(&infos);
        let formats = infos.iter().map(|_| OnceLock::new()).collect();
        Registry { infos, root: types.root(), schema, classes: OnceLock::new(), moving, formats }
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
            } else {
                // The variants of a `Union` are classes, also if none of them has a field.
                let variants = class.extract().map(Shown::Variants);
                Some(variants.or_else(|_| class.extract().map(Shown::Members))?)
            });
        }
        let _ = self.classes.set(all);
        Ok(())
    }

    pub(crate) fn info(&self, index: usize) -> &TypeInfo {
        &self.infos[index]
    }

    /// Whether another value of the type may lead views of its parts elsewhere, or nowhere: items and entries, the value of a `Maybe`,
    /// payloads.
    pub(crate) fn has_moving(&self, index: usize) -> bool {
        self.moving.get(index).is_none_or(|moving| *moving)
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

/// What [`Registry::has_moving`] says of each type. A type comes after the types of its parts.
fn moving(infos: &[TypeInfo]) -> Vec<bool> {
    let mut all: Vec<bool> = Vec::with_capacity(infos.len());
    for info in infos {
        let any = |parts: &[(String, usize)]| parts.iter().any(|(_, part)| all[*part]);
        all.push(match info.kind {
            ValueKind::Struct => any(&info.fields),
            ValueKind::Sequence if Form::of(&info.name) == Form::Array => info.item.is_some_and(|item| all[item]),
            ValueKind::Sequence | ValueKind::Map | ValueKind::Set | ValueKind::Slab => true,
            ValueKind::Maybe => info.item.is_some_and(|item| to_python::is_view(infos[item].kind)),
            ValueKind::Enum => info.variants.iter().any(|variant| !variant.fields.is_empty()),
            _ => false,
        });
    }
    all
}
