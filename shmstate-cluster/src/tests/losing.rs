//! A machine whose updates the others precede.

use super::memory::{Memory, server};
use super::{eventually, patience};
use crate::contents::{Wish, forget_before, wishes, write_wish};
use crate::turns::Turns;
use crate::{ClusterState, Error, Options};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

/// Options of a machine of a test.
fn options<'a>() -> Options<'a, u64> {
    ClusterState::options().timeout(patience())
}

/// Joins as the machine with that directory, which is created.
fn join(options: Options<'_, u64>, url: &str, dir: &Path) -> ClusterState<u64> {
    std::fs::create_dir(dir).unwrap();
    options.join(url, dir.join("state")).unwrap()
}

#[test]
fn an_update_is_tried_as_often_as_its_time_allows() {
    const URL: &str = "memory://losing";
    let dir = tempfile::tempdir().unwrap();
    let other = join(options(), URL, &dir.path().join("other"));
    // The state has not seen the other machine's update when it makes its own.
    let lose = |state: &ClusterState<u64>, losses: u64| {
        let mut runs = 0;
        let result = state.update(|n| {
            runs += 1;
            if runs <= losses {
                other.update(|n| *n += 1).unwrap();
            }
            *n += 1000;
        });
        (result, runs)
    };

    let patient = join(options(), URL, &dir.path().join("patient"));
    let (result, runs) = lose(&patient, 120);
    result.unwrap();
    assert_eq!((runs, patient.read(|n| *n).unwrap()), (121, 1120));

    let hasty = join(options().tries(3), URL, &dir.path().join("hasty"));
    let (result, runs) = lose(&hasty, 120);
    assert!(matches!(result, Err(Error::Conflict { tries: 3, .. })));
    assert_eq!((runs, other.update(|n| *n).unwrap()), (3, 1123));
}

/// The entries of one machine arrive late: each time, the other machine has appended one before.
#[test]
fn a_machine_with_a_slow_link_gets_its_turn() {
    let dir = tempfile::tempdir().unwrap();
    let fast = join(options(), "memory://turns", &dir.path().join("fast"));
    let slow = join(options(), "memory://turns/300", &dir.path().join("slow"));
    let is_done = AtomicBool::new(false);
    thread::scope(|scope| {
        let updates = scope.spawn(|| {
            let mut updates = 0;
            while !is_done.load(Relaxed) {
                fast.update(|n| *n += 1).unwrap();
                updates += 1;
            }
            updates
        });
        let slow_updates = [(); 2].map(|()| slow.update(|n| *n += 1_000_000));
        is_done.store(true, Relaxed);
        let updates = updates.join().unwrap();
        assert!(slow_updates.iter().all(Result::is_ok), "{slow_updates:?}");
        assert_eq!(slow.update(|n| *n).unwrap(), 2_000_000 + updates);
    });
    // Nothing is left of the wishes.
    eventually("no wishes", || !server("turns").contents().iter().any(|name| name.starts_with("wish")));
}

#[test]
fn a_turn_of_a_machine_that_is_gone_ends() {
    let dir = tempfile::tempdir().unwrap();
    let state = join(options(), "memory://gone", &dir.path().join("machine"));
    let server = server("gone");
    server.put("wish-00000000000000000001-0123456789abcdef", b"");
    // One update begins before the turn, and the next one is committed after it.
    let (mut updates, mut longest, mut before) = (0, Duration::ZERO, Instant::now());
    eventually("no wishes", || {
        let start = Instant::now();
        state.update(|n| *n += 1).unwrap();
        updates += 1;
        longest = longest.max(before.elapsed());
        before = start;
        server.contents().iter().all(|name| !name.starts_with("wish"))
    });
    assert_eq!(state.read(|n| *n).unwrap(), updates);
    assert!(longest >= Duration::from_secs(1), "{longest:?}");
}

/// Waits until the wishes are as expected.
async fn until_wishes(engine: &Memory, expected: &[Wish]) {
    while wishes(engine).await.unwrap() != expected {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// The log may be so fast that the entries of that time are forgotten before the next look for wishes.
#[test]
fn a_wish_outlives_the_entries_of_its_time() {
    let test = async {
        let engine = Memory::connect("outlives").await.unwrap();
        let wish = Wish { after: 5, machine: 3 };
        write_wish(&engine, wish).await.unwrap();
        forget_before(&engine, 100_000).await.unwrap();
        assert_eq!(wishes(&engine).await.unwrap(), [wish]);
    };
    crate::worker::runtime().unwrap().block_on(test);
}

/// Its machine has had its turn, or will ask again.
#[test]
fn a_wish_that_gets_no_turn_any_more_is_removed() {
    let test = async {
        let engine = Memory::connect("no turn").await.unwrap();
        let mut turns = Turns::new(engine.clone(), 7);
        write_wish(&engine, Wish { after: 9, machine: 3 }).await.unwrap();
        turns.committed();
        turns.look(10, false);
        turns.change().await;
        assert!(turns.is_given());
        turns.came(3);
        assert!(!turns.is_given());
        write_wish(&engine, Wish { after: 8, machine: 4 }).await.unwrap();
        turns.committed();
        turns.look(11, false);
        turns.change().await;
        assert!(!turns.is_given());
        until_wishes(&engine, &[]).await;
    };
    let test = async { tokio::time::timeout(patience(), test).await };
    crate::worker::runtime().unwrap().block_on(test).unwrap();
}

/// Its updates may have run out of time.
#[test]
fn a_machine_that_gives_up_asks_no_more() {
    let long = || tokio::time::sleep(Duration::from_millis(1100));
    let test = async {
        let engine = Memory::connect("gives up").await.unwrap();
        let mut turns = Turns::new(engine.clone(), 7);
        turns.lost();
        turns.look(1, false);
        long().await;
        turns.look(2, true);
        until_wishes(&engine, &[Wish { after: 2, machine: 7 }]).await;
        turns.look(3, false);
        until_wishes(&engine, &[]).await;
        long().await;
        turns.look(4, true);
        tokio::time::sleep(Duration::from_millis(10)).await;
        until_wishes(&engine, &[]).await;
    };
    let test = async { tokio::time::timeout(patience(), test).await };
    crate::worker::runtime().unwrap().block_on(test).unwrap();
}
