//! Where an entry goes, and how leaves are split and merged.
//!
//! **Any `N` entries fit**, in whatever order they come and go. With `L` slots in a leaf, there are `M = ⌊2 N / (L + 1)⌋`
//! leaves. If an entry belongs into a full leaf, and there are fewer than `N` entries, at least one of these holds, and
//! [`room`](SortedMap::room) does what it allows:
//!
//! 1. A leaf is free: the full one is split.
//! 2. A leaf beside the full one has room: both share their entries evenly.
//! 3. Two neighbours hold at most `L` entries together: they are merged, and the full one is split.
//!
//! If none does, all `M` leaves are in use, the full one and its neighbours hold `L` entries each, and any two neighbours at
//! least `L + 1`. Make pairs of the other leaves, from the full ones outwards; on either side, one leaf may be left over. If the
//! full one has two neighbours, these three and the leaves left over hold at least `3 L` entries and `M` is odd, `3 L + 1` and `M`
//! is even, or `3 L + 2` and `M` is odd. If it has one neighbour, they hold `2 L` and `M` is even, or `2 L + 1` and `M` is odd. With
//! the pairs, that is at least `M / 2 × (L + 1) + (L - 1) / 2` each time. Because `M × (L + 1)` is at least `2 N - L`, it is at
//! least `N - 1 / 2`: all `N` entries are there. (If there is only one leaf, it holds `N`.)
//!
//! Nothing here trusts a word, as in [`leaves`](super::leaves).

use super::SortedMap;
use super::leaves::{Leaf, Spot, pack};
use crate::containers::len::Len;
use crate::layout::SharedLayout;
use std::ops::Range;

impl<K: SharedLayout + Ord, V: SharedLayout, const N: usize> SortedMap<K, V, N> {
    /// Two neighbours are merged when they hold at most this many entries together. It is fewer than a leaf has room for, so that
    /// the leaf is not split again soon.
    const MERGED: usize = Self::LEAF * 3 / 4;

    /// Makes room for an entry that would be at `spot`. Returns where the room is, or `None` if there is none.
    #[inline]
    pub(super) fn room(&mut self, spot: Spot) -> Option<Spot> {
        if self.is_full() {
            return None;
        }
        if spot.leaf.len < Self::LEAF { Some(spot) } else { self.more_room(spot) }
    }

    #[cold]
    fn more_room(&mut self, Spot { mut position, mut index, .. }: Spot) -> Option<Spot> {
        let mut used = self.in_use().len();
        if index == Self::LEAF {
            // The spot after a full leaf is the start of the next one.
            (position, index) = (position + 1, 0);
        }
        if position >= used {
            // After all entries: into a leaf of its own if the last one is full, so that keys that come in order fill leaves.
            let last = used.checked_sub(1).and_then(|last| self.leaf(last));
            if last.is_none_or(|last| last.len == Self::LEAF)
                && let Some(leaf) = self.free_leaf()
            {
                return Some(Spot { position: used, leaf, index: 0 });
            }
            (position, index) = (used.checked_sub(1)?, Self::LEAF);
        }
        let mut full = self.leaf(position)?;
        if full.len < Self::LEAF {
            return Some(Spot { position, leaf: full, index: index.min(full.len) });
        }
        if self.free_leaf().is_none() {
            for beside in [position.wrapping_add(1), position.wrapping_sub(1)] {
                if let Some(leaf) = self.leaf(beside).filter(|leaf| leaf.len < Self::LEAF) {
                    return self.share(position, full, index, beside, leaf);
                }
            }
            let fits = |pair: &[u32]| Self::unpacked(pair[0]).len + Self::unpacked(pair[1]).len <= Self::LEAF;
            let pair = self.in_use().windows(2).position(fits)?;
            self.merge(pair);
            position -= usize::from(pair < position);
            full = self.leaf(position)?;
            used -= 1;
        }
        let free = self.free_leaf()?;
        let half = Self::LEAF / 2;
        if half == 0 || full.len < Self::LEAF {
            // A leaf of one slot is never split: the map is damaged.
            return None;
        }
        self.carry(full.start + half..full.start + full.len, free.start);
        self.leaves.get_mut(position + 1..=used)?.rotate_right(1);
        self.keys.carry(Self::BOUNDS + position + 1..Self::BOUNDS + used, Self::BOUNDS + position + 2);
        self.used = used as u32 + 1;
        let leaves = [self.set_len(position, full, half), self.set_len(position + 1, free, full.len - half)];
        self.set_bound(position + 1, free.start);
        let right = usize::from(index > half);
        Some(Spot { position: position + right, leaf: leaves[right], index: index - right * half })
    }

