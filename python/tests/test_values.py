"""Maps, sets, slabs, enums, structs, and single values."""

import datetime
import ipaddress
import os
import pickle
import random
import uuid
from collections.abc import MutableMapping, MutableSet

import numpy
import pytest
import shmstate as sm
from boards import Board, House, Phase, Room, Task


@pytest.fixture
def house():
    return sm.State.create("house", House)


def test_a_map_is_a_dictionary():
    class Maps(sm.Struct):
        hashed: sm.Map[sm.Text[8], sm.i64, 30]
        sorted: sm.SortedMap[sm.i32, sm.Text[4], 30]

    state = sm.State.create("maps", Maps)
    seed = random.randrange(2**32)
    print("seed", seed)
    random.seed(seed)
    models = {"hashed": {}, "sorted": {}}
    make = {
        "hashed": (lambda: random.choice("abcdefgä€"), lambda: random.randrange(9)),
        "sorted": (lambda: random.randrange(-9, 9), lambda: random.choice("xyz")),
    }
    for _ in range(400):
        with state.update() as s:
            name = random.choice(list(models))
            ours, theirs, (k, v) = getattr(s, name), models[name], make[name]
            key, value, more = k(), v(), {k(): v() for _ in range(3)}
            operation = random.choice([
                lambda x: x[key],
                lambda x: x.__setitem__(key, value),
                lambda x: x.__delitem__(key),
                lambda x: key in x,
                lambda x: x.get(key),
                lambda x: x.get(key, 5),
                lambda x: x.pop(key),
                lambda x: x.pop(key, None),
                lambda x: x.setdefault(key, value),
                lambda x: x.update(more),
                lambda x: len(x),
                lambda x: sorted(x),
                lambda x: sorted(x.items()),
                lambda x: sorted(x.values()),
                lambda x: x == theirs,
                lambda x: None in x,
                lambda x: x.get(object()),
                lambda x: x.clear() if value == 0 else None,
            ])  # fmt: skip
            results = []
            for x in (ours, theirs):
                try:
                    results.append(operation(x))
                except KeyError as error:
                    results.append(error.args)
            assert results[0] == results[1]
            assert ours == theirs and isinstance(ours, MutableMapping)
            if name == "sorted":
                assert list(ours) == sorted(theirs)
    assert state.snapshot().asdict() == models


def test_errors_of_maps(house):
    with house.update() as s:
        s.by_name.update({"a": Room("x", 1), "b": Room("y", 2), "c": Room("z", 3)}, d=Room("w", 4))
        with pytest.raises(sm.CapacityError, match=r"`by_name`: the `Map` is full: it holds at most 4, and 5 were needed"):
            s.by_name["e"] = Room()
        with pytest.raises(sm.CapacityError):
            s.by_name.update(e=Room(), f=Room())
        with pytest.raises(OverflowError, match=r"`by_name\['a'\].seats`"):
            s.by_name["a"] = Room("x", -1)
        with pytest.raises(KeyError, match="e"):
            s.by_name["e"]
        with pytest.raises(KeyError):
            del s.by_name["e"]
        s.by_name["a"].seats = 10
        assert s.by_name["a"] == Room("x", 10) and len(s.by_name) == 4
        key, room = s.by_name.popitem()
        assert key not in s.by_name and isinstance(room, Room)


def test_a_text_that_no_key_can_be_is_no_key(house):
    long = "x" * 100
    with house.update() as s:
        s.by_name["a"] = Room("x", 1)
        assert long not in s.by_name and s.by_name.get(long) is None and long not in s.tags
        assert s.by_name.pop(long, 5) == 5
        s.tags.discard(long)
        for take in (lambda: s.by_name[long], lambda: s.by_name.pop(long), lambda: s.by_name.__delitem__(long)):
            with pytest.raises(KeyError):
                take()
        with pytest.raises(KeyError):
            s.tags.remove(long)
        with pytest.raises(sm.CapacityError):
            s.by_name[long] = Room()


