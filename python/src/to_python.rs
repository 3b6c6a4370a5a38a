//! Values of a state as Python objects.

use crate::block::{At, Failure};
use crate::instance;
use crate::keyed::{Map, Set, Slab};
use crate::registry::{Registry, Shown};
use crate::sequence::Sequence;
use crate::structs::Body;
use pyo3::IntoPyObjectExt;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyDict, PyList, PySet, PyTuple, PyType};
use shmstate::dynamic::{EntryKey, Value, ValueKind};
use std::sync::Mutex;

type Made<'py> = Result<Bound<'py, PyAny>, Failure>;

fn object<'py>(py: Python<'py>, value: impl IntoPyObjectExt<'py>) -> Made<'py> {
    Ok(value.into_bound_py_any(py)?)
}

/// A value: a number, a text and the like by themselves, anything that can be changed as a view.
pub(crate) fn view<'py>(py: Python<'py>, at: &At, value: Value<'_>, moving: bool) -> Made<'py> {
    let here = |moving: bool| {
        let position = value.position();
        if moving { at.moving(position) } else { at.fixed(position) }
    };
    match value.kind() {
        ValueKind::Struct => match at.registry().shown(value.type_index()) {
            Some(Shown::Struct(class)) => Ok(instance::make(class.bind(py), Body::View(here(moving)))?),
            _ => Err(no_class(value)),
        },
        ValueKind::Enum => match at.registry().shown(value.type_index()) {
            Some(Shown::Variants(classes)) => {
                let payload = value.payload()?;
                let class = classes.get(value.variant_index()?).ok_or_else(|| no_class(value))?;
                Ok(instance::make(class.bind(py), Body::View(at.moving(payload.position())))?)
            }
            _ => simple(py, at.registry(), value),
        },
        ValueKind::Sequence => object(py, Sequence::new(here(moving), value)),
        ValueKind::Map => object(py, Map::new(here(moving))),
        ValueKind::Set => object(py, Set::new(here(moving))),
        ValueKind::Slab => object(py, Slab::new(here(moving))),
        ValueKind::Maybe => match value.some()? {
            Some(value) => view(py, at, value, true),
            None => object(py, py.None()),
        },
        _ => simple(py, at.registry(), value),
    }
}

fn no_class(value: Value<'_>) -> Failure {
    PyValueError::new_err(format!("there is no class for `{}`", value.type_name())).into()
}

/// What is no container, and no enum with payloads.
fn simple<'py>(py: Python<'py>, registry: &Registry, value: Value<'_>) -> Made<'py> {
    match value.kind() {
        ValueKind::Bool => object(py, value.as_bool()?),
        ValueKind::Char => object(py, value.as_char()?),
        ValueKind::Integer | ValueKind::Key => match registry.info(value.type_index()).number {
            Some("u128") => object(py, value.as_u128()?),
            Some("i128") => object(py, value.as_i128()?),
            Some(signed) if signed.starts_with('i') => object(py, value.as_i64()?),
            _ => object(py, value.as_u64()?),
        },
        ValueKind::Float => object(py, value.as_f64()?),
        ValueKind::NonZero => match value.some()? {
            None => object(py, py.None()),
            Some(value) => match registry.info(value.type_index()).number {
                Some("u128") => object(py, value.as_u128()?),
                _ => object(py, value.as_i128()?),
            },
        },
        ValueKind::Text => object(py, &*value.as_text()?),
        ValueKind::Bytes | ValueKind::Opaque | ValueKind::Archived => object(py, PyBytes::new(py, &value.as_bytes()?)),
        ValueKind::TimeSpan => object(py, value.as_span()?.as_nanos()),
        ValueKind::Timestamp => object(py, value.as_timestamp()?.as_unix_nanos()),
        ValueKind::IpAddress => {
            let address: std::net::IpAddr = value.as_ip()?.into();
            object(py, address)
        }
        ValueKind::SocketAddress => match std::net::SocketAddr::from(value.as_socket()?) {
            std::net::SocketAddr::V4(address) => object(py, (address.ip().to_string(), address.port())),
            std::net::SocketAddr::V6(address) => {
                object(py, (address.ip().to_string(), address.port(), address.flowinfo(), address.scope_id()))
            }
        },
        ValueKind::Uuid => {
            static UUID: PyOnceLock<Py<PyType>> = PyOnceLock::new();
            let arguments = PyDict::new(py);
            arguments.set_item("bytes", PyBytes::new(py, value.as_uuid()?.as_bytes()))?;
            Ok(UUID.import(py, "uuid", "UUID")?.call((), Some(&arguments))?)
        }
        ValueKind::Enum => match registry.shown(value.type_index()) {
            Some(Shown::Members(members)) => {
                let member = members.get(value.variant_index()?).ok_or_else(|| no_class(value))?;
                Ok(member.bind(py).clone())
            }
            _ => object(py, value.variant()?),
        },
        _ => Err(no_class(value)),
    }
}

