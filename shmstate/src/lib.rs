//! Typed state that several processes share: transactional, crash-safe, zero-copy to read.
//!
//! A plain struct derives [`SharedLayout`], which proves at compile time that it can live in shared memory. [`State`] maps
//! it from a file in the machine's tmpfs, and any number of processes update it as a transaction
//! ([`State::try_update`]: all or nothing, on `Err`, on a panic, on `kill -9` at any instruction) and read it in place
//! ([`State::read`]: one committed version, no lock, no copy).
//!
//! ```
//! use shmstate::{List, SharedLayout, State, Text};
//!
//! #[derive(SharedLayout)]
//! #[repr(C)]
//! struct Board {
//!     ticks: u64,
//!     owner: Text<32>,
//!     samples: List<f64, 1024>,
//! }
//!
//! # let dir = tempfile::tempdir()?;
//! # let name = dir.path().join("board");
//! let board = State::<Board>::open_or_create(&name)?; // a bare name, or a path
//! board.update(|s| s.ticks += 1)?;
//! assert_eq!(board.read(|s| s.ticks)?, 1);
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! # Trade-offs
//!
//! The region holds K copies of the state (3 by default), so it takes K times the memory. An update works on a copy that
//! nobody reads, and the others take over what it touched when their turn comes: a read costs one or two atomic
//! read-modify-writes and never waits, an update costs what it touches, and a death needs no repair of what readers see. In
//! return, one update runs at a time, capacities are fixed, and everything that can write the file is trusted to run this
//! protocol.
//!
//! # Where to read on
//!
//! * [`State`]: opening, reading, updating; [`Options`]: how to create.
//! * [`SharedLayout`]: what can live in a state, and the attributes of the derive.
//! * [`List`], [`Array`], [`Map`], [`Set`], [`SortedMap`], [`Text`], [`Blob`], [`Maybe`], [`Ring`], [`Queue`], [`Slab`],
//!   [`Tracked`], [`Pod`]: what fixed-capacity data is made of.
//! * [`Error`], [`ErrorKind`]: what can go wrong.
//! * [`design`]: how it works, and why it holds; [`format`](mod@format): the bytes of a region.

// Under loom only the commit protocol and what it stands on is of use; what else compiles is there for its names.
#![cfg_attr(loom, allow(dead_code, unused_imports))]

#[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))))]
compile_error!(
    "shmstate runs on Linux on x86-64 and aarch64: it rests on open-file-description locks, futexes and O_TMPFILE, and on \
     a reviewed memory model for these two processors"
);

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

pub use containers::{
    Array, Blob, Full, Key, List, ListIndex, Map, Maybe, Queue, Ring, Set, Slab, SlabIter, SlabIterMut, SortedMap,
    Text, Tracked, WrappedIter, WrappedIterMut,
};
pub use error::{Error, ErrorKind};
pub use layout::{Field, Invalid, Kind, Layout, Pod, Scalar, SharedLayout, Variant};
pub use shmstate_derive::SharedLayout;
#[cfg(not(loom))]
pub use state::{Options, ReadOnly, State, Stats, remove};

/// What the entries of a [`Map`] and a [`SortedMap`] are called while they are looked at.
pub mod map {
    pub use crate::containers::entry::{Entry, OccupiedEntry, VacantEntry};
}

#[doc = include_str!("../docs/design.md")]
pub mod design {}

#[doc = include_str!("../docs/format.md")]
pub mod format {}

/// What the code that the derive generates needs; no part of the interface.
#[doc(hidden)]
pub mod __private {
    pub use crate::layout::{
        Field, Invalid, Kind, Layout, PlainField, Scalar, SharedLayout, StructLayout, Variant, check_variant,
        enum_has_zero, plain_array, plain_layout, touch_whole,
    };
    pub use crate::track::{Stamp, Touched};
    pub use core;
}

/// The README's example runs as a test.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
