//! States on platforms that have none: the same interface, so that a program for several platforms compiles.
//!
//! Whatever creates or opens a state returns [`Unsupported`](crate::ErrorKind::Unsupported). There is never a value of
//! [`State`], so that nothing else can be called. the test `house` compares these declarations with those in
//! `state`, where they are documented.

#![allow(missing_docs, unreachable_code, unused_mut, unused_variables)]

use crate::error::{Error, ErrorRepr};
use crate::layout::SharedLayout;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Range;
#[cfg(unix)]
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::time::Duration;

#[path = "region/attached_handle.rs"]
mod attached_handle;

#[path = "follow/change.rs"]
mod change;

#[cfg(feature = "dynamic")]
mod dynamic;

mod following;

#[path = "state/outcome.rs"]
mod outcome;

#[path = "follow/paths.rs"]
mod paths;

#[path = "region/stats.rs"]
mod stats;

#[path = "follow/stream.rs"]
mod stream;

#[path = "follow/versions.rs"]
mod versions;

#[path = "state/with_timeout.rs"]
mod with_timeout;

pub use attached_handle::Attached;
pub use change::Change;
#[cfg(feature = "dynamic")]
pub use dynamic::Snapshot;
#[cfg(unix)]
pub use following::Readiness;
pub use following::{Changed, Elected, Follower, Watch};
pub use outcome::Outcome;
pub use stats::Stats;
pub use stream::VersionStream;
pub use versions::{NewVersion, Versions};
pub use with_timeout::WithTimeout;

/// There is none.
#[derive(Clone, Copy)]
enum Never {}

/// What this platform says to every attempt.
fn unsupported(name: &Path) -> Error {
    let why = format!(
        "there are no shared states on this platform ({} on {}): they need 64-bit little-endian Linux on x86-64 or aarch64; \
         here a value of the type can live on the heap (`new_box_zeroed`)",
        std::env::consts::OS,
        std::env::consts::ARCH
    );
    ErrorRepr::Unsupported { path: name.to_owned(), why }.into()
}

pub struct State<T: SharedLayout> {
    never: Never,
    state: PhantomData<fn() -> T>,
}

impl<T: SharedLayout> State<T> {
    pub fn create(name: impl AsRef<Path>) -> Result<Self, Error> {
        Self::options().create(name)
    }

    pub fn open(name: impl AsRef<Path>) -> Result<Self, Error> {
        Self::options().open(name)
    }

    pub fn open_or_create(name: impl AsRef<Path>) -> Result<Self, Error> {
        Self::options().open_or_create(name)
    }

    pub fn open_or_replace(name: impl AsRef<Path>) -> Result<Self, Error> {
        Self::options().open_or_replace(name)
    }

    pub fn remove(self) -> Result<bool, Error> {
        match self.never {}
    }

    pub fn open_read_only(name: impl AsRef<Path>) -> Result<ReadOnly<T>, Error> {
        Err(unsupported(name.as_ref()))
    }

    pub fn anonymous() -> Result<Self, Error> {
        Self::options().anonymous()
    }

    #[cfg(unix)]
    pub fn from_fd(descriptor: impl AsFd) -> Result<Self, Error> {
        Self::options().from_fd(descriptor)
    }

    pub fn options<'a>() -> Options<'a, T> {
        Options { types: PhantomData }
    }

    pub fn read<R>(&self, f: impl FnOnce(&T) -> R) -> Result<R, Error> {
        match self.never {}
    }

    pub fn read_versioned<R>(&self, f: impl FnOnce(&T, u64) -> R) -> Result<R, Error> {
        match self.never {}
    }

    pub fn update<R, UseTryUpdateForResult>(&self, f: impl FnOnce(&mut T) -> R) -> Result<R, Error>
    where
        R: Outcome<UseTryUpdateForResult>,
    {
        match self.never {}
    }

    pub fn try_update<R, E>(&self, f: impl FnOnce(&mut T) -> Result<R, E>) -> Result<Result<R, E>, Error> {
        match self.never {}
    }

    pub(crate) fn update_within<R, E>(
        &self,
        timeout: impl Fn() -> Duration,
        f: impl FnOnce(&mut T, u64) -> Result<R, E>,
    ) -> Result<Result<R, E>, Error> {
        match self.never {}
    }

    pub fn update_versioned<R, UseTryUpdateForResult>(&self, f: impl FnOnce(&mut T, u64) -> R) -> Result<R, Error>
    where
        R: Outcome<UseTryUpdateForResult>,
    {
        match self.never {}
    }

