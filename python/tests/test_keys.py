"""Keys that Python's own dictionaries and sets refuse as lists."""

import pytest
import shmstate as sm


class Point(sm.Struct):
    name: sm.Text[8]
    at: sm.Plain[sm.u64, 2]


class Board(sm.Struct):
    hosts: sm.Map[sm.Plain[sm.u8, 4], sm.u32, 8]
    grids: sm.SortedMap[sm.Plain[sm.Plain[sm.u8, 2], 2], sm.u32, 8]
    seen: sm.Set[sm.Plain[sm.u8, 4], 8]
    pairs: sm.Set[sm.Plain[sm.Plain[sm.u8, 2], 2], 8]
    points: sm.Set[Point, 4]
    jobs: sm.Slab[sm.u32, 4]


def test_arrays_are_tuples_as_keys():
    board = sm.State.anonymous(Board)
    with board.update() as s:
        s.hosts[10, 0, 0, 1] = 1
        s.hosts[[10, 0, 0, 2]] = 2
        s.grids[(1, 2), (3, 4)] = 5
        s.seen.add([1, 2, 3, 4])
        s.seen |= {(5, 6, 7, 8)}
        s.pairs.add([[1, 2], [3, 4]])
    with board.read() as s:
        assert dict(s.hosts) == {(10, 0, 0, 1): 1, (10, 0, 0, 2): 2} == s.hosts == s.hosts.copy()
        assert list(s.grids.items()) == [(((1, 2), (3, 4)), 5)]
        assert set(s.seen) == {(1, 2, 3, 4), (5, 6, 7, 8)} == s.seen and s.seen & {(1, 2, 3, 4)} == {(1, 2, 3, 4)}
        assert set(s.pairs) == {((1, 2), (3, 4))} == s.pairs.copy()
        assert (10, 0, 0, 1) in s.hosts and [10, 0, 0, 1] in s.hosts and (10, 0, 0) not in s.hosts and s.hosts.get((10, 0, 0)) is None
        assert (1, 2, 3, 4, 5) not in s.seen and ((1, 2), (3,)) not in s.pairs and "x" not in s.seen and (1, 2, 3, 300) not in s.seen
        assert [s.hosts[key] for key in s.hosts] == list(s.hosts.values()) and s.seen.issuperset(s.seen)
        assert repr(s.pairs) == "{((1, 2), (3, 4))}"
    copy = board.snapshot()
    assert copy.hosts == {(10, 0, 0, 1): 1, (10, 0, 0, 2): 2} and copy.pairs == {((1, 2), (3, 4))}
    with board.update() as s:
        assert s.hosts.pop((10, 0, 0, 1)) == 1 and s.hosts.popitem() == ((10, 0, 0, 2), 2)
        assert s.pairs.pop() == ((1, 2), (3, 4)) and not s.pairs and not s.hosts
        s.hosts.update(copy.hosts)
        assert s.hosts == copy.hosts


def test_structs_with_arrays_are_keys():
    board = sm.State.anonymous(Board)
    point = Point("a", [1, 2])
    with board.update() as s:
        s.points.add(point)
        assert point in s.points and Point("a", [1]) not in s.points and s.points == {point} and s.points.pop() == point
    assert hash(point) == hash(Point("a", [1, 2]))


def test_pop_takes_one_default():
    board = sm.State.anonymous(Board)
    with board.update() as s:
        key = s.jobs.add(7)
        assert (s.jobs.pop(key, None), s.jobs.pop(key, None), s.hosts.pop((1, 1, 1, 1), "none")) == (7, None, "none")
        for of, gone in ((s.jobs, key), (s.hosts, (1, 1, 1, 1))):
            with pytest.raises(KeyError):
                of.pop(gone)
            with pytest.raises(TypeError, match="from 1 to 2 positional arguments but 3 were given"):
                of.pop(gone, 1, 2)
