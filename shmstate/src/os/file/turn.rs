//! Taking turns at creating a region.
//!
//! A new region has no name before it is complete. So processes that start together would each reserve one, and a small file system
//! would not have room for them all. Therefore, a region that is not small beside the free room is made under a lock on its
//! directory. The lock is a courtesy: it costs a few system calls, it leaves nothing, the kernel frees it when its holder dies, and
//! a process that cannot get it in time goes on without it.

use super::reserve::free_room;
use super::{RegionPath, key_of};
use crate::commit::Clock;
use crate::os::clock::sleep;
use crate::os::descriptors::open_at_undivided;
use crate::os::own_table::undisturbed;
use crate::os::registered::Registered;
use rustix::fs::{FlockOperation, Mode, OFlags};
use std::cell::Cell;
use std::time::Duration;

/// If the free room holds this many regions of that size at the same time, no process waits for another one.
const AT_ONCE: u64 = 256;

/// The right to create a region in a directory, for as long as this lives.
pub(crate) struct Turn {
    /// The locked description of the directory. `None`: there is no reason to take turns, or no chance to.
    lock: Option<Registered>,
}

thread_local! {
    /// Whether this thread has a turn already: the closure that fills a new state may create another one.
    static HAS_TURN: Cell<bool> = const { Cell::new(false) };
}

impl Turn {
    /// Waits for the turn to create a region of `room` bytes: until the name leads somewhere, or until the deadline.
    pub(super) fn wait(region_path: &RegionPath, room: u64, clock: &mut impl Clock) -> Turn {
        let none = Turn { lock: None };
        let plenty = free_room(&region_path.dir, room) / AT_ONCE >= room;
        if plenty || HAS_TURN.get() {
            return none;
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let Ok(stat) = rustix::fs::fstat(&region_path.dir) else { return none };
        let opened = Registered::open(key_of(&stat), |no_fork| {
            Ok(open_at_undivided(no_fork, &region_path.dir, ".", flags, Mode::empty())?)
        });
        // A directory that this process may not read, for instance.
        let Ok(lock) = opened else { return none };
        let mut pause = Duration::from_micros(200);
        loop {
            match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => {
                    HAS_TURN.set(true);
                    return Turn { lock: Some(lock) };
                }
                Err(rustix::io::Errno::WOULDBLOCK | rustix::io::Errno::INTR) => {}
                // The file system knows no locks.
                Err(_) => return none,
            }
            let Some(remaining) = clock.remaining() else { return none };
            if !matches!(region_path.now(), Ok(None)) {
                return none;
            }
            sleep(pause.min(remaining));
            pause = (pause * 2).min(Duration::from_millis(4));
        }
    }
}

fn flock(lock: &Registered, operation: FlockOperation) -> rustix::io::Result<()> {
    undisturbed(&[lock.number()], || {
        let dir = lock.get().map_err(|_| rustix::io::Errno::BADF)?;
        rustix::fs::flock(&*dir, operation)
    })
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(lock) = &self.lock {
            // Not only closed: a child that was made by a raw `clone` may have the description too.
            let _ = flock(lock, FlockOperation::Unlock);
            HAS_TURN.set(false);
        }
    }
}
