//! Loads of single fields: what they may lead to, and that each is of one version.

use shmstate::{ErrorKind, List, SharedLayout, State, Text};
use shmstate_tests::{SetOnDrop, scratch_dir};
use std::sync::atomic::{AtomicBool, Ordering};

#[derive(SharedLayout, PartialEq, Debug)]
#[repr(C, u64)]
enum Job {
    Idle,
    Run(u64),
}

#[derive(SharedLayout)]
#[repr(C)]
struct Inner {
    odd: [u32; 3],
    last: u32,
}

#[derive(SharedLayout)]
#[repr(C)]
struct All {
    number: u64,
    name: Text<20>,
    list: List<u64, 4>,
    job: Job,
    inner: [Inner; 2],
    bytes: [u8; 21],
    flag: bool,
    short: i16,
    letters: [char; 2],
    wide: [u64; 5],
}

fn fill(s: &mut All, n: u64) {
    s.number = n;
    s.name.clear();
    s.name.push_str(&n.to_string()).unwrap();
    s.list.clear();
    s.list.push(n).unwrap();
    s.job = if n.is_multiple_of(2) { Job::Idle } else { Job::Run(n) };
    for (i, inner) in s.inner.iter_mut().enumerate() {
        inner.odd = [n as u32 + i as u32; 3];
        inner.last = n as u32 + 10 + i as u32;
    }
    s.bytes = [n as u8; 21];
    s.flag = n % 2 == 1;
    s.short = -(n as i16);
    s.letters = [char::from_digit(n as u32 % 10, 10).unwrap(); 2];
    s.wide = [n; 5];
}

#[test]
fn fields_of_every_size_and_place() {
    let dir = scratch_dir();
    let path = dir.path().join("all");
    let state = State::<All>::create(&path).unwrap();
    let view = State::<All>::open_read_only(&path).unwrap();
    macro_rules! loads {
        ($(|$s:ident| $field:expr => $value:expr;)*) => {$(
            let field = state.project(|$s| $field).unwrap();
            assert_eq!(state.load(&field).unwrap(), $value, "{}", stringify!($field));
            assert_eq!(view.load(&view.project(|$s| $field).unwrap()).unwrap(), $value, "{}", stringify!($field));
            assert!(state.read(|$s| *$field == $value).unwrap());
        )*};
    }
    for n in 0..9u64 {
        state.update(|s| fill(s, n)).unwrap();
        loads! {
            |s| &s.number => n;
            |s| &s.name => *n.to_string();
            |s| &s.job => if n.is_multiple_of(2) { Job::Idle } else { Job::Run(n) };
            |s| &s.inner[1].odd => [n as u32 + 1; 3];
            |s| &s.inner[0].odd[1] => n as u32;
            |s| &s.inner[1].last => n as u32 + 11;
            |s| &s.bytes => [n as u8; 21];
            |s| &s.bytes[20] => n as u8;
            |s| &s.flag => n % 2 == 1;
            |s| &s.short => -(n as i16);
            |s| &s.letters[1] => char::from_digit(n as u32, 10).unwrap();
            |s| &s.letters => [char::from_digit(n as u32, 10).unwrap(); 2];
            |s| &s.wide => [n; 5];
        }
    }
    // Inside of closures, and from what was rolled back.
    let number = state.project(|s| &s.number).unwrap();
    state.read(|s| assert_eq!(state.load(&number).unwrap(), s.number)).unwrap();
    let verdict = state.try_update(|s| {
        s.number = 77;
        Err::<(), _>(state.load(&number).unwrap())
    });
    assert_eq!(verdict.unwrap(), Err(8));
    assert_eq!(state.load(&number).unwrap(), 8);
}

#[test]
fn what_may_be_dead_is_refused() {
    static ELSEWHERE: u64 = 5;
    let dir = scratch_dir();
    let state = State::<All>::create(dir.path().join("all")).unwrap();
    let refused = |error: shmstate::Error| {
        assert_eq!(error.kind(), ErrorKind::InvalidProjection);
        assert!(error.to_string().contains("plain field of `All`"), "{error}");
    };
    refused(state.project(|_| &ELSEWHERE).unwrap_err());
    refused(state.project(|s| s.list.first().unwrap_or(&ELSEWHERE)).unwrap_err());
    refused(state.project(|s| if let Job::Run(n) = &s.job { n } else { &ELSEWHERE }).unwrap_err());
    let panicked = std::panic::catch_unwind(|| state.project(|s| &s.list[0]));
    assert!(panicked.is_err(), "an empty state has no item");
}

#[derive(SharedLayout)]
#[repr(C)]
struct Line {
    before: u64,
    words: [u64; 8],
    list: List<u64, 64>,
}

/// The words of a version are all its number.
#[test]
fn loads_are_of_one_version_while_others_write() {
    for copies in [2, 3] {
        let dir = scratch_dir();
        let path = dir.path().join("line");
        let state = State::<Line>::options().copies(copies).create(&path).unwrap();
        let view = State::<Line>::open_read_only(&path).unwrap();
        let words = state.project(|s| &s.words).unwrap();
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let _done = SetOnDrop(&done);
                (1..=30_000).for_each(|n| state.update(|s| s.words.fill(n)).unwrap());
            });
            let mut last = 0;
            while !done.load(Ordering::Acquire) {
                for [first, rest @ ..] in [state.load(&words).unwrap(), view.load(&words).unwrap()] {
                    assert_eq!(rest, [first; 7]);
                    assert!(first >= last, "went back from {last} to {first}");
                    last = first;
                }
            }
        });
        assert_eq!(state.load(&words).unwrap(), [30_000; 8]);
        assert_eq!(state.version().unwrap(), 30_000);
    }
}
