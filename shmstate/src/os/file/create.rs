//! New files, which get their name only when they are complete.

use super::kind::prepare;
use super::reserve::{Limits, extend};
use super::{Access, RegionPath, key_of};
use crate::error::{Error, ErrorRepr};
use crate::os::ForkGuard;
use crate::os::descriptors::{Guarded, duplicate, open_at};
use crate::os::own_table::{entry, made_undisturbed, undisturbed};
use crate::os::registered::replaced;
use rustix::fs::{AtFlags, Mode, OFlags, RenameFlags};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::mem::ManuallyDrop;
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::ffi::OsStrExt;

/// The beginning of the names of incomplete files, on file systems that know no nameless files.
pub(super) const TEMPORARY: &str = ".shmstate-new-";

/// A file without a name, or with a temporary one.
pub(crate) struct NewFile {
    pub(super) file: Guarded,
    pub(super) temporary: Option<Temporary>,
    /// The process that makes it.
    fork_guard: ForkGuard,
}

/// A temporary name, in a directory of this descriptor's own.
pub(super) struct Temporary {
    pub(super) dir: Guarded,
    pub(super) name: OsString,
}

impl NewFile {
    /// `len` bytes of zeroes, of which the first `room` have memory: a full file system is an error now, and not a signal
    /// at some later store.
    pub(super) fn create(
        region_path: &RegionPath,
        access: Access,
        len: u64,
        room: u64,
        limits: Limits,
    ) -> Result<Self, Error> {
        let make = || Self::make_nameless(region_path, access, len, room, limits);
        let take =
            |made: Result<Option<Made>, Error>, entries: &str| Ok::<_, Error>(made?.map(|made| made.take(entries)));
        let nameless = match made_undisturbed(&[region_path.dir.as_raw_fd()], make, take) {
            Some(taken) => match taken? {
                // Without `/proc`, it cannot be taken over.
                Some(Err(Errno::NOENT | Errno::ACCESS)) => make_here(make()?, region_path)?,
                Some(file) => Some(file.map_err(|e| Error::io(&region_path.path, "open a second time", e))?),
                None => None,
            },
            None => make_here(make()?, region_path)?,
        };
        if let Some(file) = nameless {
            return Ok(NewFile { file, temporary: None, fork_guard: fork_guard(region_path)? });
        }
        let new = Self::with_temporary_name(region_path)?;
        undisturbed(&[new.file.as_raw_fd()], || finish(region_path, &new.file, access, len, room, limits))?;
        Ok(new)
    }

