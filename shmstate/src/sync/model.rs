//! Atomics and fences under loom or shuttle: their own, with two things added.
//!
//! **Explorers.** loom tries every interleaving of a few threads that do a few things each, and of each the stale values
//! that weak orderings let them see. shuttle tries random interleavings of more threads that do more, but every load sees
//! the last store, whatever the orderings are: it finds faults of the protocol, never of an ordering.
//!
//! **Sequential consistency.** loom knows the total order of `SeqCst` *fences*, but takes a `SeqCst` *access* for an
//! `AcqRel` one. The protocol uses such read-modify-writes (R1 and N1) and two such loads (R2 and N2). A read-modify-write is
//! therefore a relaxed one followed by a `SeqCst` fence here, and a load is an `Acquire` one.
//! Why a proof of this form says something about the other one: all that the protocol asks of R1 is "if the writer's
//! scan, after its fence W2, misses my count, then my next look at `active` sees what came before W2". In the fence form
//! that follows from the order of the two fences. In the form that ships, the missed count puts W2 before R1 in the total
//! order (a fence before a load that is coherence-ordered before R1), R1 comes before R2 there in program order, and R2
//! could miss a store that happens before W2 only if R2 came before W2: a contradiction. What the relaxed
//! read-modify-write lacks in release ordering makes the model the weaker one of the two.
//!
//! **Death.** A thread can be made to stop for ever before its n-th write. It unwinds, and what its destructors then try
//! to write to shared words is not written: to the others it looks as if it had been killed.

#[cfg(shmstate_loom)]
pub(crate) use loom as explorer;
#[cfg(shmstate_shuttle)]
pub(crate) use shuttle as explorer;

use explorer::sync::atomic as inner;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use Ordering::{Acquire, Relaxed, SeqCst};
pub(crate) use explorer::sync::Mutex;
pub(crate) use inner::Ordering;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Life {
    Goes,
    /// Dies before the write after that many.
    Dies(u32),
    Died,
}

explorer::thread_local! {
    static LIFE: Cell<Life> = Cell::new(Life::Goes);
}

/// The thread has stopped for ever.
#[derive(Debug)]
pub(crate) struct Died;

/// Runs `f`, but stops it for ever before its write number `writes`, counted from 0.
pub(crate) fn dies_before<R>(writes: u32, f: impl FnOnce() -> R) -> Result<R, Died> {
    LIFE.with(|life| life.set(Life::Dies(writes)));
    let result = catch_unwind(AssertUnwindSafe(f));
    LIFE.with(|life| life.set(Life::Goes));
    result.map_err(|panic| match panic.downcast::<Died>() {
        Ok(died) => *died,
        Err(other) => resume_unwind(other),
    })
}

/// Whether the thread is unwinding because it has died.
pub(crate) fn is_dead() -> bool {
    LIFE.with(Cell::get) == Life::Died
}

/// Comes before each write: whether it is to be done. Does not return if the thread dies here.
pub(crate) fn writes() -> bool {
    LIFE.with(|life| match life.get() {
        Life::Goes => true,
        Life::Dies(0) => {
            life.set(Life::Died);
            resume_unwind(Box::new(Died))
        }
        Life::Dies(left) => {
            life.set(Life::Dies(left - 1));
            true
        }
        Life::Died => false,
    })
}

pub(crate) fn fence(ordering: Ordering) {
    inner::fence(ordering);
}

/// Nothing: loom's own would yield, which takes interleavings away. Code that spins here does so a fixed number of times.
pub(crate) fn spin_loop() {}

/// A read-modify-write `f`, with the ordering that loom needs.
fn modify<R>(ordering: Ordering, f: impl FnOnce(Ordering) -> R) -> R {
    match ordering {
        SeqCst => {
            let before = f(Relaxed);
            inner::fence(SeqCst);
            before
        }
        weaker => f(weaker),
    }
}

macro_rules! atomic {
    ($name:ident, $int:ty) => {
        pub(crate) struct $name(inner::$name);

        impl $name {
            pub(crate) fn new(value: $int) -> Self {
                $name(inner::$name::new(value))
            }

            pub(crate) fn load(&self, ordering: Ordering) -> $int {
                self.0.load(if ordering == SeqCst { Acquire } else { ordering })
            }

            pub(crate) fn store(&self, value: $int, ordering: Ordering) {
                if writes() {
                    self.0.store(value, ordering);
                }
            }

            pub(crate) fn swap(&self, value: $int, ordering: Ordering) -> $int {
                if writes() { modify(ordering, |ordering| self.0.swap(value, ordering)) } else { 0 }
            }

            pub(crate) fn compare_exchange(
                &self,
                current: $int,
                new: $int,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$int, $int> {
                if !writes() {
                    return Err(current);
                }
                modify(success, |success| self.0.compare_exchange(current, new, success, failure))
            }

            pub(crate) fn fetch_add(&self, value: $int, ordering: Ordering) -> $int {
                if writes() { modify(ordering, |ordering| self.0.fetch_add(value, ordering)) } else { 0 }
            }

            pub(crate) fn fetch_sub(&self, value: $int, ordering: Ordering) -> $int {
                if writes() { modify(ordering, |ordering| self.0.fetch_sub(value, ordering)) } else { 0 }
            }

            pub(crate) fn fetch_or(&self, value: $int, ordering: Ordering) -> $int {
                if writes() { modify(ordering, |ordering| self.0.fetch_or(value, ordering)) } else { 0 }
            }

            pub(crate) fn fetch_and(&self, value: $int, ordering: Ordering) -> $int {
                if writes() { modify(ordering, |ordering| self.0.fetch_and(value, ordering)) } else { 0 }
            }

            pub(crate) fn fetch_max(&self, value: $int, ordering: Ordering) -> $int {
                if writes() { modify(ordering, |ordering| self.0.fetch_max(value, ordering)) } else { 0 }
            }
        }
    };
}

atomic!(AtomicU32, u32);
atomic!(AtomicU64, u64);