    pub fn try_update_versioned<R, E>(
        &self,
        f: impl FnOnce(&mut T, u64) -> Result<R, E>,
    ) -> Result<Result<R, E>, Error> {
        match self.never {}
    }

    pub fn transact<R>(&self, f: impl FnOnce(&mut T) -> Result<R, Error>) -> Result<R, Error> {
        match self.never {}
    }

    pub fn local_bytes() -> Result<Vec<Range<usize>>, Error> {
        Err(unsupported(Path::new(T::LAYOUT.name)))
    }

    pub fn update_local<F: ?Sized, R>(
        &self,
        field: impl FnOnce(&mut T) -> &mut F,
        f: impl FnOnce(&mut F) -> R,
    ) -> Result<R, Error> {
        match self.never {}
    }

    pub fn read_bytes<R>(&self, f: impl FnOnce(&[u8], u64) -> R) -> Result<R, Error> {
        match self.never {}
    }

    pub fn apply<'a>(&self, pieces: impl IntoIterator<Item = (usize, &'a [u8])>) -> Result<u64, Error> {
        match self.never {}
    }

    pub fn apply_after<'a>(
        &self,
        version: u64,
        pieces: impl IntoIterator<Item = (usize, &'a [u8])>,
    ) -> Result<Option<u64>, Error> {
        match self.never {}
    }

    pub fn snapshot(&self) -> Result<Box<T>, Error> {
        match self.never {}
    }

    pub fn snapshot_versioned(&self) -> Result<(u64, Box<T>), Error> {
        match self.never {}
    }

    pub fn project<F: SharedLayout>(&self, field: impl FnOnce(&T) -> &F) -> Result<Projection<T, F>, Error> {
        match self.never {}
    }

    pub fn load<F: SharedLayout>(&self, field: &Projection<T, F>) -> Result<F, Error> {
        match self.never {}
    }

    pub fn load_versioned<F: SharedLayout>(&self, field: &Projection<T, F>) -> Result<(u64, F), Error> {
        match self.never {}
    }

    pub fn version(&self) -> Result<u64, Error> {
        match self.never {}
    }

    pub fn lineage(&self) -> u128 {
        match self.never {}
    }

    pub fn schema() -> String {
        crate::layout::Schema::of(T::LAYOUT).document()
    }

    pub fn path(&self) -> Option<&Path> {
        match self.never {}
    }

    pub fn is_current(&self) -> Result<bool, Error> {
        match self.never {}
    }

    pub fn reopen(&mut self) -> Result<bool, Error> {
        match self.never {}
    }

    pub fn recreate(&mut self, options: Options<'_, T>) -> Result<(), Error> {
        match self.never {}
    }

    pub fn stats(&self) -> Result<Stats, Error> {
        match self.never {}
    }

    pub fn try_clone(&self) -> Result<Self, Error> {
        match self.never {}
    }

    #[cfg(unix)]
    pub fn share(&self) -> Result<OwnedFd, Error> {
        match self.never {}
    }
}

impl<T: SharedLayout> fmt::Debug for State<T> {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.never {}
    }
}

pub struct ReadOnly<T: SharedLayout> {
    never: Never,
    state: PhantomData<fn() -> T>,
}

impl<T: SharedLayout> ReadOnly<T> {
    pub fn snapshot(&self) -> Result<Box<T>, Error> {
        match self.never {}
    }

    pub fn snapshot_versioned(&self) -> Result<(u64, Box<T>), Error> {
        match self.never {}
    }

    pub fn project<F: SharedLayout>(&self, field: impl FnOnce(&T) -> &F) -> Result<Projection<T, F>, Error> {
        match self.never {}
    }

    pub fn load<F: SharedLayout>(&self, field: &Projection<T, F>) -> Result<F, Error> {
        match self.never {}
    }

    pub fn load_versioned<F: SharedLayout>(&self, field: &Projection<T, F>) -> Result<(u64, F), Error> {
        match self.never {}
    }

    pub fn version(&self) -> u64 {
        match self.never {}
    }

    pub fn path(&self) -> &Path {
        match self.never {}
    }

    pub fn is_current(&self) -> Result<bool, Error> {
        match self.never {}
    }

    pub fn reopen(&mut self) -> Result<bool, Error> {
        match self.never {}
    }
}

impl<T: SharedLayout> fmt::Debug for ReadOnly<T> {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.never {}
    }
}

