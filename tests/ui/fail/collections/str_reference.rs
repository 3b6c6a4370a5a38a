// Rule: `&str` becomes `Text`

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    name: &'static str,
}

fn main() {}
