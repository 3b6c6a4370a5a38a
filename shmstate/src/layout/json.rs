//! A schema as JSON, for people to read and to keep beside their tests.
//!
//! What is read back is what the schema is made of. Beside it stand things that only serve the reader: the names and sizes
//! of the fields' types, and the documentation.

use super::schema::{Schema, Type};
use serde_json::{Map, Value, json};

/// The number of this form of JSON.
const FORM: u64 = 1;

impl Schema {
    /// The schema as JSON, with a newline at its end.
    pub(crate) fn to_json(&self) -> String {
        let mut types = serde_json::to_value(&self.types).unwrap_or_default();
        for (index, ty) in types.as_array_mut().into_iter().flatten().enumerate() {
            self.explain(ty, index as u32, "");
        }
        let file = json!({
            "form": FORM,
            "state": self.root().map(|ty| self.type_name(ty)),
            "fingerprint": format!("{:#018x}", self.fingerprint()),
            "types": types,
        });
        format!("{file:#}\n")
    }

    /// Adds what people want to know to the type `value` or a part of it, whose name begins with `prefix`.
    fn explain(&self, value: &mut Value, index: u32, prefix: &str) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(|item| self.explain(item, index, prefix)),
            Value::Object(object) => self.explain_object(object, index, prefix),
            _ => {}
        }
    }

    fn explain_object(&self, object: &mut Map<String, Value>, index: u32, prefix: &str) {
        let name = object.get("name").and_then(Value::as_str).unwrap_or_default();
        // The type itself has a shape, and no part name.
        let part = if object.contains_key("shape") { String::new() } else { format!("{prefix}{name}") };
        let inner = if part.is_empty() { String::new() } else { format!("{part}.") };
        object.values_mut().for_each(|value| self.explain(value, index, &inner));
        let field = object.get("ty").and_then(Value::as_u64).and_then(|ty| self.get(ty as u32));
        if let Some(ty) = field {
            object.insert("type".into(), self.type_name(ty).into());
            object.insert("size".into(), ty.size.into());
        }
        if let Some(doc) = self.docs.iter().find(|doc| doc.ty == index && doc.part == part)
            && object.contains_key("name")
        {
            object.insert("docs".into(), doc.text.clone().into());
        }
    }

    /// Reads what [`Self::to_json`] has written.
    pub(crate) fn from_json(text: &str) -> Result<Schema, String> {
        let mut file: Value = serde_json::from_str(text).map_err(|e| format!("no JSON: {e}"))?;
        if file["form"] != FORM {
            return Err(format!("not of the form that this version of shmstate writes (`\"form\": {FORM}`)"));
        }
        let types: Vec<Type> =
            serde_json::from_value(file["types"].take()).map_err(|e| format!("no description of types: {e}"))?;
        let schema = Schema { types, docs: Vec::new() };
        schema.check()?;
        Ok(schema)
    }
}

/// Numbers that JSON's readers may take for floating-point ones, as text.
pub(super) mod decimal {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    pub(in super::super) fn serialize<S: Serializer>(number: &i128, to: S) -> Result<S::Ok, S::Error> {
        number.to_string().serialize(to)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<i128, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(all(test, not(any(shmstate_loom, shmstate_shuttle))))]
mod tests {
    use crate::layout::Schema;
    use crate::{List, SharedLayout, Text};

    /// A board.
    #[derive(SharedLayout)]
    #[repr(C)]
    #[shared(crate = "crate", version = 2)]
    struct Board<T, const N: i64> {
        /// How often.
        ticks: u64,
        items: List<Event, 4>,
        extra: [T; 2],
    }

    #[derive(SharedLayout)]
    #[repr(C, u64)]
    #[shared(crate = "crate")]
    enum Event {
        Idle,
        /// A message.
        Say {
            /// Which.
            text: Text<8>,
        },
    }

    #[test]
    fn what_was_written_is_read() {
        let schema = Schema::of(Board::<u32, -5>::LAYOUT);
        let json = schema.to_json();
        let read = Schema::from_json(&json).unwrap();
        assert_eq!(read.types, schema.types);
        assert_eq!(read.fingerprint(), schema.fingerprint());
        for line in [
            r#""state": "Board<u32, -5>","#,
            r#""docs": "A board.","#,
            r#""docs": "How often.","#,
            r#""docs": "A message.","#,
            r#""docs": "Which.","#,
            r#""type": "List<Event, 4>""#,
            r#""version": 2"#,
        ] {
            assert!(json.contains(line), "{line} in\n{json}");
        }
        assert_eq!(json.matches("\"docs\"").count(), 4, "{json}");
    }

    #[test]
    fn anything_else_is_refused() {
        let json = Schema::of(Board::<u32, 5>::LAYOUT).to_json();
        assert!(Schema::from_json("").unwrap_err().starts_with("no JSON"));
        assert!(
            Schema::from_json(&json.replace("\"form\": 1", "\"form\": 2")).unwrap_err().starts_with("not of the form")
        );
        assert!(Schema::from_json(&json.replace("\"align\"", "\"line\"")).unwrap_err().starts_with("no description"));
        let damaged = json.replace("\"align\": 8", "\"align\": 3");
        assert!(Schema::from_json(&damaged).unwrap_err().contains("alignment 3"));
    }
}
