//! `schema`: the layout of a state, for people and for compilers.

mod c;
mod picture;
mod rust;
mod table;

use crate::args::Form;
use crate::document::Document;
use crate::failure::Failure;
use crate::regions;
use std::io::Write;
use std::path::Path;

pub fn schema(out: &mut impl Write, name: &Path, form: &Form) -> Result<bool, Failure> {
    let state = regions::open(name)?;
    let text = state.schema();
    if form.json {
        writeln!(out, "{text}")?;
        return Ok(true);
    }
    let document = Document::of(&text)?;
    if form.rust {
        write!(out, "{}", rust::source(&document)?)?;
    } else if form.c {
        write!(out, "{}", c::header(&document, &text))?;
    } else if form.picture {
        picture::show(out, &document)?;
    } else {
        table::show(out, &document)?;
    }
    Ok(true)
}
