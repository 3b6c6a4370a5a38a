//! Changes of lists, rings and queues.

use super::data::Data;
use super::fault::{full, no_path, no_value};
use super::image::Image;
use super::locate::Sequence;
use super::shape::{Form, Run, Shape, Shapes};
use super::write;
use crate::error::Error;

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
