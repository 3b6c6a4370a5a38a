//! What the protocol has met with, as errors that say which processes are in the way.

use super::attached::Region;
use super::claim::holders;
use crate::commit::{BeginError, LockError};
use crate::error::{Error, ErrorRepr};

impl Region {
    /// What is wrong, in words.
    #[cold]
    pub(crate) fn to_error(&self, error: BeginError) -> Error {
        let path = self.path().to_owned();
        match error {
            BeginError::Lock(LockError::Busy { slot }) => {
                let holder = holders(&self.shared, [slot]) + &self.doubt();
                ErrorRepr::LockHeld { path, holder }.into()
            }
            BeginError::Lock(LockError::Corrupt { word }) => {
                Error::corrupt(&path, format!("its lock names handle {word:#x}, which it does not have"))
            }
            BeginError::Pinned { slots } => {
                let pinning = (0..self.shared.slots.len().min(63)).filter(|s| slots >> s & 1 == 1);
                let mut holders = holders(&self.shared, pinning);
                if slots >> 63 == 1 {
                    // All slots past the first 63 share that bit.
                    holders.push_str(if holders.is_empty() { "a handle past the first 63" } else { ", and others" });
                }
                let in_use = self.shared.in_use();
                let asked = Some(self.asked_copies).filter(|asked| *asked > self.shared.copies.len());
                let spare = self.kernel.missing_room(in_use);
                ErrorRepr::Pinned { path, holders: holders + &self.doubt(), spare, asked }.into()
            }
            BeginError::NoSuchCopy { copy } => self.no_such_copy(copy),
        }
    }

    /// Says that dead handles cannot be distinguished from living ones, if that is so.
    fn doubt(&self) -> String {
        self.kernel.liveness.doubt().map_or_else(String::new, |e| {
            format!(
                "; whether that is alive cannot be found out, because the region's descriptor was closed in this process, \
                 and the region cannot be opened again: {e}"
            )
        })
    }

    /// The region names a copy that it does not have.
    #[cold]
    pub(crate) fn no_such_copy(&self, copy: usize) -> Error {
        let why = format!("it names copy {copy} as the active one, and has {}", self.shared.in_use());
        Error::corrupt(self.path(), why)
    }
}
