"""Lists, arrays, rings and queues beside Python's own lists."""

import random

import numpy
import pytest
import shmstate as sm
from boards import House, Room
from collections.abc import MutableSequence


class Lists(sm.Struct):
    numbers: sm.List[sm.i64, 40]
    words: sm.List[sm.Text[8], 40]
    rooms: sm.List[Room, 40]


@pytest.fixture
def lists():
    return sm.State.create("lists", Lists)


def values(kind, n):
    match kind:
        case "numbers":
            return [random.randrange(-5, 5) for _ in range(n)]
        case "words":
            return [random.choice(["", "a", "b", "ä€"]) for _ in range(n)]
        case _:
            return [Room(random.choice("abc"), random.randrange(5)) for _ in range(n)]


def step(ours, theirs, kind):
    """One random operation on both, with the same result or the same exception."""
    one, few = values(kind, 1)[0], values(kind, random.randrange(5))
    at, to, by = random.randrange(-6, 7), random.randrange(-6, 7), random.choice([None, 1, 2, -1, 3])
    part = random.choice([slice(at, to), slice(None, to), slice(at, None), slice(at, to, by), slice(None)])
    operations = [
        lambda x: x[at],
        lambda x: x[part],
        lambda x: x.__setitem__(at, one),
        lambda x: x.__setitem__(part, few),
        lambda x: x.__delitem__(at),
        lambda x: x.__delitem__(part),
        lambda x: x.append(one),
        lambda x: x.extend(few),
        lambda x: x.insert(at, one),
        lambda x: x.pop(),
        lambda x: x.pop(at),
        lambda x: x.remove(one),
        lambda x: x.index(one),
        lambda x: x.count(one),
        lambda x: one in x,
        lambda x: x.reverse(),
        lambda x: len(x),
        lambda x: x == theirs,
        lambda x: x != few,
        lambda x: x.copy(),
        lambda x: list(x),
        lambda x: list(reversed(x)),
        lambda x: repr(x),
        lambda x: x + few,
        lambda x: x.clear() if random.random() < 0.2 else None,
    ]
    if kind != "rooms":
        operations += [lambda x: x.sort(), lambda x: x.sort(reverse=True, key=str), lambda x: x < few, lambda x: x >= few]
    operation = random.choice(operations)
    state = random.getstate()
    results = []
    for x in (ours, theirs):
        random.setstate(state)
        try:
            results.append(operation(x))
        except (IndexError, ValueError, TypeError) as error:
            results.append(type(error))
    if isinstance(results[0], sm.ListView):
        results[0] = results[0].copy()
    assert results[0] == results[1]


@pytest.mark.parametrize("kind", ["numbers", "words", "rooms"])
def test_a_list_is_a_list(lists, kind):
    seed = random.randrange(2**32)
    print("seed", seed)
    random.seed(seed)
    theirs = []
    for _ in range(60):
        with lists.update() as s:
            for _ in range(10):
                if len(theirs) > 30:
                    del theirs[5:], getattr(s, kind)[5:]
                step(getattr(s, kind), theirs, kind)
                assert getattr(s, kind) == theirs
        assert getattr(lists.snapshot(), kind) == theirs


def test_the_article_doubles_without_loss(lists):
    with lists.update() as s:
        s.numbers.extend([1, 2, 3])
        for j in range(len(s.numbers)):
            s.numbers[j] = 2 * s.numbers[j]
        s.numbers += [7]
        s.numbers[0] += 1
        assert s.numbers == [3, 4, 6, 7] and isinstance(s.numbers, MutableSequence)


def test_errors_of_lists(lists):
    with lists.update() as s:
        s.numbers.extend(range(40))
        with pytest.raises(sm.CapacityError, match=r"`numbers`: the `List<i64, 40>` is full: it holds at most 40, and 41 were needed"):
            s.numbers.append(1)
        with pytest.raises(sm.CapacityError):
            s.numbers.extend([1])
        with pytest.raises(sm.CapacityError):
            s.numbers[1:2] = [1, 2, 3]
        with pytest.raises(OverflowError, match=r"`numbers\[3\]`: 9223372036854775808 is out of the range of `i64`"):
            s.numbers[3] = 2**63
        with pytest.raises(TypeError, match=r"`numbers\[3\]`: a `float` is no value of type `i64`"):
            s.numbers[3] = 1.5
        with pytest.raises(TypeError, match=r"`numbers\[41\]`"):
            s.numbers[39:] = [1, 2, "x"]
        with pytest.raises(IndexError, match="40 items"):
            s.numbers[40]
        with pytest.raises(TypeError, match="not str"):
            s.numbers["x"]
        s.rooms.append(Room("a"))
        with pytest.raises(OverflowError, match=r"`rooms\[0\].seats`: -1"):
            s.rooms[0].seats = -1
        with pytest.raises(sm.CapacityError, match=r"`rooms\[0\].name`"):
            s.rooms[0].name = "a name that is too long"
        with pytest.raises(OverflowError, match=r"`rooms\[0\].seats`: -1"):
            s.rooms[0] = Room("b", -1)
        with pytest.raises(TypeError, match="the field `seats` is missing"):
            s.rooms[0] = {"name": "b"}
        s.rooms[0] = {"name": "b", "seats": 2}
        assert s.numbers == list(range(40)) and s.numbers.capacity == 40 and s.rooms == [Room("b", 2)]


def test_bytes_of_numbers_come_at_once(lists):
    with lists.update() as s:
        s.numbers[:] = numpy.arange(5)
        assert s.numbers == [0, 1, 2, 3, 4]
        s.numbers[1:3] = numpy.array([7.5, 8.5, 9.5]).astype("int64")
        s.numbers.extend(numpy.arange(2, dtype="int32"))  # of another type: item by item
        s.numbers.extend(s.numbers)
        assert s.numbers == [0, 7, 8, 9, 3, 4, 0, 1] * 2


def test_rings_queues_and_arrays():
    house = sm.State.create("house", House)
    with house.update() as s:
        for n in range(7):
            s.ring.append(n)
        assert s.ring == [3, 4, 5, 6] and s.ring[0] == 3
        s.ring[0] = 30
        s.ring.extend([7, 8])
        assert s.ring == [5, 6, 7, 8]
        s.queue.extend([1, 2, 3])
        assert s.queue.popleft() == 1
        s.queue.append(4)
        s.queue.appendleft(0)
        with pytest.raises(sm.CapacityError):
            s.queue.append(9)
        assert s.queue == [0, 2, 3, 4] and s.queue.pop() == 4 and s.queue[-1] == 3
        assert s.numbers == [0] * 6
        s.numbers[-1] = -5
        s.numbers[1:3] = [7, 8]
        assert s.numbers == [0, 7, 8, 0, 0, -5]
        for use in (lambda: s.numbers.append(1), lambda: s.numbers.pop(), lambda: s.numbers.clear(), lambda: s.raw.append(1)):
            with pytest.raises(TypeError, match="always has the same length"):
                use()
        with pytest.raises(sm.InvalidValueError):
            s.numbers[1:3] = [1]
        s.raw = [1, 2, 3, 4, 5, 6, 7]
        s.raw = bytes(7)
        s.raw[0] = 255
        assert s.raw[0] == 255
    assert house.snapshot().queue == [0, 2, 3]
