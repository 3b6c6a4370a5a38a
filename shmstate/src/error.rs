//! One opaque error for everything that can go wrong with a state.

mod conversions;
mod phrases;
mod remedy;
mod system;

use crate::containers::CapacityError;
use crate::events;
use crate::layout::{Rule, ValidityError};
pub(crate) use phrases::Call;
use phrases::{Asked, At, Bytes, Quoted, Unknown};
use remedy::{Anew, CarriedOver, Or};
pub use remedy::{CarryOver, Remedy};
use std::io;
use std::path::{Path, PathBuf};

/// What went wrong, for programs: match on it, and keep a `_` arm.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Nothing has that name, or the directory that it should be in is not there.
    NotFound,
    /// Something has that name already.
    AlreadyExists,
    /// The region holds another type, and the message lists the differences; or maps that were filled under another `Ord` or
    /// `Hash` of their keys.
    LayoutMismatch,
    /// The file is no region, or a damaged one.
    Corrupt,
    /// The region was written in a format that this version of the library does not know.
    UnknownFormat,
    /// The region is from before the machine was restarted, so that its content may be half-written.
    Rebooted,
    /// A directory, a symbolic link, a FIFO, a device: no plain file.
    NotAFile,
    /// Others were in the way until the time was up: a writer, readers, or holders of all handles. The message names them.
    Busy,
    /// A container has no room ([`CapacityError`](crate::CapacityError)).
    Full,
    /// A value that the state cannot hold: a time out of range, a value that cannot be archived, a text that is no UUID.
    InvalidValue,
    /// This handle's region was replaced by another one, by [`open_or_replace`](crate::State::open_or_replace) or
    /// [`recreate`](crate::State::recreate): open the name again, as [`reopen`](crate::State::reopen) does.
    Retired,
    /// An update inside of a `read` or `update` closure of the same region, on the same thread; a wait or a replacement inside of an
    /// `update` closure; or the name of a region is created, replaced or removed in the `init`, or the migration, that makes it.
    Reentrant,
    /// The handle was made before a `fork` and is used in the child.
    Forked,
    /// There is no room for the region: on the file system, or within the memory of the machine or a control group.
    NoSpace,
    /// The file's mode or owner, or the process's rights, do not allow it.
    Permission,
    /// The name cannot be a region's name.
    InvalidName,
    /// What [`State::project`](crate::State::project) was given is no plain field outside of containers.
    InvalidProjection,
    /// A path of the dynamic view (feature `dynamic`) that leads nowhere: no such field, item, entry or variant, or not now.
    InvalidPath,
    /// An option is out of its range.
    InvalidOption,
    /// The file system or the kernel cannot do what a region needs.
    Unsupported,
    /// The operating system said something else: see [`source`](std::error::Error::source).
    Io,
}

