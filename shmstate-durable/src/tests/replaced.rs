//! Regions that are replaced at the wrong moment: each process goes on with the next one.

use super::medium::Medium;
use crate::control::Progress;
use crate::store::Store;
use crate::{DurableState, keeper};
use shmstate::State;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, mpsc};
use std::time::Duration;

/// For what has to come.
const PATIENCE: Duration = Duration::from_secs(30);

/// Opens a state. Its region is replaced when its store is opened for the time `at`: a handle on the region is there then, and no follower of
/// it. Returns the failures that were known when the store was opened the next time.
fn opened_while_it_is_replaced(at: u64) -> (DurableState<u64>, u64, tempfile::TempDir) {
    let (dir, medium, openings) = (tempfile::tempdir().unwrap(), Medium::default(), AtomicU64::new(0));
    let (name, (sender, failures)) = (dir.path().join("number"), mpsc::channel());
    State::<u64>::create(&name).unwrap().update(|n| *n = 7).unwrap();
    let progress = dir.path().join("number.durable");
    let opened = {
        let name = name.clone();
        move |lineage| {
            match openings.fetch_add(1, Relaxed) {
                n if n == at => State::<u64>::open(&name)?.recreate(State::options().handles(100))?,
                n if n == at + 1 => drop(sender.send(State::<Progress>::open(&progress)?.read(|p| p.failures)?)),
                _ => {}
            }
            Store::in_medium(medium.clone(), lineage, 500)
        }
    };
    let options = DurableState::<u64>::options().interval(Duration::from_millis(1)).timeout(PATIENCE);
    let number = options.medium(keeper::Medium::Test(Arc::new(opened))).open(&name, dir.path()).unwrap();
    let failures = failures.recv_timeout(PATIENCE).unwrap();
    (number, failures, dir)
}

#[test]
fn by_a_process_that_opens_the_state() {
    let (number, _, _dir) = opened_while_it_is_replaced(0);
    number.update_durable(|n| *n += 1).unwrap();
    assert_eq!(number.read(|n| *n).unwrap(), 8);
}

#[test]
fn by_the_process_that_writes() {
    let (mut number, failures, _dir) = opened_while_it_is_replaced(1);
    assert_eq!(failures, 0);
    assert!(number.reopen().unwrap());
    number.update_durable(|n| *n += 1).unwrap();
}
