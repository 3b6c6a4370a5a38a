//! [`Value`]: a part of a state, whatever its type.

use super::decode::{Number, read_blob, read_bool, read_char, read_ip, read_key, read_number, read_socket, read_text};
use super::fault::{Within, damaged, no_value};
use super::locate::{Sequence, live};
use super::segment::Segments;
use super::shape::{Fields, Form, Location, Shape, Shapes};
use super::source::Source;
use super::step::{resolve, run};
use crate::error::Error;
use crate::layout::Scalar;
use crate::{IpAddress, SocketAddress, TimeSpan, Timestamp, Uuid};
use std::borrow::Cow;

/// What kind of part a [`Value`] is. It decides which methods return a result.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum ValueKind {
    /// [`as_bool`](Value::as_bool).
    Bool,
    /// [`as_char`](Value::as_char).
    Char,
    /// [`as_i128`](Value::as_i128), [`as_u128`](Value::as_u128), [`as_u64`](Value::as_u64), [`as_i64`](Value::as_i64).
    Integer,
    /// [`as_f64`](Value::as_f64).
    Float,
    /// An `Option<NonZero<_>>`: [`some`](Value::some), and the number.
    NonZero,
    /// [`as_text`](Value::as_text).
    Text,
    /// A `Blob`: [`as_bytes`](Value::as_bytes).
    Bytes,
    /// [`as_span`](Value::as_span).
    TimeSpan,
    /// [`as_timestamp`](Value::as_timestamp).
    Timestamp,
    /// [`as_ip`](Value::as_ip).
    IpAddress,
    /// [`as_socket`](Value::as_socket).
    SocketAddress,
    /// [`as_uuid`](Value::as_uuid).
    Uuid,
    /// A key of a slab: [`as_u64`](Value::as_u64) is what `Key::to_bits` gives.
    Key,
    /// [`fields`](Value::fields).
    Struct,
    /// [`variant`](Value::variant), and [`fields`](Value::fields) for its payload.
    Enum,
    /// A `Maybe`: [`some`](Value::some).
    Maybe,
    /// An array, a list, a ring or a queue: [`items`](Value::items).
    Sequence,
    /// A set: [`items`](Value::items).
    Set,
    /// A slab: [`entries`](Value::entries), with numbers as keys.
    Slab,
    /// [`entries`](Value::entries).
    Map,
    /// Plain bytes of a type that the schema does not describe: [`as_bytes`](Value::as_bytes).
    Opaque,
    /// An archive of the crate `rkyv`: [`as_bytes`](Value::as_bytes).
    Archived,
}

/// A part of one version of a state: the whole, a field, an item, an entry.
///
/// It is a view: nothing is read before it is asked for. Everything that reads returns a `Result`, because a process that does
/// not run the protocol may have written anything: bytes that are no value of their type are an error of the kind
/// [`Corrupt`](crate::ErrorKind::Corrupt), and lengths past a capacity count as that capacity.
///
/// ```
/// use shmstate::dynamic::DynState;
/// use shmstate::{List, SharedLayout, State, Text};
///
/// #[derive(SharedLayout)]
/// #[repr(C)]
/// struct Room { name: Text<16>, seats: u64 }
///
/// #[derive(SharedLayout)]
/// #[repr(C)]
/// struct House { rooms: List<Room, 8> }
///
/// # let dir = tempfile::tempdir()?;
/// # let name = dir.path().join("house");
/// # let house = State::<House>::create(&name)?;
/// # house.transact(|s| {
/// #     s.rooms.push(Room { name: "kitchen".parse()?, seats: 4 })?;
/// #     Ok(())
/// # })?;
/// let house = DynState::open(&name)?; // any program, without the type
/// let seats = house.read(|v| {
///     assert_eq!(v.get("rooms[0].name")?.as_text()?, "kitchen");
///     v.get("rooms[0].seats")?.as_u64()
/// })??;
/// assert_eq!(seats, 4);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy)]
pub struct Value<'a> {
    pub(super) shapes: &'a Shapes,
    pub(super) source: Source<'a>,
    pub(super) location: Location,
    /// Whether it is the key of an entry, or a value of a set, or a part of one: its place in the container follows from it.
    pub(super) key: bool,
}

impl<'a> Value<'a> {
    /// The whole state.
    #[inline]
    pub(super) fn root(shapes: &'a Shapes, source: Source<'a>) -> Self {
        Value { shapes, source, location: shapes.root_location(), key: false }
    }

