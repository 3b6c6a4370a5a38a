//! What others see of a move beside the region that is moved: the names in its directory, and the region that has the name.

use crate::Fallible;
use crate::image::Image;
use crate::trace::Tracee;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

pub(crate) struct Surroundings {
    path: PathBuf,
    names: Vec<OsString>,
    successor: Option<(Image, Vec<u8>)>,
}

impl Surroundings {
    /// Around the region of that name.
    pub(crate) fn new(path: &Path) -> Surroundings {
        Surroundings { path: path.to_owned(), names: names(path), successor: None }
    }

    /// Whether anything has changed since the last time. `named`: the region still has its name.
    pub(crate) fn changed(&mut self, tracee: &Tracee, named: bool) -> Fallible<bool> {
        let mut changed = false;
        if tracee.is_after_call() {
            let names = names(&self.path);
            changed = names != self.names;
            self.names = names;
        }
        if !named && self.successor.is_none() {
            self.successor = Some((Image::open(&self.path)?, Vec::new()));
        }
        if let Some((image, last)) = self.successor.as_mut().filter(|(image, last)| image.differs(last)) {
            changed |= !last.is_empty();
            last.clear();
            last.extend_from_slice(image.bytes());
        }
        Ok(changed)
    }
}

/// The names in the directory of that file.
pub(crate) fn names(path: &Path) -> Vec<OsString> {
    let entries = path.parent().and_then(|dir| fs::read_dir(dir).ok());
    let mut names: Vec<OsString> = entries.into_iter().flatten().flatten().map(|entry| entry.file_name()).collect();
    names.sort_unstable();
    names
}
