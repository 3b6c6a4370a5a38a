//! How a durable state is opened.

use crate::advice;
use crate::control::Control;
use crate::error::Error;
use crate::head::Head;
use crate::keeper::{Keeper, Kept, Medium, Terms};
use crate::paths::Paths;
use crate::state::DurableState;
use crate::store::{Differing, Store};
use crate::unfinished::Unfinished;
use shmstate::{ErrorKind, Migrate, SharedLayout, State};
use std::cell::{Cell, RefCell};
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a process sleeps that waits for another one to make the region.
const LOOK: Duration = Duration::from_millis(10);

/// The longest interval: for ever, as far as a process is concerned, and a time that a clock can show.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// What to do with a store of another layout.
const CARRIED_OVER: &str = "to carry it over, open the state with `DurableState::options().migrate(…)`";

/// How to open a durable state: [`DurableState::options`].
///
/// ```
/// use shmstate_durable::DurableState;
/// use std::time::Duration;
///
/// # let dir = tempfile::tempdir()?;
/// # let name = dir.path().join("number");
/// let number = DurableState::<u64>::options()
///     .interval(Duration::from_millis(100))
///     .handles(256)
///     .init(|n| *n = 1000)
///     .open(&name, dir.path().join("stores"))?;
/// assert_eq!(number.read(|n| *n)?, 1000);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[must_use = "options do nothing until `open`"]
pub struct Options<'a, T> {
    region: shmstate::Options<'a, T>,
    terms: Terms,
    handles: usize,
}

impl<'a, T: SharedLayout> Options<'a, T> {
    pub(crate) fn new() -> Self {
        let terms = Terms {
            interval: Duration::from_secs(1),
            timeout: Duration::from_secs(5),
            mode: 0o600,
            medium: Medium::default(),
        };
        Options { region: State::<T>::options(), terms, handles: 0 }.handles(64)
    }

    /// How often changes are written, if no process waits for them: by default, each second. The interval of the process that writes
    /// counts. With `Duration::MAX`, changes are written only when a process waits for them, and when the handle of the process that writes
    /// is dropped.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.terms.interval = interval.min(LONGEST);
        self
    }

    /// How long an update waits for its turn, and then again for the disk. Opening waits as long for another process that restores the state.
    /// By default five seconds.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.terms.timeout = timeout;
        self.region = self.region.timeout(timeout);
        self
    }

    /// The mode of the regions and of the store: see [`shmstate::Options::mode`].
    pub fn mode(mut self, mode: u32) -> Self {
        self.terms.mode = mode;
        self.region = self.region.mode(mode);
        self
    }

    /// How many handles a new region can have at a time, by default 64: see [`shmstate::Options::handles`]. Each process takes one. The
    /// process that writes takes one more, which is not in this number.
    pub fn handles(mut self, handles: usize) -> Self {
        self.handles = handles;
        self.region = self.region.handles(handles.saturating_add(1));
        self
    }

    /// How many copies a new region has: see [`shmstate::Options::copies`].
    pub fn copies(mut self, copies: usize) -> Self {
        self.region = self.region.copies(copies);
        self
    }

    /// Up to how many copies a new region may grow: see [`shmstate::Options::max_copies`].
    pub fn max_copies(mut self, max_copies: usize) -> Self {
        self.region = self.region.max_copies(max_copies);
        self
    }

    /// Creates the region even if the memory limits are too low for it: see [`shmstate::Options::ignore_memory_limits`].
    pub fn ignore_memory_limits(mut self, ignore: bool) -> Self {
        self.region = self.region.ignore_memory_limits(ignore);
        self
    }

    /// Fills a new state, which has neither a region nor a store yet: see [`shmstate::Options::init`].
    pub fn init(mut self, init: impl FnOnce(&mut T) + 'a) -> Self {
        self.region = self.region.init(init);
        self
    }

    /// What to do with a region, and with a store, of another layout than `T`: see [`shmstate::Options::migrate`].
    pub fn migrate(mut self, migrate: Migrate<'a>) -> Self {
        self.region = self.region.migrate(migrate);
        self
    }

    #[cfg(test)]
    pub(crate) fn medium(mut self, medium: Medium) -> Self {
        self.terms.medium = medium;
        self
    }

    /// Opens the state: see [`DurableState::open`].
    ///
    /// # Errors
    /// As for [`DurableState::open`].
    ///
    /// # Panics
    /// If `init` panics. There is no state then; the next call makes it, with the `init` of that call.
    pub fn open(self, name: impl AsRef<Path>, dir: impl AsRef<Path>) -> Result<DurableState<T>, Error> {
        let Options { region, terms, handles } = self;
        if terms.interval.is_zero() {
            return Err(Error::InvalidOption("`interval`: at least a nanosecond".into()));
        }
        let mut paths = Paths::new(name.as_ref(), dir.as_ref())?;
        let mut control = Control::open(&paths, terms.mode, handles, terms.timeout)?;
        paths.settle(control.progress.path())?;
        let until = Instant::now().checked_add(terms.timeout);
        let state = loop {
            let elected = control.progress.elect(Duration::ZERO)?;
            if elected.is_some() {
                if control.is_current()? {
                    break opened(region, &paths, &control, &terms, until).map_err(advice::of_state(&paths))?;
                }
                // Removed before this process was elected.
                drop(elected);
                control = Control::open(&paths, terms.mode, handles, terms.timeout)?;
                continue;
            }
            // Another process writes, or is about to.
            let (bound, seen) = control.progress.read_versioned(|p, seen| (p.lineage, seen))?;
            if bound != 0 && paths.region.exists() {
                break joined(region, &paths, &control).map_err(advice::of_state(&paths))?;
            }
            // It may sleep until its interval is over, and the region has been removed meanwhile.
            if !paths.region.exists() {
                control.wake()?;
            }
            if until.is_some_and(|until| Instant::now() >= until) {
                return Err(Error::Opening { region: paths.region });
            }
            control.progress.wait_newer(seen, LOOK)?;
        };
        let kept = Arc::new(Kept::new(paths, control, state.lineage(), terms));
        let keeper = Keeper::start::<T>(Arc::clone(&kept))?;
        Ok(DurableState::new(state, kept, keeper))
    }
}

