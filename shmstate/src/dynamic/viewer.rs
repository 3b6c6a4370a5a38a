//! A handle that only looks: no slot, no pin, no lock, and no right to write.

use super::source::{Fetched, Source};
use crate::commit::Clock;
use crate::error::{Error, Trouble};
use crate::os::{DEFAULT_TIMEOUT, Deadline};
use crate::region::ReadOnlyRegion;
use std::cell::Cell;
use std::ops::Range;

/// How often a read begins anew before it copies the whole state at once. Each time in vain takes a commit in the midst of it.
const TRIES: usize = 8;

/// A region that is mapped for reading.
pub(super) struct Viewer {
    region: ReadOnlyRegion,
    /// Bytes of the state.
    size: usize,
}

impl Viewer {
    pub(super) fn new(region: ReadOnlyRegion, size: usize) -> Viewer {
        Viewer { region, size }
    }

    pub(super) fn region(&self) -> &ReadOnlyRegion {
        &self.region
    }

    /// Runs `f` on the committed version, of which what `f` looks at is copied. If there was a commit meanwhile, `f` runs again,
    /// and at last on a copy of the whole.
    pub(super) fn read<R>(&self, mut f: impl FnMut(Source<'_>) -> R) -> Result<R, Error> {
        for _ in 0..TRIES {
            let (version, lost) = (self.region.published(), Cell::new(false));
            let fetch = |bytes: Range<usize>, to: &mut [u8]| {
                // The look compares for itself; another version, or another copy, it does not know to be wrong.
                let same = self.region.try_copy_words(bytes, to)? && self.region.published() == version;
                if same {
                    return Ok(());
                }
                lost.set(true);
                Err(self.outrun())
            };
            let result = f(Source::Fetched(&Fetched::new(self.size, &fetch)));
            if !lost.get() {
                return Ok(result);
            }
        }
        Ok(f(Source::Whole(&self.snapshot()?)))
    }

    /// Copies the committed version.
    pub(super) fn snapshot(&self) -> Result<Box<[u8]>, Error> {
        let mut bytes = vec![0; self.size].into_boxed_slice();
        let mut clock = Deadline::new(DEFAULT_TIMEOUT);
        while !self.region.try_copy_words(0..self.size, &mut bytes)? {
            if clock.remaining().is_none() {
                return Err(self.outrun());
            }
        }
        Ok(bytes)
    }

    #[cold]
    fn outrun(&self) -> Error {
        Trouble::Outrun { path: self.region.origin().path().to_owned() }.into()
    }
}
