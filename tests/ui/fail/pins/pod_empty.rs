// Rule: plain data of size 0 is refused

use shmstate::SharedLayout;

const NONE: usize = 0;

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    ticks: u64,
    #[shared(pod)]
    none: [u8; 0],
}

#[derive(SharedLayout)]
#[repr(C)]
struct Other {
    ticks: u64,
    #[shared(pod)]
    nothing: (),
}

#[derive(SharedLayout)]
#[repr(C)]
struct Third {
    ticks: u64,
    #[shared(pod)]
    nothing: [u8; NONE],
}

fn main() {}
