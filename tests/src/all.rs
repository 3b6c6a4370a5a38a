//! A struct of every type that the derive accepts, and random changes of it by the type.

#![allow(missing_docs, clippy::large_enum_variant)]

use crate::Rng;
use serde::Serialize;
use shmstate::{
    Archived, Array, Blob, IpAddress, Key, List, Map, Maybe, Pod, Queue, Ring, Set, SharedLayout, Slab, SocketAddress,
    SortedMap, Text, TimeSpan, Timestamp, Tracked, Uuid,
};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddrV4, SocketAddrV6};
use std::num::{NonZero, Saturating, Wrapping};

#[derive(SharedLayout, Serialize, Clone, Default, PartialEq, Debug)]
#[repr(C)]
pub struct Point {
    pub x: i32,
    pub y: f32,
}

#[derive(SharedLayout, Serialize, Clone, Copy, Default, PartialEq, Debug)]
#[repr(C)]
pub struct Pair(pub u16, pub u16);

#[derive(SharedLayout, Serialize, Clone, Copy, Default, PartialEq, Debug)]
#[repr(C)]
pub struct Metres(pub f64);

#[derive(SharedLayout, Serialize, Clone, Copy, PartialEq, Debug)]
#[repr(u8)]
pub enum Colour {
    Red,
    Green = 7,
}

#[derive(SharedLayout, Serialize, Clone)]
#[repr(C, u64)]
pub enum Job {
    Idle,
    Run { pid: u32, nice: i32 },
    Held(List<Node, 2>),
    Named(Text<8>),
}

#[derive(SharedLayout, Serialize, Clone)]
#[repr(C)]
pub struct Node {
    pub name: Text<8>,
    pub weights: List<u32, 4>,
}

#[derive(SharedLayout, Serialize)]
#[repr(C)]
pub struct All {
    pub wide: u128,
    pub signed_wide: i128,
    pub a: u64,
    pub b: i64,
    pub double: f64,
    pub c: u32,
    pub d: i32,
    pub single: f32,
    pub letter: char,
    pub e: u16,
    pub f: i16,
    pub g: u8,
    pub h: i8,
    pub on: bool,
    pub colour: Colour,
    pub numbers: [u16; 4],
    pub pair: Pair,
    pub fill_pair: u32,
    pub metres: Metres,
    pub points: [Point; 2],
    pub name: Text<12>,
    pub blob: Blob<8>,
    pub maybe: Maybe<u64>,
    pub maybe_node: Maybe<Node>,
    pub job: Job,
    pub jobs: [Job; 2],
    pub non_zero: Option<NonZero<u64>>,
    pub wrapping: Wrapping<u64>,
    pub saturating: Saturating<i64>,
    pub span: TimeSpan,
    pub time: Timestamp,
    pub uuid: Uuid,
    pub key: Key<Node>,
    pub ip: IpAddress,
    pub small: [u16; 3],
    pub socket: SocketAddress,
    pub fill: u32,
    pub tracked: Tracked<Point>,
    pub array: Array<Point, 5>,
    pub list: List<u64, 6>,
    pub nodes: List<Node, 4>,
    pub work: List<Job, 3>,
    pub ring: Ring<u64, 4>,
    pub queue: Queue<Node, 4>,
    pub slab: Slab<Node, 5>,
    pub set: Set<u64, 8>,
    pub words: Set<Text<8>, 6>,
    pub map: Map<Text<8>, List<u32, 4>, 6>,
    pub ports: Map<i64, u64, 8>,
    pub sorted: SortedMap<i32, u32, 200>,
    pub titles: SortedMap<Text<8>, Node, 40>,
    #[serde(skip)]
    pub archived: Archived<Vec<String>, 64>,
    #[serde(skip)]
    pub pod: Pod<[u64; 2]>,
    #[serde(skip)]
    #[shared(pod)]
    pub raw: [u64; 2],
}

/// A short word, of letters of one to three bytes.
pub fn word(rng: &mut Rng) -> String {
    let letters = ["a", "b", "c", "ä", "€"];
    (0..rng.below(3)).map(|_| letters[rng.below(5)]).collect()
}

fn text<const N: usize>(rng: &mut Rng) -> Text<N> {
    word(rng).parse().unwrap()
}

fn node(rng: &mut Rng) -> Node {
    let mut weights = List::new();
    for _ in 0..rng.below(5) {
        let _ = weights.push(rng.any() as u32);
    }
    Node { name: text(rng), weights }
}

fn job(rng: &mut Rng) -> Job {
    match rng.below(4) {
        0 => Job::Idle,
        1 => Job::Run { pid: rng.any() as u32, nice: -5 },
        2 => Job::Held((0..rng.below(3)).map(|_| node(rng)).collect()),
        _ => Job::Named(text(rng)),
    }
}

