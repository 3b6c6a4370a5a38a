"""The memory of a block as arrays: without a copy, never torn, never written after the block."""

import gc
import io
import threading

import numpy
import pytest
import shmstate as sm
from boards import Board, House, Room


class Point(sm.Struct):
    x: sm.i32
    y: sm.f32
    z: sm.Plain[sm.u16, 4]


class Flag(sm.Struct):
    on: bool
    n: sm.Plain[sm.u8, 3]


class Arrays(sm.Struct):
    floats: sm.List[sm.f64, 1000]
    points: sm.Array[Point, 10]
    flags: sm.List[Flag, 4]
    numbers: sm.Plain[sm.u16, 4]
    ring: sm.Ring[sm.u64, 4]
    texts: sm.List[sm.Text[8], 4]


@pytest.fixture
def arrays():
    return sm.State.create("arrays", Arrays)


def update_elsewhere(state, f):
    thread = threading.Thread(target=state.update, args=(f,))
    thread.start()
    thread.join()


def test_arrays_are_the_memory(arrays):
    with arrays.update() as s:
        s.floats.extend(range(5))
        array = numpy.asarray(s.floats)
        assert array.dtype == "f8" and array.flags.writeable and not array.flags.owndata
        array *= 2
        assert s.floats == [0, 2, 4, 6, 8]
        s.floats[0] = 7
        assert array[0] == 7
        del array
    with arrays.read() as s:
        array = numpy.asarray(s.floats)
        assert array.tolist() == [7, 2, 4, 6, 8] and not array.flags.writeable
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
        with pytest.raises(ValueError):
            array.flags.writeable = True
        del array
    # What was written through an array is in every copy.
    for _ in range(5):
        arrays.update(lambda s: s.numbers.__setitem__(0, 1))
        assert arrays.snapshot().floats == [7, 2, 4, 6, 8]


def test_structs_are_structured_arrays(arrays):
    def write(s):
        points = numpy.asarray(s.points)
        assert points.dtype.names == ("x", "y", "z") and points.itemsize == 16 and points["z"].shape == (10, 4)
        points["x"] = numpy.arange(10)
        points["z"][3] = [1, 2, 3, 4]

    arrays.update(write)
    with arrays.read() as s:
        assert [p.x for p in s.points] == list(range(10)) and s.points[3].z == [1, 2, 3, 4]
        assert numpy.asarray(s.numbers).tolist() == [0, 0, 0, 0]
        assert numpy.asarray(s.floats).shape == (0,)


def test_a_bool_is_written_by_itself_alone(arrays):
    """All of its bytes but two are no value."""
    with arrays.update() as s:
        s.flags.append(Flag(True, [1, 2, 3]))
        flags = numpy.asarray(s.flags)
        assert not flags.flags.writeable and flags["on"].tolist() == [True]
        with pytest.raises((BufferError, TypeError)):
            io.BytesIO(b"1234").readinto(s.flags)
        del flags


def test_what_has_no_array(arrays):
    with arrays.update() as s:
        s.texts.append("a")
        with pytest.raises(BufferError, match="no numbers"):
            memoryview(s.texts)
        for n in range(6):
            s.ring.append(n)
    with arrays.read() as s, pytest.raises(BufferError, match="one piece"):
        memoryview(s.ring)
    with arrays.read() as s:
        assert numpy.array(s.ring.copy()).tolist() == [2, 3, 4, 5]


def test_an_array_that_outlives_its_read(arrays):
    arrays.update(lambda s: s.floats.extend([1.0, 2.0]))
    with pytest.raises(BufferError, match="1 array.*still held|1 array.*stays held"), arrays.read() as s:
        array = numpy.asarray(s.floats)
    # Never torn: the version stays as it was.
    for n in range(10):
        update_elsewhere(arrays, lambda s: s.floats.__setitem__(0, s.floats[0] + 1))
        assert array.tolist() == [1, 2]
    with pytest.raises(sm.ReentrantError):
        arrays.update(lambda s: None)
    del array
    arrays.update(lambda s: None)
    assert arrays.snapshot().floats == [11, 2]


def test_an_array_that_outlives_its_update(arrays):
    arrays.update(lambda s: s.floats.extend([1.0, 2.0]))
    with pytest.raises(BufferError, match="rolled back"), arrays.update() as s:
        array = numpy.asarray(s.floats)
        array[:] = 9
    for _ in range(10):
        array[:] = 77  # nobody's
        assert arrays.snapshot().floats[1] == 2
        update_elsewhere(arrays, lambda s: s.floats.__setitem__(0, 5))
    del array
    gc.collect()
    for _ in range(5):
        arrays.update(lambda s: None)
        assert arrays.snapshot().floats == [5, 2]
    assert arrays.stats()["roll_backs"] == 1


