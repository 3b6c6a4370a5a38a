#!/usr/bin/env bash
# A mapping keeps a file locked after the last descriptor of it is closed.
#
# Expected: a lock of flock(2) ends "when all such file descriptors have been closed", and a lock of F_OFD_SETLK "on the last close
#           of the open file description" (flock(2) and fcntl(2), Linux man-pages 6.03).
# True:     a mapping holds the open file description as a descriptor does. Both locks stay until the file is unmapped, too,
#           although no process has a descriptor left that could unlock it (`__mmap_new_file_vma` in mm/vma.c takes the reference,
#           and `__fput` in fs/file_table.c, which follows the last one, unlocks: Linux 6.18). A lock of F_SETLK, for comparison,
#           ends at the first close, mapped or not, as fcntl(2) says.
# Matters:  a program that locks a file, maps it and closes it keeps all others out for as long as the mapping lives, also in
#           each child that inherits it. So unmap the file before you close it to give the lock back. On the other hand, such a
#           lock shows that a process lives, and no `closefrom` in that process takes it away.
# Needs:    Linux, Python 3. Exits 1 if the kernel says otherwise.
set -euo pipefail
uname -sr
python3 - <<'PYTHON'
import ctypes, errno, fcntl, mmap, os, struct, sys, tempfile

F_OFD_SETLK = 37
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]

def record():
    return struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)

LOCKS = {
    "flock": lambda fd: fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB),
    "F_OFD_SETLK": lambda fd: fcntl.fcntl(fd, F_OFD_SETLK, record()),
    "F_SETLK": lambda fd: fcntl.fcntl(fd, fcntl.F_SETLK, record()),
}

def taken(path, lock):
    """Whether another process cannot lock the file."""
    child = os.fork()
    if child == 0:
        try:
            lock(os.open(path, os.O_RDWR))
        except OSError as error:
            os._exit(1 if error.errno in (errno.EAGAIN, errno.EACCES) else 2)
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code == 2:
        sys.exit("the lock fails for another reason")
    return code == 1

def states(lock):
    """Whether a file is locked: while it is open and mapped, after it is closed, and after it is unmapped."""
    with tempfile.NamedTemporaryFile() as file:
        os.truncate(file.name, mmap.PAGESIZE)
        fd = os.open(file.name, os.O_RDWR)
        lock(fd)
        # Not the module's own mapping, which keeps a descriptor of its own.
        at = libc.mmap(None, mmap.PAGESIZE, mmap.PROT_READ, mmap.MAP_SHARED, fd, 0)
        found = [taken(file.name, lock)]
        os.close(fd)
        found.append(taken(file.name, lock))
        libc.munmap(at, mmap.PAGESIZE)
        found.append(taken(file.name, lock))
        return found

until_unmapped, until_closed = [True, True, False], [True, False, False]
right = {"flock": until_unmapped, "F_OFD_SETLK": until_unmapped, "F_SETLK": until_closed}
seen = {name: states(lock) for name, lock in LOCKS.items()}
for name, found in seen.items():
    open_, mapped, neither = ("locked" if held else "not locked" for held in found)
    print(f"{name}: {open_} while open and mapped, {mapped} while mapped, {neither} after that")
sys.exit(0 if seen == right else 1)
PYTHON
