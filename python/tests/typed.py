"""What type checkers accept, and what they infer."""

from __future__ import annotations

from typing import Literal

import numpy
import shmstate as sm
from typing_extensions import assert_type


class Room(sm.Struct):
    name: sm.Text[Literal[16]]
    seats: sm.u64


class Phase(sm.Enum):
    Idle = 0
    Running = 1


class Task(sm.Union):
    class Idle(sm.Variant): ...

    class Copy(sm.Variant):
        source: sm.Text[Literal[24]]


class House(sm.Struct, version=2):
    ticks: sm.u64
    rooms: sm.List[Room, Literal[8]]
    samples: sm.List[sm.f64, Literal[1024]]
    ports: sm.Map[sm.Text[Literal[8]], sm.u64, Literal[4]]
    tags: sm.Set[sm.u64, Literal[4]]
    owner: sm.Maybe[Room]
    jobs: sm.Slab[Room, Literal[4]]
    phase: Phase
    _pad: sm.Plain[sm.u8, Literal[7]]


def tick(s: House, by: int) -> int:
    s.ticks += by
    return s.ticks


house = sm.State.open_or_create("typed", House, timeout=1.0)
assert_type(house, sm.State[House])
with house.update() as s:
    assert_type(s, House)
    s.ticks += 1
    s.rooms.append(Room(name="a", seats=1))
    assert_type(s.rooms[0].name, str)
    s.ports["http"] = 80
    assert_type(s.ports | {"smtp": 25}, dict[str, int])
    s.ports |= {"smtp": 25}
    assert_type(list(s.ports.items()), list[tuple[str, int]])
    s.tags.add(5)
    s.tags |= {6}
    assert_type(s.tags.union([7]), set[int])
    s.owner = Room("me")
    s.phase = Phase.Running
    key = s.jobs.add(Room("b"))
    assert_type(s.jobs[key], Room)
    s.samples[:] = [0.5]
assert_type(house.update(tick, 2), int)
with house.read() as s:
    mean = float(numpy.asarray(s.samples).mean())
    if s.owner is not None:
        assert_type(s.owner.seats, int)
assert_type(house.snapshot().ticks, int)
for change in house.changes(timeout=0):
    assert_type(change.version, int)
try:
    sm.open("nothing").update(lambda s: s.anything)
except sm.Error as error:
    assert_type(error.kind, str)
