//! A new region, of a type that is given as a schema.

use super::edit::Edit;
use super::options::DynOptions;
use super::shape::{Form, Shapes};
use super::state::DynState;
use crate::commit::{Clock, MAX_COPIES, MAX_SLOTS};
use crate::error::{Error, ErrorKind, ErrorRepr};
use crate::layout::Schema;
use crate::os::{self, ANONYMOUS, Deadline, ForkGuard, Guarded, Limits, NewFile, RegionKey, RegionPath};
use crate::region::{Beginning, Plan, Sizes, remove_name};
use std::path::Path;

/// The largest alignment of a state.
const MOST_ALIGNED: u32 = 4096;

/// Makes the content of a new state, which has no name yet.
pub(super) type Fill<'a> = dyn Fn(&DynState) -> Result<(), Error> + 'a;

impl DynState {
    /// Creates a state that does not exist yet, of the type that `schema` describes, with everything zero, empty or `false`. The
    /// handle can update it.
    ///
    /// The schema is a document as [`schema`](Self::schema) gives it, or as [`assert_layout!`](crate::assert_layout) keeps it, with
    /// or without white space. It does not contain the values of `#[shared(init = …)]` in a program's type: those fields are zero
    /// too.
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

/// Takes the name of a region away that could not be filled.
struct Unname<'a> {
    region_path: &'a RegionPath,
    key: RegionKey,
}

