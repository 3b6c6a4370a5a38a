//! What the living make of what the dead have left.

use crate::fixture::{Fixture, Model};
use crate::image::{HANDLES, Image, Words};
use crate::ops::{after, rolled_back};
use crate::scenario::{Expect, Scenario, Start, impatient};
use shmstate::{ErrorKind, State};
use std::path::Path;
use std::time::Duration;

/// Updates that are checked at least.
const LEAST: u64 = 3;

/// More updates than a copy may lag behind before a writer asks whether its readers live.
const PATIENCE: u64 = 1100;

/// The slots of the processes that die.
const MORTAL: [usize; 2] = [1, 2];

/// The processes that go on, and how thoroughly they are checked.
struct Survivors<'a> {
    writer: &'a State<Fixture>,
    readers: &'a [&'a State<Fixture>],
    image: &'a Image,
    copies: usize,
    /// Whether the dead writer's lock is taken over, and not forgotten with the whole population.
    population: bool,
}

fn read(handle: &State<Fixture>, model: &Model) -> Result<(), String> {
    match handle.read(|fixture| model.difference(fixture)) {
        Ok(None) => Ok(()),
        Ok(Some(difference)) => Err(difference),
        Err(error) => Err(format!("reading: {error}")),
    }
}

impl<'a> Survivors<'a> {
    fn words(&self) -> Words<'_> {
        self.image.words()
    }

    fn read_all(&self, model: &Model) -> Result<(), String> {
        self.readers.iter().chain([&self.writer]).try_for_each(|handle| read(handle, model))
    }

    /// Old or new; then further updates of other places, until every copy has been the active one, each as the model.
    ///
    /// `held` and `recoveries` are of the crash state.
    fn go_on(&self, expect: &Expect, held: bool, recoveries: u64) -> Result<(), String> {
        let version = self.writer.version().expect("a version");
        let mut model = expect.model(version)?.clone();
        self.read_all(&model).map_err(|e| format!("right after the death: {e}"))?;
        let mut active = 0u32;
        let mut round = 0;
        loop {
            if round == 1 {
                let edits = rolled_back();
                let verdict = self.writer.try_update(|fixture| {
                    fixture.apply(&edits);
                    Err::<(), ()>(())
                });
                if !matches!(verdict, Ok(Err(()))) {
                    return Err(format!("an update that is to be rolled back: {verdict:?}"));
                }
            }
            if round == 2 {
                // A reader that lived through all this leaves.
                self.image.unpin(0);
            }
            if round == 3 {
                // What has rested so far is to be right as well.
                self.image.always_turns(self.copies);
            }
            let kept = self.kept_by_the_living();
            let edits = after(round);
            self.writer
                .update(|fixture| fixture.apply(&edits))
                .map_err(|e| format!("update {round} after the death: {e}"))?;
            model.apply(&edits);
            round += 1;
            let wrong = |what: &str| Err(format!("after {round} further updates: {what}"));
            if self.writer.version().expect("a version") != version + round {
                return wrong("the version is wrong");
            }
            self.read_all(&model).map_err(|e| format!("after {round} further updates: {e}"))?;
            let words = self.words();
            if kept.iter().any(|&(k, sequence)| words.sequence(k) != sequence) {
                return wrong("a copy was written that a living reader pins");
            }
            active |= 1 << words.active();
            if words.owner().is_some() {
                return wrong("the lock is still held");
            }
            if words.is_odd(words.active()) {
                return wrong("the active copy counts as half-written");
            }
            let expected = recoveries + u64::from(held && self.population);
            if words.recoveries() != expected {
                return wrong(&format!("{} recoveries are counted, not {expected}", words.recoveries()));
            }
            let unused = (0..self.copies).filter(|k| active & 1 << k == 0);
            let (pinned, free): (Vec<_>, Vec<_>) =
                unused.partition(|&k| MORTAL.iter().any(|&slot| words.is_in_the_way(slot, k)));
            if round >= LEAST && pinned.is_empty() && free.is_empty() {
                break;
            }
            // A dead reader's copy may wait; another one may not, whatever happens to that.
            if !free.is_empty() && round > LEAST + 5 * self.copies as u64 {
                return wrong("a copy without a pin has never been used");
            }
            if round > PATIENCE {
                return wrong("a copy that only the dead pin has never been used");
            }
        }
        if let Some(copy) = (0..self.copies).find(|&k| self.words().is_odd(k)) {
            return Err(format!("copy {copy} counts as half-written for ever"));
        }
        self.elect()?;
        // With two copies, one that a reader keeps is in the writer's way.
        let staying = if self.copies > 2 { self.readers } else { &[] };
        staying.iter().try_for_each(|reader| self.update_while_one_reads(reader, &mut model, &mut round))
    }

    /// The dead are not elected: a living handle can be, and then no other one.
    fn elect(&self) -> Result<(), String> {
        let elect = |handle: &'a State<Fixture>| handle.elect(Duration::ZERO).map_err(|e| format!("an election: {e}"));
        let elected = elect(self.writer)?.ok_or("a dead handle stays elected")?;
        for reader in self.readers {
            if elect(reader)?.is_some() {
                return Err("two handles are elected".to_owned());
            }
        }
        drop(elected);
        Ok(())
    }

    /// The copies in which the bystander's readers are, and their sequences. Not the active one, which a recovery makes
    /// even.
    fn kept_by_the_living(&self) -> Vec<(usize, u64)> {
        let words = self.words();
        let kept = (0..self.copies).filter(|&k| k != words.active() && words.is_pinned(0, k));
        kept.map(|k| (k, words.sequence(k))).collect()
    }

    /// A reader of a handle that outlived the dead keeps what it sees, while updates take every other copy in turn.
    fn update_while_one_reads(
        &self,
        reader: &State<Fixture>,
        model: &mut Model,
        round: &mut u64,
    ) -> Result<(), String> {
        let kept = model.clone();
        let found = reader.read(|fixture| {
            std::thread::scope(|scope| {
                // On another thread: an update within a read of the same thread is refused.
                let updates = scope.spawn(|| {
                    (0..self.copies).try_for_each(|_| {
                        let edits = after(*round);
                        *round += 1;
                        model.apply(&edits);
                        self.writer.update(|fixture| fixture.apply(&edits)).map_err(|e| e.to_string())?;
                        read(self.writer, model)
                    })
                });
                updates.join().map_err(|_| "a thread panicked".to_owned())?
            })
            .map_err(|e| format!("updates while a reader stays: {e}"))?;
            match kept.difference(fixture) {
                Some(difference) => Err(format!("a reader that stays sees another version: {difference}")),
                None => Ok(()),
            }
        });
        found.map_err(|e| format!("a reader that stays: {e}"))?
    }
}

