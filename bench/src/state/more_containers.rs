//! Lists, sets, texts, archives, and a map that is nearly full, beside std's on the heap.

use super::maps::{SipHash13, key};
use super::{Cell, Effort, print, spot};
use rkyv_0_8::rancor::Error;
use rkyv_0_8::{api, util};
use shmstate::{Archived, List, Map, Set, SharedLayout, State, Text};
use std::collections::{HashMap, HashSet};
use std::fmt::Write;
use std::hint::black_box;

const OPERATIONS: [&str; 7] = [
    "list: set an item",
    "list: push and pop",
    "map of 90 %: look up",
    "set: insert and remove",
    "text: write a number",
    "archived: set N numbers",
    "archived: read a number",
];

/// A state of its own for each row, so that none pays for the others.
fn state<T: SharedLayout>(dir: &tempfile::TempDir, name: &str, init: impl FnOnce(&mut T)) -> State<T> {
    State::<T>::options().init(init).create(dir.path().join(name)).expect("a state")
}

/// The operations on what holds `N` numbers, or `B` bytes, in the order of [`OPERATIONS`].
fn column<const N: usize, const B: usize>(effort: Effort) -> [Cell; 7] {
    let dir = &tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a directory");

    let lists = state::<List<u64, N>>(dir, "list", |list| list.extend(0..N as u64 - 1));
    let mut vec: Vec<u64> = (0..N as u64 - 1).collect();
    let (list_set, _) = effort
        .compare(&mut |range| range.for_each(|i| lists.update(|s| s[spot(i, N - 1)] = i).unwrap()), &mut |range| {
            range.for_each(|i| black_box(&mut vec)[spot(i, N - 1)] = i)
        });
    let (list_push, _) = effort.compare(
        &mut |range| {
            for i in range {
                let popped = lists.update(|s| {
                    s.push(i).unwrap();
                    s.pop()
                });
                black_box(popped.unwrap());
            }
        },
        &mut |range| {
            for i in range {
                let vec = black_box(&mut vec);
                vec.push(i);
                black_box(vec.pop());
            }
        },
    );
    assert!(lists.read(|s| *s == vec).unwrap());

    let there = N * 9 / 10;
    let entries = || (0..there).map(|n| (key(n), n as u64));
    let maps = state::<Map<u64, u64, N>>(dir, "map", |map| map.extend(entries()));
    let mut hash_map = HashMap::with_capacity_and_hasher(there, SipHash13);
    hash_map.extend(entries());
    let mut in_one_read = |range: std::ops::Range<u64>| {
        let look_up = |s: &Map<u64, u64, N>| range.for_each(|i| _ = black_box(s.get(&key(spot(i, there)))));
        maps.read(look_up).unwrap();
    };
    let (map_get, _) = effort.compare(&mut in_one_read, &mut |range| {
        range.for_each(|i| _ = black_box(hash_map.get(&key(spot(i, there)))));
    });

    let sets = state::<Set<u64, N>>(dir, "set", |set| set.extend((0..N / 2).map(key)));
    let mut hash_set = HashSet::with_capacity_and_hasher(N, SipHash13);
    hash_set.extend((0..N / 2).map(key));
    let (set, _) = effort.compare(
        &mut |range| {
            for i in range {
                let removed = sets.update(|s| {
                    s.insert(key(N + i as usize)).unwrap();
                    s.remove(&key(N + i as usize))
                });
                black_box(removed.unwrap());
            }
        },
        &mut |range| {
            for i in range {
                let set = black_box(&mut hash_set);
                set.insert(key(N + i as usize));
                black_box(set.remove(&key(N + i as usize)));
            }
        },
    );

    let texts = state::<Text<N>>(dir, "text", |_| ());
    let mut string = String::with_capacity(N);
    let (text, _) = effort.compare(
        &mut |range| {
            for i in range {
                let write = |s: &mut Text<N>| {
                    s.clear();
                    write!(s, "{i}")
                };
                texts.try_update(write).unwrap().unwrap();
            }
        },
        &mut |range| {
            for i in range {
                let string = black_box(&mut string);
                string.clear();
                write!(string, "{i}").unwrap();
            }
        },
    );

    let mut numbers: Vec<u64> = (0..N as u64).collect();
    let archives = state::<Archived<Vec<u64>, B>>(dir, "archived", |_| ());
    let mut bytes = util::AlignedVec::<16>::with_capacity(B);
    let mut other = numbers.clone();
    let (archived_set, _) = effort.compare(
        &mut |range| {
            for i in range {
                numbers[0] = i;
                archives.try_update(|s| s.set(&numbers)).unwrap().unwrap();
            }
        },
        &mut |range| {
            for i in range {
                other[0] = i;
                let mut to = std::mem::take(black_box(&mut bytes));
                to.clear();
                bytes = api::high::to_bytes_in::<_, Error>(&other, to).unwrap();
            }
        },
    );
    let (archived_get, _) = effort.compare(
        &mut |range| {
            for i in range {
                black_box(archives.read(|s| s.get().unwrap()[spot(i, N)].to_native()).unwrap());
            }
        },
        &mut |range| range.for_each(|i| _ = black_box(black_box(&other)[spot(i, N)])),
    );
    [list_set, list_push, map_get, set, text, archived_set, archived_get]
}

/// Measures and prints the table.
pub(super) fn table(effort: Effort) {
    let columns = [column::<64, 1024>(effort), column::<1024, 16384>(effort), column::<16384, 262_144>(effort)];
    println!(
        "\nlists, sets, texts and archives, one update each, and, after the slash, std's on the heap, which share nothing"
    );
    println!("and roll nothing back: median ns; median of their ratio\n");
    print(&OPERATIONS, &columns);
    println!(
        "\n\"look up\" is many in one read; an archive stands beside rkyv's into memory that is there, and beside a `Vec`;"
    );
    println!("\"set\" archives twice and checks what it wrote, so that readers believe it");
}