/// One random change by the type.
pub fn typed_step(all: &mut All, rng: &mut Rng) {
    match rng.below(40) {
        0 => (all.wide, all.signed_wide) = (u128::MAX - u128::from(rng.any()), -i128::from(rng.any())),
        1 => (all.a, all.b, all.c, all.d) = (rng.any(), rng.any() as i64, rng.any() as u32, rng.any() as i32),
        2 => (all.e, all.f, all.g, all.h) = (rng.any() as u16, rng.any() as i16, rng.any() as u8, rng.any() as i8),
        3 => (all.double, all.single) = (rng.below(1000) as f64 / 3.0, rng.below(1000) as f32 / 3.0),
        4 => (all.letter, all.on) = (['a', 'ß', '🦀'][rng.below(3)], rng.below(2) == 0),
        5 => all.colour = [Colour::Red, Colour::Green][rng.below(2)],
        6 => all.numbers[rng.below(4)] = rng.any() as u16,
        7 => (all.pair, all.metres) = (Pair(rng.any() as u16, 2), Metres(rng.below(50) as f64 / 7.0)),
        8 => all.points[rng.below(2)] = Point { x: rng.any() as i32, y: 0.5 },
        9 => all.name = text(rng),
        10 => all.blob.set(&rng.any().to_ne_bytes()[..rng.below(9)]).unwrap(),
        11 => all.maybe = if rng.below(2) == 0 { Maybe::none() } else { Maybe::some(rng.any()) },
        12 => all.maybe_node = if rng.below(2) == 0 { Maybe::none() } else { Maybe::some(node(rng)) },
        13 => all.job = job(rng),
        14 => all.jobs[rng.below(2)] = job(rng),
        15 => all.non_zero = NonZero::new(rng.below(3) as u64),
        16 => (all.wrapping, all.saturating) = (Wrapping(rng.any()), Saturating(rng.any() as i64)),
        17 => (all.span, all.time) = (TimeSpan::from_nanos(rng.any()), Timestamp::from_unix_nanos(rng.any() as i64)),
        18 => all.uuid = Uuid::from(std::array::from_fn(|_| rng.any() as u8)),
        19 => {
            all.ip =
                if rng.below(2) == 0 { Ipv4Addr::from(rng.any() as u32).into() } else { Ipv6Addr::LOCALHOST.into() }
        }
        20 => {
            let port = rng.any() as u16;
            all.socket = match rng.below(2) {
                0 => std::net::SocketAddr::from(SocketAddrV4::new(Ipv4Addr::LOCALHOST, port)).into(),
                _ => std::net::SocketAddr::from(SocketAddrV6::new(Ipv6Addr::LOCALHOST, port, 0, 0)).into(),
            };
        }
        21 => all.tracked.x = rng.any() as i32,
        22 => all.array[rng.below(5)] = Point { x: rng.any() as i32, y: 1.5 },
        23 => _ = all.list.push(rng.any()),
        24 => _ = all.list.pop(),
        25 => all.nodes.truncate(2),
        26 => _ = all.nodes.push(node(rng)),
        27 => {
            if let Some(node) = all.nodes.first_mut() {
                let _ = node.weights.push(5);
            }
        }
        28 => {
            let job = job(rng);
            if all.work.is_full() {
                all.work.remove(0);
            }
            let _ = all.work.push(job);
        }
        29 => _ = all.ring.push(rng.any()),
        30 => {
            if all.queue.is_full() || rng.below(3) == 0 {
                all.queue.pop_front();
            }
            let _ = all.queue.push_back(node(rng));
        }
        31 => {
            if let Ok(key) = all.slab.insert(node(rng)) {
                all.key = key;
            }
        }
        32 => {
            let key = all.slab.keys().nth(rng.below(4));
            if let Some(key) = key {
                all.slab.remove(key);
            }
        }
        33 => _ = all.set.insert(rng.below(12) as u64),
        34 => _ = all.set.remove(&(rng.below(12) as u64)),
        35 => {
            let name: Text<8> = text(rng);
            if rng.below(2) == 0 {
                all.words.remove(&name)
            } else {
                all.words.insert(name).unwrap_or_default()
            };
        }
        36 => {
            let name: Text<8> = text(rng);
            let _ = match rng.below(3) {
                0 => all.map.remove(&name).map(drop),
                _ => all.map.insert(name, (0..3).collect()).map(drop).ok(),
            };
        }
        37 => {
            let key = rng.below(20) as i64 - 10;
            if rng.below(3) == 0 { _ = all.ports.remove(&key) } else { _ = all.ports.insert(key, 7) }
        }
        38 => {
            for _ in 0..rng.below(60) {
                let key = rng.below(300) as i32 - 150;
                if rng.below(3) == 0 {
                    _ = all.sorted.remove(&key)
                } else {
                    _ = all.sorted.insert(key, rng.any() as u32)
                }
            }
        }
        _ => {
            let name: Text<8> = text(rng);
            if rng.below(3) == 0 {
                _ = all.titles.remove(&name)
            } else {
                _ = all.titles.insert(name, node(rng))
            }
            let _ = all.archived.set(&vec![word(rng)]);
            (all.pod.0[0], all.raw[1]) = (rng.any(), rng.any());
        }
    }
}
