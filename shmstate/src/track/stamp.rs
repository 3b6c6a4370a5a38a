//! The stamp of a tracked container.

/// Which transaction stamped a container, and at which offset. If a container has another stamp than the walk expects, it has been
/// moved (swapped, taken out and put back, cloned, brought in from elsewhere). Its marks then say nothing about the bytes at this
/// offset, and it counts as touched from end to end.
///
/// A transaction's id is never used twice: it starts at a random number when a handle attaches, is counted up by that
/// handle alone, and is never read from the file.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(C)]
pub struct Stamp {
    tx: u64,
    offset: u64,
}

impl Stamp {
    /// The stamp of a container that no transaction has handed out: it matches none.
    pub const VOID: Stamp = Stamp { tx: 0, offset: 0 };

    /// The stamp that transaction `tx` puts at the start of its `T`.
    pub(crate) const fn root(tx: u64) -> Stamp {
        Stamp { tx, offset: 0 }
    }

    /// The stamp of what lies `offset` bytes further on.
    #[must_use]
    #[inline]
    pub const fn at(self, offset: usize) -> Stamp {
        Stamp { tx: self.tx, offset: self.offset.wrapping_add(offset as u64) }
    }

    /// The transaction; 0 is none.
    #[inline]
    pub(crate) const fn tx(self) -> u64 {
        self.tx
    }

    /// Byte offset in `T`.
    #[inline]
    pub(crate) const fn offset(self) -> u64 {
        self.offset
    }
}
