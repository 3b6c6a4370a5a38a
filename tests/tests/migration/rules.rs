//! What becomes of the values of a state whose type has changed: a case for each rule, by the type and by the schema alone.

use shmstate::dynamic::DynState;
use shmstate::{
    Array, Blob, ErrorKind, Key, List, Map, Maybe, Migrate, Queue, Ring, Set, SharedLayout, Slab, SortedMap, State,
    Text, Tracked,
};
use shmstate_tests::scratch_dir;
use std::num::NonZero;
use std::path::Path;

/// The schema of a type.
fn schema<T: SharedLayout>(dir: &Path) -> String {
    let name = dir.join("schema");
    let _state = State::<T>::options().ignore_memory_limits(true).open_or_replace(&name).unwrap();
    DynState::open(&name).unwrap().schema()
}

/// Fills an `A` and opens it as a `B`, which must be as `check` wants it; then does the same without the types.
#[track_caller]
fn carry<A: SharedLayout, B: SharedLayout>(
    allowed: &[&str],
    fill: impl Fn(&mut A) -> Result<(), shmstate::Error>,
    check: impl Fn(&B),
) {
    let dir = scratch_dir();
    let name = dir.path().join("state");
    for typed in [true, false] {
        State::<A>::create(&name).unwrap().transact(&fill).unwrap();
        if typed {
            // Refused before, and then allowed.
            let refused = (!allowed.is_empty()).then(|| State::<B>::options().migrate(Migrate::Auto).open(&name));
            if let Some(Err(e)) = refused {
                assert_eq!(e.kind(), ErrorKind::LayoutMismatch);
                assert!(State::<A>::open(&name).is_ok(), "nothing has happened");
            }
            let state = State::<B>::options().migrate(Migrate::AllowLoss(allowed)).open(&name).unwrap();
            state.read(&check).unwrap();
        } else {
            let mut state = DynState::options().writable(true).open(&name).unwrap();
            state.migrate(&schema::<B>(dir.path()), allowed).unwrap();
        }
        // Whatever a later process finds is checked by its type.
        let state = State::<B>::open(&name).unwrap();
        state.read(&check).unwrap();
        state.remove().unwrap();
    }
}

/// Fills an `A`, and is refused a `B`, because of these paths.
#[track_caller]
fn refused<A: SharedLayout, B: SharedLayout>(fill: impl Fn(&mut A) -> Result<(), shmstate::Error>, paths: &[&str]) {
    let dir = scratch_dir();
    let name = dir.path().join("state");
    State::<A>::create(&name).unwrap().transact(&fill).unwrap();
    let before = DynState::open(&name).unwrap().to_json("").unwrap();
    let error = State::<B>::options().migrate(Migrate::Auto).open(&name).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LayoutMismatch, "{error}");
    for path in paths {
        let path = if path.is_empty() { "(the state)" } else { path };
        assert!(error.to_string().contains(&format!("\n  {path}: ")), "{path}: {error}");
    }
    let mut state = DynState::options().writable(true).open(&name).unwrap();
    let other = state.migrate(&schema::<B>(dir.path()), &[]).unwrap_err();
    assert_eq!(other.to_string(), error.to_string());
    assert_eq!(state.to_json("").unwrap(), before, "nothing has happened");
    drop(State::<A>::open(&name).unwrap());
}

#[test]
fn numbers() {
    carry::<u8, u64>(
        &[],
        |n| {
            *n = 200;
            Ok(())
        },
        |n| assert_eq!(*n, 200),
    );
    carry::<i8, i128>(
        &[],
        |n| {
            *n = -7;
            Ok(())
        },
        |n| assert_eq!(*n, -7),
    );
    carry::<u32, i64>(
        &[],
        |n| {
            *n = u32::MAX;
            Ok(())
        },
        |n| assert_eq!(*n, i64::from(u32::MAX)),
    );
    carry::<f32, f64>(
        &[],
        |n| {
            *n = 0.1;
            Ok(())
        },
        |n| assert_eq!(*n, f64::from(0.1f32)),
    );
    carry::<Option<NonZero<u8>>, Option<NonZero<u64>>>(
        &[],
        |n| {
            *n = NonZero::new(3);
            Ok(())
        },
        |n| assert_eq!(*n, NonZero::new(3)),
    );
    carry::<u8, Tracked<u8>>(
        &[],
        |n| {
            *n = 3;
            Ok(())
        },
        |n| assert_eq!(**n, 3),
    );
    carry::<u8, Maybe<u16>>(
        &[],
        |n| {
            *n = 3;
            Ok(())
        },
        |n| assert_eq!(n.as_ref(), Some(&3)),
    );
    refused::<u64, u32>(|_| Ok(()), &[""]);
    refused::<i64, u64>(|_| Ok(()), &[""]);
    refused::<f64, f32>(|_| Ok(()), &[""]);
    carry::<u64, u32>(
        &[""],
        |n| {
            *n = 9;
            Ok(())
        },
        |n| assert_eq!(*n, 0, "it starts anew"),
    );
}

