//! Values that the command line gives.

use crate::failure::Failure;
use serde::de::IgnoredAny;
use serde_json::Value as Json;
use shmstate::dynamic::Data;

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

/// New data for a state. Which type it has to have, the state knows.
pub fn data(argument: &str) -> Result<Data, Failure> {
    of_json(&json(&document(argument)?))
}

fn of_json(json: &Json) -> Result<Data, Failure> {
    Ok(match json {
        Json::Null => Data::None,
        Json::Bool(value) => Data::Bool(*value),
        Json::Number(number) => {
            let digits = number.to_string();
            if let Ok(value) = digits.parse() {
                Data::Unsigned(value)
            } else if let Ok(value) = digits.parse() {
                Data::Signed(value)
            } else {
                let number = number.as_f64().filter(|number| number.is_finite());
                Data::Float(number.ok_or_else(|| Failure::Argument(format!("{digits} is out of the range of `f64`")))?)
            }
        }
        Json::String(text) => Data::Text(text.clone()),
        Json::Array(items) => Data::items(items.iter().map(of_json).collect::<Result<Vec<_>, _>>()?),
        Json::Object(fields) => {
            let field = |(key, value): (&String, _)| Ok((key.as_str().into(), of_json(value)?));
            Data::Map(fields.iter().map(field).collect::<Result<_, Failure>>()?)
        }
    })
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
