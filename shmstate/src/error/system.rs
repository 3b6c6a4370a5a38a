//! What an error of the operating system means: its kind, its cause, and what to do next.
//!
//! The numbers are those of Linux on both platforms; a test compares them with the C library's.

use super::{Bytes, Error, ErrorRepr};
use std::io;
use std::path::{Path, PathBuf};

/// The errors that `std` has no kind for, or the same kind as for others.
mod code {
    pub(super) const EPERM: i32 = 1;
    pub(super) const EIO: i32 = 5;
    pub(super) const EBADF: i32 = 9;
    pub(super) const ENODEV: i32 = 19;
    pub(super) const ENFILE: i32 = 23;
    pub(super) const EMFILE: i32 = 24;
    pub(super) const ENOLCK: i32 = 37;
    pub(super) const ELOOP: i32 = 40;
}

/// What is wanted when the kernel refuses a lock that it does not know.
const NO_LOCKS: &str =
    "shmstate needs open-file-description locks (Linux 3.15), which this kernel or sandbox does not have";

impl Error {
    /// The error that the operating system gave while `doing` something with `path`.
    #[cold]
    pub(crate) fn io(path: &Path, doing: &'static str, source: impl Into<io::Error>) -> Error {
        let (path, source) = (path.to_owned(), source.into());
        let unsupported = |path: PathBuf, advice: &str| ErrorRepr::Unsupported {
            path,
            why: format!("the kernel or the file system cannot {doing} it ({source}): {advice}"),
        };
        let repr = match (source.kind(), doing) {
            (io::ErrorKind::NotFound, _) => ErrorRepr::NotFound { path },
            (io::ErrorKind::AlreadyExists, _) => ErrorRepr::AlreadyExists { path },
            (io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem, _) => ErrorRepr::Permission {
                path,
                why: format!(
                    "the system does not let this process {} it: {source}: {}",
                    doing.trim_end_matches(" a second time").trim_end_matches(" the directory"),
                    forbidden_by(&source, doing)
                ),
                source: Some(source),
            },
            (io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded, _) => ErrorRepr::NoRoom { path, doing, source },
            (io::ErrorKind::InvalidFilename, _) => {
                ErrorRepr::InvalidName { name: path, why: "it, or a part of it, is longer than the file system allows" }
            }
            (io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported, "lock") => unsupported(path, NO_LOCKS),
            (io::ErrorKind::InvalidInput, "prepare for forks of this process, for") => {
                unsupported(path, "shmstate needs Linux 4.14")
            }
            (io::ErrorKind::Unsupported, _) => unsupported(path, "keep the region on a tmpfs, such as /dev/shm"),
            _ if source.raw_os_error() == Some(code::ENODEV) && doing == "map" => {
                unsupported(path, "keep the region on a tmpfs, such as /dev/shm")
            }
            _ => ErrorRepr::Io { path, doing, advice: advice(&source, doing), source },
        };
        repr.into()
    }

    /// Why there was no room, without the advice for a new region.
    pub(crate) fn shortage(&self) -> String {
        match &*self.0 {
            ErrorRepr::TooLarge { available, limit, .. } => {
                format!("{} are left, limited by {limit}", Bytes(*available))
            }
            ErrorRepr::NoSpace { source, .. } => source.to_string(),
            other => other.to_string(),
        }
    }
}

/// What may be in the way, and where to look.
fn forbidden_by(source: &io::Error, doing: &str) -> &'static str {
    match (source.kind(), source.raw_os_error()) {
        (io::ErrorKind::ReadOnlyFilesystem, _) if !doing.starts_with("open") => {
            "its file system is mounted read-only: keep the region elsewhere"
        }
        (io::ErrorKind::ReadOnlyFilesystem, _) => {
            "its file system is mounted read-only: keep the region elsewhere; `open_read_only` can look at it"
        }
        (_, Some(code::EPERM)) => {
            "an attribute of the file (`lsattr`), a seal, a sticky directory, a security module or a sandbox forbids it"
        }
        _ => "look at the modes and owners of the file and of each directory that leads to it",
    }
}

