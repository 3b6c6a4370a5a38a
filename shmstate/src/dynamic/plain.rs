//! Catching up: the bytes that are copied from the active version before each update, because no log entry names them.
//!
//! They are those that `SharedLayout::copy_plain` copies for the type: all that lies outside of containers, and the lengths of the
//! lists that lie in no other container. An enum that holds a container is copied field by field if both copies have the same
//! variant, and otherwise as a whole.

use super::shape::{Form, Shapes};
use crate::layout::SchemaKind;
use std::ops::Range;

/// What to copy.
#[derive(Debug)]
pub(super) struct Plain {
    parts: Vec<Part>,
}

#[derive(Debug)]
enum Part {
    Bytes(Range<usize>),
    Enum {
        bytes: Range<usize>,
        tag: usize,
        variants: Vec<(u64, Plain)>,
    },
    /// The same for each of `count` items.
    Items {
        at: usize,
        size: usize,
        count: usize,
        each: Plain,
    },
}

impl Plain {
    /// Of the whole state.
    pub(super) fn of(shapes: &Shapes) -> Plain {
        let mut plain = Plain { parts: Vec::new() };
        plain.add(shapes, shapes.root(), 0);
        plain
    }

    fn add(&mut self, shapes: &Shapes, index: usize, at: usize) {
        let shape = shapes.get(index);
        if !shape.tracked {
            return self.add_bytes(at..at + shape.size);
        }
        match &shapes.schema.types[index].kind {
            SchemaKind::List { .. } => self.add_bytes(at..at + size_of::<u32>()),
            // It keeps marks itself.
            SchemaKind::Struct(_) if matches!(shape.form, Form::Array { .. }) => {}
            SchemaKind::Struct(fields) => {
                fields.iter().for_each(|field| self.add(shapes, field.ty as usize, at + field.offset as usize));
            }
            SchemaKind::Array { item, len } => {
                let mut each = Plain { parts: Vec::new() };
                each.add(shapes, *item as usize, 0);
                let (size, count) = (shapes.get(*item as usize).size, *len as usize);
                self.parts.push(Part::Items { at, size, count, each });
            }
            SchemaKind::Enum { repr, variants } => {
                let of = |variant: &crate::layout::SchemaVariant| {
                    let mut plain = Plain { parts: Vec::new() };
                    plain.add_bytes(0..repr.size());
                    for field in &variant.fields {
                        plain.add(shapes, field.ty as usize, field.offset as usize);
                    }
                    (variant.value, plain)
                };
                let variants = variants.iter().map(of).collect();
                self.parts.push(Part::Enum { bytes: at..at + shape.size, tag: repr.size(), variants });
            }
            // Never tracked.
            _ => self.add_bytes(at..at + shape.size),
        }
    }

    fn add_bytes(&mut self, bytes: Range<usize>) {
        if bytes.is_empty() {
            return;
        }
        match self.parts.last_mut() {
            Some(Part::Bytes(last)) if last.end == bytes.start => last.end = bytes.end,
            _ => self.parts.push(Part::Bytes(bytes)),
        }
    }

    /// Copies what lies `offset` bytes further on than it was said.
    pub(super) fn copy(&self, to: &mut [u8], from: &[u8], offset: usize) {
        for part in &self.parts {
            match part {
                Part::Bytes(bytes) => copy(to, from, bytes, offset),
                Part::Items { at, size, count, each } => {
                    (0..*count).for_each(|i| each.copy(to, from, offset + at + i * size));
                }
                Part::Enum { bytes, tag, variants } => {
                    let start = offset + bytes.start;
                    let tags = start..start + tag;
                    let same = to.get(tags.clone()) == from.get(tags.clone());
                    let value =
                        from.get(tags).map(|tag| tag.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte)));
                    match variants.iter().find(|(v, _)| Some(*v) == value).filter(|_| same) {
                        Some((_, plain)) => plain.copy(to, from, start),
                        None => copy(to, from, bytes, offset),
                    }
                }
            }
        }
    }
}

fn copy(to: &mut [u8], from: &[u8], bytes: &Range<usize>, offset: usize) {
    let bytes = bytes.start + offset..bytes.end + offset;
    if let (Some(to), Some(from)) = (to.get_mut(bytes.clone()), from.get(bytes)) {
        to.copy_from_slice(from);
    }
}
