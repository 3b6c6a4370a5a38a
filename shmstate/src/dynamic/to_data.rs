//! Copies a value of a state into [`Data`].

use super::data::Data;
use super::decode::Number;
use super::iter::EntryKey;
use super::locate::{generation_of, live};
use super::shape::{Fields, Form};
use super::value::{Value, ValueKind};
use crate::error::Error;

impl Value<'_> {
    /// The value in memory of its own, as it can be written to a state of this type or of another one that has room for it.
    ///
    /// ```
    /// use shmstate::dynamic::{Data, DynState};
    /// # use shmstate::{List, State};
    /// # let dir = tempfile::tempdir()?;
    /// # let name = dir.path().join("list");
    /// # State::<List<u64, 4>>::create(&name)?.transact(|list| Ok(list.extend_from_slice(&[7, 8])?))?;
    /// let list = DynState::open(&name)?;
    /// assert_eq!(list.read(|v| v.to_data())??, Data::from([7u64, 8]));
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Corrupt`](crate::ErrorKind::Corrupt) for bytes that are no value of their type.
    pub fn to_data(self) -> Result<Data, Error> {
        Ok(match self.kind() {
            ValueKind::Bool => self.as_bool()?.into(),
            ValueKind::Char => self.as_char()?.into(),
            ValueKind::Integer | ValueKind::Float | ValueKind::Key => self.number_as_data()?,
            ValueKind::NonZero => self.some()?.map_or(Ok(Data::None), Self::number_as_data)?,
            ValueKind::Text => Data::Text(self.as_text()?.into_owned()),
            ValueKind::Bytes | ValueKind::Opaque | ValueKind::Archived => Data::Bytes(self.as_bytes()?.into_owned()),
            ValueKind::TimeSpan => self.as_span()?.into(),
            ValueKind::Timestamp => self.as_timestamp()?.into(),
            ValueKind::IpAddress => self.as_ip()?.into(),
            ValueKind::SocketAddress => self.as_socket()?.into(),
            ValueKind::Uuid => self.as_uuid()?.into(),
            ValueKind::Struct => match self.field_shapes()? {
                // Something else than none, which a `Maybe` around it may be.
                fields if fields.all.is_empty() => Data::Map(Vec::new()),
                fields => self.fields_as_data(fields)?,
            },
            ValueKind::Enum => {
                let variant = self.variant_shape()?;
                Data::Variant(variant.name.clone(), Box::new(self.fields_as_data(&variant.fields)?))
            }
            ValueKind::Maybe => match self.some()? {
                Some(value) => Data::some(value.to_data()?),
                None => Data::None,
            },
            ValueKind::Sequence | ValueKind::Set => {
                Data::Sequence(self.items()?.map(Self::to_data).collect::<Result<_, _>>()?)
            }
            ValueKind::Map => {
                let entry = |entry: Result<(EntryKey<'_>, Self), Error>| match entry? {
                    (EntryKey::Value(key), value) => Ok((key.to_data()?, value.to_data()?)),
                    (EntryKey::Slab(key), value) => Ok((key.into(), value.to_data()?)),
                };
                Data::Map(self.entries()?.map(entry).collect::<Result<_, Error>>()?)
            }
            ValueKind::Slab => self.places_as_data()?,
        })
    }

    fn number_as_data(self) -> Result<Data, Error> {
        Ok(match self.number()? {
            Some(Number::Unsigned(number)) => number.into(),
            Some(Number::Signed(number)) => number.into(),
            Some(Number::Single(number)) => number.into(),
            Some(Number::Double(number)) => number.into(),
            None => return Err(self.is_no("no number")),
        })
    }

    fn fields_as_data(self, fields: &Fields) -> Result<Data, Error> {
        let values = || self.fields();
        match (fields.numbered, fields.all.len()) {
            (_, 0) => Ok(Data::None),
            (true, 1) => values()?.next().map_or(Ok(Data::None), |(_, value)| value.to_data()),
            (true, _) => values()?.map(|(_, value)| value.to_data()).collect::<Result<_, _>>().map(Data::Sequence),
            (false, _) => {
                let field = |(name, value): (&str, Self)| Ok((name.into(), value.to_data()?));
                values()?.map(field).collect::<Result<_, Error>>().map(Data::Map)
            }
        }
    }

    /// The places of a slab, of each its generation, and its value or none.
    fn places_as_data(self) -> Result<Data, Error> {
        let Form::Slab(slab) = &self.shape().form else { return Err(self.is_no("no slab")) };
        let (source, at) = (self.source, self.location.at);
        let places = live(slab.places, source, at)?.min(live(slab.values, source, at)?);
        let place = |place| {
            let generation = generation_of(slab, source, at, place)?.unwrap_or(0);
            let value = self.other(slab.values.items.item, at + slab.values.items.offset(place));
            let value = if generation % 2 == 1 { value.to_data()? } else { Data::None };
            Ok(Data::Sequence(vec![generation.into(), value]))
        };
        (0..places).map(place).collect::<Result<_, Error>>().map(Data::Sequence)
    }
}
