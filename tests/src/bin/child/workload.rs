//! Writers and readers.

use crate::{die, open, say, wait_for_go};
use shmstate::State;
use shmstate::dynamic::DynState;
use shmstate_tests::{Counters, Fixture, Rng};
use std::panic::{AssertUnwindSafe, catch_unwind};

pub fn hold_update(path: &str) {
    open(path)
        .update(|s| {
            s.step();
            say("in");
            wait_for_go();
        })
        .expect("an update");
    say("out");
    wait_for_go();
}

/// Begins an update from call to call of any state, in which it sets an item of that name, if there is one.
pub fn hold_transaction(path: &str, item: &str) {
    let state = DynState::options().writable(true).open(path).expect("a handle");
    let mut update = state.begin().expect("an update");
    if !item.is_empty() {
        update.edit().and_then(|mut edit| edit.set(item, 1u64)).expect("an item");
    }
    say("in");
    wait_for_go();
}

pub fn hold_read(path: &str) {
    let seen = open(path)
        .read(|s| {
            let before = s.clone();
            say("in");
            wait_for_go();
            assert!(*s == before, "what a reader holds stays as it is");
            s.steps
        })
        .expect("a read");
    say(&seen.to_string());
    wait_for_go();
}

pub fn hold(path: &str, handles: u64) {
    let _held: Vec<_> = (0..handles).map(|_| open(path)).collect();
    say("in");
    wait_for_go();
}

/// Makes a fixture of that bare name, says where, and removes it if it was new.
pub fn bare(name: &str) {
    match State::<Fixture>::create(name) {
        Ok(fixture) => {
            say(&fixture.path().expect("a path").display().to_string());
            assert!(open(name).is_current().expect("a look"));
            shmstate::remove(name).expect("removal");
            assert!(!fixture.is_current().expect("a look"));
        }
        Err(e) => say(&format!("{:?}: {e}", e.kind())),
    }
}

/// Makes a fixture under that umask.
pub fn umask(mask: u32, mode: u32, path: &str) {
    // SAFETY: no pointers.
    unsafe { libc::umask(mask) };
    let fixture = State::<Fixture>::options().mode(mode).create(path).expect("a fixture");
    assert!(fixture.is_current().expect("a look"));
}

/// One turn of a writer: the next version, in one of several ways, after some that come to nothing.
pub fn turn(fixture: &State<Fixture>, counters: &Counters, rng: &mut Rng) {
    match rng.below(12) {
        0 => {
            let verdict = fixture.try_update(|s| {
                s.damage(rng);
                Err::<(), _>("no")
            });
            assert_eq!(verdict.expect("an update"), Err("no"));
        }
        1 => {
            let out = catch_unwind(AssertUnwindSafe(|| {
                fixture.update(|s| {
                    s.damage(rng);
                    // Without the hook, which would write to the error output.
                    std::panic::resume_unwind(Box::new("out"));
                })
            }));
            assert!(out.is_err(), "a panic goes through");
        }
        _ => {}
    }
    counters.count(Counters::BEGUN);
    if rng.below(8) == 0 {
        // What the closure sees of its own region is the version before.
        fixture
            .update(|s| {
                let before = s.steps;
                s.step();
                assert_eq!(fixture.read(|s| s.steps).expect("a read"), before);
            })
            .expect("an update");
    } else {
        fixture.update(Fixture::step).expect("an update");
    }
    counters.count(Counters::DONE);
}

/// Updates the fixture `updates` times, or until all stop if that is 0.
pub fn write(path: &str, counters: &str, seed: u64, updates: u64) {
    let (fixture, counters, mut rng) = (open(path), Counters::open(counters), Rng::new(seed));
    say("in");
    let mut done = 0;
    while counters.get(Counters::STOP) == 0 && (updates == 0 || done < updates) {
        turn(&fixture, &counters, &mut rng);
        done += 1;
    }
    say(&done.to_string());
}

