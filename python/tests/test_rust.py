"""Rust beside Python: each creates what the other opens, and both change it at random."""

import json
import os
import random
import subprocess
import uuid

import pytest
import shmstate as sm
from mirror import Colour, Job, Metres, Mirror, Node, Pair, Point

PEER = os.environ.get("SHMSTATE_PEER", os.path.join(os.path.dirname(__file__), "../../target/debug/peer"))
pytestmark = pytest.mark.skipif(not os.path.exists(PEER), reason="`cargo build -p shmstate-tests --bin peer` makes the Rust side")


class Peer:
    """The Rust program."""

    def __init__(self):
        self.process = subprocess.Popen([PEER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __call__(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().rstrip("\n")
        assert not answer.startswith("error"), answer
        return answer


@pytest.fixture
def peer():
    peer = Peer()
    yield peer
    peer.process.stdin.close()
    assert peer.process.wait(60) == 0
    peer.process.stdout.close()


def without(value, *names):
    return {name: one for name, one in value.items() if name not in names}


def word(rng):
    return "".join(rng.choice("abcä€") for _ in range(rng.randrange(3)))


def node(rng):
    return Node(word(rng), [rng.getrandbits(32) for _ in range(rng.randrange(5))])


def job(rng):
    return rng.choice([
        lambda: Job.Idle(),
        lambda: Job.Run(rng.getrandbits(32), -5),
        lambda: Job.Held([node(rng) for _ in range(rng.randrange(3))]),
        lambda: Job.Named(word(rng)),
    ])()  # fmt: skip


def some(operation):
    """What may be refused because there is no room, or nothing there."""
    try:
        operation()
    except (sm.CapacityError, KeyError, IndexError):
        pass


def step(s, rng):
    """One random change of a mirror."""
    n = rng.getrandbits
    rng.choice([
        lambda: setattr(s, "wide", n(128)),
        lambda: setattr(s, "signed_wide", n(127) - 2**126),
        lambda: (setattr(s, "a", n(64)), setattr(s, "b", n(63) - 2**62), setattr(s, "c", n(32)), setattr(s, "d", n(31))),
        lambda: (setattr(s, "e", n(16)), setattr(s, "f", -n(15)), setattr(s, "g", n(8)), setattr(s, "h", -n(7))),
        lambda: (setattr(s, "double", n(10) / 3), setattr(s, "single", n(10) / 4)),
        lambda: (setattr(s, "letter", rng.choice("aß🦀")), setattr(s, "on", rng.random() < 0.5)),
        lambda: setattr(s, "colour", rng.choice(["Red", "Green"])),
        lambda: s.numbers.__setitem__(n(2), n(16)),
        lambda: setattr(s.pair, "_1", n(16)),
        lambda: setattr(s, "pair", [n(16), 3]),
        lambda: setattr(s.metres, "_0", n(6) / 7),
        lambda: setattr(s.points[n(1)], "x", -n(31)),
        lambda: setattr(s, "name", word(rng)),
        lambda: setattr(s, "blob", rng.randbytes(rng.randrange(9))),
        lambda: setattr(s, "maybe", rng.choice([None, n(64)])),
        lambda: setattr(s, "maybe_node", rng.choice([None, node(rng)])),
        lambda: setattr(s, "job", job(rng)),
        lambda: s.jobs.__setitem__(n(1), job(rng)),
        lambda: setattr(s, "non_zero", rng.choice([None, n(63) + 1])),
        lambda: (setattr(s, "wrapping", n(64)), setattr(s, "saturating", -n(63))),
        lambda: (setattr(s, "span", n(64)), setattr(s, "time", -n(63))),
        lambda: setattr(s, "uuid", uuid.UUID(int=n(128))),
        lambda: setattr(s, "key", n(31) | 1 << 32),
        lambda: setattr(s, "ip", rng.choice(["10.0.0.1", "::1"])),
        lambda: setattr(s, "socket", rng.choice([("10.0.0.1", n(16)), ("::1", n(16), 0, 0)])),
        lambda: setattr(s.tracked, "x", n(31)),
        lambda: s.array.__setitem__(rng.randrange(5), {"x": n(31), "y": 0.5}),
        lambda: some(lambda: s.list.append(n(64))),
        lambda: some(lambda: s.list.insert(rng.randrange(7), n(64))),
        lambda: some(lambda: s.list.pop(rng.randrange(6))),
        lambda: setattr(s, "list", [n(64) for _ in range(rng.randrange(7))]),
        lambda: s.list.reverse(),
        lambda: some(lambda: s.nodes.append(node(rng))),
        lambda: some(lambda: s.nodes[0].weights.append(n(32))),
        lambda: some(lambda: s.nodes.__delitem__(rng.randrange(4))),
        lambda: some(lambda: s.work.append(job(rng))),
        lambda: some(lambda: s.work.pop(0)),
        lambda: s.ring.append(n(64)),
        lambda: some(lambda: s.queue.append(node(rng))),
        lambda: some(lambda: s.queue.popleft()),
        lambda: some(lambda: s.slab.add(node(rng))),
        lambda: some(lambda: s.slab.pop(next(iter(s.slab)))) if len(s.slab) else None,
        lambda: some(lambda: s.set.add(n(4))),
        lambda: s.set.discard(n(4)),
        lambda: some(lambda: s.words.add(word(rng))),
        lambda: s.words.discard(word(rng)),
        lambda: some(lambda: s.map.__setitem__(word(rng), [n(32)])),
        lambda: some(lambda: s.map.__delitem__(word(rng))),
        lambda: [value.__setitem__(slice(0, 0), []) for value in s.map.values()],
        lambda: some(lambda: s.ports.__setitem__(-n(4), n(64))),
        lambda: s.ports.pop(-n(4), None),
        lambda: some(lambda: s.sorted.__setitem__(n(8), n(32))),
        lambda: s.sorted.pop(n(8), None),
        lambda: some(lambda: s.titles.__setitem__(word(rng), node(rng))),
        lambda: s.titles.pop(word(rng), None),
    ])()  # fmt: skip


def compare(peer, state):
    """Both sides, and both kinds of Python's, see the same."""
    theirs = json.loads(peer("json"))
    ours = without(json.loads(state.to_json()), "archived", "pod", "raw")
    assert theirs == ours
    snapshot = state.snapshot()
    assert [snapshot.list, snapshot.name, snapshot.a] == [theirs["list"], theirs["name"], theirs["a"]]
    assert [n.asdict() for n in snapshot.nodes] == theirs["nodes"]
    assert {str(key): value for key, value in snapshot.sorted.items()} == theirs["sorted"]
    assert snapshot.set == set(theirs["set"]) and snapshot.words == set(theirs["words"])
    assert str(snapshot.uuid) == theirs["uuid"] and snapshot.wide == theirs["wide"]


def seeded():
    seed = int(os.environ.get("SHMSTATE_SEED", random.randrange(2**32)))
    print("SHMSTATE_SEED", seed)
    return random.Random(seed)


def test_the_schema_is_the_derives(peer, directory):
    peer(f"create mirror {directory}/mirror")
    identity = lambda document: document.split(',"docs":[')[0]  # noqa: E731 - the library documents its own types as well
    assert identity(peer("schema")) == identity(sm.schema(Mirror))
    assert "What the Python tests declare alike" in sm.schema(Mirror)


def test_python_creates_and_rust_opens(peer, directory):
    state, rng = sm.State.create("mirror", Mirror), seeded()
    peer(f"open mirror {directory}/mirror")
    compare(peer, state)
    for _ in range(300):
        state.update(step, rng)
        compare(peer, state)
    with state.update() as s:
        assert isinstance(s.colour, Colour) and isinstance(s.pair, Pair) and isinstance(s.metres, Metres) and isinstance(s.points[0], Point)


def test_rust_creates_and_python_opens(peer, directory):
    peer(f"create mirror {directory}/mirror")
    for state in (sm.State.open("mirror", Mirror), sm.State.open_or_create("mirror", Mirror)):
        rng = seeded()
        for _ in range(50):
            state.update(step, rng)
            compare(peer, state)


def test_both_change_what_python_does_not_declare(peer, directory):
    peer(f"create all {directory}/all")
    state, rng = sm.open("all"), seeded()
    for round_ in range(60):
        peer(f"step {rng.getrandbits(32)},5")
        compare(peer, state)
        with state.update() as s:
            s.a = round_
            some(lambda: s.list.append(round_))
            s.points[0].x = round_
            some(lambda: s.map.__setitem__(word(rng), [1, 2]))
            some(lambda: s.nodes.append({"name": word(rng), "weights": [7]}))
            if s.work:
                s.work[0] = "Idle"
            s.sorted.pop(rng.getrandbits(8), None)
            s.words.discard(word(rng))
        compare(peer, state)
