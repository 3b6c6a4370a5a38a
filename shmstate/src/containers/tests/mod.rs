//! Tests of the containers as a whole.
//!
//! * `workload`, `workload_others`: random operations on containers of any depth, read from a script of numbers; `kit`: on maps and
//!   sets, by a source of random choices
//! * `collect_dirty`: a small model of the transactions, in which the marks must suffice to keep the copies equal
//! * `cost`: what single methods mark; `describe`: the layouts; `scribbled`: containers whose words may be
//! * `list`, `text`, `ring`, `queue`, `slab`, `maybe`, `blob`, `keyed`: each against its counterpart of the standard library;
//!   `sorted`: sorted maps of many leaves;
//!   `committed`: all of them, in updates that are committed or rolled back; `keyed_beyond`: what maps promise besides; `archived`, `archived_in_states`: what is kept, refused, and damaged;
//!   `panics`: of the program's own code, at every call

#[cfg(feature = "archived")]
mod archived;
#[cfg(feature = "archived")]
mod archived_in_states;
mod blob;
mod collect_dirty;
mod committed;
mod cost;
mod describe;
pub(crate) mod keyed;
mod keyed_beyond;
pub(crate) mod kit;
mod list;
mod maybe;
mod panics;
mod queue;
mod ring;
mod scribbled;
mod slab;
mod sorted;
mod text;
mod workload;
mod workload_others;

use crate::SharedLayout;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// Runs `f`, which may [`give_up`]; whether it came to its end.
fn survives(f: impl FnOnce()) -> bool {
    catch_unwind(AssertUnwindSafe(f)).is_ok()
}

/// A panic without a message on the terminal, `calls` calls from now.
fn give_up(calls: &mut usize) {
    match calls.checked_sub(1) {
        Some(left) => *calls = left,
        None => resume_unwind(Box::new("given up")),
    }
}

/// Its clone panics when it is 13.
#[derive(PartialEq, Debug)]
#[repr(transparent)]
struct Unlucky(u32);

impl Clone for Unlucky {
    fn clone(&self) -> Self {
        give_up(&mut usize::from(self.0 != 13));
        Unlucky(self.0)
    }
}

// SAFETY: a number.
unsafe impl SharedLayout for Unlucky {
    const LAYOUT: &'static crate::Layout = u32::LAYOUT;
    const TRACKED: bool = false;
    const CHECKED: bool = false;
}
