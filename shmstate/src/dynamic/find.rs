//! Entries of maps and sets, by their keys.
//!
//! Nothing here trusts a word of the region: a search ends after as many steps as there are buckets or entries.

use super::keys::{Key, is_derivable, is_known, not_derived, unknown};
use super::locate::{Leaf, live};
use super::shape::{Form, SetShape, Shape, Shapes, SortedShape};
use super::source::Source;
use crate::error::Error;
use std::cmp::Ordering;

/// A set in a version of a state.
#[derive(Clone, Copy)]
pub(super) struct SetAt<'a> {
    pub(super) set: SetShape,
    pub(super) source: Source<'a>,
    pub(super) at: usize,
}

impl<'a> SetAt<'a> {
    /// Words of the table.
    pub(super) fn buckets(self) -> usize {
        2 * self.set.keys.items.capacity
    }

    pub(super) fn seed(self) -> Result<[u64; 2], Error> {
        let at = self.at + self.set.seed;
        Ok([self.source.u64(at)?, self.source.u64(at + 8)?])
    }

    /// Where the word of a bucket lies.
    pub(super) fn bucket_at(self, bucket: usize) -> usize {
        self.at + self.set.buckets + 8 * bucket
    }

    pub(super) fn bucket(self, bucket: usize) -> Result<u64, Error> {
        self.source.u64(self.bucket_at(bucket))
    }

    /// The bucket from which on a tag is searched for.
    pub(super) fn home(self, tag: u32) -> usize {
        ((u64::from(tag) * self.buckets() as u64) >> 32) as usize
    }

    pub(super) fn next(self, bucket: usize) -> usize {
        if bucket + 1 == self.buckets() { 0 } else { bucket + 1 }
    }

    pub(super) fn len(self) -> Result<usize, Error> {
        live(self.set.keys, self.source, self.at)
    }

    /// The key at that index.
    pub(super) fn key(self, shapes: &Shapes, index: usize) -> Result<Key<'a>, Error> {
        Key::read(shapes, self.set.keys.items.item, self.source, self.at + self.set.keys.items.offset(index))
    }

    /// The bucket with the word of the key at that index, wherever its hash has put it.
    pub(super) fn bucket_of(self, index: usize) -> Result<Option<usize>, Error> {
        for bucket in 0..self.buckets() {
            if self.bucket(bucket)? as u32 == index as u32 + 1 {
                return Ok(Some(bucket));
            }
        }
        Ok(None)
    }

    /// The index of a key, by its hash; or by a look at each, if the program may hash its keys otherwise.
    pub(super) fn find_anyhow(self, shapes: &Shapes, key: &Key<'_>) -> Result<Option<usize>, Error> {
        let found = self.find(shapes, key)?;
        if found.is_some() || is_sure(shapes, self.set.keys.items.item) {
            return Ok(found);
        }
        for index in 0..self.len()? {
            if self.key(shapes, index)? == *key {
                return Ok(Some(index));
            }
        }
        Ok(None)
    }

    /// Whether every key is where a derived `Hash` has to put it.
    ///
    /// # Errors
    /// `Unsupported` if one is not.
    pub(super) fn check_derived(self, shapes: &Shapes) -> Result<(), Error> {
        let item = self.set.keys.items.item;
        if is_sure(shapes, item) {
            return Ok(());
        }
        let (len, seed) = (self.len()?, self.seed()?);
        for bucket in 0..self.buckets() {
            let word = self.bucket(bucket)?;
            let index = (word as u32).wrapping_sub(1) as usize;
            if word != 0 && index < len && self.key(shapes, index)?.tag(seed) != (word >> 32) as u32 {
                return Err(not_derived(shapes.get(shapes.settle(item, 0).0)));
            }
        }
        Ok(())
    }

    /// The index of a key.
    pub(super) fn find(self, shapes: &Shapes, key: &Key<'_>) -> Result<Option<usize>, Error> {
        let len = self.len()?;
        if len == 0 {
            return Ok(None);
        }
        let tag = key.tag(self.seed()?);
        let mut bucket = self.home(tag);
        for _ in 0..self.buckets() {
            let word = self.bucket(bucket)?;
            if word == 0 {
                return Ok(None);
            }
            let index = (word as u32).wrapping_sub(1) as usize;
            if (word >> 32) as u32 == tag && index < len && self.key(shapes, index)? == *key {
                return Ok(Some(index));
            }
            bucket = self.next(bucket);
        }
        Ok(None)
    }
}

/// Where an entry of a sorted map is, or would be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spot {
    /// Of the leaf, among those in use.
    pub(super) position: usize,
    pub(super) leaf: Leaf,
    /// In the leaf.
    pub(super) index: usize,
}

impl Spot {
    pub(super) fn slot(self) -> usize {
        self.leaf.start + self.index
    }
}

/// A sorted map in a version of a state.
#[derive(Clone, Copy)]
pub(super) struct SortedAt<'a> {
    pub(super) map: SortedShape,
    pub(super) source: Source<'a>,
    pub(super) at: usize,
}

impl<'a> SortedAt<'a> {
    pub(super) fn used(self) -> Result<usize, Error> {
        self.map.in_use(self.source, self.at)
    }

