//! What has changed from one version to another.

use super::paths::paths;
use crate::Projection;
use crate::layout::{Layout, SharedLayout, merged};
use std::fmt;
use std::marker::PhantomData;
use std::ops::Range;

/// What has changed between two versions: [`Follower::advance`](crate::Follower::advance).
///
/// Parts that are not touched have not changed. Parts that are touched may be as they were: a container marks blocks and pages of
/// its items, an update may write the same bytes again, and an enum with a container in it counts as touched when the container may
/// have changed.
pub struct Change<T> {
    from: u64,
    to: u64,
    ranges: Vec<Range<usize>>,
    written: Vec<Range<usize>>,
    overrun: bool,
    state: PhantomData<fn(&T)>,
}

impl<T: SharedLayout> Change<T> {
    /// Of what differs, and what was written.
    fn new(from: u64, to: u64, ranges: Vec<Range<usize>>, written: Vec<Range<usize>>) -> Self {
        Change { from, to, ranges: merged(ranges), written: merged(written), overrun: false, state: PhantomData }
    }

    /// Of what differs, where it is not known what was written.
    pub(super) fn of_all_compared(from: u64, to: u64, ranges: Vec<Range<usize>>) -> Self {
        let all = 0..size_of::<T>();
        Change { overrun: true, ..Self::new(from, to, ranges, vec![all]) }
    }

    /// The version before.
    #[must_use]
    pub fn from(&self) -> u64 {
        self.from
    }

    /// The version after.
    #[must_use]
    pub fn to(&self) -> u64 {
        self.to
    }

    /// How many versions there were in between. What they changed is part of this change.
    #[must_use]
    pub fn skipped(&self) -> u64 {
        self.to - self.from - 1
    }

    /// Whether the follower had to compare the whole state. This is so if the log has run over since the version before, or an
    /// update has touched more than the log has room for, and if no copy of the region is as old as that version. Such a change is
    /// as exact as others, but takes longer.
    #[must_use]
    pub fn is_overrun(&self) -> bool {
        self.overrun
    }

    /// The bytes of `T` that were touched, in order: of plain fields, the bytes that differ; of containers, items and blocks of items in which
    /// something differs.
    ///
    /// A program that keeps the follower's [bytes](crate::Follower::bytes) elsewhere copies these ranges. Other bytes may have
    /// changed as well; they lie in the heads of containers, and mean nothing.
    #[must_use]
    pub fn ranges(&self) -> &[Range<usize>] {
        &self.ranges
    }

    /// The bytes that another state of the same type has to take over by [`apply`](crate::State::apply) to go from the version before to the one
    /// after, in order: all that updates may have written, and texts and enums as a whole.
    ///
    /// These are more than [`ranges`](Self::ranges). An item that a list did not have before may lie where the follower had the
    /// same bytes by chance, but the other state had other bytes. If the change [is overrun](Self::is_overrun), these are all
    /// bytes.
    #[must_use]
    pub fn written(&self) -> &[Range<usize>] {
        &self.written
    }

    /// Whether a field was touched: as exact as [`ranges`](Self::ranges).
    #[must_use]
    pub fn touches<F: SharedLayout>(&self, field: &Projection<T, F>) -> bool {
        self.touches_bytes(&field.bytes())
    }

    /// Whether a part of the state was touched: `part` returns a reference into the state that it is given, to a field, a container,
    /// or some of its items.
    ///
    /// ```
    /// # use shmstate::{Array, SharedLayout, State};
    /// #[derive(SharedLayout)]
    /// #[repr(C)]
    /// struct Board { ticks: u64, seats: Array<u64, 100> }
    ///
    /// # let dir = tempfile::tempdir()?;
    /// let board = State::<Board>::create(dir.path().join("board"))?;
    /// let mut follower = board.follow()?;
    /// board.update(|s| s.seats[7] = 1)?;
    /// let change = follower.advance()?.expect("a version");
    /// assert!(change.touches_part(follower.get(), |s| &s.seats));
    /// assert!(change.touches_part(follower.get(), |s| &s.seats[5..10]));
    /// assert!(!change.touches_part(follower.get(), |s| &s.seats[50..]));
    /// assert!(!change.touches_part(follower.get(), |s| &s.ticks));
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Panics
    /// With whatever `part` panics; if what it returns does not lie in the state.
    #[must_use]
    pub fn touches_part<P: ?Sized>(&self, state: &T, part: impl FnOnce(&T) -> &P) -> bool {
        let part = part(state);
        let start = std::ptr::from_ref(part).addr().wrapping_sub(std::ptr::from_ref(state).addr());
        let bytes = start..start.saturating_add(size_of_val(part));
        assert!(bytes.end <= size_of::<T>(), "`part` returns a reference into the state that it is given");
        self.touches_bytes(&bytes)
    }

    /// The paths of the fields and items that were touched, in the order of their bytes, with the names that the schema has:
    /// `clock.ticks`, `seats[7].name`, `samples[8..12]`. Each is as exact as [`ranges`](Self::ranges) is.
    ///
    /// A value that was touched as a whole has one path, without its parts. So has a list whose length has changed, and a value
    /// whose parts have no paths: an enum, a text, a map. There are no paths if the state is no struct and was touched as a whole.
    #[must_use]
    pub fn fields(&self) -> Vec<String> {
        paths(T::LAYOUT, &self.ranges)
    }

    fn touches_bytes(&self, bytes: &Range<usize>) -> bool {
        let next = self.ranges.partition_point(|range| range.end <= bytes.start);
        !bytes.is_empty() && self.ranges.get(next).is_some_and(|range| range.start < bytes.end)
    }
}

