"""Blocks: committing, rolling back, what views do when their block is over, threads, versions."""

import gc
import threading
import weakref

import pytest
import shmstate as sm
from boards import Board, House, Room


@pytest.fixture
def board():
    return sm.State.create("board", Board)


def test_an_update_is_all_or_nothing(board):
    with board.update() as s:
        s.ticks += 1
        s.owner = "me"
        s.samples.append(0.5)
        assert isinstance(s, Board)
        with board.read() as before:
            assert (before.ticks, before.owner, before.samples) == (0, "", [])
    assert board.version == 1
    with pytest.raises(ZeroDivisionError), board.update() as s:
        s.ticks = 100
        s.samples.clear()
        1 / 0
    with board.read() as s:
        assert (s.ticks, s.owner, s.samples) == (1, "me", [0.5])
        assert s.version_ == 1
    assert board.stats()["roll_backs"] == 1


def test_functions_run_in_blocks(board):
    assert board.update(lambda s, n: setattr(s, "ticks", n) or n, 7) == 7
    assert board.read(lambda s: s.ticks) == 7
    with pytest.raises(KeyError):
        board.update(lambda s: setattr(s, "ticks", 8) or {}["none"])
    assert board.read(lambda s: s.ticks) == 7


def test_a_coroutine_is_no_function_for_a_block(board):
    async def tick(s):
        s.ticks += 1

    for run in (board.update, board.read):
        with pytest.raises(TypeError, match="a coroutine would run after the block"):
            run(tick)
    assert board.version == 0


def test_a_read_shows_one_version(board):
    with board.read() as s:
        thread = threading.Thread(target=board.update, args=(lambda s: setattr(s, "ticks", 5),))
        thread.start()
        thread.join()
        assert s.ticks == 0 and board.version == 1
    assert board.read(lambda s: s.ticks) == 5


def test_nothing_changes_in_a_read_or_a_snapshot(board):
    board.update(lambda s: s.samples.append(1))
    for block in (board.read(lambda s: s.copy()), board.snapshot()):
        assert block.samples == [1.0]
    snapshot = board.snapshot()
    with pytest.raises(sm.ReadOnlyError, match="inside of `with state.update"), board.read() as s:
        s.ticks = 1
    with pytest.raises(sm.ReadOnlyError):
        snapshot.ticks = 1
    with pytest.raises(sm.ReadOnlyError):
        snapshot.samples.append(1)
    assert snapshot.version_ == 1


def test_views_end_with_their_block(board):
    with board.update() as s:
        samples = s.samples
    for use in (lambda: s.ticks, lambda: len(samples), lambda: samples.append(1), lambda: setattr(s, "ticks", 1)):
        with pytest.raises(sm.BlockOverError, match="snapshot"):
            use()
    snapshot = board.snapshot()
    board.close()
    assert snapshot.ticks == 0


def test_a_block_is_entered_once(board):
    block = board.update()
    with block, pytest.raises(sm.BlockOverError, match="call `update"):
        block.__enter__()
    with block as s:
        s.ticks = 1
    assert board.version == 2


def test_an_update_inside_of_a_block_is_refused(board):
    with board.update(), pytest.raises(sm.ReentrantError):
        board.update().__enter__()
    with board.read(), pytest.raises(sm.ReentrantError):
        board.update(lambda s: None)
    with board.read(), board.read() as s:
        assert s.ticks == 0


def test_a_block_belongs_to_its_thread(board):
    seen = []

    def use(s):
        try:
            seen.append(s.ticks)
        except sm.WrongThreadError as error:
            seen.append(error.kind)

    with board.update() as s:
        thread = threading.Thread(target=use, args=(s,))
        thread.start()
        thread.join()
    assert seen == ["wrong_thread"]
    snapshot = board.snapshot()
    thread = threading.Thread(target=use, args=(snapshot,))
    thread.start()
    thread.join()
    assert seen[1:] == [0]


def test_another_thread_cannot_end_a_block(board):
    block = board.update()
    s = block.__enter__()
    raised = []

    def end():
        for arguments in ((), (None, None, None), (ValueError, ValueError(), None)):
            try:
                block.__exit__(*arguments)
            except sm.WrongThreadError as error:
                raised.append(error.kind)

    thread = threading.Thread(target=end)
    thread.start()
    thread.join()
    assert raised == ["wrong_thread"] * 3
    s.ticks = 5
    block.__exit__(None, None, None)
    assert board.read(lambda s: s.ticks) == 5
    assert board.update(lambda s: s.ticks) == 5, "no block is left"


def test_a_view_whose_place_has_got_another_value_is_no_value_to_assign(board):
    house = sm.State.anonymous(House)
    with house.update() as s:
        s.rooms = [Room(name="a"), Room(name="b")]
        s.by_name = {"x": Room(name="a"), "y": Room(name="b")}
        s.owner = Room(name="me")
        for swap in ("s.rooms[0], s.rooms[1] = s.rooms[1], s.rooms[0]", "s.by_name['x'], s.by_name['y'] = s.by_name['y'], s.by_name['x']"):
            with pytest.raises(sm.StaleViewError, match="copy"):
                exec(swap, {"s": s})
        s.rooms = [Room(name="a"), Room(name="b")]
        s.rooms[0], s.rooms[1] = s.rooms[1].copy(), s.rooms[0].copy()
        assert [room.name for room in s.rooms] == ["b", "a"]


