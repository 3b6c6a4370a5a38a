//! Finds out what the variants of an enum hold, while the program compiles. The compiler itself finds the fields, in memory that holds
//! the discriminant of each variant in turn.

use super::derived::{
    Body, Derived, Description, Facts, Flags, NO_FIELD, Parts, Sealed, Size, changed, number, offset,
};
use super::{Field, Kind, Scalar, Variant};
use std::mem::MaybeUninit;

/// Finds out what the `V` variants of an enum hold, `N` fields in all; the discriminants are of type `I`.
pub struct Finder<I, const V: usize, const N: usize> {
    size: Size,
    tags: [I; V],
    /// The names of the fields in the source.
    names: [&'static str; N],
    fields: [Field; N],
    flags: Flags,
    /// For each variant, the number of fields of it and of those before it.
    ends: [usize; V],
    /// Variants and fields that have been looked at.
    variant: usize,
    field: usize,
    /// The address of the value whose fields the compiler finds.
    base: *const u8,
}

/// The fields of all variants of an enum, one variant after the other.
pub struct Payloads<const V: usize, const N: usize>(Sealed<PayloadsOf<V, N>>);

#[derive(Clone, Copy)]
struct PayloadsOf<const V: usize, const N: usize> {
    size: Size,
    /// The size of a discriminant.
    tag: usize,
    tags: [u64; V],
    ends: [usize; V],
    names: [&'static str; N],
    fields: [Field; N],
    flags: Flags,
}

/// The variants of an enum.
pub struct Choices<const V: usize>(Sealed<ChoicesOf<V>>);

#[derive(Clone, Copy)]
struct ChoicesOf<const V: usize> {
    size: Size,
    /// The size of a discriminant.
    tag: usize,
    /// The names of the variants in the source.
    names: [&'static str; V],
    variants: [Variant; V],
    /// The fields of all variants.
    parts: Parts,
    flags: Flags,
}

impl<I: Copy, const V: usize, const N: usize> Finder<I, V, N> {
    pub(super) const fn new(size: Size, tags: [I; V], names: [&'static str; N]) -> Self {
        Finder {
            size,
            tags,
            names,
            fields: [NO_FIELD; N],
            flags: Flags::NONE,
            ends: [0; V],
            variant: 0,
            field: 0,
            base: std::ptr::null(),
        }
    }

    /// Whether there is another variant after the one at index `found`, which the `match` has reached.
    #[track_caller]
    pub const fn goes_on(&mut self, found: usize) -> bool {
        if self.variant > 0 {
            if found + 1 != self.variant {
                changed();
            }
            self.ends[found] = self.field;
        }
        self.variant < V
    }

    /// Writes the discriminant of the next variant where the `repr` in the source puts it, and returns the memory as an enum, for
    /// a `match` in a constant. There, the compiler itself checks that it is the discriminant of a variant.
    ///
    /// # Safety
    /// It runs in a constant. The caller uses nothing of the result but the discriminant and the addresses of the fields, and does
    /// not use it after the next call.
    #[must_use]
    #[track_caller]
    pub const unsafe fn look<'a, S>(&mut self, memory: &mut MaybeUninit<S>) -> &'a S {
        if size_of::<I>() > size_of::<S>() || align_of::<I>() > align_of::<S>() {
            changed();
        }
        let memory = &raw mut *memory as *mut S;
        // SAFETY: in memory of that size or a larger one, and of that alignment.
        unsafe { *(memory as *mut I) = self.tags[self.variant] }
        self.base = memory as *const u8;
        self.variant += 1;
        // SAFETY: the caller's promise.
        unsafe { &*memory }
    }

    /// The next field, at `field`.
    ///
    /// # Safety
    /// It lies in what [`look`](Self::look) returned last.
    pub const unsafe fn part<F>(&mut self, facts: Facts<F>, field: *const F) {
        let i = self.field;
        // SAFETY: the caller's promise.
        let offset = unsafe { offset(self.base, field as *const u8) };
        self.fields[i] =
            Field { name: self.names[i], offset, docs: "", renamed_from: &[], local: false, layout: facts.layout };
        self.flags = Flags(self.flags.0 | facts.flags.0);
        self.field = i + 1;
    }

    /// Gives the last field the name of its `#[shared(rename = "…")]`.
    pub const fn renamed(&mut self, name: &'static str) {
        self.fields[self.field - 1].name = name;
    }

    /// Gives the last field the names of its `#[shared(renamed_from = "…")]`.
    pub const fn renamed_from(&mut self, names: &'static [&'static str]) {
        self.fields[self.field - 1].renamed_from = names;
    }

