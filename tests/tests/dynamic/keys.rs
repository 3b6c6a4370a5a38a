//! Keys of a program's own: structs, enums, arrays and optional numbers, found and changed without the type.

use serde_json::{Value as Json, json};
use shmstate::dynamic::{Data, DynState};
use shmstate::{Array, ErrorKind, Map, Set, SharedLayout, SortedMap, State, Text};
use shmstate_tests::{Rng, scratch_dir};
use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::num::NonZero;

#[derive(SharedLayout, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(C)]
struct Seat {
    row: u32,
    number: i32,
    name: Text<8>,
    marks: [u16; 4],
    group: Option<NonZero<u64>>,
    kind: Kind,
}

#[derive(SharedLayout, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(C, u64)]
enum Kind {
    Plain = 0,
    Tagged(u64) = 7,
    Named { first: Text<8>, id: i64 } = 5,
}

/// A derived `Hash` leaves the discriminant out.
#[derive(SharedLayout, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
enum Only {
    One,
}

#[derive(SharedLayout)]
#[repr(C)]
struct Hall {
    seats: Map<Seat, u64, 64>,
    order: SortedMap<Seat, u64, 300>,
    taken: Set<Seat, 64>,
    only: Set<Only, 4>,
    rows: Map<[u8; 3], u64, 4>,
    groups: SortedMap<Option<NonZero<u8>>, u64, 4>,
    kinds: Set<Kind, 4>,
}

fn seat(rng: &mut Rng) -> Seat {
    let text = |rng: &mut Rng| ["", "a", "anna", "größer"][rng.below(4)].parse::<Text<8>>().unwrap();
    Seat {
        row: rng.below(3) as u32,
        number: rng.below(5) as i32 - 2,
        name: text(rng),
        marks: [rng.below(2) as u16 * 300, 1, 2, rng.below(3) as u16],
        group: NonZero::new(rng.below(3) as u64),
        kind: match rng.below(3) {
            0 => Kind::Plain,
            1 => Kind::Tagged(rng.below(9) as u64),
            _ => Kind::Named { first: text(rng), id: -(rng.below(3) as i64) },
        },
    }
}

fn json(seat: &Seat) -> Json {
    let kind = match &seat.kind {
        Kind::Plain => json!("Plain"),
        Kind::Tagged(n) => json!({ "Tagged": n }),
        Kind::Named { first, id } => json!({"Named": {"first": first.as_str(), "id": id}}),
    };
    let Seat { row, number, name, marks, group, .. } = seat;
    json!({"row": row, "number": number, "name": name.as_str(), "marks": marks, "group": group, "kind": kind})
}

fn data(seat: &Seat) -> Data {
    let kind = match &seat.kind {
        Kind::Plain => "Plain".into(),
        Kind::Tagged(n) => Data::variant("Tagged", *n),
        Kind::Named { first, id } => {
            Data::variant("Named", Data::fields([("first", Data::from(first.as_str())), ("id", (*id).into())]))
        }
    };
    Data::fields([
        ("row", seat.row.into()),
        ("number", seat.number.into()),
        ("name", seat.name.as_str().into()),
        ("marks", Data::items(seat.marks)),
        ("group", seat.group.map(|group| group.get()).into()),
        ("kind", kind),
    ])
}

