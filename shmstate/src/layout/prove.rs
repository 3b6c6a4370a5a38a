//! Proofs that run while the user's program compiles: what they refuse does not build, and the message has the numbers.

use super::Variant;
use const_panic::concat_panic;

/// Panics with the parts, each as `Display` shows it.
macro_rules! refuse {
    ($($part:expr),* $(,)?) => { concat_panic!($(display: $part),*) };
}

/// What a derived type has to fulfil. The derive calls each proof in a constant of its own, with the culprit's span, so
/// that the compiler points at the field and reports all culprits at once.
#[derive(Clone, Copy)]
pub struct StructLayout {
    /// The type's name, as the messages show it.
    name: &'static str,
}

impl StructLayout {
    /// The proofs of the type of that name.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        StructLayout { name }
    }

    /// `field` lies right behind the field `last`, which ends at `end`.
    #[track_caller]
    pub const fn follows(self, last: &'static str, end: usize, field: &'static str, offset: usize) {
        if offset != end {
            let pad = if is_index(field) { "" } else { "_pad: " };
            refuse! {
                "padding in `", self.name, "`: ", offset - end, unused(offset - end), " between `", last, "` (ends at ", end,
                ") and `", field, "` (starts at ", offset, "), whose content would be anybody's; insert `", pad,
                "[u8; ", offset - end, "]` between them, or put the fields of larger alignment first"
            }
        }
    }

    /// The struct ends where its last field ends.
    #[track_caller]
    pub const fn finish(self, last: &'static str, end: usize, size: usize) {
        if size != end {
            let pad = if is_index(last) { "" } else { "_pad: " };
            refuse! {
                "padding in `", self.name, "`: ", size - end, unused(size - end), " behind its last field `", last,
                "` (ends at ", end, ", the struct at ", size, "), whose content would be anybody's; append `", pad,
                "[u8; ", size - end, "]`"
            }
        }
    }

    /// The payloads of an enum start right behind its discriminant, which is an `int`.
    #[track_caller]
    pub const fn payload_follows(self, int: &'static str, end: usize, start: usize) {
        if start != end {
            let way_out = match start {
                2 => "write `#[repr(C, u16)]`",
                4 => "write `#[repr(C, u32)]`",
                8 => "write `#[repr(C, u64)]`",
                _ => "remove the `C`, and begin each variant with a `_pad` field that fills the gap",
            };
            refuse! {
                "padding in `", self.name, "`: ", start - end, unused(start - end), " between the discriminant (`", int,
                "`, ends at ", end, ") and the fields of the variants (start at ", start,
                "), whose content would be anybody's; ", way_out
            }
        }
    }

    /// The first field of a variant lies right behind the discriminant, which is an `int` and ends at `end`.
    #[track_caller]
    pub const fn follows_tag(self, int: &'static str, end: usize, field: &'static str, offset: usize) {
        if offset != end {
            let pad = if is_index(field) { "" } else { "_pad: " };
            refuse! {
                "padding in `", self.name, "`: ", offset - end, unused(offset - end), " between the discriminant (`", int,
                "`, ends at ", end, ") and `", field, "` (starts at ", offset,
                "), whose content would be anybody's; insert `", pad, "[u8; ", offset - end,
                "]` before it, put a field of smaller alignment first, or give the discriminant the size of the alignment, \
                 as in `#[repr(u64)]`"
            }
        }
    }

    /// A variant with fields has another value than 0.
    #[track_caller]
    pub const fn is_not_zero(self, value: u64) {
        if value == 0 {
            refuse! {
                "`", self.name,
                "` is the variant of value 0, with which a new state starts, and has fields: let one without fields come \
                 first, such as `Empty`"
            }
        }
    }

    /// An enum is as large as the parts make it that its description is made of: the largest of `ends`, rounded up to the
    /// largest of `aligns`. (The reference says that it is.)
    #[track_caller]
    pub const fn is_as_large(self, ends: &[usize], aligns: &[usize], (size, align): (usize, usize)) {
        if max(aligns) != align || max(ends).next_multiple_of(align) != size {
            refuse! { "`", self.name, "` is laid out by this compiler in a way that shmstate does not know" }
        }
    }

    /// `#[shared(offset = N)]`.
    #[track_caller]
    pub const fn pinned_offset(self, field: &'static str, pinned: usize, actual: usize) {
        if pinned != actual {
            refuse! {
                "the layout of `", self.name, "` has drifted: `", field, "` is pinned to offset ", pinned,
                " but lies at offset ", actual,
                "; undo the change before it, or change the pin if the new layout is meant"
            }
        }
    }

    /// `#[shared(size = N)]`, `#[shared(align = N)]`.
    #[track_caller]
    pub const fn pinned(self, what: &'static str, pinned: usize, actual: usize) {
        if pinned != actual {
            refuse! {
                "the layout of `", self.name, "` has drifted: its ", what, " is pinned to ", pinned, " but is ",
                actual, "; undo the change, or change the pin if the new layout is meant"
            }
        }
    }

    /// No drop glue.
    #[track_caller]
    pub const fn no_drop(self, needs_drop: bool) {
        if needs_drop {
            refuse! {
                "`", self.name,
                "` has drop glue: a value in shared memory is copied as bytes and never dropped; remove the ",
                "`Drop` implementation, or keep what it guards outside the state"
            }
        }
    }
}

/// What so many bytes are called.
const fn unused(bytes: usize) -> &'static str {
    if bytes == 1 { " unused byte" } else { " unused bytes" }
}

/// The largest of `numbers`.
const fn max(mut numbers: &[usize]) -> usize {
    let mut max = 0;
    while let [first, rest @ ..] = numbers {
        if *first > max {
            max = *first;
        }
        numbers = rest;
    }
    max
}

/// The offset of the last of `parts`, each of them a size and an alignment, which follow what ends at `end` as the fields
/// of a `#[repr(C)]` struct do; `end` if there is none.
#[must_use]
pub const fn part_offset(mut end: usize, mut parts: &[(usize, usize)]) -> usize {
    let mut offset = end;
    while let [(size, align), rest @ ..] = parts {
        offset = end.next_multiple_of(*align);
        end = offset + *size;
        parts = rest;
    }
    offset
}

/// Whether a field has a number for a name, as those of a tuple struct.
const fn is_index(field: &str) -> bool {
    field.as_bytes()[0].is_ascii_digit()
}

/// An enum without a variant of value 0 has no zeroed state.
#[track_caller]
pub const fn enum_has_zero(name: &'static str, variants: &[Variant]) {
    let mut i = 0;
    while i < variants.len() {
        if variants[i].value == 0 {
            return;
        }
        i += 1;
    }
    refuse! {
        "`", name,
        "` has no variant of value 0: a new state starts as zeroes, which must be a value; give one variant `= 0`"
    }
}

/// An array holds something.
#[track_caller]
pub const fn array_fits<T, const N: usize>() {
    assert!(N > 0, "an array of length 0 cannot live in shared memory: remove the field, or give it a length");
    assert!(size_of::<T>() > 0, "an array of zero-sized items cannot live in shared memory: remove the field");
}
