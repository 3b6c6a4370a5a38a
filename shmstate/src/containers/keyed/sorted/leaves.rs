//! Leaves of a sorted map: where its entries are.
//!
//! A leaf is a run of [`LEAF`](SortedMap::LEAF) slots, of which the first `len` hold entries in order. The list `leaves` has a
//! word for each leaf that was ever used: first the `used` leaves with entries, in the order of their keys, then the free ones. If
//! only one leaf is in use, it holds all entries, whatever length its word says. An entry has a number: *position of its leaf in that
//! list* × `LEAF` + *index in its leaf*.
//!
//! After the slots of all leaves, the keys have one more slot for each leaf in use: its *bound*, in the same order. A bound is
//! larger than all keys in the leaves before its own, and no key in its own leaf is smaller. The first bound means nothing.
//!
//! Nothing here trusts a word: numbers and lengths are clamped, and loops end after as many steps as there are words.

use super::SortedMap;
use super::iter::Between;
use crate::containers::List;
use crate::containers::keyed::Lookup;
use crate::containers::len::Len;
use crate::layout::{Kind, Rule, SharedLayout, ValidityError};
use std::cmp::Ordering;
use std::ops::Range;

/// The bits of a word that are the number of a leaf.
const NUMBER: u32 = (1 << 24) - 1;
/// Set in a word while [`SortedMap::distinct`] runs: the leaf of that number has been seen.
const SEEN: u32 = 1 << 31;

/// Where the slots of a leaf start, and how many of them hold entries, clamped whatever the word says. `slots` is at least `leaf`.
#[inline(always)]
pub(super) const fn unpack(word: u32, leaf: usize, slots: usize) -> (usize, usize) {
    let (start, len) = ((word & NUMBER) as usize * leaf, (word >> 24 & 0x7f) as usize);
    (if start > slots - leaf { slots - leaf } else { start }, if len > leaf { leaf } else { len })
}

pub(super) const fn pack(word: u32, len: usize) -> u32 {
    word & NUMBER | (len as u32) << 24
}

/// A leaf.
#[derive(Clone, Copy, Debug)]
pub struct Leaf {
    /// Its word.
    pub(super) word: u32,
    /// Its first slot.
    pub(super) start: usize,
    /// Its entries.
    pub(super) len: usize,
}

impl Leaf {
    /// The slots that hold entries.
    #[inline]
    pub(super) const fn slots(self) -> Range<usize> {
        self.start..self.start + self.len
    }
}

/// Where an entry is, or would be.
#[derive(Clone, Copy, Debug)]
pub struct Spot {
    /// The position of its leaf, and the leaf, which may be full.
    pub(super) position: usize,
    pub(super) leaf: Leaf,
    /// Its index in its leaf.
    pub(super) index: usize,
}

impl Spot {
    /// The slot of the entry.
    #[inline]
    pub(super) const fn slot(self) -> usize {
        self.leaf.start + self.index
    }

    /// The slot after the leaf's entries.
    #[inline]
    pub(super) const fn end(self) -> usize {
        self.leaf.start + self.leaf.len
    }
}

impl<K: SharedLayout + Ord, V: SharedLayout, const N: usize> SortedMap<K, V, N> {
    /// Slots of a leaf. A leaf has more of them if entries are small, because moving them costs less.
    pub(super) const LEAF: usize = {
        let most = match size_of::<K>().saturating_add(size_of::<V>()) {
            0..=32 => 64,
            33..=128 => 32,
            _ => 16,
        };
        if N < most { N } else { most }
    };

    /// How many leaves there are.
    pub(super) const LEAVES: usize = 2 * N / (Self::LEAF + 1);

    /// The slot of the first bound.
    pub(super) const BOUNDS: usize = Self::LEAVES * Self::LEAF;

    /// The words of the leaves with entries.
    #[inline]
    pub(super) fn in_use(&self) -> &[u32] {
        Self::words(&self.leaves, self.used)
    }

    /// The words of `used` leaves.
    #[inline]
    pub(super) fn words(leaves: &List<u32, N>, used: u32) -> &[u32] {
        let words = leaves.as_slice();
        &words[..(used as usize).min(words.len()).min(Self::LEAVES)]
    }

    /// The number after those of all entries.
    #[inline]
    pub(super) fn behind(&self) -> usize {
        self.in_use().len() * Self::LEAF
    }

