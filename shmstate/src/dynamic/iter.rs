//! Going over the parts of a value.

use super::fault::no_path;
use super::find::{SetAt, SortedAt};
use super::locate::{Leaf, Sequence, generation_of, key_bits, live};
use super::shape::{FieldShape, Form, SlabShape};
use super::value::Value;
use crate::error::Error;
use std::iter::FusedIterator;

impl<'a> Value<'a> {
    /// The fields of a struct, or of the payload of an enum's variant, with their names.
    ///
    /// # Errors
    /// [`InvalidValue`](crate::ErrorKind::InvalidValue) if it is neither.
    pub fn fields(self) -> Result<FieldsOf<'a>, Error> {
        Ok(FieldsOf::new(self, &self.field_shapes()?.all))
    }

    /// Item `index` of an array, a list, a ring (the oldest first), a queue, or a set in its order.
    ///
    /// # Errors
    /// [`InvalidPath`](crate::ErrorKind::InvalidPath) if there is no such item; [`InvalidValue`](crate::ErrorKind::InvalidValue) if it
    /// holds no items.
    pub fn item(self, index: usize) -> Result<Value<'a>, Error> {
        let mut items = self.items()?;
        let count = items.len();
        items.nth(index).ok_or_else(|| no_path(format!("item {index} of {count} in a `{}`", self.shape().name)))
    }

    /// The items of an array, a list, a ring (the oldest first), a queue, or a set in its order.
    ///
    /// # Errors
    /// [`InvalidValue`](crate::ErrorKind::InvalidValue) if it holds none.
    pub fn items(self) -> Result<Items<'a>, Error> {
        if let Some(sequence) = Sequence::of(&self.shape().form, self.source, self.location.at)? {
            return Ok(Items::new(self, sequence));
        }
        match &self.shape().form {
            Form::Set(set) => {
                let count = live(set.keys, self.source, self.location.at)?;
                let of = Value { key: true, ..self };
                Ok(Items::new(of, Sequence { items: set.keys.items, start: 0, around: count, count }))
            }
            _ => Err(self.is_no("no sequence and no set")),
        }
    }

    /// The keys and values of a map, or of a slab, in the order of the container.
    ///
    /// # Errors
    /// [`InvalidValue`](crate::ErrorKind::InvalidValue) if it is neither; each entry may be an error as well.
    pub fn entries(self) -> Result<Entries<'a>, Error> {
        Entries::new(self)
    }
}

/// The fields of a struct, or of an enum's payload: [`Value::fields`].
#[derive(Clone, Debug)]
pub struct FieldsOf<'a> {
    of: Value<'a>,
    fields: std::slice::Iter<'a, FieldShape>,
}

impl<'a> FieldsOf<'a> {
    pub(super) fn new(of: Value<'a>, fields: &'a [FieldShape]) -> Self {
        FieldsOf { of, fields: fields.iter() }
    }
}

impl<'a> Iterator for FieldsOf<'a> {
    type Item = (&'a str, Value<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let field = self.fields.next()?;
        Some((&field.name, self.of.other(field.shape, self.of.location.at + field.at)))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.fields.size_hint()
    }
}

impl ExactSizeIterator for FieldsOf<'_> {}
impl FusedIterator for FieldsOf<'_> {}

/// The items of a sequence or a set: [`Value::items`].
#[derive(Clone, Debug)]
pub struct Items<'a> {
    of: Value<'a>,
    sequence: Sequence,
    next: usize,
}

impl<'a> Items<'a> {
    pub(super) fn new(of: Value<'a>, sequence: Sequence) -> Self {
        Items { of, sequence, next: 0 }
    }
}

impl<'a> Iterator for Items<'a> {
    type Item = Value<'a>;

    #[inline]
    fn next(&mut self) -> Option<Value<'a>> {
        if self.next >= self.sequence.count {
            return None;
        }
        let at = self.of.location.at + self.sequence.offset(self.next);
        self.next += 1;
        Some(self.of.other(self.sequence.items.item, at))
    }

    fn nth(&mut self, n: usize) -> Option<Value<'a>> {
        self.next = self.next.saturating_add(n).min(self.sequence.count);
        self.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.sequence.count - self.next;
        (left, Some(left))
    }
}

impl ExactSizeIterator for Items<'_> {}
impl FusedIterator for Items<'_> {}

/// What an entry of a map or a slab is found by.
#[derive(Clone, Copy, Debug)]
pub enum EntryKey<'a> {
    /// The key of a map.
    Value(Value<'a>),
    /// The key of a value in a slab, as `Key::to_bits` gives it.
    Slab(u64),
}

/// The entries of a map or a slab: [`Value::entries`].
#[derive(Clone, Debug)]
pub struct Entries<'a> {
    of: Value<'a>,
    left: Left<'a>,
}

#[derive(Clone, Debug)]
enum Left<'a> {
    Map { next: usize, end: usize },
    Sorted { position: usize, used: usize, leaf: Leaf, index: usize },
    Slab { slab: &'a SlabShape, next: usize, end: usize },
}

impl<'a> Entries<'a> {
    pub(super) fn new(of: Value<'a>) -> Result<Self, Error> {
        let (source, at) = (of.source, of.location.at);
        let left = match &of.shape().form {
            Form::Map { .. } => Left::Map { next: 0, end: of.len()? },
            Form::Sorted(map) => {
                let used = SortedAt { map: *map, source, at }.used()?;
                Left::Sorted { position: 0, used, leaf: Leaf { start: 0, len: 0 }, index: 0 }
            }
            Form::Slab(slab) => {
                Left::Slab { slab, next: 0, end: live(slab.places, source, at)?.min(live(slab.values, source, at)?) }
            }
            _ => return Err(of.is_no("no map and no slab")),
        };
        Ok(Entries { of, left })
    }

    fn advance(&mut self) -> Result<Option<(EntryKey<'a>, Value<'a>)>, Error> {
        let (of, source, at) = (self.of, self.of.source, self.of.location.at);
        match (&mut self.left, &of.shape().form) {
            (Left::Map { next, end }, Form::Map { set, values }) => {
                if next >= end {
                    return Ok(None);
                }
                let index = *next;
                *next += 1;
                let keys = SetAt { set: *set, source, at }.set.keys.items;
                let key = Value { key: true, ..of.other(keys.item, at + keys.offset(index)) };
                let value = of.other(values.items.item, at + values.items.offset(index));
                Ok(Some((EntryKey::Value(key), value)))
            }
            (Left::Sorted { position, used, leaf, index }, Form::Sorted(map)) => {
                while *index >= leaf.len {
                    if *position >= *used {
                        return Ok(None);
                    }
                    (*leaf, *index) = (map.leaf_at(source, at, *position, *used)?, 0);
                    *position += 1;
                }
                let slot = leaf.start + *index;
                *index += 1;
                let key = Value { key: true, ..of.other(map.keys.item, at + map.keys.offset(slot)) };
                Ok(Some((EntryKey::Value(key), of.other(map.values.item, at + map.values.offset(slot)))))
            }
            (Left::Slab { slab, next, end }, _) => {
                while *next < *end {
                    let place = *next;
                    *next += 1;
                    let generation = generation_of(slab, source, at, place)?.unwrap_or(0);
                    if generation % 2 == 1 {
                        let value = of.other(slab.values.items.item, at + slab.values.items.offset(place));
                        return Ok(Some((EntryKey::Slab(key_bits(place, generation)), value)));
                    }
                }
                Ok(None)
            }
            _ => Ok(None),
        }
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Result<(EntryKey<'a>, Value<'a>), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.advance().transpose()
    }
}
