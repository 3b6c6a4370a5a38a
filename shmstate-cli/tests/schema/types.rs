// The layout only names `Tint`, a type of 6 bytes: use it instead of the one below.
use shmstate::{
    Array, Blob, IpAddress, Key, List, Map, Maybe, Queue, Ring, Set, SharedLayout, Slab,
    SocketAddress, SortedMap, Text, TimeSpan, Timestamp, Tracked, Uuid,
};
use std::num::{NonZero, Saturating, Wrapping};

#[derive(Clone, Copy)]
#[repr(C, align(2))]
struct Tint([u8; 6]);
// SAFETY: it is bytes, which may be any.
unsafe impl shmstate::bytemuck::Zeroable for Tint {}
// SAFETY: it is bytes, which may be any.
unsafe impl shmstate::bytemuck::Pod for Tint {}

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

#[derive(SharedLayout)]
#[repr(C)]
#[shared(rename = "Room")]
struct Room2 {
    beds: u64,
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
    guests: Room2,
    address: IpAddress,
    spare: [u8; 2],
    peer: SocketAddress,
    id: Uuid,
    lasts: TimeSpan,
    wide: i128,
    lamps: [bool; 4],
    initial: char,
    height: f64,
    most: Saturating<i64>,
    #[shared(pod)]
    tint: Tint,
    #[shared(pod)]
    tints: [Tint; 3],
    rest: [u8; 96],
}
