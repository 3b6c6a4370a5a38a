//! Moving a state to another layout, without the program that has the type.

use super::create::schema_of;
use super::evolve::{Aligned, Allowed, Evolution};
use super::fault::{fault, no_path};
use super::options::DynOptions;
use super::snapshot::Snapshot;
use super::state::{Access, DynState};
use crate::error::{Error, ErrorKind, ErrorRepr};
use crate::layout::Schema;
use crate::os::Deadline;
use crate::region::{Current, Plan, Region, Successor};
use std::fmt;

/// How states of one layout become states of another one: [`DynState::migration`]. `Display` shows it as a table of the
/// differences.
pub struct Migration {
    evolution: Evolution,
    new: Schema,
    /// Each earlier name with the path of what it becomes.
    renamed: Vec<(String, String)>,
}

impl Migration {
    /// The same migration, if a part has another name in the new layout. `path` leads to the field or variant in the new layout, as
    /// in the table: `steps`, `rooms[..].title`, `job.Run.pid`. `earlier` is its name in the old layout, or where it was inside of
    /// the old struct: `ticks`, `at.x`. A program's type has this in `#[shared(renamed_from = "ticks")]`, which no schema contains.
    ///
    /// ```
    /// # use shmstate::dynamic::DynState;
    /// # use shmstate::{SharedLayout, State};
    /// # mod v1 {
    /// #     #[derive(shmstate::SharedLayout)]
    /// #     #[repr(C)]
    /// #     pub struct Board { pub ticks: u32 }
    /// # }
    /// # #[derive(SharedLayout)]
    /// # #[repr(C)]
    /// # struct Board { steps: u64 }
    /// # let dir = tempfile::tempdir()?;
    /// # let name = dir.path().join("board");
    /// # State::<v1::Board>::create(&name)?.update(|b| b.ticks = 7)?;
    /// # State::<Board>::create(dir.path().join("other"))?;
    /// # let schema = DynState::open(dir.path().join("other"))?.schema();
    /// let mut board = DynState::options().writable(true).open(&name)?;
    /// let migration = board.migration(&schema)?.renamed("ticks", "steps")?;
    /// board.migrate_by(&migration, &[])?;
    /// assert_eq!(board.to_json("")?, r#"{"steps":7}"#);
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`InvalidPath`](crate::ErrorKind::InvalidPath) if the one layout has no such part, or the other one no such name, or one that becomes
    /// another part.
    pub fn renamed(self, earlier: &str, path: &str) -> Result<Migration, Error> {
        let Migration { evolution, new, mut renamed } = self;
        let no_part = || no_path("the new layout has no such field or variant").inside(path);
        let evolution = evolution.renamed(earlier, path).ok_or_else(no_part)?;
        let other = renamed.iter().find(|(name, path)| !evolution.carries(name, path)).or_else(|| {
            let is_taken = |(name, other): &&(String, String)| name == earlier && other != path;
            renamed.iter().find(is_taken).filter(|_| !evolution.carries(earlier, path))
        });
        if let Some((name, other)) = other {
            return Err(
                no_path(format!("`{earlier}` cannot become it, because `{name}` becomes `{other}`")).inside(path)
            );
        }
        if !evolution.carries(earlier, path) {
            let why = format!("no `{earlier}` becomes it: the old layout has none where the new one has `{path}`");
            return Err(no_path(why).inside(path));
        }
        renamed.push((earlier.to_owned(), path.to_owned()));
        Ok(Migration { evolution, new, renamed })
    }

    /// What is lost whatever the state holds: paths of the old state.
    #[must_use]
    pub fn losses(&self) -> Vec<String> {
        self.evolution.losses(Allowed::Paths(&[]))
    }

    /// The state that `old` becomes. `allow_loss` has the paths of what may be lost, as for
    /// [`Migrate::AllowLoss`](crate::Migrate::AllowLoss).
    ///
    /// # Errors
    /// [`LayoutMismatch`](crate::ErrorKind::LayoutMismatch) with all that would be lost;
    /// [`Unsupported`](crate::ErrorKind::Unsupported) for keys that only the program with the type can arrange;
    /// [`Corrupt`](crate::ErrorKind::Corrupt) for a state of another layout; [`InvalidPath`](crate::ErrorKind::InvalidPath) if a
    /// path leads to no part of the old state; [`NoSpace`](crate::ErrorKind::NoSpace) without memory for the new one.
    pub fn apply(&self, old: &Snapshot, allow_loss: &[&str]) -> Result<Snapshot, Error> {
        self.check_paths(&owned(allow_loss))?;
        let mut new = Aligned::zeroed(self.evolution.sizes()[1])?;
        self.evolution.apply(&old.bytes, new.bytes_mut(), Allowed::Paths(&owned(allow_loss)))?;
        Ok(Snapshot { bytes: new.bytes().into(), shapes: self.evolution.new_shapes(), version: old.version })
    }

    /// Refuses paths that lead nowhere, because what was meant would be another one.
    fn check_paths(&self, allow_loss: &[String]) -> Result<(), Error> {
        match self.evolution.unknown(Allowed::Paths(allow_loss)).first() {
            None => Ok(()),
            Some(path) => {
                Err(no_path("the old state has no such part, so that nothing can be lost there").inside(path))
            }
        }
    }
}

/// The table.
impl fmt::Display for Migration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.evolution.table())
    }
}

impl fmt::Debug for Migration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl DynState {
    /// What becomes of this state under the layout that `schema` describes, a document as
    /// [`create_from_schema`](Self::create_from_schema) takes it. The state itself does not change.
    ///
    /// # Errors
    /// [`InvalidOption`](crate::ErrorKind::InvalidOption) for what is no schema.
    pub fn migration(&self, schema: &str) -> Result<Migration, Error> {
        let new = schema_of(schema)?;
        Ok(Migration { evolution: Evolution::between(&self.shapes.schema, &new)?, new, renamed: Vec::new() })
    }

