#!/usr/bin/env bash
# In a shared mapping on tmpfs, a page that is read first makes its neighbours writable, and a page that is written first does not.
#
# Expected: the first touch of a page costs one page fault, whether it reads or writes; or else a read costs one more when the
#           page is written later (mmap(2), Linux man-pages 6.03, says nothing about it).
# True:     a read fault maps all pages in the 64 KiB around it that are in memory. On tmpfs it maps them writable, because no file
#           system has to be told of the first write. A write fault maps one page. So a program that reads one byte of each
#           64 KiB before it writes has a sixteenth of the faults (`do_read_fault` and `do_shared_fault` in mm/memory.c,
#           `vma_wants_writenotify` in mm/vma.c, Linux 6.18; 64 KiB is the default of `fault_around_bytes` in debugfs).
# Matters:  a process that attaches to shared memory which other processes have filled pays a fault for each page that it writes
#           first. A loop that reads before spares it 15 of 16.
# Needs:    Linux, Python 3, /dev/shm on tmpfs without huge pages; takes 16 MiB of it. Exits 1 if the kernel says otherwise.
set -euo pipefail
uname -sr
[ "$(stat -f -c %T /dev/shm)" = tmpfs ] || { echo "/dev/shm is no tmpfs"; exit 1; }
python3 - <<'PYTHON'
import mmap, os, resource, sys, tempfile

PAGE, SIZE, AROUND = mmap.PAGESIZE, 16 << 20, 64 << 10

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

def write(mapping):
    for at in range(0, SIZE, PAGE):
        mapping[at] = 2

def read(mapping):
    for at in range(0, SIZE, AROUND):
        mapping[at]

def count(fd, *steps):
    """The page faults of each step in a new mapping."""
    with mmap.mmap(fd, SIZE, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE) as mapping:
        counts = []
        for step in steps:
            before = faults()
            step(mapping)
            counts.append(faults() - before)
        return counts

with tempfile.TemporaryFile(dir="/dev/shm") as file:
    file.truncate(SIZE)
    file.write(b"\1" * SIZE)
    file.flush()
    (alone,) = count(file.fileno(), write)
    before, after = count(file.fileno(), read, write)

print(f"{SIZE // PAGE} pages that are there, written: {alone} faults")
print(f"a byte of each 64 KiB read first: {before} faults, and {after} when all pages are written")
pages, blocks, noise = SIZE // PAGE, SIZE // AROUND, 64
right = pages <= alone < pages + noise and blocks <= before < blocks + noise and after < noise
sys.exit(0 if right else 1)
PYTHON
