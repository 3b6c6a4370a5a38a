"""The exceptions. Each is an ``Error`` with a ``kind``, and also what Python raises in such a case."""

from __future__ import annotations

import re


class Error(Exception):
    """Something that shmstate refuses. ``kind`` is for programs, the message for people: it says what to do next."""

    kind: str = "io"

    def __init__(self, message: str = "", kind: "str | None" = None) -> None:
        super().__init__(message)
        if kind is not None:
            self.kind = kind

    def __reduce__(self) -> "tuple[object, tuple[str, str]]":
        return type(self), (str(self), self.kind)


class NotFoundError(Error, FileNotFoundError):
    """Nothing has that name."""


class AlreadyExistsError(Error, FileExistsError):
    """Something has that name already."""


class LayoutMismatchError(Error, TypeError):
    """The region holds another type; the message lists the differences."""


class CorruptError(Error, ValueError):
    """The file is no region, or a damaged one, or one of another format or from before a restart of the machine."""


class BusyError(Error, TimeoutError):
    """Others were in the way until the time was up: a writer, readers, or holders of all handles. The message names them."""


class CapacityError(Error, ValueError):
    """A container has no room."""


class InvalidValueError(Error, ValueError):
    """A value, a path or an option that the state cannot take."""


class RetiredError(Error):
    """Another region has taken the name over: open it again."""


class ReentrantError(Error, RuntimeError):
    """An update inside of a read or an update of the same state, on the same thread."""


class ForkedError(Error, RuntimeError):
    """The state was opened before a ``fork``, and is used in the child: open it there."""


class StatePermissionError(Error, PermissionError):
    """The file's mode or owner, or how the state was opened, does not allow it."""


class NoSpaceError(Error, MemoryError):
    """There is no room for the region."""


class UnsupportedError(Error, NotImplementedError):
    """What the state, the file system or the kernel cannot do."""


class ReadOnlyError(Error, AttributeError, TypeError):
    """A change outside of an update."""


class BlockOverError(Error, RuntimeError):
    """A view, or a state, is used after its block is over or it is closed."""


class WrongThreadError(Error, RuntimeError):
    """A block is used by another thread than the one that has opened it."""


class StaleViewError(Error, RuntimeError):
    """A view of an item is used after items were moved or removed."""


_CLASSES = {
    "not_found": NotFoundError,
    "already_exists": AlreadyExistsError,
    "layout_mismatch": LayoutMismatchError,
    "corrupt": CorruptError,
    "unknown_format": CorruptError,
    "rebooted": CorruptError,
    "not_a_file": CorruptError,
    "busy": BusyError,
    "full": CapacityError,
    "invalid_value": InvalidValueError,
    "invalid_name": InvalidValueError,
    "invalid_path": InvalidValueError,
    "invalid_option": InvalidValueError,
    "retired": RetiredError,
    "reentrant": ReentrantError,
    "forked": ForkedError,
    "no_space": NoSpaceError,
    "permission": StatePermissionError,
    "unsupported": UnsupportedError,
    "read_only": ReadOnlyError,
    "over": BlockOverError,
    "wrong_thread": WrongThreadError,
    "stale": StaleViewError,
}


# What the library advises, as Python writes it.
_IN_PYTHON = [
    (re.compile(pattern), instead)
    for pattern, instead in [
        (r"`DynState::options\(\)\.writable\(true\)`", "`writable=True`"),
        (r"`\.mode\((0o\d+)\)`", r"`mode=\1`"),
        (r"; if there will be room in time, create it with `ignore_memory_limits\(true\)`", ""),
        (r"`(copies|max_copies)\((\d+)\)`", r"`\1=\2`"),
        (r"a field `_pad` of (\d+) `u8`", r"a field `_pad: Plain[u8, \1]`"),
        (r"`read` closures", "`read` blocks"),
        (r"open the name again, as `reopen` does", "open the name again"),
        (
            r"(an? \w+ (?:of|for)) the region (`.*`) inside of .* closure of the same region: .*",
            r"\1 the region \2 inside of another block of the same state, on the same thread: it would wait for itself; "
            r"end that block first (it lasts as long as an array or a memoryview shows its memory)",
        ),
    ]
]


def _of_kind(kind: str, message: str) -> Error:
    """The exception of a kind."""
    for pattern, instead in _IN_PYTHON:
        message = pattern.sub(instead, message)
    return _CLASSES.get(kind, Error)(message, kind)
