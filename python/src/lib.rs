//! The extension module of the Python package `shmstate`, over the dynamic view of the library.
//!
//! From the ground up: `errors`; `interpreters`; `owned`: a cell of one thread; `registry`: the types of a state and their Python classes; `exports`: the buffers that show a block; `block`: a read, an update or a snapshot
//! that views look into; `instance`: objects of Python classes around a view; `to_python`, `from_python`: values; `structs`, `sequence`,
//! `keyed` with `map`, `set` and `slab`: views; `buffer`: the memory of a list for numpy; `declare`: types that Python declares; `guards`, `state`: what the user
//! holds.

mod block;
mod buffer;
mod declare;
mod errors;
mod exports;
mod from_python;
mod guards;
mod instance;
mod interpreters;
mod keyed;
mod map;
mod owned;
mod registry;
mod sequence;
mod set;
mod slab;
mod state;
mod structs;
mod to_python;

use pyo3::prelude::*;

/// The compiled part of `shmstate`.
// Free-threaded builds of Python do not load modules of the stable ABI; one that is built for them takes the lock.
#[pymodule(gil_used = true)]
fn _shmstate(module: &Bound<'_, PyModule>) -> PyResult<()> {
    interpreters::refuse_others(module.py())?;
    errors::add(module)?;
    module.add_class::<declare::Declaration>()?;
    module.add_class::<structs::StructBase>()?;
    module.add_class::<structs::Field>()?;
    module.add_class::<sequence::Sequence>()?;
    module.add_class::<sequence::Iter>()?;
    module.add_class::<keyed::Map>()?;
    module.add_class::<keyed::Set>()?;
    module.add_class::<keyed::Slab>()?;
    module.add_class::<keyed::Entries>()?;
    module.add_class::<guards::Update>()?;
    module.add_class::<guards::Read>()?;
    module.add_class::<state::State>()?;
    module.add_class::<state::Readiness>()?;
    module.add_function(wrap_pyfunction!(declare::types_of, module)?)?;
    module.add_function(wrap_pyfunction!(state::remove, module)?)?;
    Ok(())
}
