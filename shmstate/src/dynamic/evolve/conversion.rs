//! What all steps of a conversion work on.

use super::losses::Losses;
use super::path::Trail;
use crate::dynamic::fault::damaged;
use crate::dynamic::image::Image;
use crate::dynamic::shape::Shapes;
use crate::dynamic::source::Source;
use crate::error::Error;
use crate::layout::Origins;
use crate::layout::matching::{Part, Plan};

/// What is done with one part of a value: see `convert`.
pub(super) type Convert = fn(&mut Conversion<'_>, Trail<'_>, Part, usize, usize) -> Result<(), Error>;

/// The old state, and the new one in the making.
pub(super) struct Conversion<'a> {
    pub(super) old: &'a Shapes,
    pub(super) new: &'a Shapes,
    pub(super) origins: &'a Origins,
    pub(super) plan: &'a Plan,
    pub(super) source: Source<'a>,
    pub(super) image: Image<'a>,
    pub(super) losses: Losses<'a>,
    /// How containers have their items converted.
    pub(super) convert: Convert,
}

impl Conversion<'_> {
    /// Converts a part of the old value at `from` to a part of the new value at `to`.
    pub(super) fn part(&mut self, trail: Trail<'_>, part: Part, from: usize, to: usize) -> Result<(), Error> {
        (self.convert)(self, trail, part, from, to)
    }

    /// Copies bytes that mean the same.
    pub(super) fn copy(&mut self, from: usize, size: usize, to: usize) -> Result<(), Error> {
        let bytes = self.source.bytes(from, size)?;
        self.image.put(to, &bytes)
    }

    pub(super) fn zero(&mut self, at: usize, size: usize) -> Result<(), Error> {
        self.image.zero(at, size)
    }
}

/// A step for other types than the plan has it for: which never happens, because both come from the same schemas.
#[cold]
pub(super) fn changed() -> Error {
    damaged("the plan is of another layout")
}
