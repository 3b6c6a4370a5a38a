// Rule: trait objects are refused

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    hook: Box<dyn Fn() + Send + Sync>,
}

fn main() {}
