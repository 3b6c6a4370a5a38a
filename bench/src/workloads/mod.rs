//! What is measured.

pub mod beside;
pub mod life;
pub mod solo;

use anyhow::Result;
use std::path::Path;
use tempfile::TempDir;

/// A directory in memory; whatever there is, where there is no such file system.
pub struct Place(TempDir);

impl Place {
    pub fn new() -> Result<Place> {
        let named = tempfile::Builder::new().prefix("shmstate-bench-").tempdir_in("/dev/shm");
        Ok(Place(named.or_else(|_| tempfile::tempdir())?))
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }
}
