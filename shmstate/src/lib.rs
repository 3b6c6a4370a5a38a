//! Typed state that several processes share.
mod containers;
mod layout;
mod mutant;
mod sync;
mod track;

pub use containers::{Full, List, ListIndex, Text};
pub use layout::{Field, Invalid, Kind, Layout, Pod, Scalar, SharedLayout, Variant};
pub use shmstate_derive::SharedLayout;

/// What the code that the derive generates needs; no part of the interface.
#[doc(hidden)]
pub mod __private {
    pub use crate::layout::{
        Field, Invalid, Kind, Layout, PlainField, Scalar, SharedLayout, StructLayout, Variant, check_variant,
        enum_has_zero, plain_layout, touch_whole,
    };
    pub use crate::track::{Stamp, Touched};
    pub use core;
}
