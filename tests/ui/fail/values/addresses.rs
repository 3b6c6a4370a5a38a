// Rule: addresses of the network have stand-ins

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    host: std::net::IpAddr,
    peer: std::net::SocketAddr,
}

fn main() {}