/// What to do; empty where the error says it all.
fn advice(source: &io::Error, doing: &str) -> &'static str {
    match (source.kind(), source.raw_os_error()) {
        (_, Some(code::EBADF)) => {
            ": another thread of the program has closed the library's descriptor (`close`, `closefrom`): let it do so only \
             with descriptors of its own, and try again"
        }
        (_, Some(code::EMFILE)) => {
            ": this process has as many descriptors as it may have: close some, or raise the limit (`ulimit -n`)"
        }
        (_, Some(code::ENFILE)) => {
            ": the machine has as many open files as it may have: close some, or raise `fs.file-max`"
        }
        (io::ErrorKind::OutOfMemory, _) => {
            ": no memory or no addresses are left for this process: look at `ulimit -v`, `vm.max_map_count` and \
             `vm.overcommit_memory`, and at `ulimit -l` if it locks its memory (`mlockall`)"
        }
        (io::ErrorKind::WouldBlock, _) if doing == "map" => {
            ": this process locks its memory (`mlockall`), and may lock no more: raise the limit (`ulimit -l`)"
        }
        (io::ErrorKind::WouldBlock, _) if doing.starts_with("start a thread") => {
            ": this process, its user or its control group has as many threads as it may have: look at `ulimit -u` and `pids.max`"
        }
        (_, Some(code::ENOLCK)) => ": the kernel has no room for more locks: close other programs' files, or try again",
        (_, Some(code::EIO)) => ": the device or the file system fails: look at the kernel's log (`dmesg`)",
        (_, Some(code::ELOOP)) => {
            ": a symbolic link leads in a circle, or is not followed here: give the path that it stands for"
        }
        (io::ErrorKind::NotADirectory, _) => {
            ": a part of the path is a file, or a symbolic link that is not followed here: give the path of a directory"
        }
        (io::ErrorKind::ResourceBusy, _) => ": something is mounted on it: unmount it first (`umount`)",
        (io::ErrorKind::ExecutableFileBusy, _) => {
            ": it is a program that runs, or a swap file: give the region a file of its own"
        }
        (io::ErrorKind::StaleNetworkFileHandle, _) => {
            ": its file system has lost it: open it again, or keep regions on a tmpfs"
        }
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind::{self, AlreadyExists, InvalidName, Io, NoSpace, NotFound, Permission, Unsupported};
    use std::collections::BTreeSet;

    #[test]
    fn the_numbers_are_the_c_librarys() {
        let ours =
            [code::EPERM, code::EIO, code::EBADF, code::ENODEV, code::ENFILE, code::EMFILE, code::ENOLCK, code::ELOOP];
        let theirs =
            [libc::EPERM, libc::EIO, libc::EBADF, libc::ENODEV, libc::ENFILE, libc::EMFILE, libc::ENOLCK, libc::ELOOP];
        assert_eq!(ours, theirs);
    }

    /// A system call, what it is done for in a message, an error that its manual page names, and what the message says.
    type Row = (&'static str, &'static str, i32, ErrorKind, &'static str);

    const TABLE: &[Row] = &[
        // openat, of a file.
        ("openat", "open", libc::EACCES, Permission, "look at the modes and owners"),
        ("openat", "open", libc::EPERM, Permission, "a sandbox forbids it"),
        ("openat", "open", libc::EROFS, Permission, "mounted read-only"),
        ("openat", "open", libc::ENOENT, NotFound, "create it first"),
        ("openat", "open", libc::EMFILE, Io, "Too many open files (os error 24): this process has"),
        ("openat", "open", libc::ENFILE, Io, "`fs.file-max`"),
        ("openat", "open", libc::ENOMEM, Io, "`ulimit -v`"),
        ("openat", "open", libc::ETXTBSY, Io, "is a program that runs"),
        ("openat", "open", libc::EIO, Io, "kernel's log"),
        ("openat", "open", libc::ESTALE, Io, "open it again"),
        ("openat", "open", libc::EOPNOTSUPP, Unsupported, "keep the region on a tmpfs"),
        ("openat", "open", libc::ENAMETOOLONG, InvalidName, "longer than the file system allows"),
        ("openat", "open", libc::EBUSY, Io, "is mounted on it"),
        ("openat", "open", libc::EINVAL, Io, "Invalid argument"),
        ("openat", "open a second time", libc::EACCES, Permission, "let this process open it"),
        ("openat", "open a second time", libc::EMFILE, Io, "`ulimit -n`"),
        ("openat", "open a second time", libc::ENFILE, Io, "`fs.file-max`"),
        // fchown, of a new file.
        ("fchown", "set the owner of", libc::EIO, Io, "kernel's log"),
        ("fchown", "set the owner of", libc::EROFS, Permission, "mounted read-only"),
        // openat, of a new file.
        ("openat", "create", libc::EACCES, Permission, "does not let this process create it"),
        ("openat", "create", libc::EPERM, Permission, "does not let this process create it"),
        ("openat", "create", libc::EROFS, Permission, "keep the region elsewhere"),
        ("openat", "create", libc::ENOSPC, NoSpace, "in inodes"),
        ("openat", "create", libc::EDQUOT, NoSpace, "quota"),
        ("openat", "create", libc::EMFILE, Io, "`ulimit -n`"),
        ("openat", "create", libc::ENAMETOOLONG, InvalidName, "longer"),
        // openat and mkdir, of directories.
        ("openat", "open the directory", libc::EACCES, Permission, "let this process open it:"),
        ("openat", "open the directory", libc::ENOTDIR, Io, "a part of the path is a file"),
        ("openat", "open the directory", libc::ELOOP, Io, "leads in a circle"),
        ("openat", "open the directory", libc::EMFILE, Io, "`ulimit -n`"),
        ("openat", "open the directory", libc::ENAMETOOLONG, InvalidName, "longer"),
        ("mkdir", "make the directory", libc::EACCES, Permission, "let this process make it:"),
        ("mkdir", "make the directory", libc::EROFS, Permission, "mounted read-only"),
        ("mkdir", "make the directory", libc::ENOSPC, NoSpace, "in inodes"),
        ("mkdir", "make the directory", libc::EDQUOT, NoSpace, "quota"),
        ("mkdir", "make the directory", libc::ENOTDIR, Io, "a part of the path is a file"),
        ("mkdir", "make the directory", libc::EMLINK, Io, "Too many links"),
        // fstatat, fstat, fstatfs, fstatvfs, lseek.
        ("fstatat", "find", libc::EACCES, Permission, "each directory that leads to it"),
        ("fstatat", "find", libc::ENOENT, NotFound, "create it first"),
        ("fstatat", "find", libc::ENOTDIR, Io, "a part of the path is a file"),
        ("fstatat", "find", libc::ELOOP, Io, "leads in a circle"),
        ("fstatat", "find", libc::ENAMETOOLONG, InvalidName, "longer"),
        ("fstatat", "find", libc::EIO, Io, "kernel's log"),
        // fstat, after a lock or a map: the number is no longer that of the library's descriptor.
        ("fstat", "use", libc::EBADF, Io, "Bad file descriptor"),
        ("fstat", "use the directory", libc::EBADF, Io, "with descriptors of its own"),
        ("fstat", "look at", libc::ENOMEM, Io, "no memory"),
        ("fstatfs", "look at the file system of", libc::EIO, Io, "kernel's log"),
        ("fstatfs", "look at the file system of", libc::ENOSYS, Unsupported, "keep the region on a tmpfs"),
        ("fstatvfs", "ask how much room there is for", libc::EMFILE, Io, "`ulimit -n`"),
        ("fstatvfs", "ask how much room there is for", libc::ENFILE, Io, "`fs.file-max`"),
        ("lseek", "look for holes in", libc::EIO, Io, "kernel's log"),
        // pread.
        ("pread", "read", libc::EIO, Io, "kernel's log"),
        ("pread", "read", libc::EACCES, Permission, "look at the modes"),
        ("pread", "compare the machine's boot id with", libc::EMFILE, Io, "`ulimit -n`"),
        ("pread", "ask for the machine's boot id, for", libc::EMFILE, Io, "`ulimit -n`"),
        // fallocate, pwrite, ftruncate.
        ("fallocate", "reserve room for", libc::EPERM, Permission, "a seal"),
        ("fallocate", "reserve room for", libc::EIO, Io, "kernel's log"),
        ("fallocate", "reserve room for", libc::ETXTBSY, Io, "a swap file"),
        ("fallocate", "reserve room for", libc::ENODEV, Io, "No such device"),
        // memfd_create, fcntl(F_ADD_SEALS), fchmod, dup.
        ("memfd_create", "create", libc::EMFILE, Io, "`ulimit -n`"),
        ("memfd_create", "create", libc::ENOMEM, Io, "no memory"),
        ("memfd_create", "create", libc::ENOSYS, Unsupported, "cannot create it"),
        ("memfd_create", "create", libc::EACCES, Permission, "let this process create it"),
        ("fcntl", "seal", libc::EPERM, Permission, "a seal"),
        ("fcntl", "use the descriptor of", libc::EMFILE, Io, "`ulimit -n`"),
        ("fcntl", "use the descriptor of", libc::EBADF, Io, "Bad file descriptor"),
        ("fchmod", "set the mode of", libc::EPERM, Permission, "an attribute of the file"),
        ("fchmod", "set the mode of", libc::EROFS, Permission, "mounted read-only"),
        ("fchmod", "set the mode of", libc::EOPNOTSUPP, Unsupported, "keep the region on a tmpfs"),
        // fcntl(F_OFD_SETLK).
        ("fcntl", "lock", libc::ENOLCK, Io, "no room for more locks"),
        ("fcntl", "lock", libc::EINVAL, Unsupported, "open-file-description locks"),
        ("fcntl", "lock", libc::ENOSYS, Unsupported, "open-file-description locks"),
        ("fcntl", "lock", libc::EBADF, Io, "Bad file descriptor"),
        // mmap, madvise, pthread_atfork.
        ("mmap", "map", libc::ENOMEM, Io, "`vm.max_map_count`"),
        ("mmap", "map", libc::EAGAIN, Io, "`mlockall`"),
        ("mmap", "map", libc::ENODEV, Unsupported, "keep the region on a tmpfs"),
        ("mmap", "map", libc::EPERM, Permission, "a seal"),
        ("mmap", "map", libc::EACCES, Permission, "look at the modes"),
        ("mmap", "map", libc::ENFILE, Io, "`fs.file-max`"),
        ("mmap", "map memory for a projection of", libc::ENOMEM, Io, "`ulimit -v`"),
        ("madvise", "prepare for forks of this process, for", libc::EINVAL, Unsupported, "Linux 4.14"),
        ("pthread_atfork", "prepare for forks of this process, for", libc::ENOMEM, Io, "no memory"),
        // clone, eventfd, for tasks that wait.
        ("clone", "start a thread that waits for", libc::EAGAIN, Io, "`pids.max`"),
        ("eventfd", "make an event descriptor for", libc::EMFILE, Io, "`ulimit -n`"),
        ("madvise", "prepare for tasks that wait for", libc::ENOMEM, Io, "no memory"),
        // linkat, unlinkat.
        ("linkat", "create", libc::EEXIST, AlreadyExists, "`open_or_create`"),
        ("linkat", "create", libc::EXDEV, Io, "cross-device"),
        ("linkat", "create", libc::EMLINK, Io, "Too many links"),
        ("unlinkat", "remove", libc::EACCES, Permission, "each directory that leads to it"),
        ("unlinkat", "remove", libc::EPERM, Permission, "a sticky directory"),
        ("unlinkat", "remove", libc::EBUSY, Io, "`umount`"),
        ("unlinkat", "remove", libc::EROFS, Permission, "mounted read-only"),
        ("unlinkat", "remove", libc::ENOENT, NotFound, "there is no region"),
        // flock, dup and renameat, of a file that takes the name of another.
        ("flock", "lock the file that is to replace", libc::ENOLCK, Io, "no room for more locks"),
        ("flock", "lock the file that is to replace", libc::EBADF, Io, "Bad file descriptor"),
        ("fcntl", "replace", libc::EMFILE, Io, "`ulimit -n`"),
        ("renameat", "replace", libc::EACCES, Permission, "each directory that leads to it"),
        ("renameat", "replace", libc::EPERM, Permission, "a sticky directory"),
        ("renameat", "replace", libc::EBUSY, Io, "`umount`"),
        ("renameat", "replace", libc::EROFS, Permission, "mounted read-only"),
        ("renameat", "replace", libc::ENOSPC, NoSpace, "in inodes"),
    ];

    #[test]
    fn each_error_of_each_call_is_told_with_its_cause_and_what_to_do() {
        for &(call, doing, code, kind, part) in TABLE {
            let source = io::Error::from_raw_os_error(code);
            let said = source.to_string();
            let error = Error::io(Path::new("/a/region"), doing, source);
            let message = error.to_string();
            assert_eq!(error.kind(), kind, "{call}: {message}");
            // There is nothing to look at before it is created, and a removal does not look at it.
            assert!(doing == "open" || !message.contains("open_read_only"), "{call}: {message}");
            assert!(message.contains(part) && message.contains("/a/region"), "{call}: {message}");
            // The kernel's own words, and the source for programs, wherever it is not clear what they are.
            let clear = matches!(kind, NotFound | AlreadyExists | InvalidName);
            assert!(clear || message.contains(&said), "{call}: {message}");
        }
    }

    /// Whatever the library does with the system is in the table.
    #[test]
    fn each_call_is_in_the_table() {
        let known: BTreeSet<&str> = TABLE.iter().map(|row| row.1).collect();
        let mut used = BTreeSet::new();
        let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if !path.ends_with("error/system.rs") {
                    let text = std::fs::read_to_string(path).unwrap();
                    for call in ["Error::io(", "failed(\"", "directory_error("] {
                        for rest in text.split(call).skip(1) {
                            let line = rest.split(['\n', ';']).next().unwrap();
                            let doing =
                                if call.ends_with('"') { line.split('"').next() } else { line.split('"').nth(1) };
                            used.extend(doing.map(str::to_owned));
                        }
                    }
                }
            }
        }
        let missing: Vec<_> = used.iter().filter(|doing| !known.contains(doing.as_str())).collect();
        assert!(used.len() > 15 && missing.is_empty(), "not in the table: {missing:?}");
    }
}
