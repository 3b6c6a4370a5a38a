//! What a derived implementation is made of.
//!
//! A derive sees tokens; the compiler may give them another meaning: an attribute below the derive changes the definition, a
//! macro in the place of a type expands differently each time, and `#[shared(crate = "…")]` leads where the user likes. So
//! the generated code never repeats the type of a field, and takes nothing on trust that it finds by a path. It begins at
//! [`SharedLayout::BUILDER`], which it reaches by the trait that it implements, and goes on with the methods of that value;
//! types and offsets are those of the real fields, which patterns and `&raw const` of the real type yield. A path serves
//! for the trait itself, and in signatures, which the compiler compares with those of the trait.

use super::{Argument, Field, Kind, Layout, Scalar, SharedLayout, Variant};
use std::marker::PhantomData;
use std::mem::MaybeUninit;

/// Makes the parts of a [`Derived`] for `S`.
pub struct Builder<S>(PhantomData<fn() -> S>);

impl<S> Clone for Builder<S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for Builder<S> {}

/// A field, as the compiler has it.
#[derive(Clone, Copy)]
pub struct Part {
    /// Its name in the source.
    pub(super) name: &'static str,
    pub(super) field: Field,
    pub(super) tracked: bool,
    pub(super) checked: bool,
    pub(super) has_init: bool,
    pub(super) needs_drop: bool,
}

/// The fields of a struct or of a variant.
pub struct Parts<const N: usize> {
    parts: [Part; N],
    fields: [Field; N],
}

/// The fields of a variant, and its discriminant.
pub struct Payload<const N: usize> {
    parts: Parts<N>,
    tag: Tag,
}

/// A discriminant.
#[derive(Clone, Copy)]
struct Tag {
    value: u64,
    size: usize,
}

/// A variant, as the compiler has it.
#[derive(Clone, Copy)]
pub struct Choice {
    /// Its name in the source.
    pub(super) name: &'static str,
    pub(super) variant: Variant,
    pub(super) parts: &'static [Part],
    tag: Tag,
}

/// The variants of an enum.
pub struct Choices<const N: usize> {
    choices: [Choice; N],
    variants: [Variant; N],
}

/// The description of plain data `F` under `#[shared(pod)]`.
pub struct Plain<F> {
    layout: Layout,
    of: PhantomData<fn() -> F>,
}

/// What the derive knows of `S`, from which the trait's other items follow.
pub struct Derived<S> {
    /// The type's name in the source.
    pub(super) name: &'static str,
    pub(super) layout: Layout,
    pub(super) body: Body,
    pub(super) tracked: bool,
    pub(super) checked: bool,
    pub(super) has_init: bool,
    pub(super) fields_need_drop: bool,
    of: PhantomData<fn() -> S>,
}

/// The parts of a type.
#[derive(Clone, Copy)]
pub(super) enum Body {
    /// The implementation is written by hand, item by item.
    ByHand,
    Struct(&'static [Part]),
    Enum {
        /// The name of the integer of the discriminant.
        int: &'static str,
        /// The size of the discriminant.
        tag: usize,
        choices: &'static [Choice],
    },
}

/// Stands for the description of a type that does not compile.
pub const UNKNOWN: &Layout = <u8 as SharedLayout>::LAYOUT;

/// What `#[shared(pod)]` asks of the field's type: [`bytemuck::Pod`], and that threads may share it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not plain data, as `#[shared(pod)]` promises",
    label = "`{Self}` is not `bytemuck::Pod + Send + Sync`",
    note = "`bytemuck::Pod` says that every byte pattern is a value; derive or implement it for `{Self}`",
    note = "a type that is `SharedLayout` itself needs no `#[shared(pod)]`: remove the attribute"
)]
pub trait PlainField: bytemuck::Pod + Send + Sync {}

#[diagnostic::do_not_recommend]
impl<T: bytemuck::Pod + Send + Sync> PlainField for T {}

