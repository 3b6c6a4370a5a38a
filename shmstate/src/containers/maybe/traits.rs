//! What a maybe has in common with an `Option`: it compares, hashes and prints as that.

use super::Maybe;
use crate::containers::compare::{compare, iterate};
use crate::layout::SharedLayout;
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

impl<T: SharedLayout> IntoIterator for Maybe<T> {
    type Item = T;
    type IntoIter = option::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.into_option().into_iter()
    }
}

compare! { [T: SharedLayout] Maybe<T>, of [T], [] Self, [] Self where [T: PartialEq], |maybe| maybe.as_ref() }

iterate! { [T: SharedLayout] Maybe<T>, option::IntoIter<&'a T> = &'a T, option::IntoIter<&'a mut T> = &'a mut T }
