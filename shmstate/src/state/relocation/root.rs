//! Random operations on one or two states: parts are picked at any depth, moved, and touched.

use super::slots::{self, Slot, Slots};
use super::types::{
    Big, Book, Bytes, Choice, Config, Deep, Group, Groups, History, Item, Items, Jobs, Root, Sessions, Shelf, Small,
    Wide,
};
use super::workload::{Rng, Value, Workload, mix};
use crate::containers::tests::kit::{Atlas, Kit};
use crate::{List, SharedLayout};
use std::fmt::Write;
use std::mem;

/// A type of which a state has several places.
trait Part: Value {
    /// One of them.
    fn pick<'a>(root: &'a mut Root, rng: &mut Rng) -> Option<&'a mut Self>;
}

fn item_of<'a, T: Value, const N: usize>(list: &'a mut List<T, N>, rng: &mut Rng) -> Option<&'a mut T> {
    let len = list.len();
    if len == 0 { None } else { Some(&mut list[rng.below(len)]) }
}

macro_rules! at_the_top {
    ($($ty:ty: $field:ident),*) => {$(
        impl Part for $ty {
            fn pick<'a>(root: &'a mut Root, rng: &mut Rng) -> Option<&'a mut Self> {
                Some(&mut root.$field[rng.below(2)])
            }
        }
    )*};
}

at_the_top!(Bytes: bytes, Big: big, Groups: groups, Wide: wide, Slots: slots, Shelf: shelves, Book: books);
at_the_top!(History: histories, Jobs: jobs, Sessions: sessions, Choice: choices, Config: configs, Deep: deep);

/// An item of what is made of lists and arrays.
fn other_item<'a>(root: &'a mut Root, rng: &mut Rng) -> Option<&'a mut Item> {
    match rng.below(5) {
        0 => {
            let history = History::pick(root, rng)?;
            history.get_mut(rng.below(3))
        }
        1 => {
            let jobs = Jobs::pick(root, rng)?;
            jobs.get_mut(rng.below(4))
        }
        2 => {
            let sessions = Sessions::pick(root, rng)?;
            let key = sessions.keys().nth(rng.below(4))?;
            sessions.get_mut(key)
        }
        3 => Choice::pick(root, rng)?.as_mut(),
        _ => Some(Config::pick(root, rng)?),
    }
}

impl Part for Small {
    fn pick<'a>(root: &'a mut Root, rng: &mut Rng) -> Option<&'a mut Self> {
        match rng.below(6) {
            0 | 1 => Some(&mut root.smalls[rng.below(3)]),
            2 => Some(&mut Group::pick(root, rng)?.small),
            3 => Slot::pick(root, rng)?.small(),
            _ => Some(&mut Item::pick(root, rng)?.small),
        }
    }
}

impl Part for Slot {
    fn pick<'a>(root: &'a mut Root, rng: &mut Rng) -> Option<&'a mut Self> {
        match rng.below(5) {
            0 | 1 => Some(&mut root.slot[rng.below(2)]),
            2 => Some(&mut Group::pick(root, rng)?.slot),
            _ => item_of(Slots::pick(root, rng)?, rng),
        }
    }
}

impl Part for Items {
    fn pick<'a>(root: &'a mut Root, rng: &mut Rng) -> Option<&'a mut Self> {
        if rng.percent(40) { Some(&mut root.items[rng.below(2)]) } else { Some(&mut Group::pick(root, rng)?.items) }
    }
}

impl Part for Item {
    fn pick<'a>(root: &'a mut Root, rng: &mut Rng) -> Option<&'a mut Self> {
        match rng.below(10) {
            0..3 => other_item(root, rng),
            3..8 => item_of(Items::pick(root, rng)?, rng),
            _ => item_of(Wide::pick(root, rng)?, rng),
        }
    }
}

impl Part for Group {
    fn pick<'a>(root: &'a mut Root, rng: &mut Rng) -> Option<&'a mut Self> {
        item_of(Groups::pick(root, rng)?, rng)
    }
}

impl Part for Kit {
    fn pick<'a>(root: &'a mut Root, rng: &mut Rng) -> Option<&'a mut Self> {
        if rng.percent(60) { Some(&mut root.kits[rng.below(2)]) } else { item_of(Shelf::pick(root, rng)?, rng) }
    }
}

impl Part for Atlas {
    fn pick<'a>(root: &'a mut Root, rng: &mut Rng) -> Option<&'a mut Self> {
        Some(&mut Kit::pick(root, rng)?.map)
    }
}