/// Why a state could not be opened, read or updated.
///
/// [`kind`](Error::kind) is for programs, the message for people: it says what to do next. An error of the operating
/// system is the [`source`](std::error::Error::source).
///
/// ```
/// use shmstate::{ErrorKind, SharedLayout, State};
///
/// #[derive(SharedLayout)]
/// #[repr(C)]
/// struct Board { ticks: u64 }
///
/// let error = State::<Board>::open("there-is-no-such-board").unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::NotFound);
/// ```
///
/// # In closures
///
/// | the closure | call | what comes out |
/// |---|---|---|
/// | cannot fail | [`update`](crate::State::update) | `Result<R, Error>` |
/// | fails by errors of this library only, such as full containers | [`transact`](crate::State::transact) | `Result<R, Error>` |
/// | fails by any error, one of the program's own for instance | [`try_update`](crate::State::try_update) | `Result<Result<R, E>, Error>`: `??` |
///
/// `?` makes an `Error` of what the containers and types of this library return ([`CapacityError`](crate::CapacityError) of
/// any value, [`ArchiveError`](crate::archived::ArchiveError), [`TimeRangeError`](crate::TimeRangeError),
/// [`ParseUuidError`](crate::ParseUuidError)).
///
/// With the crate [`anyhow`](https://docs.rs/anyhow), say what the closure returns:
///
/// ```
/// # use shmstate::{List, SharedLayout, State, Text};
/// # #[derive(SharedLayout)]
/// # #[repr(C)]
/// # struct Board { owner: Text<32>, samples: List<f64, 16> }
/// fn sample(board: &State<Board>, owner: &str, value: &str) -> anyhow::Result<usize> {
///     let samples = board.try_update(|s| -> anyhow::Result<usize> {
///         s.owner.set(owner)?;
///         s.samples.push(value.parse()?)?;
///         Ok(s.samples.len())
///     })??;
///     board.transact(|s| {
///         s.samples.push(0.0)?;
///         Ok(()) // the error's type is known
///     })?;
///     Ok(samples)
/// }
/// # let dir = tempfile::tempdir()?;
/// # let board = State::<Board>::create(dir.path().join("board"))?;
/// assert_eq!(sample(&board, "me", "1.5")?, 1);
/// assert!(sample(&board, "me", "a half").is_err());
/// assert_eq!(board.read(|s| s.samples.len())?, 2);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
///
/// An error type of the program's own, here by the crate [`thiserror`](https://docs.rs/thiserror), takes an `Error` by
/// `#[from]`. That is enough for `transact`. For its use inside of `try_update`, one more `From` takes the errors of all
/// containers:
///
/// ```
/// # use shmstate::{List, SharedLayout, State, Text};
/// # #[derive(SharedLayout)]
/// # #[repr(C)]
/// # struct Account { cents: u64, owner: Text<8>, booked: List<u64, 2> }
/// #[derive(Debug, thiserror::Error)]
/// enum BankError {
///     #[error("only {0} cents are left")]
///     TooPoor(u64),
///     #[error(transparent)]
///     State(#[from] shmstate::Error),
/// }
///
/// impl<T> From<shmstate::CapacityError<T>> for BankError {
///     fn from(full: shmstate::CapacityError<T>) -> Self {
///         BankError::State(full.into())
///     }
/// }
///
/// fn pay(account: &State<Account>, cents: u64) -> Result<u64, BankError> {
///     let left = account.try_update(|s| {
///         s.booked.push(cents)?; // `CapacityError<u64>`
///         s.owner.push('.')?; // `CapacityError<char>`
///         s.cents = s.cents.checked_sub(cents).ok_or(BankError::TooPoor(s.cents))?;
///         Ok::<_, BankError>(s.cents)
///     })??;
///     Ok(left)
/// }
///
/// fn rename(account: &State<Account>, owner: &str) -> Result<(), BankError> {
///     account.transact(|s| {
///         s.owner.set(owner)?;
///         Ok(())
///     })?;
///     Ok(())
/// }
/// # let dir = tempfile::tempdir()?;
/// # let init = |s: &mut Account| s.cents = 10;
/// # let account = State::<Account>::options().init(init).create(dir.path().join("account"))?;
/// assert_eq!(pay(&account, 3)?, 7);
/// assert_eq!(pay(&account, 8).unwrap_err().to_string(), "only 7 cents are left");
/// assert_eq!(
///     rename(&account, "another one").unwrap_err().to_string(),
///     "the text is full: it holds at most 8, and 11 were needed"
/// );
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Error(Box<ErrorRepr>);

