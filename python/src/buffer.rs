//! The memory of a list or an array as a buffer of Python's, which numpy shows as an array without a copy.
//!
//! One of the four files of the package with unsafe code. A buffer keeps its block's copy of the state from being used by any process
//! until it is released: see [`Block`](crate::block::Block).

use crate::block::{At, Block};
use crate::registry::Registry;
use crate::sequence::Sequence;
use pyo3::buffer::PyUntypedBuffer;
use pyo3::exceptions::PyBufferError;
use pyo3::ffi;
use pyo3::prelude::*;
use shmstate::dynamic::{Position, ValueKind};
use std::ffi::CStr;
use std::os::raw::{c_int, c_void};

/// What a buffer points to, besides the items and their format.
struct Described {
    shape: [ffi::Py_ssize_t; 1],
    strides: [ffi::Py_ssize_t; 1],
    /// The sequence, if its items can be written.
    written: Option<Position>,
}

/// The letter of a number in the format of a buffer.
fn letter(number: &str) -> Option<&'static str> {
    Some(match number {
        "u8" => "B",
        "i8" => "b",
        "u16" => "H",
        "i16" => "h",
        "u32" => "I",
        "i32" => "i",
        "u64" => "Q",
        "i64" => "q",
        "f32" => "f",
        "f64" => "d",
        _ => return None,
    })
}

/// The format of values of a type, if a buffer can have them; see [`Registry::format`].
pub(crate) fn format(registry: &Registry, index: usize) -> Option<String> {
    let info = registry.info(index);
    match info.kind {
        ValueKind::Integer | ValueKind::Float => Some(letter(info.number?)?.to_owned()),
        ValueKind::Bool => Some("?".into()),
        ValueKind::TimeSpan => Some("Q".into()),
        ValueKind::Timestamp => Some("q".into()),
        ValueKind::Struct => {
            let mut text = String::from("T{");
            for (name, field) in &info.fields {
                if name.contains(':') {
                    return None;
                }
                text.push_str(&format(registry, *field)?);
                text.push_str(&format!(":{name}:"));
            }
            text.push('}');
            // Marks may lie between the fields, of which a format says nothing.
            let sizes = info.fields.iter().map(|(_, field)| registry.info(*field).size);
            (sizes.sum::<usize>() == info.size).then_some(text)
        }
        // Plain arrays, whose items are all of the value.
        ValueKind::Sequence if info.name.starts_with('[') => {
            let (item, count) = (info.item?, info.capacity?);
            let inner = format(registry, item)?;
            // The counts of arrays in arrays are one shape, the outermost first.
            let text = match inner.strip_prefix('(') {
                Some(counts) => format!("({count},{counts}"),
                None => format!("({count}){inner}"),
            };
            (registry.info(item).size.checked_mul(count) == Some(info.size)).then_some(text)
        }
        _ => None,
    }
}

/// Fills a buffer with the items of a sequence.
///
/// # Safety
/// `view` is a buffer that may be written.
pub(crate) unsafe fn fill(of: Bound<'_, Sequence>, view: *mut ffi::Py_buffer, flags: c_int) -> PyResult<()> {
    if view.is_null() {
        return Err(PyBufferError::new_err("no buffer to fill"));
    }
    // SAFETY: the caller's promise.
    unsafe { (*view).obj = std::ptr::null_mut() }
    let (py, sequence) = (of.py(), of.get());
    let (at, item) = (&sequence.at, sequence.item);
    let format = at.registry().format(item).ok_or_else(|| {
        let why = "are no numbers, and no structs of numbers alone: use `.copy()`";
        PyBufferError::new_err(format!("the items of the `{}` {why}", sequence.type_name(py).unwrap_or_default()))
    })?;
    let size = at.registry().info(item).size;
    let writable = flags & ffi::PyBUF_WRITABLE == ffi::PyBUF_WRITABLE;
    let seen = if at.block.is_update() {
        // In an update to be written, whatever is asked for: what has been asked for by the name of `numpy.asarray` is not known.
        at.edit(py, false, |edit| {
            let mut part = edit.part(at.position)?;
            match part.bytes_mut() {
                Ok(bytes) => Ok(bytes.map(|bytes| (bytes.as_mut_ptr() as usize, bytes.len(), false))),
                Err(error) if writable => Err(error),
                // Not all bytes are such items.
                Err(_) => Ok(part.item_bytes()?.map(|bytes| (bytes.as_ptr() as usize, bytes.len(), true))),
            }
        })
    } else if writable {
        Ok(None)
    } else {
        at.look(py, |value| Ok(value.item_bytes()?.map(|bytes| (bytes.as_ptr() as usize, bytes.len(), true))))
    };
    let (pointer, len, readonly) = match seen {
        Ok(Some(seen)) => seen,
        _ if writable => {
            let (name, why) = (
                sequence.type_name(py)?,
                "is not to be written here: numbers are, inside of `with state.update() as s`",
            );
            return Err(PyBufferError::new_err(format!("the memory of the `{name}` {why}")));
        }
        Ok(None) => {
            let (name, why) = (sequence.type_name(py)?, "do not lie in one piece now: use `.copy()`");
            return Err(PyBufferError::new_err(format!("the items of the `{name}` {why}")));
        }
        Err(error) => return Err(error),
    };
    let count = len.checked_div(size).unwrap_or(0);
    // It lives as long as the block, which `obj` keeps.
    let format = match flags & ffi::PyBUF_FORMAT == ffi::PyBUF_FORMAT {
        true => format.as_ptr().cast_mut(),
        false => std::ptr::null_mut(),
    };
    let written = (!readonly).then_some(at.position);
    let described = Box::new(Described { shape: [count as isize], strides: [size as isize], written });
    at.block.exports.add(written);
    // Boxed: where they are does not change when the box does.
    let described = Box::leak(described);
    let filled = ffi::Py_buffer {
        buf: pointer as *mut c_void,
        obj: of.into_any().into_ptr(),
        len: len as isize,
        itemsize: size as isize,
        readonly: c_int::from(readonly),
        ndim: 1,
        format,
        shape: described.shape.as_mut_ptr(),
        strides: described.strides.as_mut_ptr(),
        suboffsets: std::ptr::null_mut(),
        internal: std::ptr::from_mut(described).cast(),
    };
    // SAFETY: the caller's promise; `described` lives until `release`, and so do the bytes, because of `exports`.
    unsafe { view.write(filled) }
    Ok(())
}

