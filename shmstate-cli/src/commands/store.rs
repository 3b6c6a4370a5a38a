//! Stores of durable states: `backup`, `restore`, and `verify` of one.

use crate::failure::Failure;
use crate::regions;
use shmstate::dynamic::DynState;
use shmstate_durable::Error;
use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

/// How a database of the engine begins.
const MAGIC: [u8; 4] = *b"redb";

/// Whether that is the path of a store, and no region. If nothing is there, the path of a store ends with `.redb`.
pub fn is_one(path: &Path) -> bool {
    let mut begin = [0; MAGIC.len()];
    let is_named = path.extension().is_some_and(|end| end == "redb");
    // A bare name is one of the directory of regions.
    let is_path = path.as_os_str().as_encoded_bytes().contains(&b'/') || is_named;
    if is_named && !path.exists() && !regions::directory().join(path).exists() {
        return true;
    }
    is_path && File::open(path).and_then(|mut file| file.read_exact(&mut begin)).is_ok() && begin == MAGIC
}

pub fn verify(out: &mut impl Write, store: &Path) -> Result<bool, Failure> {
    match shmstate_durable::verify(store) {
        Ok(state) => {
            writeln!(out, "sound: a store of `{}`, version {}", state.value().type_name(), state.version())?;
            Ok(true)
        }
        Err(error @ Error::Damaged { .. }) => {
            writeln!(out, "damaged: {error}")?;
            Ok(false)
        }
        Err(error) => Err(error.into()),
    }
}

pub fn backup(out: &mut impl Write, name: &Path, file: &Path) -> Result<bool, Failure> {
    let state = if is_one(name) {
        shmstate_durable::verify(name)?
    } else {
        regions::look(&mut regions::open(name)?, DynState::snapshot)?
    };
    shmstate_durable::write_backup(&state, file)?;
    writeln!(out, "version {} is in {}", state.version(), file.display())?;
    Ok(true)
}

pub fn restore(out: &mut impl Write, file: &Path, name: &Path, dir: &Path) -> Result<bool, Failure> {
    let version = shmstate_durable::restore(file, name, dir)?;
    writeln!(
        out,
        "version {version} is the store of `{}`; a region of that name, if there is one, is another state: remove it first (`shmstate rm`)",
        name.display()
    )?;
    Ok(true)
}
