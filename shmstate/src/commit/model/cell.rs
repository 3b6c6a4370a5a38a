//! Plain memory, of which accesses at the same time are reported: loom's own; or, under shuttle, one that notices them.

#[cfg(shmstate_loom)]
pub(super) use loom::cell::UnsafeCell;
#[cfg(shmstate_shuttle)]
pub(super) use noticing::UnsafeCell;

#[cfg(shmstate_shuttle)]
mod noticing {
    use shuttle::sync::atomic::{AtomicU32, Ordering::SeqCst};
    use std::cell::Cell;

    /// shuttle runs one thread at a time, and another one only at an access to its own types.
    pub(crate) struct UnsafeCell<T> {
        value: std::cell::UnsafeCell<T>,
        readers: Cell<u32>,
        written: Cell<bool>,
        others: AtomicU32,
    }

    impl<T> UnsafeCell<T> {
        pub(crate) fn new(value: T) -> Self {
            let (value, others) = (value.into(), AtomicU32::new(0));
            UnsafeCell { value, readers: Cell::new(0), written: Cell::new(false), others }
        }

        /// Lets others run.
        fn pause(&self) {
            self.others.load(SeqCst);
        }

        pub(crate) fn with<R>(&self, f: impl FnOnce(*const T) -> R) -> R {
            assert!(!self.written.get(), "an image is read while it is written");
            self.readers.set(self.readers.get() + 1);
            self.pause();
            let result = f(self.value.get());
            self.readers.set(self.readers.get() - 1);
            result
        }

        pub(crate) fn with_mut<R>(&self, f: impl FnOnce(*mut T) -> R) -> R {
            assert!(!self.written.replace(true) && self.readers.get() == 0, "an image is written while it is used");
            self.pause();
            let result = f(self.value.get());
            self.written.set(false);
            result
        }
    }
}