#[test]
fn texts_and_bytes() {
    let fill = |text: &mut Text<8>| Ok(text.set("grün")?);
    carry::<Text<8>, Text<16>>(&[], fill, |text| assert_eq!(*text, "grün"));
    carry::<Text<8>, Text<5>>(&[], fill, |text| assert_eq!(*text, "grün"));
    carry::<Text<8>, Blob<8>>(&[], fill, |blob| assert_eq!(blob[..], *"grün".as_bytes()));
    refused::<Text<8>, Text<3>>(fill, &[""]);
    carry::<Text<8>, Text<3>>(&[""], fill, |text| assert_eq!(*text, "gr", "no half of a letter"));
    let fill = |blob: &mut Blob<8>| Ok(blob.extend_from_slice(&[1, 2, 3])?);
    carry::<Blob<8>, Blob<3>>(&[], fill, |blob| assert_eq!(blob[..], [1, 2, 3]));
    refused::<Blob<8>, Blob<2>>(fill, &[""]);
}

#[test]
fn sequences() {
    let fill = |list: &mut List<u16, 8>| Ok(list.try_extend([1, 2, 3])?);
    carry::<List<u16, 8>, List<u16, 100>>(&[], fill, |list| assert_eq!(list[..], [1, 2, 3]));
    carry::<List<u16, 8>, List<u64, 3>>(&[], fill, |list| assert_eq!(list[..], [1, 2, 3]));
    carry::<List<u16, 8>, Queue<u16, 3>>(&[], fill, |queue| assert!(queue.iter().eq(&[1, 2, 3])));
    carry::<List<u16, 8>, Ring<u32, 4>>(&[], fill, |ring| assert!(ring.iter().eq(&[1, 2, 3])));
    refused::<List<u16, 8>, List<u16, 2>>(fill, &[""]);
    carry::<List<u16, 8>, List<u16, 2>>(&[""], fill, |list| assert_eq!(list[..], [1, 2]));
    refused::<List<u16, 8>, [u16; 8]>(fill, &[""]);
    carry::<[u8; 2], [u16; 3]>(
        &[],
        |a| {
            *a = [1, 2];
            Ok(())
        },
        |a| assert_eq!(*a, [1, 2, 0]),
    );
    carry::<[u8; 2], Array<u8, 3>>(
        &[],
        |a| {
            *a = [1, 2];
            Ok(())
        },
        |a| assert_eq!(a[..], [1, 2, 0]),
    );
    refused::<[u8; 3], [u8; 2]>(|_| Ok(()), &[""]);
    let fill = |ring: &mut Ring<u16, 3>| {
        ring.extend([1, 2, 3, 4, 5]);
        Ok(())
    };
    carry::<Ring<u16, 3>, Ring<u16, 4>>(&[], fill, |ring| assert!(ring.iter().eq(&[3, 4, 5])));
    carry::<Ring<u16, 3>, Ring<u32, 3>>(&[], fill, |ring| assert!(ring.iter().eq(&[3, 4, 5])));
    carry::<Ring<u16, 3>, Ring<u16, 2>>(&[""], fill, |ring| assert!(ring.iter().eq(&[4, 5]), "the latest"));
    carry::<Ring<u16, 3>, List<u16, 2>>(&[""], fill, |list| assert_eq!(**list, [4, 5], "the latest"));
    let fill = |queue: &mut Queue<u16, 4>| {
        queue.try_extend([1, 2, 3, 4])?;
        let _ = (queue.pop_front(), queue.pop_front());
        queue.push_back(5)?;
        Ok(())
    };
    carry::<Queue<u16, 4>, Queue<u16, 9>>(&[], fill, |queue| assert!(queue.iter().eq(&[3, 4, 5])));
    carry::<Queue<u16, 4>, Queue<u16, 3>>(&[], fill, |queue| assert!(queue.iter().eq(&[3, 4, 5])));
    refused::<Queue<u16, 4>, Queue<u16, 2>>(fill, &[""]);
}

