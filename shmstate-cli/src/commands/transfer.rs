//! `export` and `import`.

use crate::failure::Failure;
use crate::progress::Counted;
use shmstate::Error;
use shmstate::dynamic::DynState;
use std::error::Error as _;
use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::Path;

pub fn export(out: &mut impl Write, name: &Path, file: Option<&Path>) -> Result<bool, Failure> {
    let state = DynState::open(name)?;
    match file {
        Some(file) => {
            let created = File::create(file).map_err(|error| Failure::File(file.display().to_string(), error))?;
            state.export_to(BufWriter::new(Counted::new(created, "exported")))?;
        }
        None => state.export_to(BufWriter::new(out)).map_err(not_written)?,
    }
    Ok(true)
}

/// A reader of the output that has seen enough is no error.
fn not_written(error: Error) -> Failure {
    let kind = error.source().and_then(|source| source.downcast_ref::<io::Error>()).map(io::Error::kind);
    if kind == Some(ErrorKind::BrokenPipe) { Failure::Output(ErrorKind::BrokenPipe.into()) } else { error.into() }
}

pub fn import(out: &mut impl Write, file: &Path, name: &Path) -> Result<bool, Failure> {
    let state = DynState::options().import(file, name)?;
    writeln!(out, "created {}", state.file().display())?;
    Ok(true)
}
