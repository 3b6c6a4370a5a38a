//! A value for the crate `serde`: as the type itself is written with the feature `serde`, and a derived `Serialize` of a
//! program's own struct or enum.

use super::decode::Number;
use super::fault::{invalid, no_value};
use super::find::shape_of_keys;
use super::iter::EntryKey;
use super::keys::is_known;
use super::locate::{generation_of, live};
use super::shape::{Fields, Form};
use super::validate::validate;
use super::value::{Value, ValueKind};
use crate::error::Error;
use serde::ser::{Error as _, Serialize, SerializeMap, SerializeSeq, SerializeTuple, Serializer};
use std::fmt;

/// The error of a read, as one of the serializer.
fn reported<T, E: serde::ser::Error>(read: Result<T, Error>) -> Result<T, E> {
    read.map_err(E::custom)
}

impl Value<'_> {
    /// The value as JSON, without white space.
    ///
    /// [The chapter on the dynamic view](crate::dynamic) says how each type is written. `serde_json::to_writer` and
    /// `serde_json::to_string_pretty` take a value as well.
    ///
    /// # Errors
    /// [`Corrupt`](crate::ErrorKind::Corrupt) for bytes that are no value of their type.
    pub fn to_json(self) -> Result<String, Error> {
        serde_json::to_string(&self).map_err(|e| self.unwritten(&e))
    }

    /// Why it was not written. The serializer keeps the text of an error alone, and not where it is.
    #[cold]
    fn unwritten(self, error: &serde_json::Error) -> Error {
        match validate(self.shapes, self.location.shape, self.source, self.location.at) {
            Err(why) => invalid(&why),
            Ok(()) => no_value(error.to_string()),
        }
    }

    fn fields_as<S: Serializer>(self, fields: &Fields, serializer: S) -> Result<S::Ok, S::Error> {
        let values = || reported::<_, S::Error>(self.fields());
        if !fields.numbered {
            let mut map = serializer.serialize_map(Some(fields.all.len()))?;
            for (name, value) in values()? {
                map.serialize_entry(name, &value)?;
            }
            return map.end();
        }
        if fields.all.len() == 1
            && let Some((_, value)) = values()?.next()
        {
            return value.serialize(serializer);
        }
        let mut tuple = serializer.serialize_tuple(fields.all.len())?;
        for (_, value) in values()? {
            tuple.serialize_element(&value)?;
        }
        tuple.end()
    }

    fn number_as<S: Serializer>(self, serializer: S) -> Result<S::Ok, S::Error> {
        match reported(self.number())? {
            Some(Number::Unsigned(n)) => match u64::try_from(n) {
                Ok(n) => serializer.serialize_u64(n),
                Err(_) => serializer.serialize_u128(n),
            },
            Some(Number::Signed(n)) => match i64::try_from(n) {
                Ok(n) => serializer.serialize_i64(n),
                Err(_) => serializer.serialize_i128(n),
            },
            Some(Number::Single(n)) => serializer.serialize_f32(n),
            Some(Number::Double(n)) => serializer.serialize_f64(n),
            None => Err(S::Error::custom("it is no number")),
        }
    }

    /// The places of a slab: of each its generation, and its value or none.
    fn places_as<S: Serializer>(self, serializer: S) -> Result<S::Ok, S::Error> {
        let Form::Slab(slab) = &self.shape().form else { return Err(S::Error::custom("it is no slab")) };
        let (source, at) = (self.source, self.location.at);
        let places =
            reported::<_, S::Error>(live(slab.places, source, at))?.min(reported(live(slab.values, source, at))?);
        let mut seq = serializer.serialize_seq(Some(places))?;
        for place in 0..places {
            let generation = reported::<_, S::Error>(generation_of(slab, source, at, place))?.unwrap_or(0);
            let value = self.other(slab.values.items.item, at + slab.values.items.offset(place));
            seq.serialize_element(&(generation, (generation % 2 == 1).then_some(value)))?;
        }
        seq.end()
    }
}

/// As the type itself is written.
impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let value = *self;
        match value.kind() {
            ValueKind::Bool => serializer.serialize_bool(reported(value.as_bool())?),
            ValueKind::Char => serializer.serialize_char(reported(value.as_char())?),
            ValueKind::Integer | ValueKind::Float | ValueKind::Key => value.number_as(serializer),
            ValueKind::NonZero => match reported(value.some())? {
                Some(value) => value.number_as(serializer),
                None => serializer.serialize_none(),
            },
            ValueKind::Text => serializer.serialize_str(&reported(value.as_text())?),
            ValueKind::Bytes | ValueKind::Opaque | ValueKind::Archived => {
                serializer.serialize_bytes(&reported(value.as_bytes())?)
            }
            ValueKind::TimeSpan => reported(value.as_span())?.serialize(serializer),
            ValueKind::Timestamp => reported(value.as_timestamp())?.serialize(serializer),
            ValueKind::IpAddress => reported(value.as_ip())?.serialize(serializer),
            ValueKind::SocketAddress => reported(value.as_socket())?.serialize(serializer),
            ValueKind::Uuid => reported(value.as_uuid())?.serialize(serializer),
            ValueKind::Struct => value.fields_as(reported(value.field_shapes())?, serializer),
            ValueKind::Enum => {
                let variant = reported(value.variant_shape())?;
                if variant.fields.all.is_empty() {
                    return serializer.serialize_str(&variant.name);
                }
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry(&variant.name, &Payload(value, &variant.fields))?;
                map.end()
            }
            ValueKind::Maybe => match reported(value.some())? {
                Some(value) => serializer.serialize_some(&value),
                None => serializer.serialize_none(),
            },
            ValueKind::Sequence | ValueKind::Set => serializer.collect_seq(reported(value.items())?),
            ValueKind::Slab => value.places_as(serializer),
            ValueKind::Map if serializer.is_human_readable() && !keys_are_names(value) => {
                let entries = reported::<_, S::Error>(value.entries())?;
                let pairs: Vec<_> = reported(entries.collect::<Result<_, _>>())?;
                serializer.collect_seq(pairs.iter().filter_map(|(key, value)| match key {
                    EntryKey::Value(key) => Some((key, value)),
                    EntryKey::Slab(_) => None,
                }))
            }
            ValueKind::Map => {
                let mut map = serializer.serialize_map(Some(reported(value.len())?))?;
                for entry in reported::<_, S::Error>(value.entries())? {
                    if let (EntryKey::Value(key), value) = reported(entry)? {
                        map.serialize_entry(&key, &value)?;
                    }
                }
                map.end()
            }
        }
    }
}

/// Whether the keys of a map can be names of members, as in JSON: texts, numbers, and what is written as one of these.
fn keys_are_names(map: Value<'_>) -> bool {
    let Some(keys) = shape_of_keys(map.shapes, &map.shape().form) else { return true };
    match &keys.form {
        Form::Enum { variants, .. } => variants.iter().all(|variant| variant.fields.all.is_empty()),
        Form::Blob { .. } => false,
        _ => is_known(keys),
    }
}

/// The fields of an enum's variant.
struct Payload<'a>(Value<'a>, &'a Fields);

impl Serialize for Payload<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.fields_as(self.1, serializer)
    }
}

/// As JSON, or what is wrong.
impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to_json() {
            Ok(json) => f.write_str(&json),
            Err(error) => write!(f, "<{error}>"),
        }
    }
}
