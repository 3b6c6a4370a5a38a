//! The commands that change a state: each is one update.

use crate::args::Change;
use crate::failure::Failure;
use crate::given;
use crate::regions;
use shmstate::Error;
use shmstate::dynamic::{Data, Edit};
use std::io::Write;

pub enum Verb<'a> {
    Set(&'a str),
    Push(&'a str),
    Insert(&'a str, &'a str),
    Remove,
    Clear,
}

/// What a verb does, with what it was given.
enum Step {
    Set(String),
    Push(Data),
    Insert(Data, Data),
    Remove,
    Clear,
}

impl Verb<'_> {
    fn step(&self) -> Result<Step, Failure> {
        Ok(match self {
            Verb::Set(value) => Step::Set(given::document(value)?),
            Verb::Push(value) => Step::Push(given::data(value)?),
            Verb::Insert(key, value) => Step::Insert(given::data(key)?, given::data(value)?),
            Verb::Remove => Step::Remove,
            Verb::Clear => Step::Clear,
        })
    }

    /// The part of which a dry run shows what it was and what it would be: as small as can be, because writers wait.
    fn changes<'p>(&self, path: &'p str) -> &'p str {
        match self {
            // Of an item, the container. A key may have any characters: then the whole state.
            Verb::Remove if path.contains(['"', '{']) || path.contains("[[") => "",
            Verb::Remove => path.rfind(['[', '.']).map_or("", |end| &path[..end]),
            _ => path,
        }
    }
}

impl Step {
    fn run(self, edit: &mut Edit<'_>, path: &str) -> Result<(), Error> {
        match self {
            Step::Set(document) => edit.set_json(path, &document),
            Step::Push(value) => edit.push(path, value),
            Step::Insert(key, value) => edit.insert(path, key, value),
            Step::Remove => edit.remove(path),
            Step::Clear => edit.clear(path),
        }
    }
}

/// Runs the change. A dry run is rolled back, and prints what would have changed.
pub fn edit(out: &mut impl Write, change: &Change, verb: Verb<'_>) -> Result<bool, Failure> {
    let step = verb.step()?;
    let state = regions::options().writable(true).open(&change.name)?;
    if !change.dry_run {
        state.update(|edit| step.run(edit, &change.path))?;
        return Ok(true);
    }
    let part = verb.changes(&change.path);
    let tried = state.transact(|edit| -> Result<(), Tried> {
        let before = edit.value().get(part)?.to_json()?;
        step.run(edit, &change.path)?;
        Err(Tried::Done { before, after: edit.value().get(part)?.to_json()? })
    });
    match tried {
        Ok(()) => Ok(true),
        Err(Tried::Failed(error)) => Err(error.into()),
        Err(Tried::Done { before, after }) => {
            super::compare::print_part(out, part, &given::json(&before), &given::json(&after))?;
            Ok(true)
        }
    }
}

/// How a dry run ends, which is never a commit.
enum Tried {
    Done { before: String, after: String },
    Failed(Error),
}

impl From<Error> for Tried {
    fn from(error: Error) -> Self {
        Tried::Failed(error)
    }
}