/// The type and the view in turn; each finds what the other one did, and the type checks all of it at the end.
#[test]
fn both_sides_find_and_change_entries() {
    let (dir, mut rng) = (scratch_dir(), Rng::new(7));
    let name = dir.path().join("hall");
    let typed = State::<Hall>::create(&name).unwrap();
    let view = DynState::options().writable(true).open(&name).unwrap();
    for round in 0..600u64 {
        let seat = seat(&mut rng);
        let (is_there, room) = typed.read(|h| (h.seats.get(&seat).copied(), h.seats.len() < 60)).unwrap();
        let path = |of: &str| format!("{of}[{}]", json(&seat));
        let found = view.read(|v| v.get(&path("seats")).and_then(|v| v.as_u64())).unwrap();
        assert_eq!(found.ok(), is_there, "{round}");
        let sorted = view.read(|v| v.get(&path("order")).and_then(|v| v.as_u64())).unwrap();
        assert_eq!(sorted.ok(), is_there, "{round}");
        let compiled = view.path(&path("taken")).unwrap();
        assert_eq!(view.read(|v| v.at(&compiled).is_ok()).unwrap(), is_there.is_some(), "{round}");
        match (rng.below(4), is_there) {
            (0, Some(_)) => typed
                .update(|h| {
                    assert!(h.seats.remove(&seat).is_some() && h.order.remove(&seat).is_some());
                    assert!(h.taken.remove(&seat));
                })
                .unwrap(),
            (1 | 2, Some(_)) => view
                .update(|v| {
                    v.remove(&path("seats"))?;
                    v.remove(&path("order"))?;
                    v.remove(&path("taken"))
                })
                .unwrap(),
            (0 | 1, _) if room => typed
                .transact(|h| {
                    h.seats.insert(seat.clone(), round)?;
                    h.order.insert(seat.clone(), round)?;
                    h.taken.insert(seat.clone())?;
                    Ok(())
                })
                .unwrap(),
            (_, _) if room => view
                .update(|v| {
                    v.insert("seats", data(&seat), round)?;
                    v.insert("order", data(&seat), round)?;
                    v.push("taken", data(&seat))
                })
                .unwrap(),
            _ => {}
        }
    }
    // What the view has made of empty ones.
    view.update(|v| {
        v.push("only", "One")?;
        v.insert("rows", Data::items([1u8, 2, 3]), 9u64)?;
        v.insert("groups", 4u8, 4u64)?;
        v.insert("groups", Data::None, 0u64)?;
        v.push("kinds", "Plain")?;
        v.set_json("kinds", r#"[{"Tagged":1},"Plain",{"Named":{"first":"x","id":-1}}]"#)
    })
    .unwrap();
    assert_eq!(view.read(|v| v.get("rows[[1,2,3]]")?.as_u64()).unwrap().unwrap(), 9);
    assert_eq!(view.read(|v| v.get("groups[null]")?.as_u64()).unwrap().unwrap(), 0);
    assert!(view.read(|v| v.get("kinds[Plain]").is_ok() && v.get(r#"kinds[{"Tagged":1}]"#).is_ok()).unwrap());
    // Through JSON and back.
    let all = view.to_json("").unwrap();
    view.update(|v| v.set_json("", &all)).unwrap();
    assert_eq!(
        serde_json::from_str::<Json>(&view.to_json("").unwrap()).unwrap(),
        serde_json::from_str::<Json>(&all).unwrap()
    );
    let file = dir.path().join("file");
    view.export(&file).unwrap();
    drop((typed, view));
    for state in [State::<Hall>::open(&name), State::options().import(&file, dir.path().join("second"))] {
        let state = state.unwrap();
        state
            .read(|h| {
                assert!(h.seats.iter().all(|(seat, n)| h.seats[seat] == *n && h.order[seat] == *n));
                assert!(h.seats.keys().all(|seat| h.taken.contains(seat)) && h.seats.len() == h.taken.len());
                assert!(h.only.contains(&Only::One) && h.kinds.contains(&Kind::Tagged(1)));
                assert_eq!((h.rows[&[1, 2, 3]], h.groups[&NonZero::new(4)], h.groups[&None]), (9, 4, 0));
            })
            .unwrap();
    }
    // Without the type, too.
    let third = DynState::options().writable(true).import(&file, dir.path().join("third")).unwrap();
    assert_eq!(
        serde_json::from_str::<Json>(&third.to_json("").unwrap()).unwrap(),
        serde_json::from_str::<Json>(&all).unwrap()
    );
    drop(third);
    State::<Hall>::open(dir.path().join("third")).unwrap();
}

/// Hashed and ordered the other way round.
#[derive(SharedLayout, Clone, Copy, PartialEq, Eq, Debug)]
#[repr(C)]
struct Backwards {
    n: u64,
}

impl Hash for Backwards {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        (!self.n).hash(hasher);
    }
}

impl Ord for Backwards {
    fn cmp(&self, other: &Self) -> Ordering {
        other.n.cmp(&self.n)
    }
}

impl PartialOrd for Backwards {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[derive(SharedLayout)]
#[repr(C)]
struct Odd {
    map: Map<Backwards, u64, 8>,
    sorted: SortedMap<Backwards, u64, 8>,
    floats: Array<f64, 2>,
}

/// What the program hashes and orders by code of its own is found and removed, and nothing is put where it would not be found.
#[test]
fn entries_that_lie_elsewhere_are_found_and_none_is_added() {
    let dir = scratch_dir();
    let name = dir.path().join("odd");
    let typed = State::<Odd>::create(&name).unwrap();
    typed
        .transact(|odd| {
            for n in 0..6 {
                odd.map.insert(Backwards { n }, n)?;
                odd.sorted.insert(Backwards { n }, n)?;
            }
            Ok(())
        })
        .unwrap();
    let view = DynState::options().writable(true).open(&name).unwrap();
    for n in 0..6u64 {
        for of in ["map", "sorted"] {
            let path = format!(r#"{of}[{{"n":{n}}}]"#);
            assert_eq!(view.read(|v| v.get(&path)?.as_u64()).unwrap().unwrap(), n, "{path}");
        }
    }
    for of in ["map", "sorted"] {
        let key = || Data::fields([("n", 9u64)]);
        let error = view.update(|v| v.insert(of, key(), 9u64)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.to_string().contains("as the entries show"), "{error}");
    }
    view.update(|v| {
        v.set(r#"map[{"n":4}]"#, 40u64)?;
        v.remove(r#"map[{"n":2}]"#)?;
        v.remove(r#"sorted[{"n":2}]"#)
    })
    .unwrap();
    drop((typed, view));
    let typed = State::<Odd>::open(&name).unwrap();
    typed
        .read(|odd| {
            assert_eq!((odd.map.len(), odd.sorted.len(), odd.map[&Backwards { n: 4 }]), (5, 5, 40));
            assert!(odd.sorted.keys().map(|key| key.n).eq([5, 4, 3, 1, 0]));
            assert!([0, 1, 3, 5].iter().all(|n| odd.map[&Backwards { n: *n }] == *n));
        })
        .unwrap();
}
