//! A store with another byte than was written.

use super::fixture::{Fixture, apply, view};
use super::medium::Medium;
use super::rng::Rng;
use crate::Error;
use crate::store::{Differing, Store};
use redb::StorageBackend;
use shmstate::State;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// Bytes of a page.
const PAGE: u32 = 1000;

#[test]
fn is_refused_or_reads_as_it_was_written() {
    let (medium, mut rng) = (Medium::default(), Rng::new(5));
    let fixture = State::<Fixture>::anonymous().unwrap();
    let mut follower = fixture.follow().unwrap();
    let mut store = Store::in_medium(medium.clone(), 1, PAGE).unwrap();
    for _ in 0..20 {
        fixture.update_versioned(apply).unwrap();
    }
    follower.advance().unwrap().unwrap();
    // Once, so that the file has few pages of earlier versions.
    store.write(20, &State::<Fixture>::schema(), follower.bytes(), Differing::Any).unwrap();
    drop(store);
    let (bytes, right) = (medium.bytes(), view(follower.bytes()));
    let (mut refused, mut read) = (0, 0);
    // The others are mostly of what is free, and of the list of that.
    let used: Vec<usize> = (0..bytes.len()).filter(|at| !matches!(bytes[*at], 0 | 255)).collect();
    for n in 0..1000 {
        let mut other = bytes.clone();
        // Some of them where the engine says what is where.
        let at = if n % 4 == 0 { rng.below(512) } else { used[rng.below(used.len())] };
        other[at] ^= 1 << rng.below(8);
        match Store::in_medium(Medium::of(other), 1, PAGE).and_then(|store| store.read()) {
            Err(Error::Damaged { .. } | Error::Store { .. }) => refused += 1,
            Err(e) => panic!("byte {at}: {e}"),
            Ok(kept) => {
                let kept = kept.expect("it had a version");
                assert!(kept.version() == 20 && view(kept.bytes()) == right, "byte {at}: version {}", kept.version());
                read += 1;
            }
        }
    }
    println!("{refused} refused, {read} read as they were written, of {} bytes", bytes.len());
    assert!(refused > 100 && read > 100);
}

#[test]
fn a_page_that_is_missing_or_old_is_noticed() {
    const PAGES: redb::TableDefinition<'_, u64, &[u8]> = redb::TableDefinition::new("pages");
    let (medium, fixture) = (Medium::default(), State::<Fixture>::anonymous().unwrap());
    let mut store = Store::in_medium(medium.clone(), 1, PAGE).unwrap();
    fixture.update_versioned(|s, _| apply(s, 3)).unwrap();
    let follower = fixture.follow().unwrap();
    store.write(1, &State::<Fixture>::schema(), follower.bytes(), Differing::Any).unwrap();
    assert!(store.read().unwrap().is_some());
    drop(store);
    for is_old in [false, true] {
        let medium = Medium::of(medium.bytes());
        let db = redb::Database::builder().create_with_backend(medium.clone()).unwrap();
        let transaction = db.begin_write().unwrap();
        {
            let mut pages = transaction.open_table(PAGES).unwrap();
            let other = vec![0; PAGE as usize];
            let mut old = Vec::new();
            crate::pages::kept(crate::pages::digest(0, &other), &other, &mut old);
            if is_old {
                pages.insert(0, &*old).unwrap();
            } else {
                pages.remove(0).unwrap();
            }
        }
        transaction.commit().unwrap();
        drop(db);
        let why = Store::in_medium(medium, 1, PAGE).unwrap().read().unwrap_err().to_string();
        assert!(why.contains("missing, or of another version"), "{why}");
    }
}

/// A medium on which writing panics from some time on.
#[derive(Debug)]
struct Panicking(Medium, Arc<AtomicBool>);

impl StorageBackend for Panicking {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }

    fn read(&self, offset: u64, len: usize) -> io::Result<Vec<u8>> {
        self.0.read(offset, len)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn sync_data(&self, eventual: bool) -> io::Result<()> {
        self.0.sync_data(eventual)
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        assert!(!self.1.load(Relaxed), "the engine writes");
        self.0.write(offset, data)
    }
}

#[test]
fn a_panic_of_the_engine_while_it_closes_goes_no_further() {
    let panics = Arc::new(AtomicBool::new(false));
    let store = Store::in_medium(Panicking(Medium::default(), Arc::clone(&panics)), 1, PAGE).unwrap();
    panics.store(true, Relaxed);
    drop(store);
}

#[test]
fn what_is_verified_stays_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let (path, copy) = (dir.path().join("store"), dir.path().join("copy"));
    let (fixture, mut changed) = (State::<Fixture>::anonymous().unwrap(), 0);
    fixture.update_versioned(apply).unwrap();
    let mut follower = fixture.follow().unwrap();
    let mut store = Store::create(&path, 0o600, 1, |_| Ok(())).unwrap();
    store.write(1, &State::<Fixture>::schema(), follower.bytes(), Differing::Any).unwrap();
    fixture.update_versioned(apply).unwrap();
    follower.advance().unwrap().unwrap();
    store.write(2, &State::<Fixture>::schema(), follower.bytes(), Differing::Any).unwrap();
    // As a process leaves it that is killed.
    let (unclean, mut rng) = (std::fs::read(&path).unwrap(), Rng::new(3));
    for n in 0..60 {
        let mut bytes = unclean.clone();
        if n > 0 {
            bytes[rng.below(unclean.len().min(64 << 10))] ^= 1 << rng.below(8);
        }
        std::fs::write(&copy, &bytes).unwrap();
        let verified = crate::verify(&copy);
        assert_eq!(std::fs::read(&copy).unwrap(), bytes, "{verified:?}");
        assert!(n > 0 || verified.is_ok_and(|kept| kept.version() == 2));
        // What opening it changes is what `verify` must not.
        drop(Store::open(&copy));
        changed += usize::from(std::fs::read(&copy).unwrap() != bytes);
    }
    assert!(changed > 0);
}
