//! Copying out of memory that another process may write at the same time.

/// From this many bytes on, a string instruction copies faster than a loop over words. In a build without optimisation it is faster
/// by far, so that reads finish before a writer needs the copy in such builds as well.
#[cfg(target_arch = "x86_64")]
const LONG: usize = 1024;

/// Copies `len` bytes word by word, so that a process that writes at the same time can only garble the bytes.
///
/// # Safety
/// `from` is aligned to 8 bytes and readable up to the next multiple of 8; `to` is writable for `len` bytes.
#[inline]
pub(crate) unsafe fn copy_words(to: *mut u8, from: *const u8, len: usize) {
    #[cfg_attr(not(target_arch = "x86_64"), expect(unused_mut, reason = "all of it is left"))]
    let mut copied = 0;
    #[cfg(target_arch = "x86_64")]
    if len >= LONG {
        copied = len / 8 * 8;
        // SAFETY: the caller's promise, of the whole words.
        unsafe { copy_string(to, from, len / 8) }
    }
    // SAFETY: the caller's promise, of what is left.
    unsafe { copy_each(to.wrapping_add(copied), from.wrapping_add(copied), len - copied) }
}

/// [`copy_words`], by a load for each word.
///
/// # Safety
/// As for [`copy_words`].
#[inline]
unsafe fn copy_each(to: *mut u8, from: *const u8, len: usize) {
    for at in (0..len).step_by(8) {
        // SAFETY: an aligned word in shared memory, by the caller's promise.
        let word = unsafe { word_at(from.wrapping_add(at)) }.to_ne_bytes();
        // SAFETY: what is left of the destination, at most a word.
        unsafe { std::ptr::copy_nonoverlapping(word.as_ptr(), to.wrapping_add(at), (len - at).min(8)) }
    }
}

/// Copies `words` words by one instruction. The compiler knows nothing of its loads.
///
/// The processor keeps these loads in order with other loads, as it does all loads from ordinary memory. Only the stores of a
/// string instruction may come in another order, and those go to private memory. The sources are Intel's manual, volume 3, section
/// "Memory Ordering in P6 and More Recent Processor Families", and AMD's, volume 2, section "Memory Access Ordering".
///
/// # Safety
/// `from` is readable and `to` writable for so many words.
#[cfg(target_arch = "x86_64")]
#[inline]
unsafe fn copy_string(to: *mut u8, from: *const u8, words: usize) {
    // SAFETY: the caller's promise. The direction flag is clear, as the calling convention has it, and no flag changes.
    unsafe {
        std::arch::asm!(
            "rep movsq",
            inout("rcx") words => _,
            inout("rsi") from => _,
            inout("rdi") to => _,
            options(nostack, preserves_flags)
        );
    }
}

/// The word at `from`, which may be written at the same time, by stores that are not atomic.
///
/// The load is volatile, not atomic. Both are one load instruction. But if a store that is not atomic runs at the same time, the
/// result of an atomic load is undefined to the compiler, even if the processor has loaded the word before that store. A volatile
/// load returns what the processor has loaded. The design chapter says more, under "Reading without a pin".
///
/// # Safety
/// `from` is aligned to 8 bytes and readable.
#[inline]
pub(crate) unsafe fn word_at(from: *const u8) -> u64 {
    // SAFETY: an aligned word in shared memory, by the caller's promise.
    unsafe { from.cast::<u64>().read_volatile() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_bytes_are_copied_and_none_after_them() {
        let from: Vec<u64> = (1..400).map(|n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15)).collect();
        let bytes: Vec<u8> = from.iter().flat_map(|word| word.to_ne_bytes()).collect();
        for len in (0..40).chain(1000..1050).chain([2048, 3001, 3192]) {
            for first in [0, 8] {
                let mut to = vec![0xa5; len + 16];
                let source = from.as_ptr().cast::<u8>().wrapping_add(first);
                let len = len.min(bytes.len() - first);
                // SAFETY: whole words of `from`; `to` is longer.
                unsafe { copy_words(to.as_mut_ptr(), source, len) }
                assert_eq!(to[..len], bytes[first..first + len]);
                assert!(to[len..].iter().all(|byte| *byte == 0xa5), "{len} bytes");
            }
        }
    }
}
