// Rule: two parts of a type were not one part in earlier layouts

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    #[shared(renamed_from = "ticks")]
    a: u64,
    #[shared(renamed_from = "ticks")]
    b: u64,
    #[shared(renamed_from("steps", "place"))]
    c: u64,
    #[shared(renamed_from("count", "place.x"))]
    d: u64,
    #[shared(renamed_from = "placed")]
    e: u64,
}

#[derive(SharedLayout)]
#[repr(C, u64)]
enum Job {
    Idle,
    #[shared(renamed_from = "Go")]
    Run {
        #[shared(renamed_from = "a")]
        pid: u64,
        #[shared(renamed_from = "a")]
        time: u64,
    },
    #[shared(renamed_from("Stay", "Go"))]
    Wait,
}

fn main() {}
