//! Which bytes of a type mean something in every value, or in given ones, and which of them change without a mark.

use super::{Kind, Layout};
use std::ops::Range;

impl Layout {
    /// Whether `bytes` are live in every value of the type, and are copied as they are. No part of a container is, and no
    /// part of a payload that may be absent. A text, or an enum with a payload, is live as a whole.
    pub(crate) fn is_plain(&self, bytes: Range<usize>) -> bool {
        if bytes.is_empty() || bytes.end > self.size {
            return false;
        }
        let whole = bytes == (0..self.size);
        match self.kind {
            Kind::Scalar(_) | Kind::Pod => true,
            Kind::Text { .. } => whole,
            Kind::Enum { variants, .. } => {
                variants.iter().all(|v| v.fields.is_empty())
                    || whole && variants.iter().flat_map(|v| v.fields).all(|f| f.layout.is_plain(0..f.layout.size))
            }
            Kind::Struct(fields) => fields.iter().all(|field| {
                let end = field.offset + field.layout.size;
                let (first, last) = (bytes.start.max(field.offset), bytes.end.min(end));
                first >= last || field.layout.is_plain(first - field.offset..last - field.offset)
            }),
            Kind::Array { item, .. } => {
                let index = bytes.start / item.size;
                if bytes.end <= (index + 1) * item.size {
                    item.is_plain(bytes.start - index * item.size..bytes.end - index * item.size)
                } else {
                    item.is_plain(0..item.size)
                }
            }
            Kind::List { .. } | Kind::Archive { .. } => false,
        }
    }
}

/// Containers in which other parts decide whether a part means something.
const CONDITIONAL: [&str; 9] = ["Blob", "Map", "Maybe", "Queue", "Ring", "Set", "Slab", "Slots", "SortedMap"];

impl Layout {
    /// Whether it is such a container.
    pub(crate) fn is_conditional(&self) -> bool {
        matches!(self.kind, Kind::Struct(_)) && CONDITIONAL.contains(&self.name)
    }

    /// Whether `bytes`, of a value at `start`, mean something in both of two values. `both` takes the offset of a list, and returns
    /// how many items the list has in both.
    pub(crate) fn is_live(&self, start: usize, bytes: Range<usize>, both: &dyn Fn(usize) -> usize) -> bool {
        let items_are_live = |item: &Layout, offset: usize, count: usize| {
            let (first, last) = ((bytes.start - offset) / item.size, (bytes.end - 1 - offset) / item.size);
            last < count
                && (matches!(item.kind, Kind::Scalar(_) | Kind::Pod)
                    || (first..=last).all(|index| {
                        let at = offset + index * item.size;
                        let part = bytes.start.max(at) - at..bytes.end.min(at + item.size) - at;
                        item.is_live(start + at, part, both)
                    }))
        };
        if bytes.is_empty() || bytes.end > self.size {
            return false;
        }
        match self.kind {
            Kind::List { item, capacity, items } => {
                bytes.start >= items && items_are_live(item, items, capacity.min(both(start)))
            }
            Kind::Array { item, len } => items_are_live(item, 0, len),
            Kind::Struct(_) if self.is_conditional() => false,
            Kind::Struct(fields) => fields.iter().all(|field| {
                let (first, last) = (bytes.start.max(field.offset), bytes.end.min(field.offset + field.layout.size));
                first >= last
                    || field.layout.is_live(start + field.offset, first - field.offset..last - field.offset, both)
            }),
            _ => self.is_plain(bytes),
        }
    }

    /// Adds the byte ranges that an update changes without a mark, of a value at `start`: everything but the items of containers. The
    /// ranges are in order, and adjacent ones are joined. An enum is one range with all that may be in it.
    pub(crate) fn add_unmarked(&self, start: usize, ranges: &mut Vec<Range<usize>>) {
        let mut add = |range: Range<usize>| match ranges.last_mut() {
            _ if range.is_empty() => {}
            Some(last) if last.end == range.start => last.end = range.end,
            _ => ranges.push(range),
        };
        match self.kind {
            Kind::Scalar(_) | Kind::Pod | Kind::Text { .. } | Kind::Enum { .. } => add(start..start + self.size),
            // The length.
            Kind::List { .. } => add(start..start + 4),
            // An `Array` or `Slots`: any other struct has its first field at offset 0. It marks its items, and always has all of them.
            Kind::Struct([first, ..]) if first.offset > 0 => {}
            Kind::Struct(fields) => fields.iter().for_each(|f| f.layout.add_unmarked(start + f.offset, ranges)),
            Kind::Array { item: Layout { kind: Kind::Scalar(_), .. }, .. } => add(start..start + self.size),
            Kind::Array { item, len } => {
                for index in 0..len {
                    item.add_unmarked(start + index * item.size, ranges);
                }
            }
            Kind::Archive { .. } => {}
        }
    }

