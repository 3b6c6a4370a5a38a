//! Copying out of memory that another process may write at the same time.

/// Copies `len` bytes word by word, so that another process that writes at the same time does no more than to garble them.
///
/// # Safety
/// `from` is aligned to 8 bytes and readable up to the next multiple of 8; `to` is writable for `len` bytes.
#[inline]
pub(crate) unsafe fn copy_words(to: *mut u8, from: *const u8, len: usize) {
    for at in (0..len).step_by(8) {
        // SAFETY: an aligned word in shared memory, by the caller's promise.
        let word = unsafe { word_at(from.wrapping_add(at)) }.to_ne_bytes();
        // SAFETY: what is left of the destination, at most a word.
        unsafe { std::ptr::copy_nonoverlapping(word.as_ptr(), to.wrapping_add(at), (len - at).min(8)) }
    }
}

/// The word at `from`, which may be written at the same time, by stores that are not atomic.
///
/// Volatile, and not atomic: one load instruction either way, but what an atomic load returns beside a store that is not
/// atomic is undefined to the compiler, even if the processor has loaded the word before that store. What a volatile load
/// returns is what the processor has loaded. The design chapter says more, under "Reading without a pin".
///
/// # Safety
/// `from` is aligned to 8 bytes and readable.
#[inline]
pub(crate) unsafe fn word_at(from: *const u8) -> u64 {
    // SAFETY: an aligned word in shared memory, by the caller's promise.
    unsafe { from.cast::<u64>().read_volatile() }
}
