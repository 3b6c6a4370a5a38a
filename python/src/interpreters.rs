//! Subinterpreters, which are refused: classes and exceptions are kept once for the process.
//!
//! One of the four files of the package with unsafe code.

use pyo3::exceptions::PyImportError;
use pyo3::ffi;
use pyo3::prelude::*;

/// The number of the interpreter that a process begins with.
const MAIN: i64 = 0;

/// Refuses every other interpreter than the process's first one.
pub(crate) fn refuse_others(_py: Python<'_>) -> PyResult<()> {
    // SAFETY: this thread is attached to an interpreter.
    let interpreter = unsafe { ffi::PyInterpreterState_Get() };
    // SAFETY: the interpreter that this thread is attached to.
    if unsafe { ffi::PyInterpreterState_GetID(interpreter) } == MAIN {
        return Ok(());
    }
    let why = "shmstate cannot be imported in a subinterpreter: use it in the main interpreter, or start a process for what needs one of its \
               own (`multiprocessing`)";
    Err(PyImportError::new_err(why))
}
