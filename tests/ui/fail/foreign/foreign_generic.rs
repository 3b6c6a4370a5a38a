// Rule: a generic field whose type does not derive the trait is refused where it stands

use shmstate::SharedLayout;

struct Cell2<T> {
    value: T,
}

#[derive(SharedLayout)]
#[repr(C)]
struct State<T> {
    cell: Cell2<T>,
}

fn main() {}
