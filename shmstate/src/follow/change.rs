//! What has changed from one version to another.

use crate::Projection;
use crate::layout::{Kind, SharedLayout};
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
    pub(super) fn new(from: u64, to: u64, mut ranges: Vec<Range<usize>>) -> Self {
        ranges.sort_unstable_by_key(|range| range.start);
        ranges.dedup_by(|range, last| {
            let meets = range.start <= last.end;
            if meets {
                last.end = last.end.max(range.end);
            }
            meets
        });
        Change { from, to, ranges, overrun: false, state: PhantomData }
    }

    /// Everything may have changed.
    pub(super) fn of_everything(from: u64, to: u64) -> Self {
        let all = 0..size_of::<T>();
        Change { from, to, ranges: vec![all], overrun: true, state: PhantomData }
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

    /// Whether it is unknown what has changed, so that everything counts as touched: the log has run over since the version
    /// before, or an update has touched more than the log has room for.
    #[must_use]
    pub fn is_overrun(&self) -> bool {
        self.overrun
    }

    /// The bytes of `T` that were touched, in order.
    #[must_use]
    pub fn ranges(&self) -> &[Range<usize>] {
        &self.ranges
    }

    /// Whether a field was touched: exact, unless the change [is overrun](Self::is_overrun).
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

    /// The names of the state's own fields that were touched, as its schema has them; none if the state is no struct.
    pub fn fields(&self) -> impl Iterator<Item = &'static str> {
        let fields = match T::LAYOUT.kind {
            Kind::Struct(fields) => fields,
            _ => &[],
        };
        let touched = fields.iter().filter(|f| self.touches_bytes(&(f.offset..f.offset + f.layout.size)));
        touched.map(|field| field.name)
    }

    fn touches_bytes(&self, bytes: &Range<usize>) -> bool {
        let next = self.ranges.partition_point(|range| range.end <= bytes.start);
        self.ranges.get(next).is_some_and(|range| range.start < bytes.end)
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
