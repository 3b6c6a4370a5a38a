//! How a replicated state is joined.

use crate::advice;
use crate::control::Control;
use crate::engine::{Engine, Failed};
use crate::error::Error;
use crate::paths::Paths;
use crate::setup::{Setup, disconnected};
use crate::state::ClusterState;
use crate::worker::{Address, WithEngine, Worker, runtime, unrelated};
use shmstate::{Migrate, SharedLayout, State};
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// How long a process sleeps at a time while it waits for another one to make the regions.
const LOOK: Duration = Duration::from_millis(10);

/// The least number of handles of the control region: enough for as many processes as there may be.
const HANDLES: usize = 1024;

/// How to join a replicated state: [`ClusterState::options`].
///
/// ```no_run
/// use shmstate_cluster::ClusterState;
/// use std::time::Duration;
///
/// let number = ClusterState::<u64>::options()
///     .replicas(3)
///     .timeout(Duration::from_secs(1))
///     .init(|n| *n = 1000)
///     .join("nats://one:4222,nats://two:4222,nats://three:4222", "number")?;
/// # Ok::<_, shmstate_cluster::Error>(())
/// ```
#[must_use = "options do nothing until `join`"]
pub struct Options<'a, T> {
    state: shmstate::Options<'a, T>,
    ahead: shmstate::Options<'a, T>,
    handles: usize,
    mode: u32,
    timeout: Duration,
    tries: u32,
    replicas: usize,
    name: Option<String>,
    migrates: bool,
    pass_over: u64,
}

impl<'a, T: SharedLayout> Options<'a, T> {
    pub(crate) fn new() -> Self {
        let (state, ahead) = (State::<T>::options(), State::<T>::options());
        let timeout = Duration::from_secs(5);
        Options {
            state,
            ahead,
            handles: 0,
            mode: 0o600,
            timeout,
            tries: u32::MAX,
            replicas: 1,
            name: None,
            migrates: false,
            pass_over: 0,
        }
        .handles(64)
    }

    /// How long an update waits for the cluster, and a join for the servers. By default five seconds.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self.state = self.state.timeout(timeout);
        self.ahead = self.ahead.timeout(timeout);
        self
    }

    /// How often an update runs its closure at most, if other machines commit first each time. By default as often as the
    /// [`timeout`](Self::timeout) allows: a machine with a slow connection can lose many times in a row.
    pub fn tries(mut self, tries: u32) -> Self {
        self.tries = tries.max(1);
        self
    }

    /// On how many servers a new state is kept, by default on one. A commit is acknowledged when most of them have it. This is for NATS
    /// only; etcd keeps everything on all of its servers.
    pub fn replicas(mut self, replicas: usize) -> Self {
        self.replicas = replicas;
        self
    }

    /// The name of the state in the cluster. By default it is the file name of its region.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// The mode of the regions: see [`shmstate::Options::mode`].
    pub fn mode(mut self, mode: u32) -> Self {
        self.mode = mode;
        self.state = self.state.mode(mode);
        self.ahead = self.ahead.mode(mode);
        self
    }

    /// How many handles new regions can have at a time, by default 64: see [`shmstate::Options::handles`]. Each process takes one.
    /// The link takes one more, which is not in this number.
    pub fn handles(mut self, handles: usize) -> Self {
        self.handles = handles;
        self.state = self.state.handles(handles.saturating_add(1));
        self.ahead = self.ahead.handles(handles.saturating_add(1));
        self
    }

    /// How many copies a new region of the state has: see [`shmstate::Options::copies`].
    pub fn copies(mut self, copies: usize) -> Self {
        self.state = self.state.copies(copies);
        self
    }

    /// Up to how many copies a new region of the state may grow: see [`shmstate::Options::max_copies`].
    pub fn max_copies(mut self, max_copies: usize) -> Self {
        self.state = self.state.max_copies(max_copies);
        self
    }

    /// Creates the regions even if the memory limits are too low for them: see [`shmstate::Options::ignore_memory_limits`].
    pub fn ignore_memory_limits(mut self, ignore: bool) -> Self {
        self.state = self.state.ignore_memory_limits(ignore);
        self.ahead = self.ahead.ignore_memory_limits(ignore);
        self
    }

    /// Fills a new state, which neither this machine nor the cluster has: see [`shmstate::Options::init`].
    pub fn init(mut self, init: impl FnOnce(&mut T) + 'a) -> Self {
        self.state = self.state.init(init);
        self
    }

    /// What to do if the cluster's state has another layout than `T`: see [`shmstate::Options::migrate`]. The migration takes place when a
    /// machine that has no region yet joins. The processes of the old layout then get [`Error::Replaced`]. Joining returns
    /// [`Error::Conflict`] if another machine has committed meanwhile: join again.
    pub fn migrate(mut self, migrate: Migrate<'a>) -> Self {
        self.state = self.state.migrate(migrate);
        self.migrates = true;
        self
    }

    /// Has all machines go on without that entry of the log, which [`Error::Refused`] names. This machine takes the entries that follow,
    /// without that one. The result becomes the state of all machines, even of machines that have applied the entry.
    pub fn pass_over(mut self, entry: u64) -> Self {
        self.pass_over = entry;
        self
    }

    /// Joins the state: see [`ClusterState::join`].
    ///
    /// # Errors
    /// As for [`ClusterState::join`].
    ///
    /// # Panics
    /// If `init` panics; nothing has been created then.
    pub fn join(self, url: impl Into<String>, region: impl AsRef<Path>) -> Result<ClusterState<T>, Error> {
        let Options { state, ahead, handles, mode, timeout, tries, replicas, name, migrates, pass_over } = self;
        let mut paths = Paths::new(region.as_ref())?;
        let name = match name {
            Some(name) => name,
            None => paths.state.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        };
        check_name(&name)?;
        let control =
            State::<Control>::options().mode(mode).handles(handles.saturating_mul(2).max(HANDLES)).timeout(timeout);
        let control = control.open_or_create(&paths.control).map_err(advice::of_region)?;
        paths.settle(control.path())?;
        let address = Address { paths, url: url.into(), name, replicas, timeout };
        let until = Instant::now().checked_add(timeout);
        if pass_over != 0 {
            control.update(|c| c.pass_over = if c.connected { 0 } else { pass_over })?;
        }
        let (state, ahead) = make_or_open(&address, &control, (state, ahead, migrates), until)?;
        let address = Arc::new(address);
        let worker = Worker::start::<T>(Arc::clone(&address), State::open(&address.paths.control)?)?;
        // If there is no connection in that time, this machine has what it had.
        let remaining = until.map_or(Duration::MAX, |until| until.saturating_duration_since(Instant::now()));
        control.wait_until(remaining, |c| {
            (c.connected && c.pass_over == 0 || c.replaced || c.refused != 0 && c.pass_over == 0).then_some(())
        })?;
        Ok(ClusterState::new(state, ahead, control, address, tries, worker))
    }
}

