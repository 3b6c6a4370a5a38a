//! What the closures of an update may return, and how their errors come out.

use shmstate::{Archived, CapacityError, Error, ErrorKind, List, Map, Outcome, SharedLayout, State, Text, Uuid};
use shmstate_tests::scratch_dir;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Barrier;
use std::time::Duration;
use tempfile::TempDir;

#[derive(SharedLayout)]
#[repr(C)]
struct Board {
    settings: Archived<BTreeMap<String, u64>, 128>,
    samples: List<u64, 8>,
    id: Uuid,
    owner: Text<8>,
    names: Map<Text<8>, u64, 2>,
    ticks: u64,
    other: u64,
}

fn board() -> (TempDir, State<Board>) {
    let dir = scratch_dir();
    let board = State::create(dir.path().join("board")).unwrap();
    (dir, board)
}

struct Wrapped<T>(T);

fn generic<R>(board: &State<Board>, f: impl FnOnce(&mut Board) -> R) -> Result<R, Error> {
    board.update(f)
}

fn checked<R: Outcome<M>, M>(board: &State<Board>, f: impl FnOnce(&mut Board) -> R) -> Result<R, Error> {
    board.update(f)
}

fn of_default<T: Default>(board: &State<Board>) -> Result<Wrapped<T>, Error> {
    board.update(|_| Wrapped(T::default()))
}

fn by_reference(board: &State<Board>, f: &mut dyn FnMut(&mut Board)) -> Result<(), Error> {
    board.update(|s| f(s))
}

fn step(s: &mut Board) {
    s.ticks += 1;
}

/// The type of each is inferred as it would be from the closure alone.
#[test]
fn a_closure_that_cannot_fail_returns_what_it_likes() {
    let (_dir, board) = board();
    board.update(|s| s.ticks += 1).unwrap();
    board.update(step).unwrap();
    by_reference(&board, &mut step).unwrap();
    assert_eq!(board.update(|s| s.ticks).unwrap(), 3);
    let sum: u64 = board.update(|s| s.samples.iter().sum()).unwrap();
    let list: Vec<u64> = board.update(|s| s.samples.iter().copied().collect()).unwrap();
    assert_eq!((sum, list), (0, vec![]));
    let small: u8 = board.update(|s| s.ticks.try_into().unwrap()).unwrap();
    let default = board.update(|_| Default::default()).unwrap();
    let _: u32 = default;
    assert_eq!(small, 3);
    assert_eq!(board.update(|s| s.samples.pop()).unwrap(), None);
    let none: Option<u8> = board.update(|_| None).unwrap();
    assert_eq!(none, None);
    let boxed: Box<dyn Fn() -> u64> = board.update(|_| Box::new(|| 3u64) as Box<dyn Fn() -> u64>).unwrap();
    assert_eq!(boxed(), 3);
    assert_eq!(board.update(|_| std::iter::empty::<u8>()).unwrap().count(), 0);
    assert_eq!(generic(&board, |s| s.ticks).unwrap() + checked(&board, |s| s.ticks).unwrap(), 6);
    assert_eq!(of_default::<u64>(&board).unwrap().0, 0);
    // A tuple says that the error is to be committed.
    let (ticks, pushed) = board.update(|s| (s.ticks, s.samples.extend_from_slice(&[0; 9]))).unwrap();
    assert_eq!((ticks, pushed.unwrap_err().needed()), (3, 9));
    let version = board.version().unwrap();
    let out = catch_unwind(AssertUnwindSafe(|| board.update(|_| resume_unwind(Box::new("out")))));
    assert!(out.is_err());
    let out = catch_unwind(AssertUnwindSafe(|| {
        board.update(|s| {
            s.ticks = 0;
            if s.ticks == 0 {
                resume_unwind(Box::new("out"))
            }
        })
    }));
    assert!(out.is_err());
    assert_eq!((board.version().unwrap(), board.read(|s| s.ticks).unwrap()), (version, 3));
}

#[test]
fn a_read_may_return_a_result() {
    let (_dir, board) = board();
    let first = board.read(|s| s.samples.first().copied().ok_or("none")).unwrap();
    assert_eq!(first, Err("none"));
}