#[test]
fn slabs_keep_their_keys() {
    fn keys() -> [Key<u16>; 2] {
        let mut slab = Slab::<u16, 4>::new();
        fill(&mut slab).unwrap();
        slab.iter().map(|(key, _)| key).collect::<Vec<_>>().try_into().unwrap()
    }
    fn fill(slab: &mut Slab<u16, 4>) -> Result<(), shmstate::Error> {
        let keys = [slab.insert(1)?, slab.insert(2)?, slab.insert(3)?];
        slab.remove(keys[1]);
        Ok(())
    }
    let bits = keys().map(Key::to_bits);
    carry::<Slab<u16, 4>, Slab<u64, 9>>(&[], fill, |slab| {
        assert_eq!(bits.map(|bits| slab.get(Key::from_bits(bits)).copied()), [Some(1), Some(3)]);
        assert_eq!(slab.len(), 2);
    });
    carry::<Slab<u16, 4>, Slab<u16, 3>>(&[], fill, |slab| assert_eq!(slab.len(), 2));
    refused::<Slab<u16, 4>, Slab<u16, 2>>(fill, &[""]);
    carry::<Slab<u16, 4>, Slab<u16, 2>>(&[""], fill, |slab| {
        assert_eq!(bits.map(|bits| slab.get(Key::from_bits(bits)).copied()), [Some(1), None]);
    });
}

#[test]
fn maps_and_sets() {
    let fill = |map: &mut Map<u16, Text<8>, 8>| {
        for (key, value) in [(5, "five"), (3, "three"), (9, "nine")] {
            map.insert(key, value.parse()?)?;
        }
        Ok(())
    };
    let sorted = |map: &SortedMap<u32, Text<8>, 3>| {
        assert!(map.iter().map(|(k, v)| (*k, v.as_str())).eq([(3, "three"), (5, "five"), (9, "nine")]));
    };
    carry::<Map<u16, Text<8>, 8>, Map<u16, Text<5>, 100>>(&[], fill, |map| assert_eq!(map[&3], "three"));
    carry::<Map<u16, Text<8>, 8>, Map<i64, Text<8>, 3>>(&[], fill, |map| {
        assert_eq!((map.len(), &*map[&9]), (3, "nine"))
    });
    carry::<Map<u16, Text<8>, 8>, SortedMap<u32, Text<8>, 3>>(&[], fill, sorted);
    refused::<Map<u16, Text<8>, 8>, Map<u16, Text<8>, 2>>(fill, &[""]);
    refused::<Map<u16, Text<8>, 8>, Map<u16, Text<4>, 8>>(fill, &["[..]"]);
    refused::<Map<u16, Text<8>, 8>, Map<u8, Text<8>, 8>>(fill, &[""]);
    let fill = |map: &mut SortedMap<u16, u16, 300>| {
        for key in 0..300 {
            map.insert(key * 7 % 300, key)?;
        }
        Ok(())
    };
    carry::<SortedMap<u16, u16, 300>, SortedMap<u64, u16, 300>>(&[], fill, |map| {
        assert!(map.keys().copied().eq(0..300) && map[&7] == 1);
    });
    carry::<SortedMap<u16, u16, 300>, Map<u16, u32, 400>>(&[], fill, |map| assert_eq!((map.len(), map[&7]), (300, 1)));
    refused::<SortedMap<u16, u16, 300>, SortedMap<u16, u16, 299>>(fill, &[""]);
    let fill = |set: &mut Set<Text<8>, 8>| Ok(set.try_extend(["one".parse()?, "other".parse()?])?);
    carry::<Set<Text<8>, 8>, Set<Text<6>, 2>>(&[], fill, |set| assert!(set.contains("one") && set.contains("other")));
    refused::<Set<Text<8>, 8>, Set<Text<4>, 8>>(fill, &["[key]"]);
    let fill = |set: &mut Set<Text<8>, 8>| Ok(set.try_extend(["other".parse()?, "others".parse()?])?);
    refused::<Set<Text<8>, 8>, Set<Text<5>, 8>>(fill, &["[key]"]);
    carry::<Set<Text<8>, 8>, Set<Text<5>, 8>>(&[""], fill, |set| {
        assert!(set.iter().eq(&["other"]), "no part of a key is kept")
    });
}

