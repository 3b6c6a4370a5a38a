//! Random operations on lists of any depth.

use super::kit::{Dice, Kit, Small};
use super::{give_up, survives};
use crate::{Array, List, SharedLayout};
use std::cmp::Ordering;
use std::fmt::Debug;
use std::mem;
use std::num::Saturating;

/// Where random decisions come from, so that a failure shrinks to few of them.
pub(super) struct Script<'a>(std::slice::Iter<'a, u16>);

impl<'a> Script<'a> {
    pub(super) fn new(numbers: &'a [u16]) -> Self {
        Script(numbers.iter())
    }

    /// A number below `end`, which is not 0; 0 when the script is at its end.
    pub(super) fn below(&mut self, end: usize) -> usize {
        self.0.next().map_or(0, |&n| n as usize % end)
    }

    pub(super) fn is_over(&self) -> bool {
        self.0.as_slice().is_empty()
    }
}

/// What random operations can be made on.
pub(super) trait Workload: SharedLayout + Clone + Ord + Debug {
    /// Values that have been moved out of the state, of this type and of those inside it; they outlive transactions.
    type Pocket: Default;

    /// The values of this type in the pocket.
    fn pocket(pocket: &mut Self::Pocket) -> &mut Vec<Self>;

    /// A new value.
    fn fresh(s: &mut Script<'_>) -> Self;

    /// Fills an empty value up to three quarters.
    fn fill_up(&mut self);

    /// One random operation.
    fn operate(&mut self, s: &mut Script<'_>, pocket: &mut Self::Pocket);

    /// An operation on a list of such values that only some of them allow.
    fn play_list<const N: usize>(_list: &mut List<Self, N>, _s: &mut Script<'_>) {}

    /// A new value, or one out of the pocket.
    fn any(s: &mut Script<'_>, pocket: &mut Self::Pocket) -> Self {
        if s.below(2) == 0 {
            return Self::fresh(s);
        }
        Self::pocket(pocket).pop().unwrap_or_else(|| Self::fresh(s))
    }
}

macro_rules! play_number {
    ($($ty:ty),*) => {$(
        impl Workload for $ty {
            type Pocket = Vec<Self>;

            fn pocket(pocket: &mut Self::Pocket) -> &mut Vec<Self> {
                pocket
            }

            fn fresh(s: &mut Script<'_>) -> Self {
                s.below(7) as $ty
            }

            fn fill_up(&mut self) {
                *self = 3;
            }

            fn operate(&mut self, s: &mut Script<'_>, _: &mut Self::Pocket) {
                *self = s.below(251) as $ty;
            }

            fn play_list<const N: usize>(list: &mut List<Self, N>, s: &mut Script<'_>) {
                let (start, len) = span(list.len(), s);
                let to = s.below(list.len() - len + 1);
                list.copy_within(start..start + len, to);
            }
        }
    )*};
}

play_number!(u8, u16, u32, u64, u128);

/// A start and a number of items in a list of `len`.
fn span(len: usize, s: &mut Script<'_>) -> (usize, usize) {
    let start = s.below(len + 1);
    (start, s.below(len - start + 1))
}

impl<T: Workload, const N: usize> Workload for List<T, N> {
    type Pocket = (Vec<Self>, T::Pocket);

    fn pocket(pocket: &mut Self::Pocket) -> &mut Vec<Self> {
        &mut pocket.0
    }

    fn fresh(s: &mut Script<'_>) -> Self {
        let mut list = List::new();
        for _ in 0..s.below(4.min(N + 1)) {
            list.push(T::fresh(s)).unwrap();
        }
        list
    }

    fn fill_up(&mut self) {
        for _ in 0..N * 3 / 4 {
            let mut item = T::zeroed();
            item.fill_up();
            self.push(item).unwrap();
        }
    }

    fn operate(&mut self, s: &mut Script<'_>, pocket: &mut Self::Pocket) {
        let len = self.len();
        let (lists, items) = pocket;
        match s.below(if len == 0 { 13 } else { 56 }) {
            // Of the list as a whole.
            0 | 1 => drop(self.push(T::any(s, items))),
            2 => drop(self.insert(s.below(len + 1), T::any(s, items))),
            3 => {
                let more: Vec<T> = (0..s.below(4)).map(|_| T::fresh(s)).collect();
                let fits = more.len() <= self.remaining();
                assert_eq!(self.extend_from_slice(&more).is_ok(), fits);
            }
            4 => {
                let mut left = s.below(5);
                let more: Vec<T> = (0..s.below(4)).map(|_| T::any(s, items)).collect();
                survives(|| drop(self.try_extend(more.into_iter().inspect(|_| give_up(&mut left)))));
            }
            5 => drop(self.resize(s.below(N + 2), T::any(s, items))),
            6 => {
                if s.below(2) == 0 {
                    lists.push(mem::take(self));
                } else if let Some(list) = lists.pop() {
                    *self = list;
                }
            }
            7 => {
                if let Some(list) = lists.last_mut() {
                    mem::swap(self, list);
                }
            }
            8 => *self = self.clone(),
            9 => self.clone_from(&Self::any(s, &mut (mem::take(lists), mem::take(items)))),
            10 => {
                let mut left = s.below(3);
                survives(|| {
                    let _ = self.push_with(|item| {
                        item.operate(s, items);
                        give_up(&mut left);
                    });
                });
            }
            11 => {
                let mut left = s.below(3);
                survives(|| {
                    let _ = self.insert_with(s.below(len + 1), |item| {
                        item.operate(s, items);
                        give_up(&mut left);
                    });
                });
            }
            12 => {
                if let Some(list) = lists.last_mut() {
                    let fits = list.len() <= self.remaining();
                    assert_eq!(self.append(list).is_ok(), fits);
                }
            }
            // Of items that are there.
            13 | 14 => T::pocket(items).extend(self.pop()),
            15 | 16 => T::pocket(items).push(self.remove(s.below(len))),
            17 | 18 => T::pocket(items).push(self.swap_remove(s.below(len))),
            19 => self.truncate(s.below(len + 1)),
            20 => self.clear(),
            21 => self.retain(|_| s.below(3) != 0),
            22 => self.retain_mut(|item| {
                item.operate(s, items);
                s.below(3) != 0
            }),
            23 => self.dedup(),
            24 => self.dedup_by_key(|_| s.below(2)),
            25 => {
                let (start, len) = span(len, s);
                self.get_mut(start..start + len).unwrap().iter_mut().for_each(|item| item.operate(s, items));
            }
            26 => self[s.below(len)..].reverse(),
            27 => self.first_mut().unwrap().operate(s, items),
            28 => self.last_mut().unwrap().operate(s, items),
            29 => {
                let (from, to) = (s.below(len), s.below(len));
                for item in self.iter_mut().take(to).skip(from) {
                    item.operate(s, items);
                }
            }
            30 => self.as_mut_slice().swap(s.below(len), s.below(len)),
            31 | 32 => self.swap(s.below(len), s.below(len)),
            33 => self.reverse(),
            34 => self.rotate_left(s.below(len + 1)),
            35 => self.rotate_right(s.below(len + 1)),
            36 => self.fill(T::any(s, items)),
            37 => match s.below(6) {
                0 => self.sort(),
                1 => self.sort_unstable(),
                2 => self.sort_by(|a, b| b.cmp(a)),
                3 => self.sort_unstable_by(|a, b| b.cmp(a)),
                4 => self.sort_by_key(T::clone),
                _ => self.sort_unstable_by_key(T::clone),
            },
            38 => T::play_list(self, s),
            39 | 40 => {
                let item = T::any(s, items);
                let old = mem::replace(&mut self[s.below(len)], item);
                T::pocket(items).push(old);
            }
            41 => {
                let mut left = s.below(2 * len);
                survives(|| match s.below(6) {
                    0 => self.retain(|_| {
                        give_up(&mut left);
                        s.below(2) == 0
                    }),
                    1 => self.retain_mut(|item| {
                        item.operate(s, items);
                        give_up(&mut left);
                        s.below(2) == 0
                    }),
                    2 => self.dedup_by_key(|_| {
                        give_up(&mut left);
                        s.below(2)
                    }),
                    3 => self.sort_by(|a, b| {
                        give_up(&mut left);
                        b.cmp(a)
                    }),
                    4 => self.sort_unstable_by(|a, b| {
                        give_up(&mut left);
                        b.cmp(a)
                    }),
                    _ => self.sort_by_key(|a| {
                        give_up(&mut left);
                        a.clone()
                    }),
                });
            }
            42 => self.discard(s.below(len)),
            43 => self.swap_discard(s.below(len)),
            44 => {
                let (start, len) = span(len, s);
                T::pocket(items).extend(self.drain(start..start + len));
            }
            45 => SharedLayout::reset(&mut self[s.below(len)]),
            _ => self[s.below(len)].operate(s, items),
        }
    }
}

impl<T: Workload, const N: usize> Workload for Array<T, N> {
    type Pocket = (Vec<Self>, T::Pocket);

    fn pocket(pocket: &mut Self::Pocket) -> &mut Vec<Self> {
        &mut pocket.0
    }

    fn fresh(s: &mut Script<'_>) -> Self {
        Array::from_fn(|i| if i < 4 { T::fresh(s) } else { T::zeroed() })
    }

    fn fill_up(&mut self) {
        self.iter_mut().take(N * 3 / 4).for_each(T::fill_up);
    }

    fn operate(&mut self, s: &mut Script<'_>, pocket: &mut Self::Pocket) {
        let (arrays, items) = pocket;
        match s.below(32) {
            // Of the array as a whole.
            0 => {
                let other = Self::any(s, &mut (mem::take(arrays), mem::take(items)));
                arrays.push(mem::replace(self, other));
            }
            1 => {
                if let Some(array) = arrays.last_mut() {
                    mem::swap(self, array);
                }
            }
            2 => *self = self.clone(),
            3 => self.clone_from(&Self::any(s, &mut (mem::take(arrays), mem::take(items)))),
            // Of the items.
            4 => {
                let (start, len) = span(N, s);
                self.get_mut(start..start + len).unwrap().iter_mut().for_each(|item| item.operate(s, items));
            }
            5 => self[s.below(N)..].reverse(),
            6 => self.first_mut().unwrap().operate(s, items),
            7 => self.last_mut().unwrap().operate(s, items),
            8 => {
                let (from, to) = (s.below(N), s.below(N));
                for item in self.iter_mut().take(to).skip(from) {
                    item.operate(s, items);
                }
            }
            9 => self.as_mut_slice().swap(s.below(N), s.below(N)),
            10 | 11 => self.swap(s.below(N), s.below(N)),
            12 => self.reverse(),
            13 => self.rotate_left(s.below(N + 1)),
            14 => self.rotate_right(s.below(N + 1)),
            15 => self.fill(T::any(s, items)),
            16 => self.sort(),
            17 => self.sort_unstable_by(|a, b| b.cmp(a)),
            18 | 19 => {
                let item = T::any(s, items);
                let old = mem::replace(&mut self[s.below(N)], item);
                T::pocket(items).push(old);
            }
            20 => {
                let mut left = s.below(2 * N);
                survives(|| {
                    self.sort_by(|a, b| {
                        give_up(&mut left);
                        b.cmp(a)
                    });
                });
            }
            _ => self[s.below(N)].operate(s, items),
        }
    }
}

/// A script, and a pocket for what is moved out.
struct Hand<'a, 's> {
    s: &'a mut Script<'s>,
    pocket: &'a mut <Small as Workload>::Pocket,
}

impl Dice<Small> for Hand<'_, '_> {
    fn roll(&mut self, end: usize) -> usize {
        self.s.below(end)
    }

    fn value(&mut self) -> Small {
        Small::any(self.s, self.pocket)
    }

    fn poke(&mut self, value: &mut Small) {
        value.operate(self.s, self.pocket);
    }

    fn keep(&mut self, value: Small) {
        Small::pocket(self.pocket).push(value);
    }
}

impl Eq for Kit {}

impl PartialOrd for Kit {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Something to sort by.
impl Ord for Kit {
    fn cmp(&self, other: &Self) -> Ordering {
        self.map.len().cmp(&other.map.len())
    }
}

impl Workload for Kit {
    type Pocket = (Vec<Self>, <Small as Workload>::Pocket);

    fn pocket(pocket: &mut Self::Pocket) -> &mut Vec<Self> {
        &mut pocket.0
    }

    fn fresh(s: &mut Script<'_>) -> Self {
        Kit::fresh(&mut Hand { s, pocket: &mut Default::default() })
    }

    fn fill_up(&mut self) {
        for key in 0..4 {
            self.map.insert(key, List::from([u64::from(key); 3])).unwrap();
            self.set.insert(key).unwrap();
            self.sorted.insert(key, List::from([u64::from(key); 5])).unwrap();
        }
    }

    fn operate(&mut self, s: &mut Script<'_>, pocket: &mut Self::Pocket) {
        let (kits, pocket) = pocket;
        let mut hand = Hand { s, pocket };
        match kits.last_mut().filter(|_| hand.roll(8) == 0) {
            Some(kit) => Kit::exchange(self, kit, &mut hand),
            None => self.step(&mut hand),
        }
    }
}

#[cfg(feature = "archived")]
impl<const N: usize> Workload for crate::Archived<Vec<String>, N> {
    type Pocket = Vec<Self>;

    fn pocket(pocket: &mut Self::Pocket) -> &mut Vec<Self> {
        pocket
    }

    fn fresh(s: &mut Script<'_>) -> Self {
        let mut archived = Self::new();
        archived.operate(s, &mut Vec::new());
        archived
    }

    fn fill_up(&mut self) {
        self.set(&vec!["x".repeat(N / 2)]).unwrap();
    }

    fn operate(&mut self, s: &mut Script<'_>, pocket: &mut Self::Pocket) {
        match s.below(12) {
            0 => self.clear(),
            1 => pocket.push(mem::take(self)),
            2 => *self = Self::any(s, pocket),
            3 => {
                if let Some(archived) = pocket.last_mut() {
                    mem::swap(self, archived);
                }
            }
            4 => *self = self.clone(),
            5 => self.clone_from(&Self::any(s, &mut mem::take(pocket))),
            6 => assert!(self.set(&vec!["x".repeat(N)]).is_err()),
            _ => {
                let value: Vec<String> = (0..s.below(4)).map(|i| "y".repeat(i + s.below(N / 4))).collect();
                let fits = Self::needed(&value).unwrap() <= N;
                assert_eq!(self.set(&value).is_ok(), fits);
                assert!(!fits || *self.get().unwrap() == value);
            }
        }
        assert_eq!(self.is_empty(), self.try_get().unwrap().is_none());
    }
}

impl<T: Workload> Workload for Saturating<T> {
    type Pocket = (Vec<Self>, T::Pocket);

    fn pocket(pocket: &mut Self::Pocket) -> &mut Vec<Self> {
        &mut pocket.0
    }

    fn fresh(s: &mut Script<'_>) -> Self {
        Saturating(T::fresh(s))
    }

    fn fill_up(&mut self) {
        self.0.fill_up();
    }

    fn operate(&mut self, s: &mut Script<'_>, pocket: &mut Self::Pocket) {
        self.0.operate(s, &mut pocket.1);
    }
}

/// Two places between which things can be swapped.
impl<T: Workload> Workload for [T; 2] {
    type Pocket = (Vec<Self>, T::Pocket);

    fn pocket(pocket: &mut Self::Pocket) -> &mut Vec<Self> {
        &mut pocket.0
    }

    fn fresh(s: &mut Script<'_>) -> Self {
        [T::fresh(s), T::fresh(s)]
    }

    fn fill_up(&mut self) {
        self.iter_mut().for_each(T::fill_up);
    }

    fn operate(&mut self, s: &mut Script<'_>, pocket: &mut Self::Pocket) {
        match s.below(8) {
            0 => self.swap(0, 1),
            side => self[side % 2].operate(s, &mut pocket.1),
        }
    }
}
