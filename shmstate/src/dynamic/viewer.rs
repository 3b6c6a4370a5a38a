//! A read-only handle: no slot, no pin, no lock, and no right to write.

use super::source::{Fetched, Source};
use crate::commit::Clock;
use crate::error::{Error, ErrorRepr};
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

    /// Runs `f` on the committed version and its number. What `f` looks at is copied. If there was a commit meanwhile, `f` runs
    /// again, and at last on a copy of the whole.
    pub(super) fn read<R>(&self, mut f: impl FnMut(Source<'_>, u64) -> R) -> Result<R, Error> {
        // What does not look at the state is refused as well.
        self.region.check_service()?;
        for _ in 0..TRIES {
            let (version, lost) = (self.region.published().version, Cell::new(false));
            let fetch = |bytes: Range<usize>, to: &mut [u8]| {
                if self.region.try_copy_words(bytes, to)? == Some(version) {
                    return Ok(());
                }
                lost.set(true);
                Err(self.outrun())
            };
            let result = f(Source::Fetched(&Fetched::new(self.size, &fetch)), version);
            if !lost.get() {
                return Ok(result);
            }
        }
        let (version, bytes) = self.snapshot()?;
        Ok(f(Source::Whole(&bytes), version))
    }

    /// Copies the committed version. Returns its number as well.
    pub(super) fn snapshot(&self) -> Result<(u64, Box<[u8]>), Error> {
        let mut bytes = vec![0; self.size].into_boxed_slice();
        let mut clock = Deadline::new(DEFAULT_TIMEOUT);
        loop {
            if let Some(version) = self.region.try_copy_words(0..self.size, &mut bytes)? {
                return Ok((version, bytes));
            }
            if clock.remaining().is_none() {
                return Err(self.outrun());
            }
        }
    }

    #[cold]
    fn outrun(&self) -> Error {
        ErrorRepr::Outrun { path: self.region.origin().path().to_owned() }.into()
    }
}
