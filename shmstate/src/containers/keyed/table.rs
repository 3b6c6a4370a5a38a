//! [`Table`]: where among the keys of a map each one is, by its hash.

use crate::containers::Array;
use crate::containers::derived::derived;
use crate::layout::{Rule, ValidityError};
use siphasher::sip::SipHasher13;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hash, Hasher};
use std::num::NonZeroU64;

/// An index by hash of up to `N` keys, which lie elsewhere. It uses open addressing in `2 N` buckets and linear probing. Deletion
/// moves later buckets back if possible, so that there are no tombstones.
///
/// A bucket is one word: the *tag*, which is the upper half of the key's hash, then the key's index plus 1; 0 is an
/// empty bucket. A tag's home is bucket `tag * 2 N >> 32`, so that a bucket can be moved without its key.
///
/// Nothing here trusts the buckets: a search ends after `2 N` of them, and the caller checks indices.
#[derive(Clone)]
#[repr(C)]
pub(super) struct Table<const N: usize> {
    /// The key of the hash function; zero until the first key is added.
    seed: [u64; 2],
    /// The buckets, in pairs.
    buckets: Array<[u64; 2], N>,
}

derived! {
    [const N: usize] Table<N> {
        seed: [u64; 2],
        buckets: Array<[u64; 2], N>,
    }
}

/// Where a key is: two words, the first of which is not 0, so that `Option<Found>` is returned in registers. To write it to memory
/// in parts and read it as a whole would stall.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    /// The content of the bucket that leads to the key.
    content: NonZeroU64,
    /// The index of that bucket; a hint, because the table may have changed since.
    at: usize,
}

impl Found {
    /// A key whose bucket is not known.
    pub(super) const fn of(index: usize, tag: u32) -> Self {
        // It is never 0.
        let content = match NonZeroU64::new(pack(tag, index)) {
            Some(content) => content,
            None => NonZeroU64::MIN,
        };
        Found { content, at: usize::MAX }
    }

    /// Its index among the keys.
    #[inline]
    pub(super) const fn index(self) -> usize {
        unpack(self.content.get()).1
    }
}

const fn pack(tag: u32, index: usize) -> u64 {
    (tag as u64) << 32 | (index as u64 + 1)
}

/// The tag and the index in a bucket; an invalid index becomes one that no key has.
#[inline]
const fn unpack(bucket: u64) -> (u32, usize) {
    ((bucket >> 32) as u32, (bucket as u32).wrapping_sub(1) as usize)
}

impl<const N: usize> Table<N> {
    /// The container around the table proves what the table needs.
    const PROVED: () = ();

    const BUCKETS: usize = 2 * N;

    /// Draws a seed for an empty table, if it has none, so that colliding keys cannot be known beforehand.
    #[inline]
    pub(super) fn draw_seed(&mut self) {
        if self.seed == [0, 0] {
            self.draw();
        }
    }

    #[cold]
    fn draw(&mut self) {
        let random = RandomState::new();
        self.seed = [1, 2].map(|n: u64| random.hash_one(n));
    }

    /// The tag of a key.
    #[inline]
    pub(super) fn tag<Q: Hash + ?Sized>(&self, key: &Q) -> u32 {
        let mut hasher = SipHasher13::new_with_keys(self.seed[0], self.seed[1]);
        key.hash(&mut hasher);
        (hasher.finish() >> 32) as u32
    }

    #[inline]
    fn buckets(&self) -> &[u64] {
        self.buckets.as_slice().as_flattened()
    }

    #[inline]
    fn put(&mut self, at: usize, bucket: u64) {
        self.buckets[at / 2][at % 2] = bucket;
    }

    #[inline]
    const fn home(tag: u32) -> usize {
        ((tag as u64 * Self::BUCKETS as u64) >> 32) as usize
    }

    #[inline]
    const fn next(at: usize) -> usize {
        if at + 1 == Self::BUCKETS { 0 } else { at + 1 }
    }

    /// Steps from bucket `from` to bucket `to`.
    const fn steps(from: usize, to: usize) -> usize {
        if from <= to { to - from } else { to + Self::BUCKETS - from }
    }

    /// The index of the first bucket, from the tag's home on, for which `sought` returns true.
    #[inline]
    fn search(&self, tag: u32, mut sought: impl FnMut(u64) -> bool) -> Option<usize> {
        let buckets = self.buckets();
        let mut at = Self::home(tag);
        for _ in 0..Self::BUCKETS {
            if sought(buckets[at]) {
                return Some(at);
            }
            at = Self::next(at);
        }
        None
    }

