//! The constant description of a type: names, kinds, offsets, sizes, capacities.

use super::hooks::Hooks;

/// What a type looks like in memory.
///
/// ```
/// use shmstate::{Kind, SharedLayout};
///
/// #[derive(SharedLayout)]
/// #[repr(C)]
/// struct Point { x: f64, y: f64 }
///
/// let layout = Point::LAYOUT;
/// assert_eq!((layout.name, layout.size, layout.align), ("Point", 16, 8));
/// let Kind::Struct(fields) = layout.kind else { unreachable!() };
/// assert_eq!((fields[1].name, fields[1].offset), ("y", 8));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Layout {
    /// The type's name, without path and arguments; the arguments are in `kind` or in `arguments`.
    pub name: &'static str,
    /// Bytes.
    pub size: usize,
    /// Bytes.
    pub align: usize,
    /// The number that `#[shared(version = N)]` gives to the type; 0 without one.
    pub version: u32,
    /// The arguments of a generic struct or enum of the program, and of an `Archived`, without lifetimes.
    pub arguments: &'static [Argument],
    /// Its documentation; no part of the fingerprint.
    pub docs: &'static str,
    /// The type's own code, which a migration calls; no part of the fingerprint.
    pub(crate) hooks: Hooks,
    /// What it is made of.
    pub kind: Kind,
}

impl Layout {
    /// The description of a `T` that the library itself brings.
    pub(crate) const fn of<T>(name: &'static str, kind: Kind) -> Layout {
        Layout {
            name,
            size: size_of::<T>(),
            align: align_of::<T>(),
            version: 0,
            arguments: &[],
            docs: "",
            hooks: Hooks::NONE,
            kind,
        }
    }
}

/// What stands for a parameter of a generic type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Argument {
    /// A type that the fields hold.
    Type(&'static Layout),
    /// A constant: a number, or the number of a `bool` or `char`.
    Const(i128),
    /// A type that the fields do not hold, or not as `SharedLayout`: nothing is known about it.
    Opaque,
}

/// What a type is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// A number, `bool` or `char`.
    Scalar(Scalar),
    /// The fields in the order of their offsets.
    Struct(&'static [Field]),
    /// An enum.
    #[non_exhaustive]
    Enum {
        /// The integer that holds the discriminant, at offset 0.
        repr: Scalar,
        /// All variants.
        variants: &'static [Variant],
    },
    /// `[T; N]`.
    #[non_exhaustive]
    Array {
        /// `T`.
        item: &'static Layout,
        /// `N`.
        len: usize,
    },
    /// [`List<T, N>`](crate::List).
    #[non_exhaustive]
    List {
        /// `T`.
        item: &'static Layout,
        /// `N`.
        capacity: usize,
        /// Byte offset of the first item; the length is a `u32` at offset 0.
        items: usize,
    },
    /// [`Text<N>`](crate::Text).
    #[non_exhaustive]
    Text {
        /// `N`, in bytes.
        capacity: usize,
        /// Byte offset of the first byte of text; the length is a `u32` at offset 0.
        bytes: usize,
    },
    /// Plain bytes of a foreign type.
    Pod,
    /// What is archived in an [`Archived<A, N>`](crate::Archived), as its first argument: the size and the alignment are
    /// those of the archive's root.
    #[non_exhaustive]
    Archive {
        /// `A`.
        of: TypeName,
        /// How the program's build of the crate `rkyv` lays archives out.
        form: ArchiveForm,
    },
}

