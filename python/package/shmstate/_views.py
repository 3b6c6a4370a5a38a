"""The keys, values and items of maps and slabs, as ``dict`` has them: live, and with the operations of sets."""

from __future__ import annotations

from collections.abc import ItemsView, Iterator, KeysView, ValuesView
from typing import Any


class Keys(KeysView):  # type: ignore[type-arg]
    __slots__ = ()

    def __reversed__(self) -> "Iterator[Any]":
        return reversed(self._mapping)

    def __repr__(self) -> str:
        return f"keys({list(self)!r})"


class Values(ValuesView):  # type: ignore[type-arg]
    __slots__ = ()

    def __iter__(self) -> "Iterator[Any]":
        return self._mapping._values_()

    def __reversed__(self) -> "Iterator[Any]":
        return (self._mapping[key] for key in reversed(self._mapping))

    def __repr__(self) -> str:
        return f"values({list(self)!r})"


class Items(ItemsView):  # type: ignore[type-arg]
    __slots__ = ()

    def __iter__(self) -> "Iterator[Any]":
        return self._mapping._items_()

    def __reversed__(self) -> "Iterator[Any]":
        return ((key, self._mapping[key]) for key in reversed(self._mapping))

    def __repr__(self) -> str:
        return f"items({list(self)!r})"
