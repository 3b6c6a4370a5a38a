// Rule: padding between the discriminant and the payloads is refused

use shmstate::{List, SharedLayout};

#[derive(SharedLayout)]
#[repr(C, u8)]
enum Shape {
    Point,
    Circle(u32),
    Square { side: u16 },
}

#[derive(SharedLayout)]
#[repr(C, u32)]
enum Log {
    Empty,
    Lines(List<u8, 80>),
}

#[derive(SharedLayout)]
#[repr(C, u64)]
enum Wide {
    Zero,
    Number(u128),
}

fn main() {}
