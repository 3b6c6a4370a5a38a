//! What a derived implementation is made of.
//!
//! A derive sees tokens, and the compiler may give them another meaning. An attribute below the derive can change the definition, a
//! macro instead of a type can expand differently each time, and `#[shared(crate = "…")]` can name any path. So the generated code
//! never repeats the type of a field, and trusts nothing that it finds by a path. It starts from [`SharedLayout::BUILDER`], a
//! constant of the trait that it implements, and calls the methods of that value. Types and offsets are those of the real fields:
//! patterns and `&raw const` yield them. The code uses a path for the trait itself, and in signatures, which the compiler compares
//! with those of the trait.
//!
//! All of this runs in every user's compiler, for every type. The cost is the number of calls, of statements in the called functions,
//! and of values that the compiler looks through; it compiles generic code anew for each type. So there is one call for each field,
//! the facts of a type are one constant, and descriptions are [`Sealed`].

use super::found::{Choices, Finder};
use super::{Argument, Field, Hooks, Kind, Layout, SharedLayout, Variant};
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

/// What the description of a type takes over from the type `F` of a field. Generated code gets it from the trait, and does
/// not name `F`: the compiler infers it from the pointer to the field.
pub struct Facts<F> {
    pub(super) layout: &'static Layout,
    pub(super) flags: Flags,
    of: PhantomData<fn(F) -> F>,
}

impl<F> Clone for Facts<F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F> Copy for Facts<F> {}

/// What holds for a type, or for one of its fields.
#[derive(Clone, Copy)]
pub(super) struct Flags(pub(super) u8);

/// A field, as the compiler has it.
#[derive(Clone, Copy)]
pub struct Part {
    /// Its name in the source.
    name: &'static str,
    field: Field,
    flags: Flags,
}

/// Makes the parts of a struct.
#[derive(Clone, Copy)]
pub struct Maker(Size);

/// What the compiler says of a type as a whole.
#[derive(Clone, Copy)]
pub(super) struct Size {
    size: usize,
    align: usize,
}

/// The fields of a struct.
pub struct Fields<const N: usize>(Sealed<FieldsOf<N>>);

#[derive(Clone, Copy)]
struct FieldsOf<const N: usize> {
    /// Of the struct.
    size: Size,
    names: [&'static str; N],
    fields: [Field; N],
    flags: Flags,
}

/// The description of plain data `F` under `#[shared(pod)]`.
pub struct Plain<F> {
    layout: Layout,
    of: PhantomData<fn(F) -> F>,
}

/// What the derive knows of a type, from which the trait's other items follow.
#[derive(Clone, Copy)]
pub struct Derived(Sealed<Description>);

/// The content of a [`Derived`].
#[derive(Clone, Copy)]
pub(super) struct Description {
    /// The type's name in the source.
    pub(super) name: &'static str,
    pub(super) layout: Layout,
    pub(super) body: Body,
    pub(super) flags: Flags,
}

/// The parts of a type.
#[derive(Clone, Copy)]
pub(super) enum Body {
    /// The implementation is written by hand, item by item.
    ByHand,
    Struct(Parts),
    Enum {
        /// The name of the integer of the discriminant.
        int: &'static str,
        /// The size of the discriminant.
        tag: usize,
        variants: &'static [Variant],
        /// The names of the variants in the source.
        names: &'static [&'static str],
        /// The fields of all variants, one variant after the other.
        parts: Parts,
    },
}

/// The fields of a struct or of a variant, and the names that they have in the source.
#[derive(Clone, Copy)]
pub(super) struct Parts {
    pub(super) names: &'static [&'static str],
    pub(super) fields: &'static [Field],
}

/// A value inside of a constant. The compiler goes through the value of each constant and everything that it refers to: for
/// a description, the whole tree of types below it. It does not look into a union.
#[derive(Clone, Copy)]
pub union Sealed<T: Copy> {
    value: T,
}

impl<T: Copy> Sealed<T> {
    pub(super) const fn new(value: T) -> Self {
        Sealed { value }
    }

    pub(super) const fn get(&self) -> &T {
        // SAFETY: `new` is the one way to make it.
        unsafe { &self.value }
    }
}

impl Flags {
    pub(super) const NONE: Flags = Flags(0);
    pub(super) const TRACKED: Flags = Flags(1);
    pub(super) const CHECKED: Flags = Flags(2);
    pub(super) const HAS_INIT: Flags = Flags(4);
    pub(super) const NEEDS_DROP: Flags = Flags(8);

    /// Whether one of `flags` holds.
    pub(super) const fn has(self, flags: Flags) -> bool {
        self.0 & flags.0 != 0
    }

    const fn given(self, holds: bool) -> u8 {
        if holds { self.0 } else { 0 }
    }
}

