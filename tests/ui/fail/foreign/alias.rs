// Rule: what an alias hides is refused by its traits

use shmstate::SharedLayout;

type Samples = Vec<u64>;

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    samples: Samples,
}

fn main() {}
