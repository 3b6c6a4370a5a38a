// Rule: what changes a type below the derive is described as it is

#![forbid(unsafe_code)]

use shmstate::{Kind, SharedLayout};
use shmstate_tests_macros::{nth, replace};

#[derive(SharedLayout)]
#[replace(on: bool, _pad: [u8; 7], ticks: u64 => ticks: u64, on: bool, _pad: [u8; 7])]
#[repr(C)]
struct Same {
    ticks: u64,
    on: bool,
    _pad: [u8; 7],
}

#[derive(SharedLayout)]
#[replace(ticks: u32 => ticks: char)]
#[repr(C)]
struct Other {
    ticks: u32,
}

#[derive(SharedLayout)]
#[repr(C)]
struct Once {
    first: nth!(1; u64 => &'static u64),
    #[shared(pod)]
    second: nth!(1; [u32; 2] => &'static u64),
}

#[derive(SharedLayout)]
#[repr(C, u64)]
enum Task {
    Idle,
    Run(nth!(1; [u8; 8] => &'static u64)),
}

fn main() {
    assert_eq!(Same::LAYOUT.size, 16);
    let Kind::Struct([ticks]) = Other::LAYOUT.kind else { panic!("no struct of one field") };
    assert_eq!(ticks.layout, char::LAYOUT);
    let Kind::Struct([first, second]) = Once::LAYOUT.kind else { panic!("no struct of two fields") };
    assert_eq!((first.layout, second.layout.size), (u64::LAYOUT, 8));
    assert!(matches!(Task::zeroed(), Task::Idle));
}
