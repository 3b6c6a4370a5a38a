// Rule: times become stand-ins (bare names, which could be the program's own types, go by their traits)

use shmstate::SharedLayout;
use std::time::Duration;

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    limit: Duration,
}

fn main() {}
