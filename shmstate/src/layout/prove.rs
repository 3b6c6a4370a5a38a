//! Proofs that run while the user's program compiles: what they refuse does not build, and the message has the numbers.

use super::derived::{Body, Builder, Choice, Derived, Part, changed};
use super::{Kind, Layout, SharedLayout};
use const_panic::concat_panic;

/// Panics with the parts, each as `Display` shows it.
macro_rules! refuse {
    ($($part:expr),* $(,)?) => { concat_panic!($(display: $part),*) };
}

/// What a derived type has to fulfil. The derive calls each proof in a constant of its own, with the culprit's span, so
/// that the compiler points at the field and reports all culprits at once; those of a generic type stand in its `PROOFS`.
impl<S: SharedLayout> Builder<S> {
    /// Asked for here alone: if it does not evaluate, that is noted once.
    const fn derived() -> &'static Derived<S> {
        &S::DERIVED
    }

    const fn name() -> &'static str {
        Self::derived().name
    }

    /// The fields of a struct.
    const fn parts_of_struct() -> &'static [Part] {
        match Self::derived().body {
            Body::Struct(parts) => parts,
            _ => &[],
        }
    }

    /// The name of the integer of the discriminant.
    const fn int() -> &'static str {
        match Self::derived().body {
            Body::Enum { int, .. } => int,
            _ => "",
        }
    }

    const fn choice_of(variant: usize) -> &'static Choice {
        &Self::derived().choices()[variant]
    }

    /// Field `index` lies right behind the one before it.
    #[track_caller]
    pub const fn follows(self, index: usize) {
        let derived = Self::derived();
        if let Body::Struct(parts) = derived.body {
            follows(Whole { name: derived.name, variant: "" }, parts, index);
        }
    }

    /// The struct ends where its last field ends.
    #[track_caller]
    pub const fn finish(self) {
        let (parts, size) = (Self::parts_of_struct(), size_of::<S>());
        let Some(last) = parts.last() else { return };
        let end = end(last);
        if size < end {
            changed();
        }
        if size > end {
            let Pad { name, number, colon } = Pad::behind(parts, parts.len());
            refuse! {
                "padding in `", Self::name(), "`: ", size - end, unused(size - end), " after its last field `", last.name,
                "` (ends at ", end, ", the struct at ", size, "), which would be uninitialised memory; append `", name, number,
                colon, "[u8; ", size - end, "]`"
            }
        }
    }

    /// `#[shared(offset = N)]` on field `index`.
    #[track_caller]
    pub const fn pinned_offset(self, index: usize, pinned: usize) {
        pinned_offset(Whole { name: Self::name(), variant: "" }, &Self::parts_of_struct()[index], pinned);
    }

    /// Field `index`, which is plain data, has bytes.
    #[track_caller]
    pub const fn holds_bytes(self, index: usize) {
        holds_bytes(Self::parts_of_struct()[index].field.layout);
    }

    /// Field `index` of a variant, which is plain data, has bytes.
    #[track_caller]
    pub const fn holds_bytes_in(self, variant: usize, index: usize) {
        holds_bytes(Self::choice_of(variant).parts[index].field.layout);
    }

    /// `#[shared(size = N)]`.
    #[track_caller]
    pub const fn pinned_size(self, pinned: usize) {
        drifted(Self::name(), "size", pinned, size_of::<S>());
    }

    /// `#[shared(align = N)]`.
    #[track_caller]
    pub const fn pinned_align(self, pinned: usize) {
        drifted(Self::name(), "alignment", pinned, align_of::<S>());
    }

    /// No drop glue of the type's own. That of a field is the field's fault, which its bound reports.
    #[track_caller]
    pub const fn no_drop(self) {
        if std::mem::needs_drop::<S>() && !Self::derived().fields_need_drop {
            refuse! {
                "`", Self::name(),
                "` has drop glue: a value in shared memory is copied as bytes and never dropped; remove the ",
                "`Drop` implementation, or keep what it guards outside the state"
            }
        }
    }

    /// A variant has the value 0: otherwise an enum has no zeroed state.
    #[track_caller]
    pub const fn has_zero(self) {
        let mut choices = Self::derived().choices();
        while let [first, rest @ ..] = choices {
            if first.variant.value == 0 {
                return;
            }
            choices = rest;
        }
        refuse! {
            "`", Self::name(),
            "` has no variant of value 0: a new state starts as zeroes, which must be a value; give one variant `= 0`"
        }
    }

    /// A variant with fields has another value than 0.
    #[track_caller]
    pub const fn is_not_zero(self, variant: usize) {
        let choice = Self::choice_of(variant);
        if choice.variant.value == 0 {
            refuse! {
                "`", Self::name(), "::", choice.name,
                "` is the variant of value 0, with which a new state starts, and has fields: let one without fields come \
                 first, such as `Empty`"
            }
        }
    }

    /// The payloads of an enum with `#[repr(C)]`, which start at one offset, start right behind the discriminant.
    #[track_caller]
    pub const fn payload_follows(self) {
        let (mut choices, tag, int) = (Self::derived().choices(), Self::derived().tag_size(), Self::int());
        while let [first, rest @ ..] = choices {
            choices = rest;
            let Some(part) = first.parts.first() else { continue };
            let start = part.field.offset;
            if start < tag {
                changed();
            }
            if start > tag {
                let way_out = match start {
                    2 => "write `#[repr(C, u16)]`",
                    4 => "write `#[repr(C, u32)]`",
                    8 => "write `#[repr(C, u64)]`",
                    _ => "remove the `C`, and begin each variant with a `_pad` field that fills the gap",
                };
                refuse! {
                    "padding in `", Self::name(), "`: ", start - tag, unused(start - tag), " between the discriminant (`", int,
                    "`, ends at ", tag, ") and the fields of the variants (start at ", start,
                    "), which would be uninitialised memory; ", way_out
                }
            }
        }
    }

    /// The first field of a variant lies right behind the discriminant.
    #[track_caller]
    pub const fn follows_tag(self, variant: usize) {
        let (choice, tag, int) = (Self::choice_of(variant), Self::derived().tag_size(), Self::int());
        let Some(field) = choice.parts.first() else { return };
        let offset = field.field.offset;
        if offset < tag {
            changed();
        }
        if offset > tag {
            let Pad { name, number, colon } = Pad::behind(choice.parts, 0);
            refuse! {
                "padding in `", Self::name(), "::", choice.name, "`: ", offset - tag, unused(offset - tag),
                " between the discriminant (`", int, "`, ends at ", tag, ") and `", field.name, "` (starts at ", offset,
                "), which would be uninitialised memory; insert `", name, number, colon, "[u8; ", offset - tag,
                "]` before it, put a field of smaller alignment first, or give the discriminant the size of the alignment, \
                 as in `#[repr(u64)]`"
            }
        }
    }

    /// Field `index` of a variant lies right behind the one before it.
    #[track_caller]
    pub const fn follows_in(self, variant: usize, index: usize) {
        let derived = Self::derived();
        if let Body::Enum { choices, .. } = derived.body {
            let choice = &choices[variant];
            follows(Whole { name: derived.name, variant: choice.name }, choice.parts, index);
        }
    }

    /// `#[shared(offset = N)]` on field `index` of a variant.
    #[track_caller]
    pub const fn pinned_offset_in(self, variant: usize, index: usize, pinned: usize) {
        let choice = Self::choice_of(variant);
        pinned_offset(Whole { name: Self::name(), variant: choice.name }, &choice.parts[index], pinned);
    }
}

