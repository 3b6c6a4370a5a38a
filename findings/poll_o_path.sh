#!/usr/bin/env bash
# poll(2) says of an open descriptor that it is not open, if it was opened with O_PATH.
#
# Expected: POLLNVAL means "invalid request: fd not open" (poll(2), Linux man-pages 6.x), so that a program can ask with one
#           call which of its standard descriptors are open, as the runtimes of several languages do when they start.
# True:     the kernel looks the file up with `fdget`, which leaves O_PATH files out (`do_pollfd`, fs/select.c, Linux 6.18):
#           POLLNVAL for a descriptor that `fcntl(F_GETFD)` and `fstat` know as open. The pages of poll(2) and open(2) do not
#           mention it.
# Matters:  a program that fills closed standard descriptors with O_PATH placeholders and asks `poll` whether they are all
#           open never sees an end; one that believes POLLNVAL opens something in addition, under another number.
# Needs:    Linux and Python 3. Exits 1 if the kernel says otherwise.
set -euo pipefail
uname -sr
python3 - <<'PYTHON'
import fcntl, os, select, sys

fd = os.open("/", os.O_PATH | os.O_CLOEXEC)
flags = fcntl.fcntl(fd, fcntl.F_GETFD)
poll = select.poll()
poll.register(fd, 0)
events = dict(poll.poll(0)).get(fd, 0)
print(f"descriptor {fd}: fcntl(F_GETFD) = {flags}, fstat says inode {os.fstat(fd).st_ino}, poll says {events:#x}")
sys.exit(0 if events == select.POLLNVAL else 1)
PYTHON