/// The name of a type. A constant cannot hold the name itself, but it can hold this.
#[derive(Clone, Copy)]
pub struct TypeName(fn() -> &'static str);

impl TypeName {
    /// The name of `A`.
    #[cfg(any(test, feature = "archived"))]
    pub(crate) const fn of<A>() -> TypeName {
        TypeName(std::any::type_name::<A>)
    }

    /// The name without the modules that the types are in: `Vec<String>`.
    ///
    /// ```
    /// use shmstate::{Archived, Argument, Kind, SharedLayout};
    ///
    /// let Argument::Type(root) = Archived::<Vec<String>, 64>::LAYOUT.arguments[0] else { unreachable!() };
    /// let Kind::Archive { of, .. } = root.kind else { unreachable!() };
    /// assert_eq!(of.short(), "Vec<String>");
    /// ```
    #[must_use]
    pub fn short(self) -> String {
        let (mut short, mut word, mut rest) = (String::new(), 0, (self.0)());
        while let Some(c) = rest.chars().next() {
            if let Some(inner) = rest.strip_prefix("::") {
                short.truncate(word);
                rest = inner;
                continue;
            }
            short.push(c);
            if !c.is_alphanumeric() && c != '_' {
                word = short.len();
            }
            rest = &rest[c.len_utf8()..];
        }
        short
    }
}

impl PartialEq for TypeName {
    fn eq(&self, other: &Self) -> bool {
        (self.0)() == (other.0)()
    }
}

impl Eq for TypeName {}

impl std::fmt::Debug for TypeName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.short())
    }
}

/// How a build of the crate `rkyv` lays archives out: its format features. A crate that turns one on does so for the whole
/// program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ArchiveForm {
    /// The feature `big_endian`.
    pub big_endian: bool,
    /// Bits of a relative pointer and of a length: 32 without the features `pointer_width_16` and `pointer_width_64`.
    pub pointer_width: u8,
    /// The feature `unaligned`.
    pub unaligned: bool,
}

/// A field of a struct, or of a variant of an enum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Field {
    /// Its name, or what `#[shared(rename = "…")]` says; the index of a field that has none.
    pub name: &'static str,
    /// Bytes from the start of the struct or enum.
    pub offset: usize,
    /// Its documentation; no part of the fingerprint.
    pub docs: &'static str,
    /// The names that it had in earlier layouts, as `#[shared(renamed_from = "…")]` says; no part of the fingerprint.
    pub renamed_from: &'static [&'static str],
    /// Whether each of several machines that share the state has its own value, as `#[shared(local)]` says; no part of the
    /// fingerprint.
    pub local: bool,
    /// The field's own description.
    pub layout: &'static Layout,
}

/// A variant of an enum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Variant {
    /// Its name, or what `#[shared(rename = "…")]` says.
    pub name: &'static str,
    /// Its discriminant.
    pub value: u64,
    /// Its documentation; no part of the fingerprint.
    pub docs: &'static str,
    /// The names that it had in earlier layouts, as `#[shared(renamed_from = "…")]` says; no part of the fingerprint.
    pub renamed_from: &'static [&'static str],
    /// Its payload, in the order of the offsets.
    pub fields: &'static [Field],
}

macro_rules! scalars {
    ($($variant:ident: $name:literal, $bytes:literal;)*) => {
        /// The types that are one number.
        #[allow(missing_docs, reason = "each variant is the type of the same name")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Scalar { $($variant,)* }

        impl Scalar {
            /// The name in Rust: `"u8"`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Scalar::$variant => $name,)* }
            }

            /// Size in bytes.
            #[must_use]
            pub const fn size(self) -> usize {
                match self { $(Scalar::$variant => $bytes,)* }
            }

            /// Whether this type, an unsigned integer, can hold `number`.
            pub(crate) fn holds(self, number: u64) -> bool {
                number.checked_shr(self.size() as u32 * 8).unwrap_or(0) == 0
            }

            /// The scalar of that name.
            pub(crate) fn from_name(name: &str) -> Option<Scalar> {
                match name { $($name => Some(Scalar::$variant),)* _ => None }
            }
        }
    };
}

scalars! {
    U8: "u8", 1; U16: "u16", 2; U32: "u32", 4; U64: "u64", 8; U128: "u128", 16;
    I8: "i8", 1; I16: "i16", 2; I32: "i32", 4; I64: "i64", 8; I128: "i128", 16;
    F32: "f32", 4; F64: "f64", 8; Bool: "bool", 1; Char: "char", 4;
}
