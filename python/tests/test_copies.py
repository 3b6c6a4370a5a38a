"""Copies of values and of views, and what new states and values begin with."""

import copy
import pickle

import pytest
import shmstate as sm
from boards import House, Room, Task


class Seats(sm.Struct):
    seats: sm.u64 = 5


class Row(sm.Struct):
    rows: sm.Array[Seats, 2]


class Hall(sm.Struct):
    one: Seats
    array: sm.Array[Seats, 2]
    plain: sm.Plain[Seats, 2]
    tracked: sm.Tracked[Seats]
    nested: sm.Tracked[sm.Array[Row, 2]]
    numbers: sm.Array[sm.u64, 3]
    bools: sm.Plain[sm.bool_, 8]
    given: sm.Array[sm.u64, 2] = [1, 2]
    more: sm.List[sm.u64, 4] = [1]
    last: sm.Tracked[sm.u64] = 7


@pytest.mark.parametrize("copied", [lambda value: value.copy(), copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])
def test_a_copy_of_a_value_is_another_value(copied):
    value = Task.Copy("a", Room("x", 1))
    other = copied(value)
    assert other == value and other is not value and other.to is not value.to
    other.to.seats = 9
    assert value.to.seats == 1
    hall = Hall()
    other = copied(hall)
    other.more.append(2)
    other.array[0].seats = 9
    assert hall == Hall() and hall.more == [1]


@pytest.mark.parametrize("copied", [lambda view: view.copy(), copy.copy, copy.deepcopy, lambda view: pickle.loads(pickle.dumps(view))])
def test_a_copy_of_a_view_of_a_variant_lasts(copied):
    state = sm.State.anonymous(House)
    with state.update() as s:
        s.task = Task.Copy("a", Room("x", 1))
        of_payload = copied(s.task)
        s.task = Task.Sum([1.5])
        of_list = copied(s.task)
        s.task = Task.Nothing()
        of_nothing = copied(s.task)
    assert of_payload == Task.Copy("a", Room("x", 1)) and of_payload.version_ is None
    assert (of_list, of_nothing) == (Task.Sum([1.5]), Task.Nothing())


def test_variants_are_swapped_by_copies():
    class Pair(sm.Struct):
        left: Task
        right: Task

    state = sm.State.anonymous(Pair)
    with state.update() as s:
        s.left = Task.Copy("a", Room("x"))
        s.left, s.right = s.right.copy(), s.left.copy()
        assert (s.left, s.right) == (Task.Nothing(), Task.Copy("a", Room("x")))


def test_new_states_begin_with_what_values_begin_with():
    value = Hall()
    value.more.append(2)
    value.given[0] = 9
    assert Hall().more == [1] and Hall().given == [1, 2]
    for state in (sm.State.anonymous(Hall), sm.State.create("hall", Hall), sm.State.open_or_create("hall", Hall)):
        assert state.snapshot() == Hall()
    seen = state.snapshot()
    assert seen.one.seats == seen.tracked.seats == seen.array[1].seats == seen.plain[0].seats == 5
    assert seen.nested[1].rows[1].seats == 5 and seen.last == 7
    assert sm.State.anonymous(sm.Array[Seats, 3]).snapshot() == [Seats(5)] * 3