/// Takes back what [`fill`] has put into a buffer.
///
/// # Safety
/// `view` was filled by [`fill`] for a sequence of that block, and is not used any more.
pub(crate) unsafe fn release(block: &Block, view: *mut ffi::Py_buffer) {
    // SAFETY: the caller's promise.
    let described = unsafe { (*view).internal }.cast::<Described>();
    if !described.is_null() {
        // SAFETY: made by `Box::into_raw`, and taken back once.
        let described = unsafe { Box::from_raw(described) };
        block.release(described.written);
    }
}

/// Calls `f` with the bytes of an object that shows items of this type in one piece of memory: an array of numpy, an `array.array`, another
/// list. `None` if it is no such object. What `f` changes is the state that `at` belongs to.
pub(crate) fn with_items_of(
    object: &Bound<'_, PyAny>,
    at: &At,
    item: usize,
    f: impl FnOnce(&[u8]) -> PyResult<()>,
) -> PyResult<Option<()>> {
    let info = at.registry().info(item);
    if !matches!(info.kind, ValueKind::Integer | ValueKind::Float | ValueKind::Struct) {
        return Ok(None);
    }
    // Lists, and what else has no memory to show.
    let Ok(buffer) = PyUntypedBuffer::get(object) else { return Ok(None) };
    let same = match at.registry().format(item).map(CStr::to_str) {
        // Not every byte is a `bool`, and marks may lie between the items.
        Some(Ok(wanted)) if at.look(object.py(), |value| Ok(value.items_are_any_bytes()))? => {
            is_same(buffer.format().to_str().unwrap_or_default(), wanted)
        }
        _ => false,
    };
    if !same || buffer.dimensions() != 1 || buffer.item_size() != info.size || !buffer.is_c_contiguous() {
        return Ok(None);
    }
    let (start, len) = (buffer.buf_ptr().cast::<u8>(), buffer.len_bytes());
    let done = if len == 0 {
        f(&[])
    } else if at.block.may_write(&(start.cast_const()..start.wrapping_add(len).cast_const())) {
        let mut bytes = Vec::<u8>::with_capacity(len);
        // SAFETY: so many bytes in one piece, which the buffer keeps where they are; while this thread is attached, Python code does
        // not write them.
        unsafe { std::ptr::copy_nonoverlapping(start, bytes.as_mut_ptr(), len) }
        // SAFETY: they have just been written.
        unsafe { bytes.set_len(len) }
        f(&bytes)
    } else {
        // SAFETY: as above; and `f`, which changes the state and runs no Python code, does not write them.
        f(unsafe { std::slice::from_raw_parts(start, len) })
    };
    done.map(Some)
}

/// Whether the format of a buffer, which may be written in several ways, is this one.
fn is_same(found: &str, wanted: &str) -> bool {
    let mut found = found.split(':').enumerate();
    // Every other part is a name. Where the numbers of a struct lie follows from the size of an item: here is no padding.
    let same = wanted.split(':').all(|wanted| match found.next() {
        Some((i, found)) if i % 2 == 0 => letters(found) == wanted,
        Some((_, name)) => name == wanted,
        None => false,
    });
    same && found.next().is_none()
}

/// Numbers in the machine's order; 8 bytes have two letters in C.
fn letters(part: &str) -> String {
    part.replace(['@', '=', '<', '^'], "").replace('l', "q").replace('L', "Q")
}
