// Rule: two parts of a type do not have one name

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    ticks: u64,
    #[shared(rename = "ticks")]
    count: u64,
    #[shared(rename = "mode")]
    kind: Mode,
    #[shared(rename = "mode")]
    other: Mode,
    _pad: [u8; 6],
}

#[derive(SharedLayout)]
#[repr(u8)]
enum Mode {
    #[shared(rename = "On")]
    Off,
    On,
}

#[derive(SharedLayout)]
#[repr(C, u64)]
enum Job {
    Idle,
    Run {
        #[shared(rename = "b")]
        a: u64,
        b: u64,
    },
}

fn main() {}
