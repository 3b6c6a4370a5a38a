//! A state with one of everything, whose content follows from its version.

use crate::{Rng, SEED};
use shmstate::{List, SharedLayout, Text};
use std::mem::{swap, take};

/// Items of [`Fixture::spots`].
pub const SPOTS: usize = 1024;

/// How a person is.
#[derive(SharedLayout, Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Mood {
    /// Fine.
    Calm,
    /// Less so.
    Cross,
    /// Well.
    Merry = 7,
}

/// A person.
#[derive(SharedLayout, Clone, PartialEq, Eq, Debug)]
#[repr(C)]
pub struct Person {
    /// A number.
    pub id: u64,
    /// A name.
    pub name: Text<24>,
    /// Numbers.
    pub marks: List<u16, 8>,
    /// A mood, with the padding after it.
    pub mood: [Mood; 8],
}

/// The state of the tests. After `n` steps its content is always the same, so that every process can tell whether what
/// it sees is what version `n` has to be.
#[derive(SharedLayout, Clone, PartialEq, Eq, Debug)]
#[repr(C)]
pub struct Fixture {
    /// Steps so far.
    pub steps: u64,
    /// A hash over all steps.
    pub hash: u64,
    /// Plain numbers.
    pub counts: [u64; 4],
    /// Text of its own.
    pub motto: Text<64>,
    /// Grows, and is swapped with the next one.
    pub left: List<u64, 64>,
    /// Is ordered about.
    pub right: List<u64, 64>,
    /// Over several pages.
    pub spots: List<u64, SPOTS>,
    /// Lists in a list.
    pub rows: List<List<u32, 16>, 12>,
    /// What was taken out of the rows, and goes back in some later step.
    pub spare: List<u32, 16>,
    /// Structs with containers.
    pub people: List<Person, 8>,
    /// The same as `steps`.
    pub steps_again: u64,
}

impl Fixture {
    /// The first version.
    #[must_use]
    pub fn first() -> Box<Fixture> {
        Fixture::new_box_zeroed()
    }

    /// Version `steps`.
    #[must_use]
    pub fn at(steps: u64) -> Box<Fixture> {
        let mut fixture = Fixture::first();
        fixture.advance_to(steps);
        fixture
    }

    /// Steps until there have been `steps` of them.
    pub fn advance_to(&mut self, steps: u64) {
        while self.steps < steps {
            self.step();
        }
    }

    /// Kinds of steps.
    pub const KINDS: u64 = 12;

    /// The one thing that can come next.
    ///
    /// # Panics
    /// If a container has no room where it must have.
    pub fn step(&mut self) {
        let mut rng = Rng::new(SEED ^ self.steps.wrapping_mul(0x2545_f491_4f6c_dd1d));
        // Runs of one kind, so that what one copy has to take over piles up, between mixtures.
        let kind =
            if (self.steps / 32).is_multiple_of(2) { rng.any() % Self::KINDS } else { self.steps / 64 % Self::KINDS };
        self.act(kind, &mut rng);
        self.hash = Rng::new(self.hash ^ kind).any();
        self.steps += 1;
        self.steps_again = self.steps;
    }

    /// Does something that no version has.
    pub fn damage(&mut self, rng: &mut Rng) {
        self.steps_again = u64::MAX;
        for _ in 0..rng.below(4) {
            let kind = rng.any() % Self::KINDS;
            self.act(kind, rng);
        }
        self.hash = 1;
    }