/// What a state is filled with at first.
pub(super) fn fill(root: &mut Root, rng: &mut Rng) {
    root.count = rng.next();
    root.smalls.iter_mut().for_each(|list| *list = List::fresh(rng));
    root.bytes[0].resize(250, 7).unwrap();
    root.big[0].resize(1400, 7).unwrap();
    root.items.iter_mut().for_each(|list| *list = List::fresh(rng));
    root.groups.iter_mut().for_each(|list| *list = List::fresh(rng));
    root.slot = std::array::from_fn(|_| Slot::fresh(rng));
    root.slots.iter_mut().for_each(|list| *list = List::fresh(rng));
    root.histories.iter_mut().for_each(|ring| *ring = Value::fresh(rng));
    root.jobs.iter_mut().for_each(|queue| *queue = Value::fresh(rng));
    root.sessions.iter_mut().for_each(|slab| *slab = Value::fresh(rng));
    root.choices.iter_mut().for_each(|maybe| *maybe = Value::fresh(rng));
    root.configs.iter_mut().for_each(|tracked| *tracked = Value::fresh(rng));
    root.deep.iter_mut().for_each(|queue| *queue = Value::fresh(rng));
    for _ in 0..80 {
        root.wide[0].push(Item::fresh(rng)).unwrap();
    }
    root.kits[0] = Value::fresh(rng);
    root.shelves[0] = List::fresh(rng);
    root.books[0].extend((0..600).map(|key| (key, u64::from(key))));
}

/// One random operation on the states in `roots`. `committed` gives a copy of the committed version of any of the
/// `regions` states.
pub(super) fn step(
    roots: &mut [&mut Root],
    p: &mut Workload<'_>,
    committed: &dyn Fn(usize) -> Box<Root>,
    regions: usize,
) {
    let root = p.rng.below(roots.len());
    if p.rng.percent(8) {
        let root = &mut *roots[root];
        root.count = p.rng.next();
        root.pair[p.rng.below(2)] += 1;
        root.title.clear();
        write!(root.title, "{}", p.rng.next() % 1000).unwrap();
    }
    if p.may(mix::WHOLE) && p.rng.percent(4) {
        match p.rng.below(3) {
            0 => *roots[root] = *committed(p.rng.below(regions)),
            1 => {
                let mut boxed = Root::new_box_zeroed();
                fill(&mut boxed, p.rng);
                *roots[root] = *boxed;
            }
            _ => {
                if let [a, b] = roots {
                    mem::swap(*a, *b);
                }
            }
        }
        return;
    }
    if let [inner, outer] = roots
        && p.may(mix::NESTED)
        && p.rng.percent(25)
    {
        return park(inner, outer, p);
    }
    if p.may(mix::KEYED) && p.rng.percent(50) {
        let go = [part::<Kit>, part::<Atlas>, part::<Shelf>, part::<Book>][p.rng.below(4)];
        return go(roots, p, committed, regions);
    }
    let large = p.may(mix::LARGE) && p.rng.percent(40);
    let nested = p.may(mix::NESTED) && p.rng.percent(75);
    let go = match (large, nested) {
        _ if p.may(mix::ENUM) && p.rng.percent(50) => [part::<Slot>, part::<Slot>, part::<Slots>][p.rng.below(3)],
        (true, _) => [part::<Big>, part::<Wide>, part::<Bytes>][p.rng.below(3)],
        (_, true) => [part::<Small>, part::<Items>, part::<Item>, part::<Group>, part::<Groups>][p.rng.below(5)],
        _ if p.rng.percent(50) => {
            let others =
                [part::<History>, part::<Jobs>, part::<Sessions>, part::<Choice>, part::<Config>, part::<Deep>];
            others[p.rng.below(others.len())]
        }
        _ => [part::<Small>, part::<Small>, part::<Bytes>][p.rng.below(3)],
    };
    go(roots, p, committed, regions);
}

/// Always the same two places, so that a list comes back to where it was: one of the outer region, and one inside the
/// last item of the inner; or one enum of each.
fn park(inner: &mut Root, outer: &mut Root, p: &mut Workload<'_>) {
    if p.may(mix::ENUM) && p.rng.percent(50) {
        return slots::park(inner, outer, p);
    }
    if p.rng.percent(40) {
        if let Some(item) = inner.items[0].last_mut() {
            item.small.poke(p);
        }
        return;
    }
    let mut item = inner.items[0].pop().unwrap_or_else(|| Item::fresh(p.rng));
    mem::swap(&mut item.small, &mut outer.smalls[0]);
    drop(inner.items[0].push(item));
}

