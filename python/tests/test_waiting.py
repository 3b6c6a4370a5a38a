"""Waiting for versions, in threads and in coroutines."""

import asyncio
import gc
import os
import threading

import pytest
import shmstate as sm
from boards import Board


@pytest.fixture
def board():
    return sm.State.create("board", Board, timeout=60)


def tick(board, times):
    for _ in range(times):
        board.update(lambda s: setattr(s, "ticks", s.ticks + 1))


def test_changes_are_seen(board):
    thread = threading.Thread(target=tick, args=(board, 50))
    thread.start()
    seen = []
    for change in board.changes(timeout=60, since=0):
        seen.append(change)
        if change.version == 50:
            break
    thread.join()
    assert [change.version for change in seen] == sorted({change.version for change in seen})
    assert sum(change.skipped + 1 for change in seen) == 50


def test_waiting_ends(board):
    assert list(board.changes(timeout=0)) == []
    assert board.wait_newer(0, 0) is None
    tick(board, 2)
    assert board.wait_newer(0) == 2
    assert list(board.changes(timeout=0, since=0)) == [sm.Change(2, 1)]
    with board.update(), pytest.raises(sm.ReentrantError):
        board.wait_newer(5, 1)
    assert board.wait_until(lambda s: s.ticks == 2 and "two", timeout=0) == "two"
    assert board.wait_until(lambda s: s.ticks == 3, timeout=0) is None
    thread = threading.Thread(target=tick, args=(board, 1))
    thread.start()
    assert board.wait_until(lambda s: s.ticks == 3, timeout=60)
    thread.join()


def test_coroutines_wait_beside_each_other(board):
    async def follow():
        return [change async for change in first(board.achanges(timeout=60, since=0), 20)]

    async def first(changes, version):
        async for change in changes:
            yield change
            if change.version >= version:
                return

    async def write():
        for _ in range(20):
            with board.update() as s:
                s.ticks += 1
            await asyncio.sleep(0)

    async def main():
        seen, _, none = await asyncio.gather(follow(), write(), board.await_newer(1000, 0.01))
        assert sum(change.skipped + 1 for change in seen) == 20 and none is None
        waiting = asyncio.create_task(board.await_newer(1000))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    asyncio.run(main())


async def follow(board, last):
    """All versions up to the last one, which come from elsewhere."""
    seen = 0
    async for change in board.achanges(timeout=60, since=0):
        seen += change.skipped + 1
        if change.version == last:
            return seen


class WithoutDescriptors(asyncio.SelectorEventLoop):
    def add_reader(self, *_):
        raise NotImplementedError


@pytest.mark.parametrize("loop", [asyncio.SelectorEventLoop, WithoutDescriptors])
def test_no_version_is_slept_through(board, loop):
    async def main():
        thread = threading.Thread(target=tick, args=(board, 500))
        thread.start()
        assert await asyncio.gather(*(follow(board, 500) for _ in range(3))) == [500] * 3
        thread.join()
        assert await board.await_newer(500, 0) is None and await board.await_newer(499, 0) == 500

    running = loop()
    try:
        running.run_until_complete(main())
    finally:
        running.run_until_complete(running.shutdown_default_executor())
        running.close()


def test_tasks_that_wait_take_no_threads_and_leave_no_descriptors(board):
    async def main():
        before = len(os.listdir("/proc/self/fd"))
        tasks = [asyncio.create_task(follow(board, 1000)) for _ in range(50)]
        while len(board._waits) < 50:
            await asyncio.sleep(0)
        tick(board, 3)
        await asyncio.sleep(0)
        assert not [thread for thread in threading.enumerate() if thread.name.startswith("asyncio")]
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(error, asyncio.CancelledError) for error in ended)
        async for _ in board.achanges(since=0):
            break  # and the generator is left to the loop
        await asyncio.sleep(0)
        return before

    before = asyncio.run(main())
    gc.collect()
    assert not board._waits and len(os.listdir("/proc/self/fd")) <= before


def test_a_state_that_is_closed_ends_what_waits_for_it(board):
    async def main():
        tasks = [asyncio.create_task(follow(board, 1000)) for _ in range(3)]
        while len(board._waits) < 3:
            await asyncio.sleep(0)
        threading.Thread(target=board.close).start()
        for task in tasks:
            with pytest.raises(sm.BlockOverError, match="closed"):
                await task

    asyncio.run(main())


def test_a_task_does_not_wait_for_another_one_in_its_block(board):
    async def hold(entered, go_on):
        with board.update() as s:
            s.ticks = 1
            entered.set()
            await go_on.wait()

    async def main():
        entered, go_on = asyncio.Event(), asyncio.Event()
        task = asyncio.create_task(hold(entered, go_on))
        await entered.wait()
        with pytest.raises(sm.ReentrantError):
            board.update(lambda s: None)
        go_on.set()
        await task
        board.update(lambda s: setattr(s, "ticks", s.ticks + 1))

    asyncio.run(main())
    assert board.snapshot().ticks == 2


def test_signals_end_a_wait(board):
    import signal

    class Alarm(Exception):
        pass

    def ring(*_):
        raise Alarm

    before = signal.signal(signal.SIGALRM, ring)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        with pytest.raises(Alarm):
            board.wait_newer(0)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
