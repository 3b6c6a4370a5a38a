//! What the dynamic view promises: paths, errors, strict JSON, regions from a schema, kinds of handles.

use shmstate::dynamic::{Data, DynState, Readiness, ValueKind};
use shmstate::{
    Archived, Error, ErrorKind, List, Map, Maybe, Set, SharedLayout, SortedMap, State, Text, TimeSpan, Timestamp, Uuid,
};
use shmstate_tests::all::{All, typed_step};
use shmstate_tests::{Rng, SetOnDrop, has_proc, scratch_dir};
use std::os::fd::{AsFd, AsRawFd};
use std::sync::Arc;

#[derive(SharedLayout, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(C)]
struct Seat {
    row: u32,
    number: u32,
}

#[derive(SharedLayout)]
#[repr(C)]
struct Room {
    name: Text<8>,
    seats: u64,
}

#[derive(SharedLayout)]
#[repr(C, u64)]
enum Lamp {
    Off,
    On { since: Timestamp },
}

#[derive(SharedLayout)]
#[repr(C)]
struct House {
    id: Uuid,
    rooms: List<Room, 2>,
    owner: Maybe<Room>,
    lamp: Lamp,
    open: TimeSpan,
    small: [u8; 8],
    ports: Map<Text<8>, u64, 2>,
    tags: Set<u64, 4>,
    floors: SortedMap<i64, u64, 2>,
    taken: Map<Seat, u64, 4>,
}

struct Fixture {
    dir: tempfile::TempDir,
    typed: State<House>,
    writer: DynState,
}

fn fixture() -> Fixture {
    let dir = scratch_dir();
    let typed = State::<House>::create(dir.path().join("house")).unwrap();
    let writer = DynState::options().writable(true).open(dir.path().join("house")).unwrap();
    Fixture { dir, typed, writer }
}

#[track_caller]
fn check<T>(result: Result<T, Error>, kind: ErrorKind, message: &str) {
    let Err(error) = result else { panic!("no error, but {kind:?} was due") };
    assert_eq!((error.kind(), &*error.to_string()), (kind, message));
}

fn room(name: &str, seats: u64) -> Data {
    Data::fields([("name", Data::from(name)), ("seats", seats.into())])
}

