//! What to do with a region that cannot be used.
//!
//! The user of a `State` replaces or removes it. A package that opens regions for its user, as `shmstate-durable` does, has other ways
//! out, and says them.

use super::phrases::Quoted;
use super::{Error, ErrorRepr};
use std::fmt;
use std::path::Path;

/// What the user of a package does with a region that cannot be used, instead of what the user of a [`State`](crate::State) does.
#[derive(Clone, Debug)]
pub struct Remedy {
    /// How to do without the region: an imperative.
    pub without: String,
    /// How the state is carried over, if it can be.
    pub carry_over: Option<CarryOver>,
}

/// A call that carries a state over.
#[derive(Clone, Debug)]
pub struct CarryOver {
    /// The type that has the options, instead of `State`.
    pub handle: &'static str,
    /// What is called after `migrate`.
    pub open: String,
}

impl Error {
    /// Says what helps, if it is about a region that cannot be used. For `shmstate-durable` and `shmstate-cluster`, whose users have
    /// no [`open_or_replace`](crate::State::open_or_replace).
    #[doc(hidden)]
    #[must_use]
    pub fn with_remedy(mut self, helps: impl FnOnce() -> Remedy) -> Error {
        if let ErrorRepr::LayoutMismatch { remedy, .. }
        | ErrorRepr::OtherRule { remedy, .. }
        | ErrorRepr::Corrupt { remedy, .. }
        | ErrorRepr::UnknownFormat { remedy, .. }
        | ErrorRepr::Rebooted { remedy, .. } = &mut *self.0
        {
            *remedy = Some(Box::new(helps()));
        }
        self
    }
}

/// How to do without the region; otherwise what the user of a `State` does.
pub(super) struct Or<'a>(pub(super) Option<&'a Remedy>, pub(super) &'static str);

impl fmt::Display for Or<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(remedy) => write!(f, " {}", remedy.without),
            None => f.write_str(self.1),
        }
    }
}

/// The line that opens a region of another layout.
pub(super) struct CarriedOver<'a> {
    pub(super) name: &'a str,
    pub(super) losses: &'a [String],
    pub(super) path: &'a Path,
    pub(super) remedy: Option<&'a Remedy>,
}

impl fmt::Display for CarriedOver<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let CarriedOver { name, losses, path, remedy } = self;
        let (feature, handle, open) = match remedy {
            None => (" (cargo feature `dynamic`)", "State", format!(".open({path:?})")),
            Some(Remedy { carry_over: Some(by), .. }) => ("", by.handle, by.open.clone()),
            Some(Remedy { carry_over: None, .. }) => return Ok(()),
        };
        write!(f, "; or carry it over{feature}:\n  {handle}::<{name}>::options().migrate(")?;
        match losses {
            [] => f.write_str("Migrate::Auto")?,
            losses => write!(f, "Migrate::AllowLoss(&[{}])", Quoted(losses))?,
        }
        write!(f, "){open}")
    }
}

/// What has the entries of maps arranged anew.
pub(super) struct Anew<'a>(pub(super) Option<&'a Remedy>);

impl fmt::Display for Anew<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (handle, feature) = match self.0 {
            None => ("", " (cargo feature `dynamic`)"),
            Some(Remedy { carry_over: Some(by), .. }) => (by.handle, ""),
            Some(Remedy { carry_over: None, .. }) => return Ok(()),
        };
        let colons = if handle.is_empty() { "" } else { "::" };
        write!(
            f,
            "; or have its entries arranged anew with `{handle}{colons}options().migrate(Migrate::Auto)`{feature}"
        )
    }
}
