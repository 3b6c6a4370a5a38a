//! Random operations on values of any type, decided by a generator that two runs can share.

use super::slots::Slot;
use super::types::{Group, Item};
use crate::containers::tests::kit::{Dice, Kit, play_map};
use crate::{List, Map, SharedLayout};
use std::any::Any;
use std::fmt::Debug;
use std::mem;

/// What a test's updates consist of, one bit each.
pub(super) mod mix {
    pub(in super::super) const ERR: u32 = 1;
    pub(in super::super) const PINS: u32 = 1 << 1;
    pub(in super::super) const SWAP: u32 = 1 << 2;
    /// What was moved out comes back in a later update.
    pub(in super::super) const LATER: u32 = 1 << 3;
    pub(in super::super) const NESTED: u32 = 1 << 4;
    /// Items of lists change their places.
    pub(in super::super) const SHIFT: u32 = 1 << 5;
    pub(in super::super) const CLONE: u32 = 1 << 6;
    pub(in super::super) const TWO: u32 = 1 << 7;
    pub(in super::super) const THREADS: u32 = 1 << 8;
    /// Lists of several pages, and many places in one update.
    pub(in super::super) const LARGE: u32 = 1 << 9;
    /// The state as a whole.
    pub(in super::super) const WHOLE: u32 = 1 << 10;
    /// Panics in the closure, and in the walks around it.
    pub(in super::super) const PANIC: u32 = 1 << 11;
    /// Enums that hold lists.
    pub(in super::super) const ENUM: u32 = 1 << 12;
    /// Maps, sets and arrays.
    pub(in super::super) const KEYED: u32 = 1 << 13;
    pub(in super::super) const ALL: u32 = (1 << 14) - 1;
}

/// A generator of random numbers (xorshift64*).
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Rng(u64);

impl Rng {
    pub(super) fn new(seed: u64) -> Self {
        let mut rng = Rng(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        for _ in 0..5 {
            rng.next();
        }
        rng
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 8
    }

    /// A number below `end`, which is not 0.
    pub(super) fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    pub(super) fn percent(&mut self, chance: u64) -> bool {
        self.next() % 100 < chance
    }
}

/// Values that have been moved out of states. They are no part of what is rolled back.
#[derive(Default)]
pub(super) struct Bag(Vec<Box<dyn Any>>);

impl Bag {
    const MOST: usize = 24;

    pub(super) fn put<T: 'static>(&mut self, value: T) {
        if self.0.len() == Self::MOST {
            self.0.remove(0);
        }
        self.0.push(Box::new(value));
    }

    pub(super) fn take<T: 'static>(&mut self, rng: &mut Rng) -> Option<T> {
        let count = self.0.iter().filter(|v| v.is::<T>()).count();
        let nth = rng.below(count.max(1));
        let (index, _) = self.0.iter().enumerate().filter(|(_, v)| v.is::<T>()).nth(nth)?;
        self.0.remove(index).downcast().ok().map(|v| *v)
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

/// A player: where decisions come from, what may be done, and what is at hand.
pub(super) struct Workload<'a> {
    pub(super) rng: &'a mut Rng,
    pub(super) bag: &'a mut Bag,
    pub(super) mix: u32,
}

impl Workload<'_> {
    pub(super) fn may(&self, mix: u32) -> bool {
        self.mix & mix != 0
    }

    /// A new value, or one that was moved out earlier.
    pub(super) fn any<T: Value>(&mut self) -> T {
        if T::TRACKED
            && self.rng.percent(50)
            && let Some(value) = self.bag.take(self.rng)
        {
            return value;
        }
        T::fresh(self.rng)
    }

    pub(super) fn put<T: Value>(&mut self, value: T) {
        if T::TRACKED {
            self.bag.put(value);
        }
    }
}

/// What can be played with.
pub(super) trait Value: SharedLayout + Clone + PartialEq + Debug {
    fn fresh(rng: &mut Rng) -> Self;

    /// One random operation at this place.
    fn poke(&mut self, p: &mut Workload<'_>);

    /// Swaps the two, or a part of them.
    fn exchange(a: &mut Self, b: &mut Self, p: &mut Workload<'_>) {
        let _ = p;
        mem::swap(a, b);
    }

    /// What sorts them.
    fn key(&self) -> u64;
}

macro_rules! numbers {
    ($($ty:ty),*) => {$(
        impl Value for $ty {
            fn fresh(rng: &mut Rng) -> Self {
                rng.next() as $ty
            }

            fn poke(&mut self, p: &mut Workload<'_>) {
                *self = Self::fresh(p.rng);
            }

            fn key(&self) -> u64 {
                u64::from(*self)
            }
        }
    )*};
}

numbers!(u8, u64);

impl Value for Item {
    fn fresh(rng: &mut Rng) -> Self {
        Item { n: rng.next(), small: List::fresh(rng) }
    }

    fn poke(&mut self, p: &mut Workload<'_>) {
        if p.rng.percent(20) { self.n = p.rng.next() } else { self.small.poke(p) }
    }

    fn exchange(a: &mut Self, b: &mut Self, p: &mut Workload<'_>) {
        if p.rng.percent(30) { mem::swap(a, b) } else { mem::swap(&mut a.small, &mut b.small) }
    }

    fn key(&self) -> u64 {
        self.n
    }
}

impl Value for Group {
    fn fresh(rng: &mut Rng) -> Self {
        Group { id: rng.next(), small: List::fresh(rng), items: List::fresh(rng), slot: Slot::fresh(rng) }
    }

    fn poke(&mut self, p: &mut Workload<'_>) {
        match p.rng.below(8) {
            0 => self.id = p.rng.next(),
            1 | 2 => self.small.poke(p),
            3 | 4 if p.may(mix::ENUM) => self.slot.poke(p),
            _ => self.items.poke(p),
        }
    }

