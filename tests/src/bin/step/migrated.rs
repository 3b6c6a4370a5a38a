//! The state under a later type, and what is there once its migration is through.

use crate::stand::{Stand, Start};
use crate::surroundings::names;
use crate::world::{Model, World};
use shmstate::{Error, ErrorKind, List, Migrate, SharedLayout, State, Text};
use std::time::Duration;

/// A [`World`] of the next release: fields in another order, wider, with more room, and a new one.
#[derive(SharedLayout)]
#[repr(C)]
pub(crate) struct NextWorld {
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

impl NextWorld {
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
pub(crate) fn moved(stand: &Stand, start: &Start) -> Result<(), String> {
    goes_on(stand, &start.model, start.version + 1)
}

/// The process died before it gave the name: the next one does all of it, and nothing is left of the first attempt.
pub(crate) fn after_all(stand: &Stand) -> Result<(), String> {
    let version = stand.recoverer.version().map_err(|e| format!("the version before the next migration: {e}"))?;
    let model = stand.recoverer.read(Model::of).map_err(|e| format!("a read before the next migration: {e}"))?;
    goes_on(stand, &model, version + 1)?;
    crate::check::retired(stand)
}

/// What any process of the next release finds, and that it can go on.
fn goes_on(stand: &Stand, model: &Model, version: u64) -> Result<(), String> {
    let open = || State::<NextWorld>::options().migrate(Migrate::Auto).timeout(Duration::ZERO).open(&stand.path);
    let mut model = model.clone();
    let [state, other] = [open(), open()].map(|opened| opened.map_err(|e| format!("opening the new region: {e}")));
    let (state, other) = (state?, other?);
    let wrong = |what: &str, e: Error| format!("{what} of the new region: {e}");
    for round in 0..6 {
        let found = other.read_versioned(|world, at| (world.model(), world.interval, at));
        let (found, interval, at) = found.map_err(|e| wrong("a read", e))?;
        if (found?, interval, at) != (model.clone(), 60, version + round) {
            return Err(format!("the new region has another content in version {at}, after {round} updates"));
        }
        model.ticks += 1;
        state.update(|world| world.ticks += 1).map_err(|e| wrong("an update", e))?;
    }
    match State::<World>::open(&stand.path) {
        Err(error) if error.kind() == ErrorKind::LayoutMismatch => {}
        other => return Err(format!("opening the new region as the old type: {other:?}")),
    }
    let left: Vec<_> =
        names(&stand.path).into_iter().filter(|name| name.as_encoded_bytes().starts_with(b".")).collect();
    if left.is_empty() { Ok(()) } else { Err(format!("the dead one left {left:?}")) }
}
