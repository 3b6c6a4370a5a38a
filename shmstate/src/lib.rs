//! Typed state that several processes share: transactional, crash-safe, zero-copy to read.
//!
//! A plain struct derives [`SharedLayout`], which proves at compile time that it can live in shared memory. [`State`] maps
//! it from a file in the machine's tmpfs, and any number of processes update it as a transaction
//! ([`State::update`], [`State::try_update`]: all or nothing, on `Err`, on a panic, on `kill -9` at any instruction) and read it in place
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
//! The region holds K copies of the state (3 by default), so it takes K times the memory. An update works on a copy
//! that no process reads, and the others take over what it touched when their turn comes: a read costs one or two atomic
//! read-modify-writes and never waits, an update costs what it touches, and a death needs no repair of what readers see. In
//! return, one update runs at a time, capacities are fixed, and everything that can write the file is trusted to run this
//! protocol.
//!
//! # Events
//!
//! With the cargo feature `tracing`, which is off by default, the library tells the crate
//! [`tracing`](https://docs.rs/tracing) what happens seldom. The target is `shmstate`, the message is the event's name:
//!
//! | event | level | fields | when |
//! |---|---|---|---|
//! | `created` | info | `path`, `bytes`, `copies`, `handles` | a region was made and got its name |
//! | `reset` | info | `path`, `version` | the first handle of a new population got in: no other handle was attached, and what the file says besides its content was forgotten |
//! | `recovered` | warn | `path`, `slot`, `pid`, `version` | a writer died with the lock, and its lock was taken over; `version` is the one that it left |
//! | `reclaimed` | info | `path`, `slot`, `pid` | the pins of a dead reader were in the way and were cleared |
//! | `spare` | info | `path`, `copies` | a spare copy was taken into use, because readers stay in all others; there are so many now |
//! | `pinned` | debug | `path`, `slots` | an update waits for readers that live and hold every copy; a bit for each of the first 63 slots, and one for all others |
//! | `waited` | debug | `path`, `time` | an update has waited for a millisecond or longer, for the lock or for a copy, whether or not it got it |
//! | `busy` | warn | `error` | a call gave up with [`ErrorKind::Busy`]; the message names the process that was in the way |
//!
//! `pid` is the process id that the dead process wrote down, in its own PID namespace; 0 if it died before that. Other errors than
//! `Busy` go to the caller alone. `recovered`, `reclaimed`, `spare` and `pinned` come while the region's lock is held: a listener
//! that is slow keeps other writers waiting, and it must not update the same region. A listener that panics unwinds out of the call,
//! and the lock is released. A call that never waits and meets no death has no event, and does not even ask whether there is a
//! listener.
//!
//! # Where to read on
//!
//! * [`State`]: opening, reading, updating; [`Options`]: how to create.
//! * [`SharedLayout`]: what can live in a state, and the attributes of the derive.
//! * [`List`], [`Array`], [`Map`], [`Set`], [`SortedMap`], [`Text`], [`Blob`], [`Maybe`], [`Ring`], [`Queue`], [`Slab`],
//!   [`Tracked`], [`Pod`]: what fixed-capacity data is made of; [`Archived`]: what
//!   has no fixed layout; [`TimeSpan`], [`Timestamp`], [`IpAddress`], [`SocketAddress`], [`Uuid`]: what is more than a number.
//! * [`Error`], [`ErrorKind`]: what can go wrong.
//! * [`guide`]: one program, from a counter to a supervised server; [`cookbook`]: answers to common tasks; [`overview`]: methods, containers and features in tables;
//!   [`glossary`]: the words.
//! * [`design`]: how it works, and why it holds; [`decisions`]: what was tried instead; [`crash`]: what a death leaves, and which process is trusted with what;
//!   [`following`]: waiting for a version; [`files`]: where a region lies, and what it takes of the machine; [`format`](mod@format): the bytes of a region;
//!   [`performance`]: what operations cost, and how to lay a state out;
//!   [`changing`]: a new release of a program, and what its state holds (feature `dynamic`);
//!   [`production`]: where regions lie in a service's life, and what to set;
//!   [`compile_errors`]: what does not compile, and what to write instead.
//! * [`assert_layout!`]: a test that holds a layout fast.

