//! Containers in a state, beside std's on the heap: each update is committed or rolled back, and after it every copy, caught
//! up, has what std's has.
//!
//! `collect_dirty` asks whether the copies are equal, and `list`, `keyed` and the like whether a method does what std's does. This
//! asks both at once, of containers that are swapped, taken out, and put back on the way.

use super::collect_dirty::Copies;
use super::workload::Script;
use crate::{Array, Blob, List, Map, Maybe, Queue, Ring, Set, SharedLayout, Slab, SortedMap, Text, Tracked};
use proptest::prelude::*;
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::fmt::Debug;
use std::mem;

/// A container, and what it stands in for.
trait Beside: SharedLayout + Clone + PartialEq + Debug {
    type Std: Clone + Debug;

    /// The same as a new one.
    fn new() -> Self::Std;

    /// One operation on both.
    fn step(&mut self, std: &mut Self::Std, s: &mut Script<'_>);

    /// Whether both have the same content.
    fn is(&self, std: &Self::Std) -> bool;
}

/// The items that are put into containers: they have marks of their own.
type Item = List<u16, 3>;

fn item(s: &mut Script<'_>) -> Item {
    (0..s.below(4)).map(|_| s.below(50) as u16).collect()
}

/// Changes an item a little, in both.
fn poke(both: [&mut Item; 2], s: &mut Script<'_>) {
    let (at, n) = (s.below(3), s.below(50) as u16);
    for item in both {
        match item.get_mut(at) {
            Some(number) => *number = n,
            None => drop(item.push(n)),
        }
    }
}

impl<const N: usize> Beside for List<Item, N> {
    type Std = Vec<Item>;

    fn new() -> Vec<Item> {
        vec![]
    }

    fn step(&mut self, std: &mut Vec<Item>, s: &mut Script<'_>) {
        let at = s.below(std.len().max(1));
        match s.below(8) {
            0 | 1 => {
                let item = item(s);
                if self.push(item.clone()).is_ok() {
                    std.push(item);
                }
            }
            2 => assert_eq!(self.pop(), std.pop()),
            3 if !std.is_empty() => assert_eq!(self.remove(at), std.remove(at)),
            4 if !std.is_empty() => assert_eq!(self.swap_remove(at), std.swap_remove(at)),
            5 if std.len() < N => {
                let item = item(s);
                self.insert(at, item.clone()).unwrap();
                std.insert(at, item);
            }
            6 => (self.reverse(), std.reverse()).0,
            _ if !std.is_empty() => poke([&mut self[at], &mut std[at]], s),
            _ => (self.clear(), std.clear()).0,
        }
    }

    fn is(&self, std: &Vec<Item>) -> bool {
        *self == *std
    }
}

impl<const N: usize> Beside for Array<Item, N> {
    type Std = Vec<Item>;

    fn new() -> Vec<Item> {
        vec![Item::new(); N]
    }

    fn step(&mut self, std: &mut Vec<Item>, s: &mut Script<'_>) {
        let (a, b) = (s.below(N), s.below(N));
        match s.below(4) {
            0 => (self.swap(a, b), std.swap(a, b)).0,
            1 => (self.rotate_left(a), std.rotate_left(a)).0,
            2 => {
                let item = item(s);
                (self[a], std[a]) = (item.clone(), item);
            }
            _ => poke([&mut self[a], &mut std[a]], s),
        }
    }

    fn is(&self, std: &Vec<Item>) -> bool {
        self.as_slice() == std.as_slice()
    }
}

impl<const N: usize> Beside for Ring<Item, N> {
    type Std = VecDeque<Item>;

    fn new() -> VecDeque<Item> {
        VecDeque::new()
    }

    fn step(&mut self, std: &mut VecDeque<Item>, s: &mut Script<'_>) {
        match s.below(4) {
            0 | 1 => {
                let item = item(s);
                let oldest = if std.len() == N { std.pop_front() } else { None };
                assert_eq!(self.push(item.clone()), oldest);
                std.push_back(item);
            }
            2 => {
                if let (Some(a), Some(b)) = (self.latest_mut(), std.back_mut()) {
                    poke([a, b], s);
                }
            }
            _ => {
                let at = s.below(N);
                if let (Some(a), Some(b)) = (self.get_mut(at), std.get_mut(at)) {
                    poke([a, b], s);
                }
            }
        }
    }

