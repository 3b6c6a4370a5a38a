use shmstate::{
    Array, Blob, Key, List, Map, Maybe, Queue, Ring, Set, SharedLayout, Slab, SortedMap,
    Text, Timestamp, Tracked,
};
use std::num::{NonZero, Wrapping};

#[derive(SharedLayout)]
#[repr(C, align(64))]
struct Line {
    words: [u64; 8],
}

/// What opens.
#[derive(SharedLayout)]
#[repr(u32)]
enum Door {
    /// No door opens.
    Shut = 0,
    Open {
        /// In radians.
        angle: f32,
        by: [u32; 3],
    } = 3,
    Ajar(f32) = 4,
}

#[derive(SharedLayout)]
#[repr(C)]
struct Colour(u8, u8, u8);

#[derive(SharedLayout, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(C)]
struct Room {
    name: Text<16>,
    seats: u64,
}

/// What the processes share.
///
/// All of it.
#[derive(SharedLayout)]
#[repr(C)]
#[shared(version = 4)]
struct House {
    line: Line,
    /// On the bell.
    name: Text<12>,
    visits: u64,
    r#type: u32,
    door: Door,
    colours: [Colour; 4],
    grid: [[u16; 3]; 2],
    digest: Blob<6>,
    next: Option<NonZero<u64>>,
    count: Wrapping<u64>,
    since: Timestamp,
    rooms: List<Room, 8>,
    ports: Map<Text<8>, Room, 4>,
    best: Maybe<u64>,
    scores: SortedMap<u64, u64, 8>,
    owners: Slab<Colour, 4>,
    last: Ring<u64, 4>,
    jobs: Queue<u32, 3>,
    extras: Blob<20>,
    tags: Set<u64, 4>,
    levels: Array<u64, 4>,
    whole: Tracked<u64>,
    first: Key<u8>,
    seats: SortedMap<Room, u64, 4>,
    rest: [u8; 48],
}
