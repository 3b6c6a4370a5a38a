//! The state under a later type, and what is there once its migration is through.

use crate::fixture::{Fixture, Model};
use crate::scenario::{Scenario, Start};
use crate::surroundings::names;
use shmstate::{Error, ErrorKind, List, Migrate, SharedLayout, State, Text};
use std::time::Duration;

/// A [`Fixture`] of the next release: fields in another order, wider, with more room, and a new one.
#[derive(SharedLayout)]
#[repr(C)]
pub(crate) struct NextFixture {
    groups: List<NextGroup, 8>,
    cells: List<u64, 1300>,
    #[shared(renamed_from = "left")]
    lefts: List<u64, 16>,
    #[shared(init = 60)]
    interval: u64,
    right: List<u32, 16>,
    name: Text<40>,
    ticks: u64,
}

#[derive(SharedLayout)]
#[repr(C)]
struct NextGroup {
    tags: List<u64, 8>,
    id: u64,
}

impl NextFixture {
    /// What it is without what is new.
    fn model(&self) -> Result<Model, String> {
        let narrow = |number: &u64| u32::try_from(*number).map_err(|_| format!("{number} was no `u32`"));
        let tags = |group: &NextGroup| Ok((group.id, group.tags.iter().map(narrow).collect::<Result<_, String>>()?));
        Ok(Model {
            ticks: self.ticks,
            name: self.name.as_str().into(),
            cells: self.cells.to_vec(),
            left: self.lefts.iter().map(narrow).collect::<Result<_, _>>()?,
            right: self.right.to_vec(),
            groups: self.groups.iter().map(tags).collect::<Result<_, String>>()?,
        })
    }
}

/// The name has been given: the new region goes on from the same content, and the next version.
pub(crate) fn moved(scenario: &Scenario, start: &Start) -> Result<(), String> {
    goes_on(scenario, &start.model, start.version + 1)
}

/// The process died before it gave the name: the next one does all of it, and nothing is left of the first attempt.
pub(crate) fn after_all(scenario: &Scenario) -> Result<(), String> {
    let version = scenario.recoverer.version().map_err(|e| format!("the version before the next migration: {e}"))?;
    let model = scenario.recoverer.read(Model::of).map_err(|e| format!("a read before the next migration: {e}"))?;
    goes_on(scenario, &model, version + 1)?;
    crate::check::retired(scenario)
}

/// What any process of the next release finds, and that it can go on.
fn goes_on(scenario: &Scenario, model: &Model, version: u64) -> Result<(), String> {
    let open = || State::<NextFixture>::options().migrate(Migrate::Auto).timeout(Duration::ZERO).open(&scenario.path);
    let mut model = model.clone();
    let [state, other] = [open(), open()].map(|opened| opened.map_err(|e| format!("opening the new region: {e}")));
    let (state, other) = (state?, other?);
    let wrong = |what: &str, e: Error| format!("{what} of the new region: {e}");
    for round in 0..6 {
        let found = other.read_versioned(|fixture, at| (fixture.model(), fixture.interval, at));
        let (found, interval, at) = found.map_err(|e| wrong("a read", e))?;
        if (found?, interval, at) != (model.clone(), 60, version + round) {
            return Err(format!("the new region has another content in version {at}, after {round} updates"));
        }
        model.ticks += 1;
        state.update(|fixture| fixture.ticks += 1).map_err(|e| wrong("an update", e))?;
    }
    match State::<Fixture>::open(&scenario.path) {
        Err(error) if error.kind() == ErrorKind::LayoutMismatch => {}
        other => return Err(format!("opening the new region as the old type: {other:?}")),
    }
    let left: Vec<_> =
        names(&scenario.path).into_iter().filter(|name| name.as_encoded_bytes().starts_with(b".")).collect();
    if left.is_empty() { Ok(()) } else { Err(format!("the dead one left {left:?}")) }
}