    /// One act of that kind.
    ///
    /// # Panics
    /// If a container has no room where it must have.
    pub fn act(&mut self, kind: u64, rng: &mut Rng) {
        let fits = "there is room";
        if self.spots.is_empty() {
            self.spots.resize(SPOTS, 0).expect(fits);
        }
        match kind {
            0 => {
                if self.left.is_full() {
                    self.left.clear();
                }
                self.left.push(rng.any()).expect(fits);
            }
            1 => self.spots[rng.below(SPOTS)] = rng.any(),
            2 => (0..40).for_each(|_| self.spots[rng.below(SPOTS)] = rng.any()),
            3 => swap(&mut self.left, &mut self.right),
            4 => {
                if self.rows.is_full() {
                    self.rows.remove(rng.below(12));
                }
                self.rows.insert(rng.below(self.rows.len() + 1), List::from([rng.any() as u32; 5])).expect(fits);
            }
            5 if !self.rows.is_empty() => {
                let row = rng.below(self.rows.len());
                let row = &mut self.rows[row];
                if row.is_full() {
                    row.truncate(2);
                }
                row.push(rng.any() as u32).expect(fits);
                row[0] = 7;
            }
            6 if !self.rows.is_empty() => {
                // Out now, and back whenever this comes again.
                let row = rng.below(self.rows.len());
                swap(&mut self.rows[row], &mut self.spare);
            }
            7 => self.motto.set(&format!("step {} of {}", self.steps, rng.any())).expect(fits),
            8 => {
                if self.people.is_full() {
                    self.people.swap_remove(rng.below(8));
                }
                let name = Text::try_from(format!("p{}", rng.below(1000)).as_str()).expect(fits);
                self.people
                    .push(Person { id: rng.any(), name, marks: List::new(), mood: [Mood::Merry; 8] })
                    .expect(fits);
            }
            9 if !self.people.is_empty() => {
                let (a, b) = (rng.below(self.people.len()), rng.below(self.people.len()));
                self.people.swap(a, b);
                let marks = take(&mut self.people[a].marks);
                let person = &mut self.people[b];
                person.marks = marks;
                if person.marks.push(rng.any() as u16).is_err() {
                    person.marks.clear();
                }
                person.mood[rng.below(8)] = Mood::Cross;
                person.name.push_str("x").unwrap_or_else(|_| person.name.clear());
            }
            10 => {
                self.right.sort_unstable();
                self.right.rotate_left(self.right.len() / 3);
                self.right.retain(|n| n % 7 != 0);
            }
            11 => {
                let (a, b) = (rng.below(SPOTS), rng.below(SPOTS));
                self.spots[a.min(b)..a.max(b)].fill(rng.any());
            }
            _ => self.counts[rng.below(4)] += 1,
        }
    }

    /// Whether this is what the version has to be; `model` is brought there.
    ///
    /// # Panics
    /// If the model is past it.
    #[must_use]
    pub fn is_version(&self, version: u64, model: &mut Fixture) -> bool {
        assert!(model.steps <= version, "versions go up: {} then {version}", model.steps);
        model.advance_to(version);
        self == model
    }

    /// A number that tells this content from any other, the same in every process: what is live, and nothing else.
    #[must_use]
    pub fn digest(&self) -> u64 {
        let mut hash = self.hash;
        let mut add = |n: u64| hash = (hash.rotate_left(29) ^ n).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let text = |add: &mut dyn FnMut(u64), text: &str| {
            add(text.len() as u64);
            text.bytes().for_each(|byte| add(byte.into()));
        };
        add(self.steps);
        add(self.steps_again);
        self.counts.iter().for_each(|n| add(*n));
        text(&mut add, &self.motto);
        for list in [&self.left, &self.right] {
            add(list.len() as u64);
            list.iter().for_each(|n| add(*n));
        }
        add(self.spots.len() as u64);
        self.spots.iter().for_each(|n| add(*n));
        add(self.rows.len() as u64);
        for row in self.rows.iter().chain([&self.spare]) {
            add(row.len() as u64);
            row.iter().for_each(|n| add((*n).into()));
        }
        add(self.people.len() as u64);
        for person in self.people.iter() {
            add(person.id);
            text(&mut add, &person.name);
            add(person.marks.len() as u64);
            person.marks.iter().for_each(|n| add((*n).into()));
            person.mood.iter().for_each(|mood| add(*mood as u64));
        }
        hash
    }
}
