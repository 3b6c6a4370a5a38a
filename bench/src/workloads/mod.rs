//! What is measured.

pub mod concurrent;
pub mod follow;
pub mod lifecycle;
mod processes;
pub mod single;
pub mod wake;

use crate::environment::MEMORY;
use anyhow::Result;
use std::path::Path;
use tempfile::TempDir;

/// A directory in memory; whatever there is, where there is no such file system.
pub struct RegionDir(TempDir);

/// The process id of its maker follows.
const PREFIX: &str = "shmstate-bench-";

impl RegionDir {
    pub fn new() -> Result<RegionDir> {
        let prefix = format!("{PREFIX}{}-", std::process::id());
        let named = tempfile::Builder::new().prefix(&prefix).tempdir_in(MEMORY);
        Ok(RegionDir(named.or_else(|_| tempfile::tempdir())?))
    }

    /// Removes what runs that were killed have left: it may be gigabytes.
    pub fn sweep() {
        for entry in std::fs::read_dir(MEMORY).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let maker =
                name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.split('-').next()?.parse::<u32>().ok());
            if maker.is_some_and(|maker| !Path::new(&format!("/proc/{maker}")).exists()) {
                let _ = std::fs::remove_dir_all(entry.path());
            }
        }
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }
}
