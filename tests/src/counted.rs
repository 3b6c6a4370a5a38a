//! A state that counts its own versions.

use shmstate::{Array, Error, SharedLayout, State};
use std::convert::Infallible;

/// Each commit adds one to `commits` and leaves its number in `trace` and `last`.
#[derive(SharedLayout)]
#[repr(C)]
pub struct Counted {
    /// The version, by the state's own count.
    pub commits: u64,
    /// The last 64 versions.
    pub trace: Array<u64, 64>,
    /// The version once more, at the other end of the state.
    pub last: u64,
}

impl Counted {
    /// What `commits` commits have made of a new state.
    ///
    /// # Panics
    /// If it is not that.
    pub fn check(&self, commits: u64) {
        assert_eq!((self.commits, self.last), (commits, commits), "the number is another version's");
        for (place, &version) in self.trace.iter().enumerate() {
            let last = (commits + 64 - place as u64) / 64 * 64 + place as u64;
            assert_eq!(version, last.saturating_sub(64), "the trace is another version's");
        }
    }

    /// One more commit, of which the library says that it makes `version`.
    ///
    /// # Panics
    /// If the state has counted another number.
    pub fn commit(&mut self, version: u64) {
        self.commits += 1;
        assert_eq!(self.commits, version, "an update makes another version than the library says");
        self.trace[version as usize % 64] = version;
        self.last = version;
    }

    /// `commits` commits, and a roll-back after each fifth of them.
    ///
    /// # Errors
    /// As for [`State::update`].
    ///
    /// # Panics
    /// If a commit makes another version than the library says.
    pub fn write(state: &State<Counted>, commits: u64) -> Result<(), Error> {
        for n in 0..commits {
            state.update_versioned(Counted::commit)?;
            if n % 5 == 0 {
                let undone = state.try_update_versioned(|s, version| {
                    s.commit(version);
                    Err::<Infallible, _>(version)
                })?;
                assert!(undone.is_err());
            }
        }
        Ok(())
    }
}
