//! The state of the relocation test: lists of plain items below and above 64 items and a page, lists of structs
//! that hold lists, two deep, arrays of lists; enums that hold lists; what is made of
//! lists and arrays; and a fuse.

use super::slots::{Slot, Slots};
use crate::containers::tests::kit::{Kit, same_map};
use crate::track::{DirtyRanges, Stamp};
use crate::{Kind, Layout, List, Map, Maybe, Queue, Ring, SharedLayout, Slab, Text, Tracked};
use std::cell::Cell;

/// Found at three depths.
pub(super) type Small = List<u64, 6>;
/// Items smaller than the unit in which ranges are kept; blocks of several items.
pub(super) type Bytes = List<u8, 300>;
/// Several pages.
pub(super) type Big = List<u64, 1500>;
pub(super) type Items = List<Item, 4>;
pub(super) type Groups = List<Group, 3>;
/// More than 64 items with lists inside, on several pages.
pub(super) type Wide = List<Item, 90>;
pub(super) type History = Ring<Item, 3>;
pub(super) type Jobs = Queue<Item, 4>;
pub(super) type Sessions = Slab<Item, 4>;
pub(super) type Choice = Maybe<Item>;
pub(super) type Config = Tracked<Item>;
/// One in the other.
pub(super) type Deep = Queue<Maybe<Ring<Small, 2>>, 3>;

pub(super) type Shelf = List<Kit, 3>;
/// Several pages, the buckets as well.
pub(super) type Book = Map<u16, u64, 700>;

#[derive(SharedLayout, Clone, PartialEq, Debug)]
#[repr(C)]
pub(super) struct Item {
    pub(super) n: u64,
    pub(super) small: Small,
}

#[derive(SharedLayout, Clone, PartialEq, Debug)]
#[repr(C)]
pub(super) struct Group {
    pub(super) id: u64,
    pub(super) small: Small,
    pub(super) items: Items,
    pub(super) slot: Slot,
}

#[derive(SharedLayout, Clone, PartialEq, Debug)]
#[repr(C)]
pub(super) struct Root {
    pub(super) count: u64,
    pub(super) title: Text<24>,
    pub(super) pair: [u32; 2],
    pub(super) smalls: [Small; 3],
    pub(super) bytes: [Bytes; 2],
    pub(super) fuse: Fuse,
    pub(super) big: [Big; 2],
    pub(super) items: [Items; 2],
    pub(super) groups: [Groups; 2],
    pub(super) wide: [Wide; 2],
    pub(super) slot: [Slot; 2],
    pub(super) slots: [Slots; 2],
    pub(super) histories: [History; 2],
    pub(super) jobs: [Jobs; 2],
    pub(super) sessions: [Sessions; 2],
    pub(super) choices: [Choice; 2],
    pub(super) configs: [Config; 2],
    pub(super) deep: [Deep; 2],
    pub(super) kits: [Kit; 2],
    pub(super) shelves: [Shelf; 2],
    pub(super) books: [Book; 2],
}

impl Root {
    /// The names of the fields in which the two differ.
    pub(super) fn differing(&self, other: &Self) -> Vec<&'static str> {
        let plain = (self.count, &self.title, self.pair) != (other.count, &other.title, other.pair);
        let fields = [
            ("count, title or pair", plain),
            ("smalls", self.smalls != other.smalls),
            ("bytes", self.bytes != other.bytes),
            ("fuse", self.fuse != other.fuse),
            ("big", self.big != other.big),
            ("items", self.items != other.items),
            ("groups", self.groups != other.groups),
            ("wide", self.wide != other.wide),
            ("slot", self.slot != other.slot),
            ("slots", self.slots != other.slots),
            ("histories", self.histories != other.histories),
            ("jobs", self.jobs != other.jobs),
            ("sessions", self.sessions != other.sessions),
            ("choices", self.choices != other.choices),
            ("configs", self.configs != other.configs),
            ("deep", self.deep != other.deep),
            ("kits", self.kits != other.kits),
            ("shelves", self.shelves != other.shelves),
            ("books", (0..2).any(|n| !same_map(&self.books[n], &other.books[n]))),
        ];
        fields.into_iter().filter(|(_, differ)| *differ).map(|(name, _)| name).collect()
    }
}

/// Which walk a fuse cuts short.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Walk {
    /// Before the closure.
    Stamp,
    /// After it.
    Flatten,
}

/// The walk that is cut short, and how.
type Blow = (Walk, fn());

thread_local! {
    static ARMED: Cell<Option<Blow>> = const { Cell::new(None) };
}

/// Eight bytes through which a test gets in between the steps of a transaction.
#[derive(Clone, PartialEq, Debug)]
#[repr(C)]
pub(super) struct Fuse {
    bytes: [u8; 8],
}

impl Fuse {
    /// `blow` runs once, in the next such walk of this thread.
    pub(super) fn arm(walk: Walk, blow: fn()) {
        ARMED.set(Some((walk, blow)));
    }

    /// No walk is cut short.
    pub(super) fn disarm() {
        ARMED.set(None);
    }

    fn pass(walk: Walk) {
        if let Some((armed, blow)) = ARMED.get()
            && armed == walk
        {
            ARMED.set(None);
            blow();
        }
    }
}

// SAFETY: bytes, every pattern of which is a value.
unsafe impl SharedLayout for Fuse {
    const LAYOUT: &'static Layout = &Layout::of::<Self>("Fuse", Kind::Pod);
    const TRACKED: bool = true;
    const CHECKED: bool = false;

    unsafe fn stamp(_: *mut Self, _: Stamp) {
        Self::pass(Walk::Stamp);
    }

    unsafe fn copy_plain(to: *mut Self, from: *const Self) {
        // SAFETY: the caller's promise.
        unsafe { std::ptr::copy_nonoverlapping(from, to, 1) }
    }

    unsafe fn collect_dirty<const NESTED: bool>(
        _: *const Self,
        _: *const Self,
        stamp: Stamp,
        touched: &mut DirtyRanges,
    ) {
        Self::pass(Walk::Flatten);
        if NESTED {
            touched.add(stamp.offset(), size_of::<Self>());
        }
    }
}
