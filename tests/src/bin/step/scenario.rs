//! The regions: one in which processes die, one to which what they leave is carried, and the handles around them.

use crate::Fallible;
use crate::fixture::{Fixture, Model};
use crate::image::{HANDLES, Image, Words, always_turns, elect, pin, unlist, wait};
use crate::ops::{Op, before};
use shmstate::{Options, State};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How every region here is created.
pub(crate) fn options<'a>(copies: usize) -> Options<'a, Fixture> {
    State::options().copies(copies).handles(HANDLES).init(Fixture::fill)
}

/// A handle that never waits: what the dead leave, it can have at once.
pub(crate) fn impatient(path: &Path) -> Result<State<Fixture>, shmstate::Error> {
    State::options().timeout(Duration::ZERO).open(path)
}

/// A region with a handle that stays, so that the population lives on when a process dies.
pub(crate) struct Scenario {
    pub(crate) path: PathBuf,
    pub(crate) image: Image,
    /// Slot 0.
    pub(crate) bystander: State<Fixture>,
    /// Slot 3, which a dying process never has.
    pub(crate) recoverer: State<Fixture>,
}

/// Where an operation begins: all bytes of a region, and what they mean.
#[derive(Clone)]
pub(crate) struct Start {
    pub(crate) bytes: Vec<u8>,
    pub(crate) version: u64,
    pub(crate) model: Model,
}

impl Start {
    /// The process that died with that slot read the active copy on another thread.
    pub(crate) fn pin(&mut self, slot: usize) {
        let active = Words(&self.bytes).active();
        pin(&mut self.bytes, slot, active);
    }

    /// A handle waits for a version.
    pub(crate) fn wait(&mut self) {
        wait(&mut self.bytes);
    }

    /// The same, as if the state were not small: no copy rests, and the log runs over to pages.
    pub(crate) fn of_a_large_state(&self, copies: usize) -> Start {
        let mut start = self.clone();
        always_turns(&mut start.bytes, copies);
        start
    }

    /// The handle that was elected had that slot, and died.
    pub(crate) fn elect(&mut self, slot: usize) {
        elect(&mut self.bytes, slot);
    }

    /// The writer that died was sweeping the list of readers.
    pub(crate) fn unlist(&mut self) {
        unlist(&mut self.bytes);
    }
}

impl Scenario {
    /// A new region. All its slots count as used, as in every image that is carried to it.
    pub(crate) fn new(path: PathBuf, copies: usize) -> Fallible<Scenario> {
        let bystander = options(copies).timeout(Duration::ZERO).create(&path)?;
        let between = [impatient(&path)?, impatient(&path)?];
        let recoverer = impatient(&path)?;
        drop(between);
        Ok(Scenario { image: Image::open(&path)?, bystander, recoverer, path })
    }

    /// Updates the region until every copy has been active and owes something, and keeps its bytes. With `reader`, the
    /// bystander stays in a read for the last updates, and for ever.
    pub(crate) fn warm_up(&self, copies: usize, reader: bool) -> Fallible<Start> {
        let mut model = Model::first();
        let mut round = 0;
        let mut update = |model: &mut Model, most: usize| -> Fallible<()> {
            round += 1;
            let mut edits = before(round);
            edits.truncate(most);
            model.apply(&edits);
            self.bystander.update(|fixture| fixture.apply(&edits))?;
            match self.bystander.read(|fixture| model.difference(fixture))? {
                None => Ok(()),
                Some(difference) => Err(Wrong(format!("before any death: {difference}")).into()),
            }
        };
        for _ in 0..4 * copies + 1 {
            update(&mut model, usize::MAX)?;
        }
        let mut bytes = Vec::new();
        if reader {
            // On another thread: an update within a read of the same thread is refused.
            self.bystander
                .read(|_| {
                    std::thread::scope(|scope| {
                        let updates = scope.spawn(|| {
                            // Until the log is about to go round over what the pinned copy still needs.
                            let left = || Some(self.image.words().log_left(copies)).filter(|&left| left > 3);
                            // Each update leaves a note at least.
                            std::iter::from_fn(left)
                                .take(self.image.words().log_len() as usize)
                                .try_for_each(|left| update(&mut model, if left > 16 { usize::MAX } else { 1 }))
                                .map_err(|e| e.to_string())
                        });
                        updates.join().map_err(|_| "a thread panicked".to_owned()).and_then(|result| result)
                    })?;
                    bytes = self.image.bytes().to_vec();
                    let words = self.image.words();
                    if (0..copies).any(|k| words.has_dirty_pages(k)) {
                        Err("the log has gone round already".to_owned())
                    } else if words.log_left(copies) > 3 {
                        Err("the copy in which a reader stays has taken over log entries".to_owned())
                    } else {
                        Ok(())
                    }
                })?
                .map_err(|why| Wrong(format!("before any death: {why}")))?;
        } else {
            bytes = self.image.bytes().to_vec();
        }
        Ok(Start { bytes, version: self.bystander.version().expect("a version"), model })
    }
}

/// The library did something wrong before any process died.
#[derive(Debug)]
pub(crate) struct Wrong(pub(crate) String);

impl std::fmt::Display for Wrong {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Wrong {}

/// What a recovered region may be: a version, and its content.
pub(crate) struct Expect {
    pub(crate) allowed: Vec<(u64, Model)>,
}

impl Expect {
    /// The version in which the operation began, or the one that it makes.
    pub(crate) fn of(op: Op, start: &Start, seed: u64) -> Expect {
        let mut allowed = vec![(start.version, start.model.clone())];
        if op.commits() {
            allowed.push((start.version + 1, start.model.after(&op.edits(seed))));
        }
        Expect { allowed }
    }

    /// The version that is there once the operation is through.
    pub(crate) fn last(&self) -> u64 {
        self.allowed.last().map_or(0, |(version, _)| *version)
    }

    /// The content of a version.
    pub(crate) fn model(&self, version: u64) -> Result<&Model, String> {
        let found = self.allowed.iter().find(|(allowed, _)| *allowed == version);
        let allowed: Vec<u64> = self.allowed.iter().map(|(version, _)| *version).collect();
        found.map(|(_, model)| model).ok_or_else(|| format!("version {version}, where {allowed:?} may be"))
    }
}
