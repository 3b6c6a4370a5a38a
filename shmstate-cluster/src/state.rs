//! [`ClusterState`]: the user's handle.

use crate::control::{Control, Outcome as Became};
use crate::error::Error;
use crate::options::Options;
use crate::worker::{Address, Worker};
use shmstate::{Follower, Outcome, Projection, SharedLayout, State, Timestamp, Watch};
use std::convert::Infallible;
use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A state that several machines share. Each machine has a region of its own, which all its processes read as usual. The cluster commits
/// the updates, which become versions of every machine's region, in the same order.
///
/// ```no_run
/// use shmstate::SharedLayout;
/// use shmstate_cluster::ClusterState;
///
/// #[derive(SharedLayout)]
/// #[repr(C)]
/// struct Counter { count: u64 }
///
/// let counter = ClusterState::<Counter>::join("nats://localhost:4222", "counter")?;
/// let count = counter.update(|s| {
///     s.count += 1;
///     s.count
/// })?; // every machine counts once
/// assert!(counter.read(|s| s.count)? >= count); // from memory
/// # Ok::<_, shmstate_cluster::Error>(())
/// ```
pub struct ClusterState<T: SharedLayout> {
    /// The first field, so that it is dropped first: its thread uses the regions.
    _worker: Worker,
    state: State<T>,
    ahead: State<T>,
    control: State<Control>,
    address: Arc<Address>,
    tries: u32,
}

/// How a machine is connected to its cluster: [`ClusterState::status`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Status {
    /// Whether updates can be sent.
    pub connected: bool,
    /// When this machine last knew that it had the newest version.
    pub heard: Timestamp,
    /// The entries of the cluster's log that this machine's state has.
    pub applied: u64,
    /// Why there is no connection; empty if there is one.
    pub why: String,
    /// The process of this machine that is the link, by the id that it has in its own namespace; `None` if there is none at the moment. While
    /// it is stopped, no update of this machine is sent, and no other process takes over.
    pub link: Option<u32>,
}

// A panic in a closure rolls back, as for `State`.
impl<T: SharedLayout> UnwindSafe for ClusterState<T> {}
impl<T: SharedLayout> RefUnwindSafe for ClusterState<T> {}

impl<T: SharedLayout> ClusterState<T> {
    /// Joins a state of the cluster at `url`: `nats://host:port`, several servers separated by commas. `region` is the name of this machine's
    /// region; its file name is the name of the state in the cluster.
    ///
    /// The first process of a machine makes the machine's regions, with the cluster's state. If the cluster has no state of that name, the
    /// content of the machine's region becomes the state; if there is no such region, the state is new.
    ///
    /// If the machine has its regions and no server answers, this returns after the timeout, and the state can be read.
    ///
    /// # Errors
    /// [`Error::Disconnected`] if the machine has no regions yet and no server answers; [`Error::Unrelated`] if region and
    /// cluster have different states; [`Error::State`] as for [`State::open_or_create`], with
    /// [`LayoutMismatch`](shmstate::ErrorKind::LayoutMismatch) if the cluster's state has another layout; [`Error::Damaged`];
    /// [`Error::Refused`], if the machine has no regions yet.
    pub fn join(url: impl Into<String>, region: impl AsRef<Path>) -> Result<Self, Error> {
        Self::options().join(url, region)
    }

    /// How to join: replicas, timeout, tries, migrations, and what a new region is like.
    pub fn options<'a>() -> Options<'a, T> {
        Options::new()
    }

    pub(crate) fn new(
        state: State<T>,
        ahead: State<T>,
        control: State<Control>,
        address: Arc<Address>,
        tries: u32,
        worker: Worker,
    ) -> Self {
        ClusterState { _worker: worker, state, ahead, control, address, tries }
    }

    /// Runs `f` on the newest version that this machine has. When this returns, the cluster has committed the changes of `f` as a whole, and
    /// this machine's region has them.
    ///
    /// Updates of all machines happen one after the other, each on the result of the one before. If another machine has committed
    /// meanwhile, the changes of `f` are undone, and `f` runs again on the newer version. So `f` must not do anything outside of the state
    /// that it cannot do twice.
    ///
    /// An update that changes nothing is committed as well, so that `f` has read the newest version of the cluster.
    ///
    /// # Errors
    /// [`Error::Disconnected`], [`Error::Conflict`], [`Error::Replaced`] and [`Error::Refused`]: nothing has happened.
    /// [`Error::InDoubt`]: the time was up, or the link was lost, while the update was under way. [`Error::State`] as for
    /// [`State::update`].
    ///
    /// # Panics
    /// If `f` panics, after everything has been rolled back.
    pub fn update<R, UseTryUpdateForResult>(&self, mut f: impl FnMut(&mut T) -> R) -> Result<R, Error>
    where
        R: Outcome<UseTryUpdateForResult>,
    {
        match self.try_update(|s| Ok::<R, Infallible>(f(s)))? {
            Ok(result) => Ok(result),
        }
    }

