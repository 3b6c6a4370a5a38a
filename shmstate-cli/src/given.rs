//! Values that the command line gives.

use crate::failure::Failure;
use serde::de::{Deserialize, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value as Json;
use shmstate::dynamic::Data;
use std::fmt;

/// A document of JSON, as it was given; what is none is a text.
///
/// # Errors
/// What begins as JSON and is none: it is a slip, and not a text with a bracket.
pub fn document(argument: &str) -> Result<String, Failure> {
    match serde_json::from_str::<IgnoredAny>(argument) {
        Ok(_) => Ok(argument.to_owned()),
        Err(error) if argument.trim_start().starts_with(['{', '[', '"']) => Err(Failure::Argument(format!(
            "`{argument}` is no JSON: {error}; a text that begins like this is written in quotes, as JSON has it: {}",
            Json::String(argument.to_owned())
        ))),
        Err(_) => Ok(Json::String(argument.to_owned()).to_string()),
    }
}

/// The same as data, for what the program has written itself.
pub fn json(document: &str) -> Json {
    serde_json::from_str(document).unwrap_or_else(|_| Json::String(document.to_owned()))
}

/// New data for a state. Which type it has to have, the state knows; it refuses a name that is given twice, too.
pub fn data(argument: &str) -> Result<Data, Failure> {
    let given = serde_json::from_str(&document(argument)?).map(|Given(data)| data);
    given.map_err(|error| Failure::Argument(format!("`{argument}`: {error}")))
}

/// The key under which `serde_json` hands out a number as text, by its feature `arbitrary_precision`. (`serde_json` 1.0, `number.rs`.)
const NUMBER: &str = "$serde_json::private::Number";

/// What was given, with each member of an object.
struct Given(Data);

impl<'de> Deserialize<'de> for Given {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyData).map(Given)
    }
}

struct AnyData;

impl<'de> Visitor<'de> for AnyData {
    type Value = Data;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Data, E> {
        Ok(Data::None)
    }

    fn visit_bool<E>(self, on: bool) -> Result<Data, E> {
        Ok(on.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Data, E> {
        Ok(Data::Unsigned(number.into()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Data, E> {
        Ok(Data::Signed(number.into()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Data, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Data, A::Error> {
        let mut items = Vec::new();
        while let Some(Given(item)) = seq.next_element()? {
            items.push(item);
        }
        Ok(Data::Sequence(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Data, A::Error> {
        let mut fields = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            if fields.is_empty() && key == NUMBER {
                return number(&map.next_value::<String>()?).map_err(A::Error::custom);
            }
            let Given(value) = map.next_value()?;
            fields.push((key.into(), value));
        }
        Ok(Data::Map(fields))
    }
}

fn number(digits: &str) -> Result<Data, String> {
    let integer = digits.parse().map(Data::Unsigned).or_else(|_| digits.parse().map(Data::Signed));
    let float = || digits.parse().ok().filter(|number: &f64| number.is_finite()).map(Data::Float);
    integer.ok().or_else(float).ok_or_else(|| format!("{digits} is out of the range of `f64`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(argument: &str) -> Data {
        super::data(argument).unwrap_or_else(|failure| panic!("{failure}"))
    }

    #[test]
    fn what_no_number_can_be_is_refused() {
        assert!(super::data("1e999").is_err() && super::data("[0, -1e999]").is_err());
    }

    #[test]
    fn a_document_stays_as_it_is() {
        let document = |argument| document(argument).unwrap_or_else(|failure| panic!("{failure}"));
        assert_eq!(document("{\"a\": 1, \"a\": 2}"), "{\"a\": 1, \"a\": 2}");
        assert_eq!(document("me"), "\"me\"");
    }

    #[test]
    fn what_is_given_twice_stays_there_twice() {
        let twice = [("a", Data::items([1u8])), ("b", true.into()), ("a", Data::None)];
        assert_eq!(data("{\"a\": [1], \"b\": true, \"a\": null}"), Data::fields(twice));
    }

    #[test]
    fn numbers_keep_every_digit() {
        assert_eq!(data("340282366920938463463374607431768211455"), Data::Unsigned(u128::MAX));
        assert_eq!(data("-170141183460469231731687303715884105728"), Data::Signed(i128::MIN));
        assert_eq!(data("0.5"), Data::Float(0.5));
    }

    #[test]
    fn what_is_no_json_is_a_text() {
        assert_eq!(data("me"), Data::Text("me".into()));
        assert_eq!(data("\"7\""), Data::Text("7".into()));
        assert_eq!(data("12 apples, [all]"), Data::Text("12 apples, [all]".into()));
        for slip in ["{oops", "[1, 2", "\"me", " {\"a\": }"] {
            let failure = super::data(slip).err().map(|failure| failure.to_string()).unwrap_or_default();
            assert!(failure.contains("is no JSON") && failure.contains("at line 1 column "), "{slip}: {failure}");
        }
    }
}
