//! A state goes on under another layout, without the program that has the type.

use super::create::schema_of;
use super::evolve::{Aligned, Allowed, Evolution};
use super::state::{Access, DynState, Snapshot};
use crate::error::{Error, Trouble};
use crate::layout::Schema;
use crate::os::{Deadline, Limits};
use crate::region::{Plan, Successor};
use std::fmt;

/// What becomes of states of one layout under another one: [`DynState::migration`]. It is displayed as a table of the
/// differences.
pub struct Migration {
    evolution: Evolution,
    new: Schema,
}

impl Migration {
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
    /// [`Corrupt`](crate::ErrorKind::Corrupt) for a state of another layout.
    pub fn apply(&self, old: &Snapshot, allow_loss: &[&str]) -> Result<Snapshot, Error> {
        let mut new = Aligned::zeroed(self.evolution.sizes()[1]);
        self.evolution.apply(&old.bytes, new.bytes_mut(), Allowed::Paths(&owned(allow_loss)))?;
        Ok(Snapshot { bytes: new.bytes().into(), shapes: self.evolution.new_shapes(), version: old.version })
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
    /// [`create_from_schema`](Self::create_from_schema) takes it. Nothing happens to it.
    ///
    /// # Errors
    /// [`InvalidOption`](crate::ErrorKind::InvalidOption) for what is no schema.
    pub fn migration(&self, schema: &str) -> Result<Migration, Error> {
        let new = schema_of(schema)?;
        Ok(Migration { evolution: Evolution::between(&self.shapes.schema, &new)?, new })
    }

    /// Moves the state to a new region of the layout that `schema` describes, while other processes use it. Fields match by their
    /// names, as for [`Migrate::Auto`](crate::Migrate::Auto); new ones are zero, because a schema has no initial values.
    ///
    /// This handle is one on the new region then, as after [`State::recreate`](crate::State::recreate). Handles on the old one
    /// are out of service.
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
        let Access::TakingPart(session) = &self.access else { return Err(self.read_only()) };
        if !self.options.writable {
            return Err(self.read_only());
        }
        let (region, allowed) = (session.region(), owned(allow_loss));
        let Migration { evolution, new } = self.migration(schema)?;
        let plan = Plan::new(new, region.sizes())?;
        let limits = if self.options.ignore_memory_limits { Limits::Ignored } else { Limits::Respected };
        let successor = Successor { plan: &plan, mode: None, limits };
        let next = region.succeed(
            &successor,
            &mut Deadline::new(self.options.timeout),
            |current, state| evolution.apply(current.bytes, state, Allowed::Paths(&allowed)),
            |region_path, new| self.options.attach_new(region_path, new.file()),
        )?;
        let Some(next) = next else {
            if !region.is_in_service()? {
                return Err(region.retired());
            }
            let why = "its name leads elsewhere by now: it was removed or renamed, and goes on for the processes that have it";
            return Err(Trouble::Unsupported { path: region.path().to_owned(), why: why.into() }.into());
        };
        next.tell_created();
        *self = next;
        Ok(())
    }
}

fn owned(paths: &[&str]) -> Vec<String> {
    paths.iter().map(|path| (*path).to_owned()).collect()
}
