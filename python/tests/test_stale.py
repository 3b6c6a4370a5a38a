"""Which views an assignment makes stale: those of parts that have moved, and no others."""

import pytest
import shmstate as sm
from boards import Phase, Room, Task


class Job(sm.Struct):
    id: sm.Uuid
    since: sm.Timestamp
    name: sm.Text[8]
    seats: sm.u64
    owner: sm.Maybe[sm.u64]
    room: Room
    phase: Phase
    done: bool
    raw: sm.Plain[sm.u8, 6]
    task: Task
    guest: sm.Maybe[Room]
    tags: sm.List[sm.Text[8], 4]
    ports: sm.Map[sm.u64, sm.u64, 4]
    rooms: sm.Map[sm.u64, Room, 4]


class Jobs(sm.Struct):
    jobs: sm.List[Job, 4]
    lists: sm.List[sm.List[sm.u64, 4], 4]
    arrays: sm.List[sm.Array[sm.u64, 3], 4]
    rooms: sm.List[Room, 8]
    places: sm.Slab[Room, 4]
    queue: sm.Queue[Room, 4]


@pytest.fixture
def jobs():
    state = sm.State.anonymous(Jobs)
    with state.update() as s:
        s.jobs = [Job(name="a"), Job(name="b")]
        s.lists = [[1, 2], [3]]
        s.arrays = [[1, 2, 3], [4, 5, 6]]
        s.rooms = [Room("a", 1), Room("b", 2)]
    return state


VALUES = {
    "name": "b",
    "seats": 5,
    "phase": Phase.Running,
    "done": True,
    "since": 7,
    "owner": 7,
    "raw": [1] * 6,
    "room": Room("r", 3),
}
MOVING = {"task": Task.Copy("a", Room("x")), "guest": Room("g", 2), "tags": ["x"], "ports": {1: 2}, "rooms": {1: Room("y")}}


@pytest.mark.parametrize("name", VALUES)
def test_a_field_of_an_item_without_parts_that_move_leaves_all_views(jobs, name):
    with jobs.update() as s:
        job, other, room = s.jobs[0], s.jobs[1], s.rooms[0]
        for _ in range(2):
            setattr(job, name, VALUES[name])
        assert getattr(job, name) == VALUES[name] == getattr(s.jobs[0], name)
        assert (other.name, room.name) == ("b", "a")


@pytest.mark.parametrize("name", MOVING)
def test_a_field_of_an_item_with_parts_that_move_leaves_its_own_view(jobs, name):
    with jobs.update() as s:
        job, other = s.jobs[0], s.jobs[1]
        for _ in range(2):
            setattr(job, name, MOVING[name])
        assert getattr(job, name) == MOVING[name]
        with pytest.raises(sm.StaleViewError):
            other.name


def test_containers_in_items_take_one_change_after_the_other(jobs):
    with jobs.update() as s:
        first, array = s.lists[0], s.arrays[1]
        array[0] = 7
        array[:] = [8, 9, 10]
        array.reverse()
        array[::2] = [1, 2]
        assert array == [1, 9, 2] and first == [1, 2]
        first.insert(0, 0)
        first.insert(0, 9)
        del first[0]
        first.reverse()
        first[:1] = [5, 6]
        assert first == s.lists[0] == [5, 6, 1, 0]
        s.lists[1] += [4]
        s.lists[1].pop(0)
        assert s.lists == [[5, 6, 1, 0], [4]]


def test_maps_in_items_take_one_change_after_the_other(jobs):
    with jobs.update() as s:
        ports, rooms = s.jobs[0].ports, s.jobs[0].rooms
        assert ports.setdefault(1, 5) == 5 and ports.setdefault(1, 6) == 5
        ports[2] = 7
        del ports[1]
        with pytest.raises(sm.StaleViewError):
            rooms[1] = Room("x")
        rooms = s.jobs[0].rooms
        assert rooms.setdefault(1, Room("x", 2)).seats == 2
        rooms[2] = Room("y")
        assert [room.name for room in rooms.values()] == ["x", "y"]
        one = rooms[1]
        for key in rooms:
            rooms[key] = Room(f"new{key}")  # entries that are there already
        assert one.name == "new1"
        with pytest.raises(sm.StaleViewError, match="copy"):
            s.jobs[0].room = one


def test_an_item_that_is_replaced_keeps_its_place(jobs):
    with jobs.update() as s:
        first, second = s.rooms[0], s.rooms[1]
        s.rooms[0] = Room("new", 5)
        s.rooms[:2] = [Room("newer", 6), Room("b", 2)]
        s.rooms[::1] = [Room("newest", 7), Room("b", 2)]
        assert (first.name, second.name) == ("newest", "b")
        with pytest.raises(sm.StaleViewError, match="copy"):
            s.jobs[0].room = first
        s.rooms.append(Room("c"))
        s.rooms.extend([Room("d"), Room("e")])
        assert second.name == "b", "nothing has moved"
        s.rooms[1:2] = [Room("b"), Room("b")]
        with pytest.raises(sm.StaleViewError, match="look the part up again"):
            second.name
        key, other = s.places.add(Room("p")), s.places.add(Room("q"))
        place = s.places[key]
        s.places[key] = Room("new")
        assert place.name == "new"
        with pytest.raises(sm.StaleViewError, match="copy"):
            s.places[key], s.places[other] = s.places[other], s.places[key]


def test_items_of_a_queue_move_into_its_first_slots(jobs):
    with jobs.update() as s:
        s.queue.extend([Room(str(n)) for n in range(4)])
        s.queue.popleft()
        last = s.queue[2]
        s.queue.extend([Room("4")])
        with pytest.raises(sm.StaleViewError):
            last.name
        last = s.queue[3]
        s.queue.popleft()
        with pytest.raises(sm.StaleViewError):
            last.name


def test_parts_that_are_gone_are_noticed(jobs):
    with jobs.update() as s:
        job = s.jobs[0]
        job.task, job.guest = Task.Copy("a", Room("x")), Room("g")
        task, guest = job.task, job.guest
        job.guest = None
        for use in (lambda: task.to.name, lambda: guest.name):
            with pytest.raises(sm.StaleViewError):
                use()
