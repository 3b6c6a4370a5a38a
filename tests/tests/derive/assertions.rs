//! Whatever makes or maps a value of a generic type evaluates the type's proofs.
//!
//! The program below must not compile: each use of the enum has an argument of its own, and the compiler has to report each
//! of them.

#![allow(unexpected_cfgs, reason = "`unproved` is given by the test below alone")]

#[cfg(unproved)]
mod program {
    use shmstate::{
        Array, List, Map, Maybe, Queue, ReadOnly, Ring, Set, SharedLayout, Slab, SortedMap, State, Tracked,
    };
    use std::num::{Saturating, Wrapping};

    /// No variant has the value 0, with which every state starts.
    #[derive(SharedLayout, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
    #[repr(u8)]
    enum Mode<const N: usize> {
        On = 1,
    }

    #[derive(SharedLayout)]
    #[repr(C)]
    struct Holder<const N: usize> {
        mode: Mode<N>,
    }

    #[test]
    fn uses() {
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
}

#[cfg(not(unproved))]
#[test]
fn every_way_to_make_a_value_evaluates_the_proofs() {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = std::process::Command::new(cargo);
    command.args(["rustc", "--quiet", "--locked", "-p", "shmstate-tests", "--test", "assertions", "--profile", "test"]);
    let output = command.args(["--", "--cfg", "unproved", "--cap-lints", "allow"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "the program compiles");
    let uses = include_str!("assertions.rs").split("fn uses()").nth(1).unwrap().split("#[cfg(not(unproved))]").next();
    let numbers: Vec<_> = uses.unwrap().split(|c: char| !c.is_ascii_digit()).filter(|word| word.len() == 3).collect();
    assert_eq!(numbers.len(), 31);
    let silent: Vec<_> = numbers.into_iter().filter(|number| !said.contains(&format!("Mode<{number}>>::"))).collect();
    assert!(silent.is_empty(), "uses without an error: {silent:?}\n{said}");
}
