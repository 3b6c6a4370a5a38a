//! [`DynState`]: what the user holds.

use super::create::schema_of;
use super::edit::Edit;
use super::fault::{Within, fault};
use super::image::Image;
use super::options::DynOptions;
use super::path::CompiledPath;
use super::session::Session;
use super::shape::Shapes;
use super::snapshot::{Snapshot, checked};
use super::source::Source;
use super::value::Value;
use super::viewer::Viewer;
use crate::commit::Shared;
use crate::error::{Error, ErrorKind, ErrorRepr};
use crate::os::{self, Deadline, Origin, RegionKey};
use crate::region::{Handle, Stats};
use std::fmt;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// A state that a program uses without its Rust type: by the schema that lies in its region.
///
/// It is one more handle on the region, beside those of the type: [`State`](crate::State) and `DynState` run the same protocol,
/// so that a read sees one committed version and an update is all or nothing, whichever kind of handle it goes through.
///
/// By default a handle is read-only: it needs no permission to write the file, and no other process notices it.
/// [`DynOptions::writable`] makes one that can update.
///
/// ```
/// use shmstate::dynamic::DynState;
/// # use shmstate::{SharedLayout, State, Text};
/// # #[derive(SharedLayout)]
/// # #[repr(C)]
/// # struct Board { ticks: u64, owner: Text<32> }
/// # let dir = tempfile::tempdir()?;
/// # let name = dir.path().join("board");
/// # let board = State::<Board>::create(&name)?;
/// let view = DynState::open(&name)?;
/// assert_eq!(view.to_json("")?, r#"{"ticks":0,"owner":""}"#);
///
/// let writer = DynState::options().writable(true).open(&name)?;
/// writer.update(|v| {
///     v.set("ticks", 7u64)?;
///     v.set("owner", "me")
/// })?;
/// assert_eq!(view.read(|v| v.get("ticks")?.as_u64())??, 7);
/// assert_eq!(board.read(|s| s.ticks)?, 7);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
pub struct DynState {
    pub(super) access: Access,
    pub(super) shapes: Arc<Shapes>,
    /// What it was opened with.
    pub(super) options: DynOptions,
}

pub(super) enum Access {
    Looking(Box<Viewer>),
    TakingPart(Arc<Session>),
}

const _: () = {
    const fn send_and_sync<T: Send + Sync>() {}
    send_and_sync::<DynState>();
};

impl DynState {
    /// Opens a state that exists, to look at it.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound); [`Corrupt`](crate::ErrorKind::Corrupt),
    /// [`UnknownFormat`](crate::ErrorKind::UnknownFormat), [`Rebooted`](crate::ErrorKind::Rebooted),
    /// [`NotAFile`](crate::ErrorKind::NotAFile) for a file that is no sound region; [`Permission`](crate::ErrorKind::Permission).
    pub fn open(name: impl AsRef<Path>) -> Result<DynState, Error> {
        Self::options().open(name)
    }

    /// Opens the anonymous state that another process has [shared](crate::State::share), to look at it.
    ///
    /// # Errors
    /// [`Unsupported`](crate::ErrorKind::Unsupported) for a descriptor of anything else; otherwise as for
    /// [`open`](Self::open), and [`Busy`](crate::ErrorKind::Busy) when all handles of the region are taken.
    pub fn from_fd(descriptor: impl AsFd) -> Result<DynState, Error> {
        Self::options().from_fd(descriptor)
    }

    /// How to open and create: for writing, the mode, the timeout.
    pub fn options() -> DynOptions {
        DynOptions::new()
    }

    pub(super) fn looking(viewer: Viewer, shapes: Arc<Shapes>, options: DynOptions) -> DynState {
        DynState { access: Access::Looking(Box::new(viewer)), shapes, options }
    }

    pub(super) fn taking_part(session: Session, shapes: Arc<Shapes>, options: DynOptions) -> DynState {
        DynState { access: Access::TakingPart(Arc::new(session)), shapes, options }
    }

    /// Says that this process has made the region.
    pub(super) fn tell_created(&self) {
        if let Access::TakingPart(session) = &self.access {
            session.region().tell_created();
        }
    }

    /// The schema of the region: one JSON document, which [the format chapter](mod@crate::format) describes.
    #[must_use]
    pub fn schema(&self) -> String {
        self.shapes.schema.document()
    }

    /// Whether the region holds the type that `schema` describes, as a document that may have white space.
    ///
    /// # Errors
    /// [`LayoutMismatch`](ErrorKind::LayoutMismatch) with the differences; [`InvalidOption`](ErrorKind::InvalidOption) for what is
    /// no schema.
    pub fn check_schema(&self, schema: &str) -> Result<(), Error> {
        let (found, expected) = (&self.shapes.schema, schema_of(schema)?);
        if found.is_same(&expected) {
            return Ok(());
        }
        let name = expected.root().map(|root| expected.type_name(root)).unwrap_or_default();
        let (file, differences) = (self.file().display(), found.differences(&expected).join("\n  "));
        let why =
            format!("the region `{file}` holds another layout than the program's type `{name}`:\n  {differences}");
        Err(fault(ErrorKind::LayoutMismatch, why))
    }

