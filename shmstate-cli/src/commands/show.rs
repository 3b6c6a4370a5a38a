//! `show` and `get`.

use crate::args::Part;
use crate::failure::Failure;
use crate::regions;
use crate::{lines, screen};
use shmstate::dynamic::DynState;
use std::io::Write;

pub fn show(out: &mut impl Write, part: &Part, json: bool, all: bool) -> Result<bool, Failure> {
    if json {
        return get(out, part);
    }
    let mut state = regions::open(&part.name)?;
    let most = if all { usize::MAX } else { lines::FEW };
    let label = if part.path.is_empty() { part.name.display().to_string() } else { part.path.clone() };
    let lines = |state: &DynState| state.read(|value| lines::of(value.get(&part.path)?, &label, &part.path, most))?;
    let lines = regions::look(&mut state, lines)?;
    screen::write(out, &lines, &[], |_| String::new())?;
    Ok(true)
}

pub fn get(out: &mut impl Write, part: &Part) -> Result<bool, Failure> {
    writeln!(out, "{}", regions::look(&mut regions::open(&part.name)?, |state| state.to_json(&part.path))?)?;
    Ok(true)
}