    #[inline]
    pub(super) fn unpacked(word: u32) -> Leaf {
        let (start, len) = unpack(word, Self::LEAF, 2 * N);
        Leaf { word, start, len }
    }

    /// The leaf at `position`, if it has entries.
    #[inline]
    pub(super) fn leaf(&self, position: usize) -> Option<Leaf> {
        Self::leaf_of(self.in_use(), self.count, position)
    }

    /// The leaf at `position` among the leaves with these words, which have `count` entries together.
    #[inline]
    fn leaf_of(words: &[u32], count: Len<N>, position: usize) -> Option<Leaf> {
        let leaf = Self::unpacked(*words.get(position)?);
        Some(if words.len() > 1 { leaf } else { Leaf { len: count.get().min(Self::LEAF), ..leaf } })
    }

    /// The number of an entry.
    #[inline]
    pub(super) const fn number(spot: Spot) -> usize {
        spot.position * Self::LEAF + spot.index
    }

    /// The spot after all entries.
    pub(super) fn end(&self) -> Spot {
        let leaf = Leaf { word: 0, start: 0, len: Self::LEAF };
        Spot { position: self.in_use().len(), leaf, index: 0 }
    }

    /// The first entry from that number on.
    #[inline]
    pub(super) fn entry_from(&self, number: usize) -> Option<Spot> {
        let (mut position, mut index) = (number / Self::LEAF, number % Self::LEAF);
        loop {
            let leaf = self.leaf(position)?;
            if index < leaf.len {
                return Some(Spot { position, leaf, index });
            }
            (position, index) = (position + 1, 0);
        }
    }

    /// The last entry.
    pub(super) fn last(&self) -> Option<Spot> {
        let position = self.in_use().len().checked_sub(1)?;
        let leaf = self.leaf(position)?;
        Some(Spot { position, leaf, index: leaf.len.checked_sub(1)? })
    }

    /// The last leaf whose bound is not past what is sought, as `behind` says, or the first leaf: its position, and where it is.
    #[inline]
    fn leaf_by(&self, behind: impl Fn(&K) -> bool) -> Option<(usize, Leaf)> {
        let words = self.in_use();
        let bounds = self.keys.as_slice()[Self::BOUNDS..].get(1..words.len()).unwrap_or_default();
        let position = bounds.partition_point(|bound| !behind(bound));
        Some((position, Self::leaf_of(words, self.count, position)?))
    }

    /// The entry with that key, or else where it would be.
    #[inline]
    pub(super) fn search<Q: ?Sized>(&self, key: &Q) -> Result<Spot, Spot>
    where
        K: Lookup<Q, As: Ord>,
    {
        let sought = K::sought(key);
        let leaf = self.leaf_by(|it| it.key().cmp(sought) == Ordering::Greater);
        let Some((position, leaf)) = leaf else { return Err(self.end()) };
        match self.keys.as_slice()[leaf.slots()].binary_search_by(|it| it.key().cmp(sought)) {
            Ok(index) => Ok(Spot { position, leaf, index }),
            Err(index) => Err(Spot { position, leaf, index }),
        }
    }

    /// The number of the first entry whose key is not `before`, or the number after the last entry of a leaf.
    #[inline]
    pub(super) fn bound(&self, before: impl Fn(&K) -> bool) -> usize {
        let Some((position, leaf)) = self.leaf_by(|bound| !before(bound)) else { return 0 };
        position * Self::LEAF + self.keys.as_slice()[leaf.slots()].partition_point(before)
    }

