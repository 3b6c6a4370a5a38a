// Rule: `String` becomes `Text`

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    name: String,
}

fn main() {}
