//! A new region, of a type that is given as a schema.

use super::options::DynOptions;
use super::shape::{Form, Shapes};
use super::state::DynState;
use crate::commit::{MAX_COPIES, MAX_SLOTS};
use crate::error::{Error, ErrorKind, Trouble};
use crate::layout::Schema;
use crate::os::{self, ANONYMOUS, Deadline, ForkGuard, Guarded, Limits, NewFile, RegionPath};
use crate::region::{Plan, Sizes};
use std::path::Path;

/// The largest alignment of a state.
const MOST_ALIGNED: u32 = 4096;

impl DynState {
    /// Creates a state that does not exist yet, of the type that `schema` describes, with everything zero, empty or `false`. The
    /// handle can update it.
    ///
    /// The schema is a document as [`schema`](Self::schema) gives it, or as [`assert_layout!`](crate::assert_layout) keeps it,
    /// with or without white space. What a program's type has for `#[shared(init = …)]` is not in it: those fields are zero too.
    ///
    /// ```
    /// use shmstate::dynamic::DynState;
    /// use shmstate::{SharedLayout, State, Text};
    ///
    /// #[derive(SharedLayout)]
    /// #[repr(C)]
    /// struct Board { ticks: u64, owner: Text<32> }
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let board = State::<Board>::create(dir.path().join("board"))?;
    /// let schema = DynState::open(dir.path().join("board"))?.schema();
    /// let copy = DynState::create_from_schema(dir.path().join("copy"), &schema)?;
    /// copy.from_json("", r#"{"ticks": 7, "owner": "me"}"#)?;
    /// let typed = State::<Board>::open(dir.path().join("copy"))?;
    /// assert_eq!(typed.read(|s| s.ticks)?, 7);
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`InvalidOption`](ErrorKind::InvalidOption) for what is no schema; otherwise as for
    /// [`State::create`](crate::State::create).
    pub fn create_from_schema(name: impl AsRef<Path>, schema: &str) -> Result<DynState, Error> {
        Self::options().create_from_schema(name, schema)
    }
}

impl DynOptions {
    /// Creates a state of the type that `schema` describes: see [`DynState::create_from_schema`]. The handle can update it.
    ///
    /// # Errors
    /// As for [`DynState::create_from_schema`].
    pub fn create_from_schema(self, name: impl AsRef<Path>, schema: &str) -> Result<DynState, Error> {
        self.create_with(name.as_ref(), schema, None)
    }

    /// Creates a state that begins with zeroes, or with these bytes.
    pub(super) fn create_with(mut self, name: &Path, schema: &str, content: Option<&[u8]>) -> Result<DynState, Error> {
        self.writable = true;
        let (access, plan) = (self.access()?, self.plan(schema)?);
        let region_path = RegionPath::find(name)?;
        // Said before the work; whether it is so is decided by the link.
        let is_free = || match region_path.now()? {
            None => Ok(()),
            Some(_) => Err(Error::from(Trouble::AlreadyExists { path: region_path.path().to_owned() })),
        };
        is_free()?;
        let _turn = region_path.turn(plan.room(), &mut Deadline::new(self.timeout));
        is_free()?;
        let new = region_path.new_file(access, plan.len(), plan.room(), self.limits())?;
        fill(&plan, region_path.path(), new.file())?;
        self.publish(&region_path, &new, content)
    }

    /// Creates a state without a name, of the type that `schema` describes: see [`State::anonymous`](crate::State::anonymous).
    ///
    /// # Errors
    /// As for [`DynState::create_from_schema`].
    pub fn anonymous_from_schema(mut self, schema: &str) -> Result<DynState, Error> {
        self.writable = true;
        let plan = self.plan(schema)?;
        let file = os::new_anonymous(self.access()?, plan.len(), plan.room(), self.limits())?;
        fill(&plan, Path::new(ANONYMOUS), &file)?;
        self.attach_anonymous(&file)
    }

    /// Attaches to a new region and gives it its name: in this order, so that a name is given only when nothing else can fail.
    fn publish(&self, region_path: &RegionPath, new: &NewFile, content: Option<&[u8]>) -> Result<DynState, Error> {
        let filled = |state: DynState| content.map_or(Ok(()), |bytes| state.put(bytes)).map(|()| state);
        let state = match self.attach_new(region_path, new.file()).and_then(filled) {
            // Without `/proc`, a file that has no name cannot be opened a second time.
            Err(e) if e.kind() == ErrorKind::NotFound => {
                new.link(region_path)?;
                self.attach_new(region_path, new.file()).and_then(filled)?
            }
            state => {
                let state = state?;
                new.link(region_path)?;
                state
            }
        };
        state.tell_created();
        Ok(state)
    }

    fn limits(&self) -> Limits {
        if self.ignore_memory_limits { Limits::Ignored } else { Limits::Respected }
    }

    /// What the region will be.
    fn plan(&self, schema: &str) -> Result<Plan, Error> {
        let invalid = |why: String| Error::from(Trouble::InvalidOption(why));
        let schema = schema_of(schema)?;
        let (copies, max_copies, handles) = (self.copies, self.max_copies.unwrap_or(self.copies), self.handles);
        if !(2..=MAX_COPIES).contains(&copies) || !(copies..=MAX_COPIES).contains(&max_copies) {
            let why = format!(
                "`copies({copies})`, `max_copies({max_copies})`: a region has 2 to {MAX_COPIES}, and at least `copies`"
            );
            return Err(invalid(why));
        }
        if !(1..=MAX_SLOTS).contains(&handles) {
            return Err(invalid(format!("`handles({handles})`: a region has 1 to {MAX_SLOTS} handles")));
        }
        Plan::new(schema, Sizes { copies, max_copies, handles })
    }
}

/// The schema of a state that can be made.
pub(super) fn schema_of(schema: &str) -> Result<Schema, Error> {
    let invalid = |why: String| Error::from(Trouble::InvalidOption(format!("the schema: {why}")));
    let schema = Schema::from_json(schema).map_err(invalid)?;
    let shapes = Shapes::new(&schema).map_err(invalid)?;
    check_zeroes(&shapes).map_err(invalid)?;
    if schema.root().is_some_and(|root| root.align > MOST_ALIGNED) {
        return Err(invalid(format!("a state is aligned to at most {MOST_ALIGNED} bytes")));
    }
    Ok(schema)
}

/// Makes a new file, of zeroes, the region.
fn fill(plan: &Plan, path: &Path, file: &Guarded) -> Result<(), Error> {
    let fork_guard = ForkGuard::current().map_err(|e| Error::io(path, "prepare for forks of this process, for", e))?;
    // Zeroes are the value that a new state starts with.
    plan.write(path, file, fork_guard, 0, |_| Ok(()))
}

/// Whether zeroes are a value of every type, as they are of each that the derive accepts.
fn check_zeroes(shapes: &Shapes) -> Result<(), String> {
    for shape in shapes.all() {
        match &shape.form {
            Form::Enum { variants, .. } if variants.iter().all(|variant| variant.value != 0) => {
                return Err(format!("the enum `{}` has no variant of value 0, which a new state has", shape.name));
            }
            Form::Set(set) | Form::Map { set, .. } if set.keys.items.capacity == 0 => {
                return Err(format!("`{}` has no room for anything", shape.name));
            }
            Form::Ring { items, .. } | Form::Queue { items, .. } if items.capacity == 0 => {
                return Err(format!("`{}` has no room for anything", shape.name));
            }
            _ => {}
        }
    }
    Ok(())
}
