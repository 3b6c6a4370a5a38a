// Rule: a lifetime parameter is refused, whatever uses it

use shmstate::SharedLayout;

struct Name<'a>(&'a u8);

#[derive(SharedLayout)]
#[repr(C)]
struct State<'a, T: 'a>
where
    T: Copy,
{
    name: Name<'a>,
    value: T,
}

fn main() {}
