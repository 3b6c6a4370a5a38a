"""Lists, maps and sets beside `list`, `dict` and `set`: random operations on both, and what both then are, return and raise."""

import random

import pytest
import shmstate as sm

CAPACITY = 24


class Board(sm.Struct):
    items: sm.List[sm.i64, CAPACITY]
    queue: sm.Queue[sm.i64, CAPACITY]
    array: sm.Array[sm.i64, 10]
    plain: sm.Plain[sm.i64, 10]
    entries: sm.Map[sm.i64, sm.i64, CAPACITY]
    ordered: sm.SortedMap[sm.i64, sm.i64, CAPACITY]
    values: sm.Set[sm.i64, CAPACITY]


class Index:
    def __init__(self, index):
        self.index = index

    def __index__(self):
        return self.index


def swap(items, i):
    items[i], items[0] = items[0], items[i]


def grow(items):
    for i, item in enumerate(items):
        if i < 2:
            items.append(item)


def shrink(items):
    return [item for item in items if not items or items.pop() is not None]


def on_sequences(r):
    """Operations on every sequence, and on those that can grow."""
    x, i, given = r.randint(-5, 5), r.choice([r.randint(-30, 30), r.randint(-8, 8)]), [r.randint(-5, 5) for _ in range(r.randint(0, 6))]
    bound = lambda: r.choice([None, r.randint(-30, 30), r.randint(-5, 5)])  # noqa: E731
    part = slice(bound(), bound(), r.choice([None, None, 1, 2, 3, -1, -2, -3, 7]))
    fixed = [
        lambda s: s[i], lambda s: list(s[part]), lambda s: s.__setitem__(i, x), lambda s: s[Index(i)], lambda s: s[True],
        lambda s: s["x"], lambda s: s.index(x), lambda s: s.index(x, i), lambda s: s.index(x, i, i + 3), lambda s: s.count(x),
        lambda s: (x in s, float(x) in s, "x" in s), lambda s: s.reverse(), lambda s: s.sort(), lambda s: s.sort(reverse=True),
        lambda s: s.sort(key=lambda v: v % 3), lambda s: s.sort(key=lambda v: v % 3, reverse=True), lambda s: list(reversed(s)),
        lambda s: list(s.copy()), repr, len, bool, sum, lambda s: (s == given, s != given, s == list(s), s == tuple(s), s == 5),
        lambda s: s < given, lambda s: s.__setitem__(part, [x] * len(s[part])), lambda s: s.__setitem__(part, s[part]),
        lambda s: s.__setitem__(part, (v for v in list(s[part]))), lambda s: s.__setitem__(slice(None), s[::-1]),
        lambda s: swap(s, i), lambda s: hash(s), lambda s: s + given,
    ]  # fmt: skip
    growing = [
        lambda s: s.append(x), lambda s: s.insert(i, x), lambda s: s.pop(), lambda s: s.pop(i), lambda s: s.remove(x),
        lambda s: s.extend(given), lambda s: s.extend(s), lambda s: s.extend(v for v in given), lambda s: s.__iadd__(given) is s,
        lambda s: s.__delitem__(i), lambda s: s.__delitem__(part), lambda s: s.__setitem__(part, given),
        lambda s: s.__setitem__(slice(part.start, part.stop), given), lambda s: s.__setitem__(slice(2, 4), s), shrink, grow,
        lambda s: s.clear(),
    ]  # fmt: skip
    return fixed, growing


def on_maps(r):
    k, x, other = r.randint(-6, 30), r.randint(0, 9), {r.randint(0, 30): r.randint(0, 9) for _ in range(4)}

    return [
        lambda m: m[k], lambda m: m.__setitem__(k, x), lambda m: m.__delitem__(k), lambda m: m.get(k), lambda m: m.get(k, "z"),
        lambda m: m.setdefault(k, x), lambda m: m.pop(k), lambda m: m.pop(k, None), lambda m: m.update(other),
        lambda m: m.update(list(other.items())), lambda m: (k in m, float(k) in m, k + 0.5 in m, "x" in m, 2**70 in m), len,
        lambda m: sorted(m), lambda m: sorted(m.items()), lambda m: sorted(m.keys()), lambda m: sorted(m.values()),
        lambda m: sorted(reversed(m)), lambda m: sorted(reversed(m.items())), lambda m: (m == other, m != other, other == m, m == 5),
        lambda m: (m.keys() & other, m.keys() | set(other), set(other) - m.keys(), m.keys() ^ other.keys(), m.keys() <= set(m)),
        lambda m: ((k, x) in m.items(), x in m.values(), k in m.keys()), lambda m: m.items() & other.items(), lambda m: dict(m.copy()),
        lambda m: m | other, lambda m: other | m, lambda m: m | [1], lambda m: m.__ior__(other) is m, lambda m: m[[1]], lambda m: {**m},
        lambda m: [m.__setitem__(key, x) for key in m] and 0, lambda m: (len(m.keys()), len(m.values()), len(m.items())),
        lambda m: [m.pop(key) for key in sorted(m)[:2]] and None,
    ]  # fmt: skip


