"""Processes: each way to start one, handing a state over, and dying in the midst of an update."""

import multiprocessing
import os
import pickle
import signal
import subprocess
import sys

import pytest
import shmstate as sm
from boards import Board

HERE = os.path.dirname(os.path.abspath(__file__))


def count(board, times):
    for _ in range(times):
        with board.update() as s:
            s.ticks += 1
            if len(s.samples) < 1000:
                s.samples.append(s.ticks)


@pytest.mark.parametrize("way", ["fork", "forkserver", "spawn"])
@pytest.mark.parametrize("named", [True, False])
def test_states_go_to_children(way, named):
    board = sm.State.create("board", Board, timeout=60) if named else sm.State.anonymous(Board, timeout=60)
    context = multiprocessing.get_context(way)
    children = [context.Process(target=count, args=(board, 100)) for _ in range(3)]
    for child in children:
        child.start()
    count(board, 100)
    for child in children:
        child.join(120)
        assert child.exitcode == 0
    assert board.read(lambda s: (s.ticks, list(s.samples))) == (400, [float(n) for n in range(1, 401)])


def test_a_child_of_fork_cannot_use_the_parents_blocks():
    board = sm.State.create("board", Board)
    with board.update() as s:
        s.ticks = 5
        pid = os.fork()
        if pid == 0:
            code = 0
            for use in (lambda: s.ticks, lambda: setattr(s, "ticks", 1), lambda: s.samples.append(1)):
                try:
                    use()
                    code = 4
                except sm.ForkedError:
                    pass
            # The state itself is opened anew.
            if board.snapshot().ticks != 0 or board.version != 0:
                code = 5
            os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert board.read(lambda s: s.ticks) == 5


@pytest.mark.parametrize("update", [False, True])
@pytest.mark.parametrize("leaves", [False, True])
def test_blocks_of_the_parent_do_not_keep_a_child_of_fork_from_updates(update, leaves):
    board = sm.State.create("board", Board, timeout=60)
    pid = None
    try:
        with board.update() if update else board.read():
            pid = os.fork()
            if pid == 0 and not leaves:
                board.update(lambda s: setattr(s, "ticks", s.ticks + 1))
                os._exit(0)
    except sm.ForkedError:
        assert pid == 0
    if pid == 0:
        board.update(lambda s: setattr(s, "ticks", s.ticks + 1))
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert board.read(lambda s: s.ticks) == 1


def test_a_subinterpreter_is_refused():
    code = """
import sys
try:
    import _xxsubinterpreters as interpreters
except ImportError:
    import _interpreters as interpreters
import shmstate
other = interpreters.create()
try:
    failed = interpreters.run_string(other, "import shmstate")
except Exception as error:
    failed = error
print("subinterpreter" in str(failed))
"""
    child = run(code)
    assert child.communicate()[0].strip() == "True" and child.returncode == 0


def run(code, **more):
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=HERE, **more)


@pytest.mark.parametrize("way", ["kill", "exit", "_exit", "exception", "end", "leak"])
def test_a_process_that_ends_in_the_midst_of_an_update_is_rolled_back(way):
    board = sm.State.create("board", Board, timeout=60)
    board.update(lambda s: s.samples.append(1))
    last = {
        "kill": "input()",
        "exit": "sys.exit(0)",
        "_exit": "os._exit(0)",
        "exception": "1 / 0",
        "end": "pass",
        "leak": "sys.leak = (block, s)",
    }[way]
    code = f"""
import os, sys
import shmstate as sm
from boards import Board
board = sm.State.open("board", Board)
block = board.update()
s = block.__enter__()
s.ticks = 100
s.samples[0] = 100
s.samples.append(2)
print("ready", flush=True)
{last}
"""
    child = run(code, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert child.stdout.readline() == "ready\n"
    if way == "kill":
        child.send_signal(signal.SIGKILL)
    child.wait(60)
    child.stdout.close(), child.stdin.close()
    for _ in range(5):
        board.update(lambda s: s.samples.append(0) or s.samples.pop())
        assert board.read(lambda s: (s.ticks, s.samples.copy())) == (0, [1.0])


def test_kills_at_any_moment_lose_no_update_and_no_half():
    """Each update adds an item and a tick; children are killed while they run."""
    board = sm.State.create("board", Board, timeout=60)
    code = """
import shmstate as sm
from boards import Board
board = sm.State.open("board", Board, timeout=60)
while True:
    with board.update() as s:
        s.ticks += 1
        s.samples.append(s.ticks)
        if len(s.samples) > 500:
            del s.samples[:400]
        print(s.ticks, flush=True)
"""
    for _ in range(8):
        children = [run(code) for _ in range(2)]
        for child in children:
            for _ in range(20):
                child.stdout.readline()
            child.kill()
            child.wait(60)
            child.stdout.close()
        with board.read() as s:
            samples = s.samples.copy()
            assert samples == [float(n) for n in range(int(s.ticks) - len(samples) + 1, s.ticks + 1)]


def test_pickling_needs_a_way_to_the_child(tmp_path, monkeypatch):
    board = sm.State.create("board", Board)
    monkeypatch.setenv("SHMSTATE_DIR", str(tmp_path))  # the path is pickled, not the bare name
    again = pickle.loads(pickle.dumps(board))
    again.update(lambda s: setattr(s, "ticks", 5))
    assert board.snapshot().ticks == 5 and isinstance(again.snapshot(), Board)
    with pytest.raises(Exception):
        pickle.dumps(board.update())


def test_the_command(capsys):
    board = sm.State.create("board", Board)
    board.update(lambda s: setattr(s, "owner", "me"))

    def command(*arguments):
        return subprocess.run([sys.executable, "-m", "shmstate", *arguments], capture_output=True, text=True, env={**os.environ, "PATH": ""})

    assert '"owner": "me"' in command("show", "board").stdout
    assert command("show", "board", "owner").stdout == '"me"\n'
    assert command("schema", "board").stdout.strip() == board.schema
    assert '"version": 1' in command("info", "board").stdout
    wrong = command("show", "nothing")
    assert wrong.returncode == 1 and "there is no region" in wrong.stderr
    assert command().returncode == 2 and "usage" in command().stderr
    assert command("remove", "board").returncode == 0
    with pytest.raises(sm.NotFoundError):
        sm.open("board")


@pytest.mark.parametrize("use", ["state.read(look)", "state.update(tick)", "state.wait_newer(state.version)", "block()"])
def test_daemon_threads_end_with_the_interpreter(use):
    code = f"""
import shmstate as sm, threading, time
class Ticks(sm.Struct):
    ticks: sm.u64
state = sm.State.anonymous(Ticks)
def look(s):
    return sum(s.ticks for _ in range(100))
def tick(s):
    for _ in range(100): s.ticks += 1
def block():
    with state.read() as s: look(s)
def run():
    while True: {use}
for _ in range(4): threading.Thread(target=run, daemon=True).start()
time.sleep(0.1)
"""
    for _ in range(5):
        ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
        assert (ended.returncode, ended.stderr) == (0, "")