    fn is(&self, std: &VecDeque<Item>) -> bool {
        *self == *std && self.latest() == std.back()
    }
}

impl<const N: usize> Beside for Queue<Item, N> {
    type Std = VecDeque<Item>;

    fn new() -> VecDeque<Item> {
        VecDeque::new()
    }

    fn step(&mut self, std: &mut VecDeque<Item>, s: &mut Script<'_>) {
        match s.below(6) {
            0 | 1 => {
                let item = item(s);
                if self.push_back(item.clone()).is_ok() {
                    std.push_back(item);
                }
            }
            2 => {
                let item = item(s);
                if self.push_front(item.clone()).is_ok() {
                    std.push_front(item);
                }
            }
            3 => assert_eq!(self.pop_front(), std.pop_front()),
            4 => assert_eq!(self.pop_back(), std.pop_back()),
            _ => {
                let at = s.below(N);
                if let (Some(a), Some(b)) = (self.get_mut(at), std.get_mut(at)) {
                    poke([a, b], s);
                }
            }
        }
    }

    fn is(&self, std: &VecDeque<Item>) -> bool {
        *self == *std
    }
}

/// An entry is added, changed, or removed.
macro_rules! step_of_a_map {
    ($Map:ident, $Std:ident) => {
        impl<const N: usize> Beside for $Map<u8, Item, N> {
            type Std = $Std<u8, Item>;

            fn new() -> Self::Std {
                $Std::new()
            }

            fn step(&mut self, std: &mut Self::Std, s: &mut Script<'_>) {
                let key = s.below(N * 2) as u8;
                match s.below(6) {
                    0..3 => {
                        let item = item(s);
                        if let Ok(old) = self.insert(key, item.clone()) {
                            assert_eq!(old, std.insert(key, item));
                        }
                    }
                    3 => assert_eq!(self.remove(&key), std.remove(&key)),
                    4 => {
                        if let (Some(a), Some(b)) = (self.get_mut(&key), std.get_mut(&key)) {
                            poke([a, b], s);
                        }
                    }
                    _ => {
                        self.retain(|it, _| *it % 4 != key % 4);
                        std.retain(|it, _| *it % 4 != key % 4);
                    }
                }
            }

            fn is(&self, std: &Self::Std) -> bool {
                super::keyed::is_valid(self);
                self.len() == std.len() && std.iter().all(|(key, item)| self.get(key) == Some(item))
            }
        }
    };
}

step_of_a_map!(Map, HashMap);
step_of_a_map!(SortedMap, BTreeMap);

impl<const N: usize> Beside for Set<u8, N> {
    type Std = HashSet<u8>;

    fn new() -> HashSet<u8> {
        HashSet::new()
    }

    fn step(&mut self, std: &mut HashSet<u8>, s: &mut Script<'_>) {
        let key = s.below(N * 2) as u8;
        if s.below(2) == 0 {
            assert_eq!(self.remove(&key), std.remove(&key));
        } else if let Ok(new) = self.insert(key) {
            assert_eq!(new, std.insert(key));
        }
    }

    fn is(&self, std: &HashSet<u8>) -> bool {
        super::keyed::is_valid(self);
        self.len() == std.len() && std.iter().all(|key| self.contains(key))
    }
}

/// The keys go with the values, so that both are asked for the same one.
impl<const N: usize> Beside for Slab<Item, N> {
    type Std = BTreeMap<crate::Key<Item>, Item>;

    fn new() -> Self::Std {
        BTreeMap::new()
    }

    fn step(&mut self, std: &mut Self::Std, s: &mut Script<'_>) {
        let key = std.keys().copied().nth(s.below(std.len().max(1))).unwrap_or(crate::Key::NULL);
        match s.below(4) {
            0 | 1 => {
                let item = item(s);
                if let Ok(key) = self.insert(item.clone()) {
                    assert_eq!(std.insert(key, item), None);
                }
            }
            2 => {
                assert_eq!(self.remove(key), std.remove(&key));
                assert_eq!(self.get(key), None);
            }
            _ => {
                if let (Some(a), Some(b)) = (self.get_mut(key), std.get_mut(&key)) {
                    poke([a, b], s);
                }
            }
        }
    }

    fn is(&self, std: &Self::Std) -> bool {
        self.iter().eq(std.iter().map(|(key, item)| (*key, item)))
    }
}

impl Beside for Maybe<Item> {
    type Std = Option<Item>;

    fn new() -> Option<Item> {
        None
    }

