//! The catalogue of planted faults: each is at one place or more of the library, as `planted("name")` or `order("name", ..)`,
//! and in no build without `--cfg shmstate_mutants`, `--cfg shmstate_loom` or `--cfg shmstate_shuttle`.

mod commit;
mod containers;
mod files;

/// A fault.
pub struct Mutant {
    /// As it is planted.
    pub name: &'static str,
    /// What goes wrong by it, or is done otherwise.
    pub breaks: &'static str,
    /// Each of them has to fail.
    pub checks: &'static [Check],
}

/// A fault that may stay.
pub struct Harmless {
    /// As it is planted.
    pub name: &'static str,
    /// Why it does no harm.
    pub why: &'static str,
    /// Each of them has to succeed.
    pub checks: &'static [Check],
}

/// What may find a fault.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Check {
    /// A scenario under loom, and what it says then.
    Loom(&'static str, &'static str),
    /// A scenario under shuttle.
    Shuttle(&'static str),
    /// A test of the library's own.
    Unit(&'static str),
    /// A file of `tests/tests`, and a test in it.
    Process(&'static str, &'static str),
    /// An operation of the stepper: a death after each of its instructions.
    Step(&'static str),
}

/// The faults that have to be found.
pub fn mutants() -> impl Iterator<Item = &'static Mutant> {
    commit::MUTANTS.iter().chain(files::MUTANTS).chain(containers::MUTANTS)
}

/// The faults that need not.
pub fn harmless() -> impl Iterator<Item = &'static Harmless> {
    files::HARMLESS.iter().chain(containers::HARMLESS)
}
