// Rule: the generated code obeys the strictest lints of the program around it.

#![forbid(unsafe_code, clippy::all, clippy::pedantic)]
#![deny(warnings, missing_docs, unused, unused_qualifications, single_use_lifetimes, unreachable_pub)]
#![deny(clippy::undocumented_unsafe_blocks, clippy::multiple_unsafe_ops_per_block, clippy::absolute_paths)]
//! Documented.

use shmstate::{List, SharedLayout, Text};

#[deprecated]
#[derive(SharedLayout)]
#[repr(C)]
/// Documented.
pub struct Old {
    /// Documented.
    pub value: u64,
}

/// Documented.
#[derive(SharedLayout)]
#[repr(u8)]
pub enum Color {
    /// Documented.
    Red,
}

#[derive(SharedLayout)]
#[repr(C)]
struct Private {
    unread: u64,
}

/// Documented.
#[derive(SharedLayout)]
#[repr(C)]
#[allow(deprecated)]
pub struct State<T> {
    /// Documented.
    pub old: Old,
    /// Documented.
    pub name: Text<16>,
    /// Documented.
    pub items: List<T, 3>,
    private: Private,
}

/// Documented.
#[derive(SharedLayout)]
#[repr(C, u64)]
#[shared(rename = "Task")]
pub enum Job<T> {
    /// Documented.
    Idle,
    /// Documented.
    Run(List<T, 3>),
    /// Documented.
    Stop {
        /// Documented.
        #[shared(rename = "reason")]
        why: Text<8>,
    } = 7,
}

#[derive(SharedLayout)]
#[repr(u8)]
enum Unused {
    Never,
    #[deprecated]
    Made(u8),
    Read { bytes: [u8; 3] },
}

#[derive(SharedLayout)]
#[repr(C)]
struct Limits {
    #[shared(init = 7)]
    most: u64,
    unused: Unused,
    _pad: [u8; 4],
}

fn main() {
    assert_eq!((Limits::new_box().most, Job::<u64>::LAYOUT.size), (7, 16 + 56 + 3 * 8));
    let state = State::<Private>::new_box_zeroed();
    assert_eq!(state.private.unread, 0);
    assert_eq!(Color::zeroed() as u8, 0);
}
