"""shmstate beside what Python programs use to share a list of numbers. One command, one table:

    pip install numpy UltraDict posix_ipc lmdb && python bench/bench.py --write bench/RESULTS.md

Each operation runs alone, in one process, with everything open; of several rounds, in which the sides take turns, the table has the
median. An item is known by its number; an item that was read is a number of Python's, and what is read as a whole is an array of numpy's, or
the nearest thing that the side has. An update takes the lock and gives it back. "unsafe" is a side that leaves a torn value, or a lock that is never given back,
when a process is killed in the midst of it; see the table of features.
"""

from __future__ import annotations

import argparse
import datetime
import multiprocessing
import os
import platform
import statistics
import struct
import sys
import tempfile
import time
from multiprocessing import shared_memory

import numpy

import shmstate as sm

ITEMS = 131_072  # 1 MiB of 8 bytes
SMALL = 1024


# The numbers begin at a cache line, as those of the others do.
class Numbers(sm.Struct):
    values: sm.Array[sm.f64, 131_072]
    ticks: sm.u64


class Small(sm.Struct):
    values: sm.List[sm.f64, 1_000_000]
    ticks: sm.u64


class Side:
    """One way to share numbers. What it cannot do is missing."""

    name = ""
    safe = False

    def operations(self):
        return {}

    def close(self):
        pass


class Shmstate(Side):
    name, safe = "shmstate, `with`", True

    def __init__(self):
        self.names = [f"bench-{os.getpid()}-{type(self).__name__}-{i}" for i in range(3)]
        self.state = sm.State.create(self.names[0], Numbers)
        self.growing = sm.State.create(self.names[1], Small)
        self.bulk = sm.State.create(self.names[2], Numbers)
        self.new = numpy.random.default_rng(1).random(ITEMS)

    def operations(self):
        state, growing, bulk, new = self.state, self.growing, self.bulk, self.new

        def read(n):
            for i in range(n):
                with state.read() as s:
                    s.values[i % SMALL]

        def update(n):
            for i in range(n):
                with state.update() as s:
                    s.values[i % SMALL] = 0.5

        def append(n):
            for _ in range(n):
                with growing.update() as s:
                    s.values.append(0.5)

        def bulk_read(n):
            for _ in range(n):
                with bulk.read() as s:
                    numpy.array(s.values)

        def bulk_write(n):
            for _ in range(n):
                with bulk.update() as s:
                    s.values[:] = new

        return {"read": read, "update": update, "append": append, "bulk read": bulk_read, "bulk write": bulk_write}

    def close(self):
        for name in self.names:
            sm.remove(name)


class Batched(Shmstate):
    """A function of many operations in one block."""

    name = "shmstate, in one block"

    def operations(self):
        state, growing, bulk, new = self.state, self.growing, self.bulk, self.new

        def read(n):
            with state.read() as s:
                values = s.values
                for i in range(n):
                    values[i % SMALL]

        def update(n):
            def change(s):
                values = s.values
                for i in range(n):
                    values[i % SMALL] = 0.5

            state.update(change)

        def append(n):
            def add(s):
                values = s.values
                for _ in range(n):
                    values.append(0.5)

            growing.update(add)

        def bulk_read(n):
            def look(s):
                values = numpy.asarray(s.values)
                for _ in range(n):
                    values.copy()

            bulk.read(look)

        def bulk_write(n):
            def fill(s):
                for _ in range(n):
                    s.values[:] = new

            bulk.update(fill)

        return {"read": read, "update": update, "append": append, "bulk read": bulk_read, "bulk write": bulk_write}


class InPlace(Shmstate):
    """numpy on the memory itself, which takes over what was there before."""

    name = "shmstate, numpy in place"

    def operations(self):
        bulk, new = self.bulk, self.new

        def look(s):
            return numpy.asarray(s.values).copy()

        def bulk_read(n):
            for _ in range(n):
                bulk.read(look)

        def fill(s):
            numpy.asarray(s.values)[:] = new

        def bulk_write(n):
            for _ in range(n):
                bulk.update(fill)

        return {"bulk read": bulk_read, "bulk write": bulk_write}


class Array(Side):
    name = "multiprocessing.Array"

    def __init__(self):
        self.array = multiprocessing.Array("d", ITEMS)
        self.new = list(range(ITEMS))

    def operations(self):
        array, new = self.array, self.new

        def read(n):
            for i in range(n):
                array[i % SMALL]

        def update(n):
            for i in range(n):
                array[i % SMALL] = 0.5

        def bulk_read(n):
            for _ in range(n):
                array[:]

        def bulk_write(n):
            for _ in range(n):
                array[:] = new

        return {"read": read, "update": update, "bulk read": bulk_read, "bulk write": bulk_write}


