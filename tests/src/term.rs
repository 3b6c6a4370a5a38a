//! A state in which the elected process counts.

use shmstate::SharedLayout;

/// Which process is elected, by its own word.
#[derive(SharedLayout)]
#[repr(C)]
pub struct Term {
    /// Elections so far.
    pub number: u64,
    /// The process that was elected last.
    pub holder: u64,
    /// What the present one has done.
    pub steps: u64,
}