/// How many bytes are compared at once where most are equal; no block is longer.
const PAGE: usize = 4096;

/// What was found of one change.
#[derive(Default)]
pub(super) struct Found {
    /// What differs.
    ranges: Vec<Range<usize>>,
    /// What may have been written.
    written: Vec<Range<usize>>,
}

impl Found {
    /// Adds what differs of plain fields, which lie at `start`. Of the `indivisible` ones, all was written of those of which something was.
    pub(super) fn add_plain(&mut self, old: &[u8], new: &[u8], start: usize, indivisible: &[Range<usize>]) {
        let first = self.ranges.len();
        add_differing(old, new, start, &mut self.ranges);
        for range in &self.ranges[first..] {
            let next = indivisible.partition_point(|whole| whole.end <= range.start);
            self.written.extend(indivisible[next..].iter().take_while(|whole| whole.start < range.end).cloned());
        }
        self.written.extend_from_slice(&self.ranges[first..]);
    }

    /// Adds what differs of the bytes from `start` on, which the log names, except what is `unmarked`. They were written as a
    /// whole, unless all of them mean something in both versions; `both` says how many items the list at an offset has in both.
    pub(super) fn add_entry(
        &mut self,
        layout: &Layout,
        (old, new): (&[u8], &[u8]),
        start: usize,
        unmarked: &[Range<usize>],
        both: &dyn Fn(usize) -> usize,
    ) {
        let (first, entry) = (self.ranges.len(), start..start + old.len());
        if old != new {
            add_differing_items(layout, (old, new), start, unmarked, &mut self.ranges);
        }
        let found = &self.ranges[first..];
        let is_live = |bytes: Range<usize>| layout.is_live(0, bytes, both);
        if is_live(entry.clone()) && found.iter().all(|range| is_live(range.clone())) {
            self.written.extend_from_slice(found);
        } else {
            self.written.push(entry);
        }
    }

    /// The change that this is.
    pub(super) fn change<T: SharedLayout>(self, from: u64, to: u64) -> Change<T> {
        Change::new(from, to, self.ranges, self.written)
    }
}

/// The length of the list at an offset, in the bytes of a state.
pub(super) fn len_at(bytes: &[u8], list: usize) -> usize {
    let len = bytes.get(list..list + 4).and_then(|len| len.try_into().ok());
    len.map_or(0, |len| u32::from_ne_bytes(len) as usize)
}

/// Adds what differs of items: blocks of the bytes from `start` on, but for those that are `unmarked`, each from the first byte that means
/// something and differs to the last one.
pub(super) fn add_differing_items(
    layout: &Layout,
    (old, new): (&[u8], &[u8]),
    start: usize,
    unmarked: &[Range<usize>],
    ranges: &mut Vec<Range<usize>>,
) {
    // Few enough for a list of them.
    let len = (layout.size >> 16).next_power_of_two().clamp(64, PAGE);
    let end = start + old.len();
    let differs = |bytes: &Range<usize>| {
        old[bytes.start - start..bytes.end - start] != new[bytes.start - start..bytes.end - start]
    };
    let between = unmarked[unmarked.partition_point(|unmarked| unmarked.end <= start)..].iter();
    let mut at = start;
    for unmarked in between.take_while(|unmarked| unmarked.start < end).cloned().chain([end..end]) {
        // Most pages are equal, and are compared at once.
        let pages = Blocks { rest: at..unmarked.start, len: PAGE }.filter(differs);
        for block in pages.flat_map(|rest| Blocks { rest, len }).filter(differs) {
            let differs = |at: &usize| old[at - start] != new[at - start];
            if let Some(first) = first_in_meaning(layout, block.clone(), differs) {
                let last = (first..block.end).rev().find(|at| differs(at) && layout.end_of_meaningless(*at).is_none());
                ranges.push(first..last.unwrap_or(first) + 1);
            }
        }
        at = unmarked.end;
    }
}

/// The first of some bytes that differs and means something.
fn first_in_meaning(layout: &Layout, mut bytes: Range<usize>, differs: impl Fn(&usize) -> bool) -> Option<usize> {
    while let Some(at) = bytes.find(&differs) {
        let Some(end) = layout.end_of_meaningless(at) else { return Some(at) };
        bytes.start = end;
    }
    None
}

/// Blocks of some bytes; the last one may be shorter.
struct Blocks {
    rest: Range<usize>,
    len: usize,
}

impl Iterator for Blocks {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        let block = self.rest.start..self.rest.end.min(self.rest.start + self.len);
        self.rest.start = block.end;
        (!block.is_empty()).then_some(block)
    }
}

/// Adds the bytes in which two byte strings at `start` differ.
pub(super) fn add_differing(old: &[u8], new: &[u8], start: usize, ranges: &mut Vec<Range<usize>>) {
    if old == new {
        return;
    }
    for (word, (old, new)) in old.chunks(8).zip(new.chunks(8)).enumerate() {
        if old != new {
            for byte in (0..old.len()).filter(|byte| old[*byte] != new[*byte]).map(|byte| start + 8 * word + byte) {
                match ranges.last_mut() {
                    Some(last) if last.end == byte => last.end += 1,
                    _ => ranges.push(byte..byte + 1),
                }
            }
        }
    }
}

impl<T> Clone for Change<T> {
    fn clone(&self) -> Self {
        Change { ranges: self.ranges.clone(), written: self.written.clone(), ..*self }
    }
}

impl<T> fmt::Debug for Change<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Change");
        debug.field("from", &self.from).field("to", &self.to).field("ranges", &self.ranges);
        debug.field("overrun", &self.overrun).finish()
    }
}