mod v1 {
    use super::*;

    #[derive(SharedLayout)]
    #[repr(C)]
    pub struct Point {
        pub x: f64,
        pub y: f64,
    }

    #[derive(SharedLayout, Clone, Copy, Debug, PartialEq)]
    #[repr(C, u64)]
    pub enum Job {
        Idle,
        Run { pid: u64, nice: u64 },
        Stop,
    }

    #[derive(SharedLayout)]
    #[repr(C)]
    pub struct Board {
        pub ticks: u32,
        pub width: u32,
        pub at: Point,
        pub gone: u64,
        pub job: Job,
        pub last: Maybe<u64>,
        pub points: List<Point, 4>,
        pub jobs: Map<u64, Job, 4>,
    }

    pub fn fill(board: &mut Board) -> Result<(), shmstate::Error> {
        (board.ticks, board.width, board.at, board.gone) = (7, 80, Point { x: 1.0, y: 2.0 }, 3);
        board.job = Job::Run { pid: 5, nice: 6 };
        board.last.insert(9);
        board.points.push(Point { x: 3.0, y: 4.0 })?;
        board.jobs.insert(1, Job::Run { pid: 8, nice: 9 })?;
        board.jobs.insert(2, Job::Idle)?;
        Ok(())
    }
}

mod v2 {
    use super::*;

    #[derive(SharedLayout)]
    #[repr(C)]
    pub struct Point {
        pub y: f64,
        pub x: f64,
        #[shared(init = 1.5)]
        pub z: f64,
    }

    #[derive(SharedLayout, Clone, Copy, Debug, PartialEq)]
    #[repr(C, u64)]
    pub enum Job {
        #[shared(renamed_from = "Idle")]
        Wait = 0,
        Stop = 1,
        Run {
            nice: u64,
            pid: u64,
            group: u64,
        } = 9,
        Sleep = 2,
    }

    #[derive(SharedLayout)]
    #[repr(C)]
    pub struct Size {
        pub width: u64,
        #[shared(init = 25)]
        pub height: u64,
    }

    #[derive(SharedLayout)]
    #[repr(C)]
    pub struct Board {
        pub points: List<Point, 9>,
        pub size: Size,
        pub x: f64,
        #[shared(renamed_from = "at.y")]
        pub row: f64,
        #[shared(renamed_from("clock", "ticks"))]
        pub steps: u64,
        #[shared(init = 60)]
        pub limit: u64,
        pub job: Job,
        pub last: Maybe<u64>,
        pub jobs: Map<u64, Job, 5>,
    }
}

/// Everything that a struct may do at once.
#[test]
fn structs_and_enums() {
    let dir = scratch_dir();
    let name = dir.path().join("board");
    State::<v1::Board>::create(&name).unwrap().transact(v1::fill).unwrap();
    let error = State::<v2::Board>::open(&name).unwrap_err().to_string();
    assert!(
        error.ends_with(&format!(
            "\n  State::<Board>::options().migrate(Migrate::AllowLoss(&[\"gone\"])).open({name:?})"
        )),
        "{error}"
    );
    let table = [
        ["ticks ", " u32 ", " `steps` ", " kept: renamed"],
        ["ticks ", " u32 ", " u64 ", " kept: widened"],
        ["width ", " u32 ", " `size.width` ", " kept: moved"],
        ["gone ", " u64 ", " - ", " lost: no such field"],
        ["size.height ", " - ", " u64 ", " new: as in a new state"],
        ["points[..].z ", " - ", " f64 ", " new: as in a new state"],
        ["points ", " List<Point, 4> ", " List<Point, 9> ", " kept: has more room"],
        ["job.Idle ", " a variant ", " `Wait` ", " kept: renamed"],
    ];
    for row in table {
        let has = |line: &str| row.iter().all(|cell| format!("{line} ").contains(cell));
        assert!(error.lines().any(has), "{row:?}: {error}");
    }
    let board = State::<v2::Board>::options().migrate(Migrate::AllowLoss(&["gone"])).open(&name).unwrap();
    board
        .read(|b| {
            assert_eq!((b.steps, b.size.width, b.size.height, b.x, b.row, b.limit), (7, 80, 25, 1.0, 2.0, 60));
            assert_eq!((b.points.len(), b.points[0].x, b.points[0].y, b.points[0].z), (1, 3.0, 4.0, 1.5));
            assert_eq!((b.job, b.last.as_ref()), (v2::Job::Run { pid: 5, nice: 6, group: 0 }, Some(&9)));
            assert_eq!(b.jobs[&1], v2::Job::Run { pid: 8, nice: 9, group: 0 });
            assert_eq!(b.jobs[&2], v2::Job::Wait);
        })
        .unwrap();
}

