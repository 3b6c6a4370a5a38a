//! New values from what the crate `serde` reads.
//!
//! The type matters only for numbers that a format may read in another way than others: integers of 128 bits and `f32`. Whether the
//! value is one of the type is decided where it is written.

use super::data::Data;
use super::shape::{Fields, Form, Shapes};
use crate::layout::Scalar;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// The key under which `serde_json` hands out a number as text, if any crate of the program turns its feature
/// `arbitrary_precision` on. (`serde_json` 1.0, `number.rs`.)
const NUMBER: &str = "$serde_json::private::Number";

/// What is read.
#[derive(Clone, Copy)]
pub(super) struct Parse<'a> {
    shapes: &'a Shapes,
    of: Of<'a>,
    /// Whether it may be none as well.
    nullable: bool,
}

#[derive(Clone, Copy)]
enum Of<'a> {
    /// A value of the type of that index.
    Value(usize),
    /// The fields of a struct or a variant.
    Fields(&'a Fields),
    /// A place of a slab, with values of the type of that index.
    Place(usize),
    /// An entry of a map, with a key and a value of the types of these indices.
    Entry(usize, usize),
    /// Whatever it is, it is no value of the type.
    Any,
}

impl<'a> Parse<'a> {
    /// A value of type `index`.
    pub(super) fn value(shapes: &'a Shapes, index: usize) -> Self {
        let index = shapes.settle(index, 0).0;
        let of = match &shapes.get(index).form {
            Form::Maybe { item, .. } => return Parse::value(shapes, *item).or_none(),
            Form::Struct(fields) => return Parse::fields(shapes, fields),
            Form::NonZero(_) => return Parse::new(shapes, Of::Value(index)).or_none(),
            _ => Of::Value(index),
        };
        Parse::new(shapes, of)
    }

    fn new(shapes: &'a Shapes, of: Of<'a>) -> Self {
        Parse { shapes, of, nullable: false }
    }

    fn or_none(self) -> Self {
        Parse { nullable: true, ..self }
    }

    fn fields(shapes: &'a Shapes, fields: &'a Fields) -> Self {
        match &fields.all[..] {
            [one] if fields.numbered => Parse::value(shapes, one.shape),
            _ => Parse::new(shapes, Of::Fields(fields)),
        }
    }

    fn any(self) -> Self {
        Parse::new(self.shapes, Of::Any)
    }

    fn form(self) -> Option<&'a Form> {
        match self.of {
            Of::Value(index) => Some(&self.shapes.get(index).form),
            _ => None,
        }
    }

    /// Of which type it is, if it is a number.
    fn scalar(self) -> Option<Scalar> {
        match self.form() {
            Some(Form::Scalar(scalar) | Form::NonZero(scalar)) => Some(*scalar),
            _ => None,
        }
    }

    /// Item `index` of a sequence.
    fn item(self, index: usize) -> Self {
        match self.of {
            Of::Fields(fields) => match fields.all.get(index) {
                Some(field) => Parse::value(self.shapes, field.shape),
                None => self.any(),
            },
            Of::Place(item) if index == 1 => Parse::value(self.shapes, item).or_none(),
            Of::Entry(key, _) if index == 0 => Parse::value(self.shapes, key),
            Of::Entry(_, value) if index == 1 => Parse::value(self.shapes, value),
            Of::Value(_) => match self.form() {
                Some(
                    Form::Array { items } | Form::List { items } | Form::Ring { items, .. } | Form::Queue { items, .. },
                ) => Parse::value(self.shapes, items.item),
                Some(Form::Set(set)) => Parse::value(self.shapes, set.keys.items.item),
                Some(Form::Map { set, values }) => {
                    Parse::new(self.shapes, Of::Entry(set.keys.items.item, values.items.item))
                }
                Some(Form::Sorted(map)) => Parse::new(self.shapes, Of::Entry(map.keys.item, map.values.item)),
                Some(Form::Slab(slab)) => Parse::new(self.shapes, Of::Place(slab.values.items.item)),
                _ => self.any(),
            },
            _ => self.any(),
        }
    }

    /// The value under that name, or key; `None` if no value of the type has one there.
    fn member(self, name: &str) -> Option<Self> {
        match (self.of, self.form()) {
            (Of::Fields(fields), _) => {
                let field = fields.all.iter().find(|field| field.name == name)?;
                Some(Parse::value(self.shapes, field.shape))
            }
            (_, Some(Form::Enum { variants, .. })) => {
                let variant = variants.iter().find(|variant| variant.name == name)?;
                Some(Parse::fields(self.shapes, &variant.fields))
            }
            (_, Some(Form::Map { values, .. })) => Some(Parse::value(self.shapes, values.items.item)),
            (_, Some(Form::Sorted(map))) => Some(Parse::value(self.shapes, map.values.item)),
            _ => None,
        }
    }
}