#![warn(missing_debug_implementations)]
#![cfg_attr(docsrs, feature(doc_cfg))]
// Without a feature, there is no page of what it brings.
#![cfg_attr(not(all(feature = "archived", feature = "dynamic")), allow(rustdoc::broken_intra_doc_links))]
// Under a model checker only the commit protocol and what it stands on is of use, and without shared memory only the types;
// what else compiles is there for its names.
#![cfg_attr(
    any(shmstate_loom, shmstate_shuttle, shmstate_elsewhere, not(target_os = "linux")),
    allow(dead_code, unused_imports)
)]

#[cfg(all(any(shmstate_loom, shmstate_shuttle), not(test)))]
compile_error!(
    "`--cfg shmstate_loom` and `--cfg shmstate_shuttle` are for the unit tests of shmstate: run \
     `RUSTFLAGS=\"--cfg shmstate_loom\" cargo test --profile explorer -p shmstate --lib commit::model`; a program is built without them"
);

// The derive writes `::shmstate`, in the tests of this very crate as well.
#[cfg(test)]
extern crate self as shmstate;

/// One condition for several items. rustfmt looks for modules inside of macros of this name.
macro_rules! cfg_if {
    (if #[cfg($condition:meta)] { $($item:item)* } else { $($other:item)* }) => {
        $(#[cfg($condition)] $item)*
        $(#[cfg(not($condition))] $other)*
    };
}

mod containers;
mod error;
mod events;
#[cfg(not(any(shmstate_loom, shmstate_shuttle)))]
mod golden;
mod layout;
mod plain;
mod sync;
mod track;

// States rest on open-file-description locks, futexes and `O_TMPFILE`, on words of 64 bits that are little-endian in the file,
// and on a reviewed memory model for these two processors.
cfg_if! {
    if #[cfg(all(
        target_os = "linux",
        target_pointer_width = "64",
        target_endian = "little",
        any(target_arch = "x86_64", target_arch = "aarch64"),
        not(shmstate_elsewhere)
    ))] {
        mod commit;
        #[cfg(not(any(shmstate_loom, shmstate_shuttle)))]
        mod os;
        #[cfg(not(any(shmstate_loom, shmstate_shuttle)))]
        mod region;
        #[cfg(all(feature = "dynamic", not(any(shmstate_loom, shmstate_shuttle))))]
        pub mod dynamic;
        #[cfg(not(any(shmstate_loom, shmstate_shuttle)))]
        mod follow;
        #[cfg(not(any(shmstate_loom, shmstate_shuttle)))]
        mod state;

        /// For what writes files beside a region: `shmstate-durable`, and the command.
        #[cfg(all(feature = "dynamic", not(any(shmstate_loom, shmstate_shuttle))))]
        #[doc(hidden)]
        pub use os::FileLimit;
        /// For the threads of `shmstate-durable` and `shmstate-cluster`.
        #[cfg(all(feature = "dynamic", not(any(shmstate_loom, shmstate_shuttle))))]
        #[doc(hidden)]
        pub use os::sleep;
        #[cfg(all(feature = "dynamic", not(any(shmstate_loom, shmstate_shuttle))))]
        pub use state::{Migrate, Typed};
        #[cfg(not(any(shmstate_loom, shmstate_shuttle)))]
        pub use region::Attached;
        #[cfg(not(any(shmstate_loom, shmstate_shuttle)))]
        pub use follow::{Change, Changed, Elected, Follower, NewVersion, Readiness, VersionStream, Versions, Watch};
        #[cfg(not(any(shmstate_loom, shmstate_shuttle)))]
        pub use state::{Options, Outcome, Projection, ReadOnly, RegionSize, State, Stats, WithTimeout, remove};
    } else {
        mod elsewhere;

        /// The dynamic view. This platform has only its type, and no value of it.
        #[cfg(feature = "dynamic")]
        pub mod dynamic {
            pub use crate::elsewhere::Snapshot;
        }

        #[cfg(feature = "dynamic")]
        pub use elsewhere::{Migrate, Typed};
        #[cfg(unix)]
        pub use elsewhere::Readiness;
        pub use elsewhere::{
            Attached, Change, Changed, Elected, Follower, NewVersion, Options, Outcome, Projection, ReadOnly, RegionSize, State, Stats,
            VersionStream, Versions, Watch, WithTimeout, remove,
        };
    }
}

