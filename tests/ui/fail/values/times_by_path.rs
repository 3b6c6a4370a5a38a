// Rule: times become stand-ins

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    start: std::time::Instant,
    made: std::time::SystemTime,
    limit: std::time::Duration,
    peer: std::net::IpAddr,
}

fn main() {}
