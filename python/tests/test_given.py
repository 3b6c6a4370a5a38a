"""What is taken as a value, what is not, and which error that is."""

import asyncio
import datetime
import pickle
import types

import numpy
import pytest
import shmstate as sm


class Room(sm.Struct):
    name: sm.Text[16]
    seats: sm.u64


class Price(sm.Struct):
    currency: sm.Text[16]
    cents: sm.u64


class Turned(sm.Struct):
    seats: sm.u64
    name: sm.Text[16]


class From(sm.Struct):
    from_: sm.u64


class Pair(sm.Struct):
    _0: sm.u64
    _1: sm.u64


class Mode(sm.Union):
    class Idle(sm.Variant): ...

    class Busy(sm.Variant): ...


class Given(sm.Struct):
    n: sm.u64
    room: Room
    maybe: sm.Maybe[Room]
    rooms: sm.List[Room, 4]
    from_: From
    pair: Pair
    mode: Mode
    when: sm.Timestamp
    half: sm.f64
    numbers: sm.List[sm.u64, 8]
    blob: sm.Blob[16]
    by_number: sm.Map[sm.u64, sm.Maybe[sm.u64], 4]
    address: sm.SocketAddress
    _pad: sm.Plain[sm.u8, 4]


@pytest.fixture
def state():
    return sm.State.anonymous(Given)


@pytest.mark.parametrize("other", [Price("EUR", 500), Turned(5, "EUR"), From(1), Pair(1, 2), Mode.Busy()])
def test_a_struct_with_other_fields_is_no_value(state, other):
    message = f"a `{type(other).__name__}` is no value of type `Room`"
    with state.update() as s:
        for set_it in (lambda: setattr(s, "room", other), lambda: setattr(s, "maybe", other)):
            with pytest.raises(TypeError, match=message):
                set_it()
        with pytest.raises(TypeError, match=f"`rooms.0.`: {message}"):
            s.rooms.append(other)
        s.numbers[:] = [1]
    assert state.snapshot().room == Room()


def test_a_struct_with_the_same_fields_is_a_value(state):
    class Sub(Room):
        def double(self):
            return self.seats * 2

    found = sm.State.from_fd(state.share())
    state.update(lambda s: s.rooms.extend([Sub("a", 2), Room("b", 3)]))
    unnamed = found.snapshot().rooms[0]
    assert type(unnamed) is not Room
    state.update(lambda s: setattr(s, "room", unnamed))
    found.update(lambda s: setattr(s, "maybe", Room("c", 4)))
    seen = state.snapshot()
    assert (seen.room, seen.maybe) == (Room("a", 2), Room("c", 4))


def test_a_mapping_of_fields_or_of_attributes_is_a_struct(state):
    with state.update() as s:
        s.from_ = {"from": 1}
        assert s.from_.from_ == 1 and s.from_.asdict() == {"from_": 1}
        s.from_ = types.MappingProxyType({"from": 2})
        s.from_ = s.from_.asdict()
        s.pair = Pair(1, 2).asdict()
        assert s.from_.from_ == 2 and s.pair == Pair(1, 2)
        with pytest.raises(TypeError, match="`from`: `From` has no field `form`"):
            s.from_ = {"form": 1}
        with pytest.raises(TypeError, match="the field `seats` is missing"):
            s.room = {"name": "a"}


def test_a_union_whose_variants_have_no_fields(state):
    assert isinstance(state.snapshot().mode, Mode.Idle) and isinstance(state.snapshot().mode, Mode)
    for busy in (Mode.Busy(), Mode.Busy, "Busy"):
        state.update(lambda s: setattr(s, "mode", Mode.Idle()))
        state.update(lambda s: setattr(s, "mode", busy))
        assert state.snapshot().mode == Mode.Busy() == state.snapshot().mode.copy()


class Interrupting:
    def __index__(self):
        raise KeyboardInterrupt

    __float__ = __bytes__ = __iter__ = utcoffset = __index__

    def __hash__(self):
        return 1


@pytest.mark.parametrize(
    "use",
    [
        lambda s: setattr(s, "n", Interrupting()),
        lambda s: setattr(s, "half", Interrupting()),
        lambda s: setattr(s, "when", Interrupting()),
        lambda s: s.numbers.extend(Interrupting()),
        lambda s: s.numbers[Interrupting()],
        lambda s: s.by_number.get(Interrupting()),
        lambda s: setattr(s, "address", ("127.0.0.1", Interrupting())),
    ],
)
def test_an_interrupt_is_not_swallowed(state, use):
    with pytest.raises(KeyboardInterrupt):
        state.update(use)


def test_numbers_are_out_of_range_in_words(state):
    with state.update() as s:
        with pytest.raises(OverflowError, match="`n`: an integer so large is out of the range of `u64`"):
            s.n = 10**5000
        for use in (lambda: s.numbers[2**64], lambda: s.numbers.__setitem__(2**64, 1), lambda: s.numbers.__delitem__(-(2**64))):
            with pytest.raises(IndexError):
                use()
        with pytest.raises(TypeError, match="a `int64` is no value of type `Blob`"):
            s.blob = numpy.int64(5)
        s.blob = numpy.array([1, 2], "u1")
        assert s.blob == b"\x01\x02"
        with pytest.raises(ValueError, match="time zone"):
            s.when = datetime.datetime(2020, 1, 1)


def test_setdefault_needs_no_default(state):
    with state.update() as s:
        assert s.by_number.setdefault(1) is None and list(s.by_number.items()) == [(1, None)]


def test_an_iterator_that_has_ended_stays_so(state):
    with state.update() as s:
        s.numbers[:] = [1, 2]
        items = iter(s.numbers)
        assert list(items) == [1, 2]
        s.numbers.extend([3, 4, 5])
        assert next(items, None) is None and next(items, None) is None and items.__length_hint__() == 0


def test_a_state_that_is_no_struct_is_waited_for():
    numbers = sm.State.anonymous(sm.List[sm.u64, 4])
    assert numbers.wait_until(lambda s: len(s) > 0, 0.01) is None
    numbers.update(lambda s: s.append(7))
    assert numbers.wait_until(lambda s: s.copy(), 5) == [7]


def test_changes_begin_with_the_call(state):
    async def seen():
        changes = state.achanges(timeout=0.05)
        state.update(lambda s: setattr(s, "n", 1))
        return [change.version async for change in changes]

    assert asyncio.run(seen()) == [1]


def test_a_value_of_a_class_that_was_made_is_not_pickled(state):
    room = sm.State.from_fd(state.share()).snapshot().room
    for value in (room, room.copy()):
        with pytest.raises(TypeError, match="pickle `.asdict\\(\\)`"):
            pickle.dumps(value)
    assert room.copy() == room and pickle.loads(pickle.dumps(room.asdict())) == {"name": "", "seats": 0}