def test_sets_and_slabs(house):
    with house.update() as s:
        s.tags.update(["a", "b"], ["b", "c"])
        s.tags.discard("x")
        s.tags.remove("a")
        with pytest.raises(KeyError):
            s.tags.remove("a")
        assert s.tags == {"b", "c"} and "b" in s.tags and 5 not in s.tags and isinstance(s.tags, MutableSet)
        assert s.tags | {"d"} == {"b", "c", "d"} and s.tags & {"b"} == {"b"} and s.tags - {"b"} == {"c"}
        s.tags = {"q"}
        assert s.tags.pop() == "q" and not s.tags
        first = s.jobs.add(Room("a", 1))
        second = s.jobs.add({"name": "b", "seats": 2})
        s.jobs[first].seats = 5
        assert s.jobs[first] == Room("a", 5) and len(s.jobs) == 2
        assert s.jobs.pop(first) == Room("a", 5)
        with pytest.raises(KeyError):
            s.jobs[first]
        third = s.jobs.add(Room("c"))
        assert third != first and set(s.jobs) == {second, third} and first not in s.jobs
        s.jobs[third] = Room("d")
        assert dict(s.jobs.items())[third].name == "d"


def test_enums(house):
    with house.update() as s:
        assert s.phase is Phase.Idle
        s.phase = Phase.Running
        assert s.phase is Phase.Running
        s.phase = "Idle"
        with pytest.raises(sm.InvalidValueError, match="no variant `Sleeping`"):
            s.phase = "Sleeping"
        with pytest.raises(TypeError):
            s.phase = 7
        assert isinstance(s.task, Task.Nothing) and isinstance(s.task, Task)
        s.task = Task.Copy("a", Room("kitchen", 4))
        match s.task:
            case Task.Copy(from_=source, to=Room(seats=seats)):
                assert (source, seats) == ("a", 4)
        copy = s.task
        copy.to.seats += 1
        assert s.task == Task.Copy("a", Room("kitchen", 5))
        s.task = Task.Sum([1.0, 2.0])
        with pytest.raises(sm.StaleViewError):
            copy.from_
        s.task._0.append(3)
        assert s.task._0 == [1, 2, 3] and repr(s.task) == "Task.Sum(_0=[1.0, 2.0, 3.0])"
        s.task = Task.Nothing
        assert s.task == Task.Nothing()
        with pytest.raises(TypeError):
            s.task = Task.Sum


def test_values_that_may_be_missing(house):
    with house.update() as s:
        assert s.owner is None
        s.owner = Room("me", 1)
        s.owner.seats = 2
        assert s.owner == Room("me", 2)
        s.owner = None
        assert s.owner is None


class Single(sm.Struct):
    wide: sm.u128
    signed_wide: sm.i128
    a: sm.u64
    b: sm.f64
    span: sm.TimeSpan
    time: sm.Timestamp
    uuid: sm.Uuid
    some: sm.NonZero[sm.u64]
    wrapping: sm.Wrapping[sm.u64]
    c: sm.f32
    letter: sm.char
    ip: sm.IpAddress
    e: sm.u16
    socket: sm.SocketAddress
    f: sm.i8
    on: bool
    g: sm.Plain[sm.u8, 6]
    blob: sm.Blob[8]


