//! A path that was resolved once.

use super::fault::no_path;
use super::segment::Segments;
use super::shape::{Location, Shapes};
use super::step::{Step, resolve, run};
use super::value::Value;
use crate::error::Error;

/// A path that was resolved once, for a type of state: [`DynState::path`](super::DynState::path), [`Value::at`].
///
/// All that the types decide is decided. A use of the path only looks at what may change from version to version: the length of a
/// list, the variant of an enum, where an entry of a map lies. It can be used with every handle and snapshot of a state with the
/// same schema.
#[derive(Clone, Debug)]
pub struct CompiledPath {
    text: Box<str>,
    /// The fingerprint of the schema.
    schema: u64,
    /// Each step with the type that it starts from, and the bytes that are skipped before it.
    steps: Box<[(usize, Location, Step)]>,
    /// Bytes that are skipped at the end, and what is there.
    end: Location,
}

impl CompiledPath {
    pub(super) fn new(shapes: &Shapes, path: &str) -> Result<CompiledPath, Error> {
        let (mut segments, mut location) = (Segments::of(path), Location { at: 0, ..shapes.root_location() });
        let mut steps = Vec::new();
        while let Some(segment) = segments.next()? {
            // Offsets count from where the last step has led.
            location = resolve(shapes, location, &segment, |step, from| match step {
                Step::Skip(by) => Ok(from.at + by),
                step => {
                    steps.push((from.at, from, step));
                    Ok(0)
                }
            })?;
        }
        let schema = shapes.fingerprint();
        Ok(CompiledPath { text: path.into(), schema, steps: steps.into(), end: location })
    }

    /// The path as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl<'a> Value<'a> {
    /// What a path that was resolved before leads to; this value is the whole state.
    ///
    /// # Errors
    /// [`InvalidPath`](crate::ErrorKind::InvalidPath) if there is nothing now, if the path is of another type of state, or if
    /// this value is not the whole one.
    #[inline]
    pub fn at(self, path: &CompiledPath) -> Result<Value<'a>, Error> {
        if path.schema != self.shapes.fingerprint() || self.location != self.shapes.root_location() {
            return Err(of_another_state(path));
        }
        let mut at = self.location.at;
        if !path.steps.is_empty() {
            at = follow(self, path, at)?;
        }
        Ok(Value { location: Location { at: at + path.end.at, ..path.end }, ..self })
    }
}

/// Takes the steps of a path.
fn follow(value: Value<'_>, path: &CompiledPath, mut at: usize) -> Result<usize, Error> {
    for (skip, from, step) in &path.steps {
        let location = Location { at: at + skip, ..*from };
        at = run(value.shapes, value.source, step, location).map_err(|error| error.inside(&path.text))?;
    }
    Ok(at)
}

#[cold]
fn of_another_state(path: &CompiledPath) -> Error {
    no_path("it was resolved for another type of state, or is not followed from the whole state").inside(&path.text)
}
