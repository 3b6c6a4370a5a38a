//! [`Owned`]: what one thread uses, without the locked instructions of a mutex.
//!
//! One of the four files of the package with unsafe code.

use std::cell::{Cell, UnsafeCell};
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A value that the thread which has made it uses, and no other one. Any thread may drop it.
pub(crate) struct Owned<T> {
    thread: u64,
    /// Whether there is a `Used`. Accessed by the owner alone.
    in_use: Cell<bool>,
    /// Invariant: accessed by the owner alone, and through one `Used` at a time.
    value: UnsafeCell<T>,
}

// SAFETY: another thread than the owner gets no reference to what is inside, and drops it only where it is the last one to have the
// `Owned`.
unsafe impl<T: Send> Sync for Owned<T> {}
// SAFETY: as any value that may go to another thread; the owner is known by its number, which no other thread ever has.
unsafe impl<T: Send> Send for Owned<T> {}

/// Why a value cannot be used now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Refused {
    OtherThread,
    /// By the same thread, further out.
    InUse,
}

/// The value, as long as it is used.
pub(crate) struct Used<'a, T>(&'a Owned<T>, PhantomData<*mut T>);

/// A number that no other thread of the process has had.
fn thread_number() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    thread_local! {
        static NUMBER: Cell<u64> = const { Cell::new(0) };
    }
    let number = NUMBER.get();
    if number != 0 {
        return number;
    }
    NUMBER.set(LAST.fetch_add(1, Relaxed) + 1);
    NUMBER.get()
}

impl<T> Owned<T> {
    /// A value of this thread's.
    pub(crate) fn new(value: T) -> Owned<T> {
        Owned { thread: thread_number(), in_use: Cell::new(false), value: UnsafeCell::new(value) }
    }

    /// Whether this thread is the owner.
    #[inline]
    pub(crate) fn is_mine(&self) -> bool {
        self.thread == thread_number()
    }

    /// The value, until what is returned is dropped.
    #[inline]
    pub(crate) fn get(&self) -> Result<Used<'_, T>, Refused> {
        if !self.is_mine() {
            return Err(Refused::OtherThread);
        }
        if self.in_use.replace(true) { Err(Refused::InUse) } else { Ok(Used(self, PhantomData)) }
    }
}

impl<T> Deref for Used<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: this is the owner, because a `Used` stays on its thread (it has a pointer); and there is no other `Used`.
        unsafe { &*self.0.value.get() }
    }
}

impl<T> DerefMut for Used<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as above.
        unsafe { &mut *self.0.value.get() }
    }
}

impl<T> Drop for Used<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.0.in_use.set(false);
    }
}
