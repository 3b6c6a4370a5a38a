// Rule: a macro instead of a type does not slip another type past the derive

#![forbid(unsafe_code)]

use shmstate::SharedLayout;
use shmstate_tests_macros::nth;

// The definition has a reference; a second expansion yields `u64`.
#[derive(SharedLayout)]
#[repr(C)]
struct Named {
    number: nth!(0; u64 => &'static u64),
}

#[derive(SharedLayout)]
#[repr(C)]
struct Tuple(nth!(0; (u64) => &'static u64));

#[derive(SharedLayout)]
#[repr(C)]
struct Plain {
    #[shared(pod)]
    number: nth!(0; [u32; 2] => &'static u64),
}

#[derive(SharedLayout)]
#[repr(C)]
struct PlainArray {
    #[shared(pod)]
    numbers: [nth!(0; [u16; 4] => &'static u64); 2],
}

#[derive(SharedLayout)]
#[repr(C)]
struct Length {
    #[shared(pod)]
    numbers: [u8; nth!(0; 1 => 0)],
}

#[derive(SharedLayout)]
#[repr(u64)]
enum Payload {
    Idle,
    Run(nth!(0; [u8; 8] => &'static u64)),
    Stop { number: nth!(0; [i8; 8] => &'static u64) },
    Wait(#[shared(pod)] nth!(0; [u16; 4] => &'static u8)),
}

#[derive(SharedLayout)]
#[repr(u8)]
enum Value {
    Idle,
    Run(bool) = nth!(0; 7 => 8),
}

fn main() {}
