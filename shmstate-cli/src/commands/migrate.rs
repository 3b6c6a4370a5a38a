//! `migrate` and `resize`.

use crate::failure::Failure;
use crate::json_file;
use crate::progress::Busy;
use crate::regions;
use shmstate::dynamic::DynState;
use shmstate::{Error, ErrorKind};
use std::io::Write;
use std::path::Path;

/// What the layouts do not say.
pub struct Changes {
    /// Paths of the old state.
    pub allow_loss: Vec<String>,
    /// Pairs of an old name and a new path.
    pub rename: Vec<String>,
}

pub fn migrate(
    out: &mut impl Write,
    name: &Path,
    layout: &Path,
    changes: &Changes,
    dry_run: bool,
) -> Result<bool, Failure> {
    let renamed = changes.rename.iter().map(|rename| pair(rename)).collect::<Result<Vec<_>, _>>()?;
    let schema = schema(layout)?;
    let allowed: Vec<&str> = changes.allow_loss.iter().map(String::as_str).collect();
    let mut state = regions::options().writable(!dry_run).open(name)?;
    if state.schema() == schema.trim_end() {
        writeln!(out, "{} has this layout already", state.file().display())?;
        return Ok(true);
    }
    let mut migration = state.migration(&schema).map_err(|error| no_layout(layout, error))?;
    for (old, new) in renamed {
        migration = migration.renamed(old, new)?;
    }
    writeln!(out, "{migration}")?;
    let busy = Busy::new("carried over");
    if dry_run {
        // What does not fit shows with the values alone.
        migration.apply(&state.snapshot()?, &allowed)?;
        drop(busy);
        writeln!(out, "nothing would be lost that may not be")?;
    } else {
        state.migrate_by(&migration, &allowed)?;
        drop(busy);
        writeln!(out, "{} has the new layout, as version {}", state.file().display(), state.version())?;
    }
    Ok(true)
}

/// An old name and a new path.
fn pair(rename: &str) -> Result<(&str, &str), Failure> {
    let pair = rename.split_once('=').filter(|(old, new)| !old.is_empty() && !new.is_empty());
    pair.ok_or_else(|| Failure::Argument(format!("`--rename {rename}`: write the old name, `=` and the new path")))
}

/// Moves a state to other sizes.
pub fn resize(
    out: &mut impl Write,
    name: &Path,
    handles: Option<usize>,
    copies: Option<usize>,
    max_copies: Option<usize>,
) -> Result<bool, Failure> {
    let mut state = regions::options().writable(true).open(name)?;
    let mut sizes = DynState::options();
    if let Some(handles) = handles {
        sizes = sizes.handles(handles);
    }
    if let Some(copies) = copies {
        sizes = sizes.copies(copies);
    }
    if let Some(max_copies) = max_copies {
        sizes = sizes.max_copies(max_copies);
    }
    let busy = Busy::new("carried over");
    state.recreate(&sizes)?;
    drop(busy);
    let stats = state.stats()?;
    writeln!(
        out,
        "{} has room for {} handles, {} copies, and up to {}",
        state.file().display(),
        stats.handles,
        stats.copies,
        stats.max_copies
    )?;
    Ok(true)
}

/// The layout in a file of JSON, which may be an export, or that of a region.
fn schema(path: &Path) -> Result<String, Failure> {
    let Some(text) = json_file::text(path)? else { return Ok(regions::open(path)?.schema()) };
    let document = serde_json::from_str::<serde_json::Value>(&text).ok();
    let exported = document.as_ref().filter(|document| document.get("shmstate_export").is_some());
    Ok(exported.and_then(|export| export.get("schema")).map_or(text, serde_json::Value::to_string))
}

/// The error of a file that describes no layout.
fn no_layout(layout: &Path, error: Error) -> Failure {
    if error.kind() != ErrorKind::InvalidOption {
        return error.into();
    }
    let advice = "`shmstate schema NAME --json` prints a layout, and an export has one";
    Failure::Argument(format!("{}: {error}; {advice}", layout.display()))
}