#[test]
fn an_error_names_the_path_and_what_is_there() {
    let Fixture { dir: _dir, writer, .. } = fixture();
    writer.update(|v| v.push("rooms", room("hall", 4))).unwrap();
    let get = |path: &str| writer.read(|v| v.get(path).map(|v| v.kind())).unwrap();
    assert_eq!(get("rooms[0].seats").unwrap(), ValueKind::Integer);
    let missing = "`House` has no field `roms`; it has id, rooms, owner, lamp, open, small, ports, tags, floors, taken";
    check(get("roms[0]"), ErrorKind::InvalidPath, &format!("`roms[0]`: {missing}"));
    check(get("rooms[1].name"), ErrorKind::InvalidPath, "`rooms[1].name`: item 1 of 1 in a `List<Room, 2>`");
    check(get("small[8]"), ErrorKind::InvalidPath, "`small[8]`: item 8 of 8 in a `[u8; 8]`");
    check(
        get("rooms.name"),
        ErrorKind::InvalidPath,
        "`rooms.name`: `name` is no index of an item in a `List<Room, 2>`: write `[0]`",
    );
    check(get("open.secs"), ErrorKind::InvalidPath, "`open.secs`: `secs`: a `TimeSpan` has no parts");
    check(get("lamp.On.since"), ErrorKind::InvalidPath, "`lamp.On.since`: the `Lamp` is `Off` now, and not `On`");
    check(get("lamp.Dim"), ErrorKind::InvalidPath, "`lamp.Dim`: `Lamp` has no variant `Dim`; it has Off, On");
    check(get("owner.name"), ErrorKind::InvalidPath, "`owner.name`: the `Maybe` holds no value now");
    check(get("ports[\"http\"]"), ErrorKind::InvalidPath, "`ports[\"http\"]`: the `Map` has no such key");
    check(get("floors[up]"), ErrorKind::InvalidPath, "`floors[up]`: `up` is no key of type `i64`");
    check(
        get("rooms[0]name"),
        ErrorKind::InvalidPath,
        "`rooms[0]name`: `name` follows on a `]`; write `.` before a name",
    );
    check(
        get("taken[1]"),
        ErrorKind::InvalidPath,
        "`taken[1]`: `1` is no key of type `Seat`: an integer is no value of `Seat`: give its fields by their names",
    );
    check(
        get(r#"taken[{"row":1,"number":2}]"#),
        ErrorKind::InvalidPath,
        r#"`taken[{"row":1,"number":2}]`: the `Map` has no such key"#,
    );
    // The same, resolved before.
    check(writer.path("roms[0]"), ErrorKind::InvalidPath, &format!("`roms[0]`: {missing}"));
    let second = writer.path("rooms[1].name").unwrap();
    let read = || writer.read(|v| v.at(&second)?.as_text().map(String::from)).unwrap();
    check(read(), ErrorKind::InvalidPath, "`rooms[1].name`: item 1 of 1 in a `List<Room, 2>`");
    writer.update(|v| v.push("rooms", room("bath", 0))).unwrap();
    assert_eq!(read().unwrap(), "bath");
    assert_eq!(second.as_str(), "rooms[1].name");
}

#[test]
fn what_is_no_value_is_refused_and_nothing_has_happened() {
    let Fixture { dir: _dir, typed, writer } = fixture();
    writer.update(|v| v.set("rooms", vec![room("hall", 4), room("bath", 1)])).unwrap();
    let set = |path: &str, data: Data| {
        writer.update(|v| {
            v.set("open", 9u64)?;
            v.set(path, data)
        })
    };
    let (value, full) = (ErrorKind::InvalidValue, ErrorKind::Full);
    check(set("small[1]", 256u32.into()), value, "`small[1]`: 256 is out of the range of `u8`: 0 to 255");
    check(set("small[1]", (-1).into()), value, "`small[1]`: -1 is out of the range of `u8`: 0 to 255");
    let large = "`small[1]`: 1.8446744073709552e19 is out of the range of `u8`: 0 to 255";
    check(set("small[1]", 18446744073709551616.0.into()), value, large);
    check(set("small", vec![1u8].into()), value, "`small`: 1 items for a `[u8; 8]`, which always has 8");
    check(set("open", "long".into()), value, "`open`: a text is no value of type `TimeSpan`");
    check(set("id", "12".into()), value, "`id`: `12` is no value of type `Uuid`");
    let long = "`rooms[1].name`: the `Text<8>` is full: it holds at most 8, and 9 were needed";
    check(set("rooms[1].name", "a cellar ".into()), full, long);
    check(set("rooms[1]", Data::fields([("name", "x")])), value, "`rooms[1]`: the field `seats` of `Room` is missing");
    let rooms = vec![room("a", 1), room("b", 2), room("c", 3)];
    check(
        set("rooms", rooms.into()),
        full,
        "`rooms`: the `List<Room, 2>` is full: it holds at most 2, and 3 were needed",
    );
    check(
        set("rooms", vec![room("too long a name", 1)].into()),
        full,
        "`rooms[0].name`: the `Text<8>` is full: it holds at most 8, and 15 were needed",
    );
    check(set("lamp", "Dim".into()), value, "`lamp`: the enum `Lamp` has no variant `Dim`");
    check(
        set("lamp", "On".into()),
        value,
        "`lamp.On`: none (`null`) is no value of `On`: give its fields by their names",
    );
    check(set("tags", vec![1u8, 1].into()), value, "`tags`: item 1 is in the `Set` twice");
    let push = writer.update(|v| v.push("rooms", room("c", 3)));
    check(push, full, "`rooms`: the `List<Room, 2>` is full: it holds at most 2, and 3 were needed");
    for key in ["a", "b"] {
        writer.update(|v| v.insert("ports", key, 1u64)).unwrap();
    }
    writer.update(|v| v.insert("ports", "b", 2u64)).unwrap();
    check(
        writer.update(|v| v.insert("ports", "c", 1u64)),
        full,
        "`ports`: the `Map` is full: it holds at most 2, and 3 were needed",
    );
    let seat = Data::fields([("row", 1u32)]);
    check(writer.update(|v| v.insert("taken", seat, 1u64)), value, "`taken`: the field `number` of `Seat` is missing");
    typed
        .read(|house| {
            assert_eq!((house.open, house.rooms.len(), house.ports["b"]), (TimeSpan::ZERO, 2, 2));
            assert!(house.small == [0; 8] && house.tags.is_empty() && matches!(house.lamp, Lamp::Off));
        })
        .unwrap();
    // A value of a set does not change where it lies.
    writer.update(|v| v.push("tags", 1u64)).unwrap();
    assert_eq!(writer.update(|v| v.set("tags[1]", 2u64)).unwrap_err().kind(), ErrorKind::Unsupported);
}

#[test]
fn json_is_strict() {
    let Fixture { dir: _dir, typed, writer } = fixture();
    let json = |path: &str, json: &str| writer.from_json(path, json).map_err(|e| e.to_string());
    json("owner", r#" {"seats": 7, "name": "me"} "#).unwrap();
    json("lamp", r#"{"On": {"since": -5}}"#).unwrap();
    json("floors", r#"{"3": 1, "-4": 2}"#).unwrap();
    assert_eq!(writer.to_json("floors").unwrap(), r#"{"-4":2,"3":1}"#);
    typed.read(|s| assert!(s.owner.as_ref().is_some_and(|o| o.seats == 7) && s.floors[&-4] == 2)).unwrap();
    // Numbers come like this if any crate of the program turns the feature `arbitrary_precision` of serde_json on.
    json("owner.seats", r#"{"$serde_json::private::Number": "8"}"#).unwrap();
    assert_eq!(writer.to_json("owner.seats").unwrap(), "8");
    let refused = [
        (
            "owner.seats",
            r#"{"$serde_json::private::Number": "x"}"#,
            "`owner.seats`: in the JSON: invalid number at line 1 column 37",
        ),
        ("owner", r#"{"seats": 7}"#, "`owner`: the field `name` of `Room` is missing"),
        ("owner", r#"{"seats": 7, "name": "", "x": 1}"#, "`owner`: `Room` has no field `x`"),
        ("owner", r#"{"seats": 7, "seats": 7, "name": ""}"#, "`owner`: the field `seats` of `Room` is given twice"),
        ("owner.seats", "1.0", "`owner.seats`: a floating-point number is no value of type `u64`"),
        ("floors", r#"{"3": 1, "03": 2}"#, "`floors[\"03\"]`: the key is in the `SortedMap` twice"),
        ("floors", r#"{"x": 1}"#, "`floors[\"x\"]`: `x` is no key of type `i64`"),
        ("rooms", r#"[{"name": "x", "seats": null}]"#, "`rooms[0].seats`: none (`null`) is no value of type `u64`"),
    ];
    for (path, text, message) in refused {
        assert_eq!(json(path, text).unwrap_err(), message);
    }
    // Without that feature, serde_json reads a number of this size as a float.
    let too_large = json("owner.seats", "18446744073709551616").unwrap_err();
    let range = " is out of the range of `u64`: 0 to 18446744073709551615";
    let digits = too_large.strip_prefix("`owner.seats`: ").and_then(|text| text.strip_suffix(range));
    assert!(matches!(digits, Some("18446744073709551616" | "1.8446744073709552e19")), "{too_large}");
    for (text, part) in [("{", "EOF"), ("1 2", "trailing"), ("nulx", "expected ident")] {
        let error = json("owner", text).unwrap_err();
        assert!(error.starts_with("`owner`: in the JSON: ") && error.contains(part), "{error}");
    }
}

/// A region from a schema is one of the type, and a state goes from one to the other as JSON.
#[test]
fn a_state_is_made_again_from_its_schema_and_its_json() {
    let dir = scratch_dir();
    let typed = State::<All>::create(dir.path().join("all")).unwrap();
    let rng = &mut Rng::new(3);
    for _ in 0..300 {
        typed.update(|all| typed_step(all, rng)).unwrap();
    }
    typed.update(|all| all.archived.clear()).unwrap();
    let view = DynState::open(dir.path().join("all")).unwrap();
    let again = DynState::create_from_schema(dir.path().join("again"), &view.schema()).unwrap();
    again.from_json("", &view.to_json("").unwrap()).unwrap();
    assert_eq!(again.to_json("").unwrap(), view.to_json("").unwrap());
    assert_eq!(again.schema(), view.schema());
    let other = State::<All>::open(dir.path().join("again")).unwrap();
    let json = |state: &State<All>| state.read(|all| serde_json::to_string(all).unwrap()).unwrap();
    assert_eq!(json(&other), json(&typed));
    // What is not in the JSON of the type.
    assert!(other.read(|all| typed.read(|of| (all.pod.0, all.raw) == (of.pod.0, of.raw)).unwrap()).unwrap());
    drop((again, other));
    State::<All>::open(dir.path().join("again")).unwrap();
    let exists = DynState::create_from_schema(dir.path().join("again"), &view.schema());
    assert_eq!(exists.unwrap_err().kind(), ErrorKind::AlreadyExists);
    let no_zero = view.schema().replace(r#"{"name":"Red","value":0"#, r#"{"name":"Red","value":1"#);
    let refused = DynState::create_from_schema(dir.path().join("no"), &no_zero);
    check(
        refused,
        ErrorKind::InvalidOption,
        "the schema: the enum `Colour` has no variant of value 0, which a new state has",
    );
    let refused = DynState::create_from_schema(dir.path().join("no"), "{}");
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::InvalidOption);
    assert!(!dir.path().join("no").exists());
}

#[test]
fn handles_of_each_kind() {
    let Fixture { dir, typed, writer } = fixture();
    let view = DynState::open(dir.path().join("house")).unwrap();
    let refused = view.update(|v| v.set("open", 1u64)).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Permission);
    assert!(refused.to_string().contains("writable(true)"), "{refused}");
    let before = view.snapshot().unwrap();
    typed.update(|house| house.open = TimeSpan::from_nanos(7)).unwrap();
    assert_eq!(before.value().get("open").unwrap().as_span().unwrap(), TimeSpan::ZERO);
    assert_eq!(view.read(|v| v.get("open")?.as_span()).unwrap().unwrap(), TimeSpan::from_nanos(7));
    assert_eq!((view.version(), writer.version()), (1, 1));
    // One update inside of another one, of whichever kind, would wait for itself.
    let inside = typed.update(|_| writer.update(|v| v.set("open", 1u64)).unwrap_err().kind()).unwrap();
    assert_eq!(inside, ErrorKind::Reentrant);
    let inside = writer.update(|_| Ok(typed.update(|_| ()).unwrap_err().kind())).unwrap();
    assert_eq!(inside, ErrorKind::Reentrant);
    // A panic rolls back and releases the lock.
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        writer.update(|v| -> Result<(), Error> {
            v.set("open", 9u64)?;
            panic!("out")
        })
    }));
    assert!(panicked.is_err());
    assert_eq!(typed.read(|house| house.open).unwrap(), TimeSpan::from_nanos(7));
    writer.update(|v| v.set("open", 8u64)).unwrap();
    assert_eq!(typed.read(|house| house.open).unwrap(), TimeSpan::from_nanos(8));
}

#[test]
fn a_state_without_a_name_is_opened_by_its_descriptor() {
    if !has_proc() {
        return;
    }
    let anonymous = State::<List<u64, 4>>::anonymous().unwrap();
    let from_fd = DynState::from_fd(anonymous.share().unwrap()).unwrap();
    assert_eq!(from_fd.update(|v| v.push("", 1u64)).unwrap_err().kind(), ErrorKind::Permission);
    let writer = DynState::options().writable(true).from_fd(anonymous.share().unwrap()).unwrap();
    writer.update(|v| v.push("", 5u64)).unwrap();
    assert_eq!((from_fd.to_json("").unwrap(), anonymous.read(|list| list[0]).unwrap()), ("[5]".into(), 5));
    let made = DynState::options().anonymous_from_schema(&from_fd.schema()).unwrap();
    made.update(|v| v.insert("", 0u64, 3u64)).unwrap();
    assert_eq!(made.to_json("[0]").unwrap(), "3");
}

/// Writers that never rest do not keep a handle that looks from one version.
#[test]
fn a_view_is_of_one_version_beside_writers() {
    let dir = scratch_dir();
    let path = dir.path().join("pair");
    let typed = State::<[[u64; 4096]; 2]>::create(&path).unwrap();
    let view = DynState::open(&path).unwrap();
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                typed.update(|s| s.as_flattened_mut().iter_mut().for_each(|n| *n += 1)).unwrap();
            }
        });
        let _stop = SetOnDrop(&stop);
        for _ in 0..300 {
            let (first, last) = view
                .read(|v| Ok::<_, Error>((v.get("[0][0]")?.as_u64()?, v.get("[1][4095]")?.as_u64()?)))
                .unwrap()
                .unwrap();
            assert_eq!(first, last);
        }
    });
}

#[test]
fn archives_are_bytes_with_a_name() {
    let dir = scratch_dir();
    let path = dir.path().join("archived");
    let typed = State::<Archived<Vec<String>, 64>>::create(&path).unwrap();
    typed.transact(|s| Ok(s.set(&vec!["a name longer than eight bytes".into()])?)).unwrap();
    let writer = DynState::options().writable(true).open(&path).unwrap();
    writer
        .read(|v| {
            assert_eq!((v.kind(), v.type_name()), (ValueKind::Archived, "Vec<String>"));
            assert_eq!(v.as_bytes().unwrap().len(), typed.read(|s| s.len()).unwrap());
        })
        .unwrap();
    assert_eq!(writer.update(|v| v.set("", Data::Bytes(vec![1]))).unwrap_err().kind(), ErrorKind::Unsupported);
    writer.update(|v| v.clear("")).unwrap();
    assert!(typed.read(|s| s.get().is_none()).unwrap());
}

#[test]
fn a_descriptor_tells_of_each_version() {
    let readable = |ready: &Readiness, milliseconds| {
        let mut poll = libc::pollfd { fd: ready.as_fd().as_raw_fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: a place for one answer.
        unsafe { libc::poll(&raw mut poll, 1, milliseconds) == 1 }
    };
    let dir = scratch_dir();
    let name = dir.path().join("number");
    let number = State::<u64>::create(&name).unwrap();
    for writable in [true, false] {
        let state = Arc::new(if writable {
            DynState::options().writable(true).open(&name).unwrap()
        } else {
            DynState::open(&name).unwrap()
        });
        let before = state.version();
        let mut ready = state.readiness(before).unwrap();
        drop(state);
        assert_eq!(ready.take().unwrap(), None);
        std::thread::scope(|s| {
            s.spawn(|| (0..50).for_each(|_| number.update(|n| *n += 1).unwrap()));
            let mut seen = before;
            while seen < before + 50 {
                assert!(readable(&ready, -1));
                let newer = ready.take().unwrap();
                assert!(newer.is_none_or(|newer| newer > seen), "a version was taken twice");
                seen = newer.unwrap_or(seen);
            }
        });
        assert_eq!(ready.take().unwrap(), None);
        assert!(!readable(&ready, 0));
    }
}