class Shareable(Side):
    name = "ShareableList + Lock"

    def __init__(self):
        self.list = shared_memory.ShareableList([0.5] * SMALL)
        self.lock = multiprocessing.Lock()

    def operations(self):
        shared, lock = self.list, self.lock

        def read(n):
            for i in range(n):
                with lock:
                    shared[i % SMALL]

        def update(n):
            for i in range(n):
                with lock:
                    shared[i % SMALL] = 0.5

        return {"read": read, "update": update}

    def close(self):
        self.list.shm.close()
        self.list.shm.unlink()


class Manager(Side):
    name = "Manager().list()"

    def __init__(self):
        self.manager = multiprocessing.Manager()
        self.list = self.manager.list([0.5] * SMALL)
        self.large = self.manager.list([0.5] * ITEMS)
        self.new = [0.5] * ITEMS

    def operations(self):
        shared, large, new = self.list, self.large, self.new

        def read(n):
            for i in range(n):
                shared[i % SMALL]

        def update(n):
            for i in range(n):
                shared[i % SMALL] = 0.5

        def append(n):
            for _ in range(n):
                shared.append(0.5)

        def bulk_read(n):
            for _ in range(n):
                large[:]

        def bulk_write(n):
            for _ in range(n):
                large[:] = new

        return {"read": read, "update": update, "append": append, "bulk read": bulk_read, "bulk write": bulk_write}

    def close(self):
        self.manager.shutdown()


class Numpy(Side):
    name = "numpy, SharedMemory + Lock"

    def __init__(self):
        self.memory = shared_memory.SharedMemory(create=True, size=8 * ITEMS)
        self.array = numpy.ndarray(ITEMS, dtype="f8", buffer=self.memory.buf)
        self.lock = multiprocessing.Lock()
        self.new = numpy.random.default_rng(1).random(ITEMS)

    def operations(self):
        array, lock, new = self.array, self.lock, self.new

        def read(n):
            for i in range(n):
                with lock:
                    array[i % SMALL]

        def update(n):
            for i in range(n):
                with lock:
                    array[i % SMALL] = 0.5

        def bulk_read(n):
            for _ in range(n):
                with lock:
                    array.copy()

        def bulk_write(n):
            for _ in range(n):
                with lock:
                    array[:] = new

        return {"read": read, "update": update, "bulk read": bulk_read, "bulk write": bulk_write}

    def close(self):
        del self.array
        self.memory.close()
        self.memory.unlink()


class Bare(Side):
    """What no program can have: no lock, and no other process."""

    name = "numpy alone, not shared"

    def operations(self):
        array, new = numpy.zeros(ITEMS), numpy.random.default_rng(1).random(ITEMS)

        def bulk_read(n):
            for _ in range(n):
                array.copy()

        def bulk_write(n):
            for _ in range(n):
                array[:] = new

        return {"bulk read": bulk_read, "bulk write": bulk_write}


class Posix(Side):
    name = "posix_ipc + struct"

    def __init__(self):
        import mmap

        import posix_ipc

        self.names = f"/bench-{os.getpid()}"
        self.semaphore = posix_ipc.Semaphore(self.names, posix_ipc.O_CREX, initial_value=1)
        self.memory = posix_ipc.SharedMemory(self.names, posix_ipc.O_CREX, size=8 * ITEMS)
        self.map = mmap.mmap(self.memory.fd, 8 * ITEMS)
        self.new = os.urandom(8 * ITEMS)

    def operations(self):
        semaphore, memory, new = self.semaphore, self.map, self.new
        pack, unpack = struct.Struct("d").pack_into, struct.Struct("d").unpack_from

        def read(n):
            for i in range(n):
                with semaphore:
                    unpack(memory, 8 * (i % SMALL))

        def update(n):
            for i in range(n):
                with semaphore:
                    pack(memory, 8 * (i % SMALL), 0.5)

        def bulk_read(n):
            for _ in range(n):
                with semaphore:
                    memory[:]

        def bulk_write(n):
            for _ in range(n):
                with semaphore:
                    memory[:] = new

        return {"read": read, "update": update, "bulk read": bulk_read, "bulk write": bulk_write}

    def close(self):
        self.map.close()
        self.memory.close_fd()
        self.memory.unlink()
        self.semaphore.unlink()


class Ultra(Side):
    name = "UltraDict"

    def __init__(self):
        from UltraDict import UltraDict

        self.dict = UltraDict({i: 0.5 for i in range(SMALL)}, buffer_size=1 << 20)

    def operations(self):
        shared = self.dict

        def read(n):
            for i in range(n):
                shared[i % SMALL]

        def update(n):
            for i in range(n):
                shared[i % SMALL] = 0.5

        return {"read": read, "update": update}

    def close(self):
        self.dict.close()
        self.dict.unlink()


