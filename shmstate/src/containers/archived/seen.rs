//! Which archives this thread has checked, and need not check again.

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
    /// The bytes at `address`, of which there are `len` with that checksum, as an archive of an `A`.
    #[inline]
    pub(super) fn new<A: 'static>(bytes: &[u8], checksum: u128) -> Self {
        Seen { ty: TypeId::of::<A>(), address: bytes.as_ptr().addr(), len: bytes.len(), checksum }
    }

    /// Places differ in their address, and each copy of a state lies a multiple of a page from the others.
    #[inline]
    fn place(&self) -> usize {
        (self.address >> 4 ^ self.address >> 12 ^ self.checksum as usize) % PLACES
    }

    /// Whether this thread has checked it.
    #[inline]
    pub(super) fn is_known(&self) -> bool {
        SEEN.with(|seen| seen[self.place()].get()) == Some(*self)
    }

    /// It has.
    pub(super) fn note(self) {
        SEEN.with(|seen| seen[self.place()].set(Some(self)));
    }
}
