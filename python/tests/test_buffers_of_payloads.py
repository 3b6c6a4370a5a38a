"""Arrays of what lies in the payload of a variant: they never write over what another variant has there."""

import numpy
import pytest
import shmstate as sm


class Job(sm.Union):
    class Idle(sm.Variant): ...

    class Samples(sm.Variant):
        samples: sm.Plain[sm.u8, 8]

    class Flag(sm.Variant):
        on: bool
        _pad: sm.Plain[sm.u8, 7]


class Jobs(sm.Struct):
    job: Job
    jobs: sm.List[Job, 4]
    by_name: sm.Map[sm.u64, Job, 4]
    slab: sm.Slab[Job, 4]
    maybe: sm.Maybe[Job]


SAMPLES, FLAG = Job.Samples(list(range(8))), Job.Flag(True)


@pytest.fixture
def jobs():
    state = sm.State.anonymous(Jobs)
    with state.update() as s:
        s.job = s.maybe = SAMPLES
        s.jobs = [SAMPLES, FLAG]
        s.by_name = {1: SAMPLES, 2: FLAG}
        s.slab.add(SAMPLES)
    return state


def remove_from_slab(s):
    (key,) = s.slab
    del s.slab[key]
    s.slab.add(FLAG)


WAYS = {
    "a field": (lambda s: s.job, lambda s: setattr(s, "job", FLAG)),
    "a maybe": (lambda s: s.maybe, lambda s: setattr(s, "maybe", FLAG)),
    "an item": (lambda s: s.jobs[0], lambda s: s.jobs.__setitem__(0, FLAG)),
    "a slice": (lambda s: s.jobs[0], lambda s: s.jobs.__setitem__(slice(0, 1), [FLAG])),
    "items that move": (lambda s: s.jobs[0], lambda s: s.jobs.pop(0)),
    "items in another order": (lambda s: s.jobs[0], lambda s: s.jobs.reverse()),
    "an entry": (lambda s: s.by_name[1], lambda s: s.by_name.__setitem__(1, FLAG)),
    "an entry that is moved": (lambda s: s.by_name[1], lambda s: s.by_name.__delitem__(1)),
    "a place of a slab": (lambda s: s.slab[next(iter(s.slab))], remove_from_slab),
}


@pytest.mark.parametrize("way", WAYS)
def test_an_array_does_not_write_over_another_variant(jobs, way):
    before = jobs.snapshot().copy()
    find, change = WAYS[way]
    with pytest.raises(BufferError, match="before the enum gets another variant"):
        with jobs.update() as s:
            array = numpy.asarray(find(s).samples)
            change(s)
    array[0] = 255
    del array
    assert jobs.snapshot().copy() == before and jobs.version == 1


def test_an_update_whose_error_is_caught_is_rolled_back(jobs):
    before = jobs.snapshot().copy()
    with pytest.raises(BufferError, match="rolled back"):
        with jobs.update() as s:
            array = numpy.asarray(s.job.samples)
            try:
                s.job = FLAG
            except BufferError:
                array[:] = 255
                s.job = SAMPLES
            del array
    assert jobs.snapshot().copy() == before
    with pytest.raises(ZeroDivisionError):
        with jobs.update() as s:
            array = numpy.asarray(s.job.samples)
            try:
                s.job = FLAG
            except BufferError:
                del array
            1 / 0
    jobs.update(lambda s: setattr(s, "job", FLAG))
    assert jobs.snapshot().job == FLAG


def test_an_array_that_ends_before_is_no_matter(jobs):
    with jobs.update() as s:
        array = numpy.asarray(s.job.samples)
        array[:] = 7
        s.job = Job.Samples([9] * 8)
        assert array[0] == 9
        other = numpy.asarray(s.job.samples)
        other[0] = 8
        del array, other
        s.job = FLAG
    assert jobs.snapshot().job == FLAG
    with jobs.read() as s:
        array = numpy.asarray(s.jobs[0].samples)
        assert array.tolist() == list(range(8))
        del array
