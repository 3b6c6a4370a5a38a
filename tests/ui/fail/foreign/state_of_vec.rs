// Rule: a `State` is of a type that is `SharedLayout`

use shmstate::State;

struct Plain {
    ticks: u64,
}

fn main() {
    let _ = State::<Vec<u64>>::create("numbers");
    let _ = State::<Plain>::open("plain");
}
