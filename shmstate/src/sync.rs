//! The only door to atomics, fences, and the mutex of the protocol: the standard library's, or, when the protocol is explored, loom's or shuttle's.
//!
//! Everything above this file says `crate::sync::…`, so that these run the very code that ships.

#[cfg(not(any(shmstate_loom, shmstate_shuttle, target_arch = "x86_64")))]
use std::sync::atomic::fence;
#[cfg(not(any(shmstate_loom, shmstate_shuttle)))]
pub(crate) use std::{
    hint::spin_loop,
    sync::Mutex,
    sync::atomic::{AtomicU32, AtomicU64, Ordering},
};

#[cfg(any(shmstate_loom, shmstate_shuttle))]
pub(crate) mod model;
#[cfg(any(shmstate_loom, shmstate_shuttle))]
pub(crate) use model::{AtomicU32, AtomicU64, Mutex, Ordering, fence, spin_loop};

/// A full fence, right after the read-modify-write that took a lock.
///
/// On x86-64 that instruction is a full fence itself (a `lock` prefix orders all earlier loads and stores before all later
/// ones: Intel SDM vol. 3A, 9.2.3.9; AMD APM vol. 2, 7.4.2), so that only the compiler needs a fence. Elsewhere, and in
/// the model, it is the fence that it says.
#[inline(always)]
pub(crate) fn fence_after_lock() {
    #[cfg(all(target_arch = "x86_64", not(any(shmstate_loom, shmstate_shuttle))))]
    std::sync::atomic::compiler_fence(std::sync::atomic::Ordering::SeqCst);
    #[cfg(not(all(target_arch = "x86_64", not(any(shmstate_loom, shmstate_shuttle)))))]
    fence(Ordering::SeqCst);
}

/// Keeps the loads before it before those after it. No instruction on x86-64.
///
/// For atomic loads that is an acquire fence. The loads of a read without a pin are volatile ones, which other processors
/// order no less, but which the language's fence says nothing about: [`crash_order`] keeps the compiler from moving them.
#[inline(always)]
pub(crate) fn fence_acquire() {
    #[cfg(not(any(shmstate_loom, shmstate_shuttle)))]
    std::sync::atomic::fence(Ordering::Acquire);
    #[cfg(any(shmstate_loom, shmstate_shuttle))]
    fence(Ordering::Acquire);
    crash_order();
}

/// Keeps the stores after it after the one before it, for other cores and for a death in between. No instruction on
/// x86-64.
///
/// The stores after it are those of a closure and of `memcpy`, which are not atomic: a release fence alone would let the
/// compiler move them up, which [`crash_order`] prevents. On x86-64, *streaming* stores (`movnt*`) may overtake
/// earlier stores: see [`fence_streaming`].
#[inline(always)]
pub(crate) fn fence_release() {
    #[cfg(not(any(shmstate_loom, shmstate_shuttle)))]
    std::sync::atomic::fence(Ordering::Release);
    #[cfg(any(shmstate_loom, shmstate_shuttle))]
    fence(Ordering::Release);
    crash_order();
}

/// Bytes from which on a `memcpy` or `memset` may use streaming stores. The C libraries begin at some hundreds of
/// kilobytes; glibc's tunable `x86_non_temporal_threshold` cannot be set below 0x4040.
pub(crate) const STREAMED: u64 = 16 << 10;

/// Keeps streaming stores after it after the stores before it: one `sfence` on x86-64, where they are ordered with no
/// other store (Intel SDM vol. 3A, 9.2.2; AMD APM vol. 2, 7.4.2). Elsewhere [`fence_release`] orders them as it orders all.
///
/// Those of a `memcpy` are followed by an `sfence` of its own, so that nothing has to be done where a version is published.
#[inline(always)]
pub(crate) fn fence_streaming() {
    #[cfg(all(target_arch = "x86_64", not(any(shmstate_loom, shmstate_shuttle))))]
    // SAFETY: SSE is a part of x86-64.
    unsafe {
        std::arch::x86_64::_mm_sfence()
    }
}

/// Fetches the cache line at that address, which may be any. A hint, which changes nothing.
#[inline(always)]
pub(crate) fn fetch(at: *const u8) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: SSE is a part of x86-64; an address that cannot be read is ignored (Intel SDM vol. 2, PREFETCHh).
    unsafe {
        std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(at.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = at;
}

/// Keeps the compiler from moving stores across this point.
///
/// A process that dies between two instructions leaves exactly the stores that come before that point in its
/// program order, so what a *crash* may leave is ruled by the compiler alone. What *other cores* may see is
/// ruled by the orderings of the accesses; this is no substitute for them.
#[inline(always)]
pub(crate) fn crash_order() {
    std::sync::atomic::compiler_fence(std::sync::atomic::Ordering::SeqCst);
}
