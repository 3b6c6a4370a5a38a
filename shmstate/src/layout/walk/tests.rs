//! Each walk over derived types, on values of known layout.

use crate::track::{DirtyRanges, Granule, Stamp};
use crate::{List, SharedLayout};
use std::mem::{MaybeUninit, offset_of};
use std::ops::Range;

/// Plain and tracked fields in turn, so that each walk has something to skip.
#[derive(SharedLayout)]
#[repr(C)]
#[shared(crate = "crate")]
struct Outer {
    before: u64,
    list: List<u64, 4>,
    #[shared(pod)]
    plain: [u64; 2],
    inner: Inner,
    array: [Inner; 2],
    after: [u64; 3],
}

/// A tuple struct.
#[derive(SharedLayout)]
#[repr(C)]
#[shared(crate = "crate")]
struct Inner(u64, List<u64, 2>);

#[derive(SharedLayout)]
#[repr(C)]
#[shared(crate = "crate")]
struct Untracked {
    a: u64,
    b: [u32; 2],
}

const TX: Stamp = Stamp::root(7);

fn stamped() -> Box<Outer> {
    let mut outer = Outer::new_box_zeroed();
    // SAFETY: a valid value to which there is no other access.
    unsafe { Outer::stamp(&raw mut *outer, TX) }
    outer
}

/// What other copies have to take over, as byte ranges.
fn touched<T: SharedLayout, const NESTED: bool>(
    written: *const T,
    source: *const T,
    stamp: Stamp,
) -> Vec<Range<usize>> {
    let mut touched = DirtyRanges::new(1 << 20);
    // SAFETY: both are valid, and they do not change.
    unsafe { T::collect_dirty::<NESTED>(written, source, stamp, &mut touched) }
    let granule = Granule::of(1 << 20);
    let ranges = touched.ranges().map(|word| granule.unpack(word));
    ranges.map(|range| range.start as usize..range.end as usize).collect()
}

/// Where the items of a list that lies at `list` begin.
const ITEMS: usize = {
    let crate::Kind::List { items, .. } = <List<u64, 4>>::LAYOUT.kind else { unreachable!() };
    items
};

#[test]
fn a_fresh_stamp_reaches_every_container() {
    let mut outer = stamped();
    assert_eq!(touched::<_, false>(&raw mut *outer, &raw mut *outer, TX), []);
    // Under another stamp, each list counts as a whole, which is nothing while it is empty.
    let mut outer = Outer::new_box_zeroed();
    outer.list.push(1).unwrap();
    outer.inner.1.push(2).unwrap();
    outer.array[1].1.push(3).unwrap();
    let places = [
        offset_of!(Outer, list),
        offset_of!(Outer, inner) + offset_of!(Inner, 1),
        offset_of!(Outer, array) + size_of::<Inner>() + offset_of!(Inner, 1),
    ];
    let whole = places.map(|place| place + ITEMS..place + ITEMS + 8);
    assert_eq!(touched::<_, false>(&raw mut *outer, &raw mut *outer, TX), whole);
    // SAFETY: a valid value to which there is no other access.
    unsafe { Outer::stamp(&raw mut *outer, TX) }
    assert_eq!(touched::<_, false>(&raw mut *outer, &raw mut *outer, TX), []);
    outer.array[1].1[0] = 4;
    assert_eq!(touched::<_, false>(&raw mut *outer, &raw mut *outer, TX), whole[2..]);
    // At another offset, no list of the same value is current.
    let moved: Vec<_> = whole.map(|range| range.start + 64..range.end + 64).into();
    assert_eq!(touched::<_, false>(&raw mut *outer, &raw mut *outer, TX.at(64)), moved);
}

#[test]
fn everything_counts_inside_a_container() {
    let mut outer = stamped();
    outer.list.push(1).unwrap();
    let list = offset_of!(Outer, list);
    let (plain, inner) = (offset_of!(Outer, plain), offset_of!(Outer, inner));
    let (array, after) = (offset_of!(Outer, array), offset_of!(Outer, after));
    // The heads of the lists, which end where the items begin.
    let mut expected = vec![0..8, list..list + ITEMS + 8, plain..plain + 16];
    for at in [inner, array, array + size_of::<Inner>()] {
        expected.push(at..at + 8 + ITEMS);
    }
    expected.push(after..after + 24);
    assert_eq!(joined(touched::<_, true>(&raw mut *outer, &raw mut *outer, TX)), joined(expected));

    let mut plain = Untracked::zeroed();
    assert_eq!(touched::<_, false>(&raw mut plain, &raw mut plain, TX), []);
    assert_eq!(touched::<_, true>(&raw mut plain, &raw mut plain, TX.at(32)), vec![32..48]);
}

/// The ranges, with adjacent ones joined.
fn joined(ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    let mut joined: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        match joined.last_mut() {
            Some(last) if last.end == range.start => last.end = range.end,
            _ => joined.push(range),
        }
    }
    joined
}

