//! Values that the command line gives.

use serde_json::Value as Json;
use shmstate::dynamic::Data;

/// A value as JSON; what is no JSON is a text.
pub fn json(argument: &str) -> Json {
    serde_json::from_str(argument).unwrap_or_else(|_| Json::String(argument.to_owned()))
}

/// The same as new data for a state. Which type it has to have, the state knows.
pub fn data(argument: &str) -> Data {
    of_json(&json(argument))
}

fn of_json(json: &Json) -> Data {
    match json {
        Json::Null => Data::None,
        Json::Bool(value) => Data::Bool(*value),
        Json::Number(number) => {
            let digits = number.to_string();
            if let Ok(value) = digits.parse() {
                Data::Unsigned(value)
            } else if let Ok(value) = digits.parse() {
                Data::Signed(value)
            } else {
                Data::Float(number.as_f64().unwrap_or(f64::NAN))
            }
        }
        Json::String(text) => Data::Text(text.clone()),
        Json::Array(items) => Data::items(items.iter().map(of_json)),
        Json::Object(fields) => {
            Data::Map(fields.iter().map(|(key, value)| (key.as_str().into(), of_json(value))).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(data("{oops"), Data::Text("{oops".into()));
    }
}
