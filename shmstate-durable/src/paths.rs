//! Where the parts of a durable state lie.

use crate::error::Error;
use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The names of the regions, and the path of the store.
#[derive(Clone, Debug)]
pub(crate) struct Paths {
    /// The region of the state.
    pub(crate) region: PathBuf,
    /// The region that says how far the store is.
    pub(crate) progress: PathBuf,
    /// The region that says which version is waited for.
    pub(crate) requests: PathBuf,
    /// The database.
    pub(crate) store: PathBuf,
}

impl Paths {
    /// Of the state of that name, in that directory.
    pub(crate) fn new(name: &Path, dir: &Path) -> Result<Paths, Error> {
        let file = name.file_name().ok_or_else(|| {
            Error::InvalidOption(format!("`{}`: a state has a name, and this one ends without one", name.display()))
        })?;
        let with = |path: &Path, end: &str| {
            let mut path: OsString = path.into();
            path.push(end);
            PathBuf::from(path)
        };
        Ok(Paths {
            region: name.to_owned(),
            progress: with(name, ".durable"),
            requests: with(name, ".wanted"),
            store: dir.join(with(Path::new(file), ".redb")),
        })
    }

    /// Makes the directory of the store, and those that lead to it. A power cut must not take them away, with a store in them.
    pub(crate) fn make_dir(&self) -> Result<NewDirs, Error> {
        fn make(dir: &Path, made: &mut NewDirs) -> io::Result<()> {
            if dir.as_os_str().is_empty() || dir.is_dir() {
                return Ok(());
            }
            let outer = dir.parent().unwrap_or(Path::new(""));
            make(outer, made)?;
            match std::fs::create_dir(dir) {
                Ok(()) => made.0.push(dir.to_owned()),
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
                Err(e) => return Err(e),
            }
            let outer = if outer.as_os_str().is_empty() { Path::new(".") } else { outer };
            File::open(outer)?.sync_all()
        }
        let mut made = NewDirs::default();
        let dir = self.store.parent().unwrap_or(Path::new(""));
        make(dir, &mut made).map_err(Error::io(&self.store, "make the directory of"))?;
        Ok(made)
    }

    /// Makes them independent of the directory that this process works in. `progress` is where that region was found.
    pub(crate) fn settle(&mut self, progress: Option<&Path>) -> Result<(), Error> {
        let absolute = |path: &Path| std::path::absolute(path).map_err(Error::io(path, "find the directory of"));
        self.store = absolute(&self.store)?;
        if let (Some(dir), Some(name)) = (progress.and_then(Path::parent), self.region.file_name()) {
            self.region = absolute(dir)?.join(name);
        }
        Ok(())
    }
}

/// Directories that were made for a store, the outermost first. Those that are empty go with this value.
#[derive(Default)]
pub(crate) struct NewDirs(Vec<PathBuf>);

impl Drop for NewDirs {
    fn drop(&mut self) {
        for dir in self.0.iter().rev() {
            let _ = std::fs::remove_dir(dir);
        }
    }
}

/// Device and inode of a file; zeroes if there is none.
pub(crate) fn identity(path: &Path) -> [u64; 2] {
    std::fs::metadata(path).map_or([0; 2], |found| [found.dev(), found.ino()])
}
