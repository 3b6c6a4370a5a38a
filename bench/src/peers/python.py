"""Python's ways to share a list between processes: what the bench asks of them, in Python's own processes and by Python's clock.

`serve KIND N`               obeys lines `operation start end`, each answered by the nanoseconds that it took
`cast KIND N ROLES MS STAY`  lets processes with these roles run beside each other: one line of JSON for each
`life KIND N`                makes a list and attaches to it: the nanoseconds of each

The counter is item 0 of the list. Each operation holds the lock.
"""

import json
import multiprocessing
import os
import pickle
import sys
import time
from multiprocessing.shared_memory import ShareableList

MASK = (1 << 64) - 1
# Children inherit what they share, as with the default of the Pythons before 3.14.
FORK = multiprocessing.get_context("fork")


def mix(i, factor, shift):
    mixed = i * factor & MASK
    return mixed ^ mixed >> shift


def spot(i, n):
    """Where operation `i` happens: the same as for every other peer."""
    mixed = mix(i, 0x9E3779B97F4A7C15, 32) * 0xD6E8FEB86659FD93 & MASK
    return (mixed >> 32) * n >> 32


def key(n):
    return mix(n + 1, 0x9E3779B97F4A7C15, 29)


class Shared:
    """A list that processes share, its lock, and what can be done with it."""

    def __init__(self, kind, n):
        first = [0] + [1] * n
        self.kind, self.n, self.close = kind, n, lambda: None
        if kind == "array":
            self.items = FORK.Array("q", first)
            self.lock = self.items.get_lock()
        elif kind == "shareable":
            self.items, self.lock = ShareableList(first), FORK.Lock()
            self.close = lambda: (self.items.shm.close(), self.items.shm.unlink())
        else:
            manager = FORK.Manager()
            # Key 0 is no entry's: it is the counter.
            values = {0: 0, **{key(i): 1 for i in range(n)}} if kind == "dict" else None
            self.items = manager.list(first) if values is None else manager.dict(values)
            self.lock, self.close = manager.Lock(), manager.shutdown

    def whole(self):
        if self.kind == "dict":
            return list(self.items.values())
        return list(self.items if self.kind == "shareable" else self.items[:])

    def Load(self, i):
        with self.lock:
            return self.items[0]

    def ReadOne(self, i):
        with self.lock:
            return self.items[1 + spot(i, self.n)] + self.items[0]

    def ReadAll(self, i):
        with self.lock:
            return sum(self.items if self.kind == "shareable" else self.whole()) - self.items[0]

    def Snapshot(self, i):
        with self.lock:
            return self.whole()

    def ReadLast(self, i):
        with self.lock:
            return self.items[self.n] != self.items[0] + 1

    def LookUp(self, i):
        with self.lock:
            return self.items[key(spot(i, self.n))]

    def change(self, *changes):
        with self.lock:
            for place, by in changes:
                self.items[place] += by
            self.items[0] += 1

    def UpdateOne(self, i):
        self.change((1 + spot(i, self.n), 1))

    def UpdateLast(self, i):
        self.change((self.n, 1))

    def UpdateFar(self, i):
        self.change((1 + spot(i, self.n - 1), 1), (self.n, 1))

    def UpdateKey(self, i):
        self.change((key(spot(i, self.n)), 1))

    def Transfer(self, i):
        source = spot(2 * i, self.n)
        target = (source + 1 + spot(2 * i + 1, self.n - 1)) % self.n
        self.change((1 + source, -1), (1 + target, 1))

    def Batch(self, i):
        self.change(*((1 + spot(1000 * i + k, self.n), 1) for k in range(1000)))

    def RollBack(self, i):
        """By hand: the module has no roll-back."""
        place = 1 + spot(i, self.n)
        with self.lock:
            before = self.items[place], self.items[0]
            self.items[place], self.items[0] = 2, 2
            self.items[place], self.items[0] = before

    def Append(self, i):
        with self.lock:
            if len(self.items) == self.n + 1:
                del self.items[1:]
            self.items.append(i & 0xFFFF)
            self.items[0] += 1

    def InsertFront(self, i):
        with self.lock:
            self.items.pop()
            self.items.insert(1, i & 0xFFFF)
            self.items[0] += 1


