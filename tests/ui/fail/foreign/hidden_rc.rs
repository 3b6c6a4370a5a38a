// Rule: what an alias hides is refused by its traits, also where threads may not share it

use shmstate::SharedLayout;

type Shared = std::rc::Rc<u64>;

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    value: Shared,
}

fn main() {}
