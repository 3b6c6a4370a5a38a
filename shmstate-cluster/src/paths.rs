//! Where the regions of a replicated state lie.

use crate::error::Error;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The names of the regions of one machine.
#[derive(Clone, Debug)]
pub(crate) struct Paths {
    /// What the cluster has committed.
    pub(crate) state: PathBuf,
    /// The same, with the updates of this machine that are under way.
    pub(crate) ahead: PathBuf,
    /// What the processes tell each other.
    pub(crate) control: PathBuf,
}

impl Paths {
    /// The paths of the state of that name.
    pub(crate) fn new(name: &Path) -> Result<Paths, Error> {
        if name.file_name().is_none() {
            let name = name.display();
            return Err(Error::InvalidOption(format!("`{name}`: a state has a name, and this one ends without one")));
        }
        let with = |end: &str| {
            let mut path: OsString = name.into();
            path.push(end);
            PathBuf::from(path)
        };
        Ok(Paths { state: name.to_owned(), ahead: with(".ahead"), control: with(".cluster") })
    }

    /// Makes the paths independent of this process's working directory. `control` is where the control region was found.
    pub(crate) fn settle(&mut self, control: Option<&Path>) -> Result<(), Error> {
        let Some(dir) = control.and_then(Path::parent) else { return Ok(()) };
        let dir = std::path::absolute(dir)
            .map_err(|source| Error::Io { doing: "find the directory of the regions", source })?;
        for path in [&mut self.state, &mut self.ahead, &mut self.control] {
            if let Some(name) = path.file_name() {
                *path = dir.join(name);
            }
        }
        Ok(())
    }
}
