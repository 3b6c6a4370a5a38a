//! What the processes of a durable state tell each other, in two small regions beside the state's.
//!
//! There are two regions because different processes sleep on them: the process that writes sleeps until a version is wanted, and the
//! processes that wait for their versions sleep until the store has a newer one. With one region, each request would wake all of them.

use crate::advice;
use crate::error::Error;
use crate::paths::{Paths, identity};
use shmstate::{SharedLayout, State, Text};
use std::borrow::Cow;
use std::cell::Cell;
use std::path::Path;
use std::time::Duration;

/// Bytes of a path. The kernel takes none of more than 4096.
const PATH: usize = 4104;

/// How far the store is. The process that is elected on this region writes it, and the store.
#[derive(SharedLayout)]
#[repr(C)]
pub(crate) struct Progress {
    /// The lineage of the region that the store belongs to; 0 if it is not known yet, or was given up.
    pub(crate) lineage: u128,
    /// Device and inode of the store.
    pub(crate) store: [u64; 2],
    /// The newest version that is on disk.
    pub(crate) durable: u64,
    /// Transactions of the store.
    pub(crate) commits: u64,
    /// Attempts that failed since the last one that did not.
    pub(crate) failures: u64,
    /// Nanoseconds from one transaction to the next one, if nothing is waited for.
    pub(crate) interval: u64,
    /// The path of the store.
    pub(crate) path: Text<PATH>,
    /// Why the last attempt failed; empty if it did not.
    pub(crate) why: Text<2040>,
}

/// What is waited for.
#[derive(SharedLayout)]
#[repr(C)]
pub(crate) struct Requests {
    /// The lineage of the region whose version is meant.
    pub(crate) lineage: u128,
    /// The newest version that a process waits for.
    pub(crate) wanted: u64,
    _pad: u64,
}

/// Handles of a new region beside the state's: as many processes as there may be.
const HANDLES: usize = 1024;

/// This process's handles on both.
pub(crate) struct Control {
    pub(crate) progress: State<Progress>,
    pub(crate) requests: State<Requests>,
    /// Which of them this process has made.
    made: [bool; 2],
}

impl Control {
    pub(crate) fn open(paths: &Paths, mode: u32, handles: usize, timeout: Duration) -> Result<Control, Error> {
        fn open<T: SharedLayout>(
            name: &Path,
            (mode, handles, timeout): (u32, usize, Duration),
        ) -> Result<(State<T>, bool), Error> {
            let made = Cell::new(false);
            let options = State::<T>::options().mode(mode).handles(handles.max(HANDLES)).timeout(timeout);
            // Also called if another process makes the region at this moment. Then it is not alone.
            let state = options.init(|_| made.set(true)).open_or_create(name).map_err(advice::of_control)?;
            Ok((state, made.get()))
        }
        let terms = (mode, handles, timeout);
        let (progress, made_progress) = open(&paths.progress, terms)?;
        match open(&paths.requests, terms) {
            Ok((requests, made_requests)) => Ok(Control { progress, requests, made: [made_progress, made_requests] }),
            Err(e) => {
                if made_progress && is_unused(&progress).unwrap_or(false) {
                    let _ = shmstate::remove(&paths.progress);
                }
                Err(e)
            }
        }
    }

    /// Whether both have their names: processes that open the state now find them.
    pub(crate) fn is_current(&self) -> Result<bool, Error> {
        Ok(self.progress.is_current()? && self.requests.is_current()?)
    }

    /// Removes those that this process has made, unless another process has opened them or a state has been opened. The elected process does
    /// this. A process that opens them at this moment looks again as soon as it is elected.
    pub(crate) fn remove_new(&self, paths: &Paths) {
        let [made_progress, made_requests] = self.made;
        if !is_unused(&self.progress).unwrap_or(false) {
            return;
        }
        if made_requests && is_alone(&self.requests) {
            let _ = shmstate::remove(&paths.requests);
        }
        if made_progress {
            let _ = shmstate::remove(&paths.progress);
        }
    }

    /// The version of that lineage that is on disk; `None` if the store belongs to another one.
    pub(crate) fn durable(&self, lineage: u128) -> Result<Option<u64>, Error> {
        Ok(self.progress.read(|p| (p.lineage == lineage).then_some(p.durable))?)
    }