class Lmdb(Side):
    name, safe = "lmdb, no sync, write map", True

    def __init__(self):
        import lmdb

        self.directory = tempfile.TemporaryDirectory(dir="/dev/shm")
        self.environment = lmdb.open(self.directory.name, map_size=1 << 28, sync=False, metasync=False, writemap=True)
        with self.environment.begin(write=True) as transaction:
            for i in range(SMALL):
                transaction.put(struct.pack(">Q", i), struct.pack("d", 0.5))
        self.large, self.new, self.next = b"large", os.urandom(8 * ITEMS), SMALL
        with self.environment.begin(write=True) as transaction:
            transaction.put(self.large, self.new)

    def operations(self):
        environment, large, new = self.environment, self.large, self.new
        key, pack, unpack = struct.Struct(">Q").pack, struct.Struct("d").pack, struct.Struct("d").unpack

        def read(n):
            for i in range(n):
                with environment.begin() as transaction:
                    unpack(transaction.get(key(i % SMALL)))

        def update(n):
            for i in range(n):
                with environment.begin(write=True) as transaction:
                    transaction.put(key(i % SMALL), pack(0.5))

        def append(n):
            for _ in range(n):
                with environment.begin(write=True) as transaction:
                    transaction.put(key(self.next), pack(0.5), append=False)
                self.next += 1

        def bulk_read(n):
            for _ in range(n):
                with environment.begin() as transaction:
                    numpy.frombuffer(transaction.get(large))

        def bulk_write(n):
            for _ in range(n):
                with environment.begin(write=True) as transaction:
                    transaction.put(large, new)

        return {"read": read, "update": update, "append": append, "bulk read": bulk_read, "bulk write": bulk_write}

    def close(self):
        self.environment.close()
        self.directory.cleanup()


SIDES = [Shmstate, Batched, InPlace, Array, Shareable, Manager, Numpy, Posix, Ultra, Lmdb, Bare]
ROWS = {
    "read": "read an item",
    "update": "update an item",
    "append": "append an item",
    "bulk read": "read 1 MiB",
    "bulk write": "write 1 MiB",
}


def once(operation, times):
    operation(4)  # takes over what the row before has written
    start = time.perf_counter()
    operation(times)
    return (time.perf_counter() - start) / times


def shown(seconds):
    for unit, factor in (("ns", 1e9), ("µs", 1e6), ("ms", 1e3)):
        if seconds * factor < 1000 or unit == "ms":
            return f"{seconds * factor:.3g} {unit}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", metavar="FILE", help="writes the table into this file")
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    sides, missing = [], []
    for side in SIDES:
        try:
            sides.append(side())
        except ImportError as error:
            missing.append(f"{side.name} ({error})")
    times = {(side.name, row): [] for side in sides for row in ROWS}
    plans = []
    for side in sides:
        for row, operation in side.operations().items():
            # So many that a round takes some milliseconds.
            count = 1
            while count < 4096 and once(operation, count) * count < 0.003:
                count *= 2
            plans.append((side.name, row, operation, count))
    for _ in range(arguments.rounds):
        for name, row, operation, count in plans:
            times[name, row].append(once(operation, count))
    for side in sides:
        side.close()

    def cell(name, row):
        found = times[name, row]
        return shown(statistics.median(found)) if found else "—"

    lines = ["| | " + " | ".join(ROWS.values()) + " | killed in the midst |", "|---|" + "---:|" * len(ROWS) + "---|"]
    for side in sides:
        safe = "safe" if side.safe else ("nothing shared" if isinstance(side, Bare) else "unsafe")
        lines.append(f"| {side.name} | " + " | ".join(cell(side.name, row) for row in ROWS) + f" | {safe} |")
    bare = {row: statistics.median(times[Bare.name, row]) for row in ("bulk read", "bulk write")}
    ratios = ", ".join(
        f"{ROWS[row]} {statistics.median(times[name, row]) / bare[row]:.2f} ({name.split(', ')[1]})"
        for row in bare for name in (Shmstate.name, Batched.name, InPlace.name)
    )  # fmt: skip
    text = (
        f"# Python: shmstate beside its peers\n\nMeasured on {datetime.date.today()} by `python bench/bench.py`, Python "
        f"{platform.python_version()}, numpy {numpy.__version__}, {os.cpu_count()} processors, Linux {platform.release()}: medians of "
        f"{arguments.rounds} rounds.\n\n" + "\n".join(lines) + f"\n\nAs a multiple of numpy alone: {ratios}.\n"
        + (f"\nMissing: {', '.join(missing)}.\n" if missing else "")
    )
    print(text)
    if arguments.write:
        with open(arguments.write, "w", encoding="utf-8") as file:
            file.write(text)


if __name__ == "__main__":
    sys.exit(main())
