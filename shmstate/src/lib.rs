//! Typed state that several processes share.
// The derive writes `::shmstate`, in the tests of this very crate as well.
#[cfg(test)]
extern crate self as shmstate;

mod commit;
mod containers;
mod error;
mod layout;
mod mutant;
#[cfg(not(loom))]
mod os;
#[cfg(not(loom))]
mod region;
#[cfg(not(loom))]
mod state;
mod sync;
mod track;

pub use containers::{Full, List, ListIndex, Text};
pub use error::{Error, ErrorKind};
pub use layout::{Field, Invalid, Kind, Layout, Pod, Scalar, SharedLayout, Variant};
pub use shmstate_derive::SharedLayout;
#[cfg(not(loom))]
pub use state::{Options, State, remove};

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
