//! One old value becomes a new one.

use super::conversion::{Conversion, changed};
use super::path::Trail;
use crate::dynamic::decode::{Number, read_blob, read_number, read_text};
use crate::dynamic::fault::damaged;
use crate::dynamic::locate::live;
use crate::dynamic::shape::{Form, Shapes};
use crate::error::Error;
use crate::layout::matching::{FieldsStep, Pair, Part, Step, VariantStep};
use crate::layout::{Scalar, SchemaKind};

/// Converts a part of the old value at `from` to a part of the new value at `to`, which is what it is in a new state.
pub(super) fn convert(
    conversion: &mut Conversion<'_>,
    trail: Trail<'_>,
    part: Part,
    from: usize,
    to: usize,
) -> Result<(), Error> {
    let (from, to) = (from + part.from, to + part.to);
    let pair = conversion.plan.get(part.step);
    match &pair.step {
        Step::Same(size) => conversion.copy(from, *size, to),
        Step::Number { from: old, to: new } => conversion.number((*old, from), (*new, to)),
        Step::Struct(fields) => conversion.fields(trail, fields, from, to),
        Step::Enum { from_tag, to_tag, variants, .. } => {
            let value = conversion.source.tag(from, *from_tag)?;
            match variants.get(&value) {
                None => Err(damaged(format!("{value} is no variant of `{}`", conversion.old.get(pair.old).name))),
                Some(VariantStep::Removed(name)) => {
                    conversion.losses.add(&trail.field(name), 1, || "a value is of this variant".into());
                    Ok(())
                }
                Some(VariantStep::Kept { value, from: name, fields, .. }) => {
                    conversion.fresh_variant(pair.new, to, *to_tag, *value)?;
                    conversion.fields(trail.field(name), fields, from, to)
                }
            }
        }
        Step::Sequence(item) => conversion.sequence(trail, pair, *item, from, to),
        Step::Bytes => conversion.bytes(trail, pair, from, to),
        Step::Maybe(item) => {
            let Form::Maybe { item: ty, at } = conversion.new.get(pair.new).form else { return Err(changed()) };
            let some = conversion.source.array::<1>(from)? != [0];
            conversion.image.put(to, &[u8::from(some)])?;
            if !some {
                return Ok(());
            }
            conversion.fresh(ty, to + at)?;
            conversion.part(trail, *item, from, to)
        }
        Step::Some(item) => {
            let Form::Maybe { item: ty, at } = conversion.new.get(pair.new).form else { return Err(changed()) };
            conversion.image.put(to, &[1])?;
            conversion.fresh(ty, to + at)?;
            conversion.part(trail, *item, from, to)
        }
        Step::Slab(value) => conversion.slab(trail, pair, *value, from, to),
        Step::Set(key) => conversion.entries(trail, pair, *key, None, from, to),
        Step::Map { key, value } => conversion.entries(trail, pair, *key, Some(*value), from, to),
        Step::Archive => conversion.archive(trail, pair, from, to),
        Step::Lost => {
            conversion.losses.add_listed();
            Ok(())
        }
    }
}

impl Conversion<'_> {
    fn fields(&mut self, trail: Trail<'_>, fields: &FieldsStep, from: usize, to: usize) -> Result<(), Error> {
        fields.moves.iter().try_for_each(|m| self.part(trail.field(&m.from), m.part, from, to))
    }

    fn number(&mut self, (from, at): (Scalar, usize), (to, target): (Scalar, usize)) -> Result<(), Error> {
        let number = read_number(from, self.source, at)?;
        let bytes = match (number, to) {
            // The low bytes of a number of 16 are those of the number itself: it fits.
            (Some(Number::Unsigned(number)), _) => number.to_le_bytes(),
            (Some(Number::Signed(number)), _) => number.to_le_bytes(),
            (Some(Number::Single(number)), Scalar::F64) => u128::from(f64::from(number).to_bits()).to_le_bytes(),
            (Some(Number::Single(number)), _) => u128::from(number.to_bits()).to_le_bytes(),
            (Some(Number::Double(number)), _) => u128::from(number.to_bits()).to_le_bytes(),
            // A `bool` or a `char`.
            (None, _) => return self.copy(at, to.size(), target),
        };
        self.image.put(target, &bytes[..to.size()])
    }

    /// A text or a blob, as much as fits.
    fn bytes(&mut self, trail: Trail<'_>, pair: &Pair, from: usize, to: usize) -> Result<(), Error> {
        let (Form::Text { bytes: new } | Form::Blob { bytes: new }) = self.new.get(pair.new).form else {
            return Err(changed());
        };
        let bytes = match self.old.get(pair.old).form {
            Form::Text { bytes } => match read_text(bytes, self.source, from)? {
                std::borrow::Cow::Borrowed(text) => text.as_bytes().into(),
                std::borrow::Cow::Owned(text) => text.into_bytes().into(),
            },
            Form::Blob { bytes } => read_blob(bytes, self.source, from)?,
            _ => return Err(changed()),
        };
        let mut len = bytes.len().min(new.capacity);
        if len < bytes.len() {
            let full = bytes.len();
            self.losses.add(&trail, 1, || format!("{full} bytes, and the program has room for {}", new.capacity));
            if matches!(self.new.get(pair.new).form, Form::Text { .. }) {
                // Not in the midst of a character.
                while bytes[len] & 0xc0 == 0x80 {
                    len -= 1;
                }
            }
        }
        self.image.put_u32(to, len)?;
        self.image.put(to + new.at, &bytes[..len])
    }

    /// An archive, which goes along whole or not at all.
    fn archive(&mut self, trail: Trail<'_>, pair: &Pair, from: usize, to: usize) -> Result<(), Error> {
        let (Form::Archived { bytes: old, .. }, Form::Archived { bytes: new, .. }) =
            (&self.old.get(pair.old).form, &self.new.get(pair.new).form)
        else {
            return Err(changed());
        };
        let hash = |shapes: &Shapes, ty: usize| match &shapes.schema.types[ty].kind {
            SchemaKind::Struct(fields) => fields.first().map_or(0, |field| field.offset as usize),
            _ => 0,
        };
        let len = live(*old, self.source, from)?;
        if len > new.items.capacity {
            let room = new.items.capacity;
            self.losses.add(&trail, 1, || format!("an archive of {len} bytes, and the program has room for {room}"));
            return Ok(());
        }
        self.copy(from + hash(self.old, pair.old), 16, to + hash(self.new, pair.new))?;
        self.image.put_u32(to + new.len, len)?;
        self.copy(from + old.items.at, len, to + new.items.at)
    }
}