def test_an_exception_says_more_than_an_array_that_is_left(arrays):
    kept = []
    with pytest.raises(ZeroDivisionError), arrays.update() as s:
        s.floats.append(1)
        kept.append(numpy.asarray(s.floats))
        1 / 0
    kept[0][0] = 5
    kept.clear()
    arrays.update(lambda s: None)
    assert arrays.snapshot().floats == []


def test_arrays_of_functions_end_with_them(arrays):
    def fill(s):
        s.floats.extend([0.0] * 100)
        array = numpy.asarray(s.floats)
        array[:] = numpy.arange(100)
        return array.sum()

    assert arrays.update(fill) == 4950
    assert arrays.read(lambda s: numpy.asarray(s.floats).mean()) == 49.5
    with pytest.raises(BufferError):
        arrays.read(lambda s: numpy.asarray(s.floats))


def test_arrays_of_a_snapshot_last(arrays):
    arrays.update(lambda s: s.floats.extend([1.0, 2.0]))
    array = numpy.asarray(arrays.snapshot().floats)
    arrays.update(lambda s: s.floats.clear())
    arrays.close()
    gc.collect()
    assert array.tolist() == [1, 2] and not array.flags.writeable


def test_memoryviews_need_no_numpy():
    board = sm.State.create("board", Board)
    with board.update() as s:
        s.samples.extend([1, 2, 3])
        with memoryview(s.samples) as view:
            assert (view.format, view.shape, view.readonly) == ("d", (3,), False)
            view[1] = 7
        assert s.samples == [1, 7, 3]
    with board.read() as s, memoryview(s.samples) as view:
        assert view.readonly and view[1] == 7
    import subprocess
    import sys

    code = "import sys; sys.modules['numpy'] = None; import shmstate as sm; print(sum(memoryview(sm.open('board').snapshot().samples)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "11.0\n"


def test_items_of_structs_with_texts_have_no_array():
    house = sm.State.create("house", House)
    house.update(lambda s: s.rooms.append(Room("a")))
    with house.read() as s, pytest.raises(BufferError):
        numpy.asarray(memoryview(s.rooms))


def test_arrays_of_the_same_items_are_copied_straight_into_a_list():
    class Point(sm.Struct):
        x: sm.i32
        l: sm.f32  # noqa: E741 - the letter of a number, in a format

    class Flagged(sm.Struct):
        on: sm.bool_
        number: sm.u8

    class Board(sm.Struct):
        points: sm.List[Point, 8]
        samples: sm.List[sm.f64, 16]
        others: sm.Queue[sm.f64, 8]
        numbers: sm.Array[sm.i64, 4]
        flagged: sm.List[Flagged, 4]
        _pad: sm.Plain[sm.u8, 8]

    state = sm.State.anonymous(Board)
    points = numpy.array([(1, 0.5), (2, 1.5), (3, 2.5)], dtype=[("x", "<i4"), ("l", "<f4")])
    with state.update() as s:
        s.points[:] = points
        s.points.extend(points[:2])
        assert [(p.x, p.l) for p in s.points] == [(1, 0.5), (2, 1.5), (3, 2.5), (1, 0.5), (2, 1.5)]
        view = s.points[0]
        s.points[1:2] = points
        with pytest.raises(sm.StaleViewError):
            view.x
        for wrong in ([("x", "<i4"), ("q", "<f4")], [("x", "<u4"), ("l", "<f4")], [("l", "<f4"), ("x", "<i4")], [("x", ">i4"), ("l", "<f4")]):
            with pytest.raises(TypeError):
                s.points[:] = numpy.zeros(2, wrong)
        # The very memory of the state, on itself.
        s.samples[:] = numpy.arange(8.0)
        s.samples[1:] = numpy.asarray(s.samples)[:-1]
        assert s.samples == [0, 0, 1, 2, 3, 4, 5, 6]
        s.samples[:2] = numpy.asarray(s.samples)[4:8]
        assert s.samples == [3, 4, 5, 6, 1, 2, 3, 4, 5, 6]
        s.samples.extend(s.samples[:2])
        s.others.extend(memoryview(s.samples)[2:6])
        s.others.popleft()
        s.others.extend(numpy.asarray(s.samples)[:3])
        assert s.others == [6, 1, 2, 3, 4, 5]
        s.numbers[:] = numpy.arange(4)
        s.numbers[1:3] = numpy.array([7, 8], "<i8")
        assert s.numbers == [0, 7, 8, 3]
        with pytest.raises(sm.InvalidValueError, match="always has 4"):
            s.numbers[:] = numpy.arange(5)
        with pytest.raises(sm.CapacityError):
            s.samples[:] = numpy.zeros(17)
        # Not every byte is a `bool`.
        with pytest.raises(TypeError):
            s.flagged[:] = numpy.zeros(2, [("on", "?"), ("number", "u1")])
        s.samples[:] = numpy.zeros(0)
        assert len(s.samples) == 0
    other = state.snapshot()
    state.update(lambda s: s.samples.extend(numpy.asarray(other.points)["l"].astype("f8")))
    assert state.snapshot().samples == [0.5, 0.5, 1.5, 2.5, 2.5, 0.5, 1.5]


