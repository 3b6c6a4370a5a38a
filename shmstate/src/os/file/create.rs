//! New files, which get their name only when they are complete.

use super::kind::prepare;
use super::reserve::{Limits, extend};
use super::{Access, Place};
use crate::error::{Error, Trouble};
use crate::os::Generation;
use crate::os::descriptors::{Guarded, duplicate, open_at};
use rustix::fs::{AtFlags, Mode, OFlags, RenameFlags};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;

/// How the names of files begin that are not complete, where the file system knows no nameless ones.
pub(super) const TEMPORARY: &str = ".shmstate-new-";

/// A file without a name, or with a temporary one.
pub(crate) struct NewFile {
    pub(super) file: Guarded,
    pub(super) temporary: Option<Temporary>,
    /// The process that makes it.
    generation: Generation,
}

/// A temporary name, in a directory of this descriptor's own.
pub(super) struct Temporary {
    pub(super) dir: Guarded,
    pub(super) name: OsString,
}

impl NewFile {
    /// `len` bytes of zeroes, of which the first `room` have memory: a full file system is an error now, and not a signal
    /// at some later store.
    pub(super) fn create(place: &Place, access: Access, len: u64, room: u64, limits: Limits) -> Result<Self, Error> {
        let flags = OFlags::RDWR | OFlags::CLOEXEC;
        let private = Mode::RUSR | Mode::WUSR;
        let new = match open_at(&place.dir, ".", flags | OFlags::TMPFILE, private) {
            Ok(file) => NewFile { file: Guarded::new(file), temporary: None, generation: generation(place)? },
            // Not known to the file system, or (EISDIR, ENOENT) to the kernel.
            Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::NOENT | Errno::INVAL) => Self::with_temporary_name(place)?,
            Err(e) => return Err(place.not_created(e)),
        };
        prepare(&place.path, &new.file)?;
        extend(&place.path, &new.file, len, room, limits)?;
        let mode = Mode::from_raw_mode(access.mode);
        rustix::fs::fchmod(&new.file, mode).map_err(|e| Error::io(&place.path, "set the mode of", e))?;
        Ok(new)
    }

    /// For file systems without nameless files. The file is locked for as long as its creator lives, so that others can
    /// tell what a dead one has left.
    fn with_temporary_name(place: &Place) -> Result<Self, Error> {
        sweep(place);
        loop {
            let name = OsString::from(format!("{TEMPORARY}{:032x}", crate::os::random_u128()));
            if let Some(new) = Self::named(place, name, generation(place)?).map_err(|e| place.not_created(e))? {
                return Ok(new);
            }
        }
    }

    /// A new file of that temporary name. `None`: somebody has the name, or has swept the file away before it was locked.
    fn named(place: &Place, name: OsString, generation: Generation) -> rustix::io::Result<Option<Self>> {
        let flags = OFlags::RDWR | OFlags::CLOEXEC | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW;
        let dir = Guarded::new(duplicate(&place.dir)?);
        let file = match open_at(&dir, &name, flags, Mode::RUSR | Mode::WUSR) {
            Err(Errno::EXIST) => return Ok(None),
            file => Guarded::new(file?),
        };
        let new = NewFile { file, temporary: Some(Temporary { dir, name }), generation };
        let locked = match rustix::fs::flock(&new.file, rustix::fs::FlockOperation::NonBlockingLockExclusive) {
            Err(Errno::WOULDBLOCK) => false,
            locked => locked.map(|()| true)?,
        };
        let swept = rustix::fs::fstat(&new.file)?.st_nlink == 0;
        Ok((locked && !swept).then_some(new))
    }

    /// Whether the program has left its descriptors alone.
    pub(crate) fn is_ours(&self) -> bool {
        self.file.is_ours() && self.temporary.as_ref().is_none_or(|temporary| temporary.dir.is_ours())
    }

    /// The file.
    pub(crate) fn file(&self) -> &OwnedFd {
        &self.file
    }

    /// Gives the file the name of that place, unless something has it: then the error's kind is `AlreadyExists`.
    pub(crate) fn link(&self, place: &Place) -> Result<(), Error> {
        self.link_as(place, &place.name)
    }

    /// Gives the file a name in the directory of that place.
    pub(super) fn link_as(&self, place: &Place, name: &OsStr) -> Result<(), Error> {
        let Place { dir, path, .. } = place;
        let linked = match &self.temporary {
            Some(temporary) => match rustix::fs::linkat(&temporary.dir, &temporary.name, dir, name, AtFlags::empty()) {
                // The file system has no hard links.
                Err(Errno::PERM | Errno::OPNOTSUPP) => {
                    rustix::fs::renameat_with(&temporary.dir, &temporary.name, dir, name, RenameFlags::NOREPLACE)
                }
                linked => linked,
            },
            // By the descriptor's own entry, which needs no privilege; without `/proc`, by the descriptor, which does on
            // older kernels.
            None => {
                let entry = format!("/proc/self/fd/{}", self.file.as_raw_fd());
                match rustix::fs::linkat(rustix::fs::CWD, entry, dir, name, AtFlags::SYMLINK_FOLLOW) {
                    Err(Errno::NOENT) => rustix::fs::linkat(&self.file, "", dir, name, AtFlags::EMPTY_PATH),
                    linked => linked,
                }
            }
        };
        linked.map_err(|e| match e {
            Errno::NOENT if place.is_gone() => Trouble::NoDirectory { path: place.dir_path().to_owned() }.into(),
            Errno::NOENT if self.temporary.is_none() => {
                let why =
                    "to give a new region its name takes /proc, or Linux 6.10, or the right to search any directory";
                Trouble::Unsupported { path: path.clone(), why: why.into() }.into()
            }
            e => Error::io(path, "create", e),
        })
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        // In a child that was forked meanwhile, the name is the parent's.
        if let Some(Temporary { dir, name }) = &self.temporary
            && self.generation.is_current()
            && dir.is_ours()
        {
            let _ = rustix::fs::unlinkat(dir, name, AtFlags::empty());
        }
    }
}

