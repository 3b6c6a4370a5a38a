//! Python objects as values of a state, by the type that they have to be of.

use crate::block::At;
use crate::errors::{at, overflow, raise, wrong_type};
use crate::keyed::{Map, Set};
use crate::registry::{Registry, Shown};
use crate::sequence::Sequence;
use crate::structs::StructBase;
use crate::to_python;
use pyo3::buffer::PyUntypedBuffer;
use pyo3::exceptions::{PyOverflowError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyByteArray, PyBytes, PyFloat, PyMapping, PyString, PyTuple, PyType};
use shmstate::dynamic::{Data, TypeInfo, ValueKind};

/// The value of type `index` that an object stands for. The path is that of the part, for messages; it is made when there is one.
pub(crate) fn data(
    registry: &Registry,
    index: usize,
    object: &Bound<'_, PyAny>,
    path: &dyn Fn() -> String,
) -> PyResult<Data> {
    let info = registry.info(index);
    let wrong = || Err(wrong_type(&path(), object, &info.name));
    if to_python::has_views(registry, index) {
        at_of(object).map_or(Ok(()), |at| at.check_source(object.py()))?;
    }
    Ok(match info.kind {
        ValueKind::Integer => return integer(info, info.number.unwrap_or("u64"), object, path),
        ValueKind::Float => match object.cast_exact::<PyFloat>() {
            Ok(number) => {
                let number: f64 = number.extract()?;
                if info.size == 4 && number.is_finite() && (number as f32).is_infinite() {
                    return Err(overflow(&path(), &object.repr()?.to_string(), &info.name));
                }
                Data::Float(number)
            }
            Err(_) if object.is_instance_of::<PyString>() => return wrong(),
            Err(_) => match object.extract::<f64>() {
                Ok(number) => Data::Float(number),
                Err(error) if error.is_instance_of::<PyOverflowError>(object.py()) => {
                    return Err(overflow(&path(), "an integer so large", &info.name));
                }
                Err(error) if is_about_the_value(object.py(), &error) => return wrong(),
                Err(error) => return Err(error),
            },
        },
        ValueKind::Bool => match object.cast::<PyBool>() {
            Ok(on) => Data::Bool(on.is_true()),
            // A `bool` of numpy.
            Err(_) if object.get_type().name()?.to_string_lossy().starts_with("bool") => {
                Data::Bool(object.is_truthy()?)
            }
            Err(_) => return wrong(),
        },
        ValueKind::NonZero if object.is_none() => Data::None,
        ValueKind::NonZero => return integer(info, info.number.unwrap_or("u64"), object, path),
        ValueKind::Char | ValueKind::Text => match object.cast::<PyString>() {
            Ok(text) => Data::Text(text.to_str()?.to_owned()),
            Err(_) => return wrong(),
        },
        ValueKind::Bytes | ValueKind::Opaque | ValueKind::Archived => match bytes(object)? {
            Some(bytes) => Data::Bytes(bytes),
            None if object.is_none() && info.kind == ValueKind::Archived => Data::None,
            None => return wrong(),
        },
        ValueKind::Key => return integer(info, "u64", object, path),
        ValueKind::TimeSpan | ValueKind::Timestamp => return nanoseconds(info, object, path),
        ValueKind::IpAddress => Data::Text(object.str()?.to_str()?.to_owned()),
        ValueKind::SocketAddress => match socket(object) {
            Err(error) if is_about_the_value(object.py(), &error) => return wrong(),
            address => address?,
        },
        ValueKind::Uuid => Data::Text(object.str()?.to_str()?.to_owned()),
        ValueKind::Maybe if object.is_none() => Data::None,
        ValueKind::Maybe => match info.item {
            Some(item) => return data(registry, item, object, path),
            None => return wrong(),
        },
        ValueKind::Struct => {
            let class = match registry.shown(index) {
                Some(Shown::Struct(class)) => Some(class.bind(object.py())),
                _ => None,
            };
            return fields(registry, class, &info.name, &info.fields, object, path);
        }
        ValueKind::Enum => return variant(registry, index, object, path),
        ValueKind::Sequence | ValueKind::Set => {
            let Some(item) = info.item else { return wrong() };
            if object.is_instance_of::<PyString>() {
                return wrong();
            }
            Data::Sequence(items(registry, item, object, path, 0)?)
        }
        ValueKind::Map => return entries(registry, info, object, path),
        ValueKind::Slab => {
            let why = "a slab is filled by `add`, which says the key of each value, and is not set as a whole";
            return Err(PyTypeError::new_err(format!("{}{why}", at(&path()))));
        }
        _ => return wrong(),
    })
}