/// The kinds with what their messages need.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ErrorRepr {
    #[error("there is no region `{}`: create it first, or use `open_or_create`", .path.display())]
    NotFound { path: PathBuf },
    #[error("there is no directory `{}` for the region to be in: make it first", .path.display())]
    NoDirectory { path: PathBuf },
    #[error("`{}` exists already: use `open` or `open_or_create`, or remove it first", .path.display())]
    AlreadyExists { path: PathBuf },
    #[error(
        "the region `{}` holds another layout than the program's type `{name}`:\n{table}\nrun the program that made it; or{}{}",
        .path.display(), Or(.remedy.as_deref(), REPLACED), CarriedOver { name, losses, path, remedy: remedy.as_deref() }
    )]
    LayoutMismatch { path: PathBuf, name: String, table: String, losses: Vec<String>, remedy: Option<Box<Remedy>> },
    #[error(
        "the keys in the region `{}` are not where this program's `{of}` puts them: {why}; run the program that filled it; or{}{}. \
         A type whose `{of}` changes needs another `#[shared(version = N)]`, so that this is noticed each time. If its `{of}` has not \
         changed, the file is damaged",
        .path.display(), Or(.remedy.as_deref(), REPLACED), Anew(.remedy.as_deref())
    )]
    OtherRule { path: PathBuf, of: &'static str, why: String, remedy: Option<Box<Remedy>> },
    #[error("`{}` is not a sound region: {why};{}", .path.display(), Or(.remedy.as_deref(), " if its content is not needed, `remove` removes it"))]
    Corrupt { path: PathBuf, why: String, remedy: Option<Box<Remedy>> },
    #[cfg_attr(not(feature = "dynamic"), allow(dead_code, reason = "export and import are a feature"))]
    #[error("`{}` is {what}, which an export does not replace: export to another file", .path.display())]
    NotReplaced { path: PathBuf, what: &'static str },
    #[error(
        "`{}` is not a sound region: {why}; give the region another name, or delete the file if it is yours and not needed",
        .path.display()
    )]
    NoRegion { path: PathBuf, why: &'static str },
    #[error(
        "the region `{}` has format {found}, and this version of shmstate knows format {known}: use the version that made it; or{}",
        .path.display(),
        Or(.remedy.as_deref(), ", if its content is not needed, `open_or_replace` puts a new region in its place, and `remove` removes it")
    )]
    UnknownFormat { path: PathBuf, found: u32, known: u32, remedy: Option<Box<Remedy>> },
    #[error(
        "the region `{}` is from before the machine was restarted, or from a container with a boot id of its own, and no process \
         has it open: its content may be half-written;{}",
        .path.display(), Or(.remedy.as_deref(), " `open_or_replace` puts a new region in its place, and `remove` removes it")
    )]
    Rebooted { path: PathBuf, remedy: Option<Box<Remedy>> },
    #[error("`{}` is {what}, not a plain file: a region is a file of its own", .path.display())]
    NotAFile { path: PathBuf, what: &'static str },
    #[error(
        "the region `{}` is being updated by {holder}: wait for it or raise `timeout`; nothing is taken from a process that \
         lives", .path.display()
    )]
    LockHeld { path: PathBuf, holder: String },
    #[error(
        "every copy of the region `{}` is held by a reader ({holders}): {spare}keep `read` closures short, raise `timeout`, or \
         create the region with more `copies` or `max_copies`{}", .path.display(), Asked(*.asked, "copies")
    )]
    Pinned { path: PathBuf, holders: String, spare: String, asked: Option<usize> },
    #[error(
        "all {slots} handles of the region `{}` are taken ({holders}): drop some, or create the region with more `handles`{}",
        .path.display(), Asked(*.asked, "handles")
    )]
    NoSlot { path: PathBuf, slots: usize, holders: String, asked: Option<usize> },
    #[error("another process has not finished opening the region `{}`: try again", .path.display())]
    Opening { path: PathBuf },
    #[error("another process has not finished replacing or removing the region `{}`: try again", .path.display())]
    Renaming { path: PathBuf },
    #[error(
        "the region `{}` was replaced by another one, and is out of service: open the name again, as `reopen` does; this handle \
         reads and updates nothing any more", .path.display()
    )]
    Retired { path: PathBuf },
    #[error(
        "writers of the region `{}` were faster than this copy of it, each time: open it for writing, where a read keeps \
         its version, or give it more `copies`", .path.display()
    )]
    Outrun { path: PathBuf },
    #[error(transparent)]
    Full(CapacityError),
    #[error(transparent)]
    InvalidValue(Box<dyn std::error::Error + Send + Sync>),
    #[cfg_attr(not(feature = "dynamic"), allow(dead_code, reason = "migration is a feature"))]
    #[error("the state in `{}` was not migrated from `{old}` to `{new}`, and is as it was: {source}", .path.display())]
    NotMigrated {
        path: PathBuf,
        old: &'static str,
        new: &'static str,
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error(
        "{} the region `{}` inside of {} closure of the same region: it would wait for itself; do it after the closure",
        .call.name(), .path.display(), .call.closures()
    )]
    Reentrant { path: PathBuf, call: Call },
    #[error(
        "the region `{}` is being made by this thread, whose `init` or migration creates, replaces or removes it: it would wait for \
         itself; do it after that", .path.display()
    )]
    InMaking { path: PathBuf },
    #[error(
        "this handle of `{}` was opened before a fork and belongs to the parent: open the state again in the child",
        .path.display()
    )]
    Forked { path: PathBuf },
    #[error(
        "no room for the {} of the region `{}` ({source}): make room, or take fewer `copies`{}", Bytes(*.needed),
        .path.display(),
        match .source.kind() {
            io::ErrorKind::FileTooLarge => ", or raise the limit on the size of a file (`ulimit -f`)",
            io::ErrorKind::QuotaExceeded => ", or raise the user's quota (`quota`)",
            _ => "",
        }
    )]
    NoSpace { path: PathBuf, needed: u64, source: io::Error },
    #[error(
        "no room to {doing} `{}` ({source}): make room on its file system, in blocks or in inodes (`df`, `df -i`), or within \
         the user's quota", .path.display()
    )]
    NoRoom { path: PathBuf, doing: &'static str, source: io::Error },
    #[error(
        "no room for the region `{}`: it needs {}, and {} are left, limited by {limit}: make room, or give it fewer `copies` \
         or smaller capacities{}",
        .path.display(), Bytes(*.needed), Bytes(*.available),
        if *.insist { "; if there will be room in time, create it with `ignore_memory_limits(true)`" } else { "" }
    )]
    TooLarge { path: PathBuf, needed: u64, available: u64, limit: String, insist: bool, source: io::Error },
    #[error("`{}`: {why}", .path.display())]
    Permission { path: PathBuf, why: String, source: Option<io::Error> },
    #[error("`{}` cannot be a region's name: {why}", .name.display())]
    InvalidName { name: PathBuf, why: &'static str },
    #[error(
        "a projection has to lead to a plain field of `{of}`, or an item of an array, outside of containers and of payloads \
         of enums: read anything else with `read`"
    )]
    InvalidProjection { of: &'static str },
    /// Of bytes and of the dynamic view: where in the state, and what is wrong there.
    #[error("{}{why}", At(.at))]
    View { kind: ErrorKind, at: String, why: String },
    #[cfg_attr(not(feature = "dynamic"), allow(dead_code, reason = "export and import are a feature"))]
    #[error("`{}` is no export that can be read: {why}; export the state again", .path.display())]
    NoExport { path: PathBuf, why: String },
    /// Of a migration: each path with what is lost there, the paths, and those that may be lost and lead nowhere.
    #[cfg_attr(not(feature = "dynamic"), allow(dead_code, reason = "migration is a feature"))]
    #[error(
        "the migration would lose what the state holds, and nothing has happened:\n  {}\nif it is not needed, say so: \
         `Migrate::AllowLoss(&[{}])`; to make something else of it, write a `Migrate::with`{}",
        .losses.join("\n  "), Quoted(.paths), Unknown(.unknown)
    )]
    WouldLose { losses: Vec<String>, paths: Vec<String>, unknown: Vec<String> },
    #[error("{0}")]
    InvalidOption(String),
    #[error("`{}`: {why}", .path.display())]
    Unsupported { path: PathBuf, why: String },
    #[error("cannot {doing} `{}`: {source}{advice}", .path.display())]
    Io { path: PathBuf, doing: &'static str, advice: &'static str, source: io::Error },
}

