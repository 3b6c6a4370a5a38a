//! Proofs that run while the user's program compiles: what they refuse does not build, and the message has the numbers.

use const_panic::concat_panic;

/// Walks the fields of a struct in order and refuses padding and drifted pins. The derive calls it in constants, with the
/// culprit's span, so that the compiler points at the field.
#[derive(Clone, Copy)]
pub struct StructLayout {
    name: &'static str,
    /// Where the next field has to be, and the field before it.
    end: usize,
    last: &'static str,
}

impl StructLayout {
    /// No field yet.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        StructLayout { name, end: 0, last: "" }
    }

    /// The next field: it must lie right behind the last one.
    #[must_use]
    #[track_caller]
    pub const fn field(self, field: &'static str, offset: usize, size: usize) -> Self {
        if offset != self.end {
            concat_panic!(display:
                "padding in `", self.name, "`: ", offset - self.end, " unused bytes between `", self.last, "` (ends at ",
                self.end, ") and `", field, "` (starts at ", offset, "); insert `_pad: [u8; ", offset - self.end,
                "]` between them, or put fields of larger alignment first");
        }
        StructLayout { name: self.name, end: offset + size, last: field }
    }

    /// Where the fields so far end, whether or not they may: for the proof of a later field alone.
    #[must_use]
    pub const fn skip_to(self, field: &'static str, end: usize) -> Self {
        StructLayout { name: self.name, end, last: field }
    }

    /// The whole struct: it must end where its last field ends.
    #[track_caller]
    pub const fn finish(self, size: usize) {
        if size != self.end {
            concat_panic!(display:
                "padding in `", self.name, "`: ", size - self.end, " unused bytes behind its last field `", self.last,
                "` (ends at ", self.end, ", the struct at ", size, "); append `_pad: [u8; ", size - self.end,
                "]`, or put fields of larger alignment first");
        }
    }

    /// `#[shared(offset = N)]`.
    #[track_caller]
    pub const fn pinned_offset(self, field: &'static str, pinned: usize, actual: usize) {
        if pinned != actual {
            concat_panic!(display:
                "the layout of `", self.name, "` has drifted: `", field, "` is pinned to offset ", pinned,
                " but lies at offset ", actual, "; undo the change before it, or change the pin if the new layout is meant");
        }
    }

    /// `#[shared(size = N)]`, `#[shared(align = N)]`.
    #[track_caller]
    pub const fn pinned(self, what: &'static str, pinned: usize, actual: usize) {
        if pinned != actual {
            concat_panic!(display:
                "the layout of `", self.name, "` has drifted: its ", what, " is pinned to ", pinned, " but is ", actual,
                "; undo the change, or change the pin if the new layout is meant");
        }
    }

    /// No drop glue.
    #[track_caller]
    pub const fn no_drop(self, needs_drop: bool) {
        if needs_drop {
            concat_panic!(display:
                "`", self.name, "` has drop glue: a value in shared memory is copied as bytes and never dropped; remove the ",
                "`Drop` implementation, or keep what it guards outside the state");
        }
    }
}

/// An enum without a variant of value 0 has no zeroed state.
#[track_caller]
pub const fn enum_has_zero(name: &'static str, values: &[u32]) {
    let mut i = 0;
    while i < values.len() {
        if values[i] == 0 {
            return;
        }
        i += 1;
    }
    concat_panic!(display:
        "`", name, "` has no variant of value 0: a new state starts as zeroes, which must be a value; give one variant `= 0`");
}

/// The size of `[T; N]`.
#[must_use]
pub const fn array_fits<T, const N: usize>() -> usize {
    assert!(N > 0, "an array of length 0 cannot live in shared memory: remove the field, or give it a length");
    assert!(size_of::<T>() > 0, "an array of zero-sized items cannot live in shared memory: remove the field");
    size_of::<[T; N]>()
}
