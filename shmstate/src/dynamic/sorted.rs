//! Changes of sorted maps.
//!
//! An entry goes to its leaf; a full leaf is split into a free one. Where no leaf is free, all entries are spread evenly over all
//! leaves, in which any number of entries up to the capacity fits.

use super::data::Data;
use super::fault::{full, no_value};
use super::find::{SortedAt, Spot};
use super::image::Image;
use super::keys::Key;
use super::locate::{Leaf, NUMBER, live};
use super::shape::{Form, Run, Shape, Shapes, SortedShape};
use super::write;
use crate::error::Error;
use std::ops::Range;

/// A sorted map that is changed.
struct Sorted<'a, 'b> {
    map: SortedShape,
    image: &'a mut Image<'b>,
    at: usize,
}

/// The bytes of a new entry.
struct Entry {
    key: Vec<u8>,
    value: Vec<u8>,
}

/// Inserts an entry, or gives one that is there another value; whether it was there.
pub(super) fn insert(
    shapes: &Shapes,
    shape: &Shape,
    image: &mut Image<'_>,
    at: usize,
    key: &Data,
    value: &Data,
) -> Result<bool, Error> {
    SortedAt { map: map_of(shape)?, source: image.source(), at }.check_derived(shapes)?;
    fill(shapes, shape, image, at, key, value)
}

/// [`insert`] into a map of this process's own making.
pub(super) fn fill(
    shapes: &Shapes,
    shape: &Shape,
    image: &mut Image<'_>,
    at: usize,
    key: &Data,
    value: &Data,
) -> Result<bool, Error> {
    let map = map_of(shape)?;
    let (bytes, key) = write::key(shapes, map.keys.item, key)?;
    let entry = Entry { key: bytes, value: write::bytes(shapes, map.values.item, value)? };
    let spot = match (SortedAt { map, source: image.source(), at }).search(shapes, &key)? {
        Some(Ok(spot)) => {
            image.put(at + map.values.offset(spot.slot()), &entry.value)?;
            return Ok(true);
        }
        Some(Err(spot)) => Some(spot),
        None => None,
    };
    let (count, capacity) = (map.counted(image.source(), at)?, map.leaves.items.capacity);
    if count >= capacity {
        return Err(full(&shape.name, capacity, count + 1));
    }
    Sorted { map, image, at }.insert(spot, &entry)?;
    Ok(false)
}

/// Removes an entry; whether it was there.
pub(super) fn remove(
    shapes: &Shapes,
    shape: &Shape,
    image: &mut Image<'_>,
    at: usize,
    key: &Key<'_>,
) -> Result<bool, Error> {
    let map = map_of(shape)?;
    let found = SortedAt { map, source: image.source(), at }.search_anyhow(shapes, key)?;
    let Some(Ok(spot)) = found else { return Ok(false) };
    Sorted { map, image, at }.remove(spot)?;
    Ok(true)
}

/// Removes all entries.
pub(super) fn clear(shape: &Shape, image: &mut Image<'_>, at: usize) -> Result<(), Error> {
    let map = map_of(shape)?;
    image.put_u32(at + map.count, 0)?;
    image.put_u32(at + map.used, 0)
}

fn map_of(shape: &Shape) -> Result<SortedShape, Error> {
    match shape.form {
        Form::Sorted(map) => Ok(map),
        _ => Err(no_value(format!("a `{}` has no keys", shape.name))),
    }
}

impl Sorted<'_, '_> {
    fn used(&self) -> Result<usize, Error> {
        self.map.in_use(self.image.source(), self.at)
    }

    fn leaf(&self, position: usize, used: usize) -> Result<Leaf, Error> {
        self.map.leaf_at(self.image.source(), self.at, position, used)
    }

    fn word(&self, position: usize) -> Result<u32, Error> {
        self.map.word(self.image.source(), self.at, position)
    }

    fn put_word(&mut self, position: usize, number: u32, len: usize) -> Result<(), Error> {
        let at = self.at + self.map.leaves.items.offset(position);
        self.image.put_u32(at, (number & NUMBER | (len as u32) << 24) as usize)
    }

    /// Moves the contents of slots of keys, or of values.
    fn carry_run(&mut self, run: Run, from: Range<usize>, to: usize) -> Result<(), Error> {
        self.image.carry(self.at + run.offset(from.start)..self.at + run.offset(from.end), self.at + run.offset(to))
    }

    /// Moves the entries in `from` to where `to` is.
    fn carry(&mut self, from: Range<usize>, to: usize) -> Result<(), Error> {
        self.carry_run(self.map.keys, from.clone(), to)?;
        self.carry_run(self.map.values, from, to)
    }

    /// Makes the key in a slot the bound of the leaf at `position`.
    fn set_bound(&mut self, position: usize, slot: usize) -> Result<(), Error> {
        let bound = self.map.bounds() + position;
        self.carry_run(self.map.keys, slot..slot + 1, bound)
    }

    fn put(&mut self, slot: usize, entry: &Entry) -> Result<(), Error> {
        self.image.put(self.at + self.map.keys.offset(slot), &entry.key)?;
        self.image.put(self.at + self.map.values.offset(slot), &entry.value)
    }

    fn add_to_count(&mut self) -> Result<(), Error> {
        let count = self.map.counted(self.image.source(), self.at)?;
        self.image.put_u32(self.at + self.map.count, count + 1)
    }

