//! A region that is moved to a new one again and again, while processes use it and movers are killed.

use shmstate::State;
use shmstate_tests::history::History;
use shmstate_tests::{Child, Kind, Ledger, Log, PATIENCE, Rng, child, scratch_dir};
use std::path::PathBuf;

/// Writers that live on.
const WRITERS: usize = 3;

/// No update that was acknowledged is lost or made twice, in whatever region, and each read sees what was acknowledged before
/// it began. Movers die at random, and so does one of the writers.
#[test]
fn no_update_is_lost_between_regions() {
    let dir = scratch_dir();
    let logs = scratch_dir();
    let path = dir.path().join("ledger");
    let mut state = State::<Ledger>::options().timeout(PATIENCE).create(&path).unwrap();
    let mut paths: Vec<PathBuf> = vec![];
    let mut start = |what: &str, number: usize| {
        let log = logs.path().join(format!("{:04}-{what}", paths.len()));
        let child = child!["recreate", what, path, log, number.to_string()];
        child.expect("go");
        paths.push(log);
        child
    };
    let staying: Vec<Child> = (0..WRITERS).map(|me| start("write", me)).collect();
    let looking = [start("read", 0), start("view", 0)];
    let (mut rng, mut kills, mut deaths) = (Rng::new(13), 0, 0);
    for round in 0..60 {
        let mut mortal = start("write", WRITERS);
        let mut movers = [start("move", round * 2), start("move", round * 2 + 1)];
        for _ in 0..rng.below(4) {
            // It goes on for as long as it lives.
            movers[0].expect("tried");
        }
        std::thread::sleep(std::time::Duration::from_micros(rng.below(3000) as u64));
        let (first, second) = movers.split_at_mut(1);
        let mut dying = [&mut mortal, &mut first[0], &mut second[0]];
        dying.rotate_left(rng.below(3));
        dying.iter_mut().for_each(|child| child.kill());
        (kills, deaths) = (kills + 2, deaths + 1);
    }
    staying.into_iter().chain(looking).for_each(|child| drop(child.succeed()));
    let lives: Vec<_> = paths.iter().map(Log::load).collect();
    let count = |kind| lives.iter().flatten().filter(|entry| entry.kind == kind && entry.after != 0).count() as u64;
    let moves = count(Kind::Create);

    state.reopen().unwrap();
    let (ledger, version) = (state.snapshot().unwrap(), state.version().unwrap());
    println!(
        "{} updates, {moves} moves acknowledged, {} counted, {kills} movers killed",
        ledger.total,
        version - ledger.total
    );
    assert!(ledger.is_whole());
    let digests = vec![0; ledger.total as usize + 1];
    let history = History { first: 0, last: ledger.total, digests: &digests, lives: &lives, deaths };
    assert_eq!(history.violations(), [""; 0]);
    for (me, life) in lives.iter().take(WRITERS).enumerate() {
        assert_eq!(ledger.done[me], life.iter().filter(|entry| entry.kind == Kind::Update).count() as u64);
    }
    // A version for each update and for each move, of which the last one of a mover may not have been acknowledged.
    let counted = version - ledger.total;
    assert!((moves..=moves + kills).contains(&counted) && moves > 60, "{moves} moves, {counted} versions");

    state.recreate(State::options()).unwrap();
    let names: Vec<_> = std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["ledger"], "what dead movers leave is swept by the next one");
}