    /// The slots from one number to another, in the leaves with these words, which have `entries` entries together.
    pub(super) fn between(words: &[u32], entries: Len<N>, from: usize, to: usize) -> Between<'_> {
        let (first, last) = (from / Self::LEAF, to / Self::LEAF);
        let slots = |position: usize, from: usize, to: usize| {
            let Some(leaf) = Self::leaf_of(words, entries, position) else { return 0..0 };
            let to = to.min(leaf.len);
            leaf.start + from.min(to)..leaf.start + to
        };
        let (from, to) = (from % Self::LEAF, to % Self::LEAF);
        if first >= last {
            // The numbers are in the wrong order if the keys are damaged.
            let front = slots(first, from, if first == last { to } else { 0 });
            return Between { count: front.len(), front, leaves: &[], back: 0..0 };
        }
        let (front, back) = (slots(first, from, Self::LEAF), slots(last, 0, to));
        let leaves = words.get(first + 1..last.min(words.len())).unwrap_or_default();
        let count = leaves.iter().map(|word| Self::unpacked(*word).len).sum::<usize>() + front.len() + back.len();
        Between { front, leaves, back, count }
    }

    /// The largest number up to `to` such that no two of the leaves from that of `from` on are the same.
    pub(super) fn distinct(&mut self, from: usize, to: usize) -> usize {
        let used = self.in_use().len();
        let (first, last) = (from / Self::LEAF, (to / Self::LEAF + 1).min(used));
        if first + 1 >= last {
            return to;
        }
        let live = self.leaves.len();
        // At the end, each word is what it was, so that nothing has to be marked.
        let words = self.leaves.unmarked_mut(live);
        let mut end = first;
        while end < last {
            let number = (words[end] & NUMBER) as usize;
            if number >= Self::LEAVES || words.get(number).is_none_or(|word| word & SEEN != 0) {
                break;
            }
            words[number] |= SEEN;
            end += 1;
        }
        for position in first..end {
            let number = (words[position] & NUMBER) as usize;
            words[number] &= !SEEN;
        }
        if end < last { to.min(end * Self::LEAF) } else { to }
    }

    /// Marks all values.
    pub(super) fn mark_all(&mut self) {
        if let (Some(leaf), [_]) = (self.leaf(0), self.in_use()) {
            self.values.mark(leaf.slots());
        } else {
            let leaves = self.leaves.len().min(Self::LEAVES);
            self.values.mark(0..leaves * Self::LEAF);
        }
    }

    /// Marks the values from one number to another.
    pub(super) fn mark(&mut self, from: usize, to: usize) {
        for position in from / Self::LEAF..=to / Self::LEAF {
            let (start, end) = (position * Self::LEAF, (position + 1) * Self::LEAF - 1);
            let Some(leaf) = self.leaf(position) else { return };
            let [from, to] = [from.max(start) - start, if to > end { leaf.len } else { (to - start).min(leaf.len) }];
            if from < to {
                self.values.mark(leaf.start + from..leaf.start + to);
            }
        }
    }

    /// Checks that each leaf is there once, and all keys are in order.
    pub(super) fn check(&self) -> Result<(), ValidityError> {
        let (words, used) = (self.leaves.as_slice(), self.used as usize);
        if words.len() > Self::LEAVES || used > words.len() {
            let why = format!("{used} leaves in use of {}, and there are at most {}", words.len(), Self::LEAVES);
            return Err(ValidityError::new(why));
        }
        let mut seen = vec![false; words.len()];
        for (position, word) in words.iter().enumerate() {
            let (number, len) = ((word & NUMBER) as usize, (word >> 24) as usize);
            let once = seen.get_mut(number).is_some_and(|seen| !std::mem::replace(seen, true));
            if !once {
                return Err(ValidityError::new(format!(
                    "word {position} of the leaves is not the number of one of them"
                )));
            }
            if position < used && used > 1 && !(1..=Self::LEAF).contains(&len) {
                return Err(ValidityError::new(format!("leaf {position} has {len} entries of at most {}", Self::LEAF)));
            }
        }
        let leaves = || (0..used).filter_map(|position| self.leaf(position));
        let entries: usize = leaves().map(|leaf| leaf.len).sum();
        let count = self.count.unchecked();
        if entries != count || entries > N || used == 1 && entries == 0 {
            let why = format!("the leaves have {entries} entries, {count} are counted, and {N} fit");
            return Err(ValidityError::new(why));
        }
        let slots = self.keys.as_slice();
        let (mut before, mut index) = (None, 0);
        for (position, leaf) in leaves().enumerate() {
            let bound = &slots[Self::BOUNDS + position];
            if position > 0 && (before >= Some(bound) || *bound > slots[leaf.start]) {
                return Err(Self::unsorted(&format!("the bound of leaf {position}")));
            }
            for key in &slots[leaf.slots()] {
                if before >= Some(key) {
                    return Err(Self::unsorted(&format!("key {index}")));
                }
                (before, index) = (Some(key), index + 1);
            }
        }
        Ok(())
    }

    fn unsorted(what: &str) -> ValidityError {
        // The order of numbers is the same in every program.
        if matches!(K::LAYOUT.kind, Kind::Scalar(_)) {
            ValidityError::new(format!("{what} is not larger than the one before it"))
        } else {
            ValidityError::under(Rule::Order, format!("{what} was put in under another `Ord` than this program's"))
        }
    }
}
