// Rule: an enum with parameters needs a variant of value 0, too

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(u8)]
enum Color<const N: usize> {
    Red = 1,
    Green,
}

const _: &shmstate::Layout = Color::<1>::LAYOUT;

fn main() {}
