//! How a state is created and opened.

use super::handle::{State, Terms};
use super::txn_buffer::reset_tags;
use crate::commit::{Clock, MAX_COPIES, MAX_SLOTS};
use crate::error::{Error, ErrorKind, ErrorRepr};
use crate::layout::{Schema, SharedLayout};
use crate::os::{Access, DEFAULT_TIMEOUT, Deadline, ForkGuard, Guarded, Limits, Making, NewFile, RegionPath};
use crate::region::{Beginning, Plan, Region, Sizes};
use std::fmt;
use std::path::Path;
use std::time::Duration;

/// Copies of a new region, if nothing else is said.
const DEFAULT_COPIES: usize = 3;

/// Handles of a new region, if nothing else is said.
const DEFAULT_HANDLES: usize = 64;

/// The mode of a new file, if nothing else is said.
const DEFAULT_MODE: u32 = 0o600;

/// How large a region is: [`Options::region_size`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct RegionSize {
    /// Bytes of the file, with room for [`max_copies`](Options::max_copies): address space.
    pub file: u64,
    /// Bytes of memory that it takes when it is created: all copies but the spare ones.
    pub memory: u64,
    /// Bytes of one copy, and so of the memory that each spare copy takes once it comes into use.
    pub copy: u64,
}

/// What the program has asked for of a region that may exist already; 0 where it asked for nothing.
pub(super) struct Asked {
    handles: usize,
    copies: usize,
}

impl Asked {
    /// How many copies the program asked for, if it did.
    pub(super) fn copies(&self) -> usize {
        self.copies
    }

    /// Adds it to the error, and to the errors that the handle may return later.
    pub(super) fn tell<T: SharedLayout>(&self, opened: Result<State<T>, Error>) -> Result<State<T>, Error> {
        opened.map(|state| state.asked_for(self.copies)).map_err(|e| e.with_asked(self.handles))
    }
}

/// A file that is to become a region.
pub(super) struct NewRegion<'a> {
    pub(super) plan: &'a Plan,
    pub(super) region_path: &'a RegionPath,
    pub(super) file: &'a NewFile,
}

impl NewRegion<'_> {
    /// Runs `make`, which makes the file the region, and runs code of the program.
    pub(super) fn made<E: From<Error>>(&self, make: impl FnOnce() -> Result<(), E>) -> Result<(), E> {
        let making = Making::begin(self.region_path)?;
        make()?;
        drop(making);
        Ok(check_descriptors(self.region_path.path(), self.region_path.is_ours() && self.file.is_ours())?)
    }
}

/// What fills a new state.
type Init<'a, T> = Box<dyn FnOnce(&mut T) + 'a>;

/// How to create and open a state: [`State::options`].
///
/// `copies`, `max_copies`, `handles` and `init` are decided when the region is created; they do not matter when it is opened.
/// [`State::recreate`] changes the first three of a region in use.
///
/// ```
/// # use shmstate::{SharedLayout, State};
/// # use std::time::Duration;
/// # #[derive(SharedLayout)]
/// # #[repr(C)]
/// # struct Board { ticks: u64 }
/// # let dir = tempfile::tempdir()?;
/// let board = State::<Board>::options()
///     .copies(4)
///     .timeout(Duration::from_millis(100))
///     .init(|s| s.ticks = 1000)
///     .create(dir.path().join("board"))?;
/// assert_eq!(board.read(|s| s.ticks)?, 1000);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[must_use = "options do nothing until `create`, `open` or `open_or_create`"]
pub struct Options<'a, T> {
    mode: Option<u32>,
    copies: Option<usize>,
    max_copies: Option<usize>,
    handles: Option<usize>,
    pub(super) timeout: Duration,
    limits: Limits,
    init: Option<Init<'a, T>>,
    /// What is done with regions of other layouts.
    #[cfg(feature = "dynamic")]
    pub(super) migrations: Vec<super::migrate::Migrate<'a>>,
    /// Which of these regions are migrated, by their lineage.
    #[cfg(feature = "dynamic")]
    pub(super) migrates: Option<super::migrating::Migrates<'a>>,
}

