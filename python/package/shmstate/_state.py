"""A state, as the user holds it."""

from __future__ import annotations

import asyncio
import os
import types
import weakref
from collections import namedtuple
from threading import get_ident
from typing import Any

from ._shmstate import StateBase
from ._types import Schema, classes_of

Change = namedtuple("Change", "version skipped")
Change.__doc__ = "A version that was seen, and how many before it were not."


class State(StateBase):
    """A typed state that several processes share.

    >>> board = State.open_or_create("board", Board)
    >>> with board.update() as s:       # commits at the end; an exception rolls back
    ...     s.ticks += 1
    >>> with board.read() as s:         # one version
    ...     print(s.ticks)

    A name without a slash is a file of ``/dev/shm``, or of the directory that ``SHMSTATE_DIR`` names.

    Options: ``timeout`` (seconds that an update and an open wait for others, 5 by default), ``mode`` (of the file, 0o600),
    ``copies`` and ``max_copies`` (3: one can be read for long while others are written), ``handles`` (64: how many processes
    can have it open), ``writable`` (``open`` only; ``False`` needs no right to write the file, and no process notices it).

    Blocks belong to the thread that opens them. A ``State`` may be used by all threads.
    """

    __slots__ = ("_how", "_cls", "_waits")
    __class_getitem__ = classmethod(types.GenericAlias)

    def __new__(cls, how: str, name: Any, schema: "str | None", init: Any, options: "dict[str, Any]") -> "State":
        return super().__new__(cls, how, name, schema, init, options)

    @classmethod
    def _make(cls, how: str, name: Any, root: Any, options: "dict[str, Any]") -> "State":
        if hasattr(name, "__fspath__"):
            name = os.fspath(name)
        if root is None and how not in ("open", "fd"):
            raise TypeError("a new state has a type: name its class")
        schema = None if root is None else Schema.of(root)
        document, init = (None, None) if schema is None else (schema.document, schema.init())
        state = cls(how, name, document, init, options)
        if schema is not None:
            if how in ("open", "fd"):
                state._check_(schema.document)
            state._set_classes_(schema.classes)
        else:
            state._set_classes_(classes_of(state.schema))
        state._how, state._cls, state._waits = (how, name, options), root, weakref.WeakSet()
        _states.add(state)
        return state

    @classmethod
    def create(cls, name: Any, type: Any, /, **options: Any) -> "State":
        """Creates a state that does not exist yet."""
        return cls._make("create", name, type, options)

    @classmethod
    def open(cls, name: Any, type: Any = None, /, **options: Any) -> "State":
        """Opens a state that exists. Without a type, classes are made of what the region says about its own."""
        return cls._make("open", name, type, options)

    @classmethod
    def open_or_create(cls, name: Any, type: Any, /, **options: Any) -> "State":
        """Opens the state, or creates it: all processes can call the same."""
        return cls._make("open_or_create", name, type, options)

    @classmethod
    def anonymous(cls, type: Any, /, **options: Any) -> "State":
        """Creates a state without a name, for this process and those that it is handed to: see ``pickle``."""
        return cls._make("anonymous", None, type, options)

    @classmethod
    def from_fd(cls, descriptor: int, type: Any = None, /, **options: Any) -> "State":
        """Opens the anonymous state that another process has handed over by ``share``."""
        return cls._make("fd", descriptor, type, options)

    def close(self) -> None:
        """Leaves the state, which goes on for others. Blocks that are open end as they would; new ones are an error."""
        super().close()
        for wait in list(self._waits):
            wait.wake_from_thread()

    def update(self, f: Any = None, /, *args: Any, **kwargs: Any) -> Any:
        """``with state.update() as s``: what is done to ``s`` is committed at the end of the block, all of it at once.

        An exception rolls all of it back, and so does the death of the process. Other updates wait meanwhile. With a
        function, ``f(s, *args, **kwargs)`` runs in the block, and its result is returned.
        """
        block = self._update_()
        return block if f is None else _run(block, f, args, kwargs)

    def read(self, f: Any = None, /, *args: Any, **kwargs: Any) -> Any:
        """``with state.read() as s``: ``s`` shows one version, in place. No writer waits for it, nor does it wait.

        With a function, ``f(s, *args, **kwargs)`` runs in the block, and its result is returned.
        """
        block = self._read_()
        return block if f is None else _run(block, f, args, kwargs)

    def changes(self, timeout: "float | None" = None, since: "int | None" = None) -> Any:
        """Waits for versions, and gives a ``Change`` for each one that this process is fast enough for.

        ``since`` is the version that was seen last: the present one by default, 0 for the first one of all. The loop ends when
        there was none for ``timeout`` seconds; it never ends by default.
        """
        seen = self.version if since is None else since
        return self._changes(seen, timeout)

    def _changes(self, seen: int, timeout: "float | None") -> Any:
        while (version := self.wait_newer(seen, timeout)) is not None:
            yield Change(version, version - seen - 1)
            seen = version

    def achanges(self, timeout: "float | None" = None, since: "int | None" = None) -> Any:
        """``changes``, for ``async for``: other tasks run meanwhile. It may be cancelled: no version is lost by that."""
        return self._achanges(self.version if since is None else since, timeout)

    async def _achanges(self, seen: int, timeout: "float | None") -> Any:
        wait = _Wait(self, seen)
        try:
            while (version := await wait.newer(seen, timeout)) is not None:
                yield Change(version, version - seen - 1)
                seen = version
        finally:
            wait.close()

    async def await_newer(self, version: int, timeout: "float | None" = None) -> "int | None":
        """``wait_newer``, for ``await``."""
        wait = _Wait(self, version)
        try:
            return await wait.newer(version, timeout)
        finally:
            wait.close()

    def wait_until(self, f: Any, timeout: "float | None" = None) -> Any:
        """Waits until ``f(s)`` is true of a version, and returns what it was; ``None`` after ``timeout`` seconds."""
        import time

        end = None if timeout is None else time.monotonic() + timeout
        while True:
            with (block := self.read()) as s:
                seen, found = block.version, f(s)
            del s
            if found:
                return found
            left = None if end is None else end - time.monotonic()
            if (left is not None and left <= 0) or self.wait_newer(seen, left) is None:
                return None

    def __enter__(self) -> "State":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def __repr__(self) -> str:
        name = getattr(self._cls, "__name__", "") or (repr(self._cls) if self._cls is not None else "")
        return f"<shmstate.State{f'[{name}]' if name else ''} {'(closed)' if self.closed else self.file}>"

    def __reduce__(self) -> Any:
        how, name, options = self._how
        if how in ("anonymous", "fd"):
            from multiprocessing import reduction

            descriptor = self.share()
            try:
                # By a socket, or by inheritance: whatever this kind of child takes.
                return _from_duplicate, (type(self), reduction.DupFd(descriptor), self._cls, options)
            finally:
                _close_later(descriptor)
        # The path, because the child's directory may be another one.
        return _reopen, (type(self), self.file, self._cls, options)


