//! Which archives this thread has checked, and need not check again.

use highway::{HighwayHash, HighwayHasher, Key};
use std::any::TypeId;
use std::cell::Cell;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::OnceLock;

/// The hash of an archive under a key that only this process knows: HighwayHash of 128 bits.
///
/// What is known by this hash is not checked again, so that it must be impossible to find two archives that share it. Without
/// the key, that is impossible: not by choosing the values that are archived, in this process or in another one. A number that is
/// counted up or drawn would have to be unlike every other one in every process, after a fork as well; a hash of the content
/// need not, because a forked child that has the same key gets the same hash for the same bytes only.
#[inline]
pub(super) fn keyed_hash(archive: &[u8]) -> u128 {
    static KEY: OnceLock<[u64; 4]> = OnceLock::new();
    // Numbers that depend on the operating system's random ones, which std draws.
    let key = KEY.get_or_init(|| [1, 2, 3, 4].map(|n: u64| RandomState::new().hash_one(n)));
    under(*key, archive)
}

fn under(key: [u64; 4], archive: &[u8]) -> u128 {
    let [low, high] = HighwayHasher::new(Key(key)).hash128(archive);
    u128::from(high) << 64 | u128::from(low)
}

/// An archive that was checked: of which type, where, and which bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Checked {
    ty: TypeId,
    address: usize,
    len: usize,
    keyed_hash: u128,
}

/// Places for archives. Two that fall on one place push each other out, and are checked again.
const SLOTS: usize = 128;

thread_local! {
    static CHECKED: [Cell<Option<Checked>>; SLOTS] = const { [const { Cell::new(None) }; SLOTS] };
}

impl Checked {
    /// `bytes`, as an archive of an `A` with that hash.
    #[inline]
    pub(super) fn new<A: 'static>(bytes: &[u8], keyed_hash: u128) -> Self {
        Checked { ty: TypeId::of::<A>(), address: bytes.as_ptr().addr(), len: bytes.len(), keyed_hash }
    }

    /// One for an address, of which each copy of a state has another one: a new value pushes the old one out.
    #[inline]
    fn slot(&self) -> usize {
        (self.address >> 4 ^ self.address >> 12) % SLOTS
    }

    /// Whether this thread has checked it.
    #[inline]
    pub(super) fn is_known(&self) -> bool {
        CHECKED.with(|checked| checked[self.slot()].get()) == Some(*self)
    }

    /// It has.
    pub(super) fn note(self) {
        CHECKED.with(|checked| checked[self.slot()].set(Some(self)));
    }
}

#[cfg(all(test, not(any(shmstate_loom, shmstate_shuttle))))]
mod tests {
    use super::*;

    #[test]
    fn the_hash_depends_on_the_key_and_on_the_content() {
        let keys = [[1, 2, 3, 4], [5, 2, 3, 4], [1, 5, 3, 4], [1, 2, 5, 4], [1, 2, 3, 5]];
        let mut all = keys.map(|key| under(key, b"one")).to_vec();
        all.push(under(keys[0], b"two"));
        assert!((0..all.len()).all(|i| (0..i).all(|j| all[i] != all[j])), "{all:x?}");
        assert_eq!(keyed_hash(b"one"), keyed_hash(b"one"));
        assert!(!all.contains(&keyed_hash(b"one")), "the key is no constant");
    }
}
