// Rule: an attribute below the derive does not slip other types of fields past it

#![forbid(unsafe_code)]

use shmstate::SharedLayout;
use shmstate_tests_macros::replace;

#[derive(SharedLayout)]
#[replace(u64 => &'static u64)]
#[repr(C)]
struct Named {
    number: u64,
}

#[derive(SharedLayout)]
#[replace(u64 => &'static u64)]
#[repr(C)]
struct Tuple(u64);

#[derive(SharedLayout)]
#[replace(u64 => &'static u64)]
#[repr(C)]
struct Started {
    #[shared(init = 7)]
    number: u64,
}

#[derive(SharedLayout)]
#[replace(u64 => &'static u64)]
#[repr(C)]
struct Plain {
    #[shared(pod)]
    number: u64,
}

#[derive(SharedLayout)]
#[replace(u64 => &'static u64)]
#[repr(C)]
struct PlainArray {
    #[shared(pod)]
    numbers: [[u64; 2]; 3],
}

#[derive(SharedLayout)]
#[replace(value: T => value: &'static T)]
#[repr(C)]
struct Generic<T>
where
    T: Copy + Sync + 'static,
{
    value: T,
}

#[derive(SharedLayout)]
#[replace(Run(u64) => Run(&'static u64))]
#[repr(u64)]
enum Payload {
    Idle,
    Run(u64),
}

#[derive(SharedLayout)]
#[replace(u32 => &'static u64)]
#[repr(C, u64)]
enum NamedPayload {
    Idle,
    Run { a: [u32; 2] },
}

#[derive(SharedLayout)]
#[replace([u8; 8] => &'static u64)]
#[repr(u64)]
enum PlainPayload {
    Idle,
    Run(#[shared(pod)] [u8; 8]),
}

#[derive(SharedLayout)]
#[replace(u64 => bool)]
#[repr(C)]
struct Pad {
    number: u64,
    bytes: u64,
    wide: u32,
}

fn main() {}
