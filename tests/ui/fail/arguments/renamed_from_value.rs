// Rule: earlier names are letters, digits and `_`, with points between them

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    #[shared(renamed_from = 7)]
    a: u64,
    #[shared(renamed_from())]
    b: u64,
    #[shared(renamed_from("ticks", "two words"))]
    c: u64,
}

fn main() {}
