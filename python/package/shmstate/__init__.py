"""Typed state that several processes share: transactional, crash-safe, zero-copy to read.

>>> import shmstate as sm
>>> class Board(sm.Struct):
...     ticks: sm.u64
...     owner: sm.Text[32]
...     samples: sm.List[sm.f64, 1024]
>>> board = sm.State.open_or_create("board", Board)
>>> with board.update() as s:          # commits at the end; an exception rolls back
...     s.ticks += 1
...     s.samples.append(0.5)
>>> with board.read() as s:            # one version, in place
...     print(sum(s.samples))
0.5

The layout is that of the Rust library ``shmstate``: programs in both languages share states.
"""

from . import _errors
from ._errors import *  # noqa: F403
from ._errors import Error
from ._shmstate import Map as MapView
from ._shmstate import Sequence as ListView
from ._shmstate import Set as SetView
from ._shmstate import Slab as SlabView
from ._shmstate import remove
from ._state import Change, State, open
from ._types import (
    Archived as Archived,
    Array,
    Blob,
    Enum,
    IpAddress,
    Key,
    List,
    Map,
    Maybe,
    NonZero,
    Plain,
    Pod,
    Queue,
    Ring,
    Saturating,
    Set,
    Slab,
    SocketAddress,
    SortedMap,
    Struct,
    Text,
    TimeSpan,
    Timestamp,
    Tracked,
    Union,
    Uuid,
    Variant,
    Wrapping,
    char,
    f32,
    f64,
    i8,
    i16,
    i32,
    i64,
    i128,
    u8,
    u16,
    u32,
    u64,
    u128,
)
from ._types import Schema as _Schema
from ._types import bool_ as bool_


def _register():
    from collections.abc import MutableMapping, MutableSequence, MutableSet

    MutableSequence.register(ListView)
    MutableMapping.register(MapView)
    MutableSet.register(SetView)


_register()


def schema(type):
    """The document that describes a type in a region: canonical JSON. It is that of the same type in Rust."""
    return _Schema.of(type).document


__version__ = "0.1.0"
__all__ = [
    "Array", "Blob", "Change", "Enum", "Error", "IpAddress", "Key", "List", "ListView", "Map", "MapView", "Maybe",
    "NonZero", "Plain", "Pod", "Queue", "Ring", "Saturating", "Set", "SetView", "Slab", "SlabView", "SocketAddress",
    "SortedMap", "State", "Struct", "Text", "TimeSpan", "Timestamp", "Tracked", "Union", "Uuid", "Variant", "Wrapping",
    "bool_", "char", "f32", "f64", "i8", "i16", "i32", "i64", "i128", "open", "remove", "schema", "u8", "u16", "u32",
    "u64", "u128", *(name for name in vars(_errors) if name.endswith("Error") and name != "Error"),
]  # fmt: skip