/// What to do with a region of another layout whose content is not needed.
const REPLACED: &str = ", if its content is not needed, put a new region in its place with `open_or_replace`";

/// What takes the place of a path in messages about a state without a name; the kernel calls it so as well.
pub(crate) const ANONYMOUS: &str = "/memfd:shmstate";

impl Error {
    /// What went wrong, for programs.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match &*self.0 {
            ErrorRepr::NotFound { .. } | ErrorRepr::NoDirectory { .. } => ErrorKind::NotFound,
            ErrorRepr::AlreadyExists { .. } | ErrorRepr::NotReplaced { .. } => ErrorKind::AlreadyExists,
            ErrorRepr::LayoutMismatch { .. } | ErrorRepr::OtherRule { .. } | ErrorRepr::WouldLose { .. } => {
                ErrorKind::LayoutMismatch
            }
            ErrorRepr::Corrupt { .. } | ErrorRepr::NoRegion { .. } | ErrorRepr::NoExport { .. } => ErrorKind::Corrupt,
            ErrorRepr::UnknownFormat { .. } => ErrorKind::UnknownFormat,
            ErrorRepr::Rebooted { .. } => ErrorKind::Rebooted,
            ErrorRepr::NotAFile { .. } => ErrorKind::NotAFile,
            ErrorRepr::LockHeld { .. }
            | ErrorRepr::Pinned { .. }
            | ErrorRepr::NoSlot { .. }
            | ErrorRepr::Opening { .. }
            | ErrorRepr::Renaming { .. }
            | ErrorRepr::Outrun { .. } => ErrorKind::Busy,
            ErrorRepr::Full(_) => ErrorKind::Full,
            ErrorRepr::InvalidValue(_) | ErrorRepr::NotMigrated { .. } => ErrorKind::InvalidValue,
            ErrorRepr::Retired { .. } => ErrorKind::Retired,
            ErrorRepr::Reentrant { .. } | ErrorRepr::InMaking { .. } => ErrorKind::Reentrant,
            ErrorRepr::Forked { .. } => ErrorKind::Forked,
            ErrorRepr::NoSpace { .. } | ErrorRepr::NoRoom { .. } | ErrorRepr::TooLarge { .. } => ErrorKind::NoSpace,
            ErrorRepr::Permission { .. } => ErrorKind::Permission,
            ErrorRepr::InvalidName { .. } => ErrorKind::InvalidName,
            ErrorRepr::InvalidProjection { .. } => ErrorKind::InvalidProjection,
            ErrorRepr::View { kind, .. } => *kind,
            ErrorRepr::InvalidOption(_) => ErrorKind::InvalidOption,
            ErrorRepr::Unsupported { .. } => ErrorKind::Unsupported,
            ErrorRepr::Io { .. } => ErrorKind::Io,
        }
    }

    /// The file that it is about, if it is about one. A state without a name has none.
    ///
    /// ```
    /// # use shmstate::{SharedLayout, State};
    /// # #[derive(SharedLayout)]
    /// # #[repr(C)]
    /// # struct Board { ticks: u64 }
    /// # let dir = tempfile::tempdir()?;
    /// let name = dir.path().join("board");
    /// let error = State::<Board>::open(&name).unwrap_err();
    /// assert_eq!(error.path(), Some(&*name));
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        let path = match &*self.0 {
            ErrorRepr::NotFound { path }
            | ErrorRepr::NoDirectory { path }
            | ErrorRepr::AlreadyExists { path }
            | ErrorRepr::LayoutMismatch { path, .. }
            | ErrorRepr::OtherRule { path, .. }
            | ErrorRepr::Corrupt { path, .. }
            | ErrorRepr::NoRegion { path, .. }
            | ErrorRepr::NotReplaced { path, .. }
            | ErrorRepr::NoExport { path, .. }
            | ErrorRepr::UnknownFormat { path, .. }
            | ErrorRepr::Rebooted { path, .. }
            | ErrorRepr::NotAFile { path, .. }
            | ErrorRepr::LockHeld { path, .. }
            | ErrorRepr::Pinned { path, .. }
            | ErrorRepr::NoSlot { path, .. }
            | ErrorRepr::Opening { path }
            | ErrorRepr::Renaming { path }
            | ErrorRepr::Retired { path }
            | ErrorRepr::Outrun { path }
            | ErrorRepr::Reentrant { path, .. }
            | ErrorRepr::InMaking { path }
            | ErrorRepr::NotMigrated { path, .. }
            | ErrorRepr::Forked { path }
            | ErrorRepr::NoSpace { path, .. }
            | ErrorRepr::NoRoom { path, .. }
            | ErrorRepr::TooLarge { path, .. }
            | ErrorRepr::Permission { path, .. }
            | ErrorRepr::Unsupported { path, .. }
            | ErrorRepr::Io { path, .. } => path,
            ErrorRepr::Full(_)
            | ErrorRepr::InvalidValue(_)
            | ErrorRepr::InvalidName { .. }
            | ErrorRepr::InvalidProjection { .. }
            | ErrorRepr::View { .. }
            | ErrorRepr::WouldLose { .. }
            | ErrorRepr::InvalidOption(_) => return None,
        };
        Some(&**path).filter(|path| *path != Path::new(ANONYMOUS))
    }

    /// Adds how many handles this process would have liked, if the region's are all taken and fewer.
    pub(crate) fn with_asked(mut self, handles: usize) -> Error {
        if let ErrorRepr::NoSlot { slots, asked, .. } = &mut *self.0
            && *slots < handles
        {
            *asked = Some(handles);
        }
        self
    }

    /// Says that it went wrong inside of `path`, if it is about a part of a state.
    #[cfg(feature = "dynamic")]
    #[cold]
    pub(crate) fn inside(mut self, path: &str) -> Error {
        if let ErrorRepr::View { at, .. } = &mut *self.0
            && !path.is_empty()
        {
            let dot = if at.is_empty() || at.starts_with('[') { "" } else { "." };
            *at = format!("{path}{dot}{at}");
        }
        self
    }

    /// The file is damaged.
    #[cold]
    pub(crate) fn corrupt(path: &Path, why: impl Into<String>) -> Error {
        ErrorRepr::Corrupt { path: path.to_owned(), why: why.into(), remedy: None }.into()
    }
}

impl Error {
    /// The state in the file is no value of its type.
    #[cold]
    pub(crate) fn invalid_state(path: &Path, invalid: &ValidityError) -> Error {
        let of = match invalid.rule() {
            None => return Error::corrupt(path, format!("its state: {invalid}")),
            Some(Rule::Order) => "Ord",
            Some(Rule::Hash) => "Hash",
        };
        ErrorRepr::OtherRule { path: path.to_owned(), of, why: invalid.to_string(), remedy: None }.into()
    }
}

impl From<ErrorRepr> for Error {
    #[cold]
    fn from(repr: ErrorRepr) -> Self {
        let error = Error(Box::new(repr));
        if error.kind() == ErrorKind::Busy {
            events::busy(&error);
        }
        error
    }
}
