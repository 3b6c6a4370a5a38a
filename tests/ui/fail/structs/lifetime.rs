// Rule: a lifetime parameter is refused

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(C)]
struct State<'a> {
    name: &'a str,
}

fn _used(state: &mut State<'_>) -> usize {
    state.name.len()
}

fn main() {}
