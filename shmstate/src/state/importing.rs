//! A new region from content that was kept elsewhere: in an exported file, or in a snapshot.

use super::handle::State;
use super::migrate::{Migrate, value};
use super::migrating::{follow, route};
use super::options::{Options, check_descriptors};
use super::txn_buffer::reset_tags;
use crate::dynamic::Snapshot;
use crate::dynamic::evolve::Aligned;
use crate::dynamic::export::Exported;
use crate::error::{Error, ErrorKind, ErrorRepr};
use crate::layout::{Origins, Schema, SharedLayout};
use crate::os::{self, ANONYMOUS, ForkGuard, Guarded};
use crate::region::{Beginning, Plan, differences};
use std::path::Path;

impl<T: SharedLayout> Options<'_, T> {
    /// Creates a state that does not exist yet, with the content of a file that
    /// [`DynState::export`](crate::dynamic::DynState::export) has written.
    ///
    /// A file of another layout is carried over as [`migrate`](Self::migrate) says; by default, as [`Migrate::Auto`] does.
    ///
    /// # Errors
    /// [`Corrupt`](crate::ErrorKind::Corrupt) for a file that is no export, or damaged;
    /// [`LayoutMismatch`](crate::ErrorKind::LayoutMismatch) with all that would be lost;
    /// [`InvalidOption`](crate::ErrorKind::InvalidOption), also for options with an `init`; otherwise as for
    /// [`create`](Self::create).
    pub fn import(mut self, file: impl AsRef<Path>, name: impl AsRef<Path>) -> Result<State<T>, Error> {
        if self.has_init() {
            let why = "`init`: a state that is imported has its content already; change it by an update";
            return Err(ErrorRepr::InvalidOption(why.into()).into());
        }
        let file = file.as_ref();
        let exported = Exported::read(file)?;
        let same = exported.schema.is_same(&Schema::of(T::LAYOUT)).then(|| Aligned::of(&exported.bytes)).transpose()?;
        // Keys whose `Hash` or `Ord` the program has written lie elsewhere in its maps than where an export puts them.
        let image = if let Some(image) = same.filter(|image| value::<T>(file, image.bytes()).is_ok()) {
            image
        } else {
            if self.migrations.is_empty() {
                self = self.migrate(Migrate::Auto);
            }
            let why = "its layout is another one than the program's type, and no migration leads there".into();
            let refused = ErrorRepr::NoExport { path: file.to_owned(), why }.into();
            let mut image = Aligned::zeroed(size_of::<T>())?;
            follow(file, &route(&self, exported.schema, refused)?, &exported.bytes, image.bytes_mut())?;
            image
        };
        value::<T>(file, image.bytes())?;
        let fill = move |state: &mut T| {
            let state: *mut T = state;
            // SAFETY: a value of the type, as was just checked, and another place of its size; a value is its bytes.
            unsafe { image.bytes().as_ptr().copy_to_nonoverlapping(state.cast(), size_of::<T>()) }
        };
        self.init(fill).create(name)
    }

    /// Opens the state, or creates it with content that was kept outside of shared memory.
    ///
    /// If there is no region of that name, `kept` is called. It gets the [lineage](State::lineage) that the new region will have,
    /// and returns the content. The region begins with the version of the snapshot, and no process sees the region before it holds
    /// this content. A snapshot of another layout is carried over as [`migrate`](Self::migrate) says, and the region begins with
    /// the next version. With `None` the region is a new one, as [`open_or_create`](Self::open_or_create) makes it.
    ///
    /// When several processes do this at once, `kept` may be called in each of them, and one of them makes the region.
    ///
    /// ```
    /// use shmstate::dynamic::Snapshot;
    /// use shmstate::{Error, State};
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let name = dir.path().join("number");
    /// let number = State::<u64>::open_or_create(&name)?;
    /// number.update(|n| *n = 7)?;
    /// let follower = number.follow()?;
    /// let kept = Snapshot::from_parts(&State::<u64>::schema(), follower.version(), follower.bytes())?;
    /// # drop(follower);
    ///
    /// shmstate::remove(&name)?; // or the machine was restarted
    /// let number = State::<u64>::options().open_or_restore(&name, |_| Ok::<_, Error>(Some(kept)))?;
    /// assert_eq!(number.read_versioned(|n, version| (*n, version))?, (7, 1));
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As for [`open_or_create`](Self::open_or_create), and what `kept` returns;
    /// [`LayoutMismatch`](crate::ErrorKind::LayoutMismatch) for a snapshot of another layout, with what would be lost;
    /// [`Corrupt`](crate::ErrorKind::Corrupt) if it is no value of the type. Nothing has been created then.
    ///
    /// # Panics
    /// With whatever `init` or `kept` panics; nothing has been created then.
    pub fn open_or_restore<E: From<Error>>(
        self,
        name: impl AsRef<Path>,
        kept: impl FnOnce(u128) -> Result<Option<Snapshot>, E>,
    ) -> Result<State<T>, E> {
        let asked = self.asked();
        let state = self.opened_or_created(name.as_ref(), |options, new| {
            let (beginning, path) = (Beginning::new(), new.region_path.path());
            new.made(|| -> Result<(), E> {
                match kept(beginning.lineage)? {
                    Some(kept) => Ok(options.restore(new.plan, path, new.file.file(), &kept, beginning.lineage)?),
                    None => Ok(options.fill(new.plan, path, new.file.file(), beginning)?),
                }
            })
        })?;
        Ok(asked.tell(Ok(state))?)
    }

    /// Creates a state without a name, with the content of a snapshot, as [`open_or_restore`](Self::open_or_restore) does.
    /// `shmstate-durable` checks backups with it.
    ///
    /// # Errors
    /// As for [`open_or_restore`](Self::open_or_restore) and [`State::anonymous`].
    #[doc(hidden)]
    pub fn restore_anonymous(self, kept: &Snapshot) -> Result<State<T>, Error> {
        let (plan, terms, path) = (self.plan()?, self.terms()?, Path::new(ANONYMOUS));
        let file = os::new_anonymous(terms.access, plan.len(), plan.room(), self.limits())?;
        self.restore(&plan, path, &file, kept, Beginning::new().lineage)?;
        check_descriptors(path, file.is_ours())?;
        State::attach_new(None, &file, terms)
    }

    /// Makes a new file a region that goes on with a snapshot.
    fn restore(self, plan: &Plan, path: &Path, file: &Guarded, kept: &Snapshot, lineage: u128) -> Result<(), Error> {
        let program = Schema::of(T::LAYOUT);
        let found = Schema::from_json(&kept.schema()).map_err(|why| Error::corrupt(path, why))?;
        let is_same = found.is_same(&program);
        let hops = if is_same {
            Vec::new()
        } else {
            let refused = mismatch(&found, &program, &Schema::with_origins(T::LAYOUT).1);
            route(&self, found, refused)?
        };
        let fork_guard =
            ForkGuard::current().map_err(|e| Error::io(path, "prepare for forks of this process, for", e))?;
        let beginning = Beginning { version: kept.version() + u64::from(!is_same), lineage };
        plan.write(path, file, fork_guard, beginning, |first| {
            // SAFETY: as many bytes as the state has, in a new file that no other process knows.
            let state = unsafe { std::slice::from_raw_parts_mut(first, plan.size()) };
            if is_same {
                state.copy_from_slice(kept.bytes());
            } else {
                follow(path, &hops, kept.bytes(), state)?;
            }
            let state = value::<T>(path, state)?.cast_mut();
            // SAFETY: a value, in memory that is borrowed for this call.
            reset_tags(unsafe { &mut *state });
            Ok(())
        })
    }
}

/// The error for a snapshot of layout `found` where a program has another type: there is no region that it could be about.
fn mismatch(found: &Schema, program: &Schema, origins: &Origins) -> Error {
    let (name, table, losses) = differences(found, program, origins);
    let migrate = if losses.is_empty() { "Migrate::Auto".into() } else { format!("Migrate::AllowLoss(&{losses:?})") };
    let why = format!(
        "what was kept has another layout than the program's type `{name}`:\n{table}\nrun the program that kept it; or have it carried \
         over by the option (cargo feature `dynamic`):\n  migrate({migrate})"
    );
    ErrorRepr::View { kind: ErrorKind::LayoutMismatch, at: String::new(), why }.into()
}