def _run(block: Any, f: Any, args: Any, kwargs: Any) -> Any:
    """Runs a function on a block, which ends with it. Python calls it, and not the compiled part: when the interpreter exits, it ends
    daemon threads that are in Python code, and a compiled function below that code would abort the process."""
    with block as s:
        result = f(s, *args, **kwargs)
        if type(result) is types.CoroutineType:
            result.close()
            raise TypeError(
                "a coroutine would run after the block: pass a function, or `await` outside of a `with` block"
            )
        return result


class _Wait:
    """What a task sleeps on until there is a new version: a descriptor that its event loop watches. One thread of the process makes it
    readable, however many tasks wait. A loop that watches no descriptors (one over threads, say) has a thread of its own wait."""

    def __init__(self, state: State, seen: int) -> None:
        self.state, self.loop = state, asyncio.get_running_loop()
        self.woken: "asyncio.Future[None] | None" = None
        self.readiness: Any = state._readiness_(seen)
        self.descriptor = self.readiness.fileno()
        try:
            self.loop.add_reader(self.descriptor, self.wake)
        except NotImplementedError:
            self.readiness.close()
            self.readiness = None
        state._waits.add(self)

    def wake(self) -> None:
        if self.woken is not None and not self.woken.done():
            self.woken.set_result(None)

    def wake_from_thread(self) -> None:
        try:
            self.loop.call_soon_threadsafe(self.wake)
        except RuntimeError:  # the loop is closed
            pass

    async def newer(self, version: int, timeout: "float | None") -> "int | None":
        if self.readiness is None:
            return await self.newer_by_a_thread(version, timeout)
        end = None if timeout is None else self.loop.time() + timeout
        while True:
            # In this order, so that a version that comes in between wakes it.
            self.woken = self.loop.create_future()
            self.readiness.take()
            now = self.state.version  # says so if it was closed meanwhile
            if now > version:
                return now
            left = None if end is None else end - self.loop.time()
            if left is not None and left <= 0:
                return None
            timer = None if left is None else self.loop.call_later(left, self.wake)
            try:
                await self.woken
            finally:
                if timer is not None:
                    timer.cancel()

    async def newer_by_a_thread(self, version: int, timeout: "float | None") -> "int | None":
        """In slices, so that a task that is cancelled leaves no thread behind."""
        loop, slice_ = self.loop, 0.25
        end = None if timeout is None else loop.time() + timeout
        while True:
            left = slice_ if end is None else min(slice_, max(0.0, end - loop.time()))
            found = await loop.run_in_executor(None, self.state.wait_newer, version, left)
            if found is not None:
                return found
            if end is not None and loop.time() >= end:
                return None

    def close(self) -> None:
        self.state._waits.discard(self)
        if self.readiness is not None:
            try:
                self.loop.remove_reader(self.descriptor)
            except RuntimeError:  # the loop is closed
                pass
            self.readiness.close()


