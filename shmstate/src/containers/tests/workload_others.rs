//! Random operations on the containers that are made of lists and arrays, of any depth.

use super::workload::{Script, Workload};
use super::{give_up, survives};
use crate::{Maybe, Queue, Ring, SharedLayout, Slab, Tracked};
use std::cmp::Ordering;
use std::mem;

/// Any two have an order, so that a list of them can be sorted.
impl<T: SharedLayout + PartialOrd, const N: usize> PartialOrd for Slab<T, N> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.iter().partial_cmp(other)
    }
}

impl<T: SharedLayout + Ord, const N: usize> Ord for Slab<T, N> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.iter().cmp(other)
    }
}

/// An operation on a container as a whole; whether there was one.
fn as_a_whole<C: Workload>(this: &mut C, s: &mut Script<'_>, pocket: &mut C::Pocket) -> bool {
    match s.below(16) {
        0 => {
            let old = mem::replace(this, C::zeroed());
            C::pocket(pocket).push(old);
        }
        1 => {
            let new = C::any(s, pocket);
            let old = mem::replace(this, new);
            C::pocket(pocket).push(old);
        }
        2 => {
            if let Some(other) = C::pocket(pocket).last_mut() {
                mem::swap(this, other);
            }
        }
        3 => *this = this.clone(),
        4 => {
            let other = C::any(s, pocket);
            this.clone_from(&other);
        }
        5 => {
            // Played with on the stack, and put back.
            let mut value = mem::replace(this, C::zeroed());
            value.operate(s, pocket);
            *this = value;
        }
        _ => return false,
    }
    true
}

/// `Pocket` and `pocket`, as for every container of `T`.
macro_rules! pocket {
    () => {
        type Pocket = (Vec<Self>, T::Pocket);

        fn pocket(pocket: &mut Self::Pocket) -> &mut Vec<Self> {
            &mut pocket.0
        }
    };
}

impl<T: Workload, const N: usize> Workload for Ring<T, N> {
    pocket!();

    fn fresh(s: &mut Script<'_>) -> Self {
        (0..s.below(N + 3)).map(|_| T::fresh(s)).collect()
    }

    fn fill_up(&mut self) {
        for _ in 0..N * 3 / 4 {
            let mut item = T::zeroed();
            item.fill_up();
            self.push(item);
        }
    }

    fn operate(&mut self, s: &mut Script<'_>, pocket: &mut Self::Pocket) {
        if as_a_whole(self, s, pocket) {
            return;
        }
        let (len, items) = (self.len(), &mut pocket.1);
        match s.below(if len == 0 { 8 } else { 16 }) {
            0..5 => {
                let item = T::any(s, items);
                T::pocket(items).extend(self.push(item));
            }
            5 => {
                let mut left = s.below(3);
                survives(|| {
                    self.push_with(|item| {
                        item.operate(s, items);
                        give_up(&mut left);
                    });
                });
            }
            6 => self.extend((0..s.below(5)).map(|_| T::fresh(s))),
            7 => self.clear(),
            8 => self.latest_mut().unwrap().operate(s, items),
            9 => self.oldest_mut().unwrap().operate(s, items),
            10 => self.iter_mut().rev().step_by(2).for_each(|item| item.operate(s, items)),
            11 => {
                let (old, new) = self.as_mut_slices();
                if let (Some(a), Some(b)) = (old.first_mut(), new.last_mut()) {
                    mem::swap(a, b);
                }
            }
            12 => self.make_contiguous().reverse(),
            _ => self[s.below(len)].operate(s, items),
        }
    }
}

impl<T: Workload, const N: usize> Workload for Queue<T, N> {
    pocket!();

    fn fresh(s: &mut Script<'_>) -> Self {
        let mut queue = Queue::new();
        for _ in 0..s.below(N.min(4) + 1) {
            let item = T::fresh(s);
            if s.below(2) == 0 { queue.push_back(item) } else { queue.push_front(item) }.unwrap();
        }
        queue
    }

    fn fill_up(&mut self) {
        for _ in 0..N * 3 / 4 {
            let mut item = T::zeroed();
            item.fill_up();
            self.push_back(item).unwrap();
        }
    }

    fn operate(&mut self, s: &mut Script<'_>, pocket: &mut Self::Pocket) {
        if as_a_whole(self, s, pocket) {
            return;
        }
        let (len, items) = (self.len(), &mut pocket.1);
        match s.below(if len == 0 { 8 } else { 32 }) {
            0..3 => drop(self.push_back(T::any(s, items))),
            3..6 => drop(self.push_front(T::any(s, items))),
            6 => drop(self.try_extend((0..s.below(5)).map(|_| T::fresh(s)))),
            7 => self.clear(),
            8..10 => T::pocket(items).extend(self.pop_front()),
            10..12 => T::pocket(items).extend(self.pop_back()),
            12..14 => {
                // Changed outside, and back in the same slot or in another one.
                let front = s.below(2) == 0;
                let mut item = if front { self.pop_front() } else { self.pop_back() }.unwrap();
                (0..s.below(3)).for_each(|_| item.operate(s, items));
                if s.below(3) > 0 {
                    if front { self.push_front(item) } else { self.push_back(item) }
                } else {
                    if front { self.push_back(item) } else { self.push_front(item) }
                }
                .unwrap();
            }
            14 => {
                // Its slot is taken by another one meanwhile.
                let item = self.pop_back().unwrap();
                self.push_back(T::any(s, items)).unwrap();
                let other = self.pop_back();
                self.push_back(item).unwrap();
                T::pocket(items).extend(other);
            }
            15 => drop(self.insert(s.below(len + 1), T::any(s, items))),
            16 => T::pocket(items).extend(self.remove(s.below(len))),
            17 => self.truncate(s.below(len + 1)),
            18 => self.retain(|_| s.below(3) != 0),
            19 => self.retain_mut(|item| {
                item.operate(s, items);
                s.below(3) != 0
            }),
            20 => self.swap(s.below(len), s.below(len)),
            21 => self.make_contiguous().reverse(),
            22 => {
                let (first, second) = self.as_mut_slices();
                if let (Some(a), Some(b)) = (first.first_mut(), second.last_mut()) {
                    mem::swap(a, b);
                }
            }
            23 => self.iter_mut().rev().step_by(2).for_each(|item| item.operate(s, items)),
            24 => self.front_mut().unwrap().operate(s, items),
            25 => self.back_mut().unwrap().operate(s, items),
            26 | 27 => {
                let (mut left, to) = (s.below(3), s.below(len + 1));
                survives(|| {
                    let init = |item: &mut T| {
                        item.operate(s, items);
                        give_up(&mut left);
                    };
                    drop(if to % 2 == 0 { self.insert_with(to, init) } else { self.push_front_with(init) });
                });
            }
            28 => assert!(self.discard(s.below(len))),
            29 => {
                let start = s.below(len + 1);
                let end = start + s.below(len - start + 1);
                T::pocket(items).extend(self.drain(start..end));
            }
            _ => self[s.below(len)].operate(s, items),
        }
    }
}

