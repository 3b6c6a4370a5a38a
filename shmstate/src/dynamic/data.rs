//! New values, whatever their type.

use crate::{IpAddress, Key, SocketAddress, TimeSpan, Timestamp, Uuid};

/// A new value for a part of a state: what [`Edit`](super::Edit) takes.
///
/// It has to be a value of the part's type: an integer in range, a text that fits, all fields of a struct. Most are made by
/// `into()`.
///
/// ```
/// use shmstate::dynamic::Data;
///
/// let number: Data = 5u64.into();
/// let text: Data = "kitchen".into();
/// let list: Data = vec![1u8, 2].into();
/// let room = Data::fields([("name", text), ("seats", number)]);
/// let job = Data::variant("Run", Data::fields([("pid", 7u32)]));
/// assert_eq!(Data::from(None::<u8>), Data::None);
/// # let _ = (list, room, job);
/// ```
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum Data {
    /// `None` of a `Maybe` or of an `Option<NonZero<_>>`.
    None,
    /// A `Maybe` whose value is none: `Some(None)` of a `Maybe<Maybe<_>>`. Any other value of a `Maybe` stands for itself.
    Some(Box<Data>),
    /// A `bool`.
    Bool(bool),
    /// A `char`.
    Char(char),
    /// An integer.
    Unsigned(u128),
    /// An integer.
    Signed(i128),
    /// An `f64` or `f32`.
    Float(f64),
    /// A text; also a variant without a payload, and what is written as a text: a `char`, an address, an identifier, a key.
    Text(String),
    /// The bytes of a `Blob`, or of a type that the schema does not describe.
    Bytes(Vec<u8>),
    /// An address.
    Ip(IpAddress),
    /// The address of a socket.
    Socket(SocketAddress),
    /// An identifier.
    Uuid(Uuid),
    /// The items of a sequence or a set, or the fields of a struct without names.
    Sequence(Vec<Data>),
    /// The entries of a map, or the fields of a struct by their names.
    Map(Vec<(Data, Data)>),
    /// A variant of an enum, with its payload: [`None`](Data::None) without one.
    Variant(String, Box<Data>),
}

impl Data {
    /// A struct, by the names of its fields.
    pub fn fields<'a, D: Into<Data>>(fields: impl IntoIterator<Item = (&'a str, D)>) -> Data {
        Data::Map(fields.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }

    /// A map.
    pub fn entries<K: Into<Data>, V: Into<Data>>(entries: impl IntoIterator<Item = (K, V)>) -> Data {
        Data::Map(entries.into_iter().map(|(key, value)| (key.into(), value.into())).collect())
    }

    /// The items of a sequence or a set.
    pub fn items<D: Into<Data>>(items: impl IntoIterator<Item = D>) -> Data {
        Data::Sequence(items.into_iter().map(Into::into).collect())
    }

    /// A variant of an enum.
    pub fn variant(name: &str, payload: impl Into<Data>) -> Data {
        Data::Variant(name.to_owned(), Box::new(payload.into()))
    }

    /// A `Maybe` with that value.
    pub(super) fn some(value: Data) -> Data {
        match value {
            Data::None | Data::Some(_) => Data::Some(Box::new(value)),
            value => value,
        }
    }

    /// What it is, for messages.
    pub(super) fn what(&self) -> &'static str {
        match self {
            Data::None => "none (`null`)",
            Data::Some(_) => "a `Maybe` whose value is none",
            Data::Bool(_) => "a `bool`",
            Data::Char(_) => "a `char`",
            Data::Unsigned(_) | Data::Signed(_) => "an integer",
            Data::Float(_) => "a floating-point number",
            Data::Text(_) => "a text",
            Data::Bytes(_) => "bytes",
            Data::Ip(_) | Data::Socket(_) => "an address",
            Data::Uuid(_) => "a `Uuid`",
            Data::Sequence(_) => "a sequence",
            Data::Map(_) => "a map",
            Data::Variant(..) => "a variant",
        }
    }
}

macro_rules! numbers {
    ($($ty:ty as $Variant:ident($wide:ty);)*) => {$(
        impl From<$ty> for Data {
            fn from(number: $ty) -> Data {
                Data::$Variant(<$wide>::from(number))
            }
        }
    )*};
}

numbers! {
    u8 as Unsigned(u128);
    u16 as Unsigned(u128);
    u32 as Unsigned(u128);
    u64 as Unsigned(u128);
    u128 as Unsigned(u128);
    i8 as Signed(i128);
    i16 as Signed(i128);
    i32 as Signed(i128);
    i64 as Signed(i128);
    i128 as Signed(i128);
    f32 as Float(f64);
    f64 as Float(f64);
    bool as Bool(bool);
    char as Char(char);
    &str as Text(String);
    String as Text(String);
    IpAddress as Ip(IpAddress);
    SocketAddress as Socket(SocketAddress);
    Uuid as Uuid(Uuid);
}

/// As its nanoseconds.
impl From<TimeSpan> for Data {
    fn from(span: TimeSpan) -> Data {
        Data::Unsigned(span.as_nanos().into())
    }
}

/// As its nanoseconds since 1970.
impl From<Timestamp> for Data {
    fn from(time: Timestamp) -> Data {
        Data::Signed(time.as_unix_nanos().into())
    }
}

/// As its number.
impl<T> From<Key<T>> for Data {
    fn from(key: Key<T>) -> Data {
        Data::Unsigned(key.to_bits().into())
    }
}

impl<D: Into<Data>> From<Option<D>> for Data {
    fn from(option: Option<D>) -> Data {
        option.map_or(Data::None, |value| Data::some(value.into()))
    }
}

impl<D: Into<Data>> From<Vec<D>> for Data {
    fn from(items: Vec<D>) -> Data {
        Data::items(items)
    }
}

impl<D: Into<Data>, const N: usize> From<[D; N]> for Data {
    fn from(items: [D; N]) -> Data {
        Data::items(items)
    }
}
