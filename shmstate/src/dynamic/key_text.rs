//! Keys in a path, of whatever type.

use super::data::Data;
use super::fault::no_path;
use super::keys::{Key, is_known};
use super::parse::Parse;
use super::segment::Segment;
use super::shape::{Form, Shapes};
use super::write;
use crate::error::{Error, ErrorKind};
use serde::de::DeserializeSeed;

/// The key of type `ty` that a part of a path stands for: a word or a text; JSON for a struct, an array, or an enum with a payload.
///
/// # Errors
/// A text that is no key of the type; a type that is not known.
pub(super) fn parse(shapes: &Shapes, ty: usize, segment: &Segment<'_>) -> Result<Key<'static>, Error> {
    let shape = shapes.get(shapes.settle(ty, 0).0);
    if is_known(shape) {
        return Key::parse(shape, segment);
    }
    let text = segment.text();
    let wrong = |why: String| no_path(format!("`{text}` is no key of type `{}`: {why}", shape.name));
    let is_name = matches!(&shape.form, Form::Enum { variants, .. } if variants.iter().any(|v| v.name == text));
    let data = if is_name {
        Data::from(text)
    } else {
        let mut reader = serde_json::Deserializer::from_str(text);
        let data = Parse::value(shapes, ty).deserialize(&mut reader).and_then(|data| reader.end().map(|()| data));
        data.map_err(|e| wrong(format!("in the JSON: {e}")))?
    };
    match write::key(shapes, ty, &data) {
        Ok((_, key)) => Ok(key),
        Err(e) if e.kind() == ErrorKind::Unsupported => Err(e),
        Err(e) => Err(wrong(e.to_string())),
    }
}
