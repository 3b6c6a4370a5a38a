// Rule: a variant takes no key but `rename`

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(u8)]
enum Color {
    #[shared(offset = 0)]
    Red,
    #[shared(colour)]
    Green,
    #[shared]
    Blue,
}

fn main() {}
