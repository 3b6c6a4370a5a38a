//! A program that knows shmstate by another name.

#![allow(unexpected_cfgs, reason = "tests of the package `shmstate-tests` give `untold` and `unproved`")]

use shared_state::{List, SharedLayout};

#[cfg(unproved)]
pub mod unproved;

/// An enum.
#[derive(SharedLayout)]
#[repr(u8)]
#[shared(crate = "::shared_state")]
pub enum Mode {
    /// Its zero.
    Idle,
    /// Another variant.
    Busy,
    /// With a payload.
    Asleep(u8, bool),
}

/// A struct with every kind of field.
#[derive(SharedLayout)]
#[repr(C)]
#[shared(crate = "shared_state")]
pub struct State<T> {
    /// Tracked.
    pub items: List<T, 4>,
    /// Plain.
    #[shared(pod)]
    pub raw: [u8; 5],
    /// Checked.
    pub mode: Mode,
}

#[test]
fn the_derive_finds_the_crate() {
    assert_eq!(State::<u64>::LAYOUT.name, "State");
    assert!(matches!(State::<u64>::new_box_zeroed().mode, Mode::Idle));
}

/// What the derive says without the key.
#[cfg(untold)]
pub mod untold {
    use shared_state::{List, SharedLayout, State};

    #[derive(SharedLayout)]
    #[repr(C)]
    pub struct Board {
        pub ticks: u64,
        pub items: List<u64, 4>,
    }

    pub fn used() -> u64 {
        let _ = State::<Board>::create("a");
        Board::new_box_zeroed().ticks
    }
}
