//! Which handle is elected: one at a time, whatever dies when.

use super::explore::explore;
use super::fixture::Fixture;
use loom::thread;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Which handle holds the office, for the scene: 0, or the handle plus one. Not loom's: it is of one mind.
#[derive(Default)]
struct Office(AtomicUsize);

impl Office {
    fn enter(&self, me: usize) {
        assert_eq!(self.0.swap(me + 1, Relaxed), 0, "two handles are elected");
    }

    fn leave(&self, me: usize) {
        assert_eq!(self.0.swap(0, Relaxed), me + 1, "another handle was elected meanwhile");
    }
}

/// Tries once; leaves again if it was elected.
fn serve_once(fixture: &Fixture, office: &Office, me: usize) -> bool {
    let elected = fixture.try_elect(me);
    if elected {
        office.enter(me);
        thread::yield_now();
        office.leave(me);
        fixture.resign(me);
    }
    elected
}

#[test]
fn one_of_three_is_elected() {
    explore("3 handles, each tries once", Some(3), || {
        let (fixture, office) = (Fixture::new(2, 3, 3), Arc::new(Office::default()));
        let others = [1, 2].map(|me| {
            let (fixture, office) = (Arc::clone(&fixture), Arc::clone(&office));
            thread::spawn(move || serve_once(&fixture, &office, me))
        });
        let mut elected = usize::from(serve_once(&fixture, &office, 0));
        for other in others {
            elected += usize::from(other.join().expect("joined"));
        }
        assert!(elected > 0, "no handle is elected");
        assert!(serve_once(&fixture, &office, 0), "the last one has resigned");
    });
}

/// The elected handle dies; its slot is claimed anew by a process that has not been elected, and two others try.
#[test]
fn the_elected_handle_dies() {
    explore("2 handles, the elected one has died, a claim of its slot", Some(3), || {
        let (fixture, office) = (Fixture::new(2, 3, 3), Arc::new(Office::default()));
        assert!(fixture.try_elect(0) && !fixture.try_elect(1) && !fixture.try_elect(0));
        let died = fixture.killed(0, 0, || fixture.resign(0)).is_err();
        assert!(died);
        let other = thread::spawn({
            let (fixture, office) = (Arc::clone(&fixture), Arc::clone(&office));
            move || serve_once(&fixture, &office, 1)
        });
        let claimed = thread::spawn({
            let (fixture, office) = (Arc::clone(&fixture), Arc::clone(&office));
            move || fixture.claim(0) && serve_once(&fixture, &office, 0)
        });
        let mut elected = usize::from(serve_once(&fixture, &office, 2));
        elected += usize::from(other.join().expect("joined"));
        elected += usize::from(claimed.join().expect("joined"));
        fixture.claim(0);
        assert!(elected > 0 || serve_once(&fixture, &office, 2), "the dead one is elected for ever");
    });
}

/// One that waits for the office sleeps until the bell rings.
#[test]
fn a_resignation_rings() {
    explore("2 handles, one waits, woken only", Some(3), || {
        let fixture = Fixture::without_naps(2, 2);
        assert!(fixture.try_elect(0));
        let waits = thread::spawn({
            let fixture = Arc::clone(&fixture);
            move || fixture.wait_elected(1)
        });
        fixture.resign(0);
        waits.join().expect("joined");
    });
}
