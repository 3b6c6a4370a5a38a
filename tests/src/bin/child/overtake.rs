//! A reader that is overtaken at every instruction of its way in.

use crate::{open, say};
use shmstate::State;
use shmstate_tests::{Fixture, Rng};
use std::time::Duration;

fn single_step(child: libc::pid_t) -> libc::c_int {
    let null = std::ptr::null_mut::<libc::c_void>();
    // SAFETY: a traced child that is stopped.
    assert_eq!(unsafe { libc::ptrace(libc::PTRACE_SINGLESTEP, child, null, null) }, 0);
    wait(child)
}

fn end(child: libc::pid_t) {
    // SAFETY: a child that has not been waited for.
    unsafe { libc::kill(child, libc::SIGKILL) };
    assert!(libc::WIFSIGNALED(wait(child)));
}

fn wait(child: libc::pid_t) -> libc::c_int {
    let mut status = 0;
    // SAFETY: a place for the status.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
    status
}

/// Lets the parent trace this process. Ends it if that is not allowed.
fn be_traced() {
    let null = std::ptr::null_mut::<libc::c_void>();
    // SAFETY: no pointers that are used.
    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
    // SAFETY: as above.
    if unsafe { libc::ptrace(libc::PTRACE_TRACEME, 0, null, null) } != 0 {
        // SAFETY: no pointers.
        unsafe { libc::_exit(0) };
    }
}

fn stop() {
    // SAFETY: no pointers.
    unsafe { libc::raise(libc::SIGSTOP) };
}

/// Stops a reader after each of its instructions in turn, `most` at most, until some after its way in, and lets it go on in the midst of an update of the
/// copy that was the active one when it began.
pub fn read(path: &str, most: u64) {
    on_one_processor();
    // Of two copies, the one that was active is the one that the second update writes; unless the reader has it already.
    let fixture = State::<Fixture>::options().timeout(Duration::from_millis(1)).open(path).expect("the fixture");
    fixture.update(Fixture::step).expect("an update");
    /// Instructions to go on for once the reader is in.
    const AFTER: u32 = 40;
    let (mut overtaken, mut held) = (0, 0);
    for first in 0..most {
        if held == AFTER {
            break;
        }
        // SAFETY: one thread.
        let child = unsafe { libc::fork() };
        if child == 0 {
            be_traced();
            let fixture = open(path);
            stop();
            let whole = fixture.read(|s| s.steps == s.steps_again && s.hash != 1);
            // SAFETY: no pointers.
            unsafe { libc::raise(if whole.is_ok_and(|whole| whole) { libc::SIGSTOP } else { libc::SIGABRT }) };
        }
        if libc::WIFEXITED(wait(child)) {
            return say("skip: no child can be traced here");
        }
        for _ in 0..first {
            let status = single_step(child);
            assert!(
                libc::WIFSTOPPED(status) && libc::WSTOPSIG(status) == libc::SIGTRAP,
                "fewer than {most} instructions"
            );
        }
        let finish = || {
            let null = std::ptr::null_mut::<libc::c_void>();
            // SAFETY: a traced child that is stopped.
            assert_eq!(unsafe { libc::ptrace(libc::PTRACE_CONT, child, null, null) }, 0);
            let status = wait(child);
            let whole = libc::WIFSTOPPED(status) && libc::WSTOPSIG(status) == libc::SIGSTOP;
            assert!(whole, "a reader saw half an update, after {first} instructions");
        };
        fixture.update(Fixture::step).expect("an update");
        let verdict = fixture.try_update(|s| {
            s.damage(&mut Rng::new(first));
            finish();
            Err::<(), _>(())
        });
        if verdict.is_ok() {
            overtaken += 1;
        } else {
            finish();
            held += 1;
        }
        end(child);
    }
    say(&format!("{overtaken} readers were overtaken, {held} had got in"));
    assert!(overtaken > 0 && held == AFTER, "the way in is longer than that");
}

/// Tracer and traced on the same: to wake another one takes longer than the step.
fn on_one_processor() {
    // SAFETY: a set of bits, for which zeroes are a value.
    let mut cpus: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    // SAFETY: no pointers.
    let cpu = unsafe { libc::sched_getcpu() };
    // SAFETY: a set of bits.
    unsafe { libc::CPU_SET(cpu.max(0) as usize, &mut cpus) };
    // SAFETY: an initialised set of that size. Should this fail, it only takes longer.
    unsafe { libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &raw const cpus) };
}