impl<F: SharedLayout> Facts<F> {
    /// The facts of a type that is shareable.
    pub(super) const fn of_shared() -> Facts<F> {
        let needs_drop = Flags::NEEDS_DROP.given(std::mem::needs_drop::<F>());
        let (tracked, checked) = (Flags::TRACKED.given(F::TRACKED), Flags::CHECKED.given(F::CHECKED));
        let flags = Flags(tracked | checked | Flags::HAS_INIT.given(F::HAS_INIT) | needs_drop);
        Facts { layout: F::LAYOUT, flags, of: PhantomData }
    }
}

impl<F> Plain<F> {
    /// The facts of a type that is plain data.
    #[must_use]
    pub const fn facts(&'static self) -> Facts<F> {
        Facts { layout: &self.layout, flags: Flags::NONE, of: PhantomData }
    }
}

/// Stands in for the description of a type that does not compile.
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

/// More bytes than any type has; none of them exists. The fields of a value at this address have offsets, so a constant can
/// compute the offsets without memory for the value.
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

    /// What makes the parts of a struct, and the address of a value that never exists.
    #[must_use]
    pub const fn place(self) -> (Maker, *const S) {
        (Maker(Size::of::<S>()), (&raw const NOWHERE).cast())
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

    /// A [`Finder`] for the fields of the variants with these discriminants, and uninitialised memory of the size of the enum.
    /// `names` are the names of the fields in the source.
    #[must_use]
    pub const fn finder<I: Copy, const V: usize, const N: usize>(
        self,
        tags: [I; V],
        names: [&'static str; N],
    ) -> (Finder<I, V, N>, MaybeUninit<S>) {
        (Finder::new(Size::of::<S>(), tags, names), MaybeUninit::uninit())
    }

    /// The discriminant of `value`, whose enum has no payloads.
    ///
    /// # Safety
    /// It runs in a constant, where the compiler itself checks that the bytes are initialised.
    #[must_use]
    pub const unsafe fn unit(self, value: S) -> u64 {
        // SAFETY: the caller's promise.
        let tag = unsafe { number(&raw const value) };
        std::mem::forget(value);
        tag
    }

    /// All variants of an enum without payloads, in the order of the source.
    #[must_use]
    pub const fn units<const V: usize>(self, tags: [u64; V], names: [&'static str; V]) -> Choices<V> {
        Choices::new(Size::of::<S>(), size_of::<S>(), tags, names)
    }

    /// The argument for a type parameter that the fields hold.
    #[must_use]
    pub const fn type_argument<T: SharedLayout>(self) -> Argument {
        Argument::Type(T::LAYOUT)
    }

    /// The argument for a type parameter that the fields do not hold.
    #[must_use]
    pub const fn opaque_argument(self) -> Argument {
        Argument::Opaque
    }

    /// The argument for a constant parameter.
    #[must_use]
    pub const fn const_argument(self, value: i128) -> Argument {
        Argument::Const(value)
    }
}

impl Size {
    const fn of<S>() -> Size {
        Size { size: size_of::<S>(), align: align_of::<S>() }
    }

    /// The description of the type as a whole.
    pub(super) const fn layout(self, name: &'static str, kind: Kind) -> Layout {
        let Size { size, align } = self;
        Layout { name, size, align, version: 0, arguments: &[], docs: "", hooks: Hooks::NONE, kind }
    }
}

/// A placeholder for a field.
pub(super) const NO_FIELD: Field =
    Field { name: "", offset: 0, docs: "", renamed_from: &[], local: false, layout: UNKNOWN };

impl Maker {
    /// The field at `field`, of the value at [`Builder::place`].
    ///
    /// # Safety
    /// `field` lies in that value.
    #[must_use]
    pub const unsafe fn part<F>(self, name: &'static str, facts: Facts<F>, field: *const F) -> Part {
        // SAFETY: the caller's promise.
        let offset = unsafe { offset(&raw const NOWHERE as *const u8, field as *const u8) };
        Part {
            name,
            field: Field { name, offset, docs: "", renamed_from: &[], local: false, layout: facts.layout },
            flags: facts.flags,
        }
    }

    /// All fields of a struct, in the order of the source.
    #[must_use]
    pub const fn parts<const N: usize>(self, parts: [Part; N]) -> Fields<N> {
        let (mut names, mut fields, mut flags, mut i) = ([""; N], [NO_FIELD; N], 0, 0);
        while i < N {
            let part = &parts[i];
            names[i] = part.name;
            fields[i] = part.field;
            flags |= part.flags.0;
            i += 1;
        }
        Fields(Sealed::new(FieldsOf { size: self.0, names, fields, flags: Flags(flags) }))
    }
}

impl<const N: usize> Fields<N> {
    /// The struct of that name, which has these fields.
    #[must_use]
    pub const fn structure(&'static self, name: &'static str) -> Derived {
        let FieldsOf { size, names, fields, flags } = self.0.get();
        let body = Body::Struct(Parts { names, fields });
        Derived::of(Description { name, layout: size.layout(name, Kind::Struct(fields)), body, flags: *flags })
    }
}

impl Parts {
    pub(super) const NONE: Parts = Parts { names: &[], fields: &[] };
}

/// How many bytes lie between `base` and `field`.
///
/// # Safety
/// Both lie in one value.
pub(super) const unsafe fn offset(base: *const u8, field: *const u8) -> usize {
    // SAFETY: the caller's promise.
    unsafe { field.offset_from(base) as usize }
}

/// The number that lies at `tag`.
///
/// # Safety
/// All of its bytes are initialised.
pub(super) const unsafe fn number<I>(tag: *const I) -> u64 {
    match size_of::<I>() {
        // SAFETY: as many bytes as it has, initialised by the caller's promise.
        1 => unsafe { tag.cast::<u8>().read() as u64 },
        // SAFETY: the same.
        2 => unsafe { tag.cast::<u16>().read_unaligned() as u64 },
        // SAFETY: the same.
        4 => unsafe { tag.cast::<u32>().read_unaligned() as u64 },
        // SAFETY: the same.
        8 => unsafe { tag.cast::<u64>().read_unaligned() },
        _ => changed(),
    }
}

impl Part {
    /// With the name that `#[shared(rename = "…")]` gives to the field.
    #[must_use]
    pub const fn renamed(mut self, name: &'static str) -> Part {
        self.field.name = name;
        self
    }

    /// With the names that `#[shared(renamed_from = "…")]` gives to the field.
    #[must_use]
    pub const fn renamed_from(mut self, names: &'static [&'static str]) -> Part {
        self.field.renamed_from = names;
        self
    }

    /// As a field that each machine has for itself: `#[shared(local)]`.
    #[must_use]
    pub const fn local(mut self) -> Part {
        self.field.local = true;
        self
    }

    /// With documentation.
    #[must_use]
    pub const fn docs(mut self, docs: &'static str) -> Part {
        self.field.docs = docs;
        self
    }

    /// As a field whose initial value `#[shared(init = …)]` gives.
    #[must_use]
    pub const fn given(mut self) -> Part {
        self.flags = Flags(self.flags.0 | Flags::HAS_INIT.0);
        self
    }
}

impl Derived {
    /// Nothing is derived.
    pub(super) const BY_HAND: Derived = Derived::of(Description {
        name: "",
        layout: Layout::of::<()>("", Kind::Pod),
        body: Body::ByHand,
        flags: Flags::NONE,
    });

    pub(super) const fn of(description: Description) -> Derived {
        Derived(Sealed::new(description))
    }

    /// With the name that `#[shared(rename = "…")]` gives to the type.
    #[must_use]
    pub const fn renamed(self, name: &'static str) -> Derived {
        let mut description = *self.get();
        description.layout.name = name;
        Derived::of(description)
    }

    /// With documentation.
    #[must_use]
    pub const fn docs(self, docs: &'static str) -> Derived {
        let mut description = *self.get();
        description.layout.docs = docs;
        Derived::of(description)
    }

    /// With the number of `#[shared(version = N)]`.
    #[must_use]
    pub const fn version(self, version: u32) -> Derived {
        let mut description = *self.get();
        description.layout.version = version;
        Derived::of(description)
    }

    /// With the arguments for its parameters.
    #[must_use]
    pub const fn arguments(self, arguments: &'static [Argument]) -> Derived {
        let mut description = *self.get();
        description.layout.arguments = arguments;
        Derived::of(description)
    }

    /// The description: that of [`BY_HAND`](Self::BY_HAND) if nothing is derived.
    pub(super) const fn get(&self) -> &Description {
        self.0.get()
    }

    /// The description of a derived type. An implementation that is written by hand has to give what follows from it.
    pub(super) const fn derived(&self) -> &Description {
        let description = self.get();
        assert!(
            !matches!(description.body, Body::ByHand),
            "an implementation by hand has `LAYOUT`, `TRACKED` and `CHECKED`"
        );
        description
    }
}

impl Description {
    pub(super) const fn variants(&self) -> &'static [Variant] {
        match self.body {
            Body::Enum { variants, .. } => variants,
            _ => &[],
        }
    }

    /// The fields of a struct, or of all variants of an enum.
    pub(super) const fn parts(&self) -> Parts {
        match self.body {
            Body::Struct(parts) | Body::Enum { parts, .. } => parts,
            Body::ByHand => Parts::NONE,
        }
    }

    /// Whether it is a derived struct.
    pub(super) const fn is_struct(&self) -> bool {
        matches!(self.body, Body::Struct(_))
    }

    /// The size of the discriminant; 0 for a type without one.
    pub(super) const fn tag_size(&self) -> usize {
        match self.body {
            Body::Enum { tag, .. } => tag,
            _ => 0,
        }
    }
}