/// What fields belong to.
#[derive(Clone, Copy)]
struct Whole {
    name: &'static str,
    /// Empty in a struct.
    variant: &'static str,
}

impl Whole {
    const fn colons(self) -> &'static str {
        if self.variant.is_empty() { "" } else { "::" }
    }
}

#[track_caller]
const fn follows(whole: Whole, parts: &[Part], index: usize) {
    let (last, field) = (&parts[index - 1], &parts[index]);
    let (end, offset) = (end(last), field.field.offset);
    if offset < end {
        changed();
    }
    if offset > end {
        let Pad { name, number, colon } = Pad::behind(parts, index);
        refuse! {
            "padding in `", whole.name, whole.colons(), whole.variant, "`: ", offset - end, unused(offset - end),
            " between `", last.name, "` (ends at ", end, ") and `", field.name, "` (starts at ", offset,
            "), which would be uninitialised memory; insert `", name, number, colon, "[u8; ", offset - end,
            "]` between them, or put the fields of larger alignment first"
        }
    }
}

#[track_caller]
const fn holds_bytes(mut layout: &'static Layout) {
    while let Kind::Array { item, len } = layout.kind {
        assert!(len > 0, "an array of length 0 holds nothing: remove the field, or give it a length");
        layout = item;
    }
    assert!(layout.size > 0, "plain data of size 0 holds nothing: remove the field");
}

