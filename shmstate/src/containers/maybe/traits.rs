//! What a maybe has in common with an `Option`: it compares, hashes and prints as that.

use super::Maybe;
use crate::layout::SharedLayout;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::option;

impl<T: SharedLayout> Default for Maybe<T> {
    /// None.
    fn default() -> Self {
        Self::none()
    }
}

impl<T: SharedLayout> From<T> for Maybe<T> {
    fn from(value: T) -> Self {
        Maybe::some(value)
    }
}

impl<T: SharedLayout> From<Option<T>> for Maybe<T> {
    fn from(option: Option<T>) -> Self {
        option.map_or_else(Maybe::none, Maybe::some)
    }
}

impl<T: SharedLayout> From<Maybe<T>> for Option<T> {
    fn from(maybe: Maybe<T>) -> Self {
        maybe.into_option()
    }
}

impl<T: SharedLayout + Clone> Clone for Maybe<T> {
    fn clone(&self) -> Self {
        self.cloned().into()
    }

    /// Clones into the value, which needs no room on the stack if that of the value needs none.
    fn clone_from(&mut self, source: &Self) {
        match source.as_ref() {
            Some(from) => self.get_or_init(|_| ()).clone_from(from),
            None => _ = self.discard(),
        }
    }
}

impl<T: SharedLayout + Copy> Copy for Maybe<T> {}

impl<T: SharedLayout + fmt::Debug> fmt::Debug for Maybe<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_ref().fmt(f)
    }
}

impl<T: SharedLayout + PartialEq> PartialEq for Maybe<T> {
    fn eq(&self, other: &Self) -> bool {
        self.as_ref() == other.as_ref()
    }
}

impl<T: SharedLayout + PartialEq> PartialEq<Option<T>> for Maybe<T> {
    fn eq(&self, other: &Option<T>) -> bool {
        self.as_ref() == other.as_ref()
    }
}

impl<T: SharedLayout + PartialEq> PartialEq<Maybe<T>> for Option<T> {
    fn eq(&self, other: &Maybe<T>) -> bool {
        self.as_ref() == other.as_ref()
    }
}

impl<T: SharedLayout + Eq> Eq for Maybe<T> {}

/// None comes first.
impl<T: SharedLayout + PartialOrd> PartialOrd for Maybe<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.as_ref().partial_cmp(&other.as_ref())
    }
}

impl<T: SharedLayout + Ord> Ord for Maybe<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_ref().cmp(&other.as_ref())
    }
}

impl<T: SharedLayout + Hash> Hash for Maybe<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_ref().hash(state);
    }
}

impl<T: SharedLayout> IntoIterator for Maybe<T> {
    type Item = T;
    type IntoIter = option::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.into_option().into_iter()
    }
}

impl<'a, T: SharedLayout> IntoIterator for &'a Maybe<T> {
    type Item = &'a T;
    type IntoIter = option::IntoIter<&'a T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'a, T: SharedLayout> IntoIterator for &'a mut Maybe<T> {
    type Item = &'a mut T;
    type IntoIter = option::IntoIter<&'a mut T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter_mut()
    }
}
