//! Proofs that run while the user's program compiles: what they refuse does not build, and the message has the numbers.

use super::derived::{Body, Builder, Description, Flags, Parts, Sealed, changed};
use super::{Field, Kind, Layout, SharedLayout, Variant};
use const_panic::concat_panic;

/// Panics with the parts, each as `Display` shows it.
macro_rules! refuse {
    ($($part:expr),* $(,)?) => { concat_panic!($(display: $part),*) };
}

/// What a derived type has to fulfil. The derive calls each proof in a constant of its own, with the culprit's span, so
/// that the compiler points at the field and reports all culprits at once; those of a generic type stand in its `PROOFS`.
impl<S: SharedLayout> Builder<S> {
    /// The only use of `PROVED`: if it does not evaluate, the compiler reports that once.
    const fn proved() -> &'static Proved {
        S::PROVED.get()
    }

    /// Field `index` lies right after the one before it.
    #[track_caller]
    pub const fn follows(self, index: usize) {
        Self::proved().follows(index);
    }

    /// The struct ends where its last field ends.
    #[track_caller]
    pub const fn finish(self) {
        Self::proved().finish();
    }

    /// `#[shared(offset = N)]` on field `index`.
    #[track_caller]
    pub const fn pinned_offset(self, index: usize, pinned: usize) {
        Self::proved().pinned_offset(index, pinned);
    }

    /// Field `index`, which is plain data, has bytes.
    #[track_caller]
    pub const fn holds_bytes(self, index: usize) {
        Self::proved().holds_bytes(index);
    }

    /// Field `index` of a variant, which is plain data, has bytes.
    #[track_caller]
    pub const fn holds_bytes_in(self, variant: usize, index: usize) {
        Self::proved().holds_bytes_in(variant, index);
    }

    /// `#[shared(size = N)]`.
    #[track_caller]
    pub const fn pinned_size(self, pinned: usize) {
        Self::proved().pinned_size(pinned);
    }

    /// `#[shared(align = N)]`.
    #[track_caller]
    pub const fn pinned_align(self, pinned: usize) {
        Self::proved().pinned_align(pinned);
    }

    /// No drop glue of the type's own. That of a field is the field's fault, which its bound reports.
    #[track_caller]
    pub const fn no_drop(self) {
        Self::proved().no_drop();
    }

    /// A variant has the value 0. Without one, no zeroed bytes are a value of the enum.
    #[track_caller]
    pub const fn has_zero(self) {
        Self::proved().has_zero();
    }

    /// A variant with fields has a value other than 0.
    #[track_caller]
    pub const fn is_not_zero(self, variant: usize) {
        Self::proved().is_not_zero(variant);
    }

    /// The payloads of an enum with `#[repr(C)]`, which start at one offset, start right after the discriminant.
    #[track_caller]
    pub const fn payload_follows(self) {
        Self::proved().payload_follows();
    }

    /// The first field of a variant lies right after the discriminant.
    #[track_caller]
    pub const fn follows_tag(self, variant: usize) {
        Self::proved().follows_tag(variant);
    }

    /// Field `index` of a variant lies right after the one before it.
    #[track_caller]
    pub const fn follows_in(self, variant: usize, index: usize) {
        Self::proved().follows_in(variant, index);
    }

    /// `#[shared(offset = N)]` on field `index` of a variant.
    #[track_caller]
    pub const fn pinned_offset_in(self, variant: usize, index: usize, pinned: usize) {
        Self::proved().pinned_offset_in(variant, index, pinned);
    }
}

/// What is proved of a type.
///
/// The compiler reads a whole function before it evaluates the first step, so each proof leaves its message to a function of
/// its own. It reads a generic function anew for every type, so these are not generic.
#[derive(Clone, Copy)]
pub struct Proved {
    description: Description,
    size: usize,
    align: usize,
    needs_drop: bool,
}

impl Proved {
    pub(super) const fn of<S: SharedLayout>() -> Sealed<Proved> {
        Sealed::new(Proved {
            description: *S::DERIVED.get(),
            size: size_of::<S>(),
            align: align_of::<S>(),
            needs_drop: std::mem::needs_drop::<S>(),
        })
    }

