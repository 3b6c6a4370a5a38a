#![doc = include_str!("../../docs/dynamic.md")]

// From the ground up:
//
// * `layout::shapes`: the types of a schema with their sizes and offsets; which of them are the library's own.
// * `source`: the bytes of a version; `decode`, `locate`, `keys`, `find`: what lies where in them, and what it is.
// * `segment`, `step`, `path`: paths. `value`, `iter`, `serialize`: what a path leads to.
// * `validate`: whether bytes are a value.
// * `data`, `parse`: new values. `image`: bytes that are written. `write`, `hashed`, `slab`, `sequence`, `sorted`: values and
//   containers in them. `edit`: what the user does in an update.
// * `evolve`: the state of another layout, made out of this one; `migration`: what the user sees of that; `export`: a state in a file of
//   its own.
// * `plain`, `session`, `viewer`: handles, over bytes. `options`, `create`, `state`: what the user holds.

mod create;
mod data;
mod decode;
mod edit;
pub(crate) mod evolve;
pub(crate) mod export;
mod fault;
mod find;
mod hashed;
mod image;
mod iter;
mod keys;
mod locate;
mod migration;
mod options;
mod parse;
mod path;
mod plain;
mod segment;
mod sequence;
mod serialize;
mod session;
mod slab;
mod sorted;
mod source;
mod state;
mod step;
mod validate;
mod value;
mod viewer;
mod write;

use crate::layout::shapes as shape;

pub use crate::region::Handle;
pub use data::Data;
pub use edit::Edit;
pub use iter::{Entries, EntryKey, FieldsOf, Items};
pub use migration::Migration;
pub use options::DynOptions;
pub use path::CompiledPath;
pub use state::{DynState, Snapshot};
pub use value::{Value, ValueKind};
