//! Writers that die, for real: a child process is killed at a chosen store, and the others go on.
//!
//! The test finds the child's stores by making pages read-only: the child dies at its first store to a page of the region that has
//! become read-only. To get past a store, the handler makes this page writable and another one read-only; the control words and the
//! lines of the copies lie on different pages.

use super::fixture::{Fixture, create};
use super::types::{Fuse, Item, Root, Walk};
use super::workload::mix;
use super::{dir, number};
use crate::List;
use crate::state::State;
use crate::sync::{AtomicU64, Ordering::SeqCst};
use std::mem::offset_of;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};

const PAGE: usize = 4096;

/// Where the child dies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u64)]
enum Death {
    /// At a store into the copy, in the midst of catching up or in the closure.
    InTheCopy,
    /// In the walk before the closure.
    Stamping,
    /// At the end of the closure.
    InTheClosure,
    /// In the walk after the closure.
    Flattening,
    /// At the first log entry for the other copies.
    AtAnEntry,
    /// At the first log entry of a roll-back.
    AtAnEntryOfARollBack,
    /// At the store of the log's new end, after the entries.
    BehindTheNotes,
    /// At the store of the new version.
    AtThePublication,
    /// At the store after it, which says that the copy is whole.
    BehindThePublication,
    /// At the release of the lock.
    AtTheRelease,
}

use Death::*;

const DEATHS: [Death; 10] = [
    InTheCopy,
    Stamping,
    InTheClosure,
    Flattening,
    AtAnEntry,
    AtAnEntryOfARollBack,
    BehindTheNotes,
    AtThePublication,
    BehindThePublication,
    AtTheRelease,
];

/// What the child does.
fn touch(root: &mut Root) {
    root.count += 1;
    root.smalls[1] = List::from([5; 3]);
    root.big[0].iter_mut().step_by(200).for_each(|n| *n += 1);
    root.wide[0].try_extend([Item { n: 1, small: List::from([1; 6]) }]).ok();
    for item in root.wide[0].iter_mut().step_by(20) {
        item.n = 17;
        item.small = List::from([9; 4]);
    }
    root.groups[1] = List::new();
}

fn kill() {
    // SAFETY: no memory is involved.
    unsafe { libc::raise(libc::SIGKILL) };
}

/// Changes what may be done with the pages of `bytes` bytes from `address` on.
fn allow(address: usize, bytes: usize, what: libc::c_int) {
    let start = address / PAGE * PAGE;
    // SAFETY: pages of this process's own mapping of the region; the process is about to die.
    let result = unsafe { libc::mprotect(start as *mut _, address + bytes - start, what) };
    assert_eq!(result, 0);
}

/// The page that is read-only, the one that is next, and how many stores are left to live.
static GUARDED: AtomicU64 = AtomicU64::new(0);
static NEXT: AtomicU64 = AtomicU64::new(0);
static LEFT: AtomicU64 = AtomicU64::new(0);

extern "C" fn at_a_store(_: libc::c_int) {
    if LEFT.fetch_sub(1, SeqCst) == 1 {
        kill();
    }
    let (guarded, next) = (GUARDED.load(SeqCst), NEXT.load(SeqCst));
    GUARDED.store(next, SeqCst);
    NEXT.store(guarded, SeqCst);
    allow(guarded as usize, 1, libc::PROT_READ | libc::PROT_WRITE);
    allow(next as usize, 1, libc::PROT_READ);
}

/// Lets this process die at its store number `store` to the page of `first`, then `next`, then `first` again, ….
fn die_at(store: u64, first: usize, next: usize) {
    assert_ne!(first / PAGE, next / PAGE, "the two are to lie on different pages");
    GUARDED.store(first as u64, SeqCst);
    NEXT.store(next as u64, SeqCst);
    LEFT.store(store, SeqCst);
    // SAFETY: zeroes are a `sigaction` without flags.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = at_a_store as *const () as usize;
    // SAFETY: a handler that lives as long as the process, and calls only what a handler may.
    let result = unsafe { libc::sigaction(libc::SIGSEGV, &raw const action, std::ptr::null_mut()) };
    assert_eq!(result, 0);
    allow(first, 1, libc::PROT_READ);
}

