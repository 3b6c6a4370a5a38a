//! [`Queue`]: a double-ended queue that refuses what it has no room for.
//!
//! * this file: the type, both ends, and handing out items
//! * `edit`: changes in the middle, and of many items at once; `in_place`: the same without moving an item over the stack;
//!   `traits`: what it has in common with a `VecDeque`

mod edit;
mod in_place;
mod traits;

use super::capacity::capacity;
use super::derived::derived;
use super::len::Len;
use super::moved_out::{move_out, move_over, refused};
use super::place::rotate_left;
use super::{Array, CapacityError};
use crate::layout::{SharedLayout, ValidityError};

/// A `VecDeque` that cannot grow past `N`: a queue, or a stack with two ends, that refuses what it has no room for.
///
/// Its methods have the names and the meaning that they have on `VecDeque`; those that could grow it return a [`CapacityError`],
/// which gives the value back. If the oldest item should make room instead, use a [`Ring`](crate::Ring).
///
/// ```
/// use shmstate::Queue;
///
/// let mut jobs = Queue::<u32, 3>::new();
/// jobs.push_back(1)?;
/// jobs.push_back(2)?;
/// jobs.push_front(0)?;
/// assert_eq!(jobs.push_back(3).unwrap_err().into_inner(), 3);
/// assert_eq!(jobs.pop_front(), Some(0));
/// jobs[0] += 10;
/// assert_eq!(jobs, [11, 2]);
/// # Ok::<_, shmstate::CapacityError<u32>>(())
/// ```
///
/// # Cost
/// | method | marks |
/// |---|---|
/// | `push_back`, `push_front`, their `…_with` and `…_default`, `append`, a growing `resize*` | the new items |
/// | `pop_front`, `pop_back`, `discard_front`, `discard_back`, `truncate`, `clear` | nothing |
/// | `queue[i] = …`, `get_mut`, `front_mut`, `back_mut` | the item that is borrowed |
/// | `swap(i, j)` | items `i` and `j` |
/// | `insert(i, …)`, `insert_with`, `insert_default`, `remove(i)`, `discard(i)` | from item `i` to the nearer end |
/// | `drain(i..j)` | from item `i` to the end |
/// | `retain` | from the first item that goes to the end; nothing if none goes |
/// | `iter_mut`, `as_mut_slices`, `retain_mut` | all items |
/// | `make_contiguous` | all items; all `N` slots if they have to be moved |
/// | everything that takes `&self` | nothing |
///
/// # Beside `VecDeque`
/// | `VecDeque` | here |
/// |---|---|
/// | `new`, `len`, `is_empty`, `capacity`, `front`, `front_mut`, `back`, `back_mut`, `get`, `get_mut`, `[]`, `iter`, `iter_mut`, `as_slices`, `as_mut_slices`, `make_contiguous`, `contains`, `pop_front`, `pop_back`, `swap`, `remove`, `truncate`, `clear`, `retain`, `retain_mut`, `drain` | the same |
/// | `push_*`, `insert`, `append`, `resize`, `resize_with` | the same, and an error when there is no room |
/// | `extend`, `collect` | the same, and a panic when there is no room; [`try_extend`](Queue::try_extend) and [`try_from_iter`](Queue::try_from_iter) return an error |
/// | `from` an array, `try_from` a `VecDeque` or a `Vec`, `VecDeque::from` a queue | the same; that the array fits is proved while the program compiles |
/// | `push_back_with`, `push_back_default`, `push_front_with`, `push_front_default`, `insert_with`, `insert_default`, `resize_default`, `discard`, `discard_front`, `discard_back` | new: no item passes over the stack, which large ones have no room on; see [`List`](crate::List#large-items) |
/// | `into_iter` by value | `drain(..)`: a queue of a state is borrowed |
/// | `pop_front_if`, `pop_back_if` | not there: `front`, then `pop_front` |
/// | `split_off`, `range*`, `rotate_*`, `swap_remove_*`, `binary_search*`, `partition_point` | not there: over the ends, or on the slices of `as_slices` and `make_contiguous` |
/// | `reserve*`, `try_reserve*`, `shrink_*`, `with_capacity` | not there: the capacity is fixed |
///
/// # Layout
/// The place of the first item in a `u32`, the number of items in another one, then an [`Array<T, N>`](Array) of slots
/// from the next multiple of its alignment on. After the last slot comes the first. What lies in a slot without an item
/// is some `T`, or zeroes.
///
/// # Capacity
/// As of an [`Array`]; anything else does not compile:
///
/// ```compile_fail
/// let nothing = shmstate::Queue::<u8, 0>::new();
/// ```
#[repr(C)]
pub struct Queue<T, const N: usize> {
    /// Where the first item lies.
    start: Len<N>,
    count: Len<N>,
    /// A slot without an item holds some `T` that is never looked at.
    slots: Array<T, N>,
}

