//! A path that was resolved once.

use super::fault::no_path;
use super::segment::Segments;
use super::shape::{Place, Shapes};
use super::step::{Step, resolve, run};
use super::value::Value;
use crate::error::Error;

/// A path that was resolved once, for a type of state: [`DynState::path`](super::DynState::path), [`Value::at`].
///
/// What the types decide is decided. What is left to do is to look at what may change from version to version: the length of a
/// list, the variant of an enum, where an entry of a map lies. It can be used with every handle and snapshot of a state with the
/// same schema.
#[derive(Clone, Debug)]
pub struct CompiledPath {
    text: Box<str>,
    /// The fingerprint of the schema.
    schema: u64,
    /// Each step with the type that it starts from, and the bytes that are skipped before it.
    steps: Box<[(usize, Place, Step)]>,
    /// Bytes that are skipped at the end, and what is there.
    end: Place,
}

impl CompiledPath {
    pub(super) fn new(shapes: &Shapes, path: &str) -> Result<CompiledPath, Error> {
        let (mut segments, mut place) = (Segments::of(path), Place { at: 0, ..shapes.root_place() });
        let mut steps = Vec::new();
        while let Some(segment) = segments.next()? {
            // Offsets count from where the last step has led.
            place = resolve(shapes, place, &segment, |step, from| match step {
                Step::Skip(by) => Ok(from.at + by),
                step => {
                    steps.push((from.at, from, step));
                    Ok(0)
                }
            })?;
        }
        let schema = shapes.fingerprint();
        Ok(CompiledPath { text: path.into(), schema, steps: steps.into(), end: place })
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
        if path.schema != self.shapes.fingerprint() || self.place != self.shapes.root_place() {
            return Err(of_another_state(path));
        }
        let mut at = self.place.at;
        if !path.steps.is_empty() {
            at = follow(self, path, at)?;
        }
        Ok(Value { place: Place { at: at + path.end.at, ..path.end }, ..self })
    }
}

/// Takes the steps of a path.
fn follow(value: Value<'_>, path: &CompiledPath, mut at: usize) -> Result<usize, Error> {
    for (skip, from, step) in &path.steps {
        let place = Place { at: at + skip, ..*from };
        at = run(value.shapes, value.source, step, place).map_err(|error| error.inside(&path.text))?;
    }
    Ok(at)
}

#[cold]
fn of_another_state(path: &CompiledPath) -> Error {
    no_path("it was resolved for another type of state, or is not followed from the whole state").inside(&path.text)
}
