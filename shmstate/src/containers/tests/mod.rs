//! Tests of the containers as a whole.
//!
//! * `play`: random operations on lists of any depth, read from a script of numbers
//! * `walks`: a small model of the transactions, in which the marks must suffice to keep the copies equal
//! * `cost`: what single methods mark
//! * `list`, `text`: lists against `Vec`, texts against `String`; `archived`,
//!   `archived_in_states`: what is kept, refused, and damaged

mod archived;
mod archived_in_states;
mod cost;
mod list;
mod play;
mod text;
mod walks;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// Runs `f`, which may [`give_up`]; whether it came to its end.
fn survives(f: impl FnOnce()) -> bool {
    catch_unwind(AssertUnwindSafe(f)).is_ok()
}

/// A panic without a message on the terminal, `calls` calls from now.
fn give_up(calls: &mut usize) {
    match calls.checked_sub(1) {
        Some(left) => *calls = left,
        None => resume_unwind(Box::new("given up")),
    }
}
