//! The exceptions: each has a `kind`, and is also what Python itself raises in such a case.

use pyo3::exceptions::{PyOverflowError, PyTypeError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;
use shmstate::{Error, ErrorKind};

/// The module that has the exceptions, which are written in Python.
const MODULE: &str = "shmstate._errors";

static OF_KIND: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

/// Nothing to add: the classes live in Python, where several bases are no matter.
pub(crate) fn add(_module: &Bound<'_, PyModule>) -> PyResult<()> {
    Ok(())
}

fn name(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::NotFound => "not_found",
        ErrorKind::AlreadyExists => "already_exists",
        ErrorKind::LayoutMismatch => "layout_mismatch",
        ErrorKind::Corrupt => "corrupt",
        ErrorKind::UnknownFormat => "unknown_format",
        ErrorKind::Rebooted => "rebooted",
        ErrorKind::NotAFile => "not_a_file",
        ErrorKind::Busy => "busy",
        ErrorKind::Full => "full",
        ErrorKind::InvalidValue => "invalid_value",
        ErrorKind::Retired => "retired",
        ErrorKind::Reentrant => "reentrant",
        ErrorKind::Forked => "forked",
        ErrorKind::NoSpace => "no_space",
        ErrorKind::Permission => "permission",
        ErrorKind::InvalidName => "invalid_name",
        ErrorKind::InvalidPath => "invalid_path",
        ErrorKind::InvalidOption => "invalid_option",
        ErrorKind::Unsupported => "unsupported",
        _ => "io",
    }
}

/// The exception of that kind.
pub(crate) fn raise(py: Python<'_>, kind: &str, message: String) -> PyErr {
    let made = OF_KIND
        .get_or_try_init(py, || py.import(MODULE)?.getattr("_of_kind").map(Bound::unbind))
        .and_then(|of_kind| of_kind.bind(py).call1((kind, message)));
    match made {
        Ok(error) => PyErr::from_value(error),
        Err(error) => error,
    }
}

/// An error of the library.
pub(crate) fn from_library(py: Python<'_>, error: &Error) -> PyErr {
    raise(py, name(error.kind()), error.to_string())
}

/// The block that a view belongs to is over.
pub(crate) fn over(py: Python<'_>, why: &str) -> PyErr {
    raise(py, "over", why.to_owned())
}

/// A value of another type.
pub(crate) fn wrong_type(path: &str, found: &Bound<'_, PyAny>, name: &str) -> PyErr {
    let found = found.get_type();
    let found: PyResult<String> = found.name().and_then(|name| name.extract());
    let found = found.unwrap_or_else(|_| "object".into());
    PyTypeError::new_err(format!("{}a `{found}` is no value of type `{name}`", at(path)))
}

/// A number out of range.
pub(crate) fn overflow(path: &str, number: &str, name: &str) -> PyErr {
    PyOverflowError::new_err(format!("{}{number} is out of the range of `{name}`", at(path)))
}

/// A path, as it stands before a message.
pub(crate) fn at(path: &str) -> String {
    if path.is_empty() { String::new() } else { format!("`{path}`: ") }
}

/// Whether it is a class that a user has declared.
pub(crate) fn class_name(class: &Bound<'_, PyType>) -> String {
    class.name().and_then(|name| name.extract()).unwrap_or_default()
}

/// Says where in the state an error of the library is meant.
pub(crate) fn inside(py: Python<'_>, error: PyErr, path: &str) -> PyErr {
    let value = error.value(py);
    match value.getattr("kind") {
        Ok(kind) if !path.is_empty() => match (kind.extract::<String>(), value.str()) {
            (Ok(kind), Ok(message)) if matches!(&*kind, "full" | "invalid_value" | "unsupported" | "corrupt") => {
                let message = message.to_string();
                // The path within the value that was given goes on after that of the part.
                let joined = match message.strip_prefix('`').filter(|rest| rest.contains("`: ")) {
                    Some(rest) if rest.starts_with('[') => format!("`{path}{rest}"),
                    Some(rest) => format!("`{path}.{rest}"),
                    None => format!("`{path}`: {message}"),
                };
                raise(py, &kind, joined)
            }
            _ => error,
        },
        _ => error,
    }
}