def test_single_values():
    state = sm.State.create("single", Single)
    some_uuid = uuid.uuid4()
    with state.update() as s:
        assert s == Single(), "a value by itself begins as a state does"
        for name, given, read in [
            ("wide", 2**128 - 1, None), ("signed_wide", -(2**127), None), ("a", 2**64 - 1, None), ("b", 5, 5.0),
            ("a", numpy.uint8(7), 7), ("b", numpy.float32(0.5), 0.5), ("on", numpy.bool_(True), True), ("on", False, None),
            ("span", datetime.timedelta(seconds=1.5), 1_500_000_000), ("span", 7, None),
            ("time", datetime.datetime(1970, 1, 1, 0, 0, 1, tzinfo=datetime.timezone.utc), 10**9), ("time", -5, None),
            ("uuid", some_uuid, None), ("uuid", str(some_uuid), some_uuid), ("some", 5, None), ("some", None, None),
            ("wrapping", 7, None), ("c", 0.5, None), ("letter", "€", None), ("ip", ipaddress.ip_address("::1"), None),
            ("ip", "10.0.0.1", ipaddress.ip_address("10.0.0.1")), ("socket", ("10.0.0.1", 80), None),
            ("socket", ("::1", 80, 7, 9), None), ("socket", "10.0.0.1:81", ("10.0.0.1", 81)), ("f", -128, None),
            ("blob", b"\0ab\0", None), ("blob", bytearray(b"x"), b"x"), ("blob", numpy.zeros(3, "u1"), b"\0\0\0"),
        ]:  # fmt: skip
            setattr(s, name, given)
            expected = given if read is None and given is not None else read
            assert getattr(s, name) == expected and type(getattr(s, name)) is type(expected), name
        for name, bad, error in [
            ("f", 128, OverflowError), ("wide", 2**128, OverflowError), ("wide", -1, OverflowError), ("a", 1.0, TypeError),
            ("b", "1", TypeError), ("on", 1, TypeError), ("letter", "ab", ValueError), ("letter", 5, TypeError),
            ("some", 0, ValueError), ("ip", "nowhere", ValueError), ("socket", ("x", 1), TypeError), ("uuid", "x", ValueError),
            ("time", datetime.datetime(2020, 1, 1), ValueError), ("blob", "text", TypeError), ("blob", b"123456789", sm.CapacityError),
            ("blob", 5, TypeError), ("c", 1e300, OverflowError), ("b", 10**400, OverflowError),
        ]:  # fmt: skip
            with pytest.raises(error, match=f"`{name}`"):
                setattr(s, name, bad)
    assert state.snapshot().copy() == pickle.loads(pickle.dumps(state.snapshot()))


def test_values_by_themselves(house):
    room = Room(name="a")
    assert (room.name, room.seats) == ("a", 0)
    room.seats = 3
    with house.update() as s:
        s.rooms.append(room)
        room.seats = 4  # has nothing to do with the state
        assert s.rooms[0].seats == 3 and s.rooms[0] != room
        copy = s.rooms[0].copy()
        s.rooms[0].seats = 9
    assert (copy.seats, copy, copy.asdict()) == (3, Room("a", 3), {"name": "a", "seats": 3})
    assert repr(copy) == "Room(name='a', seats=3)" and hash(copy) == hash(Room("a", 3))
    with pytest.raises(TypeError, match="no field `nam`"):
        Room(nam="a")
    with pytest.raises(TypeError, match="given twice"):
        Room("a", name="b")
    with pytest.raises(TypeError, match="takes 2 values"):
        Room(1, 2, 3)
    with pytest.raises(AttributeError):
        room.nam = "b"
    with house.read() as s, pytest.raises(TypeError, match="no hash"):
        hash(s)
    assert Board.ticks.name == "ticks" and repr(Board.samples) == "<field samples: List[f64, 1024]>"


def test_states_of_other_types_than_structs():
    numbers = sm.State.create("numbers", sm.List[sm.u8, 4])
    with numbers.update() as s:
        s.append(1)
        s += [2]
    assert numbers.snapshot() == [1, 2]


def test_defaults_and_names():
    class Limits(sm.Struct, name="Bounds", version=3):
        connections: sm.u64 = 100
        from_: sm.u64

    class Server(sm.Struct):
        limits: Limits
        name: sm.Text[8] = "unnamed"

    state = sm.State.create("server", Server)
    with state.read() as s:
        assert (s.limits.connections, s.limits.from_, s.name) == (100, 0, "unnamed")
    assert Server().limits.connections == 100
    assert '"name":"Bounds","size":16,"align":8,"version":3' in state.schema and '"name":"from"' in state.schema
    again = sm.State.open_or_create("server", Server)
    assert again.version == state.version
    opened = sm.open("server")
    with opened.update() as s:
        s.limits.from_ = 7
        assert type(s.limits).__name__ == "Bounds"
    assert state.snapshot().limits.from_ == 7


@pytest.mark.parametrize(
    ("declare", "message"),
    [
        (lambda: {"a": int}, "`int` has no fixed size: write `i64` or `u64`"),
        (lambda: {"a": str}, "write `Text"),
        (lambda: {"a": sm.List}, "needs its capacity"),
        (lambda: {"a": object}, "no type that a state can have"),
        (lambda: {"a": "Nowhere"}, "Nowhere"),
        (lambda: {"a": sm.u8, "b": sm.u64}, "7 bytes of padding before the field `b`"),
        (lambda: {}, "no fields"),
        (lambda: {"a": sm.List[sm.u8, 2**60]}, "more than a state can hold"),
    ],
)
def test_what_cannot_be_declared(declare, message):
    with pytest.raises((TypeError, sm.Error), match=message):
        made = type(sm.Struct)("Bad", (sm.Struct,), {"__annotations__": declare(), "__module__": __name__})
        sm.schema(made)


