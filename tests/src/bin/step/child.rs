//! The process that dies: it does one operation between two marks.

use crate::ops::Op;
use crate::stand::options;
use crate::world::World;
use nix::sys::ptrace;
use shmstate::State;
use std::hint::black_box;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;

/// Exit status of a child that may not be traced.
pub(crate) const NOT_PERMITTED: i32 = 77;

/// The parent steps from here on.
#[inline(always)]
fn begin() {
    // SAFETY: a trap, which the tracer takes; no register or memory changes.
    unsafe { std::arch::asm!("int3") }
}

/// The operation is through. The parent lets nothing run behind this: no handle is dropped.
#[inline(always)]
fn end() -> ! {
    // SAFETY: ends the process, unless the tracer does.
    unsafe { std::arch::asm!("ud2", options(noreturn)) }
}

/// Does the operation on the region at `path`.
pub(crate) fn run(op: Op, path: &Path, copies: usize, seed: u64) -> ! {
    let edits = op.edits(seed);
    if let Err(errno) = ptrace::traceme() {
        eprintln!("this process may not be traced: {errno}");
        std::process::exit(NOT_PERMITTED);
    }
    let open = || State::<World>::open(path).expect("the region opens");
    match op {
        Op::Create => {
            let options = options(copies);
            begin();
            let state = options.create(path);
            assert!(black_box(&state).is_ok(), "{state:?}");
            end()
        }
        Op::Attach | Op::AttachFirst | Op::Claim => {
            begin();
            let state = State::<World>::open(path);
            assert!(black_box(&state).is_ok(), "{state:?}");
            end()
        }
        Op::Close => {
            let state = open();
            begin();
            drop(state);
            end()
        }
        Op::Read => {
            let state = open();
            begin();
            black_box(state.read(|world| black_box(world).ticks()).expect("read"));
            end()
        }
        Op::ReadTwice => {
            let state = open();
            begin();
            let inner = state.read(|_| state.read(|world| black_box(world).ticks()).expect("read within"));
            black_box(inner.expect("read"));
            end()
        }
        Op::Snapshot => {
            let state = open();
            begin();
            let snapshot = state.snapshot().expect("a snapshot");
            black_box(&snapshot);
            end()
        }
        Op::Err => {
            let state = open();
            begin();
            let verdict = state.try_update(|world| {
                world.apply(&edits);
                Err::<(), ()>(())
            });
            assert_eq!(verdict.expect("an update"), Err(()));
            end()
        }
        Op::Panic => {
            let state = open();
            begin();
            let verdict = catch_unwind(AssertUnwindSafe(|| {
                state.update::<(), _>(|world| {
                    world.apply(&edits);
                    resume_unwind(Box::new(()))
                })
            }));
            assert!(verdict.is_err(), "unwound");
            end()
        }
        Op::TakeOver => {
            // The first free slot is the dead writer's.
            let dead = open();
            let state = open();
            drop(dead);
            begin();
            state.update(|world| world.apply(&edits)).expect("an update");
            end()
        }
        Op::Remove | Op::RemoveLonely => {
            begin();
            let removed = shmstate::remove(path);
            assert!(black_box(&removed).is_ok(), "{removed:?}");
            end()
        }
        _ => {
            let state = open();
            begin();
            state.update(|world| world.apply(&edits)).expect("an update");
            end()
        }
    }
}