#[track_caller]
const fn pinned_offset(whole: Whole, part: &Part, pinned: usize) {
    let actual = part.field.offset;
    if pinned != actual {
        refuse! {
            "the layout of `", whole.name, whole.colons(), whole.variant, "` has drifted: `", part.name,
            "` is pinned to offset ", pinned, " but lies at offset ", actual,
            "; undo the change before it, or change the pin if the new layout is meant"
        }
    }
}

#[track_caller]
const fn drifted(name: &str, what: &str, pinned: usize, actual: usize) {
    if pinned != actual {
        refuse! {
            "the layout of `", name, "` has drifted: its ", what, " is pinned to ", pinned, " but is ",
            actual, "; undo the change, or change the pin if the new layout is meant"
        }
    }
}

/// Where `part` ends.
const fn end(part: &Part) -> usize {
    part.field.offset + part.field.layout.size
}

/// What so many bytes are called.
const fn unused(bytes: usize) -> &'static str {
    if bytes == 1 { " unused byte" } else { " unused bytes" }
}

/// How the field begins that fills a gap: `_pad: `, `_pad2: ` and so on, or nothing where fields have no names.
struct Pad {
    name: &'static str,
    number: &'static str,
    colon: &'static str,
}

impl Pad {
    /// The first number has none.
    const NUMBERS: [&'static str; 16] =
        ["", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16"];

    /// The field for the gap that follows the first `index` of `parts`: under a name that none of them has, and that is
    /// not proposed for an earlier gap.
    const fn behind(parts: &[Part], index: usize) -> Pad {
        if parts[0].name.as_bytes()[0].is_ascii_digit() {
            return Pad { name: "", number: "", colon: "" };
        }
        let (mut earlier, mut i) = (0, 1);
        while i < index {
            if parts[i].field.offset > end(&parts[i - 1]) {
                earlier += 1;
            }
            i += 1;
        }
        let mut n = 0;
        while n + 1 < Self::NUMBERS.len() {
            if !is_taken(parts, Self::NUMBERS[n]) {
                if earlier == 0 {
                    break;
                }
                earlier -= 1;
            }
            n += 1;
        }
        Pad { name: "_pad", number: Self::NUMBERS[n], colon: ": " }
    }
}

/// Whether one of `parts` is called `_pad` with `number` behind it.
const fn is_taken(mut parts: &[Part], number: &str) -> bool {
    while let [part, rest @ ..] = parts {
        parts = rest;
        if let [b'_', b'p', b'a', b'd', tail @ ..] = part.name.as_bytes() {
            let mut i = 0;
            while i < tail.len() && i < number.len() && tail[i] == number.as_bytes()[i] {
                i += 1;
            }
            if i == tail.len() && i == number.len() {
                return true;
            }
        }
    }
    false
}

/// An array holds something.
#[track_caller]
pub const fn array_fits<T, const N: usize>() {
    assert!(N > 0, "an array of length 0 cannot live in shared memory: remove the field, or give it a length");
    assert!(size_of::<T>() > 0, "an array of zero-sized items cannot live in shared memory: remove the field");
}