    pub(super) fn leaf(self, position: usize, used: usize) -> Result<Leaf, Error> {
        self.map.leaf_at(self.source, self.at, position, used)
    }

    /// The key in that slot.
    pub(super) fn key(self, shapes: &Shapes, slot: usize) -> Result<Key<'a>, Error> {
        Key::read(shapes, self.map.keys.item, self.source, self.at + self.map.keys.offset(slot))
    }

    /// Where a key is, by the order of the keys; or by a look at each, if the program may order them otherwise. Else where it
    /// would be.
    pub(super) fn search_anyhow(self, shapes: &Shapes, key: &Key<'_>) -> Result<Option<Result<Spot, Spot>>, Error> {
        let found = self.search(shapes, key)?;
        if !matches!(found, Some(Err(_))) || is_sure(shapes, self.map.keys.item) {
            return Ok(found);
        }
        let used = self.used()?;
        for position in 0..used {
            let leaf = self.leaf(position, used)?;
            for index in 0..leaf.len {
                if self.key(shapes, leaf.start + index)? == *key {
                    return Ok(Some(Ok(Spot { position, leaf, index })));
                }
            }
        }
        Ok(found)
    }

    /// Whether every key is where a derived `Ord` has to put it.
    ///
    /// # Errors
    /// `Unsupported` if one is not.
    pub(super) fn check_derived(self, shapes: &Shapes) -> Result<(), Error> {
        let item = self.map.keys.item;
        if is_sure(shapes, item) {
            return Ok(());
        }
        let (used, mut before) = (self.used()?, None);
        for position in 0..used {
            let leaf = self.leaf(position, used)?;
            for slot in leaf.start..leaf.start + leaf.len {
                let key = self.key(shapes, slot)?;
                if before.as_ref() >= Some(&key) {
                    return Err(not_derived(shapes.get(shapes.settle(item, 0).0)));
                }
                before = Some(key);
            }
        }
        Ok(())
    }

    /// Where a key is, or else where it would be; nothing if no leaf is in use.
    pub(super) fn search(self, shapes: &Shapes, key: &Key<'_>) -> Result<Option<Result<Spot, Spot>>, Error> {
        let used = self.used()?;
        if used == 0 {
            return Ok(None);
        }
        // The last leaf whose bound is not larger; the first bound means nothing.
        let (mut low, mut high) = (1, used);
        while low < high {
            let middle = low.midpoint(high);
            let bound = self.key(shapes, self.map.bounds() + middle)?;
            if bound.order(key) == Ordering::Greater { high = middle } else { low = middle + 1 }
        }
        let position = low - 1;
        let leaf = self.leaf(position, used)?;
        let (mut low, mut high) = (0, leaf.len);
        while low < high {
            let middle = low.midpoint(high);
            match self.key(shapes, leaf.start + middle)?.order(key) {
                Ordering::Equal => return Ok(Some(Ok(Spot { position, leaf, index: middle }))),
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
            }
        }
        Ok(Some(Err(Spot { position, leaf, index: low })))
    }
}

/// Whether the program cannot hash or order keys of that type otherwise than the library.
fn is_sure(shapes: &Shapes, ty: usize) -> bool {
    is_known(shapes.get(shapes.settle(ty, 0).0))
}

/// The type of the keys of a map or set, if entries can be found by them.
///
/// # Errors
/// `Unsupported` otherwise.
pub(super) fn type_of_keys(shapes: &Shapes, form: &Form) -> Result<Option<usize>, Error> {
    let Some(item) = item_of_keys(form) else { return Ok(None) };
    if is_derivable(shapes, item) { Ok(Some(item)) } else { Err(unknown(shapes.get(shapes.settle(item, 0).0))) }
}

/// The type of the keys of a map or set.
pub(super) fn shape_of_keys<'a>(shapes: &'a Shapes, form: &Form) -> Option<&'a Shape> {
    item_of_keys(form).map(|item| shapes.get(shapes.settle(item, 0).0))
}

fn item_of_keys(form: &Form) -> Option<usize> {
    match form {
        Form::Set(set) | Form::Map { set, .. } => Some(set.keys.items.item),
        Form::Sorted(map) => Some(map.keys.item),
        _ => None,
    }
}

/// Where the value of an entry lies; of a set, the entry itself.
pub(super) fn find_entry(
    shapes: &Shapes,
    form: &Form,
    source: Source<'_>,
    at: usize,
    key: &Key<'_>,
) -> Result<Option<usize>, Error> {
    Ok(match form {
        Form::Set(set) => {
            let found = SetAt { set: *set, source, at }.find_anyhow(shapes, key)?;
            found.map(|index| at + set.keys.items.offset(index))
        }
        Form::Map { set, values } => {
            let found = SetAt { set: *set, source, at }.find_anyhow(shapes, key)?;
            let live = live(*values, source, at)?;
            found.filter(|index| *index < live).map(|index| at + values.items.offset(index))
        }
        Form::Sorted(map) => {
            let found = SortedAt { map: *map, source, at }.search_anyhow(shapes, key)?;
            found.and_then(Result::ok).map(|spot| at + map.values.offset(spot.slot()))
        }
        _ => None,
    })
}