/// Opens the region as the elected process: restores it, or looks whether the store is its own. The store has a version of it then.
fn opened<T: SharedLayout>(
    region: shmstate::Options<'_, T>,
    paths: &Paths,
    control: &Control,
    terms: &Terms,
    until: Option<Instant>,
) -> Result<State<T>, Error> {
    let medium = &terms.medium;
    // Opened once, by whatever looks at it first.
    let (kept, is_restored) = (RefCell::new(None), Cell::new(false));
    let unfinished = Unfinished::new(paths, control);
    let create = |lineage| unfinished.store(|| medium.create(paths, terms.mode, lineage));
    let look = || {
        let mut kept = kept.borrow_mut();
        if kept.is_none() {
            *kept = medium.open_when_free(paths, until)?;
        }
        Ok::<_, Error>(kept)
    };
    let belongs = |lineage| {
        let kept_in = control.other_store(lineage, &paths.store)?;
        kept_in.map_or(Ok(()), |kept_in| Err(other_store(paths, kept_in)))?;
        match look()?.as_ref().map(Store::head) {
            Some(Head { version: Some(version), lineage: found, .. }) if found != lineage => {
                Err(unrelated(paths, &format!(", which has version {version} of its state")))
            }
            _ => Ok(()),
        }
    };
    let restore = |lineage| {
        let mut kept = look()?;
        let store = match kept.take() {
            Some(store) => store,
            None => create(lineage)?,
        };
        let store = kept.insert(store);
        unfinished.region(lineage);
        let content = store.read()?;
        is_restored.set(content.is_some());
        // Before there is such a region: another one of an earlier lineage is not written from then on.
        if store.head().lineage != lineage {
            store.bind(lineage)?;
        }
        Ok::<_, Error>(content)
    };
    let state = unless_unrelated(region, belongs, |region| region.open_or_restore(&paths.region, restore));
    let mut state =
        state.map_err(|e| if is_restored.get() { Error::content(&paths.store, CARRIED_OVER)(e) } else { e })?;
    let mut write = || {
        let follower = loop {
            match state.follow() {
                // Another process has replaced the region since.
                Err(e) if e.kind() == ErrorKind::Retired => {
                    state.reopen()?;
                    belongs(state.lineage())?;
                }
                follower => break follower?,
            }
        };
        let (lineage, schema) = (state.lineage(), State::<T>::schema());
        let mut kept = kept.borrow_mut();
        let store = match kept.take() {
            Some(store) => store,
            None => create(lineage)?,
        };
        let store = kept.insert(store);
        // Without a version, nothing is lost.
        if store.head().lineage != lineage {
            store.bind(lineage)?;
        }
        if !store.has(follower.version(), &schema) {
            store.write(follower.version(), &schema, follower.bytes(), Differing::Any)?;
        }
        control.bind(lineage, store.path(), follower.version(), terms.interval)
    };
    match write() {
        Ok(()) => {
            unfinished.keep();
            Ok(state)
        }
        Err(e) => {
            unfinished.remove_region(&state);
            Err(e)
        }
    }
}

/// Opens the region beside the process that writes.
fn joined<T: SharedLayout>(
    region: shmstate::Options<'_, T>,
    paths: &Paths,
    control: &Control,
) -> Result<State<T>, Error> {
    let belongs = |lineage| {
        if let Some(kept_in) = control.other_store(lineage, &paths.store)? {
            return Err(other_store(paths, kept_in));
        }
        if control.has_lost(lineage, &paths.store)? {
            return Err(Error::removed(&paths.store));
        }
        if control.durable(lineage)?.is_none() {
            return Err(unrelated(paths, ""));
        }
        Ok(())
    };
    unless_unrelated(region, belongs, |region| Ok(region.open(&paths.region)?))
}

/// Opens a region of whose lineage `belongs` says nothing bad. It is asked before the region is migrated, because that takes the handles of
/// an earlier release out of service, and again of the region that was opened, which may have taken the place of that one.
fn unless_unrelated<'a, T: SharedLayout>(
    region: shmstate::Options<'a, T>,
    belongs: impl Fn(u128) -> Result<(), Error> + Copy + 'a,
    open: impl FnOnce(shmstate::Options<'_, T>) -> Result<State<T>, Error>,
) -> Result<State<T>, Error> {
    let refused = RefCell::new(None);
    let opened = {
        let belongs = |lineage| belongs(lineage).map_err(|e| refused.replace(Some(e))).is_ok();
        open(region.migrate_if(belongs))
    };
    if let Some(e) = refused.take() {
        return Err(e);
    }
    let state = opened?;
    belongs(state.lineage())?;
    Ok(state)
}

fn other_store(paths: &Paths, kept_in: String) -> Error {
    Error::OtherStore { region: paths.region.clone(), store: paths.store.clone(), kept_in }
}

fn unrelated(paths: &Paths, what_it_has: &str) -> Error {
    let why = format!("the region was created by other means than by restoring it from the store{what_it_has}");
    Error::Unrelated { region: paths.region.clone(), store: paths.store.clone(), why }
}

/// What is said of the writing.
impl<T> fmt::Debug for Options<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("region", &self.region)
            .field("interval", &self.terms.interval)
            .field("timeout", &self.terms.timeout)
            .finish()
    }
}
