//! A power cut at every write and every sync of the store.

use super::fixture::{Fixture, apply, view, views};
use super::medium::{Cuts, Loss, Medium, Op};
use super::rng::Rng;
use crate::keeper;
use crate::store::{Differing, Store};
use crate::{DurableState, Error};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Updates of each thread.
const UPDATES: usize = 40;

/// Bytes of a page: small ones, so that there are many.
const PAGE: u32 = 500;

/// A state whose store is in that medium.
fn open(medium: &Medium, dir: &Path) -> DurableState<Fixture> {
    let opened = {
        let medium = medium.clone();
        move |lineage| Store::in_medium(medium.clone(), lineage, PAGE)
    };
    let options = DurableState::<Fixture>::options().interval(Duration::from_millis(2));
    let options = options.timeout(Duration::from_secs(60)).medium(keeper::Medium::Test(Arc::new(opened)));
    options.open(dir.join("fixture"), dir).unwrap()
}

/// Runs threads that update a state whose store is in that medium, and removes its regions.
fn run(medium: &Medium, seed: u64) {
    let dir = tempfile::tempdir().unwrap();
    let fixture = &open(medium, dir.path());
    medium.assured(fixture.durable_version().unwrap());
    std::thread::scope(|scope| {
        for thread in 0..3 {
            scope.spawn(move || {
                let mut rng = Rng::new(seed + thread);
                for _ in 0..UPDATES {
                    let made = fixture.update_versioned(|s, version| {
                        apply(s, version);
                        version
                    });
                    let made = made.unwrap();
                    if rng.below(3) == 0 {
                        assert!(fixture.wait_durable(made, Duration::MAX).unwrap());
                        medium.assured(made);
                    }
                }
                medium.assured(fixture.flush().unwrap());
            });
        }
    });
}

#[test]
fn at_every_write_and_sync_of_the_store() {
    let mut rng = Rng::new(1);
    let (mut start, mut count, mut lost) = (Vec::new(), 0, 0);
    for round in 0..2 {
        let medium = Medium::of(start.clone());
        run(&medium, 100 * round);
        let ops = std::mem::take(&mut medium.recorded().ops);
        let last = ops.iter().filter_map(|op| if let Op::Assured(version) = op { Some(*version) } else { None }).max();
        let last = last.unwrap();
        let views = views(last);
        let mut cuts = Cuts::new(std::mem::take(&mut start), &ops);
        let mut next = Vec::new();
        while let Some(op) = cuts.step() {
            // Before that, the store has not its name yet.
            let Some(assured) = cuts.assured else { continue };
            let losses: &[Loss] = match op {
                // Seldom, and what comes in between may be lost without the other.
                _ if cuts.is_growing() => &[Loss::Any; 5],
                Op::Sync => &[Loss::All],
                Op::Assured(_) => &[Loss::All, Loss::Any],
                _ if rng.below(2) == 0 => &[Loss::Any],
                _ => &[Loss::Tail],
            };
            for loss in losses {
                let bytes = cuts.cut(*loss, &mut rng);
                let at = format!("round {round}, {loss:?} after {op:?}, {assured} assured");
                let found = restored(bytes.clone()).unwrap_or_else(|e| panic!("{at}: {e}"));
                assert!(found.0 >= assured && found.0 <= last, "{at}: version {} is restored", found.0);
                assert!(view(&found.1) == views[found.0 as usize], "{at}: version {} is not whole", found.0);
                count += 1;
                lost += usize::from(found.0 < last);
                if rng.below(count) == 0 {
                    next = bytes;
                }
            }
        }
        start = next;
    }
    println!("{count} power cuts, {lost} of them before the last version");
    assert!(count > 100 && lost > count / 4);
}

/// The version and the bytes that a store has after a cut.
fn restored(bytes: Vec<u8>) -> Result<(u64, Vec<u8>), Error> {
    let store = Store::in_medium(Medium::of(bytes), 0, PAGE)?;
    let kept = store.read()?.expect("it had a version");
    Ok((kept.version(), kept.bytes().to_vec()))
}

/// The engine counts on the length in a header that it writes before the next sync of its own.
#[test]
fn a_length_is_on_the_medium_before_anything_else_is_written() {
    let medium = Medium::default();
    let mut store = Store::in_medium(medium.clone(), 1, PAGE).unwrap();
    for version in 1..=3 {
        // Twice as much each time, so that the medium grows.
        let image = vec![version as u8; 1 << (18 + version)];
        store.write(version, "a schema", &image, Differing::Any).unwrap();
    }
    let ops = std::mem::take(&mut medium.recorded().ops);
    let lengths: Vec<usize> = (0..ops.len()).filter(|&at| matches!(ops[at], Op::Len(_))).collect();
    assert!(lengths.len() > 2, "it has not grown");
    assert!(lengths.iter().all(|at| matches!(ops[at + 1], Op::Sync)));
}

#[test]
fn a_disk_that_is_full_for_a_time_loses_nothing() {
    let (medium, dir) = (Medium::default(), tempfile::tempdir().unwrap());
    let fixture = open(&medium, dir.path());
    for round in 0..5 {
        medium.recorded().is_full = true;
        let made = fixture.update_versioned(|s, version| {
            apply(s, version);
            version
        });
        let made = made.unwrap();
        // The process that writes says why, whenever it comes to that.
        while !fixture.last_failure().unwrap().contains("no storage space") {
            assert!(!fixture.wait_durable(made, Duration::from_millis(1)).unwrap());
        }
        assert_eq!(fixture.durable_version().unwrap(), round);
        medium.recorded().is_full = false;
        assert!(fixture.wait_durable(made, Duration::MAX).unwrap());
        assert_eq!(fixture.last_failure().unwrap(), "");
    }
    drop(fixture);
    let (version, bytes) = restored(medium.bytes()).unwrap();
    assert!(version == 5 && view(&bytes) == views(5)[5]);
}
