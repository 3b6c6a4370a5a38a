//! The names of what lies at some bytes of a state.

use crate::layout::{Field, Kind, Layout};
use std::ops::Range;

/// The paths of the fields and items that the `ranges` meet, which are in order and apart from each other.
pub(super) fn paths(layout: &Layout, ranges: &[Range<usize>]) -> Vec<String> {
    let mut found = Paths { ranges, found: Vec::new() };
    found.add(layout, 0, "");
    found.found.retain(|path| !path.is_empty());
    found.found
}

struct Paths<'a> {
    ranges: &'a [Range<usize>],
    found: Vec<String>,
}

impl Paths<'_> {
    /// The first range that ends after `start`.
    fn next(&self, start: usize) -> Option<&Range<usize>> {
        self.ranges.get(self.ranges.partition_point(|range| range.end <= start))
    }

    fn meet(&self, bytes: &Range<usize>) -> bool {
        self.next(bytes.start).is_some_and(|range| range.start < bytes.end)
    }

    fn cover(&self, bytes: &Range<usize>) -> bool {
        self.next(bytes.start).is_some_and(|range| range.start <= bytes.start && bytes.end <= range.end)
    }

    /// Adds the paths of the parts of a value at `start`, which has that path.
    fn add(&mut self, layout: &Layout, start: usize, path: &str) {
        let bytes = start..start + layout.size;
        if !self.meet(&bytes) {
            return;
        }
        // The whole has no path.
        if !path.is_empty() && (self.cover(&bytes) || is_leaf(layout)) {
            return self.found.push(path.to_owned());
        }
        match layout.kind {
            // An `Array`, or the like: its items are its only field.
            Kind::Struct([Field { offset: items @ 1.., layout, .. }]) => self.add_items(layout, start + items, path),
            Kind::Struct(fields) => {
                let dot = if path.is_empty() { "" } else { "." };
                for field in fields {
                    self.add(field.layout, start + field.offset, &format!("{path}{dot}{}", field.name));
                }
            }
            Kind::Array { .. } => self.add_items(layout, start, path),
            // Its length: which items it has is another question than what is in them.
            Kind::List { .. } if self.meet(&(start..start + 4)) => self.found.push(path.to_owned()),
            Kind::List { item, capacity, items } => self.add_each(item, capacity, start + items, path),
            _ => self.found.push(path.to_owned()),
        }
    }

    fn add_items(&mut self, layout: &Layout, start: usize, path: &str) {
        match layout.kind {
            Kind::Array { item, len } => self.add_each(item, len, start, path),
            _ => self.add(layout, start, path),
        }
    }

    /// Adds the paths of `len` items from `start` on: neighbours that are touched as a whole are one slice.
    fn add_each(&mut self, item: &Layout, len: usize, start: usize, path: &str) {
        let index = |at: usize| at.saturating_sub(start) / item.size.max(1);
        let bytes = |i: usize| start + i * item.size..start + (i + 1) * item.size;
        let mut i = 0;
        while let Some(range) = self.next(start + i * item.size) {
            i = i.max(index(range.start));
            if i >= len {
                return;
            }
            let is_whole = |i: usize| i < len && (self.cover(&bytes(i)) || is_leaf(item) && self.meet(&bytes(i)));
            let wholes = (i..).take_while(|i| is_whole(*i)).count();
            match wholes {
                0 => self.add(item, start + i * item.size, &format!("{path}[{i}]")),
                1 => self.found.push(format!("{path}[{i}]")),
                more => self.found.push(format!("{path}[{i}..{}]", i + more)),
            }
            i += wholes.max(1);
        }
    }
}

/// Whether its parts have no paths of their own: an entry of a map is not where a number says.
fn is_leaf(layout: &Layout) -> bool {
    match layout.kind {
        Kind::Struct(_) => layout.is_conditional(),
        Kind::Array { .. } | Kind::List { .. } => false,
        _ => true,
    }
}