    /// A descriptor by which another process can open this anonymous state: see [`State::share`](crate::State::share).
    ///
    /// # Errors
    /// As for [`State::share`](crate::State::share); [`Unsupported`](ErrorKind::Unsupported) also for a read-only handle.
    pub fn share(&self) -> Result<OwnedFd, Error> {
        match &self.access {
            Access::TakingPart(session) if session.region().is_anonymous() => {
                session.region().check()?;
                session.region().reopen().map(os::Guarded::into_fd)
            }
            _ => {
                let why = "only an anonymous state goes by descriptor: let the other process open it by its name";
                Err(ErrorRepr::Unsupported { path: self.file().to_owned(), why: why.into() }.into())
            }
        }
    }

    /// Runs `f` on the committed version.
    ///
    /// A writable handle holds the version in place, and `f` runs once. A read-only handle copies what `f` looks at. If a commit
    /// comes in between, what `f` asks for is an error of the kind [`Busy`](crate::ErrorKind::Busy), and `f` runs again, so that it
    /// always ends with one version. So `f` should have no effects of its own, and pass errors on instead of `unwrap`ping them.
    ///
    /// # Errors
    /// [`Busy`](crate::ErrorKind::Busy) if writers were faster than a read-only handle for five seconds;
    /// [`Forked`](crate::ErrorKind::Forked) in a child of the process that opened the handle;
    /// [`Retired`](crate::ErrorKind::Retired) if the region was replaced.
    ///
    /// # Panics
    /// With whatever `f` panics.
    #[inline]
    pub fn read<R>(&self, mut f: impl FnMut(Value<'_>) -> R) -> Result<R, Error> {
        match &self.access {
            Access::TakingPart(session) => session.read(|bytes, _| f(Value::root(&self.shapes, Source::Whole(bytes)))),
            Access::Looking(viewer) => viewer.read(|source, _| f(Value::root(&self.shapes, source))),
        }
    }

    /// [`read`](Self::read), with the number of the version that `f` sees.
    ///
    /// ```
    /// # use shmstate::State;
    /// use shmstate::dynamic::DynState;
    /// # let dir = tempfile::tempdir()?;
    /// # let name = dir.path().join("number");
    /// # let number = State::<u64>::create(&name)?;
    /// let view = DynState::open(&name)?;
    /// number.update(|n| *n = 7)?;
    /// let (number, version) = view.read_versioned(|n, version| (n.to_json(), version))?;
    /// assert_eq!((&*number?, version), ("7", 1));
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As for [`read`](Self::read).
    ///
    /// # Panics
    /// With whatever `f` panics.
    #[inline]
    pub fn read_versioned<R>(&self, mut f: impl FnMut(Value<'_>, u64) -> R) -> Result<R, Error> {
        match &self.access {
            Access::TakingPart(session) => {
                let version = |copy| session.version_of(copy);
                session.read(|bytes, copy| f(Value::root(&self.shapes, Source::Whole(bytes)), version(copy)))
            }
            Access::Looking(viewer) => viewer.read(|source, version| f(Value::root(&self.shapes, source), version)),
        }
    }

    /// Waits until there is a version after `version`, and returns the newest one; `None` after `timeout`. A read-only handle
    /// cannot announce that it waits, and sees a version up to 16 ms late: see [`State::wait_newer`](crate::State::wait_newer).
    ///
    /// # Errors
    /// [`Retired`](crate::ErrorKind::Retired) if the region was replaced; [`Forked`](crate::ErrorKind::Forked) in a child of the
    /// process that opened the handle; `Reentrant` inside of an update of the same state.
    pub fn wait_newer(&self, version: u64, timeout: Duration) -> Result<Option<u64>, Error> {
        let clock = &mut Deadline::new(timeout);
        match &self.access {
            Access::TakingPart(session) => session.region().wait_newer(version, clock),
            Access::Looking(viewer) => viewer.region().wait_newer(version, clock),
        }
    }

    /// Copies the committed version to the heap, and checks it.
    ///
    /// # Errors
    /// As for [`read`](Self::read); [`Corrupt`](crate::ErrorKind::Corrupt) if the bytes are no value of the type.
    pub fn snapshot(&self) -> Result<Snapshot, Error> {
        let (version, bytes) = match &self.access {
            Access::TakingPart(session) => {
                session.read(|bytes, copy| (session.version_of(copy), Box::<[u8]>::from(bytes)))?
            }
            Access::Looking(viewer) => viewer.snapshot()?,
        };
        checked(&self.shapes, bytes, version)
    }

    /// Runs `f` on the state; if it returns `Ok`, what it did becomes the next version, all of it at once; if `Err`, nothing has
    /// happened.
    ///
    /// ```
    /// # use shmstate::dynamic::DynState;
    /// # use shmstate::{ErrorKind, List, State};
    /// # let dir = tempfile::tempdir()?;
    /// # let name = dir.path().join("list");
    /// # let list = State::<List<u8, 2>>::create(&name)?;
    /// let writer = DynState::options().writable(true).open(&name)?;
    /// let error = writer
    ///     .update(|v| {
    ///         for n in 0..3u8 {
    ///             v.push("", n)?;
    ///         }
    ///         Ok(())
    ///     })
    ///     .unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Full);
    /// assert_eq!(error.to_string(), "the `List<u8, 2>` is full: it holds at most 2, and 3 were needed");
    /// assert!(list.read(|list| list.is_empty())?);
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// What `f` returns; [`Permission`](crate::ErrorKind::Permission) through a handle that is not
    /// [`writable`](DynOptions::writable); otherwise as for [`State::update`](crate::State::update).
    ///
    /// # Panics
    /// With whatever `f` panics, after everything has been rolled back.
    #[inline]
    pub fn update<R>(&self, f: impl FnOnce(&mut Edit<'_>) -> Result<R, Error>) -> Result<R, Error> {
        self.transact(f)
    }

    /// [`update`](Self::update) with an error of the program's own, which rolls back as well.
    ///
    /// ```
    /// # use shmstate::dynamic::DynState;
    /// # use shmstate::{Error, State};
    /// # let dir = tempfile::tempdir()?;
    /// # let name = dir.path().join("number");
    /// # State::<u64>::create(&name)?.update(|n| *n = 1)?;
    /// #[derive(Debug, thiserror::Error)]
    /// enum Refused {
    ///     #[error("it is not zero")]
    ///     NotZero,
    ///     #[error(transparent)]
    ///     State(#[from] Error),
    /// }
    ///
    /// let number = DynState::options().writable(true).open(&name)?;
    /// let refused = number.transact(|v| if v.value().as_u64()? == 0 { v.set("", 7u64) .map_err(Refused::from)} else { Err(Refused::NotZero) });
    /// assert!(matches!(refused, Err(Refused::NotZero)));
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As for [`update`](Self::update).
    ///
    /// # Panics
    /// As [`update`](Self::update) does.
    pub fn transact<R, E: From<Error>>(&self, f: impl FnOnce(&mut Edit<'_>) -> Result<R, E>) -> Result<R, E> {
        match &self.access {
            Access::TakingPart(session) if self.options.writable => {
                session.update(|bytes, touched| f(&mut Edit::new(&self.shapes, Image::of_update(bytes, touched))))
            }
            _ => Err(self.read_only().into()),
        }
    }

    /// Makes these bytes the state.
    pub(super) fn put(&self, content: &[u8]) -> Result<(), Error> {
        match &self.access {
            Access::TakingPart(session) if self.options.writable => {
                session.update(|bytes, touched| Image::of_update(bytes, touched).put(0, content))
            }
            _ => Err(self.read_only()),
        }
    }

    #[cold]
    pub(super) fn read_only(&self) -> Error {
        let why = "this handle only looks: open it with `DynState::options().writable(true)`";
        ErrorRepr::Permission { path: self.file().to_owned(), why: why.into(), source: None }.into()
    }

    /// Resolves a path once, so that reads of it cost little.
    ///
    /// ```
    /// # use shmstate::dynamic::DynState;
    /// # use shmstate::{List, State};
    /// # let dir = tempfile::tempdir()?;
    /// # let name = dir.path().join("list");
    /// # let list = State::<[List<u64, 4>; 2]>::create(&name)?;
    /// let view = DynState::open(&name)?;
    /// let first = view.path("[1][0]")?; // whether the list has an item is asked when it is read
    /// assert!(view.read(|v| v.at(&first)?.as_u64())?.is_err());
    /// list.transact(|s| Ok(s[1].push(7)?))?;
    /// assert_eq!(view.read(|v| v.at(&first)?.as_u64())??, 7);
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`InvalidPath`](crate::ErrorKind::InvalidPath) if it leads nowhere in any value of the type.
    pub fn path(&self, path: &str) -> Result<CompiledPath, Error> {
        CompiledPath::new(&self.shapes, path).within(path)
    }

    /// What the path leads to, as JSON; the empty path is the whole state.
    ///
    /// # Errors
    /// As for [`read`](Self::read) and [`Value::get`].
    pub fn to_json(&self, path: &str) -> Result<String, Error> {
        self.read(|v| v.get(path)?.to_json())?
    }

    /// Sets what the path leads to from JSON, in one update: see [`Edit::set_json`].
    ///
    /// # Errors
    /// As for [`update`](Self::update) and [`Edit::set_json`].
    pub fn from_json(&self, path: &str, json: &str) -> Result<(), Error> {
        self.update(|v| v.set_json(path, json))
    }

    /// The number of commits so far; 0 in a child of the process that opened the handle. A region that has been
    /// [replaced](crate::ErrorKind::Retired) keeps its last number, and its counters.
    #[must_use]
    pub fn version(&self) -> u64 {
        match &self.access {
            Access::Looking(viewer) => viewer.region().published().version,
            Access::TakingPart(session) if session.region().is_mine() => session.region().shared().published().version,
            Access::TakingPart(_) => 0,
        }
    }

    /// What the region counts, in all processes together.
    ///
    /// # Errors
    /// [`Forked`](crate::ErrorKind::Forked) in a child of the process that opened the handle.
    pub fn stats(&self) -> Result<Stats, Error> {
        Ok(Stats::of(self.shared()?))
    }

    /// The handles of the region, with the processes that have them. A read-only handle is not among them.
    ///
    /// ```
    /// # use shmstate::dynamic::DynState;
    /// # use shmstate::State;
    /// # let dir = tempfile::tempdir()?;
    /// # let name = dir.path().join("number");
    /// let number = State::<u64>::create(&name)?;
    /// let handles = DynState::open(&name)?.handles()?;
    /// assert_eq!(handles.len(), 1);
    /// assert_eq!(handles[0].pid, std::process::id());
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Forked`](crate::ErrorKind::Forked) in a child of the process that opened the handle.
    pub fn handles(&self) -> Result<Vec<Handle>, Error> {
        match &self.access {
            Access::Looking(viewer) => Ok(viewer.region().handles()),
            Access::TakingPart(session) => {
                session.region().check()?;
                Ok(session.region().handles())
            }
        }
    }

    pub(super) fn shared(&self) -> Result<&Shared<'_>, Error> {
        match &self.access {
            Access::Looking(viewer) => Ok(viewer.region().shared()),
            Access::TakingPart(session) => {
                session.region().check()?;
                Ok(session.region().shared())
            }
        }
    }

    /// The region's file; of an anonymous region, a text for messages that is no path.
    #[must_use]
    pub fn file(&self) -> &Path {
        match &self.access {
            Access::Looking(viewer) => viewer.region().origin().path(),
            Access::TakingPart(session) => session.region().path(),
        }
    }

    /// Whether both are handles on the same region, whatever their names lead to by now.
    #[must_use]
    pub fn is_same_region(&self, other: &DynState) -> bool {
        self.identity() == other.identity()
    }

    /// Whether the name still leads to this region: see [`State::is_current`](crate::State::is_current).
    ///
    /// # Errors
    /// What the operating system says when it cannot look.
    pub fn is_current(&self) -> Result<bool, Error> {
        match &self.access {
            Access::Looking(viewer) => Ok(viewer.region().origin().now()? == Some(viewer.region().key())),
            Access::TakingPart(session) => session.region().is_current(),
        }
    }

    /// Opens the name again, and makes this a handle on the region that it leads to now, of whatever type that is. Returns
    /// whether that is another region: see [`State::reopen`](crate::State::reopen). A [`CompiledPath`] stays valid as long as the
    /// schema is the same.
    ///
    /// # Errors
    /// As for [`open`](Self::open); [`Unsupported`](crate::ErrorKind::Unsupported) for a state without a name, or whose name this
    /// process cannot look up any more (`chroot`). The handle stays what it was.
    pub fn reopen(&mut self) -> Result<bool, Error> {
        let before = self.identity();
        let (in_service, origin) = match &self.access {
            Access::Looking(viewer) => {
                let region = viewer.region();
                (region.is_in_service()?, Some(region.origin()))
            }
            Access::TakingPart(session) => {
                let region = session.region();
                (region.is_mine() && region.is_in_service()?, region.origin())
            }
        };
        if in_service && self.is_current()? {
            return Ok(false);
        }
        let next = self.options.clone().open(Origin::in_reach(origin)?.absolute())?;
        *self = next;
        Ok(self.identity() != before)
    }

    fn identity(&self) -> (RegionKey, u128) {
        match &self.access {
            Access::Looking(viewer) => viewer.region().identity(),
            Access::TakingPart(session) => session.region().identity(),
        }
    }
}

/// The type, and where the state lies; not what it holds, which [`read`](DynState::read) shows.
impl fmt::Debug for DynState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let root = self.shapes.get(self.shapes.root());
        f.debug_struct("DynState")
            .field("type", &root.name)
            .field("file", &self.file())
            .field("writable", &self.options.writable)
            .finish_non_exhaustive()
    }
}