/// More bytes than any type has, of which none exists: fields of a value that lies there have offsets, and a constant can
/// work them out without memory for the value.
#[repr(C, align(4096))]
struct Nowhere([u8; if usize::BITS == 64 { 1 << 46 } else { 1 << 30 }]);

unsafe extern "C" {
    /// Nothing defines it. Its address is used in constants alone, and nothing there is ever read or written.
    static NOWHERE: Nowhere;
}

#[cold]
#[track_caller]
pub(super) const fn changed() -> ! {
    panic!(
        "the type is another one than `#[derive(SharedLayout)]` has seen: something below the derive has changed it; move the \
         derive below the attribute that does"
    )
}

impl<S> Builder<S> {
    pub(super) const NEW: Builder<S> = Builder(PhantomData);

    /// A place for a value that is never there.
    #[must_use]
    pub const fn place(self) -> *const S {
        (&raw const NOWHERE).cast()
    }

    /// The field at `field` of the value at `base`.
    ///
    /// # Safety
    /// `field` lies in the value at `base`. Neither needs to have content.
    #[must_use]
    pub const unsafe fn part<F: SharedLayout>(
        self,
        base: *const S,
        name: &'static str,
        docs: &'static str,
        field: *const F,
    ) -> Part {
        // SAFETY: the caller's promise.
        let offset = unsafe { offset(base, field) };
        Part {
            name,
            field: Field { name, offset, docs, layout: F::LAYOUT },
            tracked: F::TRACKED,
            checked: F::CHECKED,
            has_init: F::HAS_INIT,
            needs_drop: std::mem::needs_drop::<F>(),
        }
    }

    /// The same for a field of plain data.
    ///
    /// # Safety
    /// The same.
    #[must_use]
    pub const unsafe fn plain<F>(
        self,
        base: *const S,
        name: &'static str,
        docs: &'static str,
        plain: &'static Plain<F>,
        field: *const F,
    ) -> Part {
        // SAFETY: the caller's promise.
        let offset = unsafe { offset(base, field) };
        Part {
            name,
            field: Field { name, offset, docs, layout: &plain.layout },
            tracked: false,
            checked: false,
            has_init: false,
            needs_drop: false,
        }
    }

    /// Plain data that goes by the name `name`.
    #[must_use]
    pub const fn data<F: PlainField>(self, name: &'static str) -> Plain<F> {
        Plain { layout: Layout::of::<F>(name, Kind::Pod), of: PhantomData }
    }

    /// An array of plain data.
    #[must_use]
    pub const fn array<F, const N: usize>(self, item: &'static Plain<F>) -> Plain<[F; N]> {
        let kind = Kind::Array { item: &item.layout, len: N };
        Plain { layout: Layout::of::<[F; N]>("array", kind), of: PhantomData }
    }

    /// All fields of a struct or of a variant, in the order of the source.
    #[must_use]
    pub const fn parts<const N: usize>(self, parts: [Part; N]) -> Parts<N> {
        let mut fields = [Field { name: "", offset: 0, docs: "", layout: <u8 as SharedLayout>::LAYOUT }; N];
        let mut i = 0;
        while i < N {
            fields[i] = parts[i].field;
            i += 1;
        }
        Parts { parts, fields }
    }

    /// Memory of the size of an enum, without content.
    #[must_use]
    pub const fn memory(self) -> MaybeUninit<S> {
        MaybeUninit::uninit()
    }

    /// Puts the discriminant `tag` where the `repr` in the source says that it lies, and gives what is there then, for a
    /// `match` in a constant: there the compiler itself looks whether the discriminant is one.
    ///
    /// # Safety
    /// It runs in a constant; of the result nothing is looked at but the discriminant, and the addresses of the fields.
    #[must_use]
    #[track_caller]
    pub const unsafe fn look<I: Copy>(self, memory: &mut MaybeUninit<S>, tag: I) -> &S {
        if size_of::<I>() > size_of::<S>() {
            changed();
        }
        // SAFETY: in memory of that size or a larger one.
        unsafe { memory.as_mut_ptr().cast::<I>().write_unaligned(tag) }
        // SAFETY: the caller's promise.
        unsafe { &*memory.as_ptr() }
    }