    /// Shares the entries of a full leaf evenly with the one beside it, which is not full.
    fn share(&mut self, position: usize, full: Leaf, index: usize, beside: usize, leaf: Leaf) -> Option<Spot> {
        if beside < position && index == 0 {
            return Some(Spot { position: beside, leaf, index: leaf.len });
        }
        let moved = (Self::LEAF - leaf.len).div_ceil(2);
        let kept = full.len - moved;
        if beside > position {
            self.carry(leaf.slots(), leaf.start + moved);
            self.carry(full.start + kept..full.start + full.len, leaf.start);
        } else {
            self.carry(full.start..full.start + moved, leaf.start + leaf.len);
            self.carry(full.start + moved..full.start + full.len, full.start);
        }
        let (full, leaf) = (self.set_len(position, full, kept), self.set_len(beside, leaf, leaf.len + moved));
        self.set_bound(position.max(beside), if beside > position { leaf.start } else { full.start });
        let room = match (beside > position, index) {
            (true, index) if index > kept => Spot { position: beside, leaf, index: index - kept },
            (false, index) if index < moved => Spot { position: beside, leaf, index: leaf.len - moved + index },
            (false, index) => Spot { position, leaf: full, index: index - moved },
            (true, index) => Spot { position, leaf: full, index },
        };
        (room.leaf.len < Self::LEAF && room.index <= room.leaf.len).then_some(room)
    }

    /// The leaf after those in use, without entries.
    fn free_leaf(&mut self) -> Option<Leaf> {
        let (used, words) = (self.in_use().len(), self.leaves.len());
        if used == Self::LEAVES {
            return None;
        }
        if used < words {
            return Some(Self::unpacked(pack(self.leaves[used], 0)));
        }
        self.leaves.push(pack(words as u32, 0)).ok()?;
        Some(Self::unpacked(pack(words as u32, 0)))
    }

    /// Counts the entry that was put into its room. Returns where it is.
    #[inline]
    pub(super) fn occupy(&mut self, room: Spot) -> Spot {
        if room.position == self.in_use().len() {
            if let (1, Some(alone)) = (room.position, self.leaf(0)) {
                self.set_len(0, alone, alone.len);
            }
            self.used = room.position as u32 + 1;
        }
        // There was room for it, unless another process writes without the lock meanwhile.
        self.count = Len::new(self.len().min(N - 1) + 1);
        if self.in_use().len() > 1 {
            self.set_len(room.position, room.leaf, room.leaf.len + 1);
            if room.index == 0 {
                self.set_bound(room.position, room.leaf.start);
            }
        }
        Spot { leaf: Leaf { len: room.leaf.len + 1, ..room.leaf }, ..room }
    }

    #[inline]
    fn set_len(&mut self, position: usize, leaf: Leaf, len: usize) -> Leaf {
        let word = pack(leaf.word, len);
        if let Some(at) = self.leaves.get_mut(position) {
            *at = word;
        }
        Leaf { word, len, ..leaf }
    }

    /// Makes the key in a slot the bound of the leaf at `position`.
    fn set_bound(&mut self, position: usize, slot: usize) {
        self.keys.carry_one(slot, Self::BOUNDS + position);
    }

    #[inline]
    fn carry(&mut self, from: Range<usize>, to: usize) {
        self.keys.carry(from.clone(), to);
        self.values.carry(from, to);
    }

    /// Removes an entry. Returns the number from which on the next entry is, or `None` if there was no such entry.
    #[inline]
    pub(super) fn remove_at(&mut self, spot: Spot) -> Option<usize> {
        let Spot { position, leaf, index } = spot;
        if index >= leaf.len {
            return None;
        }
        self.keys.remove(leaf.start + index, leaf.start + leaf.len);
        self.values.remove(leaf.start + index, leaf.start + leaf.len);
        let len = leaf.len - 1;
        if self.in_use().len() > 1 {
            self.count = Len::new(self.len().saturating_sub(1));
            self.set_len(position, leaf, len);
        } else {
            self.count = Len::new(len);
        }
        let fits = |beside: Option<Leaf>| beside.is_some_and(|beside| len + beside.len <= Self::MERGED);
        if len == 0 {
            self.release(position);
        } else if len < Self::MERGED {
            if fits(self.leaf(position + 1)) {
                self.merge(position);
            } else if let Some(before) = position.checked_sub(1).and_then(|it| self.leaf(it))
                && fits(Some(before))
            {
                self.merge(position - 1);
                return Some((position - 1) * Self::LEAF + before.len + index);
            }
        }
        Some(Self::number(spot))
    }

    /// Moves the entries of the leaf after `position` to the leaf at `position`, which has room for them.
    #[cold]
    fn merge(&mut self, position: usize) {
        if let (Some(to), Some(from)) = (self.leaf(position), self.leaf(position + 1)) {
            self.carry(from.slots(), to.start + to.len);
            self.set_len(position, to, to.len + from.len);
            self.release(position + 1);
        }
    }

    /// Frees the leaf at `position`.
    #[cold]
    fn release(&mut self, position: usize) {
        let last = self.in_use().len() - 1;
        if position < last
            && let Some(words) = self.leaves.get_mut(position..=last)
        {
            words.rotate_left(1);
            self.keys.carry(Self::BOUNDS + position + 1..Self::BOUNDS + last + 1, Self::BOUNDS + position);
        }
        self.used = last as u32;
    }
}