/// Opens the regions of this machine. This process makes them if no other one does.
fn make_or_open<T: SharedLayout>(
    address: &Address,
    control: &State<Control>,
    (state, ahead, migrates): (shmstate::Options<'_, T>, shmstate::Options<'_, T>, bool),
    until: Option<Instant>,
) -> Result<(State<T>, State<T>), Error> {
    struct Make<'m, 'a, T: SharedLayout> {
        runtime: Runtime,
        address: &'m Address,
        control: &'m State<Control>,
        state: shmstate::Options<'a, T>,
        ahead: shmstate::Options<'a, T>,
        migrates: bool,
    }
    impl<T: SharedLayout> WithEngine for Make<'_, '_, T> {
        type Result = Result<(), Error>;
        fn run<E: Engine, F: Future<Output = Result<E, Failed>>>(self, connect: impl Fn() -> F) -> Result<(), Error> {
            let Make { runtime, address, control, state, ahead, migrates } = self;
            let Address { paths, name, timeout, .. } = address;
            let until = Instant::now().checked_add(*timeout);
            let engine = loop {
                let engine = runtime.block_on(async { tokio::time::timeout(*timeout, connect()).await });
                match engine.unwrap_or_else(|_| Err(Failed("no server has answered in time".into()))) {
                    Ok(engine) => break engine,
                    Err(failed) if until.is_some_and(|until| Instant::now() >= until) => {
                        return Err(disconnected(name, failed));
                    }
                    Err(_) => shmstate::sleep(LOOK),
                }
            };
            let pass_over = control.read(|c| c.pass_over)?;
            let setup =
                Setup { engine, runtime: &runtime, paths, control, name, timeout: *timeout, migrates, pass_over };
            setup.run(state, ahead)
        }
    }
    loop {
        let (machine, seen) = control.read_versioned(|c, seen| (c.machine, seen))?;
        if machine != 0 {
            break;
        }
        if let Some(_elected) = control.elect(Duration::ZERO)? {
            if control.read(|c| c.machine)? == 0 {
                let make = Make { runtime: runtime()?, address, control, state, ahead, migrates };
                address.with_engine(make)?.map_err(|e| match e {
                    Error::State(e) => Error::State(advice::of_region(e)),
                    e => e,
                })?;
            }
            break;
        }
        if until.is_some_and(|until| Instant::now() >= until) {
            return Err(disconnected(
                &address.name,
                Failed("another process of this machine has not finished joining".into()),
            ));
        }
        control.wait_newer(seen, LOOK)?;
    }
    let open = |path| State::<T>::options().timeout(address.timeout).open(path).map_err(advice::of_region);
    let (state, ahead) = (open(&address.paths.state)?, open(&address.paths.ahead)?);
    if control.read(|c| (c.state, c.ahead))? != (state.lineage(), ahead.lineage()) {
        return Err(unrelated(&address.paths));
    }
    Ok((state, ahead))
}

/// Checks that all engines accept this name.
fn check_name(name: &str) -> Result<(), Error> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !name.is_empty() && name.len() <= 128 && name.chars().all(is_plain) {
        return Ok(());
    }
    Err(Error::InvalidOption(format!(
        "`{name}`: the name of a state in its cluster has 1 to 128 letters of A to Z, digits, `-` and `_`; give it one with \
         `options().name(…)`"
    )))
}

/// The options of the state, and those of the cluster.
impl<T> fmt::Debug for Options<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Options");
        debug.field("state", &self.state).field("timeout", &self.timeout).field("tries", &self.tries);
        debug.field("replicas", &self.replicas).field("name", &self.name).finish()
    }
}
