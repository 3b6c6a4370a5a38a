//! Rings, queues, slabs and the like beside std's on the heap.

use super::{Cell, Effort, print, short, spot};
use shmstate::{Blob, Key, List, Maybe, Queue, Ring, SharedLayout, Slab, State, Tracked};
use std::collections::{HashMap, VecDeque};
use std::hint::black_box;

#[derive(SharedLayout)]
#[repr(C)]
struct Beside<T> {
    counter: u64,
    large: T,
}

const OPERATIONS: [&str; 8] = [
    "ring: push, full",
    "queue: push and pop",
    "slab: update a value",
    "slab: insert and remove",
    "maybe a List: take, put",
    "tracked: count beside it",
    "plain: count beside it",
    "blob: write 16 bytes",
];

/// A state of its own for each row, so that none pays for the others.
pub(super) fn state<T: SharedLayout>(dir: &tempfile::TempDir, name: &str, init: impl FnOnce(&mut T)) -> State<T> {
    State::<T>::options().init(init).create(dir.path().join(name)).expect("a state")
}

/// The operations on what holds `N` numbers, or bytes, in the order of [`OPERATIONS`].
fn column<const N: usize>(effort: Effort) -> [Cell; 8] {
    let dir = &tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a directory");
    let half = N as u64 / 2;

    let rings = state::<Ring<u64, N>>(dir, "ring", |ring| ring.extend(0..N as u64));
    let mut deque: VecDeque<u64> = (0..N as u64).collect();
    let (ring, _) = effort.compare(
        &mut |range| range.for_each(|i| _ = black_box(rings.update(|s| s.push(i)).unwrap())),
        &mut |range| {
            for i in range {
                let deque = black_box(&mut deque);
                black_box(deque.pop_front());
                deque.push_back(i);
            }
        },
    );
    assert!(rings.read(|s| *s == deque).unwrap());

    let queues = state::<Queue<u64, N>>(dir, "queue", |queue| queue.extend(0..half));
    let mut deque: VecDeque<u64> = (0..half).collect();
    let (queue, _) = effort.compare(
        &mut |range| {
            for i in range {
                let popped = queues.update(|s| {
                    s.push_back(i).unwrap();
                    s.pop_front()
                });
                black_box(popped.unwrap());
            }
        },
        &mut |range| {
            for i in range {
                let deque = black_box(&mut deque);
                deque.push_back(i);
                black_box(deque.pop_front());
            }
        },
    );
    assert!(queues.read(|s| *s == deque).unwrap());

    let mut keys: Vec<Key<u64>> = vec![];
    let slabs = state::<Slab<u64, N>>(dir, "slab", |slab| keys.extend((0..half).map(|n| slab.insert(n).unwrap())));
    let mut map: HashMap<u64, u64> = (0..half).map(|n| (n, n)).collect();
    let (slab_update, _) = effort.compare(
        &mut |range| {
            range.for_each(|i| slabs.update(|s| s[keys[spot(i, keys.len())]] += 1).unwrap());
        },
        &mut |range| {
            range.for_each(|i| *black_box(&mut map).get_mut(&(spot(i, half as usize) as u64)).unwrap() += 1);
        },
    );
    let (slab_insert, _) = effort.compare(
        &mut |range| {
            for i in range {
                let removed = slabs.update(|s| {
                    let key = s.insert(i).unwrap();
                    s.remove(key)
                });
                black_box(removed.unwrap());
            }
        },
        &mut |range| {
            for i in range {
                let map = black_box(&mut map);
                map.insert(half + i, i);
                black_box(map.remove(&(half + i)));
            }
        },
    );
    let sums = (slabs.read(|s| s.values().sum::<u64>()).unwrap(), map.values().sum::<u64>());
    assert_eq!(sums.0, sums.1);

    let maybes = state::<Maybe<List<u64, N>>>(dir, "maybe", |maybe| _ = maybe.insert(List::from([1, 2])));
    let mut option = Some(vec![1u64, 2]);
    let (maybe, _) = effort.compare(
        &mut |range| {
            for i in range {
                let take = |s: &mut Maybe<List<u64, N>>| {
                    let mut list = s.take().unwrap();
                    list[0] = i;
                    s.insert(list).len()
                };
                black_box(maybes.update(take).unwrap());
            }
        },
        &mut |range| {
            for i in range {
                let option = black_box(&mut option);
                let mut list = option.take().unwrap();
                list[0] = i;
                black_box(option.insert(list).len());
            }
        },
    );

    let tracked = state::<Beside<Tracked<[u64; N]>>>(dir, "tracked", |_| ());
    let mut boxed = (0u64, Box::new([0u64; N]));
    let (beside_tracked, _) = effort
        .compare(&mut |range| range.for_each(|_| tracked.update(|s| s.counter += 1).unwrap()), &mut |range| {
            range.for_each(|_| black_box(&mut boxed).0 += 1)
        });
    let plain = state::<Beside<[u64; N]>>(dir, "plain", |_| ());
    let (beside_plain, _) = effort
        .compare(&mut |range| range.for_each(|_| plain.update(|s| s.counter += 1).unwrap()), &mut |range| {
            range.for_each(|_| black_box(&mut boxed).0 += 1)
        });

    let blobs = state::<Blob<N>>(dir, "blob", |_| ());
    let mut vec = Vec::with_capacity(N);
    let (blob, _) = effort.compare(
        &mut |range| {
            for i in range {
                blobs.update(|s| s.set(&u128::from(i).to_ne_bytes()).unwrap()).unwrap();
            }
        },
        &mut |range| {
            for i in range {
                let vec = black_box(&mut vec);
                vec.clear();
                vec.extend_from_slice(&u128::from(i).to_ne_bytes());
            }
        },
    );
    [ring, queue, slab_update, slab_insert, maybe, beside_tracked, beside_plain, blob]
}

/// Measures and prints the table.
pub(super) fn table(effort: Effort) {
    let columns = [column::<64>(effort), column::<1024>(effort), column::<16384>(effort)];
    println!(
        "\nother containers, one update each, and, after the slash, std's on the heap, which share nothing and roll"
    );
    println!("nothing back: median ns; median of their ratio\n");
    print(&OPERATIONS, &columns);
    let dir = &tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a directory");
    let empty = state::<u64>(dir, "empty", |_| ());
    let nothing = effort.time(&mut |range| range.for_each(|_| empty.update(|s| _ = black_box(s)).unwrap()));
    println!("\nan update that does nothing takes {} ns of each", short(nothing));
    println!(
        "of `u64`, of bytes in the blob; a slab stands beside a `HashMap`, the others beside `VecDeque`, `Option`, `Box`"
    );
    println!("and `Vec<u8>`; \"plain\" is what \"tracked\" saves; a list that is taken out is moved as a whole");
}
