//! The thread that sleeps for all tasks of this process that wait for versions of a region.
//!
//! The first task starts it, and it ends when no task waits any more. It borrows no handle: the program may drop a handle at any
//! time, and the handle's mapping, which holds its locks, has to go at once.

use super::geometry::Geometry;
use super::view::view;
use super::waiting::REPLACED;
use crate::commit::{Call, Published, Shared, Tasks, Ticket};
use crate::os::{self, ForkGuard, Mapping, PerRegion, RegionKey};
use std::io;
use std::mem::ManuallyDrop;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Waker;
use std::thread::{self, Thread};
use std::time::Duration;

/// How long the thread stays without a task.
const LINGER: Duration = Duration::from_millis(250);

/// The servers of this process for handles that may write their region.
static SERVERS: PerRegion<TaskServer> = PerRegion::new();

/// The handles' end: dropped with the last handle that uses it.
pub(crate) struct TaskServer {
    served: Arc<Served>,
}

/// What the thread uses, for as long as it lives.
struct Served {
    tasks: Tasks,
    /// Borrows `mapping`.
    shared: Shared<'static>,
    mapping: ManuallyDrop<Arc<Mapping>>,
    /// Whether the mapping can be written, so that a waiter can announce itself.
    announced: bool,
    fork_guard: ForkGuard,
    /// The thread, once there was one.
    thread: Mutex<Option<Thread>>,
}

// SAFETY: the mapping is shared memory that is accessed by atomics alone.
unsafe impl Send for Served {}
// SAFETY: as above.
unsafe impl Sync for Served {}

impl TaskServer {
    /// The server for the region with that identity. If there is none, a new one on what `map` maps.
    pub(super) fn of(
        key: RegionKey,
        map: impl FnOnce() -> io::Result<(Shared<'static>, Mapping)>,
    ) -> io::Result<Arc<TaskServer>> {
        if let Some(found) = SERVERS.get(key)? {
            return Ok(found);
        }
        let (shared, mapping) = map()?;
        SERVERS.get_or_insert(key, Arc::new(Self::new(shared, Arc::new(mapping), true)?))
    }

    /// A mapping for [`Self::of`]: the words of the region, in a mapping that outlives them.
    pub(super) fn map(file: &OwnedFd, geometry: &Geometry) -> io::Result<(Shared<'static>, Mapping)> {
        let mapping = Mapping::new(file, geometry.file_len() as usize)?;
        // SAFETY: the mapping is as long as the geometry says, and the server that gets the view keeps it.
        let shared = unsafe { view(&mapping, geometry) };
        Ok((shared, mapping))
    }

    /// `shared` borrows `mapping`.
    pub(super) fn new(shared: Shared<'static>, mapping: Arc<Mapping>, announced: bool) -> io::Result<TaskServer> {
        let (fork_guard, mapping) = (ForkGuard::current()?, ManuallyDrop::new(mapping));
        let (tasks, thread) = (Tasks::new(), Mutex::new(None));
        Ok(TaskServer { served: Arc::new(Served { tasks, shared, mapping, announced, fork_guard, thread }) })
    }

    /// Whether this is the process whose tasks it serves, and not a child of it.
    pub(super) fn is_mine(&self) -> bool {
        self.served.fork_guard.is_current()
    }

    /// The news after `version`, if there is any now; otherwise `waker` is woken when there is some. An error if no thread can be
    /// started.
    pub(super) fn news_or_wait(
        &self,
        ticket: &mut Option<Ticket>,
        version: u64,
        waker: &Waker,
    ) -> io::Result<Option<Published>> {
        let served = &self.served;
        served.shared.news_or_wait(&served.tasks, ticket, version, waker, |call| {
            match call {
                Call::Nothing => {}
                Call::Wake => served.unpark(),
                Call::Start => {
                    let served = Arc::clone(served);
                    let started = os::in_background(c"shmstate-waits", move || served.serve());
                    started.inspect_err(|_| self.served.tasks.has_no_thread())?;
                }
            }
            Ok(())
        })
    }

    /// The task waits no more.
    pub(super) fn forget(&self, ticket: Ticket) {
        self.served.tasks.forget(ticket);
    }
}

impl Served {
    fn serve(&self) {
        *self.thread.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread::current());
        let (pause, idle) = (|| os::sleep(REPLACED), || thread::park_timeout(LINGER));
        self.shared.serve(&self.tasks, self.announced, os::futex_wait, pause, idle);
    }

    fn unpark(&self) {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        thread.as_ref().inspect(|thread| thread.unpark());
    }
}

impl Drop for TaskServer {
    fn drop(&mut self) {
        // A forked child has no such thread, and its parent may have held a lock.
        let Served { tasks, shared, announced, fork_guard, .. } = &*self.served;
        if fork_guard.is_current() {
            if *announced {
                shared.dismiss(tasks, os::futex_wake_all);
            } else {
                tasks.dismiss();
            }
            self.served.unpark();
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // SAFETY: taken once, and not used afterwards.
        let mapping = unsafe { ManuallyDrop::take(&mut self.mapping) };
        if !self.fork_guard.is_current() && self.announced {
            // It was not inherited.
            Arc::into_inner(mapping).into_iter().for_each(Mapping::forget);
        }
    }
}
