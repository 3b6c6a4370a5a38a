//! `migrate` and `resize`.

use crate::failure::Failure;
use crate::json_file;
use crate::progress::Busy;
use crate::regions;
use shmstate::dynamic::DynState;
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
    let schema = schema(layout)?;
    let allowed: Vec<&str> = changes.allow_loss.iter().map(String::as_str).collect();
    let mut state = regions::options().writable(!dry_run).open(name)?;
    if state.schema() == schema.trim_end() {
        writeln!(out, "{} has this layout already", state.file().display())?;
        return Ok(true);
    }
    let mut migration = state.migration(&schema)?;
    for rename in &changes.rename {
        let pair = rename.split_once('=').filter(|(old, new)| !old.is_empty() && !new.is_empty());
        let Some((old, new)) = pair else {
            return Err(Failure::Argument(format!("`--rename {rename}`: write the old name, `=` and the new path")));
        };
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

/// The layout in a file of JSON, or that of a region.
fn schema(path: &Path) -> Result<String, Failure> {
    match json_file::text(path)? {
        Some(text) => Ok(text),
        None => Ok(regions::open(path)?.schema()),
    }
}
