//! Processes that die while they put a region instead of another one.

use nix::sys::ptrace;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use shmstate::{ErrorKind, State};
use shmstate_tests::replacement::{in_service, inode, names, newer, old};
use shmstate_tests::{Child, Release, Release1, Release2, Rng, child, eventually};
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

/// A process is killed at one system call of a replacement after the other: before it, and after it.
#[test]
fn a_replacer_is_killed_at_each_system_call() {
    let (mut kept, mut replaced) = (0, 0);
    for stops in 0.. {
        let (dir, path, state) = old();
        let view = State::<Release1>::open_read_only(&path).unwrap();
        let before = inode(&path);
        // A reader never waits, whatever moment the replacer is stopped at.
        let beside = || {
            let moved = inode(&path) != before;
            let ticks = state.project(Release1::ticks).unwrap();
            let reads = [
                state.read(|s| assert!(s.is_whole())),
                state.load(&ticks).map(drop),
                view.snapshot().map(drop),
                view.load(&ticks).map(drop),
            ];
            for read in reads {
                assert_eq!(
                    read.map_err(|e| e.kind()),
                    if moved { Err(ErrorKind::Retired) } else { Ok(()) },
                    "stop {stops}"
                );
            }
        };
        let Some(ended) = killed_at(&path, stops, beside) else {
            return println!("skipped: processes may not be traced");
        };
        let first = stops as usize;
        let moved = inode(&path) != before;
        assert_eq!(in_service(&state, Some(&view), first), !moved, "killed at stop {stops}");
        if moved {
            assert!(in_service(&State::<Release2>::open(&path).unwrap(), None, first));
            replaced += 1;
        } else {
            assert!(in_service(&State::<Release1>::open(&path).unwrap(), None, first));
            kept += 1;
        }
        let new = newer(&path).unwrap();
        assert!(in_service(&new, None, first) && !in_service(&state, Some(&view), first));
        assert_eq!(names(&dir), 1, "killed at stop {stops}: what the dead one has left is swept");
        if ended {
            break;
        }
    }
    println!("{kept} deaths before the name changed, {replaced} after it");
    assert!(kept > 20 && replaced > 4);
}

/// Lets a process replace the region and stops it at its `stops`-th entry into a system call or return from one; there it is killed
/// after `beside`. Returns whether it had ended before; `None` if it may not be traced.
fn killed_at(path: &Path, stops: u64, beside: impl FnOnce()) -> Option<bool> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_child"));
    #[expect(clippy::zombie_processes, reason = "it is waited for by its id")]
    let child = command.args(["replace", "traced"]).arg(path).arg("0").process_group(0).spawn().unwrap();
    let pid = Pid::from_raw(child.id().cast_signed());
    match waitpid(pid, None).unwrap() {
        WaitStatus::Stopped(..) => {}
        WaitStatus::Exited(_, 77) => return None,
        other => panic!("{other:?}"),
    }
    ptrace::setoptions(pid, ptrace::Options::PTRACE_O_TRACECLONE).unwrap();
    ptrace::syscall(pid, None).unwrap();
    let mut left = stops;
    loop {
        let thread = match next_status(pid) {
            WaitStatus::Exited(thread, 0) if thread == pid => return Some(true),
            WaitStatus::Exited(_, 0) => continue,
            // Where a thread begins, and where it has begun another one.
            WaitStatus::Stopped(thread, Signal::SIGSTOP) | WaitStatus::PtraceEvent(thread, ..) => thread,
            WaitStatus::Stopped(..) if left <= 1 => break,
            WaitStatus::Stopped(thread, _) => {
                left -= 1;
                thread
            }
            other => panic!("{other:?}"),
        };
        ptrace::syscall(thread, None).unwrap();
    }
    // The others go on until they wait, or stop as well.
    eventually("the others wait", || !is_running(pid));
    beside();
    kill(pid, Signal::SIGKILL).unwrap();
    loop {
        match next_status(pid) {
            WaitStatus::Signaled(thread, ..) | WaitStatus::Exited(thread, _) if thread == pid => return Some(false),
            _ => {}
        }
    }
}

/// What a thread of the process, which has a group to itself, reports next. Of the group, because a thread may have begun that has
/// reported nothing yet: the process is not dead before that one's end was waited for.
fn next_status(pid: Pid) -> WaitStatus {
    let mut status = WaitStatus::StillAlive;
    eventually("a thread reports", || {
        status = waitpid(Pid::from_raw(-pid.as_raw()), Some(WaitPidFlag::WNOHANG | WaitPidFlag::__WALL)).unwrap();
        status != WaitStatus::StillAlive
    });
    status
}

/// Whether a thread of the process is neither asleep nor stopped nor dead.
fn is_running(pid: Pid) -> bool {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let stats = tasks.filter_map(|task| fs::read_to_string(task.path().join("stat")).ok());
    stats.into_iter().any(|stat| stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with(['R', 'D'])))
}

/// A handle of either release.
enum Kept {
    One(State<Release1>),
    Two(State<Release2>),
}

/// Several processes replace the region as fast as they can, and are killed at random. After each kill of all of them, one
/// region is in service, and no handle that was ever opened works silently on another one.
#[test]
fn replacers_are_killed_at_random() {
    let (dir, path, state) = old();
    let mut rng = Rng::new(9);
    let mut kept = vec![Kept::One(state)];
    for round in 0..25 {
        let mut children: Vec<Child> =
            (0..3).map(|i| child!["replace", "storm", path, (round * 3 + i).to_string()]).collect();
        children.iter().for_each(|child| child.expect("go"));
        for _ in 0..rng.below(40) {
            let one = State::<Release1>::open(&path).map(Kept::One);
            let opened = one.or_else(|_| State::<Release2>::open(&path).map(Kept::Two));
            kept.extend(opened.ok());
        }
        while !children.is_empty() {
            children.swap_remove(rng.below(children.len())).kill();
        }
        let first = rng.below(8);
        let mut in_use = 0;
        for handle in &kept {
            let (current, serves) = match handle {
                Kept::One(state) => (state.is_current().unwrap(), in_service(state, None, first)),
                Kept::Two(state) => (state.is_current().unwrap(), in_service(state, None, first)),
            };
            assert_eq!(serves, current, "round {round}: a handle on a region without a name goes on");
            in_use += usize::from(serves);
        }
        let current = newer(&path).unwrap();
        assert!(in_service(&current, None, first));
        kept.truncate(20);
        if in_use == 0 {
            kept.push(Kept::Two(current));
        }
    }
    // The last one may have found what fitted; a replacement sweeps what the dead have left.
    let last = State::<Release1>::options().init(Release::begin).open_or_replace(&path).unwrap();
    let _last = (last, newer(&path).unwrap());
    assert_eq!(names(&dir), 1);
}
