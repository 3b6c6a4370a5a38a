// Rule: `usize` is refused under `#[shared(pod)]`, too

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    #[shared(pod)]
    lens: [usize; 2],
}

fn main() {}