    /// The match has led to another variant than that of the discriminant.
    #[track_caller]
    pub const fn is_another_variant(self) -> ! {
        changed()
    }

    /// The payload of the variant of discriminant `tag`, at the place of the `match` that has found it.
    #[must_use]
    pub const fn payload<I: Copy, const N: usize>(self, tag: I, parts: [Part; N]) -> Payload<N> {
        // SAFETY: `I` is one of the integers that a discriminant can be of: all of its bytes are initialised.
        Payload { parts: self.parts(parts), tag: unsafe { Tag::of(&tag) } }
    }

    /// A variant, and its payload.
    #[must_use]
    pub const fn choice<const N: usize>(
        self,
        name: &'static str,
        docs: &'static str,
        payload: &'static Payload<N>,
    ) -> Choice {
        let Payload { parts, tag } = payload;
        let variant = Variant { name, value: tag.value, docs, fields: &parts.fields };
        Choice { name, variant, parts: &parts.parts, tag: *tag }
    }

    /// A variant of an enum without payloads, of which `value` is the value.
    ///
    /// # Safety
    /// It runs in a constant: the compiler itself looks whether the bytes are initialised.
    #[must_use]
    pub const unsafe fn unit(self, name: &'static str, docs: &'static str, value: S) -> Choice {
        // SAFETY: the caller's promise.
        let tag = unsafe { Tag::of(&value) };
        std::mem::forget(value);
        Choice { name, variant: Variant { name, value: tag.value, docs, fields: &[] }, parts: &[], tag }
    }

    /// All variants, in the order of the source.
    #[must_use]
    pub const fn choices<const N: usize>(self, choices: [Choice; N]) -> Choices<N> {
        let mut variants = [Variant { name: "", value: 0, docs: "", fields: &[] }; N];
        let mut i = 0;
        while i < N {
            variants[i] = choices[i].variant;
            i += 1;
        }
        Choices { choices, variants }
    }

    /// What the type was given for a parameter that its fields hold.
    #[must_use]
    pub const fn type_argument<T: SharedLayout>(self) -> Argument {
        Argument::Type(T::LAYOUT)
    }

    /// What the type was given for a parameter that its fields do not hold.
    #[must_use]
    pub const fn opaque_argument(self) -> Argument {
        Argument::Opaque
    }

    /// What the type was given for a constant.
    #[must_use]
    pub const fn const_argument(self, value: i128) -> Argument {
        Argument::Const(value)
    }

    /// A struct.
    #[must_use]
    pub const fn structure<const N: usize>(
        self,
        name: &'static str,
        docs: &'static str,
        arguments: &'static [Argument],
        parts: &'static Parts<N>,
    ) -> Derived<S> {
        let layout = Layout { arguments, docs, ..Layout::of::<S>(name, Kind::Struct(&parts.fields)) };
        Derived::of(name, layout, Body::Struct(&parts.parts)).with(&parts.parts)
    }

    /// An enum whose discriminant is an `int`.
    #[must_use]
    #[track_caller]
    pub const fn enumeration<const N: usize>(
        self,
        name: &'static str,
        docs: &'static str,
        arguments: &'static [Argument],
        int: &'static str,
        choices: &'static Choices<N>,
    ) -> Derived<S> {
        let repr = match int.as_bytes() {
            b"u8" => Scalar::U8,
            b"u16" => Scalar::U16,
            b"u32" => Scalar::U32,
            _ => Scalar::U64,
        };
        let kind = Kind::Enum { repr, variants: &choices.variants };
        let layout = Layout { arguments, docs, ..Layout::of::<S>(name, kind) };
        let body = Body::Enum { int, tag: repr.size(), choices: &choices.choices };
        let mut derived = Derived::of(name, layout, body);
        derived.checked = true;
        let mut i = 0;
        while i < N {
            if choices.choices[i].tag.size != repr.size() {
                changed();
            }
            derived = derived.with(choices.choices[i].parts);
            i += 1;
        }
        // A new state has the variant of value 0, which has no fields.
        derived.has_init = false;
        derived
    }
}

