//! The catalogue of planted faults.
//!
//! A fault is a few lines of the library that are changed. The library itself knows none of them: the program `mutants` weaves
//! all of the catalogue into a copy of the tree, builds that, and chooses one fault at a time.

mod applied;
mod archives;
mod attachment;
mod cluster;
mod commits;
mod copies;
mod creation;
mod descriptors;
mod durable;
mod elections;
mod followers;
mod guards;
mod lock;
mod marks;
mod migrations;
mod names;
mod orderings;
mod readers;
mod stamps;
mod successors;
mod symptoms;
mod waiting;
mod weave;

pub use weave::{Change, Patch, weave};

/// A fault.
pub struct Mutant {
    /// By which it is chosen.
    pub name: &'static str,
    /// What goes wrong by it, or is done otherwise.
    pub breaks: &'static str,
    /// What is changed.
    pub patches: &'static [Patch],
    /// Each of them has to fail.
    pub checks: &'static [Check],
}

/// A fault that may stay.
pub struct Harmless {
    /// By which it is chosen.
    pub name: &'static str,
    /// Why it does no harm.
    pub why: &'static str,
    /// What is changed.
    pub patches: &'static [Patch],
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
    /// A program of `tests/tests`, and a test in it.
    Process(&'static str, &'static str),
    /// An operation of the stepper: a death after each of its instructions.
    Step(&'static str),
    /// A package beside the library, a test program of it (or the package, by its name as a library), and a test in that.
    Beside(&'static str, &'static str, &'static str),
}

/// The faults that have to be found.
pub fn mutants() -> impl Iterator<Item = &'static Mutant> {
    let protocol = [
        orderings::MUTANTS,
        readers::MUTANTS,
        lock::MUTANTS,
        waiting::MUTANTS,
        elections::MUTANTS,
        followers::MUTANTS,
        copies::MUTANTS,
        commits::MUTANTS,
        guards::MUTANTS,
    ];
    let files = [creation::MUTANTS, attachment::MUTANTS, descriptors::MUTANTS, names::MUTANTS, successors::MUTANTS];
    let content = [stamps::MUTANTS, marks::MUTANTS, archives::MUTANTS, migrations::MUTANTS, applied::MUTANTS];
    let beside = [durable::MUTANTS, cluster::MUTANTS];
    protocol.into_iter().chain(files).chain(content).chain(beside).flatten()
}

/// The faults that need not.
pub fn harmless() -> impl Iterator<Item = &'static Harmless> {
    [attachment::HARMLESS, names::HARMLESS, marks::HARMLESS].into_iter().flatten()
}

/// Where the sources lie that have faults, in the tree. A file of the first folder is named without it.
pub const SOURCES: [&str; 3] = ["shmstate/src/", "shmstate-durable/src/", "shmstate-cluster/src/"];

/// The name that the catalogue has for a file, which is given in the tree.
pub fn catalogued(file: &str) -> Option<&str> {
    let [library, beside @ ..] = SOURCES;
    file.strip_prefix(library).or_else(|| beside.iter().any(|folder| file.starts_with(folder)).then_some(file))
}

/// The file of that name, in the tree.
pub fn in_tree(name: &str) -> String {
    let [library, beside @ ..] = SOURCES;
    if beside.iter().any(|folder| name.starts_with(folder)) { name.to_owned() } else { format!("{library}{name}") }
}

/// All changes of a file, by its name in the catalogue, with the fault that each belongs to.
pub fn patches(file: &str) -> impl Iterator<Item = (&'static str, Patch)> {
    all_patches().filter(move |(_, patch)| patch.file == file)
}

/// All changes, with the fault that each belongs to.
pub fn all_patches() -> impl Iterator<Item = (&'static str, Patch)> {
    let harmful = mutants().map(|mutant| (mutant.name, mutant.patches));
    let all = harmful.chain(harmless().map(|fault| (fault.name, fault.patches)));
    all.flat_map(|(name, patches)| patches.iter().map(move |patch| (name, *patch)))
}