impl<T: Workload, const N: usize> Workload for Slab<T, N> {
    pocket!();

    fn fresh(s: &mut Script<'_>) -> Self {
        let mut slab = Slab::new();
        for _ in 0..s.below(N.min(4) + 1) {
            let key = slab.insert(T::fresh(s)).unwrap();
            if s.below(4) == 0 {
                slab.remove(key);
            }
        }
        slab
    }

    fn fill_up(&mut self) {
        for _ in 0..N * 3 / 4 {
            let mut value = T::zeroed();
            value.fill_up();
            self.insert(value).unwrap();
        }
    }

    fn operate(&mut self, s: &mut Script<'_>, pocket: &mut Self::Pocket) {
        if as_a_whole(self, s, pocket) {
            return;
        }
        let values = &mut pocket.1;
        let Some(key) = self.keys().nth(s.below(self.len().max(1))) else {
            return drop(self.insert(T::any(s, values)));
        };
        match s.below(16) {
            0..3 => drop(self.insert(T::any(s, values))),
            3..6 => T::pocket(values).extend(self.remove(key)),
            6..8 => {
                // Changed outside, and back in the same place, under another key.
                let mut value = self.remove(key).unwrap();
                (0..s.below(3)).for_each(|_| value.operate(s, values));
                self.insert(value).unwrap();
            }
            8 => match s.below(4) {
                0 => self.retain(|_, _| s.below(3) != 0),
                1 => assert!(self.discard(key)),
                2 => T::pocket(values).extend(self.drain().take(2).map(|(_, value)| value)),
                _ => {
                    let mut left = s.below(3);
                    survives(|| {
                        let _ = self.insert_with(|value| {
                            value.operate(s, values);
                            give_up(&mut left);
                        });
                    });
                }
            },
            9 => self.values_mut().rev().step_by(2).for_each(|value| value.operate(s, values)),
            10 => {
                if s.below(4) == 0 {
                    self.clear();
                }
            }
            11 => {
                let old = mem::replace(&mut self[key], T::any(s, values));
                T::pocket(values).push(old);
            }
            _ => self[key].operate(s, values),
        }
    }
}

impl<T: Workload> Workload for Maybe<T> {
    pocket!();

    fn fresh(s: &mut Script<'_>) -> Self {
        (s.below(3) > 0).then(|| T::fresh(s)).into()
    }

    fn fill_up(&mut self) {
        self.get_or_insert_with(T::zeroed).fill_up();
    }

    fn operate(&mut self, s: &mut Script<'_>, pocket: &mut Self::Pocket) {
        if as_a_whole(self, s, pocket) {
            return;
        }
        let values = &mut pocket.1;
        match s.below(12) {
            0 | 1 => T::pocket(values).extend(self.take()),
            2 | 3 => {
                let new = T::any(s, values);
                T::pocket(values).extend(self.replace(new));
            }
            4 => match s.below(3) {
                0 => self.insert(T::any(s, values)).operate(s, values),
                1 => self.insert_with(|value| value.operate(s, values)).operate(s, values),
                _ => _ = self.discard(),
            },
            5 => {
                let value = self.get_or_insert_with(|| T::fresh(s));
                value.operate(s, values);
            }
            6 | 7 => {
                // Changed outside, and back.
                if let Some(mut value) = self.take() {
                    (0..s.below(3)).for_each(|_| value.operate(s, values));
                    self.insert(value);
                }
            }
            _ => {
                if let Some(value) = self.as_mut() {
                    value.operate(s, values);
                }
            }
        }
    }
}

impl<T: Workload> Workload for Tracked<T> {
    pocket!();

    fn fresh(s: &mut Script<'_>) -> Self {
        T::fresh(s).into()
    }

    fn fill_up(&mut self) {
        T::fill_up(self);
    }

    fn operate(&mut self, s: &mut Script<'_>, pocket: &mut Self::Pocket) {
        if as_a_whole(self, s, pocket) {
            return;
        }
        let values = &mut pocket.1;
        match s.below(6) {
            0 => {
                let old = mem::replace(&mut **self, T::any(s, values));
                T::pocket(values).push(old);
            }
            1 => {
                let inner = mem::replace(self, T::zeroed().into()).into_inner();
                **self = inner;
            }
            _ => T::operate(self, s, values),
        }
    }
}
