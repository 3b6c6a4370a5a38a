"""Classes that several tests, and the processes that they start, declare alike."""

import shmstate as sm


class Room(sm.Struct):
    """A room."""

    name: sm.Text[16]
    seats: sm.u64


class Board(sm.Struct):
    ticks: sm.u64
    owner: sm.Text[32]
    samples: sm.List[sm.f64, 1024]


class Phase(sm.Enum):
    Idle = 0
    Running = 7


class Task(sm.Union):
    class Nothing(sm.Variant): ...

    class Copy(sm.Variant):
        from_: sm.Text[24]
        to: Room

    class Sum(sm.Variant):
        _0: sm.List[sm.f64, 100]


class House(sm.Struct):
    rooms: sm.List[Room, 8]
    task: Task
    by_name: sm.Map[sm.Text[8], Room, 4]
    ports: sm.SortedMap[sm.i64, sm.u64, 100]
    tags: sm.Set[sm.Text[8], 4]
    jobs: sm.Slab[Room, 4]
    queue: sm.Queue[sm.u32, 4]
    ring: sm.Ring[sm.u64, 4]
    numbers: sm.Array[sm.i32, 6]
    owner: sm.Maybe[Room]
    phase: Phase
    raw: sm.Plain[sm.u8, 7]
