//! How a state is opened, and created, without its type.

use super::session::Session;
use super::shape::Shapes;
use super::source::Source;
use super::state::DynState;
use super::validate::validate;
use super::viewer::Viewer;
use crate::error::Error;
use crate::layout::{Schema, ValidityError};
use crate::os::{self, ANONYMOUS, Access, DEFAULT_TIMEOUT, Deadline, Guarded, RegionPath};
use crate::region::{Described, ReadOnlyRegion, Region, StateType};
use std::cell::OnceCell;
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// How to open and create a state without its type: [`DynState::options`].
///
/// ```
/// use shmstate::dynamic::DynState;
/// # use shmstate::State;
/// # let dir = tempfile::tempdir()?;
/// # let name = dir.path().join("number");
/// # let number = State::<u64>::create(&name)?;
/// let writer = DynState::options().writable(true).open(&name)?;
/// writer.update(|v| v.set("", 5u64))?;
/// assert_eq!(number.read(|n| *n)?, 5);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "options do nothing until `open` or `create_from_schema`"]
pub struct DynOptions {
    pub(super) writable: bool,
    pub(super) mode: u32,
    pub(super) copies: Option<usize>,
    pub(super) max_copies: Option<usize>,
    pub(super) handles: Option<usize>,
    pub(super) timeout: Duration,
    pub(super) ignore_memory_limits: bool,
}

impl DynOptions {
    pub(super) fn new() -> DynOptions {
        DynOptions {
            writable: false,
            mode: 0o600,
            copies: None,
            max_copies: None,
            handles: None,
            timeout: DEFAULT_TIMEOUT,
            ignore_memory_limits: false,
        }
    }

    /// Whether the handle can update the state. If so, it takes one of the region's handles, and needs the right to write the file.
    /// By default, it cannot update.
    pub fn writable(mut self, writable: bool) -> Self {
        self.writable = writable;
        self
    }

    /// The file's mode: see [`Options::mode`](crate::Options::mode).
    pub fn mode(mut self, mode: u32) -> Self {
        self.mode = mode;
        self
    }

    /// How many copies of the state a new region has: see [`Options::copies`](crate::Options::copies).
    pub fn copies(mut self, copies: usize) -> Self {
        self.copies = Some(copies);
        self
    }

    /// How many copies a new region may come to have: see [`Options::max_copies`](crate::Options::max_copies).
    pub fn max_copies(mut self, max_copies: usize) -> Self {
        self.max_copies = Some(max_copies);
        self
    }

    /// How many handles a new region can have at a time: see [`Options::handles`](crate::Options::handles).
    pub fn handles(mut self, handles: usize) -> Self {
        self.handles = Some(handles);
        self
    }

    /// How long an update and an open wait: see [`Options::timeout`](crate::Options::timeout).
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Whether to create a region although there seems to be no room for it: see
    /// [`Options::ignore_memory_limits`](crate::Options::ignore_memory_limits).
    pub fn ignore_memory_limits(mut self, ignore: bool) -> Self {
        self.ignore_memory_limits = ignore;
        self
    }

    /// Opens a state that exists: see [`DynState::open`].
    ///
    /// # Errors
    /// As for [`DynState::open`]; [`Busy`](crate::ErrorKind::Busy) when a writable handle finds all handles taken;
    /// [`InvalidOption`](crate::ErrorKind::InvalidOption).
    pub fn open(self, name: impl AsRef<Path>) -> Result<DynState, Error> {
        let (region_path, accepted) = (RegionPath::find(name.as_ref())?, Accepted::default());
        if !self.writable {
            let region = ReadOnlyRegion::open(&region_path, StateType::Described(&accepted))?;
            let shapes = accepted.shapes(region_path.path())?;
            return Ok(DynState::looking(Viewer::new(region, shapes.size()), shapes, self));
        }
        let (access, clock) = (self.access()?, &mut Deadline::new(self.timeout));
        loop {
            let (file, accepted) = (region_path.open(access)?, Accepted::default());
            if let Some(region) = Region::attach(&region_path, &file, Some(StateType::Described(&accepted)), clock)? {
                return self.attached(region, &accepted);
            }
        }
    }

    /// Opens an anonymous state: see [`DynState::from_fd`]. It takes one of the region's handles, writable or not.
    ///
    /// # Errors
    /// As for [`DynState::from_fd`]; [`InvalidOption`](crate::ErrorKind::InvalidOption).
    pub fn from_fd(self, descriptor: impl AsFd) -> Result<DynState, Error> {
        let access = self.access()?;
        let failed = |e| Error::io(Path::new(ANONYMOUS), "use the descriptor of", e);
        let file = os::duplicate(descriptor).map_err(failed)?;
        os::check_anonymous(access, &file)?;
        self.attach_anonymous(&file)
    }

    pub(super) fn attach_anonymous(&self, file: &Guarded) -> Result<DynState, Error> {
        let (key, accepted) = (os::opened_as(Path::new(ANONYMOUS), file)?, Accepted::default());
        let (state, clock) = (StateType::Described(&accepted), &mut Deadline::new(self.timeout));
        let region = Region::attach_anywhere(None, file, key, Some(state), clock)?;
        self.attached(region, &accepted)
    }

    /// Attaches to a new region, whether or not it has its name yet.
    pub(super) fn attach_new(&self, region_path: &RegionPath, file: &Guarded) -> Result<DynState, Error> {
        let (key, accepted) = (os::opened_as(region_path.path(), file)?, Accepted::default());
        let (state, clock) = (StateType::Described(&accepted), &mut Deadline::new(self.timeout));
        let region = Region::attach_anywhere(Some(Arc::new(region_path.origin())), file, key, Some(state), clock)?;
        self.attached(region, &accepted)
    }

    pub(super) fn attached(&self, region: Region, accepted: &Accepted) -> Result<DynState, Error> {
        let shapes = accepted.shapes(region.path())?;
        Ok(DynState::taking_part(Session::new(region, &shapes, self.timeout), shapes, self.clone()))
    }

    pub(super) fn access(&self) -> Result<Access, Error> {
        if self.mode & !0o777 != 0 || self.mode & 0o600 != 0o600 {
            let why = "a mode between 0o600 and 0o777 that lets the owner read and write";
            return Err(crate::error::ErrorRepr::InvalidOption(format!("`mode({:#o})`: {why}", self.mode)).into());
        }
        Ok(Access { mode: self.mode })
    }
}

/// The schema that was found on the way in.
#[derive(Default)]
pub(super) struct Accepted(OnceCell<Arc<Shapes>>);

impl Accepted {
    pub(super) fn shapes(&self, path: &Path) -> Result<Arc<Shapes>, Error> {
        self.0.get().cloned().ok_or_else(|| Error::corrupt(path, "it has no schema"))
    }
}

impl Described for Accepted {
    fn accept(&self, schema: &Schema) -> Result<(), String> {
        let shapes = Arc::new(Shapes::new(schema)?);
        let _ = self.0.set(shapes);
        Ok(())
    }

    fn validate(&self, image: &[u8]) -> Result<(), ValidityError> {
        match self.0.get() {
            Some(shapes) => validate(shapes, shapes.root(), Source::Whole(image), 0),
            None => Err(ValidityError::new("it has no schema")),
        }
    }
}