derived! {
    [T: SharedLayout, const N: usize] Queue<T, N> { start: Len<N>, count: Len<N>, slots: Array<T, N>, }
    check: Self::check,
}

impl<T: SharedLayout, const N: usize> Queue<T, N> {
    /// What every queue type has to fulfil beyond its array; evaluated while the program compiles.
    const PROVED: () = {
        let _ = T::LAYOUT;
        assert!(N > 0, "a Queue of capacity 0 holds nothing: give it a capacity of 1 or more");
        assert!(N <= u32::MAX as usize, "a Queue holds at most u32::MAX items: give it a smaller capacity");
        assert!(size_of::<T>() > 0, "a Queue of zero-sized items holds nothing: use a counter");
    };

    /// Appends `value` at the back.
    ///
    /// ```
    /// let mut queue = shmstate::Queue::<u64, 1>::new();
    /// queue.push_back(1)?;
    /// assert_eq!(queue.push_back(2).unwrap_err().into_inner(), 2);
    /// # Ok::<_, shmstate::CapacityError<u64>>(())
    /// ```
    ///
    /// # Errors
    /// Gives the value back when the queue is full.
    #[inline]
    pub fn push_back(&mut self, value: T) -> Result<(), CapacityError<T>> {
        let len = self.len();
        if len == N {
            // SAFETY: it is returned.
            return Err(unsafe { refused(&value, "queue", N) });
        }
        // SAFETY: it is the queue's from here on.
        unsafe { self.put(Self::wrap(self.first() + len), &value) }
        self.count = Len::new(len + 1);
        Ok(())
    }

    /// Inserts `value` at the front.
    ///
    /// ```
    /// let mut queue = shmstate::Queue::<u64, 3>::from([1, 2]);
    /// queue.push_front(0)?;
    /// assert_eq!(queue, [0, 1, 2]);
    /// # Ok::<_, shmstate::CapacityError<u64>>(())
    /// ```
    ///
    /// # Errors
    /// Gives the value back when the queue is full.
    #[inline]
    pub fn push_front(&mut self, value: T) -> Result<(), CapacityError<T>> {
        let len = self.len();
        if len == N {
            // SAFETY: it is returned.
            return Err(unsafe { refused(&value, "queue", N) });
        }
        let start = self.before_first();
        // SAFETY: it is the queue's from here on.
        unsafe { self.put(start, &value) }
        self.start = Len::new(start);
        self.count = Len::new(len + 1);
        Ok(())
    }

    /// Removes the first item and returns it.
    ///
    /// ```
    /// let mut queue = shmstate::Queue::<u64, 2>::from([1, 2]);
    /// assert_eq!((queue.pop_front(), queue.len()), (Some(1), 1));
    /// ```
    #[inline]
    pub fn pop_front(&mut self) -> Option<T> {
        let left = self.len().checked_sub(1)?;
        let start = self.first();
        self.start = Len::new(Self::wrap(start + 1));
        self.count = Len::new(left);
        Some(self.spend(start))
    }

    /// Removes the last item and returns it.
    ///
    /// ```
    /// let mut queue = shmstate::Queue::<u64, 2>::from([1, 2]);
    /// assert_eq!((queue.pop_back(), queue.len()), (Some(2), 1));
    /// ```
    #[inline]
    pub fn pop_back(&mut self) -> Option<T> {
        let left = self.len().checked_sub(1)?;
        self.count = Len::new(left);
        Some(self.spend(Self::wrap(self.first() + left)))
    }

    /// The items, as two slices: those of the first come before those of the second.
    ///
    /// ```
    /// let mut queue = shmstate::Queue::<u64, 3>::from([1, 2]);
    /// queue.push_front(0)?;
    /// assert_eq!(queue.as_slices(), (&[0][..], &[1, 2][..]));
    /// # Ok::<_, shmstate::CapacityError<u64>>(())
    /// ```
    #[inline]
    #[must_use]
    pub fn as_slices(&self) -> (&[T], &[T]) {
        let (first, second) = self.spans();
        let slots = self.slots.as_slice();
        (&slots[first], &slots[second])
    }

    /// The items, as two slices to be changed; marks all of them.
    ///
    /// ```
    /// let mut queue = shmstate::Queue::<u64, 3>::from([1, 2]);
    /// queue.push_front(0)?;
    /// queue.as_mut_slices().1.fill(7);
    /// assert_eq!(queue, [0, 7, 7]);
    /// # Ok::<_, shmstate::CapacityError<u64>>(())
    /// ```
    #[must_use]
    pub fn as_mut_slices(&mut self) -> (&mut [T], &mut [T]) {
        let (first, second) = self.spans();
        for span in [&first, &second] {
            let _marked = self.slots.get_mut(span.clone());
        }
        // The second ends before the first begins.
        let (before, from) = self.slots.unmarked_mut(N).split_at_mut(first.start);
        (&mut from[..first.len()], &mut before[second])
    }

