"""Children of `fork`, and pickles: they get the state that the parent has, opened in the same way, or an error that says why not."""

import os
import pickle
import resource
import subprocess
import sys
import threading

import pytest
import shmstate as sm
from boards import Board

HERE = os.path.dirname(os.path.abspath(__file__))


def in_child(f):
    """What `f` returns, or the error that it raises, in a child of `fork`."""
    out, into = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            try:
                result = f()
            except Exception as error:  # noqa: BLE001 - handed to the parent
                result = error
            os.write(into, pickle.dumps(result))
        finally:
            os._exit(0)
    os.close(into)
    with os.fdopen(out, "rb") as answer:
        found = answer.read()
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    return pickle.loads(found)


def tick(board, by=1):
    board.update(lambda s: setattr(s, "ticks", s.ticks + by))


def ticks(board):
    return board.read(lambda s: s.ticks)


@pytest.mark.parametrize("writable", [True, False])
def test_a_child_never_uses_another_region_that_has_the_name(writable):
    first = sm.State.create("board", Board)
    board = sm.open("board", writable=writable)
    tick(first, 5)

    def use():
        sm.remove("board")
        tick(sm.State.create("board", Board), 7)
        errors = []
        for _ in range(2):
            with pytest.raises(sm.RetiredError, match="another region.*open it again") as caught:
                ticks(board)
            errors.append(caught.value.kind)
        # What the error says helps.
        return errors, ticks(sm.open("board"))

    assert in_child(use) == (["retired", "retired"], 7)
    # The parent goes on with the region that it has.
    assert ticks(board) == 5


def test_a_child_finds_no_region_whose_name_was_removed():
    board = sm.State.create("board", Board)

    def use():
        sm.remove("board")
        return ticks(board)

    assert isinstance(in_child(use), sm.NotFoundError)
    tick(board)
    assert ticks(board) == 1


