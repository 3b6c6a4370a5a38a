//! A region that another one replaces, and that takes its content over: the writers and readers that meet its marks, and
//! replacers that die.
//!
//! What decides is [`super::super::service`]. What the region's handles do with it is in `region`, over files; here the name is one
//! word, and the successor a number of commits.

use super::super::Reader::Guest;
use super::super::{BeginError, Pin, Published, Service};
use super::cell::UnsafeCell;
use super::deaths::at_every_write;
use super::explore::explore;
use super::fixture::{Fixture, Naps, Verdict};
use crate::sync::Ordering::SeqCst;
use crate::sync::{AtomicU32, model::writes};
use loom::thread;
use std::sync::Arc;

/// A region, and whether its name leads to it.
struct Named {
    fixture: Arc<Fixture>,
    is_here: AtomicU32,
    /// Commits that the successor has taken over. Written before it has the name, by the process that makes it, which may die.
    taken_over: UnsafeCell<usize>,
    /// Commits in the successor.
    added: AtomicU32,
}

// SAFETY: loom reports a race.
unsafe impl Send for Named {}
// SAFETY: as above.
unsafe impl Sync for Named {}

impl Named {
    fn new(copies: usize) -> Arc<Named> {
        Arc::new(Named {
            fixture: Fixture::new(copies, 3, 3),
            is_here: AtomicU32::new(1),
            taken_over: UnsafeCell::new(0),
            added: AtomicU32::new(0),
        })
    }

    fn is_here(&self) -> bool {
        self.is_here.load(SeqCst) == 1
    }

    /// Gives the name to another region, with the content of this one. Returns the last version of this one; `None` if another
    /// process was faster.
    fn replace(&self, me: usize) -> Option<u64> {
        self.fixture.locked(me, |shared| {
            if !self.is_here() {
                return None;
            }
            let make = |active: Published| {
                let commits = self.fixture.content(active.copy);
                assert_eq!(commits as u64, active.version, "the content is another version's");
                if writes() {
                    // SAFETY: loom reports a race.
                    self.taken_over.with_mut(|taken_over| unsafe { *taken_over = commits });
                }
                Ok::<_, ()>(active.version)
            };
            let take_name = |_: &mut u64| {
                self.is_here.store(0, SeqCst);
                Ok(())
            };
            shared.hand_over(make, take_name).expect("no error")
        })
    }

    /// Commits of the region that has the name.
    fn commits(&self) -> usize {
        if self.is_here() { self.fixture.shared().published().version as usize } else { self.successor() }
    }

    /// Commits of the successor, which has the name.
    fn successor(&self) -> usize {
        assert!(!self.is_here(), "no region is in service");
        // SAFETY: loom reports a race.
        let taken_over = self.taken_over.with(|taken_over| unsafe { *taken_over });
        taken_over + self.added.load(SeqCst) as usize
    }

    /// One update of whichever region is in service.
    fn follow(&self, me: usize) {
        if self.update(me).is_none() {
            let before = self.successor();
            let added = self.added.fetch_add(1, SeqCst);
            assert!(before <= self.successor() && added < 8, "a commit of the successor is lost");
        }
    }

    /// What a process leaves that dies before it moves the name.
    fn is_left(&self, me: usize) {
        let died = self.fixture.killed(me, 3, || self.replace(me));
        assert!(died.is_err() && self.is_here(), "it has died too late");
        assert_eq!(self.fixture.shared().published().service(), Service::Leaving, "it has died too early");
    }

    /// Whether a region that names `copy` may be used.
    fn may_be_used(&self, copy: usize) -> bool {
        match (Published { version: 0, copy }).service() {
            Service::In => panic!("there is no copy {copy}"),
            Service::Leaving if self.is_here() => true,
            Service::Leaving => {
                self.fixture.shared().confirm_retired();
                false
            }
            Service::Retired => false,
        }
    }

    /// One update. `None`: the region was replaced.
    fn update(&self, me: usize) -> Option<usize> {
        loop {
            match self.fixture.transact(me, &mut Naps(u32::MAX), Verdict::Commit) {
                Ok(version) => return Some(version),
                Err(BeginError::NoSuchCopy { copy }) if self.may_be_used(copy) => self.settle(me),
                Err(BeginError::NoSuchCopy { .. }) => return None,
                Err(error) => panic!("{error:?}"),
            }
        }
    }

    /// Takes the marks away, or makes them final.
    fn settle(&self, me: usize) {
        self.fixture.locked(me, |shared| shared.settle_service(|| Ok::<_, ()>(self.is_here()))).expect("no error");
    }

    /// One look that stays for a while. `None`: the region was replaced.
    fn read(&self, me: usize) -> Option<usize> {
        let shared = self.fixture.shared();
        let entered = shared.enter(me, self.fixture.slot(me), Guest);
        let pin = match entered {
            Ok(pin) => pin,
            Err(copy) if self.may_be_used(copy) => match shared.enter_leaving(me) {
                Ok(pin) => pin,
                Err(copy) => {
                    assert!(!self.may_be_used(copy), "a region that may be used lets no reader in");
                    return None;
                }
            },
            Err(_) => return None,
        };
        let first = self.fixture.shown(&pin);
        thread::yield_now();
        assert_eq!(self.fixture.shown(&pin), first, "what a reader holds has changed");
        Some(first)
    }
}