/// The part of a state that an object is a view of.
pub(crate) fn at_of<'a>(object: &'a Bound<'_, PyAny>) -> Option<&'a At> {
    if let Ok(of) = object.cast::<StructBase>() {
        of.get().at()
    } else if let Ok(of) = object.cast::<Sequence>() {
        Some(&of.get().at)
    } else if let Ok(of) = object.cast::<Map>() {
        Some(&of.get().at)
    } else if let Ok(of) = object.cast::<Set>() {
        Some(&of.get().at)
    } else {
        None
    }
}

/// The items that an iterable gives; `first` is the index of the first one, for messages.
pub(crate) fn items(
    registry: &Registry,
    item: usize,
    object: &Bound<'_, PyAny>,
    path: &dyn Fn() -> String,
    first: usize,
) -> PyResult<Vec<Data>> {
    let iterate = object.try_iter().map_err(|error| match is_about_the_value(object.py(), &error) {
        true => wrong_type(&path(), object, &format!("sequence of {}", registry.info(item).name)),
        false => error,
    })?;
    iterate
        .enumerate()
        .map(|(i, value)| data(registry, item, &value?, &|| format!("{}[{}]", path(), first + i)))
        .collect()
}

/// The least and the largest number of a type; of `u128`, the largest is not said.
fn range(number: &str) -> (i128, i128) {
    let bits = || number[1..].parse::<u32>().unwrap_or(64);
    match number.as_bytes().first() {
        _ if number == "i128" => (i128::MIN, i128::MAX),
        Some(b'i') => (-(1 << (bits() - 1)), (1 << (bits() - 1)) - 1),
        _ if number == "u128" => (0, i128::MAX),
        _ => (0, (1 << bits()) - 1),
    }
}

fn integer(info: &TypeInfo, number: &str, object: &Bound<'_, PyAny>, path: &dyn Fn() -> String) -> PyResult<Data> {
    // Python writes no number with thousands of digits.
    let out = || {
        let number = object.str().map_or_else(|_| "an integer so large".into(), |number| number.to_string());
        Err(overflow(&path(), &number, &info.name))
    };
    if object.is_instance_of::<PyFloat>() {
        return Err(wrong_type(&path(), object, &info.name));
    }
    let found = match object.extract::<i64>() {
        Ok(found) => i128::from(found),
        Err(error) if error.is_instance_of::<PyOverflowError>(object.py()) => {
            if number == "u128"
                && let Ok(found) = object.extract::<u128>()
            {
                return Ok(Data::Unsigned(found));
            }
            match object.extract::<i128>() {
                Ok(found) => found,
                Err(_) => return out(),
            }
        }
        Err(error) if error.is_instance_of::<PyTypeError>(object.py()) => {
            return Err(wrong_type(&path(), object, &info.name));
        }
        Err(error) => return Err(error),
    };
    let (least, most) = range(number);
    if found < least || found > most {
        return out();
    }
    if info.kind == ValueKind::NonZero && found == 0 {
        let why = "0 is no number here, because it stands for none: write `None`";
        return Err(PyValueError::new_err(format!("{}{why}", at(&path()))));
    }
    Ok(u128::try_from(found).map_or(Data::Signed(found), Data::Unsigned))
}

