//! The only door to atomics and fences: the standard library's, or loom's when the protocol is model-checked.
//!
//! Everything above this file says `crate::sync::…`, so that loom runs the very code that ships.

#[cfg(not(any(loom, target_arch = "x86_64")))]
use std::sync::atomic::fence;
#[cfg(not(loom))]
pub(crate) use std::{
    hint::spin_loop,
    sync::atomic::{AtomicU32, AtomicU64, Ordering},
};

#[cfg(loom)]
pub(crate) mod model;
#[cfg(loom)]
pub(crate) use model::{AtomicU32, AtomicU64, Ordering, fence, spin_loop};

/// A full fence, right behind the read-modify-write that took a lock.
///
/// On x86-64 that instruction is a full fence itself (a `lock` prefix orders all earlier loads and stores before all later
/// ones: Intel SDM vol. 3A, 9.2.3.9; AMD APM vol. 2, 7.4.2), so that only the compiler has to be told. Elsewhere, and in
/// the model, it is the fence that it says.
#[inline(always)]
pub(crate) fn fence_after_lock() {
    #[cfg(all(target_arch = "x86_64", not(loom)))]
    std::sync::atomic::compiler_fence(std::sync::atomic::Ordering::SeqCst);
    #[cfg(not(all(target_arch = "x86_64", not(loom))))]
    fence(Ordering::SeqCst);
}

/// Makes the relaxed loads before it acquire. No instruction on x86-64.
#[cfg(not(loom))]
#[inline(always)]
pub(crate) fn fence_acquire() {
    std::sync::atomic::fence(Ordering::Acquire);
}

/// Keeps the stores behind it behind the one before it, for other cores and for a death in between. No instruction on
/// x86-64.
#[inline(always)]
pub(crate) fn fence_release() {
    #[cfg(not(loom))]
    std::sync::atomic::fence(Ordering::Release);
    #[cfg(loom)]
    fence(Ordering::Release);
}

/// Keeps the compiler from moving stores across this point.
///
/// A process that dies between two instructions leaves behind exactly the stores that come before that point in its
/// program order, so what a *crash* may leave behind is ruled by the compiler alone. What *other cores* may see is
/// ruled by the orderings of the accesses; this is no substitute for them.
#[inline(always)]
pub(crate) fn crash_order() {
    std::sync::atomic::compiler_fence(std::sync::atomic::Ordering::SeqCst);
}
