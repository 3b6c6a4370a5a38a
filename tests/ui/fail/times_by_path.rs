// Rule: times become nanoseconds

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    start: std::time::Instant,
    made: std::time::SystemTime,
    limit: std::time::Duration,
}

fn main() {}
