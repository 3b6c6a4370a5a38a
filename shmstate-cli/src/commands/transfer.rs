//! `export` and `import`.

use crate::failure::Failure;
use crate::progress::{Busy, Counted};
use crate::regions;
use shmstate::Error;
use std::error::Error as _;
use std::fs::{File, Permissions};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use tempfile::Builder;

pub fn export(out: &mut impl Write, name: &Path, file: Option<&Path>) -> Result<bool, Failure> {
    let state = regions::open(name)?;
    match file {
        Some(file) if file.as_os_str() != "-" => {
            let failed = |error| Failure::File(file.display().to_string(), error);
            // A device or a pipe cannot be replaced.
            if std::fs::metadata(file).is_ok_and(|found| !found.is_file()) {
                let file = File::options().write(true).open(file).map_err(failed)?;
                state.export_to(BufWriter::new(Counted::new(file, "exported")))?;
                return Ok(true);
            }
            // What the file holds stays until all of the new one is there, which gets its mode. A link stays one.
            let file = &std::fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
            let dir = file.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
            let mode = Permissions::from_mode(0o666);
            let new = Builder::new().prefix(".shmstate-").permissions(mode).tempfile_in(dir).map_err(failed)?;
            state.export_to(BufWriter::new(Counted::new(new.as_file(), "exported")))?;
            if let Ok(found) = std::fs::metadata(file) {
                new.as_file().set_permissions(found.permissions()).map_err(failed)?;
            }
            new.persist(file).map_err(|error| failed(error.error))?;
        }
        _ => state.export_to(BufWriter::new(out)).map_err(not_written)?,
    }
    Ok(true)
}

/// A reader of the output that has seen enough is no error.
fn not_written(error: Error) -> Failure {
    let kind = error.source().and_then(|source| source.downcast_ref::<io::Error>()).map(io::Error::kind);
    if kind == Some(ErrorKind::BrokenPipe) { Failure::Output(ErrorKind::BrokenPipe.into()) } else { error.into() }
}

pub fn import(out: &mut impl Write, file: &Path, name: &Path) -> Result<bool, Failure> {
    let busy = Busy::new("imported");
    let state = regions::options().import(file, name)?;
    drop(busy);
    writeln!(out, "created {}", state.file().display())?;
    Ok(true)
}
