// Rule: an attribute below the derive does not slip another layout past it

#![forbid(unsafe_code)]
#![allow(dead_code)]

use shmstate::SharedLayout;
use shmstate_tests_macros::replace;

enum Never {}

// A field of size 0 that has no value.
#[derive(SharedLayout)]
#[replace(number: u64 => number: u64, never: Never)]
#[repr(C)]
struct Field {
    number: u64,
}

#[derive(SharedLayout)]
#[replace(struct => union)]
#[repr(C)]
struct Union {
    number: u64,
    flag: bool,
    _pad: [u8; 7],
}

#[derive(SharedLayout)]
#[replace(repr(C) => repr(C, align(16)))]
#[repr(C)]
struct Aligned {
    number: u64,
}

#[derive(SharedLayout)]
#[replace(#[repr(u8)] => )]
#[repr(u8)]
enum One {
    Zero,
}

#[derive(SharedLayout)]
#[replace(repr(u8) => repr(u16))]
#[repr(u8)]
enum Wider {
    Zero,
    One,
}

#[derive(SharedLayout)]
#[replace(One => One, Two)]
#[repr(u8)]
enum Added {
    Zero,
    One,
}

#[derive(SharedLayout)]
#[replace(#[repr(u8)] => )]
#[repr(u8)]
enum NoRepr {
    Idle,
    Run(bool),
}

#[derive(SharedLayout)]
#[replace(#[repr(C, u32)] => )]
#[repr(C, u32)]
enum Reordered {
    Idle,
    Run(u8, u8, u16, u32),
    Stop(u32, u8, bool, u16),
}

#[derive(SharedLayout)]
#[replace(= 7 => = 8)]
#[repr(u8)]
enum Value {
    Idle,
    Run(bool) = 7,
}

#[derive(SharedLayout)]
#[replace(Run(bool), Stop(u8) => Stop(u8), Run(bool))]
#[repr(u8)]
enum Swapped {
    Idle,
    Run(bool), Stop(u8),
}

#[derive(SharedLayout)]
#[replace(Run(bool) => Run(bool), Stop(bool))]
#[repr(u8)]
enum AddedPayload {
    Idle,
    Run(bool),
}

fn main() {}
