//! A thread of the program puts files of the program's own under the library's numbers while the library works. Whatever it hits,
//! those files stay as they are.

use nix::sys::ptrace;
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;
use shmstate::State;
use shmstate_tests::{Fixture, Release1, eventually, has_proc, scratch_dir};
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

/// What the flag says to the thief, and what it answers.
const STEAL: u8 = 1;
const STOLEN: u8 = 2;
/// The call is over.
const OVER: u8 = 3;

/// What came of a call.
enum Fate {
    /// The thief has struck, and so many numbers were closed that were the program's by then.
    Robbed(i32),
    /// It had ended before.
    Ended,
}

/// Lets a process call the library and stops it at its `stops`-th entry into a system call or return from one; the thief strikes
/// there. `None` if it may not be traced.
fn rob(call: &str, victims: &str, path: &Path, stops: u64) -> Option<Fate> {
    let flag = path.with_file_name("region.flag");
    fs::write(&flag, [0]).unwrap();
    let flag = File::options().read(true).write(true).open(&flag).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_child"));
    #[expect(clippy::zombie_processes, reason = "it is waited for by its id")]
    let child = command.args(["thief", &format!("{call},{victims}")]).arg(path).process_group(0).spawn().unwrap();
    let pid = Pid::from_raw(child.id().cast_signed());
    match waitpid(pid, None).unwrap() {
        WaitStatus::Stopped(..) => {}
        WaitStatus::Exited(_, 77) => return None,
        other => panic!("{other:?}"),
    }
    let case = format!("{call}, {victims}, stop {stops}");
    for _ in 0..stops {
        ptrace::syscall(pid, None).unwrap();
        match waitpid(pid, None).unwrap() {
            WaitStatus::Stopped(..) => {}
            WaitStatus::Exited(_, 0) => return Some(Fate::Ended),
            other => panic!("{case}: {other:?}"),
        }
    }
    let mut answer = [0];
    flag.read_exact_at(&mut answer, 0).unwrap();
    if answer == [OVER] {
        ptrace::detach(pid, None).unwrap();
        assert_eq!(waitpid(pid, None).unwrap(), WaitStatus::Exited(pid, 0), "{case}");
        return Some(Fate::Ended);
    }
    flag.write_all_at(&[STEAL], 0).unwrap();
    eventually(&format!("{case}: the thief answers"), || {
        flag.read_exact_at(&mut answer, 0).unwrap();
        answer == [STOLEN]
    });
    ptrace::detach(pid, None).unwrap();
    match waitpid(pid, None).unwrap() {
        WaitStatus::Exited(_, closed) if closed < 20 => Some(Fate::Robbed(closed)),
        other => panic!("{case}: {other:?}"),
    }
}

/// The thief strikes once at each place. A number that it takes between the look whose it is and the system call that closes it
/// is closed, because the kernel has no call that does both: at the return of the look, and at the entry of the call.
fn robbed_everywhere(call: &str, victims: &str) {
    if ["create", "anonymous", "open_or_replace"].contains(&call) && !has_proc() {
        return println!("skipped: without /proc, what such a thread has made cannot be taken from it");
    }
    let dir = scratch_dir();
    let path = dir.path().join("region");
    let (mut closed, mut stops) = (Vec::new(), 0);
    loop {
        let _ = fs::remove_file(&path);
        match call {
            "create" | "anonymous" => {}
            "open_or_replace" => drop(State::<Release1>::create(&path).unwrap()),
            _ => drop(State::<Fixture>::create(&path).unwrap()),
        }
        match rob(call, victims, &path, stops) {
            None => return println!("skipped: processes may not be traced"),
            Some(Fate::Ended) => break,
            Some(Fate::Robbed(0)) => {}
            Some(Fate::Robbed(1)) => closed.push(stops),
            Some(Fate::Robbed(several)) => panic!("{call}, {victims}, stop {stops}: {several} were closed"),
        }
        stops += 1;
    }
    println!("{call}, {victims}: {stops} stops; closed at {closed:?}");
    // Two places for each of about six descriptors; one that is closed without a look has dozens.
    assert!(stops > 100 && closed.len() as u64 * 8 < stops, "{} of {stops}", closed.len());
}

#[test]
fn nothing_of_the_programs_is_harmed_by_create() {
    robbed_everywhere("create", "files");
    robbed_everywhere("create", "directories");
}

#[test]
fn nothing_of_the_programs_is_harmed_by_open() {
    robbed_everywhere("open", "files");
}

#[test]
fn nothing_of_the_programs_is_harmed_by_open_read_only() {
    robbed_everywhere("open_read_only", "files");
}

#[test]
fn nothing_of_the_programs_is_harmed_by_anonymous() {
    robbed_everywhere("anonymous", "files");
}

#[test]
fn nothing_of_the_programs_is_harmed_by_open_or_replace() {
    robbed_everywhere("open_or_replace", "files");
    robbed_everywhere("open_or_replace", "directories");
}

#[test]
fn nothing_of_the_programs_is_harmed_by_remove() {
    robbed_everywhere("remove", "files");
    robbed_everywhere("remove", "directories");
}