/// Errors of every type that the library returns, by `?`, with a bare `Ok(())` at the end.
#[test]
fn a_transaction_has_one_error() -> Result<(), Error> {
    let (_dir, board) = board();
    board.transact(|s| {
        s.samples.push(1)?;
        s.owner.set("me")?;
        s.names.insert("a".try_into()?, 1)?;
        *s.names.entry("b".try_into()?).or_insert(0)? += 2;
        s.settings.set(&BTreeMap::from([("c".into(), 3)]))?;
        s.id = "67e55044-10b1-426f-9247-bb680e5fe0c8".parse()?;
        let _: shmstate::TimeSpan = Duration::from_secs(1).try_into()?;
        Ok(())
    })?;
    assert_eq!(board.version().unwrap(), 1);
    let damage = |s: &mut Board| {
        s.ticks = 7;
        s.samples.clear();
    };
    let failed = |f: fn(&mut Board) -> Result<(), Error>| {
        let error = board.transact(|s| (damage(s), f(s)).1).unwrap_err();
        (error.kind(), error.to_string())
    };
    let full = |container: &str, capacity: usize, needed: usize| {
        (ErrorKind::Full, format!("the {container} is full: it holds at most {capacity}, and {needed} were needed"))
    };
    assert_eq!(failed(|s| Ok(s.samples.extend_from_slice(&[1; 9])?)), full("list", 8, 9));
    assert_eq!(failed(|s| Ok(s.owner.set("another one")?)), full("text", 8, 11));
    assert_eq!(failed(|s| s.names.insert("c".try_into()?, 1).map(|_| ()).map_err(Error::from)), full("map", 2, 3));
    let large = |s: &mut Board| Ok(s.settings.set(&BTreeMap::from([("a".repeat(199), 1)]))?);
    assert_eq!(failed(large).0, ErrorKind::Full);
    assert_eq!(failed(|_| "no".parse::<Uuid>().map(|_| ()).map_err(Error::from)).0, ErrorKind::InvalidValue);
    let (kind, text) = failed(|_| shmstate::TimeSpan::try_from(Duration::MAX).map(|_| ()).map_err(Error::from));
    assert_eq!((kind, &*text), (ErrorKind::InvalidValue, "the time does not fit into 64 bits of nanoseconds"));
    assert_eq!((board.version().unwrap(), board.read(|s| (s.ticks, s.samples.len()))?), (1, (0, 1)));
    // An error of the state's own comes out the same way.
    let nested = board.transact(|s| (damage(s), board.update(step)).1).unwrap_err();
    assert_eq!(nested.kind(), ErrorKind::Reentrant);
    assert_eq!(board.stats()?.roll_backs, 7);
    Ok(())
}

#[derive(Debug)]
enum BankError {
    Poor,
    State(Error),
}

impl From<Error> for BankError {
    fn from(error: Error) -> Self {
        BankError::State(error)
    }
}

impl<T> From<CapacityError<T>> for BankError {
    fn from(full: CapacityError<T>) -> Self {
        BankError::State(full.into())
    }
}

/// The errors of two containers become one, in each of the types that they can become.
#[test]
fn errors_of_containers_meet() {
    fn both<E: From<CapacityError<u64>> + From<CapacityError>>(s: &mut Board, owner: &str) -> Result<(), E> {
        s.samples.push(1)?;
        s.owner.set(owner)?;
        Ok(())
    }
    fn pay(board: &State<Board>, owner: &str) -> Result<u64, BankError> {
        let left = board.try_update(|s| {
            both::<BankError>(s, owner)?;
            s.ticks = s.ticks.checked_sub(1).ok_or(BankError::Poor)?;
            Ok::<_, BankError>(s.ticks)
        })??;
        board.transact(|s| both(s, owner))?;
        Ok(left)
    }
    let (_dir, board) = board();
    let verdict = board.try_update(|s| both::<Error>(s, "another one")).unwrap();
    assert_eq!(verdict.map_err(|error| error.kind()), Err(ErrorKind::Full));
    assert_eq!(board.transact(|s| both(s, "another one")).unwrap_err().kind(), ErrorKind::Full);
    assert!(board.try_update(|s| both::<Box<dyn std::error::Error>>(s, "me")).unwrap().is_ok());
    assert!(matches!(pay(&board, "me"), Err(BankError::Poor)));
    assert!(matches!(pay(&board, "another one"), Err(BankError::State(error)) if error.kind() == ErrorKind::Full));
    board.update(step).unwrap();
    assert_eq!(pay(&board, "me").unwrap(), 0);
    assert_eq!(board.read(|s| s.samples.len()).unwrap(), 3);
    // The value, for those that want it back.
    let full = board.update(|s| (0..).find_map(|n| s.samples.push(n).err())).unwrap().unwrap();
    assert_eq!((full.without_value().capacity(), full.into_inner()), (8, 5));
}

/// Each has the lock that the other one waits for, until the first one's time is up.
#[test]
fn updates_that_nest_in_opposite_orders_do_not_wait_for_ever() {
    let dir = scratch_dir();
    let [a, b] = ["a", "b"].map(|name| State::<u64>::create(dir.path().join(name)).unwrap());
    let both_are_in = Barrier::new(2);
    let nested = |outer: &State<u64>, inner: &State<u64>| {
        let update = |n: &mut u64| {
            *n += 1;
            both_are_in.wait();
            inner.with_timeout(Duration::from_millis(20)).update(|n| *n += 10).err()
        };
        outer.update(update).unwrap()
    };
    let errors = std::thread::scope(|threads| {
        let other = threads.spawn(|| nested(&b, &a));
        [nested(&a, &b), other.join().unwrap()]
    });
    let errors: Vec<_> = errors.into_iter().flatten().collect();
    assert!(!errors.is_empty() && errors.iter().all(|e| e.kind() == ErrorKind::Busy), "{errors:?}");
    let sum = [&a, &b].map(|state| state.read(|n| *n).unwrap()).iter().sum::<u64>();
    assert_eq!(sum, 2 + 10 * (2 - errors.len() as u64), "the outer ones are committed");
}

#[test]
fn an_inner_update_of_another_region_is_one_of_its_own() {
    let dir = scratch_dir();
    let [outer, inner] = ["outer", "inner"].map(|name| State::<u64>::create(dir.path().join(name)).unwrap());
    let refused = outer.try_update(|n| {
        *n = 1;
        inner.update(|n| *n = 2).unwrap();
        Err::<(), ()>(())
    });
    assert_eq!(refused.unwrap(), Err(()));
    assert_eq!([&outer, &inner].map(|state| state.read(|n| *n).unwrap()), [0, 2]);
}
