// Rule: trait objects are refused

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    hook: Box<dyn Fn() + Send + Sync>,
    shared: std::sync::Arc<dyn Fn()>,
    all: Vec<Box<dyn Fn()>>,
    borrowed: &'static (dyn Fn() + Sync),
}

fn main() {}