/// A value in objects of Python's own that have nothing to do with the state any more.
pub(crate) fn plain<'py>(py: Python<'py>, registry: &Registry, value: Value<'_>) -> Made<'py> {
    let fields = |class: &Py<PyType>, value: Value<'_>| {
        let fields = value.fields()?.map(|(_, field)| plain(py, registry, field).map(|field| Some(field.unbind())));
        let body = Body::Plain(Mutex::new(fields.collect::<Result<_, Failure>>()?));
        Ok(instance::make(class.bind(py), body)?)
    };
    match value.kind() {
        ValueKind::Struct | ValueKind::Enum => match registry.shown(value.type_index()) {
            Some(Shown::Struct(class)) => fields(class, value),
            // Of an enum, or of the payload of one.
            Some(Shown::Variants(classes)) => {
                let class = classes.get(value.variant_index()?).ok_or_else(|| no_class(value))?;
                fields(class, value.payload()?)
            }
            _ => simple(py, registry, value),
        },
        ValueKind::Sequence => Ok(list(py, registry, value, 0..usize::MAX)?.into_any()),
        ValueKind::Set => {
            let set = PySet::empty(py)?;
            for item in value.items()? {
                set.add(hashable(py, registry, item)?)?;
            }
            Ok(set.into_any())
        }
        ValueKind::Map | ValueKind::Slab => {
            let dict = PyDict::new(py);
            for entry in value.entries()? {
                let (key, value) = entry?;
                dict.set_item(key_of(py, registry, key)?, plain(py, registry, value)?)?;
            }
            Ok(dict.into_any())
        }
        ValueKind::Maybe => match value.some()? {
            Some(value) => plain(py, registry, value),
            None => object(py, py.None()),
        },
        _ => simple(py, registry, value),
    }
}

/// The key of an entry.
pub(crate) fn key_of<'py>(py: Python<'py>, registry: &Registry, key: EntryKey<'_>) -> Made<'py> {
    match key {
        EntryKey::Value(key) => hashable(py, registry, key),
        EntryKey::Slab(bits) => object(py, bits),
    }
}

/// A key, or a value of a set: as [`plain`], with tuples instead of lists, which Python's own dictionaries and sets refuse.
pub(crate) fn hashable<'py>(py: Python<'py>, registry: &Registry, value: Value<'_>) -> Made<'py> {
    match value.kind() {
        ValueKind::Sequence => {
            let items = value.items()?.map(|item| hashable(py, registry, item)).collect::<Result<Vec<_>, _>>()?;
            Ok(PyTuple::new(py, items)?.into_any())
        }
        ValueKind::Maybe => match value.some()? {
            Some(value) => hashable(py, registry, value),
            None => object(py, py.None()),
        },
        _ => plain(py, registry, value),
    }
}

/// Items of a sequence, as a list of Python's own.
pub(crate) fn list<'py>(
    py: Python<'py>,
    registry: &Registry,
    value: Value<'_>,
    range: std::ops::Range<usize>,
) -> Result<Bound<'py, PyList>, Failure> {
    let range = range.start..range.end.min(value.len()?);
    let number = value.item_type().and_then(|item| registry.info(item).number.filter(|_| is_number(registry, item)));
    // The common numbers at once.
    macro_rules! numbers {
        ($bytes:ident, $($name:literal $ty:ty),*) => {
            match number {
                $(Some($name) => {
                    let (items, _) = $bytes.as_chunks::<{ size_of::<$ty>() }>();
                    return Ok(PyList::new(py, items.iter().map(|item| <$ty>::from_ne_bytes(*item)))?);
                })*
                _ => {}
            }
        };
    }
    if number.is_some()
        && let Some(bytes) = value.bytes_of_items(range.start.min(range.end)..range.end)?
    {
        numbers!(bytes, "u8" u8, "u16" u16, "u32" u32, "u64" u64, "i8" i8, "i16" i16, "i32" i32, "i64" i64, "f32" f32, "f64" f64);
    }
    let items = value.items()?.skip(range.start).take(range.len());
    let items = items.map(|item| plain(py, registry, item)).collect::<Result<Vec<_>, _>>()?;
    Ok(PyList::new(py, items)?)
}

/// Whether it is a number, and no `NonZero`.
pub(crate) fn is_number(registry: &Registry, index: usize) -> bool {
    matches!(registry.info(index).kind, ValueKind::Integer | ValueKind::Float)
}

/// Whether views show values of the type, or parts of them.
pub(crate) fn has_views(registry: &Registry, index: usize) -> bool {
    is_view(registry.info(index).kind)
}

/// Whether views show values of the kind, or parts of them.
pub(crate) fn is_view(kind: ValueKind) -> bool {
    use ValueKind::{Enum, Map, Maybe, Sequence, Set, Slab, Struct};
    matches!(kind, Struct | Enum | Sequence | Map | Set | Slab | Maybe)
}