/// Looks at the fixture until all stop: versions go up, and each is what it has to be.
pub fn read(path: &str, counters: &str, seed: u64) {
    let (fixture, counters, mut rng) = (open(path), Counters::open(counters), Rng::new(seed));
    let (mut model, mut reads, mut last) = (Fixture::first(), 0u64, 0);
    say("in");
    while counters.get(Counters::STOP) == 0 {
        look(&fixture, &counters, &mut model, &mut last, &mut rng);
        reads += 1;
    }
    look(&fixture, &counters, &mut model, &mut last, &mut rng);
    say(&reads.to_string());
}

/// One look at the fixture.
fn look(fixture: &State<Fixture>, counters: &Counters, model: &mut Fixture, last: &mut u64, rng: &mut Rng) {
    let done = counters.get(Counters::DONE);
    let steps = match rng.below(4) {
        // In place, in the time that the model takes: writers go on meanwhile, elsewhere.
        0 => fixture.read(|s| {
            assert!(s.is_version(s.steps, model), "version {} is not what it has to be", s.steps);
            s.steps
        }),
        1 => fixture.read(|s| {
            let (steps, hash) = (s.steps, s.hash);
            let later = fixture.snapshot().expect("a snapshot");
            std::thread::yield_now();
            assert!(later.steps >= steps && later.steps == later.steps_again);
            assert_eq!((steps, hash), (s.steps, s.hash), "what a reader holds stays as it is");
            steps
        }),
        2 => fixture.snapshot().map(|s| {
            assert!(s.is_version(s.steps, model), "version {} is not what it has to be", s.steps);
            s.steps
        }),
        _ => fixture.read(|s| {
            assert_eq!(s.steps, s.steps_again);
            s.steps
        }),
    }
    .expect("a look");
    assert!(steps >= *last, "version {steps} after version {last}");
    assert!(steps >= done, "{done} updates were acknowledged, and version {steps} is seen");
    assert!(fixture.version().expect("a version") >= steps);
    *last = steps;
}

/// Dies at the place that is named.
pub fn die_in(place: &str, path: &str) {
    let fixture = || open(path);
    match place {
        "in-update" => fixture().update(|s| {
            s.step();
            die()
        }),
        "in-update-halfway" => fixture().update(|s| {
            s.spots.fill(1);
            s.left.clear();
            die()
        }),
        "in-read" => fixture().read(|_| die()),
        "in-nested-read" => {
            let fixture = fixture();
            fixture.update(|s| {
                s.step();
                fixture.read(|_| die()).expect("a read")
            })
        }
        "in-snapshot-in-read" => {
            let fixture = fixture();
            fixture.read(|_| {
                let _ = fixture.snapshot();
                die()
            })
        }
        "in-init" => State::<Fixture>::options()
            .init(|s| {
                s.step();
                die()
            })
            .create(format!("{path}.new"))
            .map(drop),
        "after-create" => {
            let _new = State::<Fixture>::create(format!("{path}.new"));
            die()
        }
        "after-open" => {
            let _world = fixture();
            die()
        }
        "after-update" => {
            let fixture = fixture();
            fixture.update(Fixture::step).expect("an update");
            die()
        }
        "after-roll-back" => {
            let fixture = fixture();
            let _ = fixture.try_update(|s| {
                s.damage(&mut Rng::new(1));
                Err::<(), _>(())
            });
            die()
        }
        "in-roll-back" => {
            struct Die;
            impl Drop for Die {
                fn drop(&mut self) {
                    die()
                }
            }
            let fixture = fixture();
            fixture.update(|s| {
                let _die = Die;
                s.damage(&mut Rng::new(1));
                std::panic::resume_unwind(Box::new("out"))
            })
        }
        "in-thread" => {
            let fixture = fixture();
            std::thread::scope(|scope| {
                scope.spawn(|| fixture.read(|_| std::thread::sleep(std::time::Duration::from_secs(60))));
                fixture.update(|_| die())
            })
        }
        _ => panic!("no such place: {place}"),
    }
    .expect("it never gets here");
}
