//! A program with a thread that puts files of the program's own under all numbers that the library may have,
//! on command. Its parent stops the thread that calls the library at each system call.

use shmstate::{Error, State};
use shmstate_tests::{Fixture, Release2};
use std::fs::File;
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU8, Ordering::SeqCst};

/// The numbers that are taken, and how much higher the program's own lie.
const NUMBERS: std::ops::Range<i32> = 3..24;
const OWN: i32 = 200;

/// What the parent writes into the flag, and what the thief answers.
const STEAL: u8 = 1;
const STOLEN: u8 = 2;
/// What this process writes after the call, from where on nothing is stolen.
const OVER: u8 = 3;

/// Calls the library once; says by its exit code how many numbers of the program's were closed.
pub fn run(what: &str, path: &str) {
    let (call, victims) = what.split_once(',').expect("a call, and what it may not harm");
    let files: Vec<PathBuf> = NUMBERS.map(|n| own(path, victims, n)).collect();
    let before: Vec<_> = files.iter().map(|file| look(file)).collect();
    let flag = File::options().read(true).write(true).open(format!("{path}.flag")).expect("the flag");
    // SAFETY: the file is as long, and is read and written by atomic operations alone.
    let map = unsafe { memmap2::MmapMut::map_mut(&flag) }.expect("the flag");
    drop(flag);
    // SAFETY: the mapping is never undone.
    let flag = unsafe { AtomicU8::from_ptr(Box::leak(Box::new(map)).as_mut_ptr()) };
    std::thread::spawn(|| {
        while flag.load(SeqCst) != STEAL {
            if flag.load(SeqCst) == OVER {
                return;
            }
            std::thread::yield_now();
        }
        // SAFETY: the program's own are open. What else has the number is given up by this.
        NUMBERS.for_each(|n| assert_eq!(unsafe { libc::dup2(OWN + n, n) }, n));
        flag.store(STOLEN, SeqCst);
    });
    if nix::sys::ptrace::traceme().is_err() {
        std::process::exit(77);
    }
    // SAFETY: no pointers.
    unsafe { libc::raise(libc::SIGSTOP) };
    let result = call_library(call, path);
    let stolen = flag.swap(OVER, SeqCst) == STOLEN;
    if !stolen {
        result.as_ref().expect("nothing has disturbed it");
    }
    let after: Vec<_> = files.iter().map(|file| look(file)).collect();
    assert_eq!(before, after, "harmed; {result:?}");
    for n in NUMBERS {
        // SAFETY: no pointers.
        assert_eq!(unsafe { libc::lseek(OWN + n, 0, libc::SEEK_CUR) }, 0, "moved; {result:?}");
    }
    let is_own = |n: &i32| file_of(*n) == file_of(OWN + n);
    let closed = if stolen { NUMBERS.filter(|n| !is_own(n)).count() } else { 0 };
    std::process::exit(i32::try_from(closed).expect("few"));
}

fn call_library(call: &str, path: &str) -> Result<(), Error> {
    match call {
        "create" => State::<Fixture>::create(path).map(drop),
        "open" => State::<Fixture>::open(path).map(drop),
        "open_read_only" => State::<Fixture>::open_read_only(path).and_then(|view| view.snapshot()).map(drop),
        "anonymous" => State::<Fixture>::anonymous().map(drop),
        "open_or_replace" => State::<Release2>::open_or_replace(path).map(drop),
        "remove" => shmstate::remove(path),
        _ => panic!("no such call: {call}"),
    }
}

/// A file, or a directory with one of the region's name; open under its number.
fn own(path: &str, victims: &str, n: i32) -> PathBuf {
    let own = PathBuf::from(format!("{path}.own.{n}"));
    let inside = own.join(Path::new(path).file_name().expect("a name"));
    let file = if victims == "files" {
        std::fs::write(&own, [7; 100]).expect("a file");
        File::options().read(true).write(true).open(&own)
    } else {
        std::fs::create_dir_all(&own).expect("a directory");
        std::fs::write(inside, "the program's").expect("a file");
        File::open(&own)
    };
    // SAFETY: no pointers; nothing else has that number.
    assert_eq!(unsafe { libc::dup2(file.expect("the file").as_raw_fd(), OWN + n) }, OWN + n);
    own
}

/// All of a file that the library might harm; of a directory, what is in it as well.
fn look(path: &Path) -> Vec<String> {
    let stat = std::fs::symlink_metadata(path).expect("the program's file");
    let content = if stat.is_file() { std::fs::read(path).expect("its content") } else { Vec::new() };
    let numbers = [u64::from(stat.mode()), stat.len(), stat.nlink(), stat.blocks()];
    let mut all = vec![format!("{} {numbers:?} {content:?}", path.display())];
    if stat.is_dir() {
        let mut inside: Vec<_> =
            std::fs::read_dir(path).expect("its names").map(|entry| entry.expect("a name").path()).collect();
        inside.sort();
        all.extend(inside.iter().flat_map(|path| look(path)));
    }
    all
}

fn file_of(fd: i32) -> Option<(u64, u64)> {
    // SAFETY: a struct of integers, for which zeroes are a value.
    let mut stat: libc::stat = unsafe { std::mem::zeroed() };
    // SAFETY: room for the answer.
    let done = unsafe { libc::fstat(fd, &raw mut stat) };
    (done == 0).then_some((stat.st_dev, stat.st_ino))
}