    /// Inserts an entry where it was not found; there is room.
    fn insert(&mut self, spot: Option<Spot>, entry: &Entry) -> Result<(), Error> {
        let used = self.used()?;
        let Some(Spot { position, leaf, index }) = spot else { return self.new_leaf(0, entry) };
        if leaf.len < self.map.leaf {
            return self.insert_into(position, leaf, index, entry);
        }
        if used == self.map.most_leaves() {
            return self.spread(Spot { position, leaf, index }, entry);
        }
        if position + 1 == used && index == leaf.len {
            // Keys that come in order fill leaves.
            let number = self.word(position)?;
            self.put_word(position, number, leaf.len)?;
            return self.new_leaf(used, entry);
        }
        let (half, free) = (leaf.len / 2, self.free_leaf(used)?);
        let right = Leaf { start: (free as usize).saturating_mul(self.map.leaf), len: leaf.len - half };
        self.carry(leaf.start + half..leaf.start + leaf.len, right.start)?;
        // The words and bounds after it move on by one.
        let words = self.map.leaves.items;
        self.carry_run(words, position + 1..used, position + 2)?;
        let bounds = self.map.bounds();
        self.carry_run(self.map.keys, bounds + position + 1..bounds + used, bounds + position + 2)?;
        self.put_word(position + 1, free, right.len)?;
        let number = self.word(position)?;
        self.put_word(position, number, half)?;
        self.image.put_u32(self.at + self.map.used, used + 1)?;
        self.set_bound(position + 1, right.start)?;
        if index > half {
            self.insert_into(position + 1, right, index - half, entry)
        } else {
            self.insert_into(position, Leaf { len: half, ..leaf }, index, entry)
        }
    }

    fn insert_into(&mut self, position: usize, leaf: Leaf, index: usize, entry: &Entry) -> Result<(), Error> {
        let slot = leaf.start + index;
        self.carry(slot..leaf.start + leaf.len, slot + 1)?;
        self.put(slot, entry)?;
        let number = self.word(position)?;
        self.put_word(position, number, leaf.len + 1)?;
        if index == 0 && position > 0 {
            self.set_bound(position, slot)?;
        }
        self.add_to_count()
    }

    /// The number of the leaf after those in use, of which there are not all; its word is at `used` then.
    fn free_leaf(&mut self, used: usize) -> Result<u32, Error> {
        let words = live(self.map.leaves, self.image.source(), self.at)?;
        if used < words {
            return Ok(self.word(used)? & NUMBER);
        }
        self.put_word(words, words as u32, 0)?;
        self.image.put_u32(self.at + self.map.leaves.len, words + 1)?;
        Ok(words as u32)
    }

    /// Puts an entry, which is larger than all others, into a leaf of its own.
    fn new_leaf(&mut self, used: usize, entry: &Entry) -> Result<(), Error> {
        let number = self.free_leaf(used)?;
        let start = (number as usize).saturating_mul(self.map.leaf);
        self.put_word(used, number, 1)?;
        self.put(start, entry)?;
        self.set_bound(used, start)?;
        self.image.put_u32(self.at + self.map.used, used + 1)?;
        if used == 0 {
            return self.image.put_u32(self.at + self.map.count, 1);
        }
        self.add_to_count()
    }

    /// Spreads all entries, and a new one, evenly over all leaves.
    fn spread(&mut self, spot: Spot, entry: &Entry) -> Result<(), Error> {
        let (used, map) = (self.used()?, self.map);
        let (mut keys, mut values, mut count) = (Vec::new(), Vec::new(), 0);
        let source = self.image.source();
        for position in 0..used {
            let leaf = self.leaf(position, used)?;
            for index in 0..=leaf.len {
                if position == spot.position && index == spot.index {
                    keys.extend_from_slice(&entry.key);
                    values.extend_from_slice(&entry.value);
                    count += 1;
                }
                if index < leaf.len {
                    let slot = leaf.start + index;
                    keys.extend_from_slice(&source.bytes(self.at + map.keys.offset(slot), map.keys.size)?);
                    values.extend_from_slice(&source.bytes(self.at + map.values.offset(slot), map.values.size)?);
                    count += 1;
                }
            }
        }
        let leaves = map.most_leaves();
        if count > map.leaves.items.capacity || count.div_ceil(leaves) > map.leaf {
            return Err(super::fault::damaged("a sorted map has more entries than it counts"));
        }
        let mut first = 0;
        for position in 0..leaves {
            // The first ones have one more each.
            let len = count / leaves + usize::from(position < count % leaves);
            let start = position * map.leaf;
            let bytes = |run: Run| first * run.size..(first + len) * run.size;
            self.image.put(self.at + map.keys.offset(start), &keys[bytes(map.keys)])?;
            self.image.put(self.at + map.values.offset(start), &values[bytes(map.values)])?;
            self.put_word(position, position as u32, len)?;
            self.set_bound(position, start)?;
            first += len;
        }
        self.image.put_u32(self.at + map.leaves.len, leaves)?;
        self.image.put_u32(self.at + map.used, leaves)?;
        self.image.put_u32(self.at + map.count, count)
    }

    fn remove(&mut self, spot: Spot) -> Result<(), Error> {
        let (used, Spot { position, leaf, .. }) = (self.used()?, spot);
        self.carry(spot.slot() + 1..leaf.start + leaf.len, spot.slot())?;
        let count = self.map.counted(self.image.source(), self.at)?;
        self.image.put_u32(self.at + self.map.count, count.saturating_sub(1))?;
        let number = self.word(position)?;
        self.put_word(position, number, leaf.len - 1)?;
        if leaf.len > 1 {
            return Ok(());
        }
        // The leaf is free: its word comes after those in use.
        self.carry_run(self.map.leaves.items, position + 1..used, position)?;
        self.put_word(used - 1, number, 0)?;
        let bounds = self.map.bounds();
        self.carry_run(self.map.keys, bounds + position + 1..bounds + used, bounds + position)?;
        self.image.put_u32(self.at + self.map.used, used - 1)
    }
}
