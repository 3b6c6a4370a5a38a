//! A region that another one replaces: the writers and readers that meet its marks, and replacers that die.
//!
//! What decides is [`super::super::service`]. What the region's handles do with it is in `region`, over files; here the name is one
//! word.

use super::super::Reader::Guest;
use super::super::{BeginError, Pin, Published, Service};
use super::deaths::at_every_write;
use super::explore::explore;
use super::world::{Naps, Verdict, World};
use crate::sync::AtomicU32;
use crate::sync::Ordering::SeqCst;
use loom::thread;
use std::sync::Arc;

/// A region, and whether its name leads to it.
struct Named {
    world: Arc<World>,
    is_here: AtomicU32,
}

impl Named {
    fn new(copies: usize) -> Arc<Named> {
        Arc::new(Named { world: World::new(copies, 3, 3), is_here: AtomicU32::new(1) })
    }

    fn is_here(&self) -> bool {
        self.is_here.load(SeqCst) == 1
    }

    /// Gives the name to another region. Returns the last version of this one.
    fn replace(&self, me: usize) -> u64 {
        self.world.locked(me, |shared| {
            shared.leave_service();
            self.is_here.store(0, SeqCst);
            shared.retire();
            shared.published().version
        })
    }

    /// Whether a region that names `copy` may be used.
    fn may_be_used(&self, copy: usize) -> bool {
        match (Published { version: 0, copy }).service() {
            Service::In => panic!("there is no copy {copy}"),
            Service::Leaving if self.is_here() => true,
            Service::Leaving => {
                self.world.shared().confirm_retired();
                false
            }
            Service::Retired => false,
        }
    }

    /// One update. `None`: the region was replaced.
    fn update(&self, me: usize) -> Option<usize> {
        loop {
            match self.world.transact(me, &mut Naps(u32::MAX), Verdict::Commit) {
                Ok(version) => return Some(version),
                Err(BeginError::NoSuchCopy { copy }) if self.may_be_used(copy) => self.settle(me),
                Err(BeginError::NoSuchCopy { .. }) => return None,
                Err(error) => panic!("{error:?}"),
            }
        }
    }

    /// Takes the marks away, or makes them final.
    fn settle(&self, me: usize) {
        self.world.locked(me, |shared| match shared.published().service() {
            Service::Leaving if self.is_here() => shared.stay_in_service(),
            Service::Leaving => shared.retire(),
            _ => {}
        });
    }

    /// One look that stays for a while. `None`: the region was replaced.
    fn read(&self, me: usize) -> Option<usize> {
        let shared = self.world.shared();
        let entered = shared.enter(me, self.world.slot(me), Guest);
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
        let first = self.world.shown(&pin);
        thread::yield_now();
        assert_eq!(self.world.shown(&pin), first, "what a reader holds has changed");
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
        let last = replacer.join().expect("joined");
        let now = named.world.shared().published();
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
        let last = replacer.join().expect("joined");
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
            move || named.world.killed(0, writes, || named.replace(0)).is_err()
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
        named.world.locked(0, |shared| shared.leave_service());
        let reader = thread::spawn({
            let named = Arc::clone(&named);
            move || named.read(2).expect("it has its name")
        });
        assert_eq!((named.update(1), named.update(1)), (Some(1), Some(2)));
        reader.join().expect("joined");
        named.world.finish(2);
    });
}
