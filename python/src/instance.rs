//! Objects of classes that a user has declared, around a view: made by the base's `__new__` alone, so that no `__init__` runs.
//!
//! One of the four files of the package with unsafe code.

use crate::structs::Body;
use pyo3::exceptions::PySystemError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyTuple, PyType};
use std::cell::RefCell;

thread_local! {
    /// What the next object on this thread is made of.
    static NEXT: RefCell<Option<Body>> = const { RefCell::new(None) };
}

/// What the object that is being made is made of, if this module makes it.
pub(crate) fn take() -> Option<Body> {
    NEXT.with(|next| next.borrow_mut().take())
}

/// A new object of a class that derives from [`StructBase`](crate::structs::StructBase).
pub(crate) fn make<'py>(class: &Bound<'py, PyType>, body: Body) -> PyResult<Bound<'py, PyAny>> {
    let py = class.py();
    // SAFETY: a type object; the slot is a `newfunc` or null.
    let slot = unsafe { ffi::PyType_GetSlot(class.as_type_ptr(), ffi::Py_tp_new) };
    if slot.is_null() {
        return Err(PySystemError::new_err("the class makes no objects"));
    }
    // SAFETY: what the slot holds, by its number.
    let new: ffi::newfunc = unsafe { std::mem::transmute(slot) };
    NEXT.with(|next| *next.borrow_mut() = Some(body));
    let arguments = PyTuple::empty(py);
    // SAFETY: a type, an empty tuple, and no keywords; it returns a new reference, or null with an exception set.
    let made = unsafe { new(class.as_type_ptr(), arguments.as_ptr(), std::ptr::null_mut()) };
    let _ = take();
    // SAFETY: as said.
    unsafe { Bound::from_owned_ptr_or_err(py, made) }
}
