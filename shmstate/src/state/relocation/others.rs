//! Random operations on the containers that are made of lists and arrays.

use super::workload::{Rng, Value, Workload, mix};
use crate::{Maybe, Queue, Ring, Slab, Tracked};
use std::mem;

/// Whether items may change their places.
fn shifts<T: Value>(p: &Workload<'_>) -> bool {
    !T::TRACKED || p.may(mix::SHIFT)
}

impl<T: Value, const N: usize> Value for Ring<T, N> {
    fn fresh(rng: &mut Rng) -> Self {
        let count = rng.below(N + 3);
        (0..count).map(|_| T::fresh(rng)).collect()
    }

    fn poke(&mut self, p: &mut Workload<'_>) {
        let len = self.len();
        if len == 0 || p.rng.percent(30) {
            let value = p.any();
            if let Some(oldest) = self.push(value) {
                p.put(oldest);
            }
            return;
        }
        match p.rng.below(12) {
            0 => self.latest_mut().unwrap().poke(p),
            1 => self.oldest_mut().unwrap().poke(p),
            2 => self.iter_mut().rev().step_by(2).for_each(|item| item.poke(p)),
            3 => {
                // Those of the two slices, if there are two; which items they have is not the same in a clone.
                let mut items = self.iter_mut();
                if let (Some(a), Some(b)) = (items.next(), items.next_back()) {
                    T::exchange(a, b, p);
                }
            }
            4 if shifts::<T>(p) => self.make_contiguous().reverse(),
            5 if p.rng.percent(30) => self.clear(),
            6 if p.may(mix::CLONE) => self.clone_from(&Self::fresh(p.rng)),
            _ => self[p.rng.below(len)].poke(p),
        }
    }

    fn key(&self) -> u64 {
        self.len() as u64
    }
}

impl<T: Value, const N: usize> Value for Queue<T, N> {
    fn fresh(rng: &mut Rng) -> Self {
        let mut queue = Queue::new();
        for _ in 0..rng.below(N + 1) {
            let value = T::fresh(rng);
            if rng.percent(50) { queue.push_back(value) } else { queue.push_front(value) }.unwrap();
        }
        queue
    }

    fn poke(&mut self, p: &mut Workload<'_>) {
        let len = self.len();
        if len == 0 || p.rng.percent(20) {
            let value = p.any();
            drop(if p.rng.percent(50) { self.push_back(value) } else { self.push_front(value) });
            return;
        }
        match p.rng.below(20) {
            0 | 1 => {
                let value = if p.rng.percent(50) { self.pop_front() } else { self.pop_back() };
                p.put(value.unwrap());
            }
            2..5 if shifts::<T>(p) => {
                // Out, changed, and in again: in the same slot, or at the other end.
                let (front, same) = (p.rng.percent(50), p.rng.percent(60));
                let mut value = if front { self.pop_front() } else { self.pop_back() }.unwrap();
                for _ in 0..p.rng.below(3) {
                    value.poke(p);
                }
                if front == same { self.push_front(value) } else { self.push_back(value) }.unwrap();
            }
            5 if shifts::<T>(p) => {
                let (index, value) = (p.rng.below(len + 1), p.any());
                drop(self.insert(index, value));
            }
            6 if shifts::<T>(p) => {
                let value = self.remove(p.rng.below(len)).unwrap();
                p.put(value);
            }
            7 if shifts::<T>(p) => self.retain(|_| p.rng.percent(80)),
            8 if shifts::<T>(p) => self.make_contiguous().reverse(),
            9 if shifts::<T>(p) => self.swap(p.rng.below(len), p.rng.below(len)),
            10 => {
                // Those of the two slices, if there are two; which items they have is not the same in a clone.
                let mut items = self.iter_mut();
                if let (Some(a), Some(b)) = (items.next(), items.next_back()) {
                    T::exchange(a, b, p);
                }
            }
            11 => self.iter_mut().rev().step_by(2).for_each(|item| item.poke(p)),
            12 => self.truncate(p.rng.below(len + 1)),
            13 if p.rng.percent(30) => self.clear(),
            14 if p.may(mix::CLONE) => self.clone_from(&Self::fresh(p.rng)),
            _ => self[p.rng.below(len)].poke(p),
        }
    }

