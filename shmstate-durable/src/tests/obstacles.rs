//! What is in the way of the thread that writes goes by.

use super::medium::Medium;
use crate::DurableState;
use crate::control::Progress;
use crate::keeper;
use crate::store::Store;
use shmstate::State;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// For what has to come.
const PATIENCE: Duration = Duration::from_secs(30);

#[test]
fn a_process_that_is_stopped_while_it_says_how_far_the_store_is() {
    let (dir, medium, attempts) = (tempfile::tempdir().unwrap(), Medium::default(), Arc::new(AtomicU64::new(0)));
    let opened = {
        let attempts = Arc::clone(&attempts);
        move |lineage| {
            attempts.fetch_add(1, Relaxed);
            Store::in_medium(medium.clone(), lineage, 500)
        }
    };
    let options = DurableState::<u64>::options().interval(Duration::from_millis(1)).timeout(Duration::from_millis(20));
    let options = options.medium(keeper::Medium::Test(Arc::new(opened)));
    let number = options.open(dir.path().join("number"), dir.path()).unwrap();
    number.update(|n| *n += 1).unwrap();
    assert!(number.wait_durable(1, PATIENCE).unwrap());
    let progress = State::<Progress>::open(dir.path().join("number.durable")).unwrap();
    number.update(|n| *n += 1).unwrap();
    // Neither what is on disk nor why nothing is can be said, until the store was opened again.
    let (before, begun) = (attempts.load(Relaxed), Instant::now());
    let goes_on = progress.update(|_| {
        while attempts.load(Relaxed) == before && begun.elapsed() < PATIENCE {
            std::thread::yield_now();
        }
        attempts.load(Relaxed) > before
    });
    assert!(goes_on.unwrap(), "the thread has ended");
    assert!(number.wait_durable(2, PATIENCE).unwrap());
}

/// The store is there when the region is made, and the first version is not.
#[test]
fn a_region_whose_first_version_finds_no_room_goes() {
    let (dir, medium) = (tempfile::tempdir().unwrap(), Medium::default());
    let name = dir.path().join("number");
    let open = |is_full: bool| {
        let (of_store, of_init) = (medium.clone(), medium.clone());
        let opened = move |lineage| Store::in_medium(of_store.clone(), lineage, 500);
        let options = DurableState::<u64>::options().medium(keeper::Medium::Test(Arc::new(opened)));
        let init = move |n: &mut u64| {
            *n = 7;
            of_init.recorded().is_full = is_full;
        };
        options.init(init).open(&name, dir.path())
    };
    let refused = open(true).unwrap_err().to_string();
    assert!(refused.contains("cannot write the store"), "{refused}");
    assert_eq!(dir.path().read_dir().unwrap().count(), 0);
    medium.recorded().is_full = false;
    assert_eq!(open(false).unwrap().read(|n| *n).unwrap(), 7);
    // A region that was there before stays.
    drop(crate::remove(&name));
    State::<u64>::create(&name).unwrap();
    let full = Medium::default();
    let opened = {
        let full = full.clone();
        move |lineage| {
            let store = Store::in_medium(full.clone(), lineage, 500);
            full.recorded().is_full = true;
            store
        }
    };
    let options = DurableState::<u64>::options().medium(keeper::Medium::Test(Arc::new(opened)));
    options.open(&name, dir.path()).unwrap_err();
    assert_eq!(dir.path().read_dir().unwrap().count(), 1);
}
