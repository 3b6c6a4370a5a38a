//! Code of a type that a migration calls.

#[cfg(feature = "dynamic")]
use super::contract::SharedLayout;
use super::describe::Layout;

/// What a migration needs of a type that no description says: by its own code, on a value that no other code has.
///
/// They are there with the feature `dynamic`, which migrates; else no program has to carry the code.
#[derive(Clone, Copy)]
pub(crate) struct Hooks {
    /// Gives the fields with `#[shared(init = …)]` their values.
    ///
    /// # Safety
    /// The place holds zeroes, as many as the type has bytes, and is aligned.
    pub(crate) initialize: Option<unsafe fn(*mut u8)>,
    /// Puts the entries of a map or set where this program's `Hash` or `Ord` wants them. Returns how many are gone, because
    /// their keys are equal to others.
    ///
    /// # Safety
    /// The place holds a value, but for where its entries lie, and is aligned.
    pub(crate) rebuild: Option<unsafe fn(*mut u8) -> usize>,
}

impl Hooks {
    /// No code.
    pub(crate) const NONE: Hooks = Hooks { initialize: None, rebuild: None };
}

/// Code makes no two descriptions different.
impl PartialEq for Hooks {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Hooks {}

impl std::fmt::Debug for Hooks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hooks")
    }
}

impl Layout {
    /// With code for the entries of a map or set: see [`Hooks::rebuild`].
    pub(crate) const fn rebuilt_by(mut self, rebuild: Option<unsafe fn(*mut u8) -> usize>) -> Layout {
        self.hooks.rebuild = rebuild;
        self
    }

    /// With the initial values of `S`, whose description it is.
    #[cfg(feature = "dynamic")]
    pub(super) const fn initialized_as<S: SharedLayout>(mut self) -> Layout {
        if S::HAS_INIT {
            self.hooks.initialize = Some(initialize::<S>);
        }
        self
    }

    /// The same: no code without the feature.
    #[cfg(not(feature = "dynamic"))]
    #[allow(clippy::extra_unused_type_parameters, reason = "the feature uses it")]
    pub(super) const fn initialized_as<S>(self) -> Layout {
        self
    }
}

/// [`Hooks::initialize`] of `S`.
///
/// # Safety
/// As there.
#[cfg(feature = "dynamic")]
unsafe fn initialize<S: SharedLayout>(place: *mut u8) {
    // SAFETY: the caller's promise: zeroes are a value.
    S::initialize(unsafe { &mut *place.cast::<S>() });
}