/// How many bytes lie between `base` and `field`.
///
/// # Safety
/// Both lie in one value.
const unsafe fn offset<S, F>(base: *const S, field: *const F) -> usize {
    // SAFETY: the caller's promise.
    unsafe { field.cast::<u8>().offset_from_unsigned(base.cast::<u8>()) }
}

impl Tag {
    /// The number that lies in `value`.
    ///
    /// # Safety
    /// All bytes of `value` are initialised.
    const unsafe fn of<I>(value: &I) -> Tag {
        let value: *const I = value;
        let number = match size_of::<I>() {
            // SAFETY: as many bytes as `value` has, initialised by the caller's promise.
            1 => unsafe { value.cast::<u8>().read() as u64 },
            // SAFETY: the same.
            2 => unsafe { value.cast::<u16>().read_unaligned() as u64 },
            // SAFETY: the same.
            4 => unsafe { value.cast::<u32>().read_unaligned() as u64 },
            // SAFETY: the same.
            8 => unsafe { value.cast::<u64>().read_unaligned() },
            _ => changed(),
        };
        Tag { value: number, size: size_of::<I>() }
    }
}

impl Part {
    /// With the name that `#[shared(rename = "…")]` gives to the field.
    #[must_use]
    pub const fn renamed(mut self, name: &'static str) -> Part {
        self.field.name = name;
        self
    }

    /// With a value of its own at the start, which `#[shared(init = …)]` gives to the field.
    #[must_use]
    pub const fn given(mut self) -> Part {
        self.has_init = true;
        self
    }
}

impl Choice {
    /// With the name that `#[shared(rename = "…")]` gives to the variant.
    #[must_use]
    pub const fn renamed(mut self, name: &'static str) -> Choice {
        self.variant.name = name;
        self
    }
}

impl<S> Derived<S> {
    /// Nothing is derived.
    pub(super) const BY_HAND: Derived<S> = Derived::of("", Layout::of::<S>("", Kind::Pod), Body::ByHand);

    const fn of(name: &'static str, layout: Layout, body: Body) -> Derived<S> {
        let (tracked, checked, has_init, fields_need_drop) = (false, false, false, false);
        Derived { name, layout, body, tracked, checked, has_init, fields_need_drop, of: PhantomData }
    }

    /// The same with `parts`.
    const fn with(mut self, parts: &[Part]) -> Derived<S> {
        let mut i = 0;
        while i < parts.len() {
            self.tracked |= parts[i].tracked;
            self.checked |= parts[i].checked;
            self.has_init |= parts[i].has_init;
            self.fields_need_drop |= parts[i].needs_drop;
            i += 1;
        }
        self
    }

    /// With the name that `#[shared(rename = "…")]` gives to the type.
    #[must_use]
    pub const fn renamed(mut self, name: &'static str) -> Derived<S> {
        self.layout.name = name;
        self
    }

    /// With the number of `#[shared(version = N)]`.
    #[must_use]
    pub const fn version(mut self, version: u32) -> Derived<S> {
        self.layout.version = version;
        self
    }

    /// What an implementation that is written by hand has to give itself.
    pub(super) const fn derived(self) -> Derived<S> {
        assert!(!matches!(self.body, Body::ByHand), "an implementation by hand has `LAYOUT`, `TRACKED` and `CHECKED`");
        self
    }

    pub(super) const fn choices(&self) -> &'static [Choice] {
        match self.body {
            Body::Enum { choices, .. } => choices,
            _ => &[],
        }
    }

    /// The size of the discriminant; 0 for what has none.
    pub(super) const fn tag_size(&self) -> usize {
        match self.body {
            Body::Enum { tag, .. } => tag,
            _ => 0,
        }
    }
}
