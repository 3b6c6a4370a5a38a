//! Which archives this thread has checked, and need not check again.

use crate::mutant;
use std::any::TypeId;
use std::cell::Cell;

/// An archive that was checked: of which type, where, and which bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen {
    ty: TypeId,
    address: usize,
    len: usize,
    checksum: u128,
}

/// Places for archives. Two that fall on one place push each other out, and are checked again.
const PLACES: usize = 128;

thread_local! {
    static SEEN: [Cell<Option<Seen>>; PLACES] = const { [const { Cell::new(None) }; PLACES] };
}

impl Seen {
    /// `bytes`, as an archive of an `A` with that checksum.
    #[inline]
    pub(super) fn new<A: 'static>(bytes: &[u8], checksum: u128) -> Self {
        Seen { ty: TypeId::of::<A>(), address: bytes.as_ptr().addr(), len: bytes.len(), checksum }
    }

    /// One for an address, of which each copy of a state has another one: a new value pushes the old one out.
    #[inline]
    fn place(&self) -> usize {
        (self.address >> 4 ^ self.address >> 12) % PLACES
    }

    /// Whether this thread has checked it.
    #[inline]
    pub(super) fn is_known(&self) -> bool {
        let known = SEEN.with(|seen| seen[self.place()].get());
        if mutant::planted("archive_seen_by_place") {
            return known.is_some_and(|known| known.address == self.address);
        }
        known == Some(*self)
    }

    /// It has.
    pub(super) fn note(self) {
        SEEN.with(|seen| seen[self.place()].set(Some(self)));
    }
}