def _reopen(cls: Any, file: str, root: Any, options: "dict[str, Any]") -> State:
    return cls._make("open", file, root, options)


def _from_duplicate(cls: Any, duplicate: Any, root: Any, options: "dict[str, Any]") -> State:
    descriptor = duplicate.detach()
    try:
        return cls._make("fd", descriptor, root, options)
    finally:
        os.close(descriptor)


# What this process has open. A child of `fork` opens each of them anew when it uses it: an anonymous one by a descriptor that is
# made before the fork, by the thread that forks: others may fork at the same time.
_states: "weakref.WeakSet[State]" = weakref.WeakSet()
_descriptors: "dict[int, dict[State, int]]" = {}


def _before_fork() -> None:
    made: "dict[State, int]" = {}
    for state in list(_states):
        if state._how[0] in ("anonymous", "fd") and not state.closed:
            try:
                made[state] = state.share()
            except Exception:  # noqa: BLE001 - the child is refused then, and says why
                pass
    _descriptors[get_ident()] = made


def _after_fork(in_child: bool) -> None:
    made = _descriptors.pop(get_ident(), {})
    if in_child:
        for state in list(_states):
            try:
                state._after_fork_(made.pop(state, None))  # which takes the descriptor over
            except Exception:  # noqa: BLE001 - each use tries again, and says why
                pass
    # In a child, also those of threads that were about to fork as well.
    others = list(_descriptors.values()) if in_child else []
    for descriptors in (made, *others):
        for descriptor in descriptors.values():
            os.close(descriptor)
    if in_child:
        _descriptors.clear()


os.register_at_fork(
    before=_before_fork, after_in_parent=lambda: _after_fork(False), after_in_child=lambda: _after_fork(True)
)

_handed: "list[int]" = []


def _close_later(descriptor: int) -> None:
    """A child that inherits a descriptor takes it after this call; the last few are kept open for it."""
    _handed.append(descriptor)
    while len(_handed) > 64:
        os.close(_handed.pop(0))


def open(name: Any, type: Any = None, /, **options: Any) -> State:  # noqa: A001
    """Opens a state that exists: ``State.open``."""
    return State.open(name, type, **options)
