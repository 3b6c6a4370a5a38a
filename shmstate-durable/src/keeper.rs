//! The thread of each process that has the state open. One of these threads at a time is elected, and writes the store.

use crate::advice;
use crate::control::Control;
use crate::error::Error;
use crate::paths::Paths;
use crate::store::{Differing, Store};
use shmstate::dynamic::DynState;
use shmstate::{ErrorKind, SharedLayout, State};
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long a process waits to be elected, or for a region of its layout, before it looks whether its handle was dropped.
const LOOK: Duration = Duration::from_millis(50);

/// How long a process that opens the state waits between two looks at a store that is open elsewhere.
const HELD: Duration = Duration::from_millis(10);

/// What the threads of a process share.
pub(crate) struct Kept {
    pub(crate) paths: Paths,
    pub(crate) control: Control,
    /// Of the region that this handle belongs to.
    pub(crate) lineage: u128,
    pub(crate) interval: Duration,
    pub(crate) timeout: Duration,
    pub(crate) mode: u32,
    pub(crate) medium: Medium,
    /// The handle was dropped.
    stop: AtomicBool,
}

/// How the store is opened.
#[derive(Clone, Default)]
pub(crate) enum Medium {
    /// As a file.
    #[default]
    File,
    /// In a medium of a test's.
    #[cfg(test)]
    Test(Arc<dyn Fn(u128) -> Result<Store, Error> + Send + Sync>),
}

impl Medium {
    /// [`open`](Self::open), once the process that has the store open has closed it: it may be about to.
    pub(crate) fn open_when_free(&self, paths: &Paths, until: Option<Instant>) -> Result<Option<Store>, Error> {
        loop {
            match self.open(paths) {
                Err(Error::Held { .. }) if until.is_none_or(|until| Instant::now() < until) => {
                    shmstate::sleep(HELD);
                }
                opened => return opened,
            }
        }
    }

    pub(crate) fn open(&self, paths: &Paths) -> Result<Option<Store>, Error> {
        match self {
            Medium::File => Store::open(&paths.store),
            #[cfg(test)]
            Medium::Test(open) => open(0).map(Some),
        }
    }

    pub(crate) fn create(&self, paths: &Paths, mode: u32, lineage: u128) -> Result<Store, Error> {
        match self {
            Medium::File => Store::create(&paths.store, mode, lineage, |_| Ok(())),
            #[cfg(test)]
            Medium::Test(open) => open(lineage),
        }
    }
}

impl Kept {
    pub(crate) fn new(paths: Paths, control: Control, lineage: u128, terms: Terms) -> Kept {
        let Terms { interval, timeout, mode, medium } = terms;
        Kept { paths, control, lineage, interval, timeout, mode, medium, stop: AtomicBool::new(false) }
    }

    fn is_stopped(&self) -> bool {
        // A flag alone, looked at again and again.
        self.stop.load(Relaxed)
    }
}

/// What the user says, once.
#[derive(Clone)]
pub(crate) struct Terms {
    pub(crate) interval: Duration,
    pub(crate) timeout: Duration,
    pub(crate) mode: u32,
    pub(crate) medium: Medium,
}

/// The thread of a handle.
pub(crate) struct Keeper {
    kept: Arc<Kept>,
    thread: Option<JoinHandle<()>>,
    /// A forked child has no such thread.
    process: u32,
}

impl Keeper {
    /// Starts the thread of a state of type `T`.
    pub(crate) fn start<T: SharedLayout>(kept: Arc<Kept>) -> Result<Keeper, Error> {
        let run = {
            let kept = Arc::clone(&kept);
            move || Writer::<T> { kept: &kept, state: PhantomData }.run()
        };
        let thread = std::thread::Builder::new().name("shmstate-durable".into()).spawn(run);
        let thread = thread.map_err(Error::io(&kept.paths.store, "start the thread that writes"))?;
        Ok(Keeper { kept, thread: Some(thread), process: std::process::id() })
    }
}

impl Drop for Keeper {
    /// Ends the thread, which writes what is not on disk yet if this process is elected.
    fn drop(&mut self) {
        if self.process != std::process::id() {
            return;
        }
        self.kept.stop.store(true, Relaxed);
        // If the region is out of reach, the thread looks after its interval.
        let _ = self.kept.control.wake();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Why the elected process stops writing.
enum End {
    /// The handle was dropped.
    Stopped,
    /// The region was replaced by one that goes on with it.
    Replaced,
    /// The name leads to a region of another layout, which processes of another release write.
    OtherLayout,
    /// The state of this handle is kept no more.
    GivenUp,
}

struct Writer<'a, T> {
    kept: &'a Kept,
    state: PhantomData<fn() -> T>,
}

impl<T: SharedLayout> Writer<'_, T> {
    /// Stands for election until the handle is dropped, or its state is kept no more.
    fn run(&self) {
        let kept = self.kept;
        loop {
            // A handle that is dropped before its thread was elected writes as well, if no other process does.
            let is_last = kept.is_stopped();
            let elected = kept.control.progress.elect(if is_last { Duration::ZERO } else { LOOK });
            match elected.map(|elected| elected.map(|_elected| self.write_on())) {
                Ok(Some(End::Stopped | End::GivenUp)) => return,
                // This process has resigned, so that one of the other release is elected.
                Ok(Some(End::OtherLayout)) => self.wait_for_another_region(),
                Ok(Some(End::Replaced) | None) => {}
                Err(_) => self.pause(),
            }
            if is_last {
                return;
            }
        }
    }

