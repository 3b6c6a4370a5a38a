"""What the Rust program of these tests declares, in Python."""

import shmstate as sm


class Point(sm.Struct):
    x: sm.i32
    y: sm.f32


class Pair(sm.Struct):
    _0: sm.u16
    _1: sm.u16


class Metres(sm.Struct):
    _0: sm.f64


class Colour(sm.Enum):
    Red = 0
    Green = 7


class Node(sm.Struct):
    name: sm.Text[8]
    weights: sm.List[sm.u32, 4]


class Job(sm.Union):
    class Idle(sm.Variant): ...

    class Run(sm.Variant):
        pid: sm.u32
        nice: sm.i32

    class Held(sm.Variant):
        _0: sm.List[Node, 2]

    class Named(sm.Variant):
        _0: sm.Text[8]


class Mirror(sm.Struct):
    """What the Python tests declare alike: a field of every type that Python can declare."""

    wide: sm.u128
    signed_wide: sm.i128
    a: sm.u64
    b: sm.i64
    double: sm.f64
    c: sm.u32
    d: sm.i32
    single: sm.f32
    letter: sm.char
    e: sm.u16
    f: sm.i16
    g: sm.u8
    h: sm.i8
    on: bool
    colour: Colour
    numbers: sm.Plain[sm.u16, 4]
    pair: Pair
    fill_pair: sm.u32
    metres: Metres
    points: sm.Plain[Point, 2]
    name: sm.Text[12]
    blob: sm.Blob[8]
    maybe: sm.Maybe[sm.u64]
    maybe_node: sm.Maybe[Node]
    job: Job
    jobs: sm.Plain[Job, 2]
    non_zero: sm.NonZero[sm.u64]
    wrapping: sm.Wrapping[sm.u64]
    saturating: sm.Saturating[sm.i64]
    span: sm.TimeSpan
    time: sm.Timestamp
    uuid: sm.Uuid
    key: sm.Key
    ip: sm.IpAddress
    small: sm.Plain[sm.u16, 3]
    socket: sm.SocketAddress
    fill: sm.u32
    tracked: sm.Tracked[Point]
    array: sm.Array[Point, 5]
    list: sm.List[sm.u64, 6]
    nodes: sm.List[Node, 4]
    work: sm.List[Job, 3]
    ring: sm.Ring[sm.u64, 4]
    queue: sm.Queue[Node, 4]
    slab: sm.Slab[Node, 5]
    set: sm.Set[sm.u64, 8]
    words: sm.Set[sm.Text[8], 6]
    map: sm.Map[sm.Text[8], sm.List[sm.u32, 4], 6]
    ports: sm.Map[sm.i64, sm.u64, 8]
    sorted: sm.SortedMap[sm.i32, sm.u32, 200]
    titles: sm.SortedMap[sm.Text[8], Node, 40]
    pod: sm.Pod("Pod", 16, 8)
    raw: sm.Plain[sm.Pod("u64", 8, 8), 2]
