//! What becomes of the payload of an enum whose types have changed.

#![allow(clippy::large_enum_variant)]

use shmstate::dynamic::DynState;
use shmstate::{List, Migrate, SharedLayout, State, Tracked};
use shmstate_tests::scratch_dir;

/// An enum with structs in its payload, to which the second release adds fields.
macro_rules! release {
    ($release:ident { $($field:tt)* } { $($last:tt)* }) => {
        mod $release {
            use super::*;

            #[derive(SharedLayout, Clone, Copy)]
            #[repr(C)]
            pub struct Conf { pub x: u64, $($field)* }

            #[derive(SharedLayout, Clone, Copy)]
            #[repr(C, u64)]
            pub enum Inner { Without, With(Conf) }

            #[derive(SharedLayout)]
            #[repr(C, u64)]
            pub enum Job { Idle, Run { pair: [Tracked<Conf>; 2], all: List<Conf, 2>, inner: Inner, $($last)* } }
        }
    };
}

release!(before {} {});
release!(after { #[shared(init = 60)] pub interval: u64, pub zero: u64 } { added: Conf });

fn fill(job: &mut before::Job) -> Result<(), shmstate::Error> {
    let conf = |x| before::Conf { x };
    let pair = [Tracked::new(conf(1)), Tracked::new(conf(2))];
    *job = before::Job::Run { pair, all: List::new(), inner: before::Inner::With(conf(4)) };
    let before::Job::Run { all, .. } = job else { unreachable!("it was just set") };
    Ok(all.push(conf(3))?)
}

/// The new fields have the value `init`, and zero.
#[track_caller]
fn check(job: &after::Job, init: u64) {
    let after::Job::Run { pair, all, inner: after::Inner::With(inner), added } = job else { panic!("another variant") };
    let confs = [*pair[0], *pair[1], all[0], *inner, *added].map(|conf| (conf.x, conf.interval, conf.zero));
    assert_eq!(confs, [1, 2, 3, 4, 0].map(|x| (x, init, 0)));
}

#[test]
fn new_fields_are_what_they_are_in_a_new_state() {
    let dir = scratch_dir();
    let [typed, by_schema, other] = ["typed", "by_schema", "other"].map(|name| dir.path().join(name));
    for name in [&typed, &by_schema] {
        State::<before::Job>::create(name).unwrap().transact(fill).unwrap();
    }
    let state = State::<after::Job>::options().migrate(Migrate::Auto).open(&typed).unwrap();
    state.read(|job| check(job, 60)).unwrap();

    // A schema has no initial values.
    drop(State::<after::Job>::create(&other).unwrap());
    let schema = DynState::open(&other).unwrap().schema();
    DynState::options().writable(true).open(&by_schema).unwrap().migrate(&schema, &[]).unwrap();
    State::<after::Job>::open(&by_schema).unwrap().read(|job| check(job, 0)).unwrap();
}
