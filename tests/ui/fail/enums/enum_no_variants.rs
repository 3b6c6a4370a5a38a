// Rule: an enum without variants is refused

use shmstate::SharedLayout;

#[derive(SharedLayout)]
enum Never {}

fn main() {}
