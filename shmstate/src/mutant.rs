//! Planted faults, for the tests that prove that the tests can fail.
//!
//! Built with `--cfg shmstate_mutants`, or for loom or shuttle, the environment variable `SHMSTATE_MUTANT` names the fault that this
//! process has. In every other build [`planted`] is the constant `false`, [`order`] is its second argument, and neither
//! leaves a trace in the program.
//!
//! `tests/src/mutants` is the catalogue of all names; a test sees to it that it is complete.

use crate::sync::Ordering;

/// Whether this process runs with the fault of that name.
#[cfg(any(shmstate_loom, shmstate_shuttle, shmstate_mutants))]
pub(crate) fn planted(name: &str) -> bool {
    use std::sync::OnceLock;
    static MUTANT: OnceLock<String> = OnceLock::new();
    MUTANT.get_or_init(|| std::env::var("SHMSTATE_MUTANT").unwrap_or_default()) == name
}

/// Whether this process runs with the fault of that name: never, in this build.
#[cfg(not(any(shmstate_loom, shmstate_shuttle, shmstate_mutants)))]
#[inline(always)]
pub(crate) const fn planted(_name: &str) -> bool {
    false
}

/// The ordering of the access that carries `label`, or the `weaker` one if the fault of that name is planted.
#[cfg(any(shmstate_loom, shmstate_shuttle, shmstate_mutants))]
pub(crate) fn order(label: &str, right: Ordering, weaker: Ordering) -> Ordering {
    if planted(label) { weaker } else { right }
}

/// The ordering of the access that carries `label`.
#[cfg(not(any(shmstate_loom, shmstate_shuttle, shmstate_mutants)))]
#[inline(always)]
pub(crate) const fn order(_label: &str, right: Ordering, _weaker: Ordering) -> Ordering {
    right
}
