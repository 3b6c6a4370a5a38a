//! A program that must not compile: each use of the enum has an argument of its own, and the compiler has to report each of them.

use shared_state::{
    Array, List, Map, Maybe, Queue, ReadOnly, Ring, Set, SharedLayout, Slab, SortedMap, State, Tracked,
};
use std::num::{Saturating, Wrapping};

/// No variant has the value 0, with which every state starts.
#[derive(SharedLayout, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[shared(crate = "shared_state")]
enum Mode<const N: usize> {
    On = 1,
}

#[derive(SharedLayout)]
#[repr(C)]
#[shared(crate = "shared_state")]
struct Holder<const N: usize> {
    mode: Mode<N>,
}

pub fn uses() {
    drop(Mode::<100>::zeroed());
    drop(Mode::<101>::new_box_zeroed());
    drop(Mode::<102>::new_box());
    drop(Holder::<103>::zeroed());

    drop(List::<Mode<110>, 1>::new());
    drop(List::<Mode<111>, 1>::default());
    drop(List::<Mode<112>, 1>::new_box_zeroed());
    drop([Mode::<113>::On].into_iter().collect::<List<_, 1>>());
    drop(<[Mode<114>; 1]>::zeroed());
    drop(Array::<Mode<115>, 1>::new_box_zeroed());
    drop(Ring::<Mode<116>, 1>::new());
    drop(Queue::<Mode<117>, 1>::new());
    drop(Slab::<Mode<118>, 1>::new());
    drop(Set::<Mode<119>, 1>::new());
    drop(Map::<Mode<120>, u8, 1>::new());
    drop(Map::<u8, Mode<121>, 1>::new());
    drop(SortedMap::<Mode<122>, u8, 1>::new());
    drop(SortedMap::<u8, Mode<123>, 1>::new());
    drop(Maybe::<Mode<124>>::none());
    drop(Maybe::<Mode<125>>::default());
    drop(Maybe::some(Mode::<126>::On).take());
    drop(Tracked::<Mode<127>>::new_box_zeroed());
    drop(Wrapping::<Mode<128>>::zeroed());
    drop(Saturating::<Mode<129>>::new_box_zeroed());

    drop(State::<Mode<140>>::create("a"));
    drop(State::<Mode<141>>::open("a"));
    drop(State::<Mode<142>>::open_or_create("a"));
    drop(State::<Mode<143>>::anonymous());
    drop(State::<Mode<144>>::from_fd(std::io::stdin()));
    drop(State::<Mode<145>>::open_read_only("a").map(|state: ReadOnly<_>| state));
    drop(State::<List<Holder<146>, 4>>::options().init(|_| ()).open_or_create("a"));
}
