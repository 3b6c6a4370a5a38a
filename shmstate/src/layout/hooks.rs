//! Code of a type that a migration calls.

#[cfg(feature = "dynamic")]
use super::contract::SharedLayout;
use super::describe::Layout;

/// What a migration needs of a type, and no description says: code of the type, which runs on a value that no other code uses.
///
/// The hooks exist with the feature `dynamic`, which migrates. Without it, no program has to contain the code.
#[derive(Clone, Copy)]
pub(crate) struct Hooks {
    /// Gives the fields with `#[shared(init = …)]` their values.
    ///
    /// # Safety
    /// The place holds zeroes, as many as the type has bytes, and is aligned.
    pub(crate) initialize: Option<unsafe fn(*mut u8)>,
    /// Puts the entries of a map or set where this program's `Hash` or `Ord` wants them. Returns how many it dropped because
    /// their keys are equal to others.
    ///
    /// # Safety
    /// The place holds a value, except that its entries may lie elsewhere, and is aligned.
    pub(crate) rebuild: Option<unsafe fn(*mut u8) -> usize>,
}

impl Hooks {
    /// No code.
    pub(crate) const NONE: Hooks = Hooks { initialize: None, rebuild: None };
}

/// Two descriptions that differ only in their code are equal.
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

    /// Without the feature, there is no code.
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