/// The population lives on: a handle that was attached all the time takes the lock over.
pub(crate) fn alive(scenario: &Scenario, bytes: &[u8], copies: usize, expect: &Expect) -> Result<(), String> {
    scenario.image.overwrite(bytes);
    left_behind(scenario, copies, expect)
}

/// As [`alive`], with what is in the region now.
pub(crate) fn left_behind(scenario: &Scenario, copies: usize, expect: &Expect) -> Result<(), String> {
    let (held, recoveries) = crash_state(&scenario.image.words());
    let survivors = Survivors {
        writer: &scenario.recoverer,
        readers: &[&scenario.bystander],
        image: &scenario.image,
        copies,
        population: true,
    };
    survivors.go_on(expect, held, recoveries)
}

/// The population lives on, and a new handle claims the dead one's slot.
pub(crate) fn claimed(scenario: &Scenario, bytes: &[u8], copies: usize, expect: &Expect) -> Result<(), String> {
    scenario.image.overwrite(bytes);
    let (held, recoveries) = crash_state(&scenario.image.words());
    let open = || impatient(&scenario.path).map_err(|e| format!("a handle that takes a dead one's slot: {e}"));
    let newcomer = open()?;
    // The other slot of the processes that die, so that no pin of theirs is left.
    let _second = open()?;
    let survivors = Survivors {
        writer: &newcomer,
        readers: &[&scenario.bystander, &scenario.recoverer],
        image: &scenario.image,
        copies,
        population: true,
    };
    survivors.go_on(expect, held, recoveries)
}

/// All processes died: a new one opens the file that is at `path` now, alone.
pub(crate) fn alone(path: &Path, copies: usize, expect: &Expect) -> Result<(), String> {
    let image = Image::open(path).map_err(|e| e.to_string())?;
    let (held, recoveries) = crash_state(&image.words());
    let first = impatient(path).map_err(|e| format!("the first handle of a new population: {e}"))?;
    let survivors = Survivors { writer: &first, readers: &[], image: &image, copies, population: false };
    survivors.go_on(expect, held, recoveries)?;
    // No process is attached, so that every slot can be had.
    let others: Result<Vec<_>, _> = (1..HANDLES).map(|_| impatient(path)).collect();
    others.map(drop).map_err(|e| format!("the other slots: {e}"))
}

/// The state has moved to another region, and its old handles know: the new one goes on from the same content, and the next
/// version.
pub(crate) fn moved(scenario: &Scenario, copies: usize, start: &Start) -> Result<(), String> {
    retired(scenario)?;
    alone(&scenario.path, copies, &Expect { allowed: vec![(start.version + 1, start.model.clone())] })
}

/// The old handles know that their region has been replaced.
pub(crate) fn retired(scenario: &Scenario) -> Result<(), String> {
    let old = [
        ("an update", scenario.recoverer.update(|_| ())),
        ("a read", scenario.bystander.read(|_| ())),
        ("another update", scenario.bystander.update(|_| ())),
    ];
    for (what, old) in old {
        match old {
            Err(error) if error.kind() == ErrorKind::Retired => {}
            other => return Err(format!("{what} of the old region: {other:?}")),
        }
    }
    Ok(())
}

fn crash_state(words: &Words<'_>) -> (bool, u64) {
    (words.owner().is_some(), words.recoveries())
}
