//! Maps beside std's on the heap, with the same hash.

use super::containers::state;
use super::{Cell, Effort, print, spot};
use shmstate::{Array, Map, SortedMap};
use siphasher::sip::SipHasher13;
use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasher;
use std::hint::black_box;

/// The hash of a `Map`, with a seed of its own.
pub(super) struct SipHash13;

impl BuildHasher for SipHash13 {
    type Hasher = SipHasher13;

    fn build_hasher(&self) -> SipHasher13 {
        SipHasher13::new_with_keys(black_box(7), black_box(8))
    }
}

/// Keys that are neither dense nor in order.
pub(super) const fn key(n: usize) -> u64 {
    (n as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

const OPERATIONS: [&str; 7] = [
    "map: look up",
    "map: read and look up",
    "map: update a value",
    "map: insert and remove",
    "sorted: look up",
    "sorted: insert and remove",
    "array: set an item",
];

/// The operations on maps of `N` keys of which three quarters are there, in the order of [`OPERATIONS`].
fn column<const N: usize>(effort: Effort) -> [Cell; 7] {
    let dir = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a directory");
    let there = N * 3 / 4;
    let entries = || (0..there).map(|n| (key(n), n as u64));
    // A state for each, so that none pays for the others.
    let maps = state::<Map<u64, u64, N>>(&dir, "map", |map| map.try_extend(entries()).expect("there is room"));
    let sorted =
        state::<SortedMap<u64, u64, N>>(&dir, "sorted", |map| map.try_extend(entries()).expect("there is room"));
    let arrays = state::<Array<u64, N>>(&dir, "array", |_| ());
    let mut hash_map = HashMap::with_capacity_and_hasher(N, SipHash13);
    hash_map.extend(entries());
    let mut btree_map: BTreeMap<u64, u64> = entries().collect();
    let mut vec = vec![0u64; N];

    let mut in_one_read = |range: std::ops::Range<u64>| {
        maps.read(|s| {
            for i in range {
                black_box(s.get(&key(spot(i, there))));
            }
        })
        .unwrap();
    };
    let look_up = |hash_map: &HashMap<u64, u64, SipHash13>, range: std::ops::Range<u64>| {
        for i in range {
            black_box(hash_map.get(&key(spot(i, there))));
        }
    };
    let (map_get, _) = effort.compare(&mut in_one_read, &mut |range| look_up(&hash_map, range));
    let (read_get, _) = effort.compare(
        &mut |range| {
            for i in range {
                black_box(maps.read(|s| s.get(&key(spot(i, there))).copied()).unwrap());
            }
        },
        &mut |range| look_up(&hash_map, range),
    );
    let (map_update, updated) = effort.compare(
        &mut |range| {
            for i in range {
                maps.update(|s| *s.get_mut(&key(spot(i, there))).unwrap() += 1).unwrap();
            }
        },
        &mut |range| {
            for i in range {
                *hash_map.get_mut(&key(spot(i, there))).unwrap() += 1;
            }
        },
    );
    let sum = entries().map(|(_, value)| value).sum::<u64>() + updated;
    assert_eq!((maps.read(|s| s.values().sum()).unwrap(), hash_map.values().sum()), (sum, sum));
    let (map_insert, _) = effort.compare(
        &mut |range| {
            for i in range {
                maps.update(|s| {
                    s.insert(key(N + i as usize), i).unwrap();
                    s.remove(&key(N + i as usize)).unwrap();
                })
                .unwrap();
            }
        },
        &mut |range| {
            for i in range {
                black_box(&mut hash_map).insert(key(N + i as usize), i);
                black_box(&mut hash_map).remove(&key(N + i as usize)).unwrap();
            }
        },
    );
    let (sorted_get, _) = effort.compare(
        &mut |range| {
            sorted
                .read(|s| {
                    for i in range {
                        black_box(s.get(&key(spot(i, there))));
                    }
                })
                .unwrap();
        },
        &mut |range| {
            for i in range {
                black_box(btree_map.get(&key(spot(i, there))));
            }
        },
    );
    let (sorted_insert, _) = effort.compare(
        &mut |range| {
            for i in range {
                sorted
                    .update(|s| {
                        s.insert(key(N + i as usize), i).unwrap();
                        s.remove(&key(N + i as usize)).unwrap();
                    })
                    .unwrap();
            }
        },
        &mut |range| {
            for i in range {
                black_box(&mut btree_map).insert(key(N + i as usize), i);
                black_box(&mut btree_map).remove(&key(N + i as usize)).unwrap();
            }
        },
    );
    let (array_set, _) = effort.compare(
        &mut |range| {
            for i in range {
                arrays.update(|s| s[spot(i, N)] = i).unwrap();
            }
        },
        &mut |range| {
            for i in range {
                black_box(&mut vec)[spot(i, N)] = i;
            }
        },
    );
    [map_get, read_get, map_update, map_insert, sorted_get, sorted_insert, array_set]
}

/// Measures and prints the table.
pub(super) fn table(effort: Effort) {
    let columns = [column::<64>(effort), column::<1024>(effort), column::<16384>(effort)];
    println!(
        "\nmaps and arrays in a state and, after the slash, std's on the heap with the same hash, which share nothing"
    );
    println!("and roll nothing back: median ns; median of their ratio\n");
    print(&OPERATIONS, &columns);
    println!(
        "\n\"look up\" is many in one read; \"insert and remove\" is both in one update, of a key that was never there"
    );
}
