//! Creating, opening and removing at the same time.

use shmstate_tests::{Actor, Tally, actor, scratch_dir};

#[test]
fn one_of_eight_creates_and_all_get_the_same() {
    let dir = scratch_dir();
    let (party, rounds) = (8, 300);
    let actors: Vec<Actor> = (0..party)
        .map(|me: u64| actor!["race", dir.path(), me.to_string(), party.to_string(), rounds.to_string()])
        .collect();
    for actor in actors {
        assert_eq!(actor.succeed(), ["done"]);
    }
    let tally = Tally::open(dir.path().join("tally"));
    let makers: Vec<u64> = (0..rounds).map(|round| tally.get(Tally::FREE + round)).collect();
    assert!(makers.iter().all(|maker| (1..=party).contains(maker)));
    // Names, and nothing else: no half-made files.
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), rounds + 1);
}

#[test]
fn creating_opening_and_removing_give_no_wrong_error() {
    let dir = scratch_dir();
    let path = dir.path().join("churned");
    let actors: Vec<Actor> = (0..6).map(|me: u64| actor!["churn", path, me.to_string(), "400"]).collect();
    let (mut made, mut removed) = (0, 0);
    for actor in actors {
        let line = actor.succeed().concat();
        let (m, r) = line.split_once(' ').unwrap();
        made += m.parse::<u64>().unwrap();
        removed += r.parse::<u64>().unwrap();
    }
    println!("created {made}, removed {removed}");
    assert!(made > 10 && removed > 10);
    let left = usize::from(path.exists());
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), left, "something was left behind");
}