    /// Among what an update changes without a mark, adds the byte ranges of the texts and of the enums with payloads, in order. Which
    /// bytes of such a value mean something depends on its other bytes.
    pub(crate) fn add_indivisible(&self, start: usize, ranges: &mut Vec<Range<usize>>) {
        match self.kind {
            Kind::Text { .. } => ranges.push(start..start + self.size),
            Kind::Enum { variants, .. } if variants.iter().any(|variant| !variant.fields.is_empty()) => {
                ranges.push(start..start + self.size);
            }
            // An `Array` or `Slots`, as above.
            Kind::Struct([first, ..]) if first.offset > 0 => {}
            Kind::Struct(fields) => fields.iter().for_each(|f| f.layout.add_indivisible(start + f.offset, ranges)),
            Kind::Array { item, len } if !matches!(item.kind, Kind::Scalar(_)) => {
                for index in 0..len {
                    item.add_indivisible(start + index * item.size, ranges);
                }
            }
            _ => {}
        }
    }

    /// If the byte at `at` means nothing outside of a running update, because it is in the head of a container or in no field: where
    /// the bytes of that kind end. `None` if it may mean something.
    pub(crate) fn end_of_meaningless(&self, at: usize) -> Option<usize> {
        let within = |layout: &Layout, start: usize| layout.end_of_meaningless(at - start).map(|end| start + end);
        match self.kind {
            Kind::List { items, .. } if at < items => (at >= 4).then_some(items),
            Kind::List { item, items, .. } => within(item, items + (at - items) / item.size * item.size),
            Kind::Array { item, .. } => within(item, at / item.size * item.size),
            Kind::Struct(fields) => {
                let next = fields.partition_point(|field| field.offset + field.layout.size <= at);
                match fields.get(next) {
                    Some(field) if field.offset <= at => within(field.layout, field.offset),
                    Some(field) => Some(field.offset),
                    None => Some(self.size),
                }
            }
            Kind::Scalar(_) | Kind::Pod | Kind::Text { .. } | Kind::Enum { .. } | Kind::Archive { .. } => None,
        }
    }
}

#[cfg(all(test, not(any(shmstate_loom, shmstate_shuttle))))]
mod tests {
    use crate::{Array, List, Maybe, SharedLayout, Text, Tracked};
    use std::mem::offset_of;

    #[derive(SharedLayout)]
    #[repr(C, u64)]
    #[shared(crate = "crate")]
    enum Job {
        Idle,
        Run(u64),
    }

    #[derive(SharedLayout)]
    #[repr(C, u64)]
    #[shared(crate = "crate")]
    enum Held {
        Nothing,
        Some(List<u64, 2>),
    }

    #[derive(SharedLayout)]
    #[repr(C)]
    #[shared(crate = "crate")]
    struct Pair {
        plain: [u32; 4],
        list: List<u64, 2>,
    }

    #[derive(SharedLayout)]
    #[repr(C)]
    #[shared(crate = "crate")]
    struct All {
        number: u64,
        name: Text<8>,
        job: Job,
        held: Held,
        pairs: [Pair; 2],
        last: [u64; 3],
    }

    #[test]
    fn items_of_containers_are_marked_and_all_else_is_not() {
        #[derive(SharedLayout)]
        #[repr(C)]
        #[shared(crate = "crate")]
        struct Containers {
            array: Array<u64, 4>,
            tracked: Tracked<[u64; 4]>,
            maybe: Maybe<u64>,
            pairs: [Pair; 2],
            held: Held,
        }

        let unmarked = |layout: &crate::Layout| {
            let mut ranges = Vec::new();
            layout.add_unmarked(0, &mut ranges);
            ranges
        };
        let [maybe, pairs, held] =
            [offset_of!(Containers, maybe), offset_of!(Containers, pairs), offset_of!(Containers, held)];
        let (list, next) = (offset_of!(Pair, list), pairs + size_of::<Pair>());
        assert_eq!(list, 16);
        // The flag of a `Maybe` is a byte; those after it are none of a field.
        let expected =
            [maybe..maybe + 1, maybe + 8..pairs + list + 4, next..next + list + 4, held..size_of::<Containers>()];
        assert_eq!(unmarked(Containers::LAYOUT), expected);
        assert_eq!(unmarked(<[u64; 1 << 20]>::LAYOUT), [0..8 << 20]);
    }