def serve(kind, n):
    shared = Shared(kind, n)
    print("ok", flush=True)
    try:
        for line in sys.stdin:
            what, start, end = line.split()
            if what == "Look":
                print(shared.items[0], sum(shared.whole()) - shared.items[0], flush=True)
                continue
            if what == "Counter":
                print(shared.items[0], flush=True)
                continue
            operation = getattr(shared, what)
            begin = time.perf_counter_ns()
            for i in range(int(start), int(end)):
                operation(i)
            print(time.perf_counter_ns() - begin, flush=True)
    finally:
        shared.close()


def play(shared, role, core, ms, stay, barrier, pipe):
    """One process: does what its role is for that long, and says how it went."""
    try:
        os.sched_setaffinity(0, {core})
    except OSError:
        pass  # it goes where it likes
    operation = {"writer": shared.UpdateLast, "rover": shared.UpdateFar}.get(role, shared.ReadLast)
    done, torn, latencies = 0, 0, []
    barrier.wait()
    begin = now = time.perf_counter_ns()
    while now - begin < ms * 1_000_000:
        if role == "holder":
            with shared.lock:
                counter = shared.items[0]
                time.sleep(stay / 1000)
                torn += shared.items[0] != counter
            now = time.perf_counter_ns()
        else:
            before = time.perf_counter_ns()
            torn += bool(operation(done))
            now = time.perf_counter_ns()
            latencies.append(now - before)
        done += 1
    latencies.sort()
    parts = (0.5, 0.99, 0.999, 1)
    found = [latencies[min(int(p * len(latencies)), len(latencies) - 1)] if latencies else 0 for p in parts]
    pipe.send({"done": done, "torn": torn, "time": now - begin, "latencies": found})


def cast(kind, n, roles, ms, stay):
    shared = Shared(kind, n)
    roles = roles.split(",")
    barrier, pipes, children = FORK.Barrier(len(roles)), [], []
    for index, role in enumerate(roles):
        ours, theirs = FORK.Pipe()
        core = index % os.cpu_count()
        child = FORK.Process(target=play, args=(shared, role, core, int(ms), int(stay), barrier, theirs), daemon=True)
        child.start()
        pipes.append(ours)
        children.append(child)
    outcomes = [pipe.recv() for pipe in pipes]
    for child in children:
        child.join()
    counter = shared.items[0]
    shared.close()
    for outcome in outcomes:
        print(json.dumps(outcome))
    print(counter, flush=True)


def life(kind, n):
    begin = time.perf_counter_ns()
    shared = Shared(kind, n)
    created = time.perf_counter_ns() - begin

    def attach(pipe, name, proxy):
        for _ in range(2):  # reads the program's own pages, too
            begin = time.perf_counter_ns()
            items = ShareableList(name=name) if name else pickle.loads(proxy)
            right = items[0] == 0
            spent = time.perf_counter_ns() - begin
        pipe.send(spent if right else 0)
        pipe.close()
        os._exit(0)  # nothing of this process's cleaning up, which would remove what others use

    def child():
        ours, theirs = FORK.Pipe()
        name = shared.items.shm.name if kind == "shareable" else None
        proxy = None if name else pickle.dumps(shared.items)
        process = FORK.Process(target=attach, args=(theirs, name, proxy))
        process.start()
        spent = ours.recv()
        process.join()
        return spent

    warm = cold = 0
    if kind == "shareable":
        warm = child()
        shared.items.shm.close()
        cold = child()
        shared.items.shm.unlink()
        shared.close = lambda: None
    elif kind == "manager":
        warm = child()
    print(created, warm, cold, flush=True)
    shared.close()


if __name__ == "__main__":
    mode, kind, n, *rest = sys.argv[1:]
    {"serve": serve, "cast": cast, "life": life}[mode](kind, int(n), *rest)
