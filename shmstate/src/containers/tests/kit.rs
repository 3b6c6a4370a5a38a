//! Random operations on maps, sets and arrays, by a source of random choices.

use super::keyed::is_valid;
use super::{give_up, survives};
use crate::containers::entry::Entry;
use crate::{Array, List, Map, Set, SharedLayout, SortedMap};
use std::fmt::Debug;
use std::mem;

/// Where decisions and values come from.
pub(crate) trait Dice<V> {
    /// A number below `end`, which is not 0.
    fn roll(&mut self, end: usize) -> usize;

    /// A value, new or used.
    fn value(&mut self) -> V;

    /// One random operation on a value.
    fn poke(&mut self, value: &mut V);

    /// Takes back a value that has been moved out.
    fn keep(&mut self, value: V);
}

macro_rules! play_map {
    ($name:ident, $Map:ident, $same:ident) => {
        /// One random operation on a map whose keys are small numbers.
        pub(crate) fn $name<V, const N: usize>(map: &mut $Map<u16, V, N>, d: &mut impl Dice<V>)
        where
            V: SharedLayout + Clone,
        {
            let key = d.roll(N * 3 / 2) as u16;
            match d.roll(26) {
                0..4 => match map.insert(key, d.value()) {
                    Ok(old) => old.into_iter().for_each(|old| d.keep(old)),
                    Err(full) => d.keep(full.into_inner().1),
                },
                4 | 5 => {
                    let value = d.value();
                    if let Ok(value) = map.entry(key).or_insert(value) {
                        d.poke(value);
                    }
                }
                6 => {
                    let value = d.value();
                    drop(map.entry(key).and_modify(|value| d.poke(value)).or_insert(value));
                }
                7..10 => map.remove(&key).into_iter().for_each(|value| d.keep(value)),
                10 => {
                    if let Entry::Occupied(mut entry) = map.entry(key) {
                        let old = entry.insert(d.value());
                        d.keep(old);
                        d.poke(entry.get_mut());
                        if d.roll(2) == 0 {
                            d.keep(entry.remove());
                        }
                    }
                }
                11..16 => {
                    if let Some(value) = map.get_mut(&key) {
                        d.poke(value);
                    }
                }
                16 => {
                    let skip = d.roll(N);
                    map.iter_mut().skip(skip).take(3).for_each(|(_, value)| d.poke(value));
                }
                17 => {
                    if let Some(value) = map.get_mut(&key) {
                        let value = mem::replace(value, d.value());
                        d.keep(value);
                    }
                }
                18 => {
                    let mut values: Vec<&mut V> = map.values_mut().collect();
                    let len = values.len();
                    if let Ok([a, b]) = values.get_disjoint_mut([d.roll(len.max(1)), d.roll(len.max(1))]) {
                        mem::swap(*a, *b);
                    }
                }
                19 => map.retain(|_, _| d.roll(4) > 0),
                20 => {
                    let mut left = d.roll(N);
                    survives(|| {
                        map.retain(|_, _| {
                            give_up(&mut left);
                            d.roll(3) > 0
                        });
                    });
                }
                21 => {
                    if d.roll(4) == 0 {
                        map.clear();
                    }
                }
                22 => {
                    let mut left = d.roll(2);
                    survives(|| {
                        let init = |value: &mut V| {
                            d.poke(value);
                            give_up(&mut left);
                        };
                        drop(if key % 2 == 0 { map.insert_with(key, init) } else { map.entry(key).or_init(init) });
                    });
                }
                23 => _ = map.discard(&key),
                24 => {
                    let copy = map.clone();
                    if d.roll(2) == 0 { *map = copy } else { map.clone_from(&copy) }
                }
                _ => {
                    for _ in 0..d.roll(7) {
                        drop(map.insert(d.roll(N * 3 / 2) as u16, d.value()));
                    }
                }
            }
        }

        /// Whether both have the same entries in the same order, and each is found.
        pub(crate) fn $same<V: SharedLayout + PartialEq + Debug, const N: usize>(
            a: &$Map<u16, V, N>,
            b: &$Map<u16, V, N>,
        ) -> bool {
            is_valid(a);
            is_valid(b);
            a.iter().eq(b.iter()) && a.keys().all(|key| a.get(key) == b.get(key))
        }
    };
}