/// One random operation on places of type `T`.
fn part<T: Part>(
    roots: &mut [&mut Root],
    p: &mut Workload<'_>,
    committed: &dyn Fn(usize) -> Box<Root>,
    regions: usize,
) {
    let (first, second) = (p.rng.below(roots.len()), p.rng.below(roots.len()));
    match p.rng.below(16) {
        0 | 1 if p.may(mix::SWAP) => swap::<T>(roots, p, (first, second), false),
        2 | 3 if p.may(mix::SWAP) => swap::<T>(roots, p, (first, second), true),
        4 | 5 if p.may(mix::SWAP | mix::LATER) => {
            let new = if p.rng.percent(50) { T::fresh(p.rng) } else { T::zeroed() };
            if let Some(place) = T::pick(roots[first], p.rng) {
                p.bag.put(mem::replace(place, new));
            }
        }
        6..=8 if p.may(mix::SWAP | mix::LATER) => {
            if let Some(mut value) = p.bag.take::<T>(p.rng) {
                if p.rng.percent(30) {
                    value.poke(p);
                }
                if let Some(place) = T::pick(roots[first], p.rng) {
                    let old = mem::replace(place, value);
                    p.bag.put(old);
                }
            }
        }
        9 if p.may(mix::SWAP) => {
            // DirtyRanges on the stack, while its place is empty; put back there or elsewhere.
            let mut path = p.rng.clone();
            let Some(place) = T::pick(roots[first], p.rng) else { return };
            let mut value = mem::replace(place, T::zeroed());
            for _ in 0..p.rng.below(3) {
                value.poke(p);
            }
            let back = if p.rng.percent(60) { T::pick(roots[first], &mut path) } else { T::pick(roots[second], p.rng) };
            match back {
                Some(place) => *place = value,
                None => p.bag.put(value),
            }
        }
        10 if p.may(mix::CLONE) => {
            let Some(place) = T::pick(roots[first], p.rng) else { return };
            for _ in 0..p.rng.below(3) {
                place.poke(p);
            }
            let mut clone = place.clone();
            for _ in 0..p.rng.below(3) {
                place.poke(p);
            }
            if p.rng.percent(30) {
                clone.poke(p);
            }
            if p.rng.percent(60) { *place = clone } else { p.bag.put(clone) }
        }
        11 if p.may(mix::CLONE) => {
            let mut snapshot = committed(p.rng.below(regions));
            let Some(from) = T::pick(&mut snapshot, p.rng) else { return };
            if let Some(to) = T::pick(roots[first], p.rng) {
                mem::swap(from, to);
            }
        }
        12 if p.may(mix::SWAP) => {
            if let [a, b] = roots
                && let (Some(a), Some(b)) = (T::pick(a, p.rng), T::pick(b, p.rng))
            {
                T::exchange(a, b, p);
            }
        }
        13 => {
            let new = T::fresh(p.rng);
            if let Some(place) = T::pick(roots[first], p.rng) {
                *place = new;
            }
        }
        14 if p.may(mix::THREADS) => in_a_thread::<T>(roots[first], p),
        _ => {
            let pokes = if p.may(mix::LARGE) { 1 + p.rng.below(12) } else { 1 + p.rng.below(2) };
            if let Some(place) = T::pick(roots[first], p.rng) {
                (0..pokes).for_each(|_| place.poke(p));
            }
        }
    }
}

/// Swaps two places, as two moves through the stack; with `back`, touches them and swaps them again.
fn swap<T: Part>(roots: &mut [&mut Root], p: &mut Workload<'_>, (first, second): (usize, usize), back: bool) {
    let path = p.rng.clone();
    if T::pick(roots[first], p.rng).is_none() {
        return;
    }
    let other = p.rng.clone();
    if T::pick(roots[second], p.rng).is_none() {
        return;
    }
    for round in 0..=u32::from(back) {
        let mut exchange = || {
            let mut value = mem::replace(T::pick(roots[first], &mut path.clone())?, T::zeroed());
            mem::swap(T::pick(roots[second], &mut other.clone())?, &mut value);
            *T::pick(roots[first], &mut path.clone())? = value;
            Some(())
        };
        exchange();
        if back && round == 0 {
            for (root, path) in [(first, &path), (second, &other)] {
                for _ in 0..p.rng.below(3) {
                    if let Some(place) = T::pick(roots[root], &mut path.clone()) {
                        place.poke(p);
                    }
                }
            }
        }
    }
}

/// Touches a place from another thread, which has no update open.
fn in_a_thread<T: Part>(root: &mut Root, p: &mut Workload<'_>) {
    let (mix, rng) = (p.mix, &mut *p.rng);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut bag = super::workload::Bag::default();
            let mut p = Workload { rng, bag: &mut bag, mix };
            if let Some(place) = T::pick(root, p.rng) {
                for _ in 0..1 + p.rng.below(8) {
                    place.poke(&mut p);
                }
            }
        });
    });
}