/// The child.
#[test]
fn victim() {
    let (Some(path), Some(death)) = (std::env::var_os("SHMSTATE_VICTIM"), number("SHMSTATE_DEATH")) else { return };
    let death = DEATHS.into_iter().find(|d| *d as u64 == death).unwrap();
    let state = State::<Root>::open(Path::new(&path)).unwrap();
    let shared = state.region().shared();
    let control = std::ptr::from_ref(shared.control).addr();
    let lines = shared.copies.as_ptr().addr();
    let log_end = shared.control.active.log_end.load(SeqCst) as usize;
    let next_entry = (&raw const shared.log[log_end % shared.log.len()]).addr();
    let (images, stride) = state.region().images();
    if death == InTheCopy {
        die_at(1, control, lines);
        allow(control, 1, libc::PROT_READ | libc::PROT_WRITE);
        let from = offset_of!(Root, groups).next_multiple_of(PAGE);
        for k in 0..shared.in_use() {
            allow(images.addr() + k * stride + from, stride - from, libc::PROT_READ);
        }
    }
    if death == Stamping {
        Fuse::arm(Walk::Stamp, kill);
    }
    let result = state.try_update(|root| {
        touch(root);
        match death {
            InTheClosure => kill(),
            Flattening => Fuse::arm(Walk::Flatten, kill),
            AtAnEntry | AtAnEntryOfARollBack => die_at(1, next_entry, control),
            // The log's end, that other copies lack pages, the version for followers, the copy's position in the log, the new version, its
            // copy whole, the lock.
            BehindTheNotes => die_at(1, control, lines),
            AtThePublication => die_at(5, control, lines),
            BehindThePublication => die_at(6, control, lines),
            AtTheRelease => die_at(7, control, lines),
            InTheCopy | Stamping => {}
        }
        if death == AtAnEntryOfARollBack { Err(()) } else { Ok(()) }
    });
    panic!("{death:?}, and it lives: {result:?}");
}

/// Children that die so, in regions that have a history and go on.
fn die(death: Death) {
    let dir = dir();
    for seed in 1..=6 {
        let mix = mix::ALL & !(mix::TWO | mix::PINS | mix::PANIC);
        let states = create(dir.path(), seed, mix);
        let mut fixture = Fixture::new(&states, seed, mix);
        for _ in 0..5 {
            fixture.step();
        }
        let shared = states[0][0].region().shared();
        let before = shared.published();
        let status = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "state::relocation::deaths::victim", "--nocapture"])
            .env("SHMSTATE_VICTIM", states[0][0].path().unwrap())
            .env("SHMSTATE_DEATH", (death as u64).to_string())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert_eq!(status.signal(), Some(libc::SIGKILL), "{death:?}: {status}");
        let now = shared.published();
        let committed = matches!(death, BehindThePublication | AtTheRelease);
        assert_eq!(now.version, before.version + u64::from(committed), "{death:?}");
        if committed {
            fixture.another_did(0, touch);
        }
        fixture.check();
        for _ in 0..20 {
            fixture.step();
            if committed {
                assert!(!shared.copies[now.copy].is_torn(), "the copy that the dead had committed counts as torn");
            }
        }
        assert!(shared.control.counters.recoveries.load(SeqCst) > 0, "{death:?}: no handle recovered");
    }
}

pub(super) fn in_the_closure() {
    [InTheCopy, Stamping, InTheClosure, Flattening].into_iter().for_each(die);
}

pub(super) fn at_the_publication() {
    [AtAnEntry, AtAnEntryOfARollBack, BehindTheNotes, AtThePublication].into_iter().for_each(die);
}

pub(super) fn behind_the_publication() {
    [BehindThePublication, AtTheRelease].into_iter().for_each(die);
}

#[test]
fn death_in_the_closure() {
    in_the_closure();
}

#[test]
fn death_at_the_publication() {
    at_the_publication();
}

#[test]
fn death_behind_the_publication() {
    behind_the_publication();
}