    fn step(&mut self, std: &mut Option<Item>, s: &mut Script<'_>) {
        let item = item(s);
        match s.below(4) {
            0 => assert_eq!(self.take(), std.take()),
            1 => assert_eq!(self.insert(item.clone()), std.insert(item)),
            2 => assert_eq!(self.replace(item.clone()), std.replace(item)),
            _ => {
                if let (Some(a), Some(b)) = (self.as_mut(), std.as_mut()) {
                    poke([a, b], s);
                }
            }
        }
    }

    fn is(&self, std: &Option<Item>) -> bool {
        self == std
    }
}

impl Beside for Tracked<Item> {
    type Std = Box<Item>;

    fn new() -> Box<Item> {
        Box::default()
    }

    fn step(&mut self, std: &mut Box<Item>, s: &mut Script<'_>) {
        match s.below(2) {
            0 => {
                let item = item(s);
                (**self, **std) = (item.clone(), item);
            }
            _ => poke([self, std], s),
        }
    }

    fn is(&self, std: &Box<Item>) -> bool {
        **self == **std
    }
}

impl<const N: usize> Beside for Text<N> {
    type Std = String;

    fn new() -> String {
        String::new()
    }

    fn step(&mut self, std: &mut String, s: &mut Script<'_>) {
        let c = ['a', 'ë', '漢'][s.below(3)];
        if s.below(3) == 0 {
            assert_eq!(self.pop(), std.pop());
        } else if self.push(c).is_ok() {
            std.push(c);
        }
    }

    fn is(&self, std: &String) -> bool {
        self == std
    }
}

impl<const N: usize> Beside for Blob<N> {
    type Std = Vec<u8>;

    fn new() -> Vec<u8> {
        vec![]
    }

    fn step(&mut self, std: &mut Vec<u8>, s: &mut Script<'_>) {
        let byte = s.below(256) as u8;
        if s.below(3) == 0 {
            assert_eq!(self.pop(), std.pop());
        } else if self.push(byte).is_ok() {
            std.push(byte);
        }
    }

    fn is(&self, std: &Vec<u8>) -> bool {
        *self == *std
    }
}

/// Two containers, and a third one outside of the state that outlives the updates, even those that are rolled back.
fn run<C: Beside>(numbers: &[u16]) {
    let mut s = Script::new(numbers);
    let mut copies = Copies::<[C; 2]>::empty();
    let mut committed = [C::new(), C::new()];
    let (mut outside, mut std_outside) = (C::zeroed(), C::new());
    while !s.is_over() {
        let mut std = committed.clone();
        let done = copies.update_by(&mut s, |state, s| {
            let at = s.below(2);
            let ([a, b], [std_a, std_b]) = (&mut *state, &mut std);
            match s.below(12) {
                0 => (mem::swap(a, b), mem::swap(std_a, std_b)).0,
                1 => (mem::swap(a, &mut outside), mem::swap(std_a, &mut std_outside)).0,
                2 => (*b, *std_b) = (mem::replace(a, C::zeroed()), mem::replace(std_a, C::new())),
                3 => (*a, *std_a) = (b.clone(), std_b.clone()),
                4 => (outside, std_outside) = (a.clone(), std_a.clone()),
                _ => state[at].step(&mut std[at], s),
            }
        });
        if done == Some(true) {
            committed = std;
        }
        copies.each_caught_up(|k, state| {
            for (at, std) in committed.iter().enumerate() {
                assert!(state[at].is(std), "copy {k}: {:?} instead of {std:?}", state[at]);
            }
        });
        assert!(outside.is(&std_outside), "{outside:?} instead of {std_outside:?}");
    }
}

macro_rules! as_in_std {
    ($($name:ident: $ty:ty;)*) => {$(
        #[test]
        fn $name() {
            let config = ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() };
            proptest!(config, |(numbers in prop::collection::vec(any::<u16>(), 1..300))| {
                run::<$ty>(&numbers);
            });
        }
    )*};
}

as_in_std! {
    lists: List<Item, 5>;
    arrays: Array<Item, 4>;
    rings: Ring<Item, 3>;
    queues: Queue<Item, 4>;
    maps: Map<u8, Item, 5>;
    sorted_maps: SortedMap<u8, Item, 5>;
    sets: Set<u8, 6>;
    slabs: Slab<Item, 4>;
    maybes: Maybe<Item>;
    tracked: Tracked<Item>;
    texts: Text<9>;
    blobs: Blob<5>;
}