    /// The value of type `shape` at `at` in the same version.
    #[inline]
    pub(super) fn other(self, shape: usize, at: usize) -> Value<'a> {
        Value { location: Location::settled(self.shapes, shape, at), ..self }
    }

    #[inline]
    pub(super) fn shape(self) -> &'a Shape {
        self.shapes.get(self.location.shape)
    }

    /// The part that a path leads to, from here on; the empty path leads to this value itself.
    ///
    /// [The chapter on the dynamic view](crate::dynamic) has the grammar.
    ///
    /// # Errors
    /// [`InvalidPath`](crate::ErrorKind::InvalidPath) with the part of the path that leads nowhere, and what is there.
    #[inline]
    pub fn get(self, path: &str) -> Result<Value<'a>, Error> {
        let (mut segments, mut location) = (Segments::of(path), self.location);
        let mut find = || {
            while let Some(segment) = segments.next()? {
                location = resolve(self.shapes, location, &segment, |step, location| {
                    run(self.shapes, self.source, &step, location)
                })?;
            }
            Ok(Value { location, ..self })
        };
        find().within(path)
    }

    /// What it is.
    #[must_use]
    pub fn kind(self) -> ValueKind {
        if self.location.variant.is_some() {
            return ValueKind::Struct;
        }
        Self::kind_of(self.shape())
    }

    /// What values of that type are.
    pub(super) fn kind_of(shape: &Shape) -> ValueKind {
        match shape.form {
            Form::Scalar(Scalar::Bool) => ValueKind::Bool,
            Form::Scalar(Scalar::Char) => ValueKind::Char,
            Form::Scalar(Scalar::F32 | Scalar::F64) => ValueKind::Float,
            Form::Scalar(_) => ValueKind::Integer,
            Form::NonZero(_) => ValueKind::NonZero,
            Form::Struct(_) | Form::Wrapper { .. } => ValueKind::Struct,
            Form::Enum { .. } => ValueKind::Enum,
            Form::Array { .. } | Form::List { .. } | Form::Ring { .. } | Form::Queue { .. } => ValueKind::Sequence,
            Form::Slab(_) => ValueKind::Slab,
            Form::Set(_) => ValueKind::Set,
            Form::Map { .. } | Form::Sorted(_) => ValueKind::Map,
            Form::Text { .. } => ValueKind::Text,
            Form::Blob { .. } => ValueKind::Bytes,
            Form::Maybe { .. } => ValueKind::Maybe,
            Form::Key => ValueKind::Key,
            Form::TimeSpan => ValueKind::TimeSpan,
            Form::Timestamp => ValueKind::Timestamp,
            Form::IpAddress(_) => ValueKind::IpAddress,
            Form::SocketAddress { .. } => ValueKind::SocketAddress,
            Form::Uuid => ValueKind::Uuid,
            Form::Opaque => ValueKind::Opaque,
            Form::Archived { .. } => ValueKind::Archived,
        }
    }

    /// The type as it would be written in Rust; of an archive, what is archived.
    #[must_use]
    pub fn type_name(self) -> &'a str {
        match &self.shape().form {
            Form::Archived { of, .. } => of,
            _ => &self.shape().name,
        }
    }

    /// The error of a value that is something else.
    #[cold]
    pub(super) fn is_no(self, what: &str) -> Error {
        no_value(format!("a value of type `{}` is {what}", self.shape().name))
    }

    /// # Errors
    /// [`InvalidValue`](crate::ErrorKind::InvalidValue) if it is no `bool`.
    pub fn as_bool(self) -> Result<bool, Error> {
        match self.shape().form {
            Form::Scalar(Scalar::Bool) => read_bool(self.source, self.location.at),
            _ => Err(self.is_no("no `bool`")),
        }
    }

    /// # Errors
    /// [`InvalidValue`](crate::ErrorKind::InvalidValue) if it is no `char`.
    pub fn as_char(self) -> Result<char, Error> {
        match self.shape().form {
            Form::Scalar(Scalar::Char) => read_char(self.source, self.location.at),
            _ => Err(self.is_no("no `char`")),
        }
    }

    /// The number, if it is one.
    #[inline]
    pub(super) fn number(self) -> Result<Option<Number>, Error> {
        match self.shape().form {
            Form::Scalar(scalar) | Form::NonZero(scalar) => read_number(scalar, self.source, self.location.at),
            Form::Key => Ok(Some(Number::Unsigned(read_key(self.source, self.location.at)?.into()))),
            _ => Ok(None),
        }
    }

    /// The integer, as another type of integer.
    #[inline(never)]
    fn integer<I: TryFrom<u128> + TryFrom<i128>>(self, name: &str) -> Result<I, Error> {
        let out_of_range = || no_value(format!("a value of type `{}` is no `{name}`", self.shape().name));
        match self.number()? {
            Some(Number::Unsigned(number)) => I::try_from(number).map_err(|_| out_of_range()),
            Some(Number::Signed(number)) => I::try_from(number).map_err(|_| out_of_range()),
            _ => Err(self.is_no("no integer")),
        }
    }

    /// An integer of any type, or the number of a key of a slab.
    ///
    /// # Errors
    /// [`InvalidValue`](crate::ErrorKind::InvalidValue) if it is none, or out of range.
    #[inline]
    pub fn as_u64(self) -> Result<u64, Error> {
        // The common case.
        if let Form::Scalar(Scalar::U64) = self.shape().form {
            return self.source.u64(self.location.at);
        }
        self.integer("u64")
    }

    /// An integer of any type.
    ///
    /// # Errors
    /// [`InvalidValue`](crate::ErrorKind::InvalidValue) if it is none, or out of range.
    #[inline]
    pub fn as_i64(self) -> Result<i64, Error> {
        self.integer("i64")
    }

    /// An integer of any type.
    ///
    /// # Errors
    /// [`InvalidValue`](crate::ErrorKind::InvalidValue) if it is none, or out of range.
    pub fn as_u128(self) -> Result<u128, Error> {
        self.integer("u128")
    }

    /// An integer of any type.
    ///
    /// # Errors
    /// [`InvalidValue`](crate::ErrorKind::InvalidValue) if it is none, or out of range.
    pub fn as_i128(self) -> Result<i128, Error> {
        self.integer("i128")
    }

    /// An `f64`, or an `f32` as one.
    ///
    /// # Errors
    /// [`InvalidValue`](crate::ErrorKind::InvalidValue) if it is neither.
    pub fn as_f64(self) -> Result<f64, Error> {
        match self.number()? {
            Some(Number::Single(number)) => Ok(number.into()),
            Some(Number::Double(number)) => Ok(number),
            _ => Err(self.is_no("no floating-point number")),
        }
    }

    /// The text, where it lies if it lies in one piece of memory.
    ///
    /// # Errors
    /// [`InvalidValue`](crate::ErrorKind::InvalidValue) if it is none; [`Corrupt`](crate::ErrorKind::Corrupt) if it is no UTF-8.
    pub fn as_text(self) -> Result<Cow<'a, str>, Error> {
        match self.shape().form {
            Form::Text { bytes } => read_text(bytes, self.source, self.location.at),
            _ => Err(self.is_no("no text")),
        }
    }

    /// The bytes of a text, a blob, an identifier, an archive, or of a type that the schema does not describe.
    ///
    /// # Errors
    /// [`InvalidValue`](crate::ErrorKind::InvalidValue) if it is something else.
    pub fn as_bytes(self) -> Result<Cow<'a, [u8]>, Error> {
        let (source, at) = (self.source, self.location.at);
        match self.shape().form {
            Form::Text { bytes } | Form::Blob { bytes } => read_blob(bytes, source, at),
            Form::Archived { bytes, .. } => source.bytes(at + bytes.items.at, live(bytes, source, at)?),
            Form::Opaque | Form::Uuid => source.bytes(at, self.shape().size),
            _ => Err(self.is_no("more than bytes")),
        }
    }

    /// # Errors
    /// [`InvalidValue`](crate::ErrorKind::InvalidValue) if it is no `TimeSpan`.
    pub fn as_span(self) -> Result<TimeSpan, Error> {
        match self.shape().form {
            Form::TimeSpan => Ok(TimeSpan::from_nanos(self.source.u64(self.location.at)?)),
            _ => Err(self.is_no("no `TimeSpan`")),
        }
    }

    /// # Errors
    /// [`InvalidValue`](crate::ErrorKind::InvalidValue) if it is no `Timestamp`.
    pub fn as_timestamp(self) -> Result<Timestamp, Error> {
        match self.shape().form {
            Form::Timestamp => Ok(Timestamp::from_unix_nanos(i64::from_ne_bytes(self.source.array(self.location.at)?))),
            _ => Err(self.is_no("no `Timestamp`")),
        }
    }

    /// # Errors
    /// [`InvalidValue`](crate::ErrorKind::InvalidValue) if it is no `IpAddress`.
    pub fn as_ip(self) -> Result<IpAddress, Error> {
        match self.shape().form {
            Form::IpAddress(ip) => read_ip(ip, self.source, self.location.at),
            _ => Err(self.is_no("no `IpAddress`")),
        }
    }

    /// # Errors
    /// [`InvalidValue`](crate::ErrorKind::InvalidValue) if it is no `SocketAddress`.
    pub fn as_socket(self) -> Result<SocketAddress, Error> {
        match &self.shape().form {
            form @ Form::SocketAddress { .. } => read_socket(form, self.source, self.location.at),
            _ => Err(self.is_no("no `SocketAddress`")),
        }
    }

    /// # Errors
    /// [`InvalidValue`](crate::ErrorKind::InvalidValue) if it is no `Uuid`.
    pub fn as_uuid(self) -> Result<Uuid, Error> {
        match self.shape().form {
            Form::Uuid => Ok(self.source.array::<16>(self.location.at)?.into()),
            _ => Err(self.is_no("no `Uuid`")),
        }
    }

    /// The value in a `Maybe`, if there is one; an `Option<NonZero<_>>` itself, unless it is `None`.
    ///
    /// # Errors
    /// [`InvalidValue`](crate::ErrorKind::InvalidValue) if it is neither.
    pub fn some(self) -> Result<Option<Value<'a>>, Error> {
        match self.shape().form {
            Form::Maybe { item, at } => {
                // As `Maybe::is_some`.
                let some = self.source.array::<1>(self.location.at)? != [0];
                Ok(some.then(|| self.other(item, self.location.at + at)))
            }
            Form::NonZero(_) => {
                let zero = matches!(self.number()?, Some(Number::Unsigned(0) | Number::Signed(0)));
                Ok((!zero).then_some(self))
            }
            _ => Err(self.is_no("no `Maybe` and no `Option`")),
        }
    }

    /// The name of an enum's variant.
    ///
    /// # Errors
    /// [`InvalidValue`](crate::ErrorKind::InvalidValue) if it is no enum; [`Corrupt`](crate::ErrorKind::Corrupt) if it has no variant.
    pub fn variant(self) -> Result<&'a str, Error> {
        Ok(&self.variant_shape()?.name)
    }

    /// The variant that an enum has.
    pub(super) fn variant_shape(self) -> Result<&'a super::shape::VariantShape, Error> {
        let Form::Enum { tag, variants } = &self.shape().form else { return Err(self.is_no("no enum")) };
        if let Some(index) = self.location.variant {
            return Ok(&variants[index]);
        }
        let value = self.source.tag(self.location.at, *tag)?;
        let found = variants.iter().find(|variant| variant.value == value);
        found.ok_or_else(|| damaged(format!("{value} is no variant of `{}`", self.shape().name)))
    }

    /// The fields of a struct, or of the payload of an enum's variant.
    pub(super) fn field_shapes(self) -> Result<&'a Fields, Error> {
        match &self.shape().form {
            Form::Struct(fields) => Ok(fields),
            Form::Enum { .. } => Ok(&self.variant_shape()?.fields),
            _ => Err(self.is_no("no struct and no enum")),
        }
    }

    /// How many items or entries there are, or bytes of a text or blob.
    ///
    /// # Errors
    /// [`InvalidValue`](crate::ErrorKind::InvalidValue) if it holds neither.
    pub fn len(self) -> Result<usize, Error> {
        let (source, at) = (self.source, self.location.at);
        if let Some(sequence) = Sequence::of(&self.shape().form, source, at)? {
            return Ok(sequence.count);
        }
        match &self.shape().form {
            Form::Text { bytes } | Form::Blob { bytes } => Ok(source.u32(at)?.min(bytes.capacity)),
            Form::Archived { bytes, .. } => live(*bytes, source, at),
            Form::Set(set) => live(set.keys, source, at),
            Form::Map { set, values } => Ok(live(set.keys, source, at)?.min(live(*values, source, at)?)),
            Form::Sorted(sorted) => sorted.counted(source, at),
            Form::Slab(slab) => Ok(source.u32(at + slab.count)?.min(slab.values.items.capacity)),
            _ => Err(self.is_no("no container")),
        }
    }

    /// Whether [`len`](Self::len) is 0.
    ///
    /// # Errors
    /// As for [`len`](Self::len).
    pub fn is_empty(self) -> Result<bool, Error> {
        Ok(self.len()? == 0)
    }

    /// How many items, entries or bytes there can be.
    ///
    /// # Errors
    /// As for [`len`](Self::len).
    pub fn capacity(self) -> Result<usize, Error> {
        self.shape().capacity().ok_or_else(|| self.is_no("no container"))
    }
}
