//! The directory of bare names.

use crate::error::{Error, ErrorRepr};
use crate::os::descriptors::{Guarded, open_at};
use crate::os::own_table::{entry, undisturbed};
use rustix::fs::{Mode, OFlags, Stat};
use rustix::io::Errno;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

/// The variable that names the directory of bare names.
const DIR_VARIABLE: &str = "SHMSTATE_DIR";

/// Where bare names live without it.
const TMPFS: &str = "/dev/shm";

/// Opens a directory, to find names in it.
pub(super) fn open_dir(path: &Path, flags: OFlags) -> Result<Guarded, Error> {
    open_at(rustix::fs::CWD, path, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC | flags, Mode::empty())
        .map_err(|e| directory_error(path, "open the directory", e))
}

/// The directory of bare names, which is made if need be.
pub(super) fn home() -> Result<(Guarded, PathBuf), Error> {
    let user = rustix::process::geteuid().as_raw();
    if let Some(dir) = named_by_the_environment() {
        let made = make_dir(&dir)?;
        let fd = open_dir(&dir, OFlags::empty())?;
        if made {
            give_owner_all(&dir, &fd)?;
        }
        return Ok((fd, dir));
    }
    let dir = Path::new(TMPFS).join(format!("shmstate-{user}"));
    if !Path::new(TMPFS).is_dir() {
        let why = format!("there is no tmpfs at {TMPFS}: name a directory in {DIR_VARIABLE}, or give a path");
        return Err(ErrorRepr::Unsupported { path: dir, why }.into());
    }
    make_dir(&dir)?;
    // Any user can make names under the tmpfs: what is not this user's own private directory is not used.
    let fd = open_dir(&dir, OFlags::NOFOLLOW)?;
    let stat = stat(&dir, &fd)?;
    if stat.st_uid != user || stat.st_mode & 0o077 != 0 {
        let why = format!(
            "it is to be the private directory of user {user}, but belongs to user {} with mode {:o}: remove it, or name \
             another directory in {DIR_VARIABLE}",
            stat.st_uid,
            stat.st_mode & 0o7777
        );
        return Err(ErrorRepr::Permission { path: dir, why, source: None }.into());
    }
    give_owner_all(&dir, &fd)?;
    Ok((fd, dir))
}

/// The directory that the environment names. A program with the rights of another user than its caller (set-user-id,
/// set-group-id, file capabilities) does not let the caller choose where it makes files.
fn named_by_the_environment() -> Option<PathBuf> {
    // SAFETY: no pointers.
    let borrows_rights = unsafe { libc::getauxval(libc::AT_SECURE) } != 0;
    if borrows_rights {
        return None;
    }
    std::env::var_os(DIR_VARIABLE).filter(|dir| !dir.is_empty()).map(PathBuf::from)
}

/// Makes a private directory unless there is something of that name. Returns whether it has made it.
fn make_dir(dir: &Path) -> Result<bool, Error> {
    match rustix::fs::mkdir(dir, Mode::RWXU) {
        Ok(()) => Ok(true),
        Err(Errno::EXIST) => Ok(false),
        // An existing directory on a file system that is mounted read-only.
        Err(Errno::ROFS | Errno::ACCESS) if dir.is_dir() => Ok(false),
        Err(e) => Err(directory_error(dir, "make the directory", e)),
    }
}

fn stat(dir: &Path, fd: &OwnedFd) -> Result<Stat, Error> {
    rustix::fs::fstat(fd).map_err(|e| Error::io(dir, "look at", e))
}

/// Gives the owner of a directory all rights in it: the umask of the process that made it may have taken some of them.
fn give_owner_all(dir: &Path, fd: &Guarded) -> Result<(), Error> {
    let stat = stat(dir, fd)?;
    let mode = Mode::from_raw_mode(stat.st_mode & 0o7777);
    if mode.contains(Mode::RWXU) {
        return Ok(());
    }
    undisturbed(&[fd.as_raw_fd()], || {
        // What has the name is what was opened, whatever has its number.
        let named = rustix::fs::stat(dir)?;
        let is_it = fd.is_ours() && fd.key() == Some(super::key_of(&named));
        if is_it { change_mode(fd, mode | Mode::RWXU) } else { Err(Errno::BADF) }
    })
    .map_err(|e| {
        let why = format!(
            "its mode {:o} keeps its own owner out, and cannot be changed ({e}): change it (`chmod u+rwx`), or remove it",
            stat.st_mode & 0o7777
        );
        ErrorRepr::Permission { path: dir.to_owned(), why, source: Some(e.into()) }.into()
    })
}

/// Changes the mode of what is open as a path only, whatever has its name by now.
fn change_mode(fd: &OwnedFd, mode: Mode) -> rustix::io::Result<()> {
    /// `fchmodat2`, which has the same number on all platforms.
    const FCHMODAT2: libc::c_long = 452;
    let by_descriptor = rustix::fs::chmod(entry(fd.as_raw_fd()), mode);
    if by_descriptor != Err(Errno::NOENT) {
        return by_descriptor;
    }
    // Without `/proc`, kernels from 6.6 on can do it.
    // SAFETY: an open descriptor, a string that ends in a zero, and numbers.
    let done = unsafe { libc::syscall(FCHMODAT2, fd.as_raw_fd(), c"".as_ptr(), mode.bits(), libc::AT_EMPTY_PATH) };
    if done == 0 { Ok(()) } else { Err(Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::NOENT)) }
}

/// The error for a missing directory, which is not a missing region.
#[cold]
pub(super) fn directory_error(dir: &Path, doing: &'static str, e: Errno) -> Error {
    match e {
        Errno::NOENT => ErrorRepr::NoDirectory { path: dir.to_owned() }.into(),
        e => Error::io(dir, doing, e),
    }
}