impl<'a, T: SharedLayout> Options<'a, T> {
    pub(super) fn new() -> Self {
        Options {
            mode: None,
            copies: None,
            max_copies: None,
            handles: None,
            timeout: DEFAULT_TIMEOUT,
            limits: Limits::Respected,
            init: None,
            #[cfg(feature = "dynamic")]
            migrations: Vec::new(),
            #[cfg(feature = "dynamic")]
            migrates: None,
        }
    }

    /// The file's mode, `0o600` by default. A new region gets it, whatever the umask. A region that other users may read or write,
    /// or that belongs to another user, is opened only if the mode given here allows this as well: a user that can write a region
    /// can make its other users misbehave, and a user that can read it can lock its bytes and so keep the others waiting. `0o660`
    /// is for the users of one group, `0o666` for all users. The memory of an [anonymous](Self::anonymous) region cannot be
    /// executed, whatever the mode says.
    pub fn mode(mut self, mode: u32) -> Self {
        self.mode = Some(mode);
        self
    }

    /// How many copies of the state a new region has: 2 to 8, by default 3. With K copies, K − 2 readers can stay in their closures
    /// for any time without blocking a writer. The region takes K times the state's size.
    pub fn copies(mut self, copies: usize) -> Self {
        self.copies = Some(copies);
        self
    }

    /// How many copies a new region may come to have: at most 8, by default as many as [`copies`](Self::copies).
    ///
    /// When readers stay in every copy that a writer could take, the writer brings a spare copy into use after a millisecond,
    /// instead of waiting for the readers. A region has address space for `max_copies` copies from the start, and memory only for
    /// those in use; it does not give a copy's memory back.
    pub fn max_copies(mut self, max_copies: usize) -> Self {
        self.max_copies = Some(max_copies);
        self
    }

    /// How many handles a new region can have at a time, in all processes together: 1 to 65 536, by default 64.
    ///
    /// An existing region keeps its number of handles, and its `max_copies`: [`stats`](State::stats) shows both.
    pub fn handles(mut self, handles: usize) -> Self {
        self.handles = Some(handles);
        self
    }

    /// How long a call waits: by default five seconds. An update waits for another writer, or for readers that stay in every copy
    /// that it could take. Opening waits for a free handle, or for a process that is just opening the region for the first time.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Whether to create a region although there seems to be no room for it. By default, this is an error.
    ///
    /// A region gets its memory when it is created. On a file system in memory (`/dev/shm`, a tmpfs, an anonymous state), a region
    /// that is too large would not fail: the kernel would kill processes, and not necessarily this one. So a new region has to fit
    /// into what the file system has free, into the machine's available memory and free swap (`/proc/meminfo`), and into what each
    /// memory control group of this process has left, less a reserve of a thirty-second, at most 128 MiB. Otherwise the error is
    /// [`NoSpace`](ErrorKind::NoSpace), which says what is needed, what is available, and by what that is limited.
    ///
    /// Those numbers are the kernel's estimates. `true` creates the region whatever they say.
    pub fn ignore_memory_limits(mut self, ignore: bool) -> Self {
        self.limits = if ignore { Limits::Ignored } else { Limits::Respected };
        self
    }

    /// Fills the state of a new region, in place, before any process can see it. `init` finds everything zero, except the fields to
    /// which `#[shared(init = …)]` gives another value.
    ///
    /// When several processes create the region at once, one of them wins, and the losers discard theirs.
    ///
    /// It may read the region that [`open_or_replace`](Self::open_or_replace) is about to replace, by [`State::open`] with the type
    /// of that region. To create, replace or remove the same name inside of `init` is the error
    /// [`Reentrant`](ErrorKind::Reentrant), because the call would wait for itself.
    pub fn init(mut self, init: impl FnOnce(&mut T) + 'a) -> Self {
        self.init = Some(Box::new(init));
        self
    }