fn generation(place: &Place) -> Result<Generation, Error> {
    Generation::current().map_err(|e| Error::io(&place.path, "prepare for forks of this process, for", e))
}

/// Removes the temporary files whose creators are dead. What cannot be looked at is left alone.
pub(super) fn sweep(place: &Place) {
    let Ok(entries) = open_at(&place.dir, ".", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
        .and_then(rustix::fs::Dir::new)
    else {
        return;
    };
    for entry in entries.flatten() {
        let name = OsStr::from_bytes(entry.file_name().to_bytes());
        if !name.as_bytes().starts_with(TEMPORARY.as_bytes()) {
            continue;
        }
        let flags = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let Ok(file) = open_at(&place.dir, name, flags, Mode::empty()) else { continue };
        let dead = rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive).is_ok();
        if dead {
            let _ = rustix::fs::unlinkat(&place.dir, name, AtFlags::empty());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::FileType;

    fn place(dir: &tempfile::TempDir) -> Place {
        Place::find(&dir.path().join("region")).unwrap()
    }

    fn names(dir: &tempfile::TempDir) -> Vec<String> {
        let mut names: Vec<_> =
            std::fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_nameless_file_leaves_nothing_before_it_is_linked() {
        let dir = tempfile::tempdir().unwrap();
        let place = place(&dir);
        let new = place.new_file(Access { mode: 0o600 }, 10_000, 5000, Limits::Respected).unwrap();
        assert_eq!(names(&dir), [""; 0]);
        new.link(&place).unwrap();
        assert_eq!(new.link(&place).unwrap_err().kind(), crate::ErrorKind::AlreadyExists);
        assert_eq!(names(&dir), ["region"]);
    }

    #[test]
    fn a_temporary_name_is_swept_once_its_creator_is_gone() {
        let dir = tempfile::tempdir().unwrap();
        let place = place(&dir);
        let first = NewFile::with_temporary_name(&place).unwrap();
        let second = NewFile::with_temporary_name(&place).unwrap();
        assert_eq!(names(&dir).len(), 2, "the first creator lives");
        second.link(&place).unwrap();
        drop(second);
        // As a kill leaves it: the description is gone, the name is not.
        let mut first = std::mem::ManuallyDrop::new(first);
        let devnull = rustix::fs::open("/dev/null", OFlags::RDWR, Mode::empty()).unwrap();
        drop(std::mem::replace(&mut first.file, Guarded::new(devnull)));
        assert_eq!(names(&dir).len(), 2);
        let third = NewFile::with_temporary_name(&place).unwrap();
        assert_eq!(names(&dir).len(), 2, "the dead one's name is gone");
        drop(third);
        assert_eq!(names(&dir), ["region"]);
    }

    #[test]
    fn a_child_leaves_the_temporary_file_of_its_parent_alone() {
        let dir = tempfile::tempdir().unwrap();
        let new = NewFile::with_temporary_name(&place(&dir)).unwrap();
        // SAFETY: the child drops one value, and ends.
        let pid = unsafe { libc::fork() };
        if pid == 0 {
            drop(new);
            // SAFETY: no pointers.
            unsafe { libc::_exit(0) }
        }
        // SAFETY: no place for the status.
        assert_eq!(unsafe { libc::waitpid(pid, std::ptr::null_mut(), 0) }, pid);
        assert_eq!(names(&dir).len(), 1);
        drop(new);
        assert_eq!(names(&dir), [""; 0]);
    }

    /// Whatever somebody has put where a temporary file is to be, or where one is swept: nothing is written, opened through,
    /// or waited for.
    #[test]
    fn what_was_planted_under_a_temporary_name_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let place = place(&dir);
        let victim = dir.path().join("victim");
        std::fs::write(&victim, "mine").unwrap();
        let bait = |what: &str| dir.path().join(format!("{TEMPORARY}{what}"));
        std::os::unix::fs::symlink(&victim, bait("link")).unwrap();
        std::os::unix::fs::symlink(dir.path().join("nothing"), bait("dangling")).unwrap();
        std::fs::create_dir(bait("directory")).unwrap();
        std::fs::hard_link(&victim, bait("hard-link")).unwrap();
        rustix::fs::mknodat(rustix::fs::CWD, bait("fifo"), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        for what in ["link", "dangling", "directory", "hard-link", "fifo"] {
            let name = bait(what).file_name().unwrap().to_owned();
            assert!(NewFile::named(&place, name, generation(&place).unwrap()).unwrap().is_none(), "{what}");
        }
        drop(NewFile::with_temporary_name(&place).unwrap());
        assert_eq!(std::fs::read_to_string(&victim).unwrap(), "mine");
        let mut left = ["dangling", "directory", "link"].map(|what| format!("{TEMPORARY}{what}")).to_vec();
        left.push("victim".to_owned());
        assert_eq!(names(&dir), left);
    }
}