    /// Gives the last field its documentation.
    pub const fn docs(&mut self, docs: &'static str) {
        self.fields[self.field - 1].docs = docs;
    }

    /// All that was found.
    #[must_use]
    pub const fn finish(&mut self) -> Payloads<V, N> {
        let (mut tags, mut i) = ([0; V], 0);
        while i < V {
            // SAFETY: `I` is one of the integers that a discriminant can be of: all of its bytes are initialised.
            tags[i] = unsafe { number(&raw const self.tags[i]) };
            i += 1;
        }
        let Finder { size, names, fields, flags, ends, .. } = *self;
        Payloads(Sealed::new(PayloadsOf { size, tag: size_of::<I>(), tags, ends, names, fields, flags }))
    }
}

impl<const V: usize, const N: usize> Payloads<V, N> {
    /// All variants, in the order of the source; `names` are their names there.
    #[must_use]
    pub const fn choices(&'static self, names: [&'static str; V]) -> Choices<V> {
        let PayloadsOf { size, tag, tags, ends, names: names_of_fields, fields, flags } = self.0.get();
        let mut choices = ChoicesOf::new(*size, *tag, tags, names);
        choices.parts = Parts { names: names_of_fields, fields };
        choices.flags = *flags;
        let (mut start, mut i) = (0, 0);
        while i < V {
            let end = ends[i];
            if start < end {
                let fields = std::ptr::slice_from_raw_parts(&raw const fields[start], end - start);
                // SAFETY: fields from `start` up to `end`, which is at most the number of all: so many were put there.
                choices.variants[i].fields = unsafe { &*fields };
            }
            start = end;
            i += 1;
        }
        Choices(Sealed::new(choices))
    }
}

impl<const V: usize> Choices<V> {
    /// Variants without fields.
    pub(super) const fn new(size: Size, tag: usize, tags: [u64; V], names: [&'static str; V]) -> Self {
        Choices(Sealed::new(ChoicesOf::new(size, tag, &tags, names)))
    }

    /// With the name that `#[shared(rename = "…")]` gives to the variant of that index.
    #[must_use]
    pub const fn renamed(self, index: usize, name: &'static str) -> Self {
        let mut choices = *self.0.get();
        choices.variants[index].name = name;
        Choices(Sealed::new(choices))
    }

    /// With the names that `#[shared(renamed_from = "…")]` gives to the variant of that index.
    #[must_use]
    pub const fn renamed_from(self, index: usize, names: &'static [&'static str]) -> Self {
        let mut choices = *self.0.get();
        choices.variants[index].renamed_from = names;
        Choices(Sealed::new(choices))
    }

    /// With documentation of the variant of that index.
    #[must_use]
    pub const fn docs(self, index: usize, docs: &'static str) -> Self {
        let mut choices = *self.0.get();
        choices.variants[index].docs = docs;
        Choices(Sealed::new(choices))
    }

    /// The enum of that name, which has these variants, and whose discriminant is an `int`.
    #[must_use]
    #[track_caller]
    pub const fn enumeration(&'static self, name: &'static str, int: &'static str) -> Derived {
        let ChoicesOf { size, tag, names, variants, parts, flags } = self.0.get();
        let repr = match int.as_bytes() {
            b"u8" => Scalar::U8,
            b"u16" => Scalar::U16,
            b"u32" => Scalar::U32,
            _ => Scalar::U64,
        };
        if *tag != repr.size() {
            changed();
        }
        let layout = size.layout(name, Kind::Enum { repr, variants });
        let body = Body::Enum { int, tag: *tag, variants, names, parts: *parts };
        // A new state has the variant of value 0, which has no fields.
        let flags = Flags(flags.0 & !Flags::HAS_INIT.0 | Flags::CHECKED.0);
        Derived::of(Description { name, layout, body, flags })
    }
}

impl<const V: usize> ChoicesOf<V> {
    const fn new(size: Size, tag: usize, tags: &[u64; V], names: [&'static str; V]) -> Self {
        let (mut variants, mut i) = ([Variant { name: "", value: 0, docs: "", renamed_from: &[], fields: &[] }; V], 0);
        while i < V {
            variants[i] = Variant { name: names[i], value: tags[i], docs: "", renamed_from: &[], fields: &[] };
            i += 1;
        }
        ChoicesOf { size, tag, names, variants, parts: Parts::NONE, flags: Flags::NONE }
    }
}
