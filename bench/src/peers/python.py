"""One of Python's ways to share a list between processes, driven line by line: `operation start end`, answered by the
nanoseconds that it took.

The counter is item 0 of the list. Each operation holds the lock.
"""

import sys
import time
from multiprocessing import Array, Lock, Manager
from multiprocessing.shared_memory import ShareableList

MASK = (1 << 64) - 1


def spot(i, n):
    mixed = i * 0x9E3779B97F4A7C15 & MASK
    mixed = (mixed ^ mixed >> 32) * 0xD6E8FEB86659FD93 & MASK
    return 1 + ((mixed >> 32) * n >> 32)


def main(kind, n):
    first = [0] + [1] * n
    if kind == "array":
        items = Array("q", first)
        lock, cleanup = items.get_lock(), lambda: None
    elif kind == "shareable":
        items = ShareableList(first)
        lock = Lock()
        cleanup = lambda: (items.shm.close(), items.shm.unlink())
    else:
        manager = Manager()
        items, lock, cleanup = manager.list(first), manager.Lock(), manager.shutdown

    def read_one(i):
        with lock:
            return items[spot(i, n)] + items[0]

    def read_all(i):
        with lock:
            return sum(items[:] if kind != "shareable" else items) - items[0]

    def snapshot(i):
        with lock:
            return list(items[:] if kind != "shareable" else items)

    def update_one(i):
        with lock:
            items[spot(i, n)] += 1
            items[0] += 1

    def transfer(i):
        source = spot(2 * i, n)
        target = 1 + (source + spot(2 * i + 1, n - 1) - 1) % n
        with lock:
            items[source] -= 1
            items[target] += 1
            items[0] += 1

    def batch(i):
        with lock:
            for k in range(1000):
                items[spot(1000 * i + k, n)] += 1
            items[0] += 1

    operations = {
        "ReadOne": read_one,
        "ReadAll": read_all,
        "Snapshot": snapshot,
        "UpdateOne": update_one,
        "Transfer": transfer,
        "Batch": batch,
    }
    print("ok", flush=True)
    try:
        for line in sys.stdin:
            what, start, end = line.split()
            if what == "Look":
                print(items[0], read_all(0), flush=True)
                continue
            if what == "Counter":
                print(items[0], flush=True)
                continue
            operation = operations[what]
            begin = time.perf_counter_ns()
            for i in range(int(start), int(end)):
                operation(i)
            print(time.perf_counter_ns() - begin, flush=True)
    finally:
        cleanup()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
