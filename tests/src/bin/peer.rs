//! The Rust side of the tests of the Python package: creates and opens states with the derive, and changes them at random.
//!
//! Commands come as lines, and each one has an answer of one line: `create all PATH`, `open mirror PATH`, `schema`, `json`,
//! `step SEED COUNT` (of `all`).

use serde::Serialize;
use shmstate::dynamic::DynState;
use shmstate::{
    Array, Blob, IpAddress, Key, List, Map, Maybe, Pod, Queue, Ring, Set, SharedLayout, Slab, SocketAddress, SortedMap,
    State, Text, TimeSpan, Timestamp, Tracked, Uuid,
};
use shmstate_tests::Rng;
use shmstate_tests::all::{All, Colour, Job, Metres, Node, Pair, Point, typed_step};
use std::error::Error;
use std::io::{BufRead, Write};
use std::num::{NonZero, Saturating, Wrapping};

/// What the Python tests declare alike: a field of every type that Python can declare.
#[derive(SharedLayout, Serialize)]
#[repr(C)]
struct Mirror {
    wide: u128,
    signed_wide: i128,
    a: u64,
    b: i64,
    double: f64,
    c: u32,
    d: i32,
    single: f32,
    letter: char,
    e: u16,
    f: i16,
    g: u8,
    h: i8,
    on: bool,
    colour: Colour,
    numbers: [u16; 4],
    pair: Pair,
    fill_pair: u32,
    metres: Metres,
    points: [Point; 2],
    name: Text<12>,
    blob: Blob<8>,
    maybe: Maybe<u64>,
    maybe_node: Maybe<Node>,
    job: Job,
    jobs: [Job; 2],
    non_zero: Option<NonZero<u64>>,
    wrapping: Wrapping<u64>,
    saturating: Saturating<i64>,
    span: TimeSpan,
    time: Timestamp,
    uuid: Uuid,
    key: Key<Node>,
    ip: IpAddress,
    small: [u16; 3],
    socket: SocketAddress,
    fill: u32,
    tracked: Tracked<Point>,
    array: Array<Point, 5>,
    list: List<u64, 6>,
    nodes: List<Node, 4>,
    work: List<Job, 3>,
    ring: Ring<u64, 4>,
    queue: Queue<Node, 4>,
    slab: Slab<Node, 5>,
    set: Set<u64, 8>,
    words: Set<Text<8>, 6>,
    map: Map<Text<8>, List<u32, 4>, 6>,
    ports: Map<i64, u64, 8>,
    sorted: SortedMap<i32, u32, 200>,
    titles: SortedMap<Text<8>, Node, 40>,
    #[serde(skip)]
    pod: Pod<[u64; 2]>,
    #[serde(skip)]
    #[shared(pod)]
    raw: [u64; 2],
}

/// What is open.
enum Open {
    All(State<All>),
    Mirror(State<Mirror>),
}

fn answer(open: &mut Option<Open>, path: &mut String, line: &str) -> Result<String, Box<dyn Error>> {
    let words: Vec<_> = line.split(' ').collect();
    match (&words[..], open) {
        ([how, kind, name], open) => {
            *path = (*name).to_owned();
            *open = Some(match (*how, *kind) {
                ("create", "all") => Open::All(State::create(name)?),
                ("open", "all") => Open::All(State::open(name)?),
                ("create", _) => Open::Mirror(State::create(name)?),
                _ => Open::Mirror(State::open(name)?),
            });
            Ok("ok".into())
        }
        (["schema"], _) => Ok(DynState::open(&*path)?.schema()),
        (["json"], Some(Open::All(state))) => Ok(state.read(serde_json::to_string)??),
        (["json"], Some(Open::Mirror(state))) => Ok(state.read(serde_json::to_string)??),
        (["step", numbers], Some(Open::All(state))) => {
            let (seed, count) = numbers.split_once(',').ok_or("no count")?;
            let mut rng = Rng::new(seed.parse()?);
            for _ in 0..count.parse()? {
                state.update(|all| typed_step(all, &mut rng))?;
            }
            Ok("ok".into())
        }
        _ => Err(format!("no command: {line}").into()),
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let (mut open, mut path) = (None, String::new());
    for line in std::io::stdin().lock().lines() {
        let answer =
            answer(&mut open, &mut path, &line?).unwrap_or_else(|error| format!("error: {error}").replace('\n', " "));
        println!("{answer}");
        std::io::stdout().flush()?;
    }
    Ok(())
}