    fn exchange(a: &mut Self, b: &mut Self, p: &mut Workload<'_>) {
        match p.rng.below(5) {
            0 => mem::swap(a, b),
            1 => mem::swap(&mut a.small, &mut b.small),
            2 => mem::swap(&mut a.items, &mut b.items),
            3 if p.may(mix::ENUM) => Slot::exchange(&mut a.slot, &mut b.slot, p),
            _ => {
                if let (Some(a), Some(b)) = (a.items.last_mut(), b.items.first_mut()) {
                    Item::exchange(a, b, p);
                }
            }
        }
    }

    fn key(&self) -> u64 {
        self.id
    }
}

impl<T: Value> Dice<T> for Workload<'_> {
    fn roll(&mut self, end: usize) -> usize {
        self.rng.below(end)
    }

    fn value(&mut self) -> T {
        self.any()
    }

    fn poke(&mut self, value: &mut T) {
        value.poke(self);
    }

    fn keep(&mut self, value: T) {
        self.put(value);
    }
}

impl Value for Kit {
    fn fresh(rng: &mut Rng) -> Self {
        Kit::fresh(&mut Workload { rng, bag: &mut Bag::default(), mix: 0 })
    }

    fn poke(&mut self, p: &mut Workload<'_>) {
        self.step(p);
    }

    fn exchange(a: &mut Self, b: &mut Self, p: &mut Workload<'_>) {
        Kit::exchange(a, b, p);
    }

    fn key(&self) -> u64 {
        self.map.len() as u64
    }
}

impl<T: Value, const N: usize> Value for Map<u16, T, N> {
    fn fresh(rng: &mut Rng) -> Self {
        let count = rng.below(N + 1);
        (0..count).map(|key| (key as u16, T::fresh(rng))).collect()
    }

    fn poke(&mut self, p: &mut Workload<'_>) {
        play_map(self, p);
    }

    fn key(&self) -> u64 {
        self.len() as u64
    }
}

impl<T: Value, const N: usize> Value for List<T, N> {
    fn fresh(rng: &mut Rng) -> Self {
        let most = if rng.percent(30) { N } else { N.min(8) };
        let mut list = List::new();
        for _ in 0..rng.below(most + 1) {
            list.push(T::fresh(rng)).unwrap();
        }
        list
    }

    fn key(&self) -> u64 {
        self.len() as u64
    }

    fn poke(&mut self, p: &mut Workload<'_>) {
        let len = self.len();
        if len == 0 || p.rng.percent(15) {
            let value = p.any();
            drop(self.push(value));
            return;
        }
        // Items keep their places in some mixes: what moves nothing must find what moving hides.
        let shifts = !T::TRACKED || p.may(mix::SHIFT);
        let swaps = !T::TRACKED || p.may(mix::SWAP);
        match p.rng.below(26) {
            0 | 1 => {
                if let Some(value) = self.pop() {
                    p.put(value);
                }
            }
            2 if shifts => {
                let (index, value) = (p.rng.below(len + 1), p.any());
                drop(self.insert(index, value));
            }
            3 if shifts => {
                let value = self.remove(p.rng.below(len));
                p.put(value);
            }
            4 if shifts => {
                let value = self.swap_remove(p.rng.below(len));
                p.put(value);
            }
            5 if shifts => self.retain(|_| p.rng.percent(80)),
            6 if shifts => self.retain_mut(|item| {
                item.poke(p);
                p.rng.percent(80)
            }),
            7 if shifts => self.sort_by_key(T::key),
            8 if shifts => self.rotate_left(p.rng.below(len + 1)),
            9 if shifts => {
                // Away from its place, and back.
                let (index, to) = (p.rng.below(len), p.rng.below(len));
                let mut value = self.remove(index);
                if p.rng.percent(50) {
                    value.poke(p);
                }
                drop(self.insert(to, value));
            }
            10 if swaps => self.swap(p.rng.below(len), p.rng.below(len)),
            11 | 12 if swaps => {
                // All handed out, then parts of them exchanged.
                let items = self.as_mut_slice();
                for _ in 0..1 + p.rng.below(3) {
                    let (a, b) = (p.rng.below(len), p.rng.below(len));
                    if let Ok([a, b]) = items.get_disjoint_mut([a, b]) {
                        T::exchange(a, b, p);
                    }
                }
            }
            13 => self.truncate(len - p.rng.below(3).min(len)),
            14 if p.rng.percent(20) => self.clear(),
            15 => {
                let more: Vec<T> = (0..p.rng.below(4)).map(|_| T::fresh(p.rng)).collect();
                drop(self.extend_from_slice(&more));
            }
            16 => {
                let start = p.rng.below(len);
                let end = start + p.rng.below(len - start + 1);
                self[start..end].iter_mut().for_each(|item| item.poke(p));
            }
            17 => {
                let (first, step) = (p.rng.below(len), 1 + p.rng.below(len));
                self.iter_mut().skip(first).step_by(step).take(5).for_each(|item| item.poke(p));
            }
            18 if p.rng.percent(30) => {
                let value = T::fresh(p.rng);
                drop(self.resize((len + p.rng.below(5)).min(N), value));
            }
            19 if p.may(mix::CLONE) => self.clone_from(&Self::fresh(p.rng)),
            20 | 21 if N > 6 => {
                // More places than a list keeps exactly.
                for _ in 0..5 + p.rng.below(4) {
                    self[p.rng.below(len)].poke(p);
                }
            }
            _ => {
                for _ in 0..1 + p.rng.below(2) {
                    self[p.rng.below(len)].poke(p);
                }
            }
        }
    }
}