    fn key(&self) -> u64 {
        self.len() as u64
    }
}

impl<T: Value, const N: usize> Value for Slab<T, N> {
    fn fresh(rng: &mut Rng) -> Self {
        let mut slab = Slab::new();
        for _ in 0..rng.below(N + 1) {
            let key = slab.insert(T::fresh(rng)).unwrap();
            if rng.percent(25) {
                slab.remove(key);
            }
        }
        slab
    }

    fn poke(&mut self, p: &mut Workload<'_>) {
        let nth = p.rng.below(self.len().max(1));
        let Some(key) = self.keys().nth(nth).filter(|_| !p.rng.percent(20)) else {
            let value = p.any();
            return drop(self.insert(value));
        };
        match p.rng.below(16) {
            0..3 => {
                let value = self.remove(key).unwrap();
                p.put(value);
            }
            3..6 if shifts::<T>(p) => {
                let mut value = self.remove(key).unwrap();
                for _ in 0..p.rng.below(3) {
                    value.poke(p);
                }
                self.insert(value).unwrap();
            }
            6 => self.retain(|_, _| p.rng.percent(80)),
            7 => self.values_mut().rev().step_by(2).for_each(|value| value.poke(p)),
            8 if p.rng.percent(30) => self.clear(),
            _ => self[key].poke(p),
        }
    }

    fn key(&self) -> u64 {
        self.len() as u64
    }
}

impl<T: Value> Value for Maybe<T> {
    fn fresh(rng: &mut Rng) -> Self {
        let some = rng.percent(60);
        some.then(|| T::fresh(rng)).into()
    }

    fn poke(&mut self, p: &mut Workload<'_>) {
        match p.rng.below(12) {
            0 | 1 => {
                if let Some(value) = self.take() {
                    p.put(value);
                }
            }
            2 | 3 => {
                let value = p.any();
                if let Some(old) = self.replace(value) {
                    p.put(old);
                }
            }
            4 | 5 => {
                // Out, changed, and back.
                if let Some(mut value) = self.take() {
                    for _ in 0..p.rng.below(3) {
                        value.poke(p);
                    }
                    self.insert(value);
                }
            }
            6 => {
                if self.is_none() {
                    let value = p.any();
                    self.insert(value);
                }
                self.as_mut().unwrap().poke(p);
            }
            _ => {
                if let Some(value) = self.as_mut() {
                    value.poke(p);
                }
            }
        }
    }

    fn exchange(a: &mut Self, b: &mut Self, p: &mut Workload<'_>) {
        match (a.as_mut(), b.as_mut()) {
            (Some(a), Some(b)) if p.rng.percent(50) => T::exchange(a, b, p),
            _ => mem::swap(a, b),
        }
    }

    fn key(&self) -> u64 {
        self.as_ref().map_or(0, T::key)
    }
}

impl<T: Value> Value for Tracked<T> {
    fn fresh(rng: &mut Rng) -> Self {
        T::fresh(rng).into()
    }

    fn poke(&mut self, p: &mut Workload<'_>) {
        match p.rng.below(5) {
            0 => {
                let value = p.any();
                let old = mem::replace(&mut **self, value);
                p.put(old);
            }
            1 => {
                let mut value = mem::replace(self, T::zeroed().into()).into_inner();
                value.poke(p);
                **self = value;
            }
            _ => T::poke(self, p),
        }
    }

    fn exchange(a: &mut Self, b: &mut Self, p: &mut Workload<'_>) {
        if p.rng.percent(50) { mem::swap(a, b) } else { T::exchange(a, b, p) }
    }

    fn key(&self) -> u64 {
        T::key(self)
    }
}