#[test]
fn a_variant_that_is_gone_is_lost_if_a_value_has_it() {
    #[derive(SharedLayout, Clone, Copy, Debug, PartialEq)]
    #[repr(u8)]
    enum Less {
        Idle,
        Stop,
    }
    let runs = |job: &mut v1::Job| {
        *job = v1::Job::Run { pid: 1, nice: 2 };
        Ok(())
    };
    let stops = |job: &mut v1::Job| {
        *job = v1::Job::Stop;
        Ok(())
    };
    carry::<v1::Job, Less>(&[], stops, |job| assert_eq!(*job, Less::Stop));
    refused::<v1::Job, Less>(runs, &["Run"]);
    carry::<v1::Job, Less>(&["Run"], runs, |job| assert_eq!(*job, Less::Idle, "as in a new state"));
}

mod sides {
    #[derive(shmstate::SharedLayout)]
    #[repr(C)]
    pub struct Before {
        pub x: u64,
        pub y: u64,
    }

    /// `x` is called `z` now, and the new `x` is something else.
    #[derive(shmstate::SharedLayout)]
    #[repr(C)]
    pub struct After {
        #[shared(init = 9)]
        pub x: u64,
        #[shared(renamed_from = "x")]
        pub z: u64,
        pub y: u64,
    }
}

#[test]
fn a_new_field_does_not_take_what_a_renamed_one_was() {
    use sides::{After, Before};
    let dir = scratch_dir();
    let name = dir.path().join("sides");
    State::<Before>::create(&name).unwrap().update(|s| (s.x, s.y) = (1, 2)).unwrap();
    let after = State::<After>::options().migrate(Migrate::Auto).open(&name).unwrap();
    after.read(|s| assert_eq!((s.x, s.z, s.y), (9, 1, 2))).unwrap();
    // Where both are there, neither was renamed.
    let fill = |s: &mut After| {
        (s.x, s.z, s.y) = (1, 2, 3);
        Ok(())
    };
    carry::<After, After>(&[], fill, |s| assert_eq!((s.x, s.z, s.y), (1, 2, 3)));
}

/// One error names what is lost whatever the state holds, and what it holds now; and the line that it ends with can be taken as it is.
#[test]
fn one_error_names_all_losses() {
    #[derive(SharedLayout)]
    #[repr(C)]
    #[shared(rename = "Board")]
    struct Before {
        gone: u64,
        list: List<u64, 8>,
        text: Text<16>,
    }
    #[derive(SharedLayout)]
    #[repr(C)]
    #[shared(rename = "Board")]
    struct After {
        list: List<u64, 4>,
        text: Text<8>,
    }
    let dir = scratch_dir();
    let name = dir.path().join("board");
    let fill = |b: &mut Before| {
        b.list.extend_from_slice(&[1, 2, 3, 4, 5, 6])?;
        Ok(b.text.set("0123456789")?)
    };
    State::<Before>::create(&name).unwrap().transact(fill).unwrap();
    let open = |allowed: &[&str]| State::<After>::options().migrate(Migrate::AllowLoss(allowed)).open(&name);
    let all = "`Migrate::AllowLoss(&[\"gone\", \"list\", \"text\"])`";
    let error = open(&[]).unwrap_err().to_string();
    assert!(error.contains(all), "{error}");
    let error = open(&["text"]).unwrap_err().to_string();
    assert!(error.contains("`Migrate::AllowLoss(&[\"text\", \"gone\", \"list\"])`"), "{error}");
    assert!(!error.contains("text: "), "what is allowed is no loss: {error}");
    let board = open(&["gone", "list", "text"]).unwrap();
    board.read(|b| assert_eq!((&b.list[..], b.text.as_str()), (&[1u64, 2, 3, 4][..], "01234567"))).unwrap();
}
