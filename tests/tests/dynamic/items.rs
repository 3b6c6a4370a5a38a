//! Items as their bytes: of sequences whose items are all of their memory, and of no others.

use shmstate::dynamic::{Data, DynState, Value, ValueKind};
use shmstate::{Array, ErrorKind, List, Queue, Ring, SharedLayout, State, TimeSpan, Timestamp, Tracked};
use shmstate_tests::scratch_dir;
use std::num::{Saturating, Wrapping};

#[derive(SharedLayout)]
#[repr(C)]
struct Moment {
    at: Timestamp,
    took: TimeSpan,
}

#[derive(SharedLayout)]
#[repr(C)]
struct Marked {
    number: Tracked<u64>,
}

#[derive(SharedLayout)]
#[repr(C)]
struct Items {
    numbers: List<u64, 4>,
    wrapping: Array<Wrapping<u64>, 2>,
    saturating: [Saturating<u16>; 4],
    moments: List<Moment, 4>,
    tracked: List<Tracked<f64>, 4>,
    array: Array<Tracked<u64>, 3>,
    plain: [Tracked<u64>; 2],
    ring: Ring<Tracked<u64>, 2>,
    queue: Queue<Tracked<u64>, 2>,
    arrays: List<Array<u64, 2>, 2>,
    marked: List<Marked, 2>,
    nested: [[Tracked<u64>; 2]; 2],
}

/// What has bytes of its own between its items, as marks.
const APART: [(&str, &str); 8] = [
    ("tracked", "[1.5,2.5]"),
    ("array", "[7,8,9]"),
    ("plain", "[1,2]"),
    ("ring", "[1,2]"),
    ("queue", "[1,2]"),
    ("arrays", "[[1,2],[3,4]]"),
    ("marked", r#"[{"number":1},{"number":2}]"#),
    ("nested", "[[1,2],[3,4]]"),
];

const TOGETHER: [(&str, &str, usize); 4] = [
    ("numbers", "[1,2,3]", 24),
    ("wrapping", "[1,2]", 16),
    ("saturating", "[1,2,3,4]", 8),
    ("moments", r#"[{"at":1,"took":2}]"#, 16),
];

struct Fixture {
    _dir: tempfile::TempDir,
    _typed: State<Items>,
    writer: DynState,
}

fn fixture() -> Fixture {
    let dir = scratch_dir();
    let name = dir.path().join("items");
    let typed = State::<Items>::create(&name).unwrap();
    let writer = DynState::options().writable(true).open(&name).unwrap();
    for (path, json) in APART.into_iter().chain(TOGETHER.map(|(path, json, _)| (path, json))) {
        writer.from_json(path, json).unwrap();
    }
    Fixture { _dir: dir, _typed: typed, writer }
}

/// What the items are, one by one.
fn one_by_one(value: Value<'_>) -> String {
    value.to_json().unwrap()
}

#[test]
fn marks_are_no_part_of_the_bytes_of_items() {
    let fixture = fixture();
    for (path, json) in APART {
        let update = fixture.writer.begin().unwrap();
        let value = update.value().unwrap().get(path).unwrap();
        assert!(!value.items_are_any_bytes(), "{path}");
        // Arrays with marks of their own are items in one piece, marks included.
        if path != "arrays" && path != "marked" && path != "nested" {
            assert_eq!(value.item_bytes().unwrap(), None, "{path}");
            assert_eq!(value.bytes_of_items(0..2).unwrap(), None, "{path}");
        }
        let position = value.position();
        let mut update = update;
        let mut edit = update.edit().unwrap();
        let mut part = edit.part(position).unwrap();
        assert_eq!(part.bytes_mut().unwrap_err().kind(), ErrorKind::InvalidValue, "{path}");
        for bytes in [&[][..], &[0; 8], &[0; 72], &[0; 144]] {
            assert_eq!(part.splice_bytes(0..1, bytes).unwrap_err().kind(), ErrorKind::InvalidValue, "{path}");
        }
        assert_eq!(one_by_one(update.value().unwrap().get(path).unwrap()), json);
    }
}

#[test]
fn items_with_nothing_between_them_are_bytes() {
    let fixture = fixture();
    for (path, json, size) in TOGETHER {
        let mut update = fixture.writer.begin().unwrap();
        let value = update.value().unwrap().get(path).unwrap();
        assert!(value.items_are_any_bytes(), "{path}");
        let (position, len) = (value.position(), value.len().unwrap());
        let bytes = value.bytes_of_items(0..len).unwrap().unwrap().into_owned();
        assert_eq!(bytes.len(), size, "{path}");
        let mut edit = update.edit().unwrap();
        let mut part = edit.part(position).unwrap();
        part.bytes_mut().unwrap().unwrap().fill(0xff);
        part.splice_bytes(0..len, &bytes).unwrap();
        assert_eq!(one_by_one(update.value().unwrap().get(path).unwrap()), json);
    }
}

#[test]
fn items_with_marks_are_set_one_by_one() {
    let fixture = fixture();
    let mut update = fixture.writer.begin().unwrap();
    let root = update.value().unwrap();
    assert_eq!(root.get("tracked[0]").unwrap().kind(), ValueKind::Float);
    let tracked = root.get("tracked").unwrap().position();
    let mut edit = update.edit().unwrap();
    let data: Vec<Data> = [3.5, 4.5, 5.5].map(Data::from).to_vec();
    edit.part(tracked).unwrap().splice(1..2, &data).unwrap();
    assert_eq!(one_by_one(update.value().unwrap().get("tracked").unwrap()), "[1.5,3.5,4.5,5.5]");
    update.commit().unwrap();
}