    /// Creates a state that does not exist yet: see [`State::create`].
    ///
    /// # Errors
    /// As for [`State::create`]; [`InvalidOption`](ErrorKind::InvalidOption).
    ///
    /// # Panics
    /// With whatever `init` panics; nothing has been created then.
    pub fn create(self, name: impl AsRef<Path>) -> Result<State<T>, Error> {
        let (terms, plan) = (self.terms()?, self.plan()?);
        let region_path = RegionPath::find(name.as_ref())?;
        Making::check(&region_path)?;
        // Said before the work; whether it is so is decided by the link.
        let is_free = || match region_path.now()? {
            None => Ok(()),
            Some(_) => Err(Error::from(ErrorRepr::AlreadyExists { path: region_path.path().to_owned() })),
        };
        is_free()?;
        let _turn = region_path.turn(plan.room(), &mut Deadline::new(terms.timeout));
        is_free()?;
        let new = region_path.new_file(terms.access, plan.len(), plan.room(), self.limits)?;
        self.make(NewRegion { plan: &plan, region_path: &region_path, file: &new })?;
        Self::publish(&region_path, &new, terms)
    }

    /// Opens a state that exists: see [`State::open`].
    ///
    /// # Errors
    /// As for [`State::open`]; [`InvalidOption`](ErrorKind::InvalidOption).
    pub fn open(self, name: impl AsRef<Path>) -> Result<State<T>, Error> {
        let asked = self.asked();
        #[cfg(feature = "dynamic")]
        if let Some(state) = super::migrating::migrated(&self, name.as_ref())? {
            return asked.tell(Ok(state));
        }
        let region_path = RegionPath::find(name.as_ref())?;
        asked.tell(Self::open_at(&region_path, self.terms()?, &mut Deadline::new(self.timeout)))
    }

    /// Opens the state, or creates it if it does not exist: see [`State::open_or_create`].
    ///
    /// # Errors
    /// As for [`State::open_or_create`]; [`InvalidOption`](ErrorKind::InvalidOption).
    ///
    /// # Panics
    /// With whatever `init` panics; nothing has been created then.
    pub fn open_or_create(self, name: impl AsRef<Path>) -> Result<State<T>, Error> {
        let asked = self.asked();
        asked.tell(self.opened_or_created(name.as_ref(), Self::make))
    }

