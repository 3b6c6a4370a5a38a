//! The operating system: the only place with system calls.
//!
//! * `clock`: how long a call is willing to wait, and waiting without sleeping.
//! * `descriptors`: opens every descriptor of the library.
//! * `documents`: files that are no regions.
//! * `registered`: descriptors that the program may close, and a child must not keep.
//! * `origin`: where a region was found, without a descriptor; opening it again.
//! * `own_table`: threads on which no other thread of the program can replace a descriptor.
//! * `per_region`: what a process has once for each region.
//! * `probe`: the one descriptor that a process keeps of a region.
//! * `region_key`: what identifies a region to this process.
//! * `file`: finding, checking, creating and linking region files, and reserving room for them.
//! * `memory`: how much memory is left.
//! * `mapping`: a file's bytes as memory.
//! * `liveness`: byte locks, by which the kernel says which handles live.
//! * `making`: an `init` or a migration may not change its own name.
//! * `name_lock`: the lock on where a region's name leads.
//! * `futex`: sleeping on a word of the region.
//! * `signals`: keeping signals from a thread, and that of files which cannot grow.
//! * `threads`: threads of the library's own.
//! * `event`: a descriptor that becomes readable when this process says so.
//! * `fork`: what a forked child must not keep.

mod clock;
mod descriptors;
#[cfg(feature = "dynamic")]
mod documents;
mod event;
mod file;
mod fork;
mod futex;
mod identity;
mod liveness;
mod making;
mod mapping;
mod memory;
mod name_lock;
mod origin;
mod own_table;
mod per_region;
mod probe;
mod reader;
mod region_key;
mod registered;
mod signals;
mod threads;

pub use clock::sleep;
pub(crate) use clock::{DEFAULT_TIMEOUT, Deadline, spin};
pub(crate) use descriptors::{Guarded, duplicate};
#[cfg(feature = "dynamic")]
pub(crate) use documents::{part_of, read_begin, read_document, write_document};
pub(crate) use event::EventFd;
pub(crate) use file::{
    ANONYMOUS, Access, Limits, NewFile, RegionPath, Rights, check_anonymous, check_is_of, has_name, is_layered,
    is_memory, key, len, new_anonymous, opened_as, read, reserve,
};
pub(crate) use fork::ForkGuard;
pub(crate) use futex::{futex_wait, futex_wake, futex_wake_all};
pub(crate) use identity::{boot_id, now_ns, pid_namespace, process_name, random_u64, random_u128};
pub(crate) use liveness::{Held, LiveDescription, Liveness, is_populated};
pub(crate) use making::Making;
pub(crate) use mapping::Mapping;
pub(crate) use name_lock::NameLock;
pub(crate) use origin::{OUT_OF_REACH, Origin};
pub(crate) use per_region::PerRegion;
pub(crate) use reader::Reader;
pub(crate) use region_key::RegionKey;
#[cfg(feature = "dynamic")]
pub use signals::FileLimit;
pub(crate) use threads::in_background;
