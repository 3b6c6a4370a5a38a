//! Changes of lists, rings and queues.

use super::data::Data;
use super::fault::{Within, full, no_path, no_value};
use super::image::Image;
use super::locate::Sequence;
use super::shape::{Form, Run, Shape, Shapes};
use super::write;
use crate::error::Error;
use std::ops::Range;

/// Adds an item at the end: in a full ring, instead of the oldest one.
pub(super) fn push(shapes: &Shapes, shape: &Shape, image: &mut Image<'_>, at: usize, item: &Data) -> Result<(), Error> {
    let sequence = sequence(shape, image, at)?;
    let (items, count) = (sequence.items, sequence.count);
    let bytes = write::bytes(shapes, items.item, item)?;
    if let (Form::Ring { start, .. }, true) = (&shape.form, count > 0 && count == items.capacity) {
        image.put(at + items.offset(sequence.start), &bytes)?;
        let next = sequence.start + 1;
        return image.put_u32(at + start, if next < items.capacity { next } else { 0 });
    }
    if count >= items.capacity {
        return Err(full(&shape.name, items.capacity, count + 1));
    }
    let slot = match shape.form {
        Form::Queue { .. } => (sequence.start + count) % items.capacity,
        _ => count,
    };
    image.put(at + items.offset(slot), &bytes)?;
    set_count(shape, image, at, count + 1)
}

/// Inserts an item before the one of that index.
pub(super) fn insert(
    shapes: &Shapes,
    shape: &Shape,
    image: &mut Image<'_>,
    at: usize,
    index: usize,
    item: &Data,
) -> Result<(), Error> {
    if matches!(shape.form, Form::Ring { .. }) {
        return Err(no_value(format!("a `{}` takes items at its end alone: `push`", shape.name)));
    }
    let bytes = write::bytes(shapes, sequence(shape, image, at)?.items.item, item)?;
    let Sequence { items, count, start, .. } = sequence(shape, image, at)?;
    if index > count {
        return Err(no_path(format!("index {index} is past the {count} items of a `{}`", shape.name)));
    }
    if count >= items.capacity {
        return Err(full(&shape.name, items.capacity, count + 1));
    }
    if let (Form::Queue { start: offset, .. }, 0) = (&shape.form, index) {
        let start = (start + items.capacity - 1) % items.capacity;
        image.put(at + items.offset(start), &bytes)?;
        image.put_u32(at + offset, start)?;
        return set_count(shape, image, at, count + 1);
    }
    straighten(shape, image, at)?;
    let from = at + items.offset(index);
    image.carry(from..at + items.offset(count), from + items.size)?;
    image.put(from, &bytes)?;
    set_count(shape, image, at, count + 1)
}

/// Removes an item.
pub(super) fn remove(shape: &Shape, image: &mut Image<'_>, at: usize, index: usize) -> Result<(), Error> {
    let Sequence { items, count, start, .. } = sequence(shape, image, at)?;
    if index >= count {
        return Err(no_path(format!("item {index} of {count} in a `{}`", shape.name)));
    }
    if let (Form::Queue { start: offset, .. }, 0) = (&shape.form, index) {
        image.put_u32(at + offset, (start + 1) % items.capacity)?;
    } else {
        straighten(shape, image, at)?;
        let from = at + items.offset(index + 1);
        image.carry(from..at + items.offset(count), at + items.offset(index))?;
    }
    set_count(shape, image, at, count - 1)
}

/// Replaces the items `range` by others.
pub(super) fn splice(
    shapes: &Shapes,
    shape: &Shape,
    image: &mut Image<'_>,
    at: usize,
    range: Range<usize>,
    items: &[Data],
) -> Result<(), Error> {
    let sequence = Sequence::of(&shape.form, image.source(), at)?.ok_or_else(|| no_sequence(shape))?;
    has_room(shape, &sequence, &range, items.len())?;
    let mut bytes = Vec::with_capacity(items.len() * sequence.items.size);
    for (i, item) in items.iter().enumerate() {
        let one = write::bytes(shapes, sequence.items.item, item).within(&format!("[{}]", range.start + i))?;
        bytes.extend_from_slice(&one);
    }
    put_between(shape, image, at, range, items.len(), &bytes)
}