#[test]
fn a_replacer_meets_a_writer() {
    explore("K=2, 1 replacer, 1 writer x2", Some(3), || {
        let named = Named::new(2);
        let replacer = thread::spawn({
            let named = Arc::clone(&named);
            move || named.replace(0)
        });
        let committed = [named.update(1), named.update(1)];
        let last = replacer.join().expect("joined").expect("no other replacer");
        let now = named.fixture.shared().published();
        assert_eq!(now.version, last, "a commit after the replacement");
        assert_eq!(committed.iter().flatten().count() as u64, last, "an acknowledged commit is not counted");
        assert_eq!(now.service(), Service::Retired);
        assert_eq!((named.update(1), named.read(1)), (None, None));
    });
}

#[test]
fn a_replacer_meets_a_reader_and_a_writer() {
    explore("K=2, 1 replacer, 1 reader, 1 writer", Some(2), || {
        let named = Named::new(2);
        let replacer = thread::spawn({
            let named = Arc::clone(&named);
            move || named.replace(0)
        });
        let reader = thread::spawn({
            let named = Arc::clone(&named);
            move || named.read(2)
        });
        let committed = named.update(1);
        reader.join().expect("joined");
        let last = replacer.join().expect("joined").expect("no other replacer");
        assert_eq!(u64::from(committed.is_some()), last, "a commit after the replacement");
    });
}

/// The region is in service exactly as long as it has its name, whatever a dead replacer has left.
#[test]
fn a_replacer_dies() {
    at_every_write("K=2, a replacer dies, 1 writer", Some(3), |writes| {
        let named = Named::new(2);
        let replacer = thread::spawn({
            let named = Arc::clone(&named);
            move || named.fixture.killed(0, writes, || named.replace(0)).is_err()
        });
        let _ = named.update(1);
        let died = replacer.join().expect("joined");
        let is_here = named.is_here();
        assert_eq!(named.read(1).is_some(), is_here, "a reader is wrong about the service");
        assert_eq!(named.update(1).is_some(), is_here, "a writer is wrong about the service");
        died
    });
}

/// A replacer has died before it moved the name: a reader goes by the mark while a writer takes it away and writes.
#[test]
fn a_reader_goes_by_the_mark() {
    explore("K=2, marked, 1 reader, 1 writer x2", Some(3), || {
        let named = Named::new(2);
        named.is_left(0);
        let reader = thread::spawn({
            let named = Arc::clone(&named);
            move || named.read(2).expect("it has its name")
        });
        assert_eq!((named.update(1), named.update(1)), (Some(1), Some(2)));
        reader.join().expect("joined");
        named.fixture.finish(2);
    });
}

/// The same without a death, after which the process that takes the lock over lists every slot.
#[test]
fn a_reader_of_a_marked_region_lists_its_slot() {
    explore("K=2, marked, no death, 1 reader, 1 writer x2", Some(3), || {
        let named = Named::new(2);
        named.fixture.locked(0, |shared| shared.leave_service());
        let reader = thread::spawn({
            let named = Arc::clone(&named);
            move || named.read(2).expect("it has its name")
        });
        assert!(named.update(1).is_some() && named.update(1).is_some());
        reader.join().expect("joined");
        named.fixture.finish(2);
    });
}

#[test]
fn a_successor_takes_every_commit_over() {
    explore("K=2, 1 replacer, 1 writer that follows x2", Some(3), || {
        let named = Named::new(2);
        let replacer = thread::spawn({
            let named = Arc::clone(&named);
            move || named.replace(0)
        });
        named.follow(1);
        named.follow(1);
        replacer.join().expect("joined").expect("no other replacer");
        assert_eq!(named.successor(), 2, "an acknowledged commit is lost, or made twice");
    });
}

#[test]
fn of_two_replacers_one_replaces() {
    explore("K=2, 2 replacers, 1 writer that follows", Some(3), || {
        let named = Named::new(2);
        let other = thread::spawn({
            let named = Arc::clone(&named);
            move || named.replace(0)
        });
        let mine = named.replace(1);
        named.follow(1);
        assert_eq!(usize::from(mine.is_some()) + usize::from(other.join().expect("joined").is_some()), 1);
        assert_eq!(named.successor(), 1, "an acknowledged commit is lost, or made twice");
    });
}

/// Whatever moment it dies at, one region is in service, with every commit that was acknowledged.
#[test]
fn no_commit_dies_with_a_replacer() {
    at_every_write("K=2, a replacer dies, 1 writer that follows x2", Some(2), |writes| {
        let named = Named::new(2);
        let replacer = thread::spawn({
            let named = Arc::clone(&named);
            move || named.fixture.killed(0, writes, || named.replace(0)).is_err()
        });
        named.follow(1);
        let died = replacer.join().expect("joined");
        named.follow(1);
        assert_eq!(named.commits(), 2, "an acknowledged commit is lost, or made twice");
        died
    });
}

/// A writer dies in an update, and the replacer takes its lock over.
#[test]
fn a_replacer_takes_over_from_a_dead_writer() {
    at_every_write("K=2, a commit dies, 1 replacer, 1 writer that follows", Some(2), |writes| {
        let named = Named::new(2);
        let victim = thread::spawn({
            let named = Arc::clone(&named);
            move || named.fixture.killed(0, writes, || named.follow(0)).is_err()
        });
        named.replace(1).expect("no other replacer");
        let died = victim.join().expect("joined");
        named.follow(2);
        let least = if died { 1 } else { 2 };
        assert!((least..=2).contains(&named.successor()), "an acknowledged commit is lost, or made twice");
        died
    });
}
