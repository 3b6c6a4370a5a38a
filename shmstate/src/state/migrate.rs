//! What the program does with a state of an earlier layout: [`Migrate`].

use crate::dynamic::evolve::Aligned;
use crate::error::{Error, ErrorRepr};
use crate::layout::{Layout, SharedLayout, ValidityError};
use std::any::type_name;
use std::fmt;
use std::path::Path;

/// What to do with a region of another layout than the program's type: [`Options::migrate`](crate::Options::migrate).
///
/// [The chapter on changing a struct](mod@crate::changing) shows all of it.
#[derive(Debug)]
#[non_exhaustive]
pub enum Migrate<'a> {
    /// Whatever has a place in the new type is carried over: fields by their names, numbers into wider ones, containers into larger
    /// ones, or into smaller ones if their content fits. If anything would be lost, opening fails, and the error lists it.
    Auto,
    /// Like [`Auto`](Migrate::Auto), but what is at these paths, or inside of it, may be lost. The paths are those of the old type,
    /// as the error of `Auto` names them: `ticks`, `rooms[..].name`. A path that an older type does not have does no harm, because
    /// the program may meet several older types; an error for losses names such a path.
    AllowLoss(&'a [&'a str]),
    /// Code of the program that leads from an earlier type, which the program still has, to a later one: see [`Migrate::with`].
    With(Typed<'a>),
}

/// A migration by code of the program: [`Migrate::with`].
pub struct Typed<'a> {
    pub(super) old: &'static Layout,
    pub(super) new: &'static Layout,
    run: Run<'a>,
}

/// Gets the path of the old state, its bytes, and those of the new one.
type Run<'a> = Box<dyn Fn(&Path, &[u8], &mut [u8]) -> Result<(), Error> + 'a>;

impl<'a> Migrate<'a> {
    /// A migration by code of the program. The program keeps the old type. The new type is the state's type, or an older one from
    /// which another migration leads on.
    ///
    /// The new value holds whatever [`Auto`](Migrate::Auto) carries over; all else in it is as in a new state. What may be lost is
    /// up to `migrate`. If it returns an error, or panics, nothing has happened.
    ///
    /// ```
    /// use shmstate::{Migrate, SharedLayout, State};
    ///
    /// mod v1 {
    ///     #[derive(shmstate::SharedLayout)]
    ///     #[repr(C)]
    ///     pub struct Account { pub euros: u64, pub bookings: u64 }
    /// }
    ///
    /// #[derive(SharedLayout)]
    /// #[repr(C)]
    /// struct Account { cents: u64, bookings: u64 }
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let name = dir.path().join("account");
    /// # State::<v1::Account>::create(&name)?.update(|a| (a.euros, a.bookings) = (7, 2))?;
    /// let in_cents = |old: &v1::Account, new: &mut Account| {
    ///     new.cents = old.euros.checked_mul(100).ok_or("too many euros")?;
    ///     Ok::<_, &str>(())
    /// };
    /// let account = State::<Account>::options().migrate(Migrate::with(in_cents)).open(&name)?;
    /// assert_eq!(account.read(|a| (a.cents, a.bookings))?, (700, 2));
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    pub fn with<Old, New, E>(migrate: impl Fn(&Old, &mut New) -> Result<(), E> + 'a) -> Migrate<'a>
    where
        Old: SharedLayout,
        New: SharedLayout,
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        const { Old::ASSERTIONS }
        const { New::ASSERTIONS }
        const { assert!(align_of::<Old>() <= Aligned::TO && align_of::<New>() <= Aligned::TO) }
        let run = move |path: &Path, old: &[u8], new: &mut [u8]| {
            let old = Aligned::of(old)?;
            let old: *const Old = value::<Old>(path, old.bytes())?;
            let new = value::<New>(path, new)?.cast_mut();
            // SAFETY: a value, in memory that is not changed before the closure has returned.
            let old = unsafe { &*old };
            // SAFETY: a value, in memory that is borrowed for this call.
            let new = unsafe { &mut *new };
            migrate(old, new).map_err(|error| refused::<Old, New>(path, error.into()))
        };
        Migrate::With(Typed { old: Old::LAYOUT, new: New::LAYOUT, run: Box::new(run) })
    }
}

impl Typed<'_> {
    /// Changes the new state, which holds what could be carried over. Errors name `path`, where the old one is.
    pub(super) fn run(&self, path: &Path, old: &[u8], new: &mut [u8]) -> Result<(), Error> {
        (self.run)(path, old, new)
    }
}

impl fmt::Debug for Typed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Typed({} to {})", self.old.name, self.new.name)
    }
}

/// These bytes as a value of `S`. Errors name `path`, where they come from.
///
/// # Errors
/// If they are no value of `S`.
pub(super) fn value<S: SharedLayout>(path: &Path, bytes: &[u8]) -> Result<*const S, Error> {
    let value = bytes.as_ptr().cast::<S>();
    if bytes.len() != size_of::<S>() || !value.is_aligned() {
        return Err(Error::invalid_state(path, &ValidityError::new("it is of another size")));
    }
    // SAFETY: aligned, and as many initialised bytes as the type has, which are borrowed.
    unsafe { S::validate(value) }.map_err(|e| Error::invalid_state(path, &e))?;
    Ok(value)
}

/// The error for one that the program's code has returned; an error of this library is passed on as it is.
fn refused<Old: SharedLayout, New: SharedLayout>(
    path: &Path,
    error: Box<dyn std::error::Error + Send + Sync>,
) -> Error {
    let (path, old, new) = (path.to_owned(), type_name::<Old>(), type_name::<New>());
    match error.downcast::<Error>() {
        Ok(error) => *error,
        Err(source) => ErrorRepr::NotMigrated { path, old, new, source }.into(),
    }
}
