//! `verify`.

use super::doctor::ANEW;
use crate::failure::Failure;
use crate::progress::Busy;
use crate::regions;
use crate::wording::of_command;
use shmstate::ErrorKind;
use shmstate::dynamic::DynState;
use std::io::Write;
use std::path::Path;

/// Checks the header and the schema, which opening does, every value of the committed version, and those of each other copy.
pub fn verify(out: &mut impl Write, name: &Path) -> Result<bool, Failure> {
    let busy = Busy::new("checked");
    let opened = regions::open(name).and_then(|mut state| Ok((regions::look(&mut state, DynState::snapshot)?, state)));
    let (snapshot, state) = match opened {
        Ok(opened) => opened,
        Err(error) if error.kind() == ErrorKind::Corrupt => {
            writeln!(out, "damaged: {}", of_command(&error.to_string()))?;
            return Ok(false);
        }
        Err(error) => return Err(error.into()),
    };
    let copies = state.check_copies()?;
    drop(busy);
    let is_sound = copies.iter().all(|copy| copy.damage.is_none());
    let type_name = snapshot.value().type_name();
    if is_sound {
        writeln!(out, "sound: `{type_name}`, version {}", snapshot.version())?;
    } else {
        writeln!(out, "damaged: another copy of `{type_name}` than version {}, which is sound", snapshot.version())?;
    }
    for copy in &copies {
        let active = if copy.active { ", which readers see" } else { "" };
        match (copy.version, &copy.damage) {
            (Some(version), Some(error)) => writeln!(out, "  copy {}: version {version}{active}: {error}", copy.copy)?,
            (Some(version), None) => writeln!(out, "  copy {}: version {version}{active}", copy.copy)?,
            (None, _) => writeln!(out, "  copy {}: no version: the next update that uses it fills it", copy.copy)?,
        }
    }
    if !is_sound {
        writeln!(out, "{ANEW}")?;
    }
    Ok(is_sound)
}
