//! How many instructions the dynamic view takes, beside the same by the type: see `counts`, of which this is a part.

#[path = "rows/counting.rs"]
mod counting;

use counting::NOTHING;
use shmstate::dynamic::DynState;
use shmstate::{List, SharedLayout, State, Text};
use std::hint::black_box;
use std::process::ExitCode;

#[derive(SharedLayout)]
#[repr(C)]
struct Room {
    name: Text<16>,
    seats: u64,
}

#[derive(SharedLayout)]
#[repr(C)]
struct House {
    visits: u64,
    rooms: List<Room, 100>,
}

/// Long enough that an update which lasts from call to call does not take it over before it is replaced.
const NUMBERS: usize = 16_384;

const OPERATIONS: [&str; 11] = [
    "typed field",
    "path field",
    "compiled field",
    "typed item",
    "path item",
    "compiled item",
    "typed update",
    "path update",
    "looking field",
    "looking item",
    "list replaced",
];

/// Does it.
fn run(operation: &str, times: u64) {
    let dir = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a directory");
    let name = dir.path().join("state");
    let typed = State::<House>::create(&name).expect("a state");
    let filled =
        typed.transact(|s| (0..50).try_for_each(|seats| Ok(s.rooms.push(Room { name: "room".parse()?, seats })?)));
    filled.expect("50 rooms fit");
    let view = DynState::options().writable(true).open(&name).expect("a handle");
    let looking = DynState::open(&name).expect("a handle");
    let [field, item] = ["visits", "rooms[3].seats"];
    let [compiled_field, compiled_item] = [field, item].map(|path| view.path(path).expect("a path"));
    let get = |view: &DynState, path: &str| {
        view.read(|v| v.get(black_box(path))?.as_u64()).expect("a read").expect("a number")
    };
    let at = |path| view.read(|v| v.at(path)?.as_u64()).expect("a read").expect("a number");
    let numbers = State::<List<u64, NUMBERS>>::create(dir.path().join("numbers")).expect("a state");
    numbers.transact(|list| Ok(list.resize(NUMBERS, 0)?)).expect("as many as fit");
    let numbers = DynState::options().writable(true).open(dir.path().join("numbers")).expect("a handle");
    let all = numbers.read(|v| v.position()).expect("a read");
    let replace = |by: u64| {
        let mut update = numbers.begin()?;
        let items = &[by; NUMBERS];
        update.edit()?.part(all)?.splice_bytes(0..NUMBERS, bytemuck::cast_slice(items))?;
        update.commit()
    };
    let each: &dyn Fn(u64) = match operation {
        NOTHING => &|i| _ = black_box(i),
        "typed field" => &|_| _ = black_box(typed.read(|s| s.visits).expect("a read")),
        "path field" => &|_| _ = black_box(get(&view, field)),
        "compiled field" => &|_| _ = black_box(at(&compiled_field)),
        "typed item" => &|_| _ = black_box(typed.read(|s| s.rooms[black_box(3)].seats).expect("a read")),
        "path item" => &|_| _ = black_box(get(&view, item)),
        "compiled item" => &|_| _ = black_box(at(&compiled_item)),
        "typed update" => &|i| typed.update(|s| s.rooms[3].seats = i).expect("an update"),
        "path update" => &|i| view.update(|v| v.set(item, i)).expect("an update"),
        "looking field" => &|_| _ = black_box(get(&looking, field)),
        "looking item" => &|_| _ = black_box(get(&looking, item)),
        "list replaced" => &|i| _ = replace(i).expect("an update"),
        other => panic!("no such operation: {other}"),
    };
    (0..times).for_each(each);
}

fn main() -> ExitCode {
    counting::bench("benches/counts_of_dynamic.txt", &OPERATIONS, run)
}