    /// A file without a name. `None`: the file system, or the kernel, does not know such files.
    fn make_nameless(
        region_path: &RegionPath,
        access: Access,
        len: u64,
        room: u64,
        limits: Limits,
    ) -> Result<Option<Made>, Error> {
        region_path.check()?;
        let flags = OFlags::RDWR | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::TMPFILE;
        let file = match open_at(&region_path.dir, ".", flags, Mode::RUSR | Mode::WUSR) {
            Ok(file) => file,
            // Not known to the file system, or (EISDIR, ENOENT) to the kernel.
            Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::NOENT | Errno::INVAL) => return Ok(None),
            Err(e) => return Err(region_path.not_created(e)),
        };
        finish(region_path, &file, access, len, room, limits)?;
        Ok(Some(Made::new(file)))
    }

    /// For file systems without nameless files. The file is locked for as long as its creator lives, so that other processes can
    /// tell which files a dead creator has left.
    fn with_temporary_name(region_path: &RegionPath) -> Result<Self, Error> {
        sweep(region_path);
        loop {
            let name = OsString::from(format!("{TEMPORARY}{:032x}", crate::os::random_u128()));
            if let Some(new) =
                Self::named(region_path, name, fork_guard(region_path)?).map_err(|e| region_path.not_created(e))?
            {
                return Ok(new);
            }
        }
    }

    /// A new file of that temporary name. `None`: another process has the name, or has swept the file away before it was locked.
    fn named(region_path: &RegionPath, name: OsString, fork_guard: ForkGuard) -> rustix::io::Result<Option<Self>> {
        let flags = OFlags::RDWR | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOFOLLOW;
        let dir = duplicate(&region_path.dir)?;
        let file = match open_at(&dir, &name, flags | OFlags::CREATE | OFlags::EXCL, Mode::RUSR | Mode::WUSR) {
            Err(Errno::EXIST) => return Ok(None),
            file => file?,
        };
        let named = rustix::fs::statat(&dir, &name, AtFlags::SYMLINK_NOFOLLOW).ok().map(|stat| key_of(&stat));
        let new = NewFile { file, temporary: Some(Temporary { dir, name }), fork_guard };
        if named.is_none() || named != new.file.key() {
            return Ok(None);
        }
        let locked = match undisturbed(&[new.file.as_raw_fd()], || lock(&new.file)) {
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
    pub(crate) fn file(&self) -> &Guarded {
        &self.file
    }

    /// Gives the file that name. If something has the name already, the error's kind is `AlreadyExists`.
    pub(crate) fn link(&self, region_path: &RegionPath) -> Result<(), Error> {
        self.link_as(region_path, &region_path.name)
    }

    /// Gives the file a name in the directory of that name.
    pub(super) fn link_as(&self, region_path: &RegionPath, name: &OsStr) -> Result<(), Error> {
        undisturbed(&self.numbers(region_path), || self.link_undisturbed(region_path, name))
    }

    /// The numbers of all that gives the file its name.
    pub(super) fn numbers(&self, region_path: &RegionPath) -> Vec<RawFd> {
        let own = [self.file.as_raw_fd(), region_path.dir.as_raw_fd()];
        own.into_iter().chain(self.temporary.as_ref().map(|temporary| temporary.dir.as_raw_fd())).collect()
    }

    /// Refuses to go on if the program has replaced a descriptor.
    pub(super) fn check(&self, region_path: &RegionPath) -> Result<(), Error> {
        region_path.check()?;
        if self.is_ours() { Ok(()) } else { Err(Error::io(&region_path.path, "create", replaced())) }
    }

    fn link_undisturbed(&self, region_path: &RegionPath, name: &OsStr) -> Result<(), Error> {
        let RegionPath { dir, path, .. } = region_path;
        self.check(region_path)?;
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
                let entry = entry(self.file.as_raw_fd());
                match rustix::fs::linkat(rustix::fs::CWD, entry, dir, name, AtFlags::SYMLINK_FOLLOW) {
                    Err(Errno::NOENT) => rustix::fs::linkat(&self.file, "", dir, name, AtFlags::EMPTY_PATH),
                    linked => linked,
                }
            }
        };
        linked.map_err(|e| match e {
            Errno::NOENT if region_path.is_gone() => {
                ErrorRepr::NoDirectory { path: region_path.dir_path().to_owned() }.into()
            }
            Errno::NOENT if self.temporary.is_none() => {
                let why =
                    "to give a new region its name takes /proc, or Linux 6.10, or the right to search any directory";
                ErrorRepr::Unsupported { path: path.clone(), why: why.into() }.into()
            }
            e => Error::io(path, "create", e),
        })
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        // In a child that was forked meanwhile, the name is the parent's.
        if let Some(Temporary { dir, name }) = &self.temporary
            && self.fork_guard.is_current()
        {
            undisturbed(&[dir.as_raw_fd()], || {
                if dir.is_ours() {
                    let _ = rustix::fs::unlinkat(dir, name, AtFlags::empty());
                }
            });
        }
    }
}

fn fork_guard(region_path: &RegionPath) -> Result<ForkGuard, Error> {
    ForkGuard::current().map_err(|e| Error::io(&region_path.path, "prepare for forks of this process, for", e))
}

/// Gives a new, empty file all but its name.
fn finish(
    region_path: &RegionPath,
    file: &Guarded,
    access: Access,
    len: u64,
    room: u64,
    limits: Limits,
) -> Result<(), Error> {
    let path = &region_path.path;
    prepare(path, file)?;
    file.check().map_err(|e| Error::io(path, "create", e))?;
    extend(path, file, len, room, limits)?;
    file.check().map_err(|e| Error::io(path, "create", e))?;
    rustix::fs::fchmod(file, Mode::from_raw_mode(access.mode)).map_err(|e| Error::io(path, "set the mode of", e))
}

/// A file that was made in this table, with a look before each call that changes it.
fn make_here(made: Option<Made>, region_path: &RegionPath) -> Result<Option<Guarded>, Error> {
    let Some(made) = made else { return Ok(None) };
    made.file.check().map_err(|e| Error::io(&region_path.path, "create", e))?;
    Ok(Some(made.here()))
}

/// A file that was made where no other thread could replace it.
pub(super) struct Made {
    file: Guarded,
}

impl Made {
    pub(super) fn new(file: Guarded) -> Made {
        Made { file }
    }