    #[test]
    fn what_both_values_have_is_live() {
        let is = |both: usize, at: usize, len: usize| All::LAYOUT.is_live(0, at..at + len, &|_| both);
        let (job, held, pair) = (offset_of!(All, job), offset_of!(All, held), offset_of!(All, pairs));
        assert!(is(0, 0, 8) && is(0, 3, 2) && is(0, job, 16) && !is(0, job, 8) && !is(2, held, 8));
        let items = pair + offset_of!(Pair, list) + 64;
        assert!(is(2, items, 16) && is(1, items, 8) && !is(1, items, 9) && !is(0, items, 1) && !is(2, items - 1, 1));
        // Lists at later offsets have `both` items, the others none.
        let second = |both: usize| move |list: usize| if list > items { both } else { 0 };
        let at = items + size_of::<Pair>();
        assert!(All::LAYOUT.is_live(0, at..at + 8, &second(1)) && !All::LAYOUT.is_live(0, at..at + 8, &second(0)));
        // Bytes after the items of a list mean nothing, and nothing that depends on a flag counts.
        assert!(is(2, items, 24) && !is(1, items, 24));
        assert!(!Maybe::<List<u64, 2>>::LAYOUT.is_live(0, 72..80, &|_| 2));
        assert!(Array::<u64, 4>::LAYOUT.is_live(0, 64..96, &|_| 0));
    }

    #[test]
    fn heads_of_containers_mean_nothing() {
        #[derive(SharedLayout)]
        #[repr(C)]
        #[shared(crate = "crate")]
        struct Rows {
            rows: Array<Pair, 3>,
            maybe: Maybe<u64>,
            held: Held,
        }

        let end = |at| Rows::LAYOUT.end_of_meaningless(at);
        let items = size_of::<Rows>() - size_of::<Held>() - size_of::<Maybe<u64>>() - 3 * size_of::<Pair>();
        assert_eq!([end(0), end(items - 1), end(items)], [Some(items), Some(items), None]);
        let second = items + size_of::<Pair>();
        let list = second + offset_of!(Pair, list);
        assert_eq!(
            [end(second), end(list + 3), end(list + 4), end(list + 63), end(list + 64)],
            [None, None, Some(list + 64), Some(list + 64), None]
        );
        let maybe = offset_of!(Rows, maybe);
        assert_eq!([end(maybe), end(maybe + 1), end(maybe + 8)], [None, Some(maybe + 8), None]);
        // What an enum holds depends on its variant.
        assert!((offset_of!(Rows, held)..size_of::<Rows>()).all(|at| end(at).is_none()));
    }

    #[test]
    fn live_bytes_are_told_from_those_that_may_be_dead() {
        let is = |at: usize, len: usize| All::LAYOUT.is_plain(at..at + len);
        let (name, job, held) = (offset_of!(All, name), offset_of!(All, job), offset_of!(All, held));
        assert!(is(0, 8) && is(3, 2) && !is(0, 0));
        assert!(is(name, size_of::<Text<8>>()) && is(0, 8 + size_of::<Text<8>>()));
        assert!(!is(name + 8, 1) && !is(name, 4), "letters and lengths");
        assert!(is(job, 16) && !is(job, 8) && !is(job + 8, 8), "a payload and its discriminant go together");
        assert!(!is(held, 8) && !is(held, size_of::<Held>()), "a payload with a container");
        let pair = offset_of!(All, pairs) + size_of::<Pair>();
        assert!(is(pair, 16) && is(pair + 12, 4) && !is(pair + 12, 8) && !is(pair - 8, 8) && !is(pair - 8, 16));
        let last = offset_of!(All, last);
        assert!(is(last, 24) && is(last + 4, 8) && !is(last - 8, 16));
        assert!(!is(last + 16, 16) && !is(size_of::<All>(), 8), "past the end");
        assert!(!is(0, size_of::<All>()));
    }
}