/// The bytes of an object that has some.
pub(crate) fn bytes(object: &Bound<'_, PyAny>) -> PyResult<Option<Vec<u8>>> {
    if let Ok(bytes) = object.cast::<PyBytes>() {
        return Ok(Some(bytes.as_bytes().to_vec()));
    }
    if let Ok(bytes) = object.cast::<PyByteArray>() {
        return Ok(Some(bytes.to_vec()));
    }
    // `bytes` makes zeroes of a number; one of numpy has a memory of its own.
    let is_number = match PyUntypedBuffer::get(object) {
        Ok(buffer) => buffer.dimensions() == 0,
        Err(_) => object.hasattr("__index__")?,
    };
    if is_number || object.is_instance_of::<PyString>() {
        return Ok(None);
    }
    match object.py().get_type::<PyBytes>().call1((object,)) {
        Ok(made) => Ok(Some(made.extract()?)),
        Err(error) if is_about_the_value(object.py(), &error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether an exception says that a value is not what was asked for, and is not one that the program has to see, as `KeyboardInterrupt`.
pub(crate) fn is_about_the_value(py: Python<'_>, error: &PyErr) -> bool {
    let is = [
        error.is_instance_of::<PyTypeError>(py),
        error.is_instance_of::<PyValueError>(py),
        error.is_instance_of::<PyOverflowError>(py),
    ];
    is.contains(&true)
}

/// Nanoseconds, as a number, or of a `timedelta` or a `datetime` with a time zone.
fn nanoseconds(info: &TypeInfo, object: &Bound<'_, PyAny>, path: &dyn Fn() -> String) -> PyResult<Data> {
    let number = if info.kind == ValueKind::TimeSpan { "u64" } else { "i64" };
    let py = object.py();
    let of_delta = |delta: &Bound<'_, PyAny>| -> PyResult<i128> {
        let part = |name: &str| delta.getattr(name)?.extract::<i64>().map(i128::from);
        Ok(((part("days")? * 86_400 + part("seconds")?) * 1_000_000 + part("microseconds")?) * 1000)
    };
    let nanos = if object.hasattr("microseconds")? {
        of_delta(object)?
    } else if object.hasattr("utcoffset")? {
        if object.call_method0("utcoffset")?.is_none() {
            let why = "a `datetime` without a time zone is no point in time: give it one";
            return Err(PyValueError::new_err(format!("{}{why}", at(&path()))));
        }
        let datetime = py.import("datetime")?;
        let utc = datetime.getattr("timezone")?.getattr("utc")?;
        let epoch = datetime.getattr("datetime")?.call1((1970, 1, 1, 0, 0, 0, 0, utc))?;
        of_delta(&object.call_method1("__sub__", (epoch,))?)?
    } else {
        return integer(info, number, object, path);
    };
    integer(info, number, nanos.into_pyobject(py)?.as_any(), path)
}

/// A text, or a tuple of an address and a port, as Python's sockets have it.
fn socket(object: &Bound<'_, PyAny>) -> PyResult<Data> {
    let Ok(tuple) = object.cast::<PyTuple>() else {
        return Ok(Data::Text(object.cast::<PyString>()?.to_str()?.to_owned()));
    };
    let (ip, port) = (tuple.get_item(0)?.str()?.to_string(), tuple.get_item(1)?.extract::<u16>()?);
    let number = |i: usize| if tuple.len() > i { tuple.get_item(i)?.extract::<u32>() } else { Ok(0) };
    let address = match ip.parse().map_err(|_| PyValueError::new_err("no address"))? {
        std::net::IpAddr::V4(ip) => std::net::SocketAddrV4::new(ip, port).into(),
        std::net::IpAddr::V6(ip) => std::net::SocketAddrV6::new(ip, port, number(2)?, number(3)?).into(),
    };
    Ok(Data::Socket(std::net::SocketAddr::into(address)))
}

/// Whether the objects of a class have fields of these names, in this order.
fn has_fields(class: &Bound<'_, PyType>, fields: &[(String, usize)]) -> PyResult<bool> {
    let found: Vec<(Bound<'_, PyAny>, String, Bound<'_, PyAny>)> = class.getattr("_fields_")?.extract()?;
    Ok(found.iter().map(|(_, name, _)| name).eq(fields.iter().map(|(name, _)| name)))
}

/// A struct, from an object of its class or of one with the same fields, a dictionary of the fields or of the attributes, or a sequence
/// where the fields have no names.
fn fields(
    registry: &Registry,
    class: Option<&Bound<'_, PyType>>,
    name: &str,
    fields: &[(String, usize)],
    object: &Bound<'_, PyAny>,
    path: &dyn Fn() -> String,
) -> PyResult<Data> {
    let numbered = fields.iter().enumerate().all(|(i, (name, _))| *name == i.to_string());
    let part = |i: usize, value: &Bound<'_, PyAny>| {
        let dot = || if path().is_empty() { fields[i].0.clone() } else { format!("{}.{}", path(), fields[i].0) };
        data(registry, fields[i].1, value, &dot)
    };
    let gather = |values: Vec<Data>| match values.len() {
        0 => Data::None,
        1 if numbered => values.into_iter().next().unwrap_or(Data::None),
        _ if numbered => Data::Sequence(values),
        _ => Data::Map(fields.iter().map(|(name, _)| Data::from(&**name)).zip(values).collect()),
    };
    if let Ok(value) = object.cast::<StructBase>() {
        let found = object.get_type();
        if !class.is_some_and(|class| found.is(class)) && !has_fields(&found, fields)? {
            return Err(wrong_type(&path(), object, name));
        }
        let found = value.get().fields(object.py())?;
        let values = found.iter().enumerate().map(|(i, value)| part(i, value));
        return values.collect::<PyResult<_>>().map(gather);
    }
    if let Ok(mapping) = object.cast::<PyMapping>() {
        let attributes: Vec<String> = match class {
            Some(class) => class.call_method0("_field_names_")?.extract()?,
            None => Vec::new(),
        };
        let mut values: Vec<Option<Data>> = fields.iter().map(|_| None).collect();
        for pair in mapping.items()? {
            let (key, value): (Bound<'_, PyAny>, Bound<'_, PyAny>) = pair.extract()?;
            let key = key.str()?.to_string();
            let found = fields.iter().position(|(name, _)| *name == key);
            let Some(i) = found.or_else(|| attributes.iter().position(|name| *name == key)) else {
                return Err(PyTypeError::new_err(format!("{}`{name}` has no field `{key}`", at(&path()))));
            };
            values[i] = Some(part(i, &value)?);
        }
        let one = |(value, (name, _)): (Option<Data>, &(String, usize))| {
            value.ok_or_else(|| PyTypeError::new_err(format!("{}the field `{name}` is missing", at(&path()))))
        };
        return values.into_iter().zip(fields).map(one).collect::<PyResult<_>>().map(gather);
    }
    if numbered && !object.is_instance_of::<PyString>() {
        if fields.len() == 1 && object.cast::<PyTuple>().is_err() {
            return part(0, object);
        }
        if let Ok(values) = object.try_iter() {
            let values = values.collect::<PyResult<Vec<_>>>()?;
            if values.len() == fields.len() {
                return values.iter().enumerate().map(|(i, value)| part(i, value)).collect::<PyResult<_>>().map(gather);
            }
        }
    }
    Err(wrong_type(&path(), object, name))
}

/// An enum: a member of its class, an object of the class of a variant, or the name of a variant without fields.
fn variant(registry: &Registry, index: usize, object: &Bound<'_, PyAny>, path: &dyn Fn() -> String) -> PyResult<Data> {
    let info = registry.info(index);
    if let Ok(name) = object.cast::<PyString>()
        && !object.hasattr("_value_")?
    {
        return Ok(Data::Text(name.to_str()?.to_owned()));
    }
    match registry.shown(index) {
        Some(Shown::Members(members)) => {
            let found = members.iter().position(|member| member.bind(object.py()).is(object));
            if let Some(found) = found {
                return Ok(Data::Text(info.variants[found].name.clone()));
            }
        }
        Some(Shown::Variants(classes)) => {
            let is = |class: &Py<PyType>| {
                let class = class.bind(object.py());
                object.get_type().is(class) || object.is(class.as_any())
            };
            if let Some(found) = classes.iter().position(is) {
                let variant = &info.variants[found];
                // The class itself stands for a variant without fields.
                let payload = match object.cast::<StructBase>() {
                    Ok(_) => {
                        let class = Some(classes[found].bind(object.py()));
                        fields(registry, class, &variant.name, &variant.fields, object, path)?
                    }
                    Err(_) if variant.fields.is_empty() => Data::None,
                    Err(_) => return Err(wrong_type(&path(), object, &info.name)),
                };
                return Ok(Data::Variant(variant.name.clone(), Box::new(payload)));
            }
        }
        _ => {}
    }
    Err(wrong_type(&path(), object, &info.name))
}

fn entries(
    registry: &Registry,
    info: &TypeInfo,
    object: &Bound<'_, PyAny>,
    path: &dyn Fn() -> String,
) -> PyResult<Data> {
    let (Some(key), Some(value)) = (info.key, info.item) else { return Err(wrong_type(&path(), object, &info.name)) };
    let pairs = match object.cast::<PyMapping>() {
        Ok(mapping) => mapping.items()?.into_any(),
        Err(_) if object.hasattr("items")? => object.call_method0("items")?,
        Err(_) => return Err(wrong_type(&path(), object, &info.name)),
    };
    let mut all = Vec::new();
    for pair in pairs.try_iter()? {
        let (k, v): (Bound<'_, PyAny>, Bound<'_, PyAny>) = pair?.extract()?;
        let inside = || format!("{}[{}]", path(), k.repr().map(|r| r.to_string()).unwrap_or_default());
        all.push((data(registry, key, &k, &inside)?, data(registry, value, &v, &inside)?));
    }
    Ok(Data::Map(all))
}

/// A container has no room for so many.
pub(crate) fn full(py: Python<'_>, path: &str, info: &TypeInfo, needed: usize) -> PyErr {
    let capacity = info.capacity.unwrap_or(0);
    let why = format!("{}the `{}` is full: it holds at most {capacity}, and {needed} were needed", at(path), info.name);
    raise(py, "full", why)
}