    /// Opens it in this thread's table, by its entry among those of the other one.
    pub(super) fn take(self, entries: &str) -> rustix::io::Result<Guarded> {
        // The number is that of the other table.
        let made = ManuallyDrop::new(self.file);
        let flags = OFlags::RDWR | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let path = format!("{entries}/{}", made.as_raw_fd());
        let file = open_at(rustix::fs::CWD, path, flags, Mode::empty())?;
        if file.key() == made.key() { Ok(file) } else { Err(Errno::BADF) }
    }

    /// The file, in the table in which it was made.
    pub(super) fn here(self) -> Guarded {
        self.file
    }
}

/// Locks a temporary file for as long as its description lives, unless the number is the program's by now.
pub(super) fn lock(file: &Guarded) -> rustix::io::Result<()> {
    file.check().map_err(|_| Errno::BADF)?;
    rustix::fs::flock(file, rustix::fs::FlockOperation::NonBlockingLockExclusive)
}

/// Removes the temporary files whose creators are dead. Files that cannot be looked at are left alone.
pub(super) fn sweep(region_path: &RegionPath) {
    undisturbed(&[region_path.dir.as_raw_fd()], || sweep_undisturbed(region_path));
}

fn sweep_undisturbed(region_path: &RegionPath) {
    if region_path.check().is_err() {
        return;
    }
    let Ok(entries) =
        open_at(&region_path.dir, ".", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
            .and_then(|dir| rustix::fs::Dir::new(dir.into_fd()))
    else {
        return;
    };
    for entry in entries.flatten() {
        let name = OsStr::from_bytes(entry.file_name().to_bytes());
        if !name.as_bytes().starts_with(TEMPORARY.as_bytes()) {
            continue;
        }
        let flags = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let Ok(file) = open_at(&region_path.dir, name, flags, Mode::empty()) else { continue };
        let dead = rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive).is_ok();
        if dead {
            let _ = rustix::fs::unlinkat(&region_path.dir, name, AtFlags::empty());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::FileType;

    fn region_path(dir: &tempfile::TempDir) -> RegionPath {
        RegionPath::find(&dir.path().join("region")).unwrap()
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
        let region_path = region_path(&dir);
        let new = region_path.new_file(Access { mode: 0o600 }, 10_000, 5000, Limits::Respected).unwrap();
        assert_eq!(names(&dir), [""; 0]);
        new.link(&region_path).unwrap();
        assert_eq!(new.link(&region_path).unwrap_err().kind(), crate::ErrorKind::AlreadyExists);
        assert_eq!(names(&dir), ["region"]);
    }

    #[test]
    fn a_temporary_name_is_swept_once_its_creator_is_gone() {
        let dir = tempfile::tempdir().unwrap();
        let region_path = region_path(&dir);
        let first = NewFile::with_temporary_name(&region_path).unwrap();
        let second = NewFile::with_temporary_name(&region_path).unwrap();
        assert_eq!(names(&dir).len(), 2, "the first creator lives");
        second.link(&region_path).unwrap();
        drop(second);
        // As a kill leaves it: the description is gone, the name is not.
        let dies = |new: NewFile| {
            let mut new = std::mem::ManuallyDrop::new(new);
            let devnull = open_at(rustix::fs::CWD, "/dev/null", OFlags::RDWR, Mode::empty()).unwrap();
            drop(std::mem::replace(&mut new.file, devnull));
        };
        dies(first);
        assert_eq!(names(&dir).len(), 2);
        let third = NewFile::with_temporary_name(&region_path).unwrap();
        assert_eq!(names(&dir).len(), 2, "the dead one's name is gone");
        dies(third);
        assert_eq!(names(&dir).len(), 2);
        region_path.unlink().unwrap();
        assert_eq!(names(&dir), [""; 0], "removed beside the region");
    }

    #[test]
    fn a_child_leaves_the_temporary_file_of_its_parent_alone() {
        let dir = tempfile::tempdir().unwrap();
        let new = NewFile::with_temporary_name(&region_path(&dir)).unwrap();
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

    /// Whatever another user has put where a temporary file is to be, or where one is swept: nothing is written, opened through,
    /// or waited for.
    #[test]
    fn what_was_planted_under_a_temporary_name_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let region_path = region_path(&dir);
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
            assert!(NewFile::named(&region_path, name, fork_guard(&region_path).unwrap()).unwrap().is_none(), "{what}");
        }
        drop(NewFile::with_temporary_name(&region_path).unwrap());
        assert_eq!(std::fs::read_to_string(&victim).unwrap(), "mine");
        let mut left = ["dangling", "directory", "link"].map(|what| format!("{TEMPORARY}{what}")).to_vec();
        left.push("victim".to_owned());
        assert_eq!(names(&dir), left);
    }
}