impl<'de> DeserializeSeed<'de> for Parse<'_> {
    type Value = Data;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Data, D::Error> {
        match self.scalar() {
            Some(Scalar::U128 | Scalar::I128 | Scalar::F32) if self.nullable => deserializer.deserialize_option(self),
            Some(Scalar::U128) => deserializer.deserialize_u128(self),
            Some(Scalar::I128) => deserializer.deserialize_i128(self),
            // By way of an `f64`, it would be rounded twice.
            Some(Scalar::F32) => deserializer.deserialize_f32(self),
            _ => deserializer.deserialize_any(self),
        }
    }
}

impl<'de> Visitor<'de> for Parse<'_> {
    type Value = Data;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.of {
            Of::Value(index) => write!(f, "a value of type `{}`", self.shapes.get(index).name),
            Of::Fields(_) => f.write_str("the fields of a struct"),
            Of::Place(_) => f.write_str("a generation, and a value or none"),
            Of::Entry(..) => f.write_str("a key and a value"),
            Of::Any => f.write_str("a value"),
        }
    }

    fn visit_bool<E: Error>(self, on: bool) -> Result<Data, E> {
        Ok(on.into())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Data, E> {
        Ok(number.into())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Data, E> {
        Ok(number.into())
    }

    fn visit_i128<E: Error>(self, number: i128) -> Result<Data, E> {
        Ok(number.into())
    }

    fn visit_u128<E: Error>(self, number: u128) -> Result<Data, E> {
        Ok(number.into())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Data, E> {
        Ok(number.into())
    }

    fn visit_char<E: Error>(self, letter: char) -> Result<Data, E> {
        Ok(letter.into())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Data, E> {
        Ok(text.into())
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Data, E> {
        Ok(Data::Bytes(bytes.to_vec()))
    }

    fn visit_none<E: Error>(self) -> Result<Data, E> {
        Ok(Data::None)
    }

    fn visit_unit<E: Error>(self) -> Result<Data, E> {
        Ok(Data::None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Data, D::Error> {
        Parse { nullable: false, ..self }.deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Data, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(self.item(items.len()))? {
            items.push(item);
        }
        Ok(Data::Sequence(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Data, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = map.next_key_seed(self.any())? {
            let member = match &key {
                Data::Text(name) => self.member(name),
                _ => self.member(""),
            };
            if entries.is_empty() && key == Data::from(NUMBER) && member.is_none() {
                let text = map.next_value::<String>()?;
                return number(self.scalar(), &text).ok_or_else(|| A::Error::custom("invalid number"));
            }
            entries.push((key, map.next_value_seed(member.unwrap_or(self.any()))?));
        }
        Ok(Data::Map(entries))
    }
}

/// A number as `serde_json` reads it without that feature, and integers that do not fit into 64 bits with each digit.
fn number(scalar: Option<Scalar>, text: &str) -> Option<Data> {
    let unsigned = || text.parse::<u64>().ok().map(Data::from);
    let signed = || text.parse::<i64>().ok().map(Data::from);
    let large = || text.parse().ok().map(Data::Unsigned).or_else(|| text.parse().ok().map(Data::Signed));
    let float = || text.parse::<f64>().ok().filter(|number| number.is_finite()).map(Data::from);
    let single = || text.parse::<f32>().ok().filter(|number| number.is_finite()).map(Data::from);
    let exact = if scalar == Some(Scalar::F32) { single() } else { None };
    unsigned().or_else(signed).or(exact).or_else(large).or_else(float)
}

#[cfg(all(test, not(any(shmstate_loom, shmstate_shuttle))))]
mod tests {
    use super::*;
    use crate::layout::Schema;
    use crate::{Map, Maybe, SharedLayout, Text};
    use serde::de::value::{Error as ValueError, MapDeserializer};

    /// What is read of a number of type `T` that comes as a text.
    fn read<T: SharedLayout>(text: &str) -> Data {
        let shapes = Shapes::new(&Schema::of(T::LAYOUT)).unwrap();
        let number = MapDeserializer::<_, ValueError>::new([(NUMBER, text)].into_iter());
        Parse::value(&shapes, shapes.root()).deserialize(number).unwrap()
    }

    #[test]
    fn a_number_may_come_as_a_text() {
        assert_eq!(read::<u64>("7"), Data::Unsigned(7));
        assert_eq!(read::<Maybe<i64>>("-7"), Data::Signed(-7));
        assert_eq!(read::<f64>("0.1"), Data::Float(0.1));
        assert_eq!(read::<u64>("18446744073709551616"), Data::Unsigned(1 << 64));
        assert_eq!(read::<i64>("-9223372036854775809"), Data::Signed(-(1 << 63) - 1));
        // The `f64` beside it would be rounded to another `f32`.
        let bits = 0x15AE_43FD;
        assert_eq!(read::<f32>("7.038531e-26"), Data::from(f32::from_bits(bits)));
        assert_ne!(7.038531e-26f64 as f32, f32::from_bits(bits));
        assert_eq!(read::<Text<8>>("7"), Data::Unsigned(7), "which is refused where it is written");
        let entries = Data::entries([(NUMBER, "7")]);
        assert_eq!(read::<Map<Text<32>, Text<8>, 4>>("7"), entries, "a key as any other");
    }
}
