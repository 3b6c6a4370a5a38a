//! Positions that are kept while the state changes: they lead to a part of their type, or nowhere.

use shmstate::dynamic::{Data, DynState, Position, Value};
use shmstate::{Error, ErrorKind, List, Map, Maybe, Queue, Set, SharedLayout, Slab, SortedMap, State, Text};
use shmstate_tests::scratch_dir;

#[derive(SharedLayout, Clone, Debug, PartialEq)]
#[repr(C, u64)]
enum Job {
    Idle,
    Number(u64),
    Flag(bool, [u8; 7]),
    Name(Text<24>),
    Inner(Maybe<Step>),
}

#[derive(SharedLayout, Clone, Debug, PartialEq)]
#[repr(C, u64)]
enum Step {
    Rest,
    Wait(u64),
    Say(Text<8>),
}

#[derive(SharedLayout)]
#[repr(C)]
struct Shop {
    ticks: u64,
    job: Job,
    list: List<Job, 4>,
    queue: Queue<Job, 4>,
    map: Map<u64, Job, 4>,
    sorted: SortedMap<u64, Job, 4>,
    slab: Slab<Job, 4>,
    set: Set<u64, 4>,
}

struct Fixture {
    _dir: tempfile::TempDir,
    typed: State<Shop>,
    writer: DynState,
}

fn fixture() -> Fixture {
    let dir = scratch_dir();
    let name = dir.path().join("shop");
    let typed = State::<Shop>::create(&name).unwrap();
    let writer = DynState::options().writable(true).open(&name).unwrap();
    Fixture { _dir: dir, typed, writer }
}

impl Fixture {
    fn position(&self, part: impl Fn(Value<'_>) -> Result<Value<'_>, Error>) -> Position {
        self.writer.read(|v| part(v).map(Value::position)).unwrap().unwrap()
    }

    /// The position of a `Number`'s number in each place where a job stands.
    fn numbers(&self) -> Vec<Position> {
        let put = |job: &Job| {
            self.typed
                .update(|s| {
                    s.job = job.clone();
                    s.list.clear();
                    s.list.push(job.clone()).unwrap();
                    s.queue.clear();
                    s.queue.push_back(job.clone()).unwrap();
                    s.map.insert(1, job.clone()).unwrap();
                    s.sorted.insert(1, job.clone()).unwrap();
                    s.slab.clear();
                    let _ = s.slab.insert(job.clone()).unwrap();
                })
                .unwrap();
        };
        put(&Job::Number(7));
        let paths = ["job", "list[0]", "queue[0]", "map[1]", "sorted[1]"];
        let mut places: Vec<Position> =
            paths.iter().map(|path| self.position(|v| v.get(path)?.payload()?.field(0))).collect();
        places.push(self.position(|v| {
            let (_, value) = v.get("slab")?.entries()?.next().unwrap()?;
            value.payload()?.field(0)
        }));
        places
    }

    fn set(&self, position: Position, value: u64) -> Result<(), Error> {
        self.writer.update(|v| v.part(position)?.set(&value.into()))
    }
}

#[test]
fn a_part_of_another_variant_is_not_written_and_not_read() {
    let fixture = fixture();
    let places = fixture.numbers();
    for (n, place) in places.iter().enumerate() {
        fixture.set(*place, n as u64).unwrap();
        assert_eq!(fixture.writer.read(|v| v.part(*place)?.as_u64()).unwrap().unwrap(), n as u64);
    }
    // All of them lie in a `Flag` now, or in a text, or in nothing.
    for other in [Job::Flag(false, [0; 7]), Job::Name("hello".parse().unwrap()), Job::Idle, Job::Inner(Maybe::none())] {
        let change = |s: &mut Shop| {
            s.job = other.clone();
            s.list[0] = other.clone();
            s.queue[0] = other.clone();
            *s.map.get_mut(&1).unwrap() = other.clone();
            *s.sorted.get_mut(&1).unwrap() = other.clone();
            s.slab.values_mut().for_each(|job| *job = other.clone());
        };
        fixture.typed.update(change).unwrap();
        for place in &places {
            let refused = fixture.set(*place, 0xff).unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::InvalidPath, "{refused}");
            let unread = fixture.writer.read(|v| v.part(*place).map(drop)).unwrap().unwrap_err();
            assert_eq!(unread.kind(), ErrorKind::InvalidPath, "{unread}");
        }
        let same = fixture.typed.read(|s| s.job == other && s.list[0] == other && s.map[&1] == other).unwrap();
        assert!(same, "{other:?}");
    }
    // And once it has its variant again, it leads there.
    fixture.typed.update(|s| s.job = Job::Number(1)).unwrap();
    fixture.set(places[0], 5).unwrap();
    assert_eq!(fixture.typed.read(|s| s.job.clone()).unwrap(), Job::Number(5));
}