    /// Moves the state to a new region of the layout that `schema` describes, while other processes use it. Fields match by their
    /// names, as for [`Migrate::Auto`](crate::Migrate::Auto); new ones are zero, because a schema has no initial values.
    ///
    /// Afterwards, this handle is one on the new region, as after [`State::recreate`](crate::State::recreate). Handles on the old
    /// one are out of service.
    ///
    /// ```
    /// use shmstate::dynamic::DynState;
    /// # use shmstate::{SharedLayout, State};
    /// # mod v1 {
    /// #     #[derive(shmstate::SharedLayout)]
    /// #     #[repr(C)]
    /// #     pub struct Board { pub ticks: u32, pub dropped: u32 }
    /// # }
    /// # #[derive(SharedLayout)]
    /// # #[repr(C)]
    /// # struct Board { ticks: u64, limit: u64 }
    /// # let dir = tempfile::tempdir()?;
    /// # let name = dir.path().join("board");
    /// # State::<v1::Board>::create(&name)?.update(|b| b.ticks = 7)?;
    /// # State::<Board>::create(dir.path().join("other"))?;
    /// # let schema = DynState::open(dir.path().join("other"))?.schema();
    /// let mut board = DynState::options().writable(true).open(&name)?;
    /// println!("{}", board.migration(&schema)?);
    /// board.migrate(&schema, &["dropped"])?;
    /// assert_eq!(board.to_json("")?, r#"{"ticks":7,"limit":0}"#);
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As for [`migration`](Self::migration) and [`Migration::apply`]; [`Permission`](crate::ErrorKind::Permission) through a
    /// handle that is not writable; otherwise as for [`State::recreate`](crate::State::recreate). Nothing has happened then.
    pub fn migrate(&mut self, schema: &str, allow_loss: &[&str]) -> Result<(), Error> {
        let migration = self.migration(schema)?;
        self.migrate_by(&migration, allow_loss)
    }

    /// The same, by a migration in which parts may have been [renamed](Migration::renamed).
    ///
    /// # Errors
    /// As for [`migrate`](Self::migrate); [`LayoutMismatch`](crate::ErrorKind::LayoutMismatch) if the migration is from another
    /// layout than this state's.
    pub fn migrate_by(&mut self, migration: &Migration, allow_loss: &[&str]) -> Result<(), Error> {
        let Migration { evolution, new, .. } = migration;
        if !evolution.is_from(&self.shapes.schema) {
            return Err(fault(ErrorKind::LayoutMismatch, "the migration is from another layout than this state has"));
        }
        let allowed = owned(allow_loss);
        migration.check_paths(&allowed)?;
        let plan = Plan::new(new.clone(), self.writable_region()?.sizes())?;
        self.succeed(&plan, |current, state| evolution.apply(current.bytes, state, Allowed::Paths(&allowed)))
    }

    /// Moves the state to a new region of other [`handles`](super::DynOptions::handles), [`copies`](super::DynOptions::copies) or
    /// [`max_copies`](super::DynOptions::max_copies), while other processes use it: see [`State::recreate`](crate::State::recreate).
    ///
    /// What `options` leave open stays as it is in the old region. The rights of the file stay as they are, and this handle keeps
    /// its own options otherwise.
    ///
    /// ```
    /// # use shmstate::dynamic::DynState;
    /// # use shmstate::State;
    /// # let dir = tempfile::tempdir()?;
    /// # let name = dir.path().join("number");
    /// # State::<u64>::options().handles(2).create(&name)?.update(|n| *n = 7)?;
    /// let mut number = DynState::options().writable(true).open(&name)?;
    /// number.recreate(&DynState::options().handles(100))?;
    /// assert_eq!((number.stats()?.handles, number.to_json("")?.as_str()), (100, "7"));
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Permission`](crate::ErrorKind::Permission) through a handle that is not writable; otherwise as for
    /// [`State::recreate`](crate::State::recreate). Nothing has happened then.
    pub fn recreate(&mut self, options: &DynOptions) -> Result<(), Error> {
        let sizes = options.sizes_or(self.writable_region()?.sizes())?;
        let plan = Plan::new(self.shapes.schema.clone(), sizes)?;
        self.succeed(&plan, |current, state| {
            state.copy_from_slice(current.bytes);
            Ok(())
        })
    }

    /// The region of a handle that may change it.
    fn writable_region(&self) -> Result<&Region, Error> {
        match &self.access {
            Access::TakingPart(session) if self.options.writable => Ok(session.region()),
            _ => Err(self.read_only()),
        }
    }

    /// Puts a new region under the name of this one, and makes this handle one on it.
    fn succeed(
        &mut self,
        plan: &Plan,
        fill: impl FnOnce(Current<'_>, &mut [u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let region = self.writable_region()?;
        let successor = Successor { plan, mode: None, limits: self.options.limits() };
        let next = region.succeed(&successor, &mut Deadline::new(self.options.timeout), fill, |region_path, new| {
            self.options.attach_new(region_path, new.file())
        })?;
        let Some(next) = next else {
            if !region.is_in_service()? {
                return Err(region.retired());
            }
            let why = "its name leads elsewhere by now: it was removed or renamed, and goes on for the processes that have it";
            return Err(ErrorRepr::Unsupported { path: region.path().to_owned(), why: why.into() }.into());
        };
        next.tell_created();
        *self = next;
        Ok(())
    }
}

fn owned(paths: &[&str]) -> Vec<String> {
    paths.iter().map(|path| (*path).to_owned()).collect()
}
