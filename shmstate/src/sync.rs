//! The only door to atomics and fences: the standard library's, or loom's when the protocol is model-checked.
//!
//! Everything above this file says `crate::sync::…`, so that loom runs the very code that ships
//! (`clippy.toml` refuses the direct paths).
#![allow(clippy::disallowed_types, clippy::disallowed_methods)]

#[cfg(not(loom))]
pub(crate) use std::{
    hint::spin_loop,
    sync::atomic::{AtomicU32, AtomicU64, Ordering, fence},
};

#[cfg(loom)]
pub(crate) mod model;
#[cfg(loom)]
pub(crate) use model::{AtomicU32, AtomicU64, Ordering, fence, spin_loop};

/// Keeps the compiler from moving stores across this point.
///
/// A process that dies between two instructions leaves behind exactly the stores that come before that point in its
/// program order, so what a *crash* may leave behind is ruled by the compiler alone. What *other cores* may see is
/// ruled by the orderings of the accesses; this is no substitute for them.
#[inline(always)]
pub(crate) fn crash_order() {
    std::sync::atomic::compiler_fence(std::sync::atomic::Ordering::SeqCst);
}