    /// [`update`](Self::update), which is rolled back if `f` returns an `Err`.
    ///
    /// The `Err` is returned when the version that `f` has read is committed. This is the newest version that this machine has; other
    /// machines may have committed a newer one.
    ///
    /// # Errors
    /// As for [`update`](Self::update).
    ///
    /// # Panics
    /// As for [`update`](Self::update).
    pub fn try_update<R, E>(&self, mut f: impl FnMut(&mut T) -> Result<R, E>) -> Result<Result<R, E>, Error> {
        let until = Instant::now().checked_add(self.address.timeout);
        let remaining = || until.map_or(Duration::MAX, |until| until.saturating_duration_since(Instant::now()));
        for tries in 1..=self.tries {
            self.wait_connected(remaining(), tries)?;
            // If `f` returns an error, the version before is the one on which it has decided that.
            let mut decided = 0;
            let result = self.ahead.try_update_versioned(|s, version| {
                decided = version - 1;
                let result = f(s);
                if result.is_ok() {
                    decided = version;
                }
                result
            })?;
            match self.control.wait_until(remaining(), |c| c.outcome(decided))? {
                Some(Became::Committed) => return Ok(result),
                Some(Became::Undone) => {}
                Some(Became::InDoubt) | None if result.is_ok() => {
                    return Err(Error::InDoubt { name: self.address.name.clone() });
                }
                // `f` has decided to do nothing.
                Some(Became::InDoubt) | None => return Err(self.disconnected()?),
            }
        }
        Err(Error::Conflict { name: self.address.name.clone(), tries: self.tries })
    }

    /// [`State::update_local`]: changes a field with `#[shared(local)]`, which each machine has for itself, at once and without the
    /// cluster. In [`update`](Self::update), such fields are as they were when the machine joined, and what is written to them is lost.
    /// `field` should only return the field: its other changes do not reach the other machines.
    ///
    /// # Errors
    /// As for [`State::update_local`].
    ///
    /// # Panics
    /// If `field` or `f` panics, after everything has been rolled back.
    pub fn update_local<F: ?Sized, R>(
        &self,
        field: impl FnOnce(&mut T) -> &mut F,
        f: impl FnOnce(&mut F) -> R,
    ) -> Result<R, shmstate::Error> {
        self.state.update_local(field, f)
    }

    /// If this process is the link, it ceases to be the link, as if it had died.
    #[cfg(test)]
    pub(crate) fn resign(&self) {
        self._worker.wake_to_resign();
    }

    /// Waits until updates can be sent.
    fn wait_connected(&self, remaining: Duration, tries: u32) -> Result<(), Error> {
        let is_ready = self.control.wait_until(remaining, |c| {
            let name = || self.address.name.clone();
            if c.replaced {
                Some(Err(Error::Replaced { name: name() }))
            } else if c.refused != 0 && c.pass_over == 0 {
                Some(Err(Error::Refused { name: name(), entry: c.refused, why: c.why.to_string() }))
            } else if c.connected && remaining.is_zero() && tries > 1 {
                Some(Err(Error::Conflict { name: name(), tries: tries - 1 }))
            } else {
                c.connected.then_some(Ok(()))
            }
        })?;
        match is_ready {
            Some(ready) => ready,
            None => Err(self.disconnected()?),
        }
    }

    fn disconnected(&self) -> Result<Error, Error> {
        let Status { heard, why, .. } = self.status()?;
        let since = (heard != Timestamp::default()).then_some(heard);
        let why = if why.is_empty() { "the engine has not answered in time".to_owned() } else { why };
        Ok(Error::Disconnected { name: self.address.name.clone(), since, why })
    }

    /// How this machine is connected.
    ///
    /// # Errors
    /// [`Error::State`].
    pub fn status(&self) -> Result<Status, Error> {
        Ok(self.control.read(|c| Status {
            connected: c.connected,
            heard: c.heard,
            applied: c.applied,
            why: c.why.to_string(),
            link: (c.link != 0).then_some(c.link),
        })?)
    }

