// Rule: a variant takes no key

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(u8)]
enum Color {
    #[shared(offset = 0)]
    Red,
    #[shared(colour)]
    Green,
}

fn main() {}
