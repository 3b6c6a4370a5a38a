#!/usr/bin/env bash
# A mapping keeps a file locked after the last descriptor of it is closed.
#
# Expected: a lock of flock(2) ends "when all such file descriptors have been closed", and a lock of F_OFD_SETLK at the last close
#           of the open file description (flock(2) and fcntl(2), Linux man-pages 6.x).
# True:     a shared mapping holds the open file description, too. The locks of both calls stay until it is unmapped as well,
#           although no process has a descriptor that could unlock them. A lock of F_SETLK goes with the first descriptor that is
#           closed, mapped or not (`mmap_region` in mm/vma.c takes a reference, `__fput` in fs/file_table.c unlocks, Linux 6.18).
# Matters:  a program that locks a file, maps it and closes the descriptor keeps all others out for as long as the mapping lives,
#           also in each child that inherits it. For the same reason such a lock is a sign of life that no `closefrom` takes
#           away. Unmap what you no longer use before you give a lock back by closing.
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
    """Whether it is locked: by a descriptor, by a mapping after that is closed, after that is unmapped."""
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

seen = {name: states(lock) for name, lock in LOCKS.items()}
print("locked:       open and mapped, mapped, neither")
for name, found in seen.items():
    print(f"{name:<13} {found}")
sys.exit(0 if seen == {"flock": [True, True, False], "F_OFD_SETLK": [True, True, False], "F_SETLK": [True, False, False]} else 1)
PYTHON
