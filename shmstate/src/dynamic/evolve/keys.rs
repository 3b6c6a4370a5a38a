//! Keys of maps and sets, which are converted twice: to see whether they are carried over whole, and into their places.

use super::conversion::Conversion;
use super::path::Trail;
use crate::error::Error;
use crate::layout::matching::Part;

impl Conversion<'_> {
    /// Whether the key at `from` loses nothing. It is converted into a new key of type `ty` at `target`.
    pub(super) fn is_whole(
        &mut self,
        trail: Trail<'_>,
        key: Part,
        from: usize,
        (ty, target): (usize, usize),
    ) -> Result<bool, Error> {
        let before = self.losses.count();
        self.fresh(ty, target)?;
        self.part(trail.key(), key, from, target)?;
        Ok(self.losses.count() == before)
    }

    /// Converts the key at `from` into a new key of type `ty` at `target`. What it loses is listed already.
    pub(super) fn key(
        &mut self,
        trail: Trail<'_>,
        key: Part,
        from: usize,
        (ty, target): (usize, usize),
    ) -> Result<(), Error> {
        self.fresh(ty, target)?;
        self.losses.set_again(true);
        let converted = self.part(trail.key(), key, from, target);
        self.losses.set_again(false);
        converted
    }
}
