//! Where the items of containers lie. No number of the region is trusted: lengths and positions are clamped, and no loop takes
//! more steps than the type has room for.

use super::shape::{Counted, Form, Run, SlabShape, SortedShape};
use super::source::Source;
use crate::error::Error;

/// The number of a leaf, in its word.
pub(super) const NUMBER: u32 = (1 << 24) - 1;

/// Live items of a counted run of the value at `at`.
#[inline]
pub(super) fn live(counted: Counted, source: Source<'_>, at: usize) -> Result<usize, Error> {
    Ok(source.u32(at + counted.len)?.min(counted.items.capacity))
}

/// The items of a sequence: `count` of them in a run, in which the first one is `start`, and the first slot follows on the last.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sequence {
    pub(super) items: Run,
    pub(super) start: usize,
    /// Slots that are gone through before the first one follows.
    pub(super) around: usize,
    pub(super) count: usize,
}

impl Sequence {
    /// The items of the value at `at`, if it is a sequence.
    #[inline]
    pub(super) fn of(form: &Form, source: Source<'_>, at: usize) -> Result<Option<Sequence>, Error> {
        Ok(Some(match *form {
            Form::Array { items } => Sequence { items, start: 0, around: items.capacity, count: items.capacity },
            Form::List { items } => {
                let count = source.u32(at)?.min(items.capacity);
                Sequence { items, start: 0, around: count, count }
            }
            Form::Ring { start, len, items } => {
                let count = live(Counted { len, items }, source, at)?;
                let start = source.u32(at + start)?;
                Sequence { items, start: if start < count { start } else { 0 }, around: count, count }
            }
            Form::Queue { start, count, items } => {
                let (start, count) = (source.u32(at + start)?, source.u32(at + count)?.min(items.capacity));
                Sequence { items, start: if start < items.capacity { start } else { 0 }, around: items.capacity, count }
            }
            _ => return Ok(None),
        }))
    }

    /// The offset of item `index`, which is one of them, in the container.
    #[inline]
    pub(super) fn offset(self, index: usize) -> usize {
        let slot = self.start + index;
        self.items.offset(if slot >= self.around { slot - self.around } else { slot })
    }
}

/// A key of a slab, as `Key::to_bits` gives it.
pub(super) const fn key_bits(place: usize, generation: u32) -> u64 {
    (generation as u64) << 32 | place as u64
}

/// Where the value of a key of a slab lies, if it is still there.
pub(super) fn in_slab(slab: &SlabShape, source: Source<'_>, at: usize, bits: u64) -> Result<Option<usize>, Error> {
    let (place, generation) = (bits as u32, (bits >> 32) as u32);
    let found = generation_of(slab, source, at, place as usize)?.filter(|found| *found == generation && found % 2 == 1);
    Ok(found.map(|_| slab.values.items.offset(place as usize)))
}

/// The generation of a place that was ever in use.
pub(super) fn generation_of(
    slab: &SlabShape,
    source: Source<'_>,
    at: usize,
    place: usize,
) -> Result<Option<u32>, Error> {
    let places = live(slab.places, source, at)?.min(live(slab.values, source, at)?);
    if place >= places {
        return Ok(None);
    }
    Ok(Some(source.u32(at + slab.places.items.offset(place))? as u32))
}

/// A leaf of a sorted map: where its first slot is, and how many of its slots have entries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Leaf {
    pub(super) start: usize,
    pub(super) len: usize,
}

impl SortedShape {
    /// How many leaves there may be.
    pub(super) fn most_leaves(&self) -> usize {
        2 * self.leaves.items.capacity / (self.leaf + 1)
    }

    /// Slots of all leaves; the bounds lie after them.
    pub(super) fn bounds(&self) -> usize {
        self.most_leaves() * self.leaf
    }

    /// How many leaves are in use.
    pub(super) fn in_use(&self, source: Source<'_>, at: usize) -> Result<usize, Error> {
        let words = live(self.leaves, source, at)?.min(self.most_leaves());
        Ok(source.u32(at + self.used)?.min(words))
    }

    /// How many entries are counted.
    pub(super) fn counted(&self, source: Source<'_>, at: usize) -> Result<usize, Error> {
        Ok(source.u32(at + self.count)?.min(self.leaves.items.capacity))
    }

    /// The word of the leaf at `position`.
    pub(super) fn word(&self, source: Source<'_>, at: usize, position: usize) -> Result<u32, Error> {
        Ok(source.u32(at + self.leaves.items.offset(position))? as u32)
    }

    /// The leaf at `position`, of `used` ones.
    pub(super) fn leaf_at(&self, source: Source<'_>, at: usize, position: usize, used: usize) -> Result<Leaf, Error> {
        let word = self.word(source, at, position)?;
        let start = ((word & NUMBER) as usize).saturating_mul(self.leaf).min(self.keys.capacity - self.leaf);
        // A leaf alone holds all entries, whatever its word says.
        let len = if used == 1 { self.counted(source, at)? } else { (word >> 24 & 0x7f) as usize };
        Ok(Leaf { start, len: len.min(self.leaf) })
    }
}
