//! A state of which two releases of a program have different layouts.

use shmstate::{List, SharedLayout};

/// What both have.
pub trait Release {
    /// Fills a new one.
    fn begin(&mut self);
    /// One update that shows when it is half-done.
    fn step(&mut self);
    /// Whether it is whole.
    fn is_whole(&self) -> bool;
    /// A field outside of containers.
    fn ticks(&self) -> &u64;
}

/// The older one.
#[derive(SharedLayout)]
#[repr(C)]
pub struct Release1 {
    /// As many as there were steps.
    pub steps: List<u64, 4096>,
    /// Their number, plus one.
    pub ticks: u64,
}

/// The newer one.
#[derive(SharedLayout)]
#[repr(C)]
pub struct Release2 {
    /// Their number, plus one.
    pub ticks: u64,
    /// As many as there were steps.
    pub steps: List<u32, 4096>,
}

macro_rules! release {
    ($($ty:ty),*) => {$(
        impl Release for $ty {
            fn begin(&mut self) {
                self.ticks = 1;
            }

            fn step(&mut self) {
                self.ticks += 1;
                if self.steps.push(7).is_err() {
                    self.steps.clear();
                    self.ticks = 1;
                }
            }

            fn ticks(&self) -> &u64 {
                &self.ticks
            }

            fn is_whole(&self) -> bool {
                self.ticks == self.steps.len() as u64 + 1
            }
        }
    )*};
}

release!(Release1, Release2);
