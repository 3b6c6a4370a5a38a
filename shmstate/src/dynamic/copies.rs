//! Checks whether every copy of a state is sound, not only the one that readers see.

use super::fault::invalid;
use super::source::Source;
use super::state::{Access, DynState};
use super::validate::validate;
use crate::error::Error;

/// How often a look at a copy begins anew that a writer has begun to write meanwhile.
const TRIES: usize = 8;

/// A copy of the state, as [`DynState::check_copies`] found it.
#[derive(Debug)]
#[non_exhaustive]
pub struct CopyCheck {
    /// Its number, from 0 on.
    pub copy: usize,
    /// Whether it was the one that readers see.
    pub active: bool,
    /// The version that it holds. `None` if it holds none: it has not been used yet, a writer writes it, or the last writer did not
    /// finish. The next update that uses it copies what it lacks.
    pub version: Option<u64>,
    /// What is wrong with that version.
    pub damage: Option<Error>,
}

impl DynState {
    /// Checks each copy of the state, as [`snapshot`](Self::snapshot) checks the committed version.
    ///
    /// An update writes a copy that holds an older version, and takes over what has changed since. Damaged bytes of that copy that
    /// have not changed since would become a part of the next version.
    ///
    /// ```
    /// # use shmstate::dynamic::DynState;
    /// # use shmstate::State;
    /// # let dir = tempfile::tempdir()?;
    /// # let name = dir.path().join("number");
    /// let number = State::<u64>::create(&name)?; // three copies
    /// number.update(|n| *n = 7)?;
    /// let copies = DynState::open(&name)?.check_copies()?;
    /// let versions: Vec<_> = copies.iter().map(|copy| copy.version).collect();
    /// assert_eq!(versions, [Some(0), Some(1), None]);
    /// assert!(copies[1].active && copies.iter().all(|copy| copy.damage.is_none()));
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Forked`](crate::ErrorKind::Forked) in a child of the process that opened the handle; what the operating system says when
    /// it cannot read the file.
    pub fn check_copies(&self) -> Result<Vec<CopyCheck>, Error> {
        let mut bytes = vec![0; self.shapes.size()];
        (0..self.shared()?.in_use()).map(|copy| self.check_copy(copy, &mut bytes)).collect()
    }

    fn check_copy(&self, copy: usize, bytes: &mut [u8]) -> Result<CopyCheck, Error> {
        let mut version = None;
        for _ in 0..TRIES {
            version = match &self.access {
                Access::Looking(viewer) => viewer.region().try_copy_of(copy, bytes)?,
                Access::TakingPart(session) => session.try_copy_of(copy, bytes)?,
            };
            if version.is_some() {
                break;
            }
        }
        let active = self.shared()?.published().copy == copy;
        let check = || validate(&self.shapes, self.shapes.root(), Source::Whole(bytes), 0);
        let damage = version.and_then(|_| check().err()).map(|why| invalid(&why));
        Ok(CopyCheck { copy, active, version, damage })
    }
}
