//! An archive compares, hashes and prints as the archived value in it, whatever its capacity.

use super::{Archivable, Archived};
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;

/// No value, as [`Archived::new`].
impl<A: Archivable, const N: usize> Default for Archived<A, N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A: Archivable, const N: usize> Clone for Archived<A, N> {
    fn clone(&self) -> Self {
        Archived { keyed_hash: self.keyed_hash, bytes: self.bytes.clone(), of: PhantomData }
    }

    /// Copies the archive into this one, which needs no room on the stack.
    fn clone_from(&mut self, source: &Self) {
        self.bytes.clone_from(&source.bytes);
        self.keyed_hash = source.keyed_hash;
    }
}

impl<A: Archivable<Archived: fmt::Debug>, const N: usize> fmt::Debug for Archived<A, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}

impl<A: Archivable<Archived: PartialEq>, const N: usize, const M: usize> PartialEq<Archived<A, M>> for Archived<A, N> {
    fn eq(&self, other: &Archived<A, M>) -> bool {
        self.get() == other.get()
    }
}

impl<A: Archivable<Archived: Eq>, const N: usize> Eq for Archived<A, N> {}

impl<A: Archivable<Archived: PartialOrd>, const N: usize, const M: usize> PartialOrd<Archived<A, M>>
    for Archived<A, N>
{
    fn partial_cmp(&self, other: &Archived<A, M>) -> Option<Ordering> {
        self.get().partial_cmp(&other.get())
    }
}

impl<A: Archivable<Archived: Ord>, const N: usize> Ord for Archived<A, N> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.get().cmp(&other.get())
    }
}

impl<A: Archivable<Archived: Hash>, const N: usize> Hash for Archived<A, N> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.get().hash(state);
    }
}