#[test]
fn an_enum_in_a_payload_is_asked_as_well() {
    let fixture = fixture();
    fixture.typed.update(|s| s.job = Job::Inner(Maybe::some(Step::Wait(3)))).unwrap();
    let wait = fixture.position(|v| v.get("job")?.payload()?.field(0)?.some()?.unwrap().payload()?.field(0));
    fixture.set(wait, 4).unwrap();
    assert_eq!(fixture.typed.read(|s| s.job.clone()).unwrap(), Job::Inner(Maybe::some(Step::Wait(4))));
    fixture.typed.update(|s| s.job = Job::Inner(Maybe::some(Step::Say("no".parse().unwrap())))).unwrap();
    assert_eq!(fixture.set(wait, u64::MAX).unwrap_err().kind(), ErrorKind::InvalidPath);
    fixture.typed.update(|s| s.job = Job::Number(9)).unwrap();
    assert_eq!(fixture.set(wait, u64::MAX).unwrap_err().kind(), ErrorKind::InvalidPath);
    assert_eq!(fixture.typed.read(|s| s.job.clone()).unwrap(), Job::Number(9));
}

#[test]
fn a_payload_is_that_of_its_variant() {
    let fixture = fixture();
    fixture.typed.update(|s| s.job = Job::Number(3)).unwrap();
    let payload = fixture.position(|v| v.get("job")?.payload());
    assert_eq!(fixture.writer.read(|v| v.part(payload)?.field(0)?.as_u64()).unwrap().unwrap(), 3);
    fixture.typed.update(|s| s.job = Job::Flag(true, [0; 7])).unwrap();
    let refused = fixture.writer.read(|v| v.part(payload).map(drop)).unwrap().unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidPath, "{refused}");
}

/// The same in one update, in which the part was found before the change.
#[test]
fn the_variant_may_change_in_the_same_update() {
    let fixture = fixture();
    fixture.typed.update(|s| s.job = Job::Number(3)).unwrap();
    let number = fixture.position(|v| v.get("job")?.payload()?.field(0));
    let refused = fixture
        .writer
        .update(|v| {
            v.part(number)?.set(&4u64.into())?;
            let flag = [Data::Bool(false), Data::items([0u8; 7])];
            v.set("job", Data::variant("Flag", Data::items(flag)))?;
            v.part(number)?.set(&0xffu64.into())
        })
        .unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidPath, "{refused}");
    assert_eq!(fixture.typed.read(|s| s.job.clone()).unwrap(), Job::Number(3));
}

/// What is outside of payloads is as it was: what is left of an item is of its type.
#[test]
fn a_part_outside_of_payloads_is_always_there() {
    let fixture = fixture();
    let places = [fixture.position(|v| v.get("ticks")), fixture.position(|v| v.get("job"))];
    fixture.set(places[0], 8).unwrap();
    assert_eq!(fixture.typed.read(|s| s.ticks).unwrap(), 8);
    fixture.writer.update(|v| v.part(places[1])?.set(&Data::variant("Number", 2u64))).unwrap();
    assert_eq!(fixture.typed.read(|s| s.job.clone()).unwrap(), Job::Number(2));
    fixture.typed.update(|s| s.set.insert(4).unwrap()).unwrap();
    let key = fixture.position(|v| Ok(v.get("set")?.items()?.next().unwrap()));
    assert_eq!(fixture.writer.read(|v| v.part(key)?.as_u64()).unwrap().unwrap(), 4);
    assert_eq!(fixture.set(key, 1).unwrap_err().kind(), ErrorKind::Unsupported);
}
