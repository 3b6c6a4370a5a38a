//! What has changed from one version to another.

use super::paths::paths;
use crate::Projection;
use crate::layout::{Layout, SharedLayout, merged};
use std::fmt;
use std::marker::PhantomData;
use std::ops::Range;

/// What has changed between two versions: [`Follower::advance`](crate::Follower::advance).
///
/// What is not touched has not changed. What is touched may be as it was: a container marks blocks and pages of its items, an
/// update may write what was there before, and an enum with a container in it counts as touched when that may have changed.
pub struct Change<T> {
    from: u64,
    to: u64,
    ranges: Vec<Range<usize>>,
    overrun: bool,
    state: PhantomData<fn(&T)>,
}

impl<T: SharedLayout> Change<T> {
    pub(super) fn new(from: u64, to: u64, ranges: Vec<Range<usize>>) -> Self {
        Self::of_merged(from, to, merged(ranges))
    }

    /// Of ranges in order, apart from each other.
    pub(super) fn of_merged(from: u64, to: u64, ranges: Vec<Range<usize>>) -> Self {
        Change { from, to, ranges, overrun: false, state: PhantomData }
    }

    /// Of what [`differing`] has found.
    pub(super) fn of_all_compared(from: u64, to: u64, ranges: Vec<Range<usize>>) -> Self {
        Change { overrun: true, ..Self::of_merged(from, to, ranges) }
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

    /// Whether the follower had to compare all of the state: the log has run over since the version before, or an update has touched more than
    /// the log has room for; and no copy of the region is as old as that version. Such a change is as exact as others; it has taken longer.
    #[must_use]
    pub fn is_overrun(&self) -> bool {
        self.overrun
    }

    /// The bytes of `T` that were touched, in order. Of plain fields these are the bytes that differ; of containers, blocks and pages in which
    /// something differs.
    #[must_use]
    pub fn ranges(&self) -> &[Range<usize>] {
        &self.ranges
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
    /// What was touched as a whole has one path, without its parts; so has a list whose length has changed, and what has no parts with paths:
    /// an enum, a text, a map. There are none if the state is no struct and was touched as a whole.
    #[must_use]
    pub fn fields(&self) -> Vec<String> {
        paths(T::LAYOUT, &self.ranges)
    }

    fn touches_bytes(&self, bytes: &Range<usize>) -> bool {
        let next = self.ranges.partition_point(|range| range.end <= bytes.start);
        self.ranges.get(next).is_some_and(|range| range.start < bytes.end)
    }
}

/// How many bytes are compared at once where most are equal; no block is longer.
const PAGE: usize = 4096;

/// What differs between all bytes of two values, in order: the bytes of what is `unmarked`, and blocks of the rest, of which there are few
/// enough for a list of them.
pub(super) fn differing(layout: &Layout, old: &[u8], new: &[u8], unmarked: &[Range<usize>]) -> Vec<Range<usize>> {
    let block = (old.len() >> 16).next_power_of_two().clamp(64, PAGE);
    let differs = |bytes: &Range<usize>| old[bytes.clone()] != new[bytes.clone()];
    let (mut ranges, mut start) = (Vec::new(), 0);
    for unmarked in unmarked.iter().cloned().chain([old.len()..old.len()]) {
        // Most pages are equal, and are compared at once.
        let pages = Blocks { rest: start..unmarked.start, len: PAGE }.filter(differs);
        let blocks = pages.flat_map(|rest| Blocks { rest, len: block }).filter(differs);
        ranges.extend(blocks.filter(|block| differs_in_meaning(layout, old, new, block.clone())));
        start = unmarked.end;
        add_differing(&old[unmarked.clone()], &new[unmarked.clone()], unmarked.start, &mut ranges);
    }
    merged(ranges)
}

/// Whether these bytes differ in one that means something.
fn differs_in_meaning(layout: &Layout, old: &[u8], new: &[u8], mut bytes: Range<usize>) -> bool {
    while let Some(at) = bytes.find(|at| old[*at] != new[*at]) {
        let Some(end) = layout.end_of_meaningless(at) else { return true };
        bytes.start = end;
    }
    false
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
            let differing = (0..old.len()).filter(|byte| old[*byte] != new[*byte]);
            ranges.extend(differing.map(|byte| start + 8 * word + byte).map(|byte| byte..byte + 1));
        }
    }
}

impl<T> Clone for Change<T> {
    fn clone(&self) -> Self {
        Change { ranges: self.ranges.clone(), ..*self }
    }
}

impl<T> fmt::Debug for Change<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Change");
        debug.field("from", &self.from).field("to", &self.to).field("ranges", &self.ranges);
        debug.field("overrun", &self.overrun).finish()
    }
}