    /// The version that is waited for; 0 if none is.
    pub(crate) fn wanted(&self, lineage: u128) -> Result<(u64, u64), Error> {
        Ok(self.requests.read_versioned(|r, seen| (if r.lineage == lineage { r.wanted } else { 0 }, seen))?)
    }

    /// Says that a version is waited for, which has been made, and wakes the process that writes.
    pub(crate) fn want(&self, lineage: u128, version: u64) -> Result<(), Error> {
        Ok(self.requests.update(|r| {
            r.wanted = if r.lineage == lineage { r.wanted.max(version) } else { version };
            r.lineage = lineage;
        })?)
    }

    /// Wakes the process that writes, if it sleeps.
    pub(crate) fn wake(&self) -> Result<(), Error> {
        Ok(self.requests.update(|_| ())?)
    }

    /// Says that a version is on disk. The store has it when this is called.
    pub(crate) fn publish(&self, lineage: u128, version: u64) -> Result<(), Error> {
        Ok(self.progress.update(|p| {
            (p.lineage, p.durable, p.failures) = (lineage, version, 0);
            p.commits += 1;
            if !p.why.is_empty() {
                p.why.clear();
            }
        })?)
    }

    /// Says why nothing is on disk.
    pub(crate) fn fail(&self, why: &Error) -> Result<(), Error> {
        let why = why.to_string();
        Ok(self.progress.update(|p| {
            p.failures += 1;
            set(&mut p.why, &why);
        })?)
    }

    /// Says that the region of that lineage is kept no more.
    pub(crate) fn give_up(&self, lineage: u128) -> Result<(), Error> {
        Ok(self.progress.update(|p| {
            if p.lineage == lineage {
                p.lineage = 0;
            }
        })?)
    }

    /// Says which store belongs to the region of that lineage, and which version of it is on disk.
    pub(crate) fn bind(&self, lineage: u128, store: &Path, durable: u64, interval: Duration) -> Result<(), Error> {
        let file = identity(store);
        Ok(self.progress.update(|p| {
            (p.lineage, p.store, p.durable, p.failures) = (lineage, file, durable, 0);
            p.interval = u64::try_from(interval.as_nanos()).unwrap_or(u64::MAX);
            set(&mut p.path, &store.to_string_lossy());
            p.why.clear();
        })?)
    }

    /// Whether that path does not lead to the store any more that the region of that lineage is kept in.
    pub(crate) fn has_lost(&self, lineage: u128, store: &Path) -> Result<bool, Error> {
        let file = identity(store);
        Ok(self.progress.read(|p| p.lineage == lineage && p.store != file)?)
    }

    /// The path of the store that the region of that lineage is kept in, if it is not `store`.
    pub(crate) fn other_store(&self, lineage: u128, store: &Path) -> Result<Option<String>, Error> {
        let file = identity(store);
        let kept_in = |p: &Progress| (p.lineage == lineage && p.store != file).then(|| p.path.to_string());
        let path = store.to_string_lossy();
        Ok(self.progress.read(kept_in)?.filter(|kept_in| *kept_in != cut::<PATH>(&path)))
    }
}

/// Whether no other process has opened the region, and no state was opened.
fn is_unused(progress: &State<Progress>) -> Result<bool, Error> {
    Ok(progress.read(|p| p.lineage == 0)? && is_alone(progress))
}

/// Whether the region has its name, and no other handle is on it.
pub(crate) fn is_alone<T: SharedLayout>(state: &State<T>) -> bool {
    state.is_current().unwrap_or(false) && state.attached().is_ok_and(|attached| attached.len() == 1)
}

/// Sets a text, cut to what has room.
fn set<const N: usize>(text: &mut Text<N>, to: &str) {
    if text.set(&cut::<N>(to)).is_err() {
        text.clear();
    }
}

/// What has room in `N` bytes. An ellipsis stands for the rest.
fn cut<const N: usize>(text: &str) -> Cow<'_, str> {
    const ELLIPSIS: &str = "…";
    if text.len() <= N {
        return text.into();
    }
    let room = N.saturating_sub(ELLIPSIS.len());
    let end = (0..=room).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    format!("{}{ELLIPSIS}", &text[..end]).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_cut_says_so() {
        assert_eq!(cut::<8>("as it is"), "as it is");
        assert_eq!(cut::<8>("as it was"), "as it…");
        assert_eq!(cut::<8>("four äöü"), "four …");
    }
}