pub struct Projection<T, F> {
    never: Never,
    types: PhantomData<fn(&T) -> &F>,
}

impl<T, F> Projection<T, F> {
    pub(crate) fn bytes(self) -> Range<usize> {
        match self.never {}
    }
}

impl<T, F> Clone for Projection<T, F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, F> Copy for Projection<T, F> {}

impl<T, F> fmt::Debug for Projection<T, F> {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.never {}
    }
}

#[must_use = "options do nothing until `create`, `open` or `open_or_create`"]
pub struct Options<'a, T> {
    types: PhantomData<(&'a (), fn() -> T)>,
}

impl<T> fmt::Debug for Options<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options").finish_non_exhaustive()
    }
}

impl<'a, T: SharedLayout> Options<'a, T> {
    pub fn mode(self, mode: u32) -> Self {
        self
    }

    pub fn copies(self, copies: usize) -> Self {
        self
    }

    pub fn max_copies(self, max_copies: usize) -> Self {
        self
    }

    pub fn handles(self, handles: usize) -> Self {
        self
    }

    pub fn timeout(self, timeout: Duration) -> Self {
        self
    }

    pub fn ignore_memory_limits(self, ignore: bool) -> Self {
        self
    }

    pub fn init(self, init: impl FnOnce(&mut T) + 'a) -> Self {
        self
    }

    #[cfg(feature = "dynamic")]
    pub fn import(self, file: impl AsRef<Path>, name: impl AsRef<Path>) -> Result<State<T>, Error> {
        Err(unsupported(name.as_ref()))
    }

    #[cfg(feature = "dynamic")]
    pub fn open_or_restore<E: From<Error>>(
        self,
        name: impl AsRef<Path>,
        kept: impl FnOnce(u128) -> Result<Option<Snapshot>, E>,
    ) -> Result<State<T>, E> {
        Err(unsupported(name.as_ref()).into())
    }

    #[cfg(feature = "dynamic")]
    #[doc(hidden)]
    pub fn restore_anonymous(self, kept: &Snapshot) -> Result<State<T>, Error> {
        Err(unsupported(Path::new("a state without a name")))
    }

    #[cfg(feature = "dynamic")]
    pub fn migrate(self, migrate: Migrate<'a>) -> Self {
        self
    }

    #[cfg(feature = "dynamic")]
    #[doc(hidden)]
    pub fn migrate_if(self, migrates: impl Fn(u128) -> bool + 'a) -> Self {
        self
    }

    pub fn create(self, name: impl AsRef<Path>) -> Result<State<T>, Error> {
        Err(unsupported(name.as_ref()))
    }

    pub fn open(self, name: impl AsRef<Path>) -> Result<State<T>, Error> {
        Err(unsupported(name.as_ref()))
    }

    pub fn open_or_create(self, name: impl AsRef<Path>) -> Result<State<T>, Error> {
        Err(unsupported(name.as_ref()))
    }

    pub fn open_or_replace(self, name: impl AsRef<Path>) -> Result<State<T>, Error> {
        Err(unsupported(name.as_ref()))
    }

    pub fn region_size(&self) -> Result<RegionSize, Error> {
        Err(unsupported(Path::new("a region")))
    }

    pub fn anonymous(self) -> Result<State<T>, Error> {
        Err(unsupported(Path::new("a state without a name")))
    }

    #[cfg(unix)]
    pub fn from_fd(self, descriptor: impl AsFd) -> Result<State<T>, Error> {
        Err(unsupported(Path::new("a descriptor")))
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct RegionSize {
    pub file: u64,
    pub memory: u64,
    pub copy: u64,
}

pub fn remove(name: impl AsRef<Path>) -> Result<(), Error> {
    Err(unsupported(name.as_ref()))
}

#[cfg(feature = "dynamic")]
#[derive(Debug)]
#[non_exhaustive]
pub enum Migrate<'a> {
    Auto,
    AllowLoss(&'a [&'a str]),
    With(Typed<'a>),
}

#[cfg(feature = "dynamic")]
#[derive(Debug)]
pub struct Typed<'a> {
    of: PhantomData<&'a ()>,
}

#[cfg(feature = "dynamic")]
impl<'a> Migrate<'a> {
    pub fn with<Old, New, E>(migrate: impl Fn(&Old, &mut New) -> Result<(), E> + 'a) -> Migrate<'a>
    where
        Old: SharedLayout,
        New: SharedLayout,
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        Migrate::With(Typed { of: PhantomData })
    }
}
