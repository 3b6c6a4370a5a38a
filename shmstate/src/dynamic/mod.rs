#![doc = include_str!("../../docs/dynamic.md")]

// From the ground up:
//
// * `layout::shapes`: the types of a schema with their sizes and offsets; which of them are the library's own.
// * `source`: the bytes of a version; `decode`, `locate`, `keys`, `find`: what lies where in them, and what it is.
// * `data`, `parse`: new values. `image`: bytes that are written. `write`, `hashed`, `slab`, `sequence`, `sorted`: values and
//   containers in them.
// * `validate`: whether bytes are a value.
// * `segment`, `key_text`, `step`, `path`: paths. `value`, `iter`, `serialize`, `to_data`: what a path leads to.
// * `part`, `edit`: what the user does in an update.
// * `evolve`: the state of another layout, made out of this one; `migration`: what the user sees of that; `export`: a state in a file of
//   its own.
// * `declare`: the schema of a type that another language declares. `types`: the types of a schema.
// * `plain`, `session`, `viewer`: handles, over bytes. `snapshot`, `options`, `create`, `state`, `guards`, `copies`: what the user holds.

mod copies;
mod create;
mod data;
mod declare;
mod decode;
mod deferred;
mod edit;
pub(crate) mod evolve;
pub(crate) mod export;
mod fault;
mod find;
mod guards;
mod hashed;
mod image;
mod iter;
mod key_text;
mod keys;
mod locate;
mod migration;
mod options;
mod parse;
mod part;
mod path;
mod plain;
mod position;
mod readiness;
mod segment;
mod sequence;
mod serialize;
mod session;
mod slab;
mod snapshot;
mod sorted;
mod source;
mod state;
mod step;
mod to_data;
mod types;
mod validate;
mod value;
mod viewer;
mod write;

use crate::layout::shapes as shape;

pub use crate::region::Handle;
pub use copies::CopyCheck;
pub use data::Data;
pub use declare::{Declaration, FieldDef, StructDef, TypeId, VariantDef};
pub use edit::Edit;
#[doc(hidden)]
pub use export::check_replaceable;
pub use guards::{Abandoned, Reading, Transaction};
pub use iter::{Entries, EntryKey, FieldsOf, Items};
pub use migration::Migration;
pub use options::DynOptions;
pub use part::Part;
pub use path::CompiledPath;
pub use position::Position;
pub use readiness::Readiness;
pub use snapshot::Snapshot;
pub use state::DynState;
pub use types::{TypeInfo, Types, VariantInfo};
pub use value::{Value, ValueKind};
