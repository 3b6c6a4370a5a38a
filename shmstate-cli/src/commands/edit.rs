//! The commands that change a state: each is one update.

use crate::args::Change;
use crate::failure::Failure;
use crate::given;
use shmstate::Error;
use shmstate::dynamic::{DynState, Edit};
use std::io::Write;

pub enum Verb<'a> {
    Set(&'a str),
    Push(&'a str),
    Insert(&'a str, &'a str),
    Remove,
    Clear,
}

impl Verb<'_> {
    fn run(&self, edit: &mut Edit<'_>, path: &str) -> Result<(), Error> {
        match self {
            Verb::Set(value) => edit.set_json(path, &given::json(value).to_string()),
            Verb::Push(value) => edit.push(path, given::data(value)),
            Verb::Insert(key, value) => edit.insert(path, given::data(key), given::data(value)),
            Verb::Remove => edit.remove(path),
            Verb::Clear => edit.clear(path),
        }
    }
}

/// Runs the change. A dry run is rolled back, and prints what would have changed.
pub fn edit(out: &mut impl Write, change: &Change, verb: Verb<'_>) -> Result<bool, Failure> {
    let state = DynState::options().writable(true).open(&change.name)?;
    if !change.dry_run {
        state.update(|edit| verb.run(edit, &change.path))?;
        return Ok(true);
    }
    let tried = state.transact(|edit| -> Result<(), Tried> {
        let before = edit.value().to_json()?;
        verb.run(edit, &change.path)?;
        Err(Tried::Done { before, after: edit.value().to_json()? })
    });
    match tried {
        Ok(()) => Ok(true),
        Err(Tried::Failed(error)) => Err(error.into()),
        Err(Tried::Done { before, after }) => {
            super::compare::print(out, &given::json(&before), &given::json(&after))?;
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
