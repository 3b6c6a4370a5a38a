//! Writers and readers.

use crate::{die, open, say, wait_for_go};
use shmstate::State;
use shmstate::dynamic::DynState;
use shmstate_tests::{Rng, Tally, World};
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

/// Makes a world of that bare name, says where, and removes it if it was new.
pub fn bare(name: &str) {
    match State::<World>::create(name) {
        Ok(world) => {
            say(&world.path().expect("a path").display().to_string());
            assert!(open(name).is_current().expect("a look"));
            shmstate::remove(name).expect("removal");
            assert!(!world.is_current().expect("a look"));
        }
        Err(e) => say(&format!("{:?}: {e}", e.kind())),
    }
}

/// Makes a world under that umask.
pub fn umask(mask: u32, mode: u32, path: &str) {
    // SAFETY: no pointers.
    unsafe { libc::umask(mask) };
    let world = State::<World>::options().mode(mode).create(path).expect("a world");
    assert!(world.is_current().expect("a look"));
}

/// One turn of a writer: the next version, in one of several ways, after some that come to nothing.
pub fn turn(world: &State<World>, tally: &Tally, rng: &mut Rng) {
    match rng.below(12) {
        0 => {
            let verdict = world.try_update(|s| {
                s.spoil(rng);
                Err::<(), _>("no")
            });
            assert_eq!(verdict.expect("an update"), Err("no"));
        }
        1 => {
            let out = catch_unwind(AssertUnwindSafe(|| {
                world.update(|s| {
                    s.spoil(rng);
                    // Without the hook, which would write to the error output.
                    std::panic::resume_unwind(Box::new("out"));
                })
            }));
            assert!(out.is_err(), "a panic goes through");
        }
        _ => {}
    }
    tally.count(Tally::BEGUN);
    if rng.below(8) == 0 {
        // What the closure sees of its own region is the version before.
        world
            .update(|s| {
                let before = s.steps;
                s.step();
                assert_eq!(world.read(|s| s.steps).expect("a read"), before);
            })
            .expect("an update");
    } else {
        world.update(World::step).expect("an update");
    }
    tally.count(Tally::DONE);
}

/// Updates the world `updates` times, or until all stop if that is 0.
pub fn write(path: &str, tally: &str, seed: u64, updates: u64) {
    let (world, tally, mut rng) = (open(path), Tally::open(tally), Rng::new(seed));
    say("in");
    let mut done = 0;
    while tally.get(Tally::STOP) == 0 && (updates == 0 || done < updates) {
        turn(&world, &tally, &mut rng);
        done += 1;
    }
    say(&done.to_string());
}

/// Looks at the world until all stop: versions go up, and each is what it has to be.
pub fn read(path: &str, tally: &str, seed: u64) {
    let (world, tally, mut rng) = (open(path), Tally::open(tally), Rng::new(seed));
    let (mut model, mut reads, mut last) = (World::first(), 0u64, 0);
    say("in");
    while tally.get(Tally::STOP) == 0 {
        look(&world, &tally, &mut model, &mut last, &mut rng);
        reads += 1;
    }
    look(&world, &tally, &mut model, &mut last, &mut rng);
    say(&reads.to_string());
}

/// One look at the world.
fn look(world: &State<World>, tally: &Tally, model: &mut World, last: &mut u64, rng: &mut Rng) {
    let done = tally.get(Tally::DONE);
    let steps = match rng.below(4) {
        // In place, in the time that the model takes: writers go on meanwhile, elsewhere.
        0 => world.read(|s| {
            assert!(s.is_version(s.steps, model), "version {} is not what it has to be", s.steps);
            s.steps
        }),
        1 => world.read(|s| {
            let (steps, hash) = (s.steps, s.hash);
            let later = world.snapshot().expect("a snapshot");
            std::thread::yield_now();
            assert!(later.steps >= steps && later.steps == later.steps_again);
            assert_eq!((steps, hash), (s.steps, s.hash), "what a reader holds stays as it is");
            steps
        }),
        2 => world.snapshot().map(|s| {
            assert!(s.is_version(s.steps, model), "version {} is not what it has to be", s.steps);
            s.steps
        }),
        _ => world.read(|s| {
            assert_eq!(s.steps, s.steps_again);
            s.steps
        }),
    }
    .expect("a look");
    assert!(steps >= *last, "version {steps} after version {last}");
    assert!(steps >= done, "{done} updates were acknowledged, and version {steps} is seen");
    assert!(world.version().expect("a version") >= steps);
    *last = steps;
}

/// Dies at the place that is named.
pub fn die_in(place: &str, path: &str) {
    let world = || open(path);
    match place {
        "in-update" => world().update(|s| {
            s.step();
            die()
        }),
        "in-update-halfway" => world().update(|s| {
            s.spots.fill(1);
            s.left.clear();
            die()
        }),
        "in-read" => world().read(|_| die()),
        "in-nested-read" => {
            let world = world();
            world.update(|s| {
                s.step();
                world.read(|_| die()).expect("a read")
            })
        }
        "in-snapshot-in-read" => {
            let world = world();
            world.read(|_| {
                let _ = world.snapshot();
                die()
            })
        }
        "in-init" => State::<World>::options()
            .init(|s| {
                s.step();
                die()
            })
            .create(format!("{path}.new"))
            .map(drop),
        "after-create" => {
            let _new = State::<World>::create(format!("{path}.new"));
            die()
        }
        "after-open" => {
            let _world = world();
            die()
        }
        "after-update" => {
            let world = world();
            world.update(World::step).expect("an update");
            die()
        }
        "after-roll-back" => {
            let world = world();
            let _ = world.try_update(|s| {
                s.spoil(&mut Rng::new(1));
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
            let world = world();
            world.update(|s| {
                let _die = Die;
                s.spoil(&mut Rng::new(1));
                std::panic::resume_unwind(Box::new("out"))
            })
        }
        "in-thread" => {
            let world = world();
            std::thread::scope(|scope| {
                scope.spawn(|| world.read(|_| std::thread::sleep(std::time::Duration::from_secs(60))));
                world.update(|_| die())
            })
        }
        _ => panic!("no such place: {place}"),
    }
    .expect("it never gets here");
}
