//! Where in the old state a conversion is, without a text that is rarely needed.

use crate::layout::matching::{inside, item, keys};

/// A part of a path, after those that lead to it.
#[derive(Clone, Copy)]
pub(super) struct Trail<'a> {
    outer: Option<&'a Trail<'a>>,
    last: Link<'a>,
}

#[derive(Clone, Copy)]
enum Link<'a> {
    Root,
    Field(&'a str),
    Item,
    Key,
}

impl<'a> Trail<'a> {
    /// The whole state.
    pub(super) const ROOT: Trail<'static> = Trail { outer: None, last: Link::Root };

    pub(super) fn field(&'a self, name: &'a str) -> Trail<'a> {
        Trail { outer: Some(self), last: Link::Field(name) }
    }

    /// An item, or a value of a map.
    pub(super) fn item(&'a self) -> Trail<'a> {
        Trail { outer: Some(self), last: Link::Item }
    }

    pub(super) fn key(&'a self) -> Trail<'a> {
        Trail { outer: Some(self), last: Link::Key }
    }

    pub(super) fn text(&self) -> String {
        let outer = self.outer.map(Trail::text).unwrap_or_default();
        match self.last {
            Link::Root => outer,
            Link::Field(name) => inside(&outer, name),
            Link::Item => item(&outer),
            Link::Key => keys(&outer),
        }
    }
}