    /// Writes, as the elected process, until it cannot any more.
    fn write_on(&self) -> End {
        let kept = self.kept;
        loop {
            let is_last = kept.is_stopped();
            match self.write() {
                Ok(End::Replaced) => {}
                Ok(end) => return end,
                Err(e) => {
                    // What goes wrong may go by: the disk is full, a command has the store open, or another process that is
                    // stopped is in the way of saying so.
                    let _ = kept.control.fail(&e);
                    if is_last {
                        return End::Stopped;
                    }
                    self.pause();
                }
            }
        }
    }

    /// Waits, not elected, for as long as the name leads to a region of another layout: the state may come back to this one's.
    fn wait_for_another_region(&self) {
        let name = &self.kept.paths.region;
        // While this view is there, no other file has the number of its file.
        let found = DynState::open(name);
        // It may have come back before that.
        let is_refused = matches!(State::<T>::open_read_only(name), Err(e) if e.kind() == ErrorKind::LayoutMismatch);
        let is_there = || found.as_ref().is_ok_and(|found| found.is_current().unwrap_or(false));
        while !self.kept.is_stopped() {
            shmstate::sleep(LOOK);
            if !(is_refused && is_there()) {
                return;
            }
        }
    }

    /// Waits until the next attempt.
    fn pause(&self) {
        let until = Instant::now() + self.kept.interval.clamp(LOOK, Duration::from_secs(1));
        while !self.kept.is_stopped() && Instant::now() < until {
            shmstate::sleep(LOOK.min(self.kept.interval));
        }
    }

    /// Writes until the handle is dropped, or the region is no more what the store belongs to.
    fn write(&self) -> Result<End, Error> {
        let kept = self.kept;
        let region = State::<T>::options().mode(kept.mode).timeout(kept.timeout).open(&kept.paths.region);
        let region = match region {
            Ok(region) if region.lineage() == kept.lineage => region,
            Ok(_) => return self.give_up(),
            Err(e) => match e.kind() {
                ErrorKind::NotFound => return self.give_up(),
                ErrorKind::LayoutMismatch => return Ok(End::OtherLayout),
                _ => return Err(advice::of_state(&kept.paths)(e.into())),
            },
        };
        self.check_file()?;
        let Some(store) = kept.medium.open(&kept.paths)? else { return Err(Error::removed(&kept.paths.store)) };
        if store.head().lineage != kept.lineage {
            return self.give_up();
        }
        self.keep(&region, store)
    }

    /// Whether the path still leads to the file in which the state is kept. What is written to a file without a name is lost, and what another
    /// file holds is not known.
    fn check_file(&self) -> Result<(), Error> {
        let Kept { paths, control, lineage, .. } = self.kept;
        if control.has_lost(*lineage, &paths.store)? { Err(Error::removed(&paths.store)) } else { Ok(()) }
    }

    /// Brings the store up to date whenever a version is waited for, and each interval.
    fn keep(&self, region: &State<T>, mut store: Store) -> Result<End, Error> {
        let (kept, schema) = (self.kept, State::<T>::schema());
        let mut follower = match region.follow() {
            Err(e) if e.kind() == ErrorKind::Retired => return Ok(End::Replaced),
            follower => follower?,
        };
        self.check_file()?;
        let mut durable = follower.version();
        // What has changed since the version of the store is not known. Even if it is this one, the bytes that mean nothing differ: they
        // were those of the image that the process before kept. As soon as they mean something, a change tells what differs from this one.
        store.write(durable, &schema, follower.bytes(), Differing::Any)?;
        kept.control.publish(kept.lineage, durable)?;
        let mut next = Instant::now() + kept.interval;
        loop {
            let (wanted, seen) = kept.control.wanted(kept.lineage)?;
            // After that: whatever stops the thread, or removes the region, wakes it by another version than the one that was seen.
            let (is_last, is_current) = (kept.is_stopped(), region.is_current()?);
            let now = Instant::now();
            if wanted <= durable && now < next && !is_last && is_current {
                kept.control.requests.wait_newer(seen, next - now)?;
                continue;
            }
            if now >= next {
                next = now + kept.interval;
            }
            self.check_file()?;
            let change = match follower.advance() {
                Err(e) if e.kind() == ErrorKind::Retired => return Ok(End::Replaced),
                change => change?,
            };
            match change {
                Some(change) => {
                    store.write(change.to(), &schema, follower.bytes(), Differing::Ranges(change.ranges()))?;
                    durable = change.to();
                    kept.control.publish(kept.lineage, durable)?;
                }
                // Only what has been made is wanted. If anything else is, this thread sleeps none the less.
                None if wanted > durable && !is_last && is_current => {
                    kept.control.requests.wait_newer(seen, next.saturating_duration_since(now))?;
                }
                None => {}
            }
            if is_last {
                return Ok(End::Stopped);
            }
            if !is_current {
                return Ok(End::Replaced); // or removed: its name says which
            }
        }
    }

    /// Leaves the store to the region that its state goes on in.
    fn give_up(&self) -> Result<End, Error> {
        self.kept.control.give_up(self.kept.lineage)?;
        Ok(End::GivenUp)
    }
}