/// Replaces the items `range` by those that have these bytes.
pub(super) fn splice_bytes(
    shape: &Shape,
    image: &mut Image<'_>,
    at: usize,
    range: Range<usize>,
    bytes: &[u8],
) -> Result<(), Error> {
    let sequence = Sequence::of(&shape.form, image.source(), at)?.ok_or_else(|| no_sequence(shape))?;
    let size = sequence.items.size;
    if size == 0 || !bytes.len().is_multiple_of(size) {
        return Err(no_value(format!(
            "{} bytes are no items of a `{}`, which have {size} each",
            bytes.len(),
            shape.name
        )));
    }
    has_room(shape, &sequence, &range, bytes.len() / size)?;
    put_between(shape, image, at, range, bytes.len() / size, bytes)
}

/// Whether there are items `range`, and room for so many instead of them.
fn has_room(shape: &Shape, sequence: &Sequence, range: &Range<usize>, len: usize) -> Result<(), Error> {
    if range.start > range.end || range.end > sequence.count {
        return Err(no_path(format!("items {range:?} of {} in a `{}`", sequence.count, shape.name)));
    }
    let count = sequence.count - range.len() + len;
    if matches!(shape.form, Form::Array { .. }) && len != range.len() {
        return Err(no_value(format!("{count} items for a `{}`, which always has {}", shape.name, sequence.count)));
    }
    if count > sequence.items.capacity {
        return Err(full(&shape.name, sequence.items.capacity, count));
    }
    Ok(())
}

/// Puts `len` items that have these bytes instead of the items `range`. There is room.
fn put_between(
    shape: &Shape,
    image: &mut Image<'_>,
    at: usize,
    range: Range<usize>,
    len: usize,
    bytes: &[u8],
) -> Result<(), Error> {
    if matches!(shape.form, Form::Ring { .. } | Form::Queue { .. }) {
        straighten(shape, image, at)?;
    }
    let Some(Sequence { items, count, .. }) = Sequence::of(&shape.form, image.source(), at)? else {
        return Err(no_sequence(shape));
    };
    if len != range.len() {
        image.carry(at + items.offset(range.end)..at + items.offset(count), at + items.offset(range.start + len))?;
    }
    image.put(at + items.offset(range.start), bytes)?;
    if len == range.len() { Ok(()) } else { set_count(shape, image, at, count - range.len() + len) }
}

#[cold]
fn no_sequence(shape: &Shape) -> Error {
    no_value(format!("a `{}` is no sequence", shape.name))
}

/// Removes all items.
pub(super) fn clear(shape: &Shape, image: &mut Image<'_>, at: usize) -> Result<(), Error> {
    if let Form::Ring { start, .. } | Form::Queue { start, .. } = shape.form {
        image.put_u32(at + start, 0)?;
    }
    set_count(shape, image, at, 0)
}

/// The items of a sequence that can change its length.
fn sequence(shape: &Shape, image: &Image<'_>, at: usize) -> Result<Sequence, Error> {
    let growing = !matches!(shape.form, Form::Array { .. });
    let sequence = if growing { Sequence::of(&shape.form, image.source(), at)? } else { None };
    sequence.ok_or_else(|| no_value(format!("a `{}` takes no items and gives none away", shape.name)))
}

fn set_count(shape: &Shape, image: &mut Image<'_>, at: usize, count: usize) -> Result<(), Error> {
    let offset = match shape.form {
        Form::Ring { len, .. } => len,
        Form::Queue { count, .. } => count,
        _ => 0,
    };
    image.put_u32(at + offset, count)
}

/// Moves the items of a ring or a queue so that the first one is in the first slot.
fn straighten(shape: &Shape, image: &mut Image<'_>, at: usize) -> Result<(), Error> {
    let sequence = sequence(shape, image, at)?;
    let (Form::Ring { start, .. } | Form::Queue { start, .. }) = shape.form else { return Ok(()) };
    if sequence.start == 0 {
        return Ok(());
    }
    let Run { size, .. } = sequence.items;
    let mut items = Vec::with_capacity(sequence.count * size);
    for index in 0..sequence.count {
        items.extend_from_slice(&image.source().bytes(at + sequence.offset(index), size)?);
    }
    image.put(at + sequence.items.at, &items)?;
    image.put_u32(at + start, 0)
}
