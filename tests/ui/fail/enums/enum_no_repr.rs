// Rule: an enum needs an integer `repr`

use shmstate::SharedLayout;

#[derive(SharedLayout)]
enum Color {
    Red,
    Green,
}

fn main() {}