play_map!(play_map, Map, same_map);
play_map!(play_sorted_map, SortedMap, same_sorted_map);

/// What only a sorted map can do.
pub(crate) fn play_ends<V: SharedLayout, const N: usize>(map: &mut SortedMap<u16, V, N>, d: &mut impl Dice<V>) {
    match d.roll(3) {
        0 => map.pop_first().into_iter().for_each(|(_, value)| d.keep(value)),
        1 => map.pop_last().into_iter().for_each(|(_, value)| d.keep(value)),
        _ => {
            let key = d.roll(N) as u16;
            map.range_mut(key..key + 3).for_each(|(_, value)| d.poke(value));
        }
    }
}

/// One random operation on a set of small numbers.
pub(crate) fn play_set<V, const N: usize>(set: &mut Set<u16, N>, d: &mut impl Dice<V>) {
    let value = d.roll(N * 3 / 2) as u16;
    match d.roll(10) {
        0..4 => drop(set.insert(value)),
        4 => drop(set.replace(value)),
        5 | 6 => _ = set.remove(&value),
        7 => set.retain(|_| d.roll(4) > 0),
        8 => {
            if d.roll(4) == 0 {
                set.clear();
            }
        }
        _ => {
            let copy = set.clone();
            if d.roll(2) == 0 { *set = copy } else { set.clone_from(&copy) }
        }
    }
}

/// Whether both have the same values in the same order, and each is found.
fn same_set<const N: usize>(a: &Set<u16, N>, b: &Set<u16, N>) -> bool {
    is_valid(a);
    is_valid(b);
    a.iter().eq(b.iter()) && a.iter().all(|value| b.contains(value))
}

/// What is kept in the maps.
pub(crate) type Small = List<u64, 6>;
pub(crate) type Atlas = Map<u16, Small, 6>;
pub(crate) type Sorted = SortedMap<u16, Small, 4>;

/// One of each.
#[derive(SharedLayout, Clone, Debug)]
#[repr(C)]
pub(crate) struct Kit {
    pub(crate) map: Atlas,
    pub(crate) set: Set<u16, 5>,
    pub(crate) sorted: Sorted,
    pub(crate) array: Array<Small, 3>,
}

/// In every detail, the order of the entries included.
impl PartialEq for Kit {
    fn eq(&self, other: &Self) -> bool {
        same_map(&self.map, &other.map)
            && same_set(&self.set, &other.set)
            && same_sorted_map(&self.sorted, &other.sorted)
            && self.array == other.array
    }
}

impl Kit {
    /// A kit with something in it.
    pub(crate) fn fresh(d: &mut impl Dice<Small>) -> Self {
        let mut kit = Kit::zeroed();
        for key in 0..d.roll(4) as u16 {
            drop(kit.map.insert(key, d.value()));
            drop(kit.set.insert(key));
            drop(kit.sorted.insert(key, d.value()));
        }
        kit.array[1] = d.value();
        kit
    }

    /// One random operation.
    pub(crate) fn step(&mut self, d: &mut impl Dice<Small>) {
        match d.roll(16) {
            0..8 => play_map(&mut self.map, d),
            8..10 => play_set(&mut self.set, d),
            10..12 => play_sorted_map(&mut self.sorted, d),
            12 => play_ends(&mut self.sorted, d),
            13 => {
                let (a, b) = (d.roll(3), d.roll(3));
                self.array.swap(a, b);
            }
            _ => {
                let index = d.roll(3);
                d.poke(&mut self.array[index]);
            }
        }
    }

    /// Swaps the two, or a part of them.
    pub(crate) fn exchange(a: &mut Self, b: &mut Self, d: &mut impl Dice<Small>) {
        match d.roll(5) {
            0 => mem::swap(a, b),
            1 => mem::swap(&mut a.map, &mut b.map),
            2 => mem::swap(&mut a.set, &mut b.set),
            3 => mem::swap(&mut a.sorted, &mut b.sorted),
            _ => mem::swap(&mut a.array, &mut b.array),
        }
    }
}
