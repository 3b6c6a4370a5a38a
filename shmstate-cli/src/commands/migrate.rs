//! `migrate`.

use crate::failure::Failure;
use shmstate::dynamic::DynState;
use shmstate::{Error, ErrorKind};
use std::io::Write;
use std::path::Path;

pub fn migrate(
    out: &mut impl Write,
    name: &Path,
    layout: &Path,
    allow_loss: &[String],
    dry_run: bool,
) -> Result<bool, Failure> {
    let schema = schema(layout)?;
    let allowed: Vec<&str> = allow_loss.iter().map(String::as_str).collect();
    let mut state = DynState::options().writable(!dry_run).open(name)?;
    if state.schema() == schema.trim_end() {
        writeln!(out, "{} has this layout already", state.file().display())?;
        return Ok(true);
    }
    let migration = state.migration(&schema)?;
    writeln!(out, "{migration}")?;
    if dry_run {
        // What does not fit shows with the values alone.
        migration.apply(&state.snapshot()?, &allowed).map_err(loss)?;
        writeln!(out, "nothing would be lost that may not be")?;
    } else {
        state.migrate(&schema, &allowed).map_err(loss)?;
        writeln!(out, "{} has the new layout, as version {}", state.file().display(), state.version())?;
    }
    Ok(true)
}

fn loss(error: Error) -> Failure {
    if error.kind() == ErrorKind::LayoutMismatch { Failure::Loss(error) } else { error.into() }
}

/// The layout in a file of JSON, or that of a region.
fn schema(path: &Path) -> Result<String, Failure> {
    if path.extension().is_some_and(|extension| extension == "json") {
        return std::fs::read_to_string(path).map_err(|error| Failure::File(path.display().to_string(), error));
    }
    Ok(DynState::open(path)?.schema())
}