def on_sets(r):
    k, other = r.randint(-6, 30), {r.randint(0, 30) for _ in range(4)}
    given = list(other)
    return [
        lambda s: s.add(k), lambda s: s.remove(k), lambda s: s.discard(k), lambda s: (k in s, float(k) in s, k + 0.5 in s, "x" in s),
        lambda s: [1] in s, lambda s: set(s | other), lambda s: set(s & other), lambda s: set(s - other), lambda s: set(s ^ other),
        lambda s: set(other | s), lambda s: set(other & s), lambda s: set(other - s), lambda s: set(other ^ s), lambda s: s | given,
        lambda s: (s <= other, s < other, s >= other, s > other, s == other, s != other, other <= s, other == s),
        lambda s: (s == set(s), set(s) == s, s == frozenset(s), s == list(s)), lambda s: s.__ior__(other) is s,
        lambda s: s.__iand__(other) is s, lambda s: s.__isub__(other) is s, lambda s: s.__ixor__(other) is s,
        lambda s: s.update(given, given), lambda s: set(s.union(given, other)), lambda s: set(s.intersection(given)),
        lambda s: set(s.difference(given)), lambda s: set(s.symmetric_difference(given)), lambda s: s.difference_update(given),
        lambda s: (s.issubset(given), s.issuperset(given), s.isdisjoint(given)), lambda s: s.intersection_update(given),
        lambda s: s.symmetric_difference_update(given), len, lambda s: sorted(s), lambda s: set(s.copy()), lambda s: hash(s),
    ]  # fmt: skip


def outcome(f, on):
    try:
        return f(on)
    except sm.CapacityError:
        return "full"
    except Exception as error:
        builtin = next(of for of in type(error).__mro__ if of.__module__ == "builtins")
        return builtin.__name__


@pytest.mark.parametrize("name", ["items", "queue", "array", "plain", "entries", "ordered", "values"])
def test_as_the_builtin(name):
    seed = random.randrange(10**9)
    r = random.Random(seed)
    board = sm.State.anonymous(Board)
    kind = {"entries": dict, "ordered": dict, "values": set}.get(name, list)
    with board.update() as s:
        view = getattr(s, name)
        for step in range(2500):
            if kind is list:
                fixed, growing = on_sequences(r)
                which = r.randrange(len(fixed) + (0 if name in ("array", "plain") else len(growing)))
                f = (fixed + growing)[which]
            else:
                fs = on_maps(r) if kind is dict else on_sets(r)
                which = r.randrange(len(fs))
                f = fs[which]
            before, ours = kind(view), kind(view)
            expected, found = outcome(f, ours), outcome(f, view)
            if len(ours) > CAPACITY:
                assert found == "full" and (kind(view) == before or f is grow), (seed, step, which)
            else:
                assert (found, kind(view)) == (expected, ours), (seed, step, which, before)


def test_what_changes_in_a_loop_is_noticed():
    board = sm.State.anonymous(Board)
    with board.update() as s:
        s.entries.update({1: 1, 2: 2, 3: 3})
        s.values.update([1, 2, 3])
        for loop in (s.entries, s.entries.values(), s.entries.items()):
            with pytest.raises(RuntimeError, match="dictionary changed size during iteration"):
                for _ in loop:
                    s.entries[len(s.entries) + 10] = 0
        with pytest.raises(RuntimeError, match="Set changed size during iteration"):
            for value in s.values:
                s.values.discard(value)
        with pytest.raises(RuntimeError, match="keys changed during iteration"):
            keys = list(s.entries)
            for _ in s.entries.items():
                s.entries[1000] = s.entries.pop(keys[1], 0)
        s.items[:] = [3, 1, 2]
        for change in (lambda: s.items.append(1), lambda: s.items.clear()):
            with pytest.raises(ValueError, match="list modified during sort"):
                s.items.sort(key=lambda item: (change(), item)[1])  # noqa: B023


def test_keys_values_and_items_are_live():
    board = sm.State.anonymous(Board)
    with board.update() as s:
        keys, values, items = s.ordered.keys(), s.ordered.values(), s.ordered.items()
        s.ordered.update({2: 20, 1: 10})
        assert (list(keys), list(values), list(items)) == ([1, 2], [10, 20], [(1, 10), (2, 20)])
        assert (repr(keys), repr(values), repr(items)) == ("keys([1, 2])", "values([10, 20])", "items([(1, 10), (2, 20)])")
        assert list(reversed(values)) == [20, 10]
        iterator = iter(items)
        next(iterator)
        s.ordered[2] = 21
        assert list(iterator) == [(2, 21)], "as it is when it is given"
