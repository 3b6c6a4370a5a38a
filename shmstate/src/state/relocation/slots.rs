//! Enums that hold lists: a part of the state of the relocation test.

use super::types::{Items, Root, Small};
use super::workload::{Rng, Value, Workload, mix};
use crate::{List, SharedLayout};
use std::mem;

/// Lists at the same place in several variants, and one at a place that is plain data in others.
#[derive(SharedLayout, Clone, PartialEq, Debug)]
#[repr(C, u64)]
#[allow(clippy::large_enum_variant, reason = "a list cannot be boxed here")]
pub(super) enum Slot {
    Empty,
    One(Small),
    Same(Small),
    Late { n: u64, small: Small },
    Raw([u64; 12]),
    Many(Items),
}

impl Slot {
    /// The list at its first level.
    pub(super) fn small(&mut self) -> Option<&mut Small> {
        match self {
            Slot::One(small) | Slot::Same(small) | Slot::Late { small, .. } => Some(small),
            _ => None,
        }
    }
}

/// More of them.
pub(super) type Slots = List<Slot, 5>;

impl Value for Slot {
    fn fresh(rng: &mut Rng) -> Self {
        match rng.below(6) {
            0 => Slot::Empty,
            1 => Slot::One(List::fresh(rng)),
            2 => Slot::Same(List::fresh(rng)),
            3 => Slot::Late { n: rng.next(), small: List::fresh(rng) },
            4 => Slot::Raw(std::array::from_fn(|_| rng.next())),
            _ => Slot::Many(List::fresh(rng)),
        }
    }

    fn poke(&mut self, p: &mut Workload<'_>) {
        let moves = p.may(mix::SWAP | mix::LATER);
        match p.rng.below(12) {
            0 => *self = Slot::fresh(p.rng),
            1 => *self = Slot::Empty,
            2 if moves => {
                let new = p.any();
                let old = mem::replace(self, new);
                p.put(old);
            }
            3 | 4 if moves => {
                // Overwritten, and back; touched in between or not.
                let mut value = mem::replace(self, Slot::Raw([p.rng.next(); 12]));
                if p.rng.percent(50) {
                    value.poke(p);
                }
                *self = value;
            }
            5 | 6 if moves => {
                // The same list in another variant, at the same place or not.
                *self = match mem::replace(self, Slot::Raw([7; 12])) {
                    Slot::One(small) => Slot::Same(small),
                    Slot::Same(small) => Slot::Late { n: p.rng.next(), small },
                    Slot::Late { small, .. } => Slot::One(small),
                    other => other,
                };
            }
            7 if moves => {
                // Only its list, there and back.
                if let Some(small) = self.small() {
                    let small = mem::take(small);
                    p.put(small);
                }
                if p.rng.percent(60) {
                    *self = if p.rng.percent(50) { Slot::One(p.any()) } else { Slot::Same(p.any()) };
                }
            }
            _ => match self {
                Slot::Empty => *self = Slot::fresh(p.rng),
                Slot::Late { n, .. } if p.rng.percent(30) => *n = p.rng.next(),
                Slot::One(small) | Slot::Same(small) | Slot::Late { small, .. } => small.poke(p),
                Slot::Raw(numbers) => numbers[p.rng.below(12)] = p.rng.next(),
                Slot::Many(items) => items.poke(p),
            },
        }
    }

    fn exchange(a: &mut Self, b: &mut Self, p: &mut Workload<'_>) {
        if p.rng.percent(50) {
            return mem::swap(a, b);
        }
        match (a, b) {
            (Slot::Many(a), Slot::Many(b)) => mem::swap(a, b),
            (a, b) => {
                if let (Some(a), Some(b)) = (a.small(), b.small()) {
                    mem::swap(a, b);
                }
            }
        }
    }

    fn key(&self) -> u64 {
        match self {
            Slot::Empty => 0,
            Slot::One(small) | Slot::Same(small) => small.key(),
            Slot::Late { n, .. } => *n,
            Slot::Raw(numbers) => numbers[0],
            Slot::Many(items) => items.key(),
        }
    }
}

/// Always the same two places, so that an enum comes back to where it was: one of the outer region, and the last item of a
/// list of the inner.
pub(super) fn park(inner: &mut Root, outer: &mut Root, p: &mut Workload<'_>) {
    if inner.slots[0].is_empty() {
        drop(inner.slots[0].push(Slot::fresh(p.rng)));
    }
    let Some(slot) = inner.slots[0].last_mut() else { return };
    match p.rng.below(5) {
        0 => slot.poke(p),
        // What is parked is dead from now on, and its bytes stay.
        1 => *slot = Slot::Empty,
        2 => mem::swap(slot, &mut inner.slot[0]),
        3 => mem::swap(slot, &mut outer.slot[0]),
        _ => {
            if let (Some(a), Some(b)) = (slot.small(), outer.slot[0].small()) {
                mem::swap(a, b);
            }
        }
    }
}
