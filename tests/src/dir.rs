//! Directories of the tests' own.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use tempfile::TempDir;

/// Where shared memory lives on this machine.
#[must_use]
pub fn tmpfs() -> &'static Path {
    let shm = Path::new("/dev/shm");
    if shm.is_dir() { shm } else { Path::new("/tmp") }
}

/// A new directory under [`tmpfs`], which goes with the value.
///
/// # Panics
/// If there is no room.
#[must_use]
pub fn scratch_dir() -> TempDir {
    let dir =
        tempfile::Builder::new().prefix("shmstate-tests-").tempdir_in(tmpfs()).expect("a directory of the test's own");
    // Tests become other users, whatever the umask is.
    std::fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).expect("a directory of the test's own");
    dir
}

/// Whether `/proc` is there; otherwise it says so, and the test is to skip what needs it.
#[must_use]
pub fn has_proc() -> bool {
    let there = Path::new("/proc/self").exists();
    if !there {
        println!("skipped: there is no /proc");
    }
    there
}

/// A new directory on a file system that is no tmpfs; `None`, with a word about it, if there is none.
#[must_use]
pub fn disk_dir() -> Option<TempDir> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    for place in [Path::new("/var/tmp"), Path::new("/tmp"), here] {
        let Ok(dir) = tempfile::Builder::new().prefix("shmstate-tests-").tempdir_in(place) else { continue };
        let path = std::ffi::CString::new(dir.path().as_os_str().as_encoded_bytes()).ok()?;
        // SAFETY: a struct of integers.
        let mut stat: libc::statfs = unsafe { std::mem::zeroed() };
        // SAFETY: a string that ends in a zero, and a struct to fill.
        let known = unsafe { libc::statfs(path.as_ptr(), &raw mut stat) } == 0;
        if known && stat.f_type != libc::TMPFS_MAGIC {
            return Some(dir);
        }
    }
    println!("skipped: no file system but in memory");
    None
}
