//! `export` and `import`.

use crate::failure::Failure;
use crate::progress::{Busy, Counted};
use crate::regions;
use shmstate::Error;
use shmstate::dynamic::check_replaceable;
use std::error::Error as _;
use std::fs::{File, Permissions};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use tempfile::Builder;

pub fn export(out: &mut impl Write, name: &Path, file: Option<&Path>) -> Result<bool, Failure> {
    let mut state = regions::open(name)?;
    let mut export =
        |mut to: &mut dyn Write| regions::look(&mut state, |state| state.export_to(BufWriter::new(&mut to)));
    match file {
        Some(file) if file.as_os_str() != "-" => {
            let failed = |error| Failure::File(file.display().to_string(), error);
            let not_written = |error: Error| {
                let cause = error.source().and_then(|source| source.downcast_ref::<io::Error>());
                let code = cause.and_then(io::Error::raw_os_error);
                code.map_or_else(|| error.into(), |code| failed(io::Error::from_raw_os_error(code)))
            };
            // A device or a pipe cannot be replaced.
            if std::fs::metadata(file).is_ok_and(|found| !found.is_file()) {
                let device = File::options().write(true).open(file).map_err(failed)?;
                export(&mut Counted::new(device, "exported")).map_err(not_written)?;
                return Ok(true);
            }
            check_replaceable(file)?;
            // What the file holds stays until all of the new one is there, which gets its mode. A link stays one.
            let file = &std::fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
            let dir = file.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
            let mode = Permissions::from_mode(0o666);
            let not_made = |error: io::Error| failed(without_path(&error));
            let new = Builder::new().prefix(".shmstate-").permissions(mode).tempfile_in(dir).map_err(not_made)?;
            export(&mut Counted::new(new.as_file(), "exported")).map_err(not_written)?;
            if let Ok(found) = std::fs::metadata(file) {
                new.as_file().set_permissions(found.permissions()).map_err(failed)?;
            }
            new.persist(file).map_err(|error| failed(error.error))?;
        }
        _ => export(out).map_err(not_printed)?,
    }
    Ok(true)
}

/// A reader of the output that has seen enough is no error.
fn not_printed(error: Error) -> Failure {
    let kind = error.source().and_then(|source| source.downcast_ref::<io::Error>()).map(io::Error::kind);
    if kind == Some(ErrorKind::BrokenPipe) { Failure::Output(ErrorKind::BrokenPipe.into()) } else { error.into() }
}

/// The same error without the name of the temporary file, which `tempfile` appends.
fn without_path(error: &io::Error) -> io::Error {
    let text = error.to_string();
    io::Error::new(error.kind(), text.split(" at path ").next().unwrap_or_default())
}

pub fn import(out: &mut impl Write, file: &Path, name: &Path) -> Result<bool, Failure> {
    let busy = Busy::new("imported");
    let state = regions::options().import(file, name)?;
    drop(busy);
    writeln!(out, "created {}", state.file().display())?;
    Ok(true)
}
