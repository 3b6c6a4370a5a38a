"""Two processes change one list: `function_a` appends to it, `function_b` doubles its elements.

An article for Python users showed this program over a module `mmap_shared_memory`, whose list each process has for itself: what one
of them appends, the other one never sees. Here is what its program becomes, line by line:

    from mmap_shared_memory import MMapSharedMemory
        import shmstate as sm

    mylist = [0] * 50, put into the shared memory
        class Shared(sm.Struct):
            numbers: sm.List[sm.u32, 100]
        state = sm.State.open_or_create("article", Shared)
        The list has a type and a capacity, because it lies in memory that all processes map, and that never moves.

    mylist.append(i)
        with state.update() as s:
            s.numbers.append(i)
        The same line, in a block: no other process comes in between, and all of the block is committed at its end, or nothing
        of it if an exception or `kill -9` ends it.

    mylist[j] = 2 * mylist[j]
        with state.update() as s:
            s.numbers[j] = 2 * s.numbers[j]
        The same line. Outside of a block, an append between the read and the write would be lost.

    print(mylist)
        with state.read() as s:
            print(s.numbers)
        One version, which does not change while it is looked at, and for which no process waits.

The program runs for some seconds. Each update also notes in the same state what it did, so that at the end, and with each look
before, the list is compared with a replay of all that the processes did. It exits with 1 if anything differs: if an update was
lost, came twice, or was seen by half. A third process dies in the midst of its updates, over and over, and leaves no trace.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import signal
import time
from typing import Literal

import shmstate as sm

MOST = 100  # items of the list
WRAP = 999_983  # a prime, so that doubling loses nothing
EVENTS = 4096  # what a reader may be late by

APPENDED, DOUBLED, CUT = 0, 1, 2


class Event(sm.Struct):
    """What one update did."""

    number: sm.u64
    what: sm.u64
    argument: sm.u64


class Shared(sm.Struct):
    """What both processes change."""

    updates: sm.u64
    numbers: sm.List[sm.u32, Literal[100]]
    history: sm.Ring[Event, Literal[4096]]


def note(s: Shared, what: int, argument: int) -> None:
    s.updates += 1
    s.history.append(Event(s.updates, what, argument))


def function_a(state: sm.State[Shared], until: float) -> None:
    """Appends 0 to 9, over and over; a full list goes back to its first 50 elements."""
    i = 0
    while time.monotonic() < until:
        with state.update() as s:
            if len(s.numbers) == MOST:
                del s.numbers[50:]
                note(s, CUT, 50)
            s.numbers.append(i)
            note(s, APPENDED, i)
        i = (i + 1) % 10


def function_b(state: sm.State[Shared], until: float) -> None:
    """Doubles one element after the other."""
    j = 0
    while time.monotonic() < until:
        with state.update() as s:
            j = (j + 1) % len(s.numbers)
            s.numbers[j] = 2 * s.numbers[j] % WRAP
            note(s, DOUBLED, j)


def function_c(state: sm.State[Shared], until: float) -> None:
    """Dies in the midst of an update."""
    with state.update() as s:
        s.numbers.clear()
        s.updates += 1000
        os.kill(os.getpid(), signal.SIGKILL)


def replay(numbers: list[int], events: list[Event]) -> None:
    for event in events:
        if event.what == APPENDED:
            numbers.append(event.argument)
        elif event.what == DOUBLED:
            numbers[event.argument] = 2 * numbers[event.argument] % WRAP
        else:
            del numbers[event.argument :]


def look(state: sm.State[Shared], model: list[int], seen: int) -> int:
    """Brings the model up to the newest version, and compares both. Returns how many updates it has seen."""
    with state.read() as s:
        updates, numbers = s.updates, s.numbers.copy()
        behind = updates - seen
        if behind > EVENTS:
            raise SystemExit(f"{behind} updates in one look: the history is too short")
        events = [event.copy() for event in s.history[len(s.history) - behind :]]
    if [event.number for event in events] != list(range(seen + 1, updates + 1)):
        raise SystemExit(f"the updates {seen + 1} to {updates} are not each there once")
    replay(model, events)
    if model != numbers:
        raise SystemExit(f"after {updates} updates, the list is {numbers}, and the replay gives {model}")
    return updates


def main() -> None:
    parser = argparse.ArgumentParser(description="Two processes change one list; a replay checks them.")
    parser.add_argument("--seconds", type=float, default=3.0)
    seconds = parser.parse_args().seconds

    name = f"article-{os.getpid()}"
    state = sm.State.open_or_create(name, Shared)
    try:
        state.update(lambda s: s.numbers.extend([0] * 50))
        model, seen, looks, deaths = [0] * 50, 0, 0, 0
        context = multiprocessing.get_context("forkserver")
        until = time.monotonic() + seconds
        workers = [context.Process(target=target, args=(state, until)) for target in (function_a, function_b)]
        for worker in workers:
            worker.start()
        while any(worker.is_alive() for worker in workers):
            victim = context.Process(target=function_c, args=(state, until))
            victim.start()
            while victim.is_alive():
                seen, looks = look(state, model, seen), looks + 1
            victim.join()
            deaths += victim.exitcode == -signal.SIGKILL
        for worker in workers:
            worker.join()
            if worker.exitcode != 0:
                raise SystemExit(f"a worker ended with {worker.exitcode}")
        state.update(lambda s: None)  # takes the lock of the last one that died
        seen = look(state, model, seen)
        if seen == 0 or deaths == 0:
            raise SystemExit(f"{seen} updates and {deaths} deaths: nothing was tried")
        if state.stats()["recoveries"] < deaths:
            raise SystemExit(f"{deaths} processes died in an update, and {state.stats()['recoveries']} were recovered from")
        print(f"{seen} updates, compared in {looks} looks; {deaths} processes died in the midst of one: no update is lost")
    finally:
        state.close()
        sm.remove(name)


if __name__ == "__main__":
    main()