    /// The key with that tag for which `is` returns true.
    #[inline]
    pub(super) fn find(&self, tag: u32, mut is: impl FnMut(usize) -> bool) -> Option<Found> {
        let buckets = self.buckets();
        let mut at = Self::home(tag);
        for _ in 0..Self::BUCKETS {
            let content = NonZeroU64::new(buckets[at])?;
            let (its_tag, index) = unpack(content.get());
            if its_tag == tag && is(index) {
                return Some(Found { content, at });
            }
            at = Self::next(at);
        }
        None
    }

    /// Adds a key. `None` if there is no empty bucket; a valid table of up to `N` keys has one.
    #[inline]
    #[must_use]
    pub(super) fn add(&mut self, tag: u32, index: usize) -> Option<Found> {
        let at = self.search(tag, |bucket| bucket == 0)?;
        self.put(at, pack(tag, index));
        Some(Found { at, ..Found::of(index, tag) })
    }

    /// The index of the bucket of a key.
    fn bucket_of(&self, tag: u32, index: usize) -> Option<usize> {
        let at = self.search(tag, |bucket| bucket == 0 || bucket == pack(tag, index))?;
        (self.buckets()[at] != 0).then_some(at)
    }

    /// The key at index `from` is about to be at index `to`.
    pub(super) fn redirect(&mut self, tag: u32, from: usize, to: usize) {
        if let Some(at) = self.bucket_of(tag, from) {
            self.put(at, pack(tag, to));
        }
    }

    /// Removes a key.
    pub(super) fn remove(&mut self, Found { content, at }: Found) {
        let (tag, index) = unpack(content.get());
        let known = self.buckets().get(at) == Some(&content.get());
        let Some(mut gap) = (if known { Some(at) } else { self.bucket_of(tag, index) }) else { return };
        let mut at = gap;
        for _ in 1..Self::BUCKETS {
            at = Self::next(at);
            let bucket = self.buckets()[at];
            if bucket == 0 {
                break;
            }
            // A bucket may move back to the gap unless its home lies after the gap.
            if Self::steps(Self::home(unpack(bucket).0), at) >= Self::steps(gap, at) {
                self.put(gap, bucket);
                gap = at;
            }
        }
        self.put(gap, 0);
    }

    /// Removes all keys; marks the buckets that were in use.
    pub(super) fn clear(&mut self) {
        for pair in 0..N {
            if self.buckets.as_slice()[pair] != [0, 0] {
                self.buckets[pair] = [0, 0];
            }
        }
    }

    /// Checks that each of `len` keys, whose tags `tag_of` returns, is in the table once, where a search finds it.
    ///
    /// If only the tags of a table are wrong, it was filled under another `Hash`. If the keys are `numbers`, no program can have
    /// another `Hash`, so that wrong tags among right ones are damage.
    pub(super) fn check_keys(
        &self,
        len: usize,
        numbers: bool,
        tag_of: impl Fn(usize) -> u32,
    ) -> Result<(), ValidityError> {
        let buckets = self.buckets();
        let Some(empty) = buckets.iter().position(|&bucket| bucket == 0) else {
            return Err(ValidityError::new("no bucket of the index is empty"));
        };
        let mut seen = vec![false; len];
        // Keys of another tag: how many, and the first one with its bucket.
        let (mut others, mut first) = (0, None);
        // Buckets in use right before this one.
        let mut run = 0;
        for step in 1..Self::BUCKETS {
            let at = (empty + step) % Self::BUCKETS;
            if buckets[at] == 0 {
                run = 0;
                continue;
            }
            let (tag, index) = unpack(buckets[at]);
            let once = seen.get_mut(index).is_some_and(|seen| !std::mem::replace(seen, true));
            if !once {
                return Err(ValidityError::new(format!("bucket {at} of the index does not belong to a key")));
            }
            if tag_of(index) != tag {
                others += 1;
                first = first.or(Some((at, index)));
            }
            if Self::steps(Self::home(tag), at) > run {
                return Err(ValidityError::new(format!("bucket {at} of the index is where no search finds it")));
            }
            run += 1;
        }
        match (seen.iter().position(|seen| !seen), first) {
            (Some(missing), _) => Err(ValidityError::new(format!("key {missing} is not in the index"))),
            (None, None) => Ok(()),
            (None, Some((at, _))) if numbers && (others < len || len == 1) => {
                Err(ValidityError::new(format!("bucket {at} of the index does not belong to a key")))
            }
            (None, Some((_, index))) => {
                let why = format!("key {index} was put in under another `Hash` than this program's");
                Err(ValidityError::under(Rule::Hash, why))
            }
        }
    }
}