class Long(sm.Struct):
    flags: sm.List[Flag, 40_000]
    numbers: sm.Array[sm.u64, 20_000]
    others: sm.List[sm.u64, 20_000]


@pytest.fixture
def long():
    """A state of which an update finds every long part changed: it leaves out what it may overwrite."""
    state = sm.State.create("long", Long)
    with state.update() as s:
        s.flags.extend([Flag(on=i % 3 == 0) for i in range(30_000)])
        s.others.extend(range(20_000))
    for factor in (3, 7, 1):
        with state.update() as s:
            s.flags[1:] = [Flag(on=i % factor == 0) for i in range(29_999)]
            s.numbers[:] = factor * numpy.arange(20_000, dtype="u8")
            s.others[:] = factor * numpy.arange(20_000, dtype="u8")
    return state


def test_what_a_long_assignment_replaces_is_never_seen(long):
    new = numpy.arange(20_000, dtype="u8")[::-1].copy()
    with pytest.raises(ZeroDivisionError):
        with long.update() as s:
            s.numbers[:] = new
            raise ZeroDivisionError
    for n in range(6):
        with long.update() as s:
            assert s.numbers[19_999] == (19_999 if n == 0 else n - 1)
            s.numbers[:] = new + n
            assert s.numbers[19_999] == n and s.others[19_999] == 19_999
        with long.read() as s:
            assert (numpy.asarray(s.numbers) == new + n).all()
            assert (numpy.asarray(s.others) == numpy.arange(20_000)).all()


def test_an_array_of_a_long_part_shows_what_is_written_after_it(long):
    with long.update() as s:
        flags, numbers = memoryview(s.flags), numpy.asarray(s.numbers)
        assert flags.readonly and bool(flags.tobytes()[0]) and numbers[5] == 5
        s.flags[0] = Flag(on=False)
        s.numbers[5] = 50
        assert not flags.tobytes()[0] and numbers[5] == 50
        del flags, numbers
    with long.read() as s:
        assert not s.flags[0].on and s.numbers[5] == 50


def test_long_parts_are_copied_from_the_same_state(long):
    before = long.snapshot()
    with long.update() as s:
        s.numbers[:] = numpy.asarray(s.others)[::-1].copy()
        s.others[:] = memoryview(s.numbers)
        # The memory of the very list that is written.
        s.others[1:] = numpy.asarray(s.others)[:-1]
        assert s.numbers[:3] == [19_999, 19_998, 19_997] and s.others[:3] == [19_999, 19_999, 19_998]
    with long.read() as old, long.read() as s:
        assert numpy.asarray(old.others)[-1] == s.others[-1] == 1
    other = sm.open("long")
    with other.read() as seen:
        array = numpy.asarray(seen.numbers)
        update_elsewhere(long, lambda s: s.others.__setitem__(slice(None), before.others))
        del array
    with long.read() as s:
        assert s.others == before.others


class Grid(sm.Struct):
    id: sm.u64
    cells: sm.Plain[sm.Plain[sm.f32, 3], 4]
    cubes: sm.Plain[sm.Plain[sm.Plain[sm.u16, 2], 2], 4]


class Grids(sm.Struct):
    all: sm.List[Grid, 4]
    cubes: sm.List[sm.Plain[sm.Plain[sm.u16, 2], 3], 4]


def test_arrays_of_arrays_are_fields_of_more_dimensions():
    cells = [[i + 10 * j for i in range(3)] for j in range(4)]
    cubes = [[[i + 10 * j + 100 * k for i in range(2)] for j in range(2)] for k in range(4)]
    state = sm.State.anonymous(Grids)
    with state.update() as s:
        s.all.extend([Grid(1, cells, cubes), Grid(2, cells[::-1], cubes)])
        s.cubes.append(cubes[1] + cubes[2][:1])
        array = numpy.asarray(s.all)
        assert array.dtype["cells"].shape == (4, 3) and array.dtype["cubes"].shape == (4, 2, 2)
        array["cells"][1, 3, 2] = 0.5
        del array
    with state.read() as s:
        array = numpy.asarray(s.all)
        assert array["cells"][0].tolist() == cells and array["cubes"][1].tolist() == cubes
        assert array["cells"][1].tolist()[:3] == cells[:0:-1] and array["cells"][1, 3].tolist() == [0, 1, 0.5]
        assert array["id"].tolist() == [1, 2] and s.all[1].cells[3][2] == 0.5
        del array
        array = numpy.asarray(s.cubes)
        assert array.shape == (1, 3, 2) and array[0].tolist() == [[100, 101], [110, 111], [200, 201]]
        del array