/// The crate that has the trait `Pod` which [`Pod`] and `#[shared(pod)]` ask for, in the version that they ask for.
pub use bytemuck;
#[cfg(feature = "archived")]
pub use containers::Archived;
pub use containers::{
    Array, Blob, CapacityError, ItemIndex, Key, List, Map, Maybe, Queue, Ring, Set, Slab, SortedMap, Text, Tracked,
};
#[doc(hidden)]
pub use error::{CarryOver, Remedy};
pub use error::{Error, ErrorKind};
pub use layout::{
    ArchiveForm, Argument, Field, Kind, Layout, Pod, Report, Scalar, SharedLayout, TypeName, ValidityError, Variant,
};
pub use plain::{IpAddress, ParseUuidError, SocketAddress, TimeRangeError, TimeSpan, Timestamp, Uuid};
/// The crate that [`Archived`] keeps values with, in its version: `#[rkyv(crate = shmstate::rkyv)]` derives for this version.
#[cfg(feature = "archived")]
pub use rkyv;
#[doc(inline)]
#[doc = include_str!("../docs/derive.md")]
pub use shmstate_derive::SharedLayout;

/// What [`Archived`] keeps, and why it does not keep a value.
#[cfg(feature = "archived")]
pub mod archived {
    pub use crate::containers::{Archivable, ArchiveError};
}

/// The iterator that takes items out of a [`List`].
pub mod list {
    pub use crate::containers::Drain;
}

/// Entries of a [`Map`] and a [`SortedMap`], and what keys are looked up by.
pub mod map {
    pub use crate::containers::Lookup;
    pub use crate::containers::entry::{Entry, OccupiedEntry, VacantEntry};
}

/// Iterators of a [`Queue`].
pub mod queue {
    pub use crate::containers::Drain;
    pub use crate::containers::deque_iter::{Iter, IterMut};
}

/// Iterators of a [`Ring`].
pub mod ring {
    pub use crate::containers::deque_iter::{Iter, IterMut};
}

/// Iterators of a [`Slab`], and the error of a text that is no [`Key`].
pub mod slab {
    pub use crate::containers::slab::{Iter, IterMut, ParseKeyError};
}

/// Iterators of a [`SortedMap`].
pub mod sorted_map {
    pub use crate::containers::sorted::{Iter, IterMut, Keys, Values, ValuesMut};
}

/// Reading states and values with the crate `serde` where they lie.
#[cfg(feature = "serde")]
pub mod de {
    pub use crate::containers::de::{InPlace, deserialize_boxed, deserialize_into};
}

#[doc = include_str!("../docs/overview.md")]
pub mod overview {}

#[doc = include_str!("../docs/guide.md")]
pub mod guide {}

#[doc = include_str!("../docs/cookbook.md")]
pub mod cookbook {}

#[doc = include_str!("../docs/glossary.md")]
pub mod glossary {}

#[doc = include_str!("../docs/design.md")]
///
/// ## Pictures
///
#[doc = include_str!("../docs/pictures/copies.svg")]
///
#[doc = include_str!("../docs/pictures/floors.svg")]
pub mod design {}

#[cfg_attr(feature = "dynamic", doc = include_str!("../docs/changing.md"))]
#[cfg_attr(
    not(feature = "dynamic"),
    doc = "How a state is carried over to another layout: with the feature `dynamic`."
)]
pub mod changing {}

#[doc = include_str!("../docs/decisions.md")]
pub mod decisions {}

#[doc = include_str!("../docs/crash.md")]
///
/// ## Picture
///
#[doc = include_str!("../docs/pictures/deaths.svg")]
pub mod crash {}

#[doc = include_str!("../docs/files.md")]
pub mod files {}

#[doc = include_str!("../docs/following.md")]
pub mod following {}

#[doc = include_str!("../docs/format.md")]
///
/// ## Picture
///
#[doc = include_str!("../docs/pictures/region.svg")]
pub mod format {}

#[doc = include_str!("../docs/performance.md")]
pub mod performance {}

#[doc = include_str!("../docs/production.md")]
pub mod production {}

#[doc = include_str!("../docs/compile-errors.md")]
pub mod compile_errors {}

/// What the code that the derive generates needs; no part of the interface.
#[doc(hidden)]
pub mod __private {
    #[cfg(feature = "serde")]
    pub use crate::containers::fields::{Fields, read_fields};
    #[cfg(not(any(shmstate_loom, shmstate_shuttle)))]
    pub use crate::golden::assert_layout;
    pub use crate::layout::{Builder, Derived, Layout, PlainField, Step, UNKNOWN, Walk};
    pub use core;
    #[cfg(feature = "serde")]
    pub use serde;
}

/// The example on the registry's page runs as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