    const fn name(&self) -> &'static str {
        self.description.name
    }

    /// The fields of a struct, or of all variants of an enum.
    const fn parts(&self) -> Parts {
        self.description.parts()
    }

    /// The name of the integer of the discriminant.
    const fn int(&self) -> &'static str {
        match self.description.body {
            Body::Enum { int, .. } => int,
            _ => "",
        }
    }

    const fn variants(&self) -> &'static [Variant] {
        self.description.variants()
    }

    /// Variant `index`, and the names of its fields and its own.
    const fn choice(&self, index: usize) -> (Parts, Whole) {
        let Body::Enum { names, variants, parts, .. } = self.description.body else { changed() };
        let (mut start, mut i) = (0, 0);
        while i < index {
            start += variants[i].fields.len();
            i += 1;
        }
        let (fields, names_of_fields) = (variants[index].fields, parts.names.split_at(start).1);
        (Parts { names: names_of_fields, fields }, self.whole(names[index]))
    }

    const fn tag_size(&self) -> usize {
        self.description.tag_size()
    }

    /// The struct, or one of the variants.
    const fn whole(&self, variant: &'static str) -> Whole {
        Whole { name: self.name(), variant }
    }

    #[track_caller]
    const fn follows(&self, index: usize) {
        let Body::Struct(parts) = &self.description.body else { return };
        let (before, field) = (&parts.fields[index - 1], &parts.fields[index]);
        if field.offset != before.offset + before.layout.size {
            gap_between(self.whole(""), *parts, index);
        }
    }

    #[track_caller]
    const fn finish(&self) {
        let (parts, size) = (self.parts(), self.size);
        if !parts.fields.is_empty() && size != parts.end(parts.fields.len() - 1) {
            gap_at_the_end(self.name(), parts, size);
        }
    }

    #[track_caller]
    const fn pinned_offset(&self, index: usize, pinned: usize) {
        pinned_offset(self.whole(""), self.parts(), index, pinned);
    }

    #[track_caller]
    const fn holds_bytes(&self, index: usize) {
        holds_bytes(self.parts().fields[index].layout);
    }

    #[track_caller]
    const fn holds_bytes_in(&self, variant: usize, index: usize) {
        holds_bytes(self.variants()[variant].fields[index].layout);
    }

    #[track_caller]
    const fn pinned_size(&self, pinned: usize) {
        if pinned != self.size {
            drifted(self.name(), "size", pinned, self.size);
        }
    }

    #[track_caller]
    const fn pinned_align(&self, pinned: usize) {
        if pinned != self.align {
            drifted(self.name(), "alignment", pinned, self.align);
        }
    }

    #[track_caller]
    const fn no_drop(&self) {
        let Proved { needs_drop, description, .. } = self;
        if *needs_drop && !description.flags.has(Flags::NEEDS_DROP) {
            has_drop_glue(self.name());
        }
    }

    #[track_caller]
    const fn has_zero(&self) {
        let mut variants = self.variants();
        while let [first, rest @ ..] = variants {
            if first.value == 0 {
                return;
            }
            variants = rest;
        }
        has_no_zero(self.name());
    }

    #[track_caller]
    const fn is_not_zero(&self, variant: usize) {
        if self.variants()[variant].value == 0 {
            is_zero(self.choice(variant).1);
        }
    }

    #[track_caller]
    const fn payload_follows(&self) {
        let (mut variants, tag) = (self.variants(), self.tag_size());
        while let [first, rest @ ..] = variants {
            variants = rest;
            if let [field, ..] = first.fields
                && field.offset != tag
            {
                gap_before_payloads(self.name(), self.int(), tag, field.offset);
            }
        }
    }

    #[track_caller]
    const fn follows_tag(&self, variant: usize) {
        let tag = self.tag_size();
        if let [field, ..] = self.variants()[variant].fields
            && field.offset != tag
        {
            let (parts, whole) = self.choice(variant);
            gap_before(whole, self.int(), tag, parts);
        }
    }

    #[track_caller]
    const fn follows_in(&self, variant: usize, index: usize) {
        let Body::Enum { variants, .. } = &self.description.body else { return };
        let fields = variants[variant].fields;
        let (before, field) = (&fields[index - 1], &fields[index]);
        if field.offset != before.offset + before.layout.size {
            let (parts, whole) = self.choice(variant);
            gap_between(whole, parts, index);
        }
    }

    #[track_caller]
    const fn pinned_offset_in(&self, variant: usize, index: usize, pinned: usize) {
        let (parts, whole) = self.choice(variant);
        pinned_offset(whole, parts, index, pinned);
    }
}