def test_brackets_say_what_they_take():
    with pytest.raises(TypeError, match="a type and a number"):
        sm.List[sm.u8]
    with pytest.raises(TypeError, match="is no capacity"):
        sm.Text["x"]
    with pytest.raises(TypeError, match="Maybe"):
        sm.u64 | None
    with pytest.raises(TypeError, match="type of a field"):
        sm.List([1])
    with pytest.raises(TypeError, match="NonZero"):
        sm.NonZero[sm.f64]


def test_opening(directory):
    with pytest.raises(sm.NotFoundError) as raised:
        sm.open("nothing")
    assert raised.value.kind == "not_found" and isinstance(raised.value, FileNotFoundError)
    sm.State.create("board", Board)
    with pytest.raises(sm.AlreadyExistsError):
        sm.State.create("board", Board)
    with pytest.raises(sm.LayoutMismatchError, match="(?s)holds another layout than the program's type `Room`.*the file has"):
        sm.State.open("board", Room)
    with pytest.raises(sm.LayoutMismatchError):
        sm.State.open_or_create("board", Room)
    with pytest.raises(TypeError, match="no option `timeoutt`"):
        sm.open("board", timeoutt=5)
    looking = sm.State.open("board", Board, writable=False)
    assert looking.read(lambda s: s.ticks) == 0
    with pytest.raises(sm.StatePermissionError):
        looking.update(lambda s: None)
    with open(f"{directory}/text", "w") as file:
        file.write("no region" * 1000)
    os.chmod(f"{directory}/text", 0o600)
    with pytest.raises(sm.CorruptError):
        sm.open("text")
    sm.remove("board")
    with pytest.raises(FileNotFoundError):
        sm.remove("board")


def test_errors_speak_of_python():
    class Padded(sm.Struct):
        a: sm.u8
        b: sm.u64

    with pytest.raises(sm.InvalidValueError, match=r"a field `_pad: Plain\[u8, 7\]`"):
        sm.State.anonymous(Padded)
    sm.State.create("board", Board)
    looks = sm.State.open("board", Board, writable=False)
    with pytest.raises(sm.StatePermissionError, match="open it with `writable=True`"):
        looks.update(lambda s: None)
    with open(os.path.join(os.environ["SHMSTATE_DIR"], "loose"), "wb", opener=lambda *a: os.open(*a, mode=0o666)) as file:
        os.fchmod(file.fileno(), 0o666)
        file.write(bytes(100_000))
    with pytest.raises(sm.StatePermissionError, match="with `mode=0o666`"):
        sm.open("loose")
    with pytest.raises(sm.InvalidValueError, match="`copies=1`"):
        sm.State.create("few", Board, copies=1)
    board = sm.State.open("board", Board)
    with board.read(), pytest.raises(sm.ReentrantError, match="end that block first"):
        board.update(lambda s: None)


def test_archives_are_declared_in_rust():
    with pytest.raises(TypeError, match="`Archived` cannot be declared in Python"):
        sm.Archived[Room, 100]
    with pytest.raises(TypeError, match="declare the state in Rust"):

        class Board(sm.Struct):
            archive: sm.Archived


def test_what_is_no_type_of_a_state():
    for bad in (Board(), Phase.Idle, 5, "Board", sm.List, None):
        with pytest.raises(TypeError):
            sm.State.anonymous(bad)
    with pytest.raises(TypeError, match="no capacity"):
        sm.List[sm.u8, 2**70]
    with pytest.raises(TypeError, match=r"`Task.Copy\(…\)`"):
        Task()
    sm.State.anonymous(Board, timeout=None)
    for bad in (float("nan"), "1"):
        with pytest.raises((ValueError, TypeError)):
            sm.State.anonymous(Board, timeout=bad)
