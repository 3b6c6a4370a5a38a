#!/usr/bin/env bash
# On tmpfs, SEEK_HOLE does not say which bytes have memory, and a read through a mapping changes what it says.
#
# Expected: SEEK_DATA and SEEK_HOLE tell allocated bytes from holes (lseek(2), Linux man-pages 6.x: "a hole is a sequence of
#           zeros that (normally) has not been allocated in the underlying file storage"), so that a program can ask
#           whether a file is reserved as a whole; and no read changes the answer.
# True:     of a file that posix_fallocate has reserved, all blocks are counted in st_blocks, and SEEK_DATA finds nothing: a
#           reserved page counts as a hole until its content is up to date. A *read* of one byte through a shared mapping makes
#           that page data; pread(2) of the same kind does not (shmem_file_llseek and shmem_fallocate, mm/shmem.c, Linux 6.18).
# Matters:  a program that judges by SEEK_HOLE whether a write can still fail for want of memory (SIGBUS in a mapping) reserves
#           again what is reserved; one that copies only data segments copies a file differently after it was merely looked
#           at. Reserving again is harmless, and so is the right way to know.
# Needs:    Linux, Python 3, /dev/shm on tmpfs; takes 256 KiB of it. Exits 1 if the kernel says otherwise.
set -euo pipefail
uname -sr
[ "$(stat -f -c %T /dev/shm)" = tmpfs ] || { echo "/dev/shm is no tmpfs"; exit 1; }
python3 - <<'PYTHON'
import mmap, os, sys, tempfile

PAGE, PAGES = mmap.PAGESIZE, 64

def data(fd):
    found, at = [], 0
    while True:
        try:
            start = os.lseek(fd, at, os.SEEK_DATA)
        except OSError:  # ENXIO: no data after this offset
            return found
        at = os.lseek(fd, start, os.SEEK_HOLE)
        found.append((start // PAGE, at // PAGE))

with tempfile.TemporaryFile(dir="/dev/shm") as file:
    fd = file.fileno()
    os.posix_fallocate(fd, 0, PAGES * PAGE)
    reserved, blocks = data(fd), os.fstat(fd).st_blocks * 512 // PAGE
    os.pread(fd, 1, 20 * PAGE)
    after_pread = data(fd)
    with mmap.mmap(fd, PAGES * PAGE, mmap.MAP_SHARED, mmap.PROT_READ) as mapping:
        mapping[8 * PAGE]
    after_fault = data(fd)

print(f"{PAGES} pages reserved: {blocks} pages in st_blocks, data segments (pages): {reserved}")
print(f"after pread of page 20: {after_pread}")
print(f"after a read of page 8 through a mapping: {after_fault}")
sys.exit(0 if (blocks, reserved, after_pread, after_fault) == (PAGES, [], [], [(8, 9)]) else 1)
PYTHON
