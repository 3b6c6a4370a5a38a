//! Planted faults, for the tests that prove that the tests can fail.
//!
//! Built with `--cfg shmstate_mutants`, the environment variable `SHMSTATE_MUTANT` names the fault that this process
//! has. In every other build [`planted`] is the constant `false` and leaves no trace in the program.

/// Whether this process runs with the fault of that name.
#[cfg(shmstate_mutants)]
pub(crate) fn planted(name: &str) -> bool {
    use std::sync::OnceLock;
    static MUTANT: OnceLock<String> = OnceLock::new();
    MUTANT.get_or_init(|| std::env::var("SHMSTATE_MUTANT").unwrap_or_default()) == name
}

/// Whether this process runs with the fault of that name: never, in this build.
#[cfg(not(shmstate_mutants))]
#[inline(always)]
pub(crate) const fn planted(_name: &str) -> bool {
    false
}