impl Drop for Unname<'_> {
    fn drop(&mut self) {
        // What could not be filled is said; that it is still there is found by the next one that wants the name.
        let _ = remove_name(self.region_path, |key| key == self.key);
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

    /// [`create_from_schema`](Self::create_from_schema), with an update that `init` makes before the state has its name, so that no
    /// process sees the state without the update. Without `/proc`, the state gets its name first, and other processes may see its
    /// zeroes.
    ///
    /// # Errors
    /// As for [`DynState::create_from_schema`], and what `init` returns; the name is free then.
    pub fn create_from_schema_with(
        self,
        name: impl AsRef<Path>,
        schema: &str,
        init: impl Fn(&mut Edit<'_>) -> Result<(), Error>,
    ) -> Result<DynState, Error> {
        self.create_with(name.as_ref(), schema, Some(&|state: &DynState| state.update(&init)))
    }

    /// Opens the state, or creates it, of the type that `schema` describes, as
    /// [`create_from_schema_with`](Self::create_from_schema_with) does. The handle can update it.
    ///
    /// ```
    /// # use shmstate::State;
    /// use shmstate::dynamic::{Declaration, DynState};
    ///
    /// let mut types = Declaration::new();
    /// let number = types.library("u64", &[], 0)?;
    /// let schema = types.schema(number)?;
    /// # let dir = tempfile::tempdir()?;
    /// # let name = dir.path().join("number");
    /// for _ in 0..2 {
    ///     let state = DynState::options().open_or_create_from_schema(&name, &schema, |v| v.set("", 7u64))?;
    ///     assert_eq!(state.to_json("")?, "7");
    /// }
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`LayoutMismatch`](ErrorKind::LayoutMismatch) if the region is of another type; otherwise as for
    /// [`State::open_or_create`](crate::State::open_or_create), and what `init` returns.
    pub fn open_or_create_from_schema(
        mut self,
        name: impl AsRef<Path>,
        schema: &str,
        init: impl Fn(&mut Edit<'_>) -> Result<(), Error>,
    ) -> Result<DynState, Error> {
        self.writable = true;
        let (name, mut clock) = (name.as_ref(), Deadline::new(self.timeout));
        loop {
            match self.clone().open(name) {
                Err(e) if e.kind() == ErrorKind::NotFound => {}
                opened => return opened.and_then(|state| state.check_schema(schema).map(|()| state)),
            }
            match self.clone().create_from_schema_with(name, schema, &init) {
                // Another process was faster; or it has removed it again since.
                Err(e) if e.kind() == ErrorKind::AlreadyExists && clock.remaining().is_some() => {}
                made => return made,
            }
        }
    }

    /// Creates a state that begins with zeroes, or with what `fill` makes of them.
    pub(super) fn create_with(mut self, name: &Path, schema: &str, fill: Option<&Fill<'_>>) -> Result<DynState, Error> {
        self.writable = true;
        let (access, plan) = (self.access()?, self.plan(schema)?);
        let region_path = RegionPath::find(name)?;
        // Said before the work; whether it is so is decided by the link.
        let is_free = || match region_path.now()? {
            None => Ok(()),
            Some(_) => Err(Error::from(ErrorRepr::AlreadyExists { path: region_path.path().to_owned() })),
        };
        is_free()?;
        let _turn = region_path.turn(plan.room(), &mut Deadline::new(self.timeout));
        is_free()?;
        let new = region_path.new_file(access, plan.len(), plan.room(), self.limits())?;
        make(&plan, region_path.path(), new.file())?;
        self.publish(&region_path, &new, fill)
    }

    /// Creates a state without a name, of the type that `schema` describes: see [`State::anonymous`](crate::State::anonymous).
    ///
    /// # Errors
    /// As for [`DynState::create_from_schema`].
    pub fn anonymous_from_schema(mut self, schema: &str) -> Result<DynState, Error> {
        self.writable = true;
        let plan = self.plan(schema)?;
        let file = os::new_anonymous(self.access()?, plan.len(), plan.room(), self.limits())?;
        make(&plan, Path::new(ANONYMOUS), &file)?;
        self.attach_anonymous(&file)
    }

    /// Attaches to a new region and gives it its name: in this order, so that a name is given only when nothing else can fail.
    fn publish(&self, region_path: &RegionPath, new: &NewFile, fill: Option<&Fill<'_>>) -> Result<DynState, Error> {
        let (state, named) = match self.attach_new(region_path, new.file()) {
            // Without `/proc`, a file that has no name cannot be opened a second time.
            Err(e) if e.kind() == ErrorKind::NotFound => {
                new.link(region_path)?;
                let unless_filled = Unname { region_path, key: os::opened_as(region_path.path(), new.file())? };
                (self.attach_new(region_path, new.file())?, Some(unless_filled))
            }
            attached => (attached?, None),
        };
        fill.map_or(Ok(()), |fill| fill(&state))?;
        match named {
            Some(unless_filled) => std::mem::forget(unless_filled),
            None => new.link(region_path)?,
        }
        state.tell_created();
        Ok(state)
    }

    pub(super) fn limits(&self) -> Limits {
        if self.ignore_memory_limits { Limits::Ignored } else { Limits::Respected }
    }

    /// What the region will be.
    fn plan(&self, schema: &str) -> Result<Plan, Error> {
        let schema = schema_of(schema)?;
        let sizes = self.sizes_or(Sizes { copies: 3, max_copies: 0, handles: 64 });
        Plan::new(schema, sizes?)
    }

    /// The sizes of a new region that is as one of these sizes, where nothing else was said.
    pub(super) fn sizes_or(&self, sizes: Sizes) -> Result<Sizes, Error> {
        let invalid = |why: String| Error::from(ErrorRepr::InvalidOption(why));
        let copies = self.copies.unwrap_or(sizes.copies);
        let max_copies = self.max_copies.unwrap_or(sizes.max_copies.max(copies));
        let handles = self.handles.unwrap_or(sizes.handles);
        if !(2..=MAX_COPIES).contains(&copies) || !(copies..=MAX_COPIES).contains(&max_copies) {
            let why = format!(
                "`copies({copies})`, `max_copies({max_copies})`: a region has 2 to {MAX_COPIES}, and at least `copies`"
            );
            return Err(invalid(why));
        }
        if !(1..=MAX_SLOTS).contains(&handles) {
            return Err(invalid(format!("`handles({handles})`: a region has 1 to {MAX_SLOTS} handles")));
        }
        Ok(Sizes { copies, max_copies, handles })
    }
}

/// The schema of a state that can be made.
pub(super) fn schema_of(schema: &str) -> Result<Schema, Error> {
    let invalid = |why: String| Error::from(ErrorRepr::InvalidOption(format!("the schema: {why}")));
    let schema = Schema::from_json(schema).map_err(invalid)?;
    let shapes = Shapes::new(&schema).map_err(invalid)?;
    check_zeroes(&shapes).map_err(invalid)?;
    if schema.root().is_some_and(|root| root.align > MOST_ALIGNED) {
        return Err(invalid(format!("a state is aligned to at most {MOST_ALIGNED} bytes")));
    }
    Ok(schema)
}

/// Makes a new file, of zeroes, the region.
fn make(plan: &Plan, path: &Path, file: &Guarded) -> Result<(), Error> {
    let fork_guard = ForkGuard::current().map_err(|e| Error::io(path, "prepare for forks of this process, for", e))?;
    // Zeroes are the value that a new state starts with.
    plan.write(path, file, fork_guard, Beginning::new(), |_| Ok(()))
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
