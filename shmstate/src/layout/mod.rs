//! What may live in shared memory, and how it is described.
//!
//! * [`SharedLayout`]: the contract, derived and never written by hand.
//! * [`Layout`]: the constant description of a type; [`Schema`]: the same as data, from which `json` makes the document that
//!   lies in the region; `Schema::is_same` compares two of them, and `diff` lists their differences.
//! * `shapes`: the types of a schema, for use without the types of a program; `matching`: what becomes of a state whose type changes;
//!   `origins`: what a program says of earlier layouts.
//! * [`ValidityError`]: where and why bytes are no value of their type.

mod contract;
#[allow(missing_debug_implementations, reason = "generated constants are made of it, and no program sees one")]
mod derived;
mod describe;
mod diff;
#[allow(missing_debug_implementations, reason = "generated constants are made of it, and no program sees one")]
mod found;
#[cfg_attr(not(feature = "dynamic"), allow(dead_code, reason = "code is called with the feature `dynamic`"))]
mod hooks;
mod json;
mod local;
#[cfg_attr(not(feature = "dynamic"), allow(dead_code, reason = "a plan is followed with the feature `dynamic`"))]
pub(crate) mod matching;
#[cfg_attr(not(feature = "dynamic"), allow(dead_code, reason = "code is called with the feature `dynamic`"))]
mod origins;
mod plain;
mod pod;
mod primitives;
#[allow(missing_debug_implementations, reason = "generated constants are made of it, and no program sees one")]
mod prove;
mod report;
pub(crate) mod schema;
#[cfg_attr(not(feature = "dynamic"), allow(dead_code, reason = "most of it is for the dynamic view, a feature"))]
pub(crate) mod shapes;
#[allow(missing_debug_implementations, reason = "only the library makes one")]
mod touched;
mod validate;
mod validity_error;
#[allow(missing_debug_implementations, reason = "generated constants are made of it, and no program sees one")]
mod walk;

pub use contract::SharedLayout;
pub use derived::{Builder, Derived, PlainField, UNKNOWN};
pub use describe::{ArchiveForm, Argument, Field, Kind, Layout, Scalar, TypeName, Variant};
pub(crate) use hooks::Hooks;
pub(crate) use json::LONGEST as LONGEST_DOCUMENT;
pub(crate) use origins::Origins;
pub use pod::Pod;
pub use prove::array_fits;
pub use report::Report;
pub(crate) use schema::Schema;
#[cfg(all(test, not(any(shmstate_loom, shmstate_shuttle))))]
pub(crate) use schema::tests as schema_tests;
#[cfg(feature = "dynamic")]
pub(crate) use schema::{Kind as SchemaKind, Variant as SchemaVariant};
pub use touched::Touched;
pub(crate) use touched::merged;
pub(crate) use validity_error::Rule;
pub use validity_error::ValidityError;
pub(crate) use walk::validate as validate_fields;
pub use walk::{Step, Walk};