    /// `make` makes a new file the region, if there is none.
    pub(super) fn opened_or_created<E: From<Error>>(
        self,
        name: &Path,
        make: impl FnOnce(Self, NewRegion<'_>) -> Result<(), E>,
    ) -> Result<State<T>, E> {
        #[cfg(feature = "dynamic")]
        if let Some(state) = super::migrating::migrated(&self, name)? {
            return Ok(state);
        }
        let terms = self.terms()?;
        let clock = &mut Deadline::new(terms.timeout);
        let mut region_path = RegionPath::find(name)?;
        Making::check(&region_path)?;
        if let Some(state) = Self::open_if_there(&region_path, terms, clock)? {
            return Ok(state);
        }
        let plan = self.plan()?;
        let mut turn = Some(region_path.turn(plan.room(), clock));
        if let Some(state) = Self::open_if_there(&region_path, terms, clock)? {
            return Ok(state);
        }
        let new = loop {
            match region_path.new_file(terms.access, plan.len(), plan.room(), self.limits) {
                // The directory was removed just now. That of bare names is made again.
                Err(e) if e.kind() == ErrorKind::NotFound && region_path.is_gone() && clock.remaining().is_some() => {
                    region_path = region_path.find_again(name, e)?;
                }
                // Another process may have taken the room for this very region.
                Err(e) if e.kind() == ErrorKind::NoSpace => {
                    return Self::open_if_there(&region_path, terms, clock)?.ok_or(E::from(e));
                }
                new => break new?,
            }
        };
        // Made once, with whatever `init` did; linked again if the name comes and goes.
        make(self, NewRegion { plan: &plan, region_path: &region_path, file: &new })?;
        loop {
            match Self::publish(&region_path, &new, terms) {
                Err(e) if e.kind() == ErrorKind::AlreadyExists => {}
                Err(e) if e.kind() == ErrorKind::NotFound && region_path.is_gone() => {
                    region_path = region_path.find_again(name, e)?
                }
                published => return Ok(published?),
            }
            turn = turn.and(None);
            if let Some(state) = Self::open_if_there(&region_path, terms, clock)? {
                return Ok(state);
            }
            if clock.remaining().is_none() {
                return Err(Error::from(ErrorRepr::Opening { path: region_path.path().to_owned() }).into());
            }
        }
    }

    pub(super) fn open_if_there(
        region_path: &RegionPath,
        terms: Terms,
        clock: &mut Deadline,
    ) -> Result<Option<State<T>>, Error> {
        match Self::open_at(region_path, terms, clock) {
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
            opened => opened.map(Some),
        }
    }

    pub(super) fn open_at(region_path: &RegionPath, terms: Terms, clock: &mut Deadline) -> Result<State<T>, Error> {
        loop {
            let file = region_path.open(terms.access)?;
            if let Some(region) = Region::attach(region_path, &file, Some(State::<T>::TYPE), clock)? {
                return Ok(State::new(region, terms));
            }
        }
    }

    /// Attaches to a new region and gives it its name: in this order, so that a name is given only when nothing else can fail. If
    /// another process removes the name at once, the creation counts all the same.
    pub(super) fn publish(region_path: &RegionPath, new: &NewFile, terms: Terms) -> Result<State<T>, Error> {
        let attach = || State::<T>::attach_new(Some(region_path), new.file(), terms);
        let state = match attach() {
            // Without `/proc`, a file that has no name cannot be opened a second time.
            Err(e) if e.kind() == ErrorKind::NotFound => {
                new.link(region_path)?;
                attach()?
            }
            state => {
                let state = state?;
                new.link(region_path)?;
                state
            }
        };
        state.region().tell_created();
        Ok(state)
    }

    /// Makes a new file the region.
    pub(super) fn make(self, new: NewRegion<'_>) -> Result<(), Error> {
        new.made(|| self.fill(new.plan, new.region_path.path(), new.file.file(), Beginning::new()))
    }

    /// What the region will be.
    pub(super) fn plan(&self) -> Result<Plan, Error> {
        Plan::new(Schema::of(T::LAYOUT), self.sizes())
    }

    /// The same options, with `sizes` where the program has given none.
    pub(super) fn or_as(mut self, sizes: Sizes) -> Self {
        let Sizes { copies, max_copies, handles } = self.sizes_or(sizes);
        (self.copies, self.max_copies, self.handles) = (Some(copies), Some(max_copies), Some(handles));
        self
    }

    /// The sizes of a new region: those that the program has given, and `sizes` where it has given none.
    pub(super) fn sizes_or(&self, sizes: Sizes) -> Sizes {
        let copies = self.copies.unwrap_or(sizes.copies);
        let max_copies = self.max_copies.unwrap_or(sizes.max_copies.max(copies));
        Sizes { copies, max_copies, handles: self.handles.unwrap_or(sizes.handles) }
    }

    /// The mode of a new file, if the program has given one.
    pub(super) fn asked_mode(&self) -> Option<u32> {
        self.mode
    }

    /// Whether there is something that fills a new state.
    pub(super) fn has_init(&self) -> bool {
        self.init.is_some()
    }

    /// What the program has asked for, for errors of a region that has fewer handles or copies.
    pub(super) fn asked(&self) -> Asked {
        let copies = self.copies.filter(|copies| *copies != DEFAULT_COPIES);
        Asked { handles: self.handles.unwrap_or(0), copies: self.max_copies.or(copies).unwrap_or(0) }
    }

    /// How large a region with these options is, and how much memory it takes: known before it is created.
    ///
    /// ```
    /// # use shmstate::{List, SharedLayout, State};
    /// # #[derive(SharedLayout)]
    /// # #[repr(C)]
    /// # struct Board { samples: List<u64, 1_000_000> }
    /// let size = State::<Board>::options().copies(3).max_copies(5).region_size()?;
    /// assert!(size.memory >= 3 * 8_000_000);
    /// assert_eq!(size.file, size.memory + 2 * size.copy);
    /// println!("{} MiB now, {} MiB at most", size.memory >> 20, size.file >> 20);
    /// # Ok::<_, shmstate::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`InvalidOption`](ErrorKind::InvalidOption).
    pub fn region_size(&self) -> Result<RegionSize, Error> {
        self.access()?;
        let plan = self.plan()?;
        Ok(RegionSize { file: plan.len(), memory: plan.room(), copy: plan.copy() })
    }

    /// Makes a new file the region.
    pub(super) fn fill(self, plan: &Plan, path: &Path, file: &Guarded, beginning: Beginning) -> Result<(), Error> {
        let fork_guard =
            ForkGuard::current().map_err(|e| Error::io(path, "prepare for forks of this process, for", e))?;
        plan.write(path, file, fork_guard, beginning, |bytes| {
            // SAFETY: the first copy of a file that no other process knows: aligned to a page, and zeroes are a value.
            let state = unsafe { &mut *bytes.cast::<T>() };
            T::initialize(state);
            if let Some(init) = self.init {
                init(state);
            }
            // A child that was forked in `init` has no such memory.
            if !fork_guard.is_current() {
                return Err(ErrorRepr::Forked { path: path.to_owned() }.into());
            }
            reset_tags(state);
            Ok(())
        })
    }

    /// Whether a new region may go past the limits.
    pub(super) fn limits(&self) -> Limits {
        self.limits
    }

    /// What handles are opened with.
    pub(super) fn terms(&self) -> Result<Terms, Error> {
        Ok(Terms { access: self.access()?, timeout: self.timeout })
    }

    /// Checks the options.
    pub(super) fn access(&self) -> Result<Access, Error> {
        let invalid = |why: String| Err(ErrorRepr::InvalidOption(why).into());
        let (copies, mode) = (self.sizes().copies, self.mode.unwrap_or(DEFAULT_MODE));
        if !(2..=MAX_COPIES).contains(&copies) {
            return invalid(format!("`copies({copies})`: a region has 2 to {MAX_COPIES} copies"));
        }
        if let Some(max) = self.max_copies.filter(|max| !(copies..=MAX_COPIES).contains(max)) {
            return invalid(format!(
                "`max_copies({max})`: a region of {copies} `copies` may come to have {copies} to {MAX_COPIES}"
            ));
        }
        if let Some(handles) = self.handles.filter(|handles| !(1..=MAX_SLOTS).contains(handles)) {
            return invalid(format!("`handles({handles})`: a region has 1 to {MAX_SLOTS} handles"));
        }
        if mode & !0o777 != 0 || mode & 0o600 != 0o600 {
            return invalid(format!(
                "`mode({mode:#o})`: a mode between 0o600 and 0o777 that lets the owner read and write"
            ));
        }
        Ok(Access { mode })
    }
}

impl<T> Options<'_, T> {
    /// The sizes of a new region.
    fn sizes(&self) -> Sizes {
        let copies = self.copies.unwrap_or(DEFAULT_COPIES);
        let handles = self.handles.unwrap_or(DEFAULT_HANDLES);
        Sizes { copies, max_copies: self.max_copies.unwrap_or(copies), handles }
    }
}

/// What was asked for, and whether there is an `init`.
impl<T> fmt::Debug for Options<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("mode", &format_args!("{:#o}", self.mode.unwrap_or(DEFAULT_MODE)))
            .field("copies", &self.sizes().copies)
            .field("max_copies", &self.max_copies)
            .field("handles", &self.handles)
            .field("timeout", &self.timeout)
            .field("limits", &self.limits)
            .field("init", &self.init.is_some())
            .finish()
    }
}

/// Whether `init` has left the library's descriptors alone.
pub(super) fn check_descriptors(path: &Path, are_ours: bool) -> Result<(), Error> {
    if are_ours {
        return Ok(());
    }
    let why = "the program has closed or replaced the library's descriptors in `init` (`closefrom`, `close_range`), and nothing \
               was created: do that before or after the state is created";
    Err(ErrorRepr::Unsupported { path: path.to_owned(), why: why.into() }.into())
}