    /// Moves the items so that they lie in one slice; marks all of them, and all slots if they have to be moved.
    ///
    /// ```
    /// let mut queue = shmstate::Queue::<u64, 3>::from([2, 3]);
    /// queue.push_front(1)?;
    /// queue.make_contiguous().reverse();
    /// assert_eq!(queue.as_slices(), (&[3, 2, 1][..], &[][..]));
    /// # Ok::<_, shmstate::CapacityError<u64>>(())
    /// ```
    pub fn make_contiguous(&mut self) -> &mut [T] {
        let (first, second) = self.spans();
        if second.is_empty() {
            return &mut self.slots[first];
        }
        self.start = Len::ZERO;
        let slots = self.slots.as_mut_slice();
        rotate_left(slots, first.start);
        &mut slots[..first.len() + second.len()]
    }

    /// Puts `value` into slot `at`.
    ///
    /// # Safety
    /// `value` is not used any more.
    #[inline]
    unsafe fn put(&mut self, at: usize, value: &T) {
        self.slots.mark_written(at..at + 1);
        // SAFETY: the caller's promise.
        unsafe { move_over(&mut self.slots.unmarked_mut(N)[at], value) }
    }

    /// Moves the item out of slot `at`, which has none from here on.
    #[inline]
    fn spend(&mut self, at: usize) -> T {
        // SAFETY: the callers have taken the slot out of those that have items.
        unsafe { move_out(&self.slots.as_array()[at]) }
    }

    /// Where the first item lies: in the slots, whatever the bytes say.
    #[inline]
    const fn first(&self) -> usize {
        self.start.index(N)
    }

    /// The slot before the first item.
    #[inline]
    const fn before_first(&self) -> usize {
        Self::wrap(self.first() + N - 1)
    }

    /// Items that there are, at most `N` whatever the bytes say.
    #[inline]
    const fn live(&self) -> usize {
        self.count.get()
    }

    /// The slot at `place`, which is less than `2 * N`.
    #[inline]
    const fn wrap(slot: usize) -> usize {
        if slot < N { slot } else { slot - N }
    }

    /// Where item `index` lies, if it is there.
    #[inline]
    fn slot_of(&self, index: usize) -> Option<usize> {
        (index < self.len()).then(|| Self::wrap(self.first() + index))
    }

    /// The slots of the items: the second span starts at slot 0, if there is one.
    #[inline]
    fn spans(&self) -> (std::ops::Range<usize>, std::ops::Range<usize>) {
        let (start, len) = (self.first(), self.len());
        let end = (start + len).min(N);
        (start..end, 0..start + len - end)
    }

    /// Whether start and length are such.
    fn check(&self) -> Result<(), ValidityError> {
        let (start, count) = (self.start.unchecked(), self.count.unchecked());
        if start >= N || count > N {
            return Err(ValidityError::new(format!("{count} items from place {start} on in a queue of capacity {N}")));
        }
        Ok(())
    }
}

capacity! {
    all [T: SharedLayout, const N: usize] Queue<T, N>, "Queue::<u64, 2>", "items", |queue| queue.live(),
    "let queue = shmstate::Queue::<u64, 2>::from([1]);"
}

#[cfg(all(test, not(any(shmstate_loom, shmstate_shuttle))))]
mod tests {
    use super::*;

    #[test]
    fn scribbled_words_do_no_harm() {
        for start in [0, 3, 4, u32::MAX] {
            for count in [0, 3, 4, 5, u32::MAX] {
                let scribbled = || {
                    let mut queue = Queue::<u64, 4>::from([1, 2, 3, 4]);
                    (queue.start, queue.count) = (Len::of_word(start), Len::of_word(count));
                    queue
                };
                let mut queue = scribbled();
                // SAFETY: a value of its own.
                let valid = unsafe { Queue::validate(&queue) };
                assert_eq!(valid.is_ok(), start < 4 && count <= 4, "{start} {count}");
                assert_eq!(queue.iter().count(), queue.len());
                assert_eq!(queue.get(queue.len()), None);
                assert_eq!(queue.push_back(9).is_err(), count >= 4);
                queue.iter_mut().for_each(|item| *item += 1);
                queue.make_contiguous().sort_unstable();
                queue.retain(|item| item % 2 == 0);
                let mut queue = scribbled();
                let len = queue.len();
                assert!((0..len).all(|n| if n % 2 == 0 { queue.pop_back() } else { queue.pop_front() }.is_some()));
                assert_eq!((queue.pop_front(), queue.pop_back()), (None, None));
                queue.try_extend([1, 2, 3, 4]).unwrap();
                queue.remove(1);
                queue.push_front(0).unwrap();
                assert_eq!(queue, [0, 1, 3, 4]);
            }
        }
    }
}