def test_places_that_stay_are_not_swapped_by_views():
    class Pair(sm.Struct):
        left: Room
        right: Room
        other: Room
        both: sm.Array[Room, 2]
        more: sm.List[sm.u64, 4]
        less: sm.List[sm.u64, 4]

    state = sm.State.anonymous(Pair)
    with state.update() as s:
        s.left, s.right = Room(name="l"), Room(name="r")
        left = s.left
        with pytest.raises(sm.StaleViewError, match="copy"):
            s.left, s.right = s.right, s.left
        assert left.name == "r", "a view leads to a place"
        right = s.right
        s.left = Room(name="new")
        s.other = right  # another place
        s.both = [Room(name="0"), Room(name="1")]
        with pytest.raises(sm.StaleViewError, match="copy"):
            s.both[0], s.both[1] = s.both[1], s.both[0]
        s.both[:] = [Room(name="0"), Room(name="1")]
        first = s.both[0]
        s.both.reverse()
        with pytest.raises(sm.StaleViewError, match="copy"):
            s.left = first
        s.both = sorted(s.both, key=lambda room: room.name)
        assert [room.name for room in s.both] == ["0", "1"]
        s.more, s.less = [1, 2], [3]
        with pytest.raises(sm.StaleViewError, match="copy"):
            s.more, s.less = s.less, s.more
        kept = s.left
        for n in range(1000):
            s.right = Room(seats=n)
        with pytest.raises(sm.StaleViewError, match="copy"):
            s.other = kept  # it is not known any more
        s.other = s.left
        s.more += [4]
        s.more = s.more
        assert s.more == [3, 4]


def test_a_field_always_has_a_value(board):
    with board.update() as s, pytest.raises(AttributeError, match="cannot be deleted"):
        del s.ticks
    with pytest.raises(AttributeError):
        del Room().name


def test_an_update_that_is_dropped_is_rolled_back(board):
    block = board.update()
    s = block.__enter__()
    s.ticks = 5
    del block, s
    gc.collect()
    board.update(lambda s: setattr(s, "ticks", s.ticks + 1))
    assert board.read(lambda s: s.ticks) == 1


def test_an_update_may_be_dropped_by_another_thread(board):
    held = [board.update()]
    held.append(held[0].__enter__())
    held[1].ticks = 5
    thread = threading.Thread(target=held.clear)
    thread.start()
    thread.join()
    gc.collect()
    board.update(lambda s: setattr(s, "ticks", s.ticks + 1))
    assert board.read(lambda s: s.ticks) == 1


def test_the_interpreter_is_let_go_while_an_update_waits(board):
    board = sm.State.open("board", Board, timeout=60)
    entered, go_on = threading.Event(), threading.Event()

    def hold():
        with board.update() as s:
            s.ticks = 1
            entered.set()
            go_on.wait(60)

    thread = threading.Thread(target=hold)
    thread.start()
    entered.wait(60)
    waiting = threading.Thread(target=board.update, args=(lambda s: setattr(s, "ticks", s.ticks + 1),))
    waiting.start()
    go_on.set()  # Python runs while the other thread waits
    thread.join()
    waiting.join()
    assert board.read(lambda s: s.ticks) == 2


def test_busy_names_the_holder(board):
    impatient = sm.State.open("board", Board, timeout=0)
    entered, go_on = threading.Event(), threading.Event()

    def hold():
        with board.update():
            entered.set()
            go_on.wait(60)

    thread = threading.Thread(target=hold)
    thread.start()
    entered.wait(60)
    try:
        with pytest.raises(sm.BusyError, match="is being updated by") as raised:
            impatient.update(lambda s: None)
        assert raised.value.kind == "busy" and isinstance(raised.value, TimeoutError)
    finally:
        go_on.set()
        thread.join()


def test_views_of_items_notice_that_items_move():
    house = sm.State.create("house", House)
    with house.update() as s:
        s.rooms.extend([Room("a", 1), Room("b", 2), Room("c", 3)])
        second = s.rooms[1]
        second.seats = 20
        s.rooms.append(Room("d", 4))  # moves nothing
        assert second.seats == 20
        del s.rooms[0]
        with pytest.raises(sm.StaleViewError, match="look the part up again"):
            second.seats
        with pytest.raises(sm.StaleViewError):
            second.seats = 7
        assert s.rooms[0].seats == 20 and s.rooms[0].name == "b"


def test_states_are_closed_and_weakly_referenced(board):
    reference = weakref.ref(board)
    with board as same:
        assert same is board and not board.closed
    assert board.closed and "(closed)" in repr(board)
    with pytest.raises(sm.BlockOverError, match="closed"):
        board.update()
    with pytest.raises(sm.BlockOverError):
        board.version
    board.close()
    del board, same
    gc.collect()
    assert reference() is None or True  # the fixture holds one


def test_a_block_goes_on_when_its_state_is_closed():
    board = sm.State.create("other", Board)
    with board.update() as s:
        board.close()
        s.ticks = 5
    assert sm.open("other").read(lambda s: s.ticks) == 5


def test_a_finalizer_cannot_disturb_a_block(board):
    with board.update() as s:
        s.samples.extend(range(1000))

        class Nasty:
            def __del__(self):
                try:
                    s.ticks += 1
                except Exception:
                    pass

        for _ in range(10):
            cycle = [Nasty()]
            cycle.append(cycle)
            del cycle
            assert len(s.samples[:]) == 1000
        gc.collect()
    assert board.version == 1


def test_functions_in_blocks_take_keywords(board):
    def tick(s, by=1, *, times=1, f=None):
        s.ticks += by * times
        return s.ticks, f

    assert board.update(tick, 2, times=3, f="f") == (6, "f")
    assert board.read(lambda s, **kwargs: (s.ticks, kwargs), f=1, self=2) == (6, {"f": 1, "self": 2})
