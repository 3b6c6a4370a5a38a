//! A state of containers that are made of others: numbers only, so that any bytes are a value.

use crate::Rng;
use shmstate::{Blob, Key, List, Map, Maybe, Queue, Ring, Set, SharedLayout, Slab, SortedMap, Tracked};
use std::hint::black_box;

/// Small, so that a write anywhere hits what counts.
#[derive(SharedLayout, Clone, PartialEq, Debug)]
#[repr(C)]
pub struct Others {
    /// Numbers.
    pub ring: Ring<u64, 5>,
    /// Lists.
    pub queue: Queue<List<u64, 3>, 5>,
    /// Numbers under keys.
    pub slab: Slab<u64, 6>,
    /// Keys that lead into it, or not.
    pub keys: [Key<u64>; 4],
    /// A queue or none.
    pub maybe: Maybe<Queue<u64, 3>>,
    /// Many numbers.
    pub tracked: Tracked<[u64; 8]>,
    /// Bytes.
    pub blob: Blob<16>,
    /// Lists under numbers.
    pub map: Map<u64, List<u64, 3>, 5>,
    /// Numbers in the order of their keys.
    pub sorted: SortedMap<u64, u64, 5>,
    /// Numbers.
    pub set: Set<u64, 5>,
}

/// Looks at everything.
pub fn inspect_others(s: &Others) {
    let sum = |sum: u64, item: &u64| sum.wrapping_add(*item);
    black_box(s.ring.iter().fold(0, sum) ^ s.ring.iter().rev().fold(0, sum) ^ s.tracked.iter().fold(0, sum));
    black_box((s.ring.latest(), s.ring.oldest(), s.ring.get(3), s.ring.as_slices().0.len()));
    for list in &s.queue {
        black_box(list.iter().fold(list.len() as u64, sum));
    }
    black_box((s.queue.front(), s.queue.back(), s.queue.get(2), s.queue.iter().rev().count()));
    black_box(s.slab.values().fold(s.slab.iter().rev().count() as u64, sum));
    for key in s.keys {
        black_box(s.slab.get(key));
    }
    black_box(s.maybe.as_ref().map(|queue| queue.iter().fold(0, sum)));
    black_box(s.blob.iter().fold(0u8, |sum, byte| sum ^ byte));
    for key in 0..8 {
        black_box(s.map.get(&key).map(|list| list.iter().fold(0, sum)));
        black_box((s.sorted.get(&key), s.sorted.range(key..).count(), s.set.contains(&key)));
    }
    black_box((s.map.iter().count(), s.sorted.last_key_value(), s.set.iter().fold(0, sum)));
    black_box(s.clone());
}

/// Does a few things of all kinds, with no index of its own that a length could make wrong.
pub fn operate_on_others(s: &mut Others, rng: &mut Rng) {
    for _ in 0..1 + rng.below(6) {
        let (n, key) = (rng.any(), rng.below(4));
        match rng.below(30) {
            // An entry that is found and gone again is a panic: that is not asked for.
            22 if s.map.contains_key(&(n % 8)) => _ = s.map.get_mut(&(n % 8)).map(|list| list.push(n)),
            22 | 23 => s.map.retain(|key, _| key % 4 != n % 4),
            24 => _ = s.map.remove(&(n % 8)),
            25 if !s.map.contains_key(&(n % 8)) => _ = s.map.insert(n % 8, List::from([n])),
            25 => _ = s.sorted.range_mut(n % 8..).map(|(_, number)| *number ^= n).count(),
            26 if s.sorted.contains_key(&(n % 8)) => s.sorted.retain(|key, _| key % 4 != n % 4),
            26 => _ = s.sorted.insert(n % 8, n),
            27 => _ = s.sorted.remove(&(n % 8)),
            28 => _ = s.set.insert(n % 8),
            29 => _ = s.set.remove(&(n % 8)),
            0..3 => _ = s.ring.push(n),
            3 => _ = s.ring.latest_mut().map(|item| *item ^= n),
            4 => s.ring.make_contiguous().reverse(),
            5 => _ = s.queue.push_back(List::from([n, 1])),
            6 => _ = s.queue.push_front(List::from([n])),
            7 => _ = s.queue.pop_front(),
            8 => {
                if let Some(mut list) = s.queue.pop_back() {
                    _ = list.push(n);
                    _ = s.queue.push_back(list);
                }
            }
            9 => _ = s.queue.remove(rng.below(5)),
            10 => s.queue.retain(|list| list.len() != 1),
            11 => s.queue.make_contiguous().reverse(),
            12 => _ = s.queue.iter_mut().map(|list| list.push(n)).count(),
            13..15 => s.keys[key] = s.slab.insert(n).unwrap_or_default(),
            15 => _ = s.slab.remove(s.keys[key]),
            16 => _ = s.slab.get_mut(s.keys[key]).map(|value| *value ^= n),
            17 => s.slab.retain(|_, value| value % 3 != 0),
            18 => s.slab.values_mut().for_each(|value| *value ^= n),
            19 => {
                if s.maybe.get_or_insert_with(Queue::new).push_back(n).is_err() {
                    _ = s.maybe.take();
                }
            }
            20 => s.tracked[rng.below(8)] = n,
            _ => {
                if s.blob.push(n as u8).is_err() || s.blob.insert(0, 1).is_err() {
                    _ = (s.blob.pop(), s.blob.clear());
                }
            }
        }
    }
}
