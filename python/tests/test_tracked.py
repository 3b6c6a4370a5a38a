"""Items with marks between them: lists and arrays of tracked values."""

import numpy
import pytest
import shmstate as sm


class Marked(sm.Struct):
    number: sm.Tracked[sm.u64]


class Items(sm.Struct):
    xs: sm.List[sm.Tracked[sm.f64], 8]
    array: sm.Array[sm.Tracked[sm.u64], 3]
    plain: sm.Plain[sm.Tracked[sm.u64], 2]
    ring: sm.Ring[sm.Tracked[sm.u64], 3]
    queue: sm.Queue[sm.Tracked[sm.i32], 4]
    marked: sm.List[Marked, 2]
    nested: sm.Plain[sm.Plain[sm.Tracked[sm.u64], 2], 2]


VALUES = {
    "xs": [1.5, 2.5],
    "array": [7, 8, 9],
    "plain": [1, 2],
    "ring": [1, 2],
    "queue": [4, 5],
    "marked": [Marked(1), Marked(2)],
    "nested": [[1, 2], [3, 4]],
}


@pytest.fixture
def items():
    state = sm.State.anonymous(Items)
    with state.update() as s:
        for name, value in VALUES.items():
            getattr(s, name)[:] = value
    return state


@pytest.mark.parametrize("name", VALUES)
def test_tracked_items_are_read_one_by_one(items, name):
    value = VALUES[name]
    with items.read() as s:
        seen = getattr(s, name)
        assert seen.copy() == value == list(seen) == seen[:] == seen.tolist() and seen == value
        assert repr(seen) == repr(value) and value[1] in seen and seen[0:1] == value[:1]
        assert getattr(s.copy(), name) == value
    assert getattr(items.snapshot().copy(), name) == value


@pytest.mark.parametrize("name", VALUES)
def test_tracked_items_have_no_array(items, name):
    with items.update() as s:
        with pytest.raises(BufferError):
            memoryview(getattr(s, name))
    with items.read() as s, pytest.raises(BufferError):
        memoryview(getattr(s, name))


def test_tracked_items_are_written_one_by_one(items):
    with items.update() as s:
        s.array.reverse()
        s.xs.sort(reverse=True)
        s.xs.extend(s.xs)
        s.xs.extend(numpy.array([7.0, 8.0]))
        s.queue.extend(numpy.array([6], "i4"))
        s.plain[:] = numpy.array([5, 6], "u8")
        s.marked.reverse()
        s.marked[:1] = s.marked[1:]
    seen = items.snapshot().copy()
    assert (seen.array, seen.xs) == ([9, 8, 7], [2.5, 1.5, 2.5, 1.5, 7.0, 8.0])
    assert (seen.queue, seen.plain, seen.marked) == ([4, 5, 6], [5, 6], [Marked(1), Marked(1)])
