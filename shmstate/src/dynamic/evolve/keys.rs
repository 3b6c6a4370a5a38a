//! Keys of maps and sets, which are converted twice: to see whether they go along whole, and into their places.

use super::conversion::Conversion;
use super::path::Trail;
use crate::error::Error;
use crate::layout::matching::Part;

impl Conversion<'_> {
    /// Whether the key at `from` loses nothing. It is converted into a place for a new key of type `ty`.
    pub(super) fn is_whole(
        &mut self,
        trail: Trail<'_>,
        key: Part,
        from: usize,
        (ty, place): (usize, usize),
    ) -> Result<bool, Error> {
        let before = self.losses.count();
        self.fresh(ty, place)?;
        self.part(trail.key(), key, from, place)?;
        Ok(self.losses.count() == before)
    }

    /// Converts the key at `from` into a place for a new key of type `ty`. What it loses is listed already.
    pub(super) fn key(
        &mut self,
        trail: Trail<'_>,
        key: Part,
        from: usize,
        (ty, place): (usize, usize),
    ) -> Result<(), Error> {
        self.fresh(ty, place)?;
        self.losses.set_again(true);
        let converted = self.part(trail.key(), key, from, place);
        self.losses.set_again(false);
        converted
    }
}
