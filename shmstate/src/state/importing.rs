//! A new region of what was exported.

use super::handle::State;
use super::migrate::{Migrate, value};
use super::migrating::{follow, route};
use super::options::Options;
use crate::dynamic::evolve::Aligned;
use crate::dynamic::export::Exported;
use crate::error::{Error, Trouble};
use crate::layout::{Schema, SharedLayout};
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
            return Err(Trouble::InvalidOption(why.into()).into());
        }
        let file = file.as_ref();
        let exported = Exported::read(file)?;
        let image = if exported.schema.is_same(&Schema::of(T::LAYOUT)) {
            Aligned::of(&exported.bytes)
        } else {
            if self.migrations.is_empty() {
                self = self.migrate(Migrate::Auto);
            }
            let why = "its layout is another one than the program's type, and no migration leads there".into();
            let refused = Trouble::NoExport { path: file.to_owned(), why }.into();
            let mut image = Aligned::zeroed(size_of::<T>());
            follow(&route(&self, exported.schema, refused)?, &exported.bytes, image.bytes_mut())?;
            image
        };
        value::<T>(image.bytes())?;
        let fill = move |state: &mut T| {
            let state: *mut T = state;
            // SAFETY: a value of the type, as was just checked, and another place of its size; a value is its bytes.
            unsafe { image.bytes().as_ptr().copy_to_nonoverlapping(state.cast(), size_of::<T>()) }
        };
        self.init(fill).create(name)
    }
}
