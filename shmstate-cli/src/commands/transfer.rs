//! `export` and `import`.

use crate::failure::Failure;
use crate::progress::Counted;
use serde_json::Value as Json;
use shmstate::dynamic::DynState;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

/// The number of the form of an exported file.
const FORM: u64 = 1;

pub fn export(out: &mut impl Write, name: &Path, file: Option<&Path>) -> Result<bool, Failure> {
    let state = DynState::open(name)?;
    let snapshot = state.snapshot()?;
    // The schema is JSON already, and the value may be large: it goes out piece by piece.
    let write = |out: &mut dyn Write| {
        write!(out, r#"{{"shmstate_export":{FORM},"schema":{},"value":"#, state.schema())?;
        serde_json::to_writer(&mut *out, &snapshot.value())?;
        out.write_all(b"}\n")?;
        out.flush()
    };
    match file {
        Some(file) => {
            let failed = |error| Failure::File(file.display().to_string(), error);
            let file = File::create(file).map_err(failed)?;
            write(&mut BufWriter::new(Counted::new(file, "exported"))).map_err(failed)?;
        }
        None => write(&mut BufWriter::new(out))?,
    }
    Ok(true)
}

pub fn import(out: &mut impl Write, file: &Path, name: &Path) -> Result<bool, Failure> {
    let text = std::fs::read_to_string(file).map_err(|error| Failure::File(file.display().to_string(), error))?;
    let wrong = |why: String| Failure::Argument(format!("{}: {why}", file.display()));
    let document: Json = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    match document["shmstate_export"].as_u64() {
        Some(FORM) => {}
        Some(form) => return Err(wrong(format!("it has form {form}, and this program reads form {FORM}"))),
        None => return Err(wrong("it is no file that `shmstate export` has written".into())),
    }
    let (schema, value) = (document["schema"].to_string(), document["value"].to_string());
    let state = DynState::create_from_schema(name, &schema)?;
    if let Err(error) = state.from_json("", &value) {
        // It holds nothing yet, and this process has made it.
        shmstate::remove(name)?;
        return Err(error.into());
    }
    writeln!(out, "created {}", state.file().display())?;
    Ok(true)
}