impl Parts {
    /// Where field `index` ends.
    const fn end(self, index: usize) -> usize {
        let field: &Field = &self.fields[index];
        field.offset + field.layout.size
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

#[cold]
#[track_caller]
const fn gap_between(whole: Whole, parts: Parts, index: usize) -> ! {
    let (end, offset) = (parts.end(index - 1), parts.fields[index].offset);
    if offset < end {
        changed();
    }
    let Pad { name, number, colon } = Pad::after(parts, index);
    refuse! {
        "padding in `", whole.name, whole.colons(), whole.variant, "`: ", offset - end, unused(offset - end),
        " between `", parts.names[index - 1], "` (ends at ", end, ") and `", parts.names[index], "` (starts at ", offset,
        "), which would be uninitialised memory; insert `", name, number, colon, "[u8; ", offset - end,
        "]` between them, or put the fields of larger alignment first"
    }
}

#[cold]
#[track_caller]
const fn gap_at_the_end(whole: &'static str, parts: Parts, size: usize) -> ! {
    let last = parts.fields.len() - 1;
    let end = parts.end(last);
    if size < end {
        changed();
    }
    let Pad { name, number, colon } = Pad::after(parts, parts.fields.len());
    refuse! {
        "padding in `", whole, "`: ", size - end, unused(size - end), " after its last field `", parts.names[last],
        "` (ends at ", end, ", the struct at ", size, "), which would be uninitialised memory; append `", name, number,
        colon, "[u8; ", size - end, "]`"
    }
}

#[cold]
#[track_caller]
const fn gap_before_payloads(whole: &'static str, int: &'static str, tag: usize, start: usize) -> ! {
    if start < tag {
        changed();
    }
    let way_out = match start {
        2 => "write `#[repr(C, u16)]`",
        4 => "write `#[repr(C, u32)]`",
        8 => "write `#[repr(C, u64)]`",
        _ => "remove the `C`, and begin each variant with a `_pad` field that fills the gap",
    };
    refuse! {
        "padding in `", whole, "`: ", start - tag, unused(start - tag), " between the discriminant (`", int,
        "`, ends at ", tag, ") and the fields of the variants (start at ", start,
        "), which would be uninitialised memory; ", way_out
    }
}

#[cold]
#[track_caller]
const fn gap_before(whole: Whole, int: &'static str, tag: usize, parts: Parts) -> ! {
    let offset = parts.fields[0].offset;
    if offset < tag {
        changed();
    }
    let Pad { name, number, colon } = Pad::after(parts, 0);
    refuse! {
        "padding in `", whole.name, "::", whole.variant, "`: ", offset - tag, unused(offset - tag),
        " between the discriminant (`", int, "`, ends at ", tag, ") and `", parts.names[0], "` (starts at ", offset,
        "), which would be uninitialised memory; insert `", name, number, colon, "[u8; ", offset - tag,
        "]` before it, put a field of smaller alignment first, or give the discriminant the size of the alignment, \
         as in `#[repr(u64)]`"
    }
}

#[cold]
#[track_caller]
const fn has_drop_glue(whole: &'static str) -> ! {
    refuse! {
        "`", whole,
        "` has drop glue: a value in shared memory is copied as bytes and never dropped; remove the ",
        "`Drop` implementation, or keep what it guards outside the state"
    }
}

#[cold]
#[track_caller]
const fn has_no_zero(whole: &'static str) -> ! {
    refuse! {
        "`", whole,
        "` has no variant of value 0: a new state starts as zeroes, which must be a value; give one variant `= 0`"
    }
}

#[cold]
#[track_caller]
const fn is_zero(whole: Whole) -> ! {
    refuse! {
        "`", whole.name, "::", whole.variant,
        "` is the variant of value 0, with which a new state starts, and has fields: let one without fields come \
         first, such as `Empty`"
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
const fn pinned_offset(whole: Whole, parts: Parts, index: usize, pinned: usize) {
    let (part, actual) = (parts.names[index], parts.fields[index].offset);
    if pinned != actual {
        refuse! {
            "the layout of `", whole.name, whole.colons(), whole.variant, "` has drifted: `", part,
            "` is pinned to offset ", pinned, " but lies at offset ", actual,
            "; undo the change before it, or change the pin if the new layout is meant"
        }
    }
}

#[cold]
#[track_caller]
const fn drifted(name: &str, what: &str, pinned: usize, actual: usize) -> ! {
    refuse! {
        "the layout of `", name, "` has drifted: its ", what, " is pinned to ", pinned, " but is ",
        actual, "; undo the change, or change the pin if the new layout is meant"
    }
}

/// How a message names this many bytes.
const fn unused(bytes: usize) -> &'static str {
    if bytes == 1 { " unused byte" } else { " unused bytes" }
}

/// The beginning of a field that fills a gap: `_pad: `, `_pad2: ` and so on, or nothing if fields have no names.
struct Pad {
    name: &'static str,
    number: &'static str,
    colon: &'static str,
}

impl Pad {
    /// The first field has no number.
    const NUMBERS: [&'static str; 16] =
        ["", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16"];

    /// The field for the gap after the first `index` of `parts`. None of them has its name, and no earlier gap is proposed
    /// that name.
    const fn after(parts: Parts, index: usize) -> Pad {
        if parts.names[0].as_bytes()[0].is_ascii_digit() {
            return Pad { name: "", number: "", colon: "" };
        }
        let (mut earlier, mut i) = (0, 1);
        while i < index {
            if parts.fields[i].offset > parts.end(i - 1) {
                earlier += 1;
            }
            i += 1;
        }
        let mut n = 0;
        while n + 1 < Self::NUMBERS.len() {
            if !is_taken(parts.names, Self::NUMBERS[n]) {
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

/// Whether one of the `names` is `_pad` with `number` after it.
const fn is_taken(mut names: &[&'static str], number: &str) -> bool {
    while let [name, rest @ ..] = names {
        names = rest;
        if let [b'_', b'p', b'a', b'd', tail @ ..] = name.as_bytes() {
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

/// An array has items, and its items have bytes.
#[track_caller]
pub const fn array_fits<T, const N: usize>() {
    assert!(N > 0, "an array of length 0 cannot live in shared memory: remove the field, or give it a length");
    assert!(size_of::<T>() > 0, "an array of zero-sized items cannot live in shared memory: remove the field");
}
