//! The process that dies: it does one operation between two marks.

use crate::fixture::Fixture;
use crate::migrated::NextFixture;
use crate::ops::Op;
use crate::scenario::options;
use nix::sys::ptrace;
use shmstate::{Migrate, State};
use std::hint::black_box;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::time::Duration;

/// Exit status of a child that may not be traced.
pub(crate) const NOT_PERMITTED: i32 = 77;

/// The parent steps from here on.
#[inline(always)]
fn begin() {
    // SAFETY: a trap, which the tracer takes; no register or memory changes.
    unsafe { std::arch::asm!("int3") }
}

/// The operation is through. The parent lets nothing run after this: no handle is dropped.
#[inline(always)]
fn end() -> ! {
    // SAFETY: ends the process, unless the tracer does.
    unsafe { std::arch::asm!("ud2", options(noreturn)) }
}

/// Refuses this process another thread, so that the library makes files on the one that is stepped. What such a thread does is
/// stopped at each of its system calls by the tests of replaced descriptors.
fn refuse_threads() {
    let statement = |code: u32, k: u32, jump: u8| libc::sock_filter { code: code as u16, jt: jump, jf: 0, k };
    let (load, is_equal, answer) = (
        libc::BPF_LD | libc::BPF_W | libc::BPF_ABS,
        libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K,
        libc::BPF_RET | libc::BPF_K,
    );
    // The number of the call is the first word of what the filter sees.
    let mut filter = [
        statement(load, 0, 0),
        statement(is_equal, libc::SYS_clone3 as u32, 2),
        statement(is_equal, libc::SYS_clone as u32, 1),
        statement(answer, libc::SECCOMP_RET_ALLOW, 0),
        statement(answer, libc::SECCOMP_RET_ERRNO | libc::EAGAIN as u32, 0),
    ];
    let program = libc::sock_fprog { len: filter.len() as u16, filter: filter.as_mut_ptr() };
    // SAFETY: no pointers.
    assert_eq!(unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) }, 0);
    // SAFETY: a program of that length, which the kernel copies.
    assert_eq!(unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program) }, 0);
    assert!(std::thread::Builder::new().spawn(|| {}).is_err(), "this process has another thread");
}

/// Does the operation on the region at `path`.
pub(crate) fn run(op: Op, path: &Path, copies: usize, seed: u64) -> ! {
    let edits = op.edits(seed);
    refuse_threads();
    if let Err(errno) = ptrace::traceme() {
        eprintln!("this process may not be traced: {errno}");
        std::process::exit(NOT_PERMITTED);
    }
    let open = || State::<Fixture>::open(path).expect("the region opens");
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
            let state = State::<Fixture>::open(path);
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
            black_box(state.read(|fixture| black_box(fixture).ticks()).expect("read"));
            end()
        }
        Op::ReadTwice => {
            let state = open();
            begin();
            let inner = state.read(|_| state.read(|fixture| black_box(fixture).ticks()).expect("read within"));
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
            let verdict = state.try_update(|fixture| {
                fixture.apply(&edits);
                Err::<(), ()>(())
            });
            assert_eq!(verdict.expect("an update"), Err(()));
            end()
        }
        Op::Panic => {
            let state = open();
            begin();
            let verdict = catch_unwind(AssertUnwindSafe(|| {
                state.update::<(), _>(|fixture| {
                    fixture.apply(&edits);
                    resume_unwind(Box::new(()))
                })
            }));
            assert!(verdict.is_err(), "unwound");
            end()
        }
        Op::Wait => {
            let state = open();
            let version = state.version().expect("a version");
            begin();
            let newer = state.wait_newer(version, Duration::from_millis(50)).expect("a wait");
            assert_eq!(black_box(newer), None);
            end()
        }
        Op::Elect => {
            let state = open();
            begin();
            let elected = state.elect(Duration::ZERO).expect("an election");
            assert!(black_box(&elected).is_some());
            end()
        }
        Op::TakeOver => {
            // The first free slot is the dead writer's.
            let dead = open();
            let state = open();
            drop(dead);
            begin();
            state.update(|fixture| fixture.apply(&edits)).expect("an update");
            end()
        }
        Op::Recreate => {
            let mut state = open();
            begin();
            let moved = state.recreate(State::options());
            assert!(black_box(&moved).is_ok(), "{moved:?}");
            end()
        }
        Op::Migrate => {
            begin();
            let migrated = State::<NextFixture>::options().migrate(Migrate::Auto).open(path);
            assert!(black_box(&migrated).is_ok(), "{migrated:?}");
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
            state.update(|fixture| fixture.apply(&edits)).expect("an update");
            end()
        }
    }
}