    /// How long ago this machine last knew that it had the newest version, as far as the engine can say. While the machine is connected and
    /// keeps up, this is about half a second at most. `None` if it never knew.
    ///
    /// # Errors
    /// [`Error::State`].
    pub fn staleness(&self) -> Result<Option<Duration>, Error> {
        let heard = self.status()?.heard;
        let since = std::time::SystemTime::from(heard).elapsed().unwrap_or_default();
        Ok((heard != Timestamp::default()).then_some(since))
    }

    /// [`State::read`], of the newest version of the cluster that this machine has.
    ///
    /// # Errors
    /// As for [`State::read`].
    ///
    /// # Panics
    /// If `f` panics.
    #[inline]
    pub fn read<R>(&self, f: impl FnOnce(&T) -> R) -> Result<R, shmstate::Error> {
        self.state.read(f)
    }

    /// [`State::read_versioned`]. The number is that of this machine's region.
    ///
    /// # Errors
    /// As for [`State::read`].
    ///
    /// # Panics
    /// If `f` panics.
    #[inline]
    pub fn read_versioned<R>(&self, f: impl FnOnce(&T, u64) -> R) -> Result<R, shmstate::Error> {
        self.state.read_versioned(f)
    }

    /// [`State::snapshot`].
    ///
    /// # Errors
    /// As for [`State::snapshot`].
    pub fn snapshot(&self) -> Result<Box<T>, shmstate::Error> {
        self.state.snapshot()
    }

    /// [`State::project`].
    ///
    /// # Errors
    /// As for [`State::project`].
    pub fn project<F: SharedLayout>(&self, field: impl FnOnce(&T) -> &F) -> Result<Projection<T, F>, shmstate::Error> {
        self.state.project(field)
    }

    /// [`State::load`].
    ///
    /// # Errors
    /// As for [`State::load`].
    #[inline]
    pub fn load<F: SharedLayout>(&self, field: &Projection<T, F>) -> Result<F, shmstate::Error> {
        self.state.load(field)
    }

    /// [`State::version`]: of this machine's region.
    ///
    /// # Errors
    /// As for [`State::version`].
    pub fn version(&self) -> Result<u64, shmstate::Error> {
        self.state.version()
    }

    /// [`State::wait_newer`].
    ///
    /// # Errors
    /// As for [`State::wait_newer`].
    pub fn wait_newer(&self, version: u64, timeout: Duration) -> Result<Option<u64>, shmstate::Error> {
        self.state.wait_newer(version, timeout)
    }

    /// [`State::wait_until`].
    ///
    /// # Errors
    /// As for [`State::wait_until`].
    ///
    /// # Panics
    /// If `f` panics.
    pub fn wait_until<R>(
        &self,
        timeout: Duration,
        f: impl FnMut(&T) -> Option<R>,
    ) -> Result<Option<R>, shmstate::Error> {
        self.state.wait_until(timeout, f)
    }

    /// [`State::follow`].
    ///
    /// # Errors
    /// As for [`State::follow`].
    pub fn follow(&self) -> Result<Follower<'_, T>, shmstate::Error> {
        self.state.follow()
    }

    /// [`State::watch`].
    ///
    /// # Errors
    /// As for [`State::watch`].
    pub fn watch<F: SharedLayout>(&self, field: &Projection<T, F>) -> Result<Watch<'_, T>, shmstate::Error> {
        self.state.watch(field)
    }
}

/// The region, and the name in the cluster, but not the URL, which may have a password.
impl<T: SharedLayout> fmt::Debug for ClusterState<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("ClusterState");
        debug.field("state", &self.state).field("name", &self.address.name);
        debug.finish_non_exhaustive()
    }
}

/// Removes the regions of this machine. No process should use them any more. The cluster keeps the state.
///
/// # Errors
/// As for [`shmstate::remove`].
pub fn remove(region: impl AsRef<Path>) -> Result<bool, Error> {
    let paths = crate::paths::Paths::new(region.as_ref())?;
    let mut is_found = false;
    // The control region first: without it, the other regions count as remains.
    for path in [&paths.control, &paths.ahead, &paths.state] {
        is_found |= remove_if_there(path)?;
    }
    Ok(is_found)
}

/// Removes a region; `false` if there is none.
pub(crate) fn remove_if_there(path: &Path) -> Result<bool, Error> {
    match shmstate::remove(path) {
        Err(e) if e.kind() == shmstate::ErrorKind::NotFound => Ok(false),
        removed => Ok(removed.map(|()| true)?),
    }
}
