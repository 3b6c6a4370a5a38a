//! What a program may do with its descriptors. Each deed is done in a forked child, because it is about the whole process.

use crate::fork::{child, succeeds};
use crate::{open, say};
use shmstate::State;
use shmstate_tests::World;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};

pub fn run(what: &str, path: &str) {
    match what {
        "standard" => standard(path),
        _ => panic!("no such deed: {what}"),
    }
    say("done");
}

/// Whether the number is that of an open descriptor.
fn is_open(fd: libc::c_int) -> bool {
    // SAFETY: no pointers; the call asks only.
    unsafe { libc::fcntl(fd, libc::F_GETFD) != -1 }
}

/// A daemon has closed some of its standard descriptors; another of its threads prints all the time.
fn standard(path: &str) {
    for closed in [&[0, 1, 2][..], &[1], &[2], &[1, 2], &[0]] {
        succeeds(child(|| {
            for &fd in closed {
                // SAFETY: no pointers. Nothing in this process uses the standard descriptors from here on.
                unsafe { libc::close(fd) };
            }
            let (stop, printed) = (AtomicBool::new(false), AtomicU64::new(0));
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    let text = b"warning: the upstream does not answer\n";
                    while !stop.load(SeqCst) {
                        for &fd in closed {
                            // SAFETY: the bytes of `text`.
                            let written = unsafe { libc::write(fd, text.as_ptr().cast(), text.len()) };
                            printed.fetch_add(u64::from(written >= 0), SeqCst);
                        }
                    }
                });
                // The thread that prints ends if this panics.
                let result = std::panic::catch_unwind(|| (0..20).for_each(|_| open_in_each_way(path, closed)));
                stop.store(true, SeqCst);
                result.expect("every number is above 2");
            });
            assert_eq!(printed.load(SeqCst), 0, "something of the library's had the number of a standard descriptor");
        }));
    }
}

/// Has states of every kind, and looks after each step whether the standard descriptors are as closed as before.
fn open_in_each_way(path: &str, closed: &[libc::c_int]) {
    let look = |after: &str| assert!(!closed.iter().any(|&fd| is_open(fd)), "{after} has taken a standard descriptor");
    let world = open(path);
    look("open");
    let clone = world.try_clone().expect("a handle");
    look("try_clone");
    let new = format!("{path}.new");
    let created = State::<World>::create(&new).expect("a new one");
    look("create");
    let again = State::<World>::open_or_create(&new).expect("the new one");
    look("open_or_create");
    let view = State::<World>::open_read_only(&new).expect("a view");
    look("open_read_only");
    shmstate::remove(&new).expect("removal");
    look("remove");
    let anonymous = State::<World>::anonymous().expect("an anonymous one");
    look("anonymous");
    let shared = anonymous.share().expect("a descriptor");
    look("share");
    let other = State::<World>::from_fd(&shared).expect("the anonymous one");
    look("from_fd");
    for world in [&world, &clone, &created, &again, &anonymous, &other] {
        world.update(World::step).expect("an update");
    }
    assert!(view.version() == 2 && !view.is_current().expect("a look"));
    look("a look");
}
