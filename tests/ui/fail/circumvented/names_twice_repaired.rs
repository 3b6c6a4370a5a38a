// Rule: a name that is there twice is an error, also where an attribute below the derive repairs it

#![forbid(unsafe_code)]

use shmstate::SharedLayout;
use shmstate_tests_macros::replace;

#[derive(SharedLayout)]
#[replace(ticks: &'static u64 => other: &'static u64)]
#[repr(C)]
struct State {
    ticks: u64,
    ticks: &'static u64,
}

fn main() {}