def test_a_copy_of_the_file_is_another_region(directory):
    board = sm.State.create("board", Board)
    tick(board, 5)

    path = os.path.join(directory, "board")

    def use():
        # Not through the state, which opens the region as soon as it is used.
        with open(path, "rb") as file:
            content = file.read()
        os.unlink(path)
        with open(path, "wb", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            file.write(content)
        return ticks(board)

    assert isinstance(in_child(use), sm.RetiredError)
    assert ticks(board) == 5


def test_a_path_means_the_same_in_another_directory(directory, monkeypatch):
    monkeypatch.chdir(directory)
    os.mkdir("below")
    board = sm.State.create("./board", Board)
    tick(board, 5)
    assert board.file == os.path.join(directory, "board")
    monkeypatch.chdir("below")
    other = sm.State.create("./board", Board)
    assert in_child(lambda: ticks(board)) == 5
    assert ticks(pickle.loads(pickle.dumps(board))) == 5
    assert ticks(other) == 0


def test_a_child_that_cannot_open_a_state_tries_again():
    board = sm.State.create("board", Board)

    def use():
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
        errors = []
        for _ in range(2):
            try:
                ticks(board)
            except sm.Error as error:
                errors.append("Too many open files" in str(error) or str(error))
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        tick(board)
        return errors, ticks(board)

    assert in_child(use) == ([True, True], 1)


def test_a_child_that_cannot_open_an_anonymous_state_tries_again():
    board = sm.State.anonymous(Board, handles=1, timeout=0)
    (out, into), (back, answer) = os.pipe(), os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            # The parent has the only handle.
            for _ in range(2):
                with pytest.raises(sm.BusyError):
                    tick(board)
            os.write(into, b"!")
            os.read(back, 1)
            tick(board)
            os._exit(10 + ticks(board))
        finally:
            os._exit(1)
    assert os.read(out, 1) == b"!"
    tick(board)
    board.close()
    os.write(answer, b"!")
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 12
    for descriptor in (out, into, back, answer):
        os.close(descriptor)


def test_a_grandchild_gets_the_descriptor_that_its_parent_has_not_used():
    board = sm.State.anonymous(Board, handles=1, timeout=0)
    tick(board, 5)

    (out, into), (back, answer) = os.pipe(), os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            grandchild = os.fork()
            if grandchild == 0:
                os.write(into, b"!")
                os.read(back, 1)  # until the first process has let the only handle go
                os._exit(10 + ticks(board))
            os._exit(os.waitstatus_to_exitcode(os.waitpid(grandchild, 0)[1]))
        finally:
            os._exit(1)
    assert os.read(out, 1) == b"!"
    board.close()
    os.write(answer, b"!")
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 15
    for descriptor in (out, into, back, answer):
        os.close(descriptor)


def test_threads_of_a_child_open_a_state_together():
    board = sm.State.create("board", Board, timeout=60)

    def use():
        errors, start = [], threading.Barrier(8)

        def run():
            start.wait()
            try:
                tick(board)
            except Exception as error:  # noqa: BLE001 - counted
                errors.append(repr(error))

        threads = [threading.Thread(target=run) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return errors, ticks(board), len(board.processes())

    assert in_child(use) == ([], 8, 2)


def test_threads_fork_at_the_same_time():
    """One thread forks while another one is about to: each child gets the anonymous state."""
    code = """
import asyncio, os, threading  # asyncio, because its hooks would keep the threads apart

blocked, go_on = threading.Event(), threading.Event()

def pause():
    if threading.current_thread().name == "slow":
        blocked.set()
        go_on.wait()

os.register_at_fork(before=pause)  # runs after what shmstate does before a fork
import shmstate as sm
board = sm.State.anonymous(sm.u64)

def child():
    pid = os.fork()
    if pid == 0:
        try:
            with board.update() as s:
                pass
            os._exit(7 + board.read(lambda n: n))
        finally:
            os._exit(1)
    codes.append(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))

codes = []
slow = threading.Thread(target=child, name="slow", daemon=True)
slow.start()
blocked.wait()
descriptors = len(os.listdir("/proc/self/fd"))
child()
assert len(os.listdir("/proc/self/fd")) == descriptors
go_on.set()
slow.join()
print(codes)
"""
    ended = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, timeout=60)
    assert (ended.stdout, ended.stderr) == ("[7, 7]\n", "")


class Own(sm.State):
    """A class of the program's own."""

    __slots__ = ()


@pytest.mark.parametrize("way", ["open", "create", "open_or_create"])
def test_a_pickle_of_a_named_state_is_opened_alike(way):
    options = {"timeout": 0.5, "mode": 0o660}
    if way == "open":
        sm.State.create("board", Board, **options)
        options["writable"] = False
    board = getattr(Own, way)("board", Board, **options)
    again = pickle.loads(pickle.dumps(pickle.loads(pickle.dumps(board))))
    assert type(again) is Own and again.file == board.file and type(again.snapshot()) is Board
    if way == "open":
        for state in (board, again):
            with pytest.raises(sm.StatePermissionError, match="writable=True"):
                tick(state)
    else:
        tick(again)
        assert ticks(board) == 1
        with board.update():
            assert waits(again)


def waits(state):
    """Whether an update through another handle gives up by its timeout, and not at once or never."""
    found = []

    def run():
        try:
            tick(state)
        except sm.BusyError as error:
            found.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(60)
    return len(found) == 1 and not thread.is_alive()


def use_in_child(state, answer):
    try:
        tick(state)
        answer.send("written")
    except sm.StatePermissionError:
        answer.send(f"{type(state).__name__} reads {ticks(state)}")


@pytest.mark.parametrize("way", ["fork", "forkserver", "spawn"])
@pytest.mark.parametrize("named", [True, False])
def test_what_is_opened_to_look_stays_so_in_children(way, named):
    import multiprocessing

    if named:
        board = sm.State.create("board", Board)
        look = Own.open("board", Board, writable=False)
    else:
        board = sm.State.anonymous(Board)
        descriptor = board.share()
        look = Own.from_fd(descriptor, Board, writable=False)
        os.close(descriptor)
    tick(board, 3)
    context = multiprocessing.get_context(way)
    receive, send = context.Pipe(False)
    child = context.Process(target=use_in_child, args=(look, send))
    child.start()
    send.close()
    answer = receive.recv()
    child.join(120)
    assert (answer, ticks(board)) == ("Own reads 3", 3)