#[test]
fn plain_fields_and_lengths_are_copied_and_items_are_not() {
    let mut from = Outer::new_box_zeroed();
    (from.before, from.plain, from.after) = (1, [2, 3], [4, 5, 6]);
    (from.inner.0, from.array[1].0) = (7, 8);
    from.list.extend([9, 9]);
    from.array[0].1.extend([9]);
    let mut to = Outer::new_box_zeroed();
    to.list.extend([10, 11, 12]);
    // SAFETY: two values, apart from each other.
    unsafe { Outer::copy_plain(&raw mut *to, &raw const *from) }
    assert_eq!((to.before, to.plain, to.after), (1, [2, 3], [4, 5, 6]));
    assert_eq!((to.inner.0, to.array[0].0, to.array[1].0), (7, 0, 8));
    assert_eq!(to.list[..], [10, 11], "the length is new, the items are old");
    assert_eq!(to.array[0].1.len(), 1);

    let from = Untracked { a: 1, b: [2, 3] };
    let mut to = MaybeUninit::<Untracked>::uninit();
    // SAFETY: a value, and memory of its size apart from it.
    unsafe { Untracked::copy_plain(to.as_mut_ptr(), &raw const from) }
    // SAFETY: just written.
    let to = unsafe { to.assume_init() };
    assert_eq!((to.a, to.b), (1, [2, 3]));
}

/// Variants with a list at one offset, with a list at another one, and without a list.
#[derive(SharedLayout)]
#[repr(C, u64)]
#[shared(crate = "crate")]
enum Slot {
    Empty,
    One(List<u64, 4>),
    Late {
        #[shared(pod)]
        pod: u64,
        list: List<u64, 4>,
        plain: u32,
    },
}

/// An enum in a struct and one in an array.
#[derive(SharedLayout)]
#[repr(C)]
#[shared(crate = "crate")]
struct Slots {
    first: u64,
    slot: Slot,
    two: [Slot; 2],
}

const SLOT: usize = offset_of!(Slots, slot);
/// The list of `Slot::Late`.
const LATE: usize = 16;

fn late(pod: u64, items: &[u64], plain: u32) -> Slot {
    Slot::Late { pod, list: items.iter().copied().collect(), plain }
}

#[test]
fn the_variant_that_there_is_is_stamped() {
    let mut slots = Slots::new_box_zeroed();
    slots.slot = late(1, &[2, 3], 4);
    slots.two[1] = Slot::One(List::from([5]));
    let all = |slots: &mut Slots| touched::<_, false>(&raw mut *slots, &raw mut *slots, TX);
    let two = offset_of!(Slots, two) + size_of::<Slot>();
    let late_items = SLOT + LATE + ITEMS;
    assert_eq!(all(&mut slots), [late_items..late_items + 16, two + 8 + ITEMS..two + 16 + ITEMS]);
    // SAFETY: a valid value to which there is no other access.
    unsafe { Slots::stamp(&raw mut *slots, TX) }
    assert_eq!(all(&mut slots), [], "stamped");
    let Slot::Late { list, .. } = &mut slots.slot else { unreachable!() };
    list[1] = 7;
    assert_eq!(all(&mut slots), [late_items + 8..late_items + 16], "what is marked, and no more");
    let Slot::Late { list, .. } = std::mem::replace(&mut slots.slot, Slot::Empty) else { unreachable!() };
    assert_eq!(all(&mut slots), [], "no list is left");
    slots.slot = Slot::One(list);
    assert_eq!(all(&mut slots), [SLOT + 8 + ITEMS..SLOT + 8 + ITEMS + 16], "moved to another place");
}

#[test]
fn inside_of_containers_the_fields_of_the_variant_count() {
    let mut slot = late(1, &[2], 4);
    let all = |slot: &mut Slot| joined(touched::<_, true>(&raw mut *slot, &raw mut *slot, TX));
    // The stamps of the lists are not current: tag and head and item, or tag, pod, head and item, plain field.
    assert_eq!(all(&mut slot), [0..LATE + ITEMS + 8, LATE + ITEMS + 32..LATE + ITEMS + 40]);
    slot = Slot::One(List::from([5]));
    assert_eq!(all(&mut slot), [0..8 + ITEMS + 8]);
    slot = Slot::Empty;
    assert_eq!(all(&mut slot), vec![0..8]);
}

#[test]
fn a_roll_back_to_another_variant_takes_all_of_it() {
    let (mut written, mut source) = (late(1, &[2], 4), Slot::One(List::from([5])));
    let all = vec![0..size_of::<Slot>()];
    assert_eq!(touched::<_, false>(&raw mut written, &raw mut source, TX), all);
    assert_eq!(touched::<_, true>(&raw mut written, &raw mut source, TX), all);
    source = late(6, &[7], 8);
    // SAFETY: a valid value to which there is no other access.
    unsafe { Slot::stamp(&raw mut written, TX) }
    assert_eq!(touched::<_, false>(&raw mut written, &raw mut source, TX), [], "the same variant, untouched");
}

#[test]
fn catching_up_goes_by_the_variant() {
    let mut to = late(1, &[2, 3], 4);
    // SAFETY: two values, apart from each other.
    unsafe { Slot::copy_plain(&raw mut to, &raw const *Box::new(late(5, &[6], 7))) }
    let Slot::Late { pod: 5, list, plain: 7 } = &to else { panic!("plain fields stay") };
    assert_eq!(list[..], [2], "the length is new, the items are old");
    // SAFETY: two values, apart from each other.
    unsafe { Slot::copy_plain(&raw mut to, &raw const *Box::new(Slot::One(List::from([8, 9])))) }
    let Slot::One(list) = &to else { panic!("the variant stays") };
    assert_eq!(list[..], [8, 9], "all of it is new");
    // SAFETY: two values, apart from each other.
    unsafe { Slot::copy_plain(&raw mut to, &raw const *Box::new(Slot::Empty)) }
    assert!(matches!(to, Slot::Empty));
}
