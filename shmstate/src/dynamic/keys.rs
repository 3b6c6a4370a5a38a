//! Keys of maps and sets: what they are hashed and ordered by.
//!
//! Where an entry lies follows from the `Hash` or the `Ord` of its key in the program that has the type. These are known for the
//! types of the library and of std. For a program's own struct or enum, it is known what `#[derive(Hash, PartialEq, Eq, PartialOrd,
//! Ord)]` makes of it. The present entries tell whether the program has used that derive.

use super::data::Data;
use super::decode::{read_ip, read_socket};
use super::fault::{damaged, no_path};
use super::segment::Segment;
use super::shape::{Fields, Form, Shape, Shapes};
use super::source::Source;
use crate::error::Error;
use crate::layout::Scalar;
use crate::slab::ParseKeyError;
use crate::{IpAddress, Key as SlabKey, SocketAddress, Uuid};
use siphasher::sip::SipHasher13;
use std::borrow::Cow;
use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

/// A key, by what it is hashed and ordered by.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Key<'a> {
    U8(u8),
    U16(u16),
    U32(u32),
    U64(u64),
    U128(u128),
    I8(i8),
    I16(i16),
    I32(i32),
    I64(i64),
    I128(i128),
    Bool(bool),
    Char(char),
    Text(Cow<'a, str>),
    Blob(Cow<'a, [u8]>),
    Ip(IpAddress),
    Socket(SocketAddress),
    Uuid(Uuid),
    Slab(SlabKey<()>),
    /// `None` of an `Option<NonZero<_>>`.
    None,
    /// Its number.
    Some(Box<Key<'a>>),
    /// The fields of a struct.
    Fields(Vec<Key<'a>>),
    /// The items of an array.
    Items(Vec<Key<'a>>),
    /// A variant, by its number; and its fields.
    Variant(Tag, Vec<Key<'a>>),
}

/// The discriminant of an enum.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Tag {
    value: u64,
    /// Its bytes; none if there is no other variant, because a derived `Hash` leaves it out then.
    size: usize,
}

/// Does the same with what each key holds that is one value.
macro_rules! each {
    ($key:expr, $inner:ident => $what:expr, $($rest:tt)*) => {
        match $key {
            Key::U8($inner) => $what,
            Key::U16($inner) => $what,
            Key::U32($inner) => $what,
            Key::U64($inner) => $what,
            Key::U128($inner) => $what,
            Key::I8($inner) => $what,
            Key::I16($inner) => $what,
            Key::I32($inner) => $what,
            Key::I64($inner) => $what,
            Key::I128($inner) => $what,
            Key::Bool($inner) => $what,
            Key::Char($inner) => $what,
            Key::Text($inner) => $what,
            Key::Blob($inner) => $what,
            Key::Ip($inner) => $what,
            Key::Socket($inner) => $what,
            Key::Uuid($inner) => $what,
            Key::Slab($inner) => $what,
            $($rest)*
        }
    };
}

/// Whether it is known how keys of this type are hashed and ordered, whatever the program does.
pub(super) fn is_known(shape: &Shape) -> bool {
    match shape.form {
        Form::Scalar(scalar) => !matches!(scalar, Scalar::F32 | Scalar::F64),
        Form::Text { .. }
        | Form::Blob { .. }
        | Form::Key
        | Form::TimeSpan
        | Form::Timestamp
        | Form::IpAddress(_)
        | Form::SocketAddress { .. }
        | Form::Uuid => true,
        _ => false,
    }
}

/// Whether it is known what a derived `Hash` and `Ord` make of keys of type `ty`.
pub(super) fn is_derivable(shapes: &Shapes, ty: usize) -> bool {
    let fields = |fields: &Fields| fields.all.iter().all(|field| is_derivable(shapes, field.shape));
    let shape = shapes.get(shapes.settle(ty, 0).0);
    match &shape.form {
        Form::NonZero(_) => true,
        Form::Struct(all) => fields(all),
        Form::Enum { variants, .. } => variants.iter().all(|variant| fields(&variant.fields)),
        Form::Array { items } => is_derivable(shapes, items.item),
        _ => is_known(shape),
    }
}

/// The error where [`is_derivable`] says no.
#[cold]
pub(super) fn unknown(shape: &Shape) -> Error {
    let why = "are hashed and ordered by code of the program that has the type: go over the entries, and change them in that \
               program; known here are integers, `bool`, `char`, the library's texts and plain types, and structs, enums and \
               arrays of these";
    unsupported(shape, why)
}

/// The error where entries lie elsewhere than a derived implementation puts them.
#[cold]
pub(super) fn not_derived(shape: &Shape) -> Error {
    let why = "are hashed or ordered otherwise than `#[derive(Hash, PartialOrd, Ord)]` does it, as the entries show: insert \
               this one in the program that has the type";
    unsupported(shape, why)
}

fn unsupported(shape: &Shape, why: &str) -> Error {
    super::fault::fault(crate::ErrorKind::Unsupported, format!("keys of type `{}` {why}", shape.name))
}

impl<'a> Key<'a> {
    /// The key of type `ty` at `at`.
    ///
    /// # Errors
    /// Bytes that are no key of the type; a type that is not known.
    pub(super) fn read(shapes: &Shapes, ty: usize, source: Source<'a>, at: usize) -> Result<Key<'a>, Error> {
        let (ty, at) = shapes.settle(ty, at);
        let shape = shapes.get(ty);
        let fields = |fields: &Fields| -> Result<Vec<Key<'a>>, Error> {
            fields.all.iter().map(|field| Key::read(shapes, field.shape, source, at + field.at)).collect()
        };
        Ok(match &shape.form {
            Form::Scalar(Scalar::Bool) => Key::Bool(super::decode::read_bool(source, at)?),
            Form::Scalar(Scalar::Char) => Key::Char(super::decode::read_char(source, at)?),
            Form::Scalar(scalar) => read_integer(*scalar, source, at)?.ok_or_else(|| unknown(shape))?,
            Form::Text { bytes } => Key::Text(super::decode::read_text(*bytes, source, at)?),
            Form::Blob { bytes } => Key::Blob(super::decode::read_blob(*bytes, source, at)?),
            Form::TimeSpan => Key::U64(source.u64(at)?),
            Form::Timestamp => Key::I64(i64::from_ne_bytes(source.array(at)?)),
            Form::IpAddress(ip) => Key::Ip(read_ip(*ip, source, at)?),
            Form::SocketAddress { .. } => Key::Socket(read_socket(&shape.form, source, at)?),
            Form::Uuid => Key::Uuid(Uuid::from(source.array::<16>(at)?)),
            Form::Key => Key::Slab(SlabKey::from_bits(super::decode::read_key(source, at)?)),
            Form::NonZero(scalar) => {
                let number = read_integer(*scalar, source, at)?.ok_or_else(|| unknown(shape))?;
                if number.is_zero() { Key::None } else { Key::Some(Box::new(number)) }
            }
            Form::Struct(all) => Key::Fields(fields(all)?),
            Form::Array { items } => {
                let item = |index| Key::read(shapes, items.item, source, at + items.offset(index));
                Key::Items((0..items.capacity).map(item).collect::<Result<_, _>>()?)
            }
            Form::Enum { tag, variants } => {
                let value = source.tag(at, *tag)?;
                let found = variants.iter().find(|variant| variant.value == value);
                let variant = found.ok_or_else(|| damaged(format!("{value} is no variant of `{}`", shape.name)))?;
                let size = if variants.len() == 1 { 0 } else { *tag };
                Key::Variant(Tag { value, size }, fields(&variant.fields)?)
            }
            _ => return Err(unknown(shape)),
        })
    }

    /// The key that a part of a path stands for.
    ///
    /// # Errors
    /// A text that is no key of the type; a type that is not known.
    pub(super) fn parse(shape: &Shape, segment: &Segment<'_>) -> Result<Key<'static>, Error> {
        let text = segment.text();
        let wrong = || no_path(format!("`{text}` is no key of type `{}`", shape.name));
        /// What is read from a text as std reads it.
        fn std<T: std::str::FromStr>(text: &str) -> Option<T> {
            text.parse().ok()
        }
        let key = match shape.form {
            Form::Scalar(scalar) => match scalar {
                Scalar::U8 => std(text).map(Key::U8),
                Scalar::U16 => std(text).map(Key::U16),
                Scalar::U32 => std(text).map(Key::U32),
                Scalar::U64 => std(text).map(Key::U64),
                Scalar::U128 => std(text).map(Key::U128),
                Scalar::I8 => std(text).map(Key::I8),
                Scalar::I16 => std(text).map(Key::I16),
                Scalar::I32 => std(text).map(Key::I32),
                Scalar::I64 => std(text).map(Key::I64),
                Scalar::I128 => std(text).map(Key::I128),
                Scalar::Bool => std(text).map(Key::Bool),
                Scalar::Char => std(text).map(Key::Char),
                Scalar::F32 | Scalar::F64 => return Err(unknown(shape)),
            },
            Form::Text { .. } => Some(Key::Text(Cow::Owned(text.to_owned()))),
            Form::Blob { .. } => hex(text).map(|bytes| Key::Blob(Cow::Owned(bytes))),
            Form::TimeSpan => std(text).map(Key::U64),
            Form::Timestamp => std(text).map(Key::I64),
            Form::IpAddress(_) => std(text).map(Key::Ip),
            Form::SocketAddress { .. } => std(text).map(Key::Socket),
            Form::Uuid => std(text).map(Key::Uuid),
            Form::Key => slab_key(text).ok().map(Key::Slab),
            _ => return Err(unknown(shape)),
        };
        key.ok_or_else(wrong)
    }

    /// The tag of a key in the table of a set with that seed: the upper half of its hash.
    pub(super) fn tag(&self, seed: [u64; 2]) -> u32 {
        let mut hasher = SipHasher13::new_with_keys(seed[0], seed[1]);
        self.feed(&mut hasher);
        (hasher.finish() >> 32) as u32
    }

    /// Feeds a hasher as the type does, or as its derived `Hash` does.
    fn feed(&self, hasher: &mut SipHasher13) {
        let all = |keys: &[Key<'_>], hasher: &mut SipHasher13| keys.iter().for_each(|key| key.feed(hasher));
        each!(self, inner => inner.hash(hasher),
            Key::None => 0isize.hash(hasher),
            Key::Some(number) => {
                1isize.hash(hasher);
                number.feed(hasher);
            }
            Key::Fields(fields) => all(fields, hasher),
            Key::Items(items) => {
                items.len().hash(hasher);
                all(items, hasher);
            }
            Key::Variant(tag, fields) => {
                // Little-endian machines only, as a region says.
                hasher.write(&tag.value.to_le_bytes()[..tag.size]);
                all(fields, hasher);
            }
        );
    }

    fn is_zero(&self) -> bool {
        match self {
            Key::U8(n) => *n == 0,
            Key::U16(n) => *n == 0,
            Key::U32(n) => *n == 0,
            Key::U64(n) => *n == 0,
            Key::U128(n) => *n == 0,
            Key::I8(n) => *n == 0,
            Key::I16(n) => *n == 0,
            Key::I32(n) => *n == 0,
            Key::I64(n) => *n == 0,
            Key::I128(n) => *n == 0,
            _ => false,
        }
    }

    /// A key that a text stands for, as a new value.
    pub(super) fn data(&self) -> Data {
        match self {
            Key::U8(n) => (*n).into(),
            Key::U16(n) => (*n).into(),
            Key::U32(n) => (*n).into(),
            Key::U64(n) => (*n).into(),
            Key::U128(n) => (*n).into(),
            Key::I8(n) => (*n).into(),
            Key::I16(n) => (*n).into(),
            Key::I32(n) => (*n).into(),
            Key::I64(n) => (*n).into(),
            Key::I128(n) => (*n).into(),
            Key::Bool(on) => (*on).into(),
            Key::Char(letter) => (*letter).into(),
            Key::Text(text) => (&**text).into(),
            Key::Blob(bytes) => Data::Bytes(bytes.to_vec()),
            Key::Ip(ip) => (*ip).into(),
            Key::Socket(address) => (*address).into(),
            Key::Uuid(uuid) => (*uuid).into(),
            Key::Slab(key) => (*key).into(),
            Key::None | Key::Some(_) | Key::Fields(_) | Key::Items(_) | Key::Variant(..) => Data::None,
        }
    }

    /// The same, apart from the region.
    pub(super) fn into_owned(self) -> Key<'static> {
        let all = |keys: Vec<Key<'_>>| keys.into_iter().map(Key::into_owned).collect();
        match self {
            Key::U8(n) => Key::U8(n),
            Key::U16(n) => Key::U16(n),
            Key::U32(n) => Key::U32(n),
            Key::U64(n) => Key::U64(n),
            Key::U128(n) => Key::U128(n),
            Key::I8(n) => Key::I8(n),
            Key::I16(n) => Key::I16(n),
            Key::I32(n) => Key::I32(n),
            Key::I64(n) => Key::I64(n),
            Key::I128(n) => Key::I128(n),
            Key::Bool(on) => Key::Bool(on),
            Key::Char(letter) => Key::Char(letter),
            Key::Text(text) => Key::Text(Cow::Owned(text.into_owned())),
            Key::Blob(bytes) => Key::Blob(Cow::Owned(bytes.into_owned())),
            Key::Ip(ip) => Key::Ip(ip),
            Key::Socket(address) => Key::Socket(address),
            Key::Uuid(uuid) => Key::Uuid(uuid),
            Key::Slab(key) => Key::Slab(key),
            Key::None => Key::None,
            Key::Some(number) => Key::Some(Box::new(number.into_owned())),
            Key::Fields(fields) => Key::Fields(all(fields)),
            Key::Items(items) => Key::Items(all(items)),
            Key::Variant(tag, fields) => Key::Variant(tag, all(fields)),
        }
    }

    /// The order of two keys of one type.
    pub(super) fn order(&self, other: &Key<'_>) -> Ordering {
        self.cmp(other)
    }
}

/// An integer; nothing of any other type.
fn read_integer<'a>(scalar: Scalar, source: Source<'a>, at: usize) -> Result<Option<Key<'a>>, Error> {
    Ok(Some(match scalar {
        Scalar::U8 => Key::U8(u8::from_ne_bytes(source.array(at)?)),
        Scalar::U16 => Key::U16(u16::from_ne_bytes(source.array(at)?)),
        Scalar::U32 => Key::U32(u32::from_ne_bytes(source.array(at)?)),
        Scalar::U64 => Key::U64(u64::from_ne_bytes(source.array(at)?)),
        Scalar::U128 => Key::U128(u128::from_ne_bytes(source.array(at)?)),
        Scalar::I8 => Key::I8(i8::from_ne_bytes(source.array(at)?)),
        Scalar::I16 => Key::I16(i16::from_ne_bytes(source.array(at)?)),
        Scalar::I32 => Key::I32(i32::from_ne_bytes(source.array(at)?)),
        Scalar::I64 => Key::I64(i64::from_ne_bytes(source.array(at)?)),
        Scalar::I128 => Key::I128(i128::from_ne_bytes(source.array(at)?)),
        Scalar::Bool | Scalar::Char | Scalar::F32 | Scalar::F64 => return Ok(None),
    }))
}

/// The key of a slab that a text stands for: as it is printed, `3v1`; or its number, as JSON has it where it is the key of a map.
pub(super) fn slab_key(text: &str) -> Result<SlabKey<()>, ParseKeyError> {
    text.parse().or_else(|e| text.parse().map(SlabKey::from_bits).map_err(|_| e))
}

/// The bytes that pairs of hexadecimal digits stand for.
fn hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    digits.chunks_exact(2).map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
}
