//! Which value becomes which one: a case for each rule, in each direction.

use super::{Allowed, Plan};
use crate::layout::Schema;
use crate::layout::shapes::Shapes;
use crate::{Array, Blob, List, Map, Maybe, Queue, Ring, Set, SharedLayout, Slab, SortedMap, Text, Tracked};

/// The table of a change from `A` to `B`, one line for each row, with single blanks only; and what is lost.
fn change<A: SharedLayout, B: SharedLayout>() -> (Vec<String>, Vec<String>) {
    let (program, origins) = Schema::with_origins(B::LAYOUT);
    let (old, new) = (Shapes::new(&Schema::of(A::LAYOUT)).unwrap(), Shapes::new(&program).unwrap());
    let plan = Plan::new(&old, &new, &origins);
    let table = plan.table(&old, &new).to_string();
    let line = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    (table.lines().skip(1).map(line).collect(), plan.losses(Allowed::Paths(&[])))
}

/// What becomes of the state itself, for types that stand alone.
fn verdict<A: SharedLayout, B: SharedLayout>() -> String {
    let (rows, losses) = change::<A, B>();
    // Lines without a verdict say what else differs.
    let last = rows.iter().rfind(|row| ["kept", "lost", "new:"].iter().any(|word| row.contains(word))).unwrap();
    let row = last.rsplit_once('>').map_or(last.as_str(), |(_, verdict)| verdict);
    let verdict = ["kept", "lost", "new"].into_iter().find_map(|word| row.find(word).map(|at| row[at..].to_owned()));
    let verdict = verdict.unwrap();
    assert_eq!(verdict.starts_with("lost"), !losses.is_empty(), "{rows:?} {losses:?}");
    verdict
}

const WIDENED: &str = "kept: widened";
const ROOM: &str = "kept: has more room";
const FITS: &str = "kept if it fits";
const LOST: &str = "lost: another type";
const PLACE: &str = "kept: every part is what it was";

#[test]
fn numbers_widen() {
    assert_eq!(verdict::<u8, u64>(), WIDENED);
    assert_eq!(verdict::<u32, i64>(), WIDENED);
    assert_eq!(verdict::<i8, i128>(), WIDENED);
    assert_eq!(verdict::<f32, f64>(), WIDENED);
    assert_eq!(verdict::<Option<std::num::NonZero<u8>>, Option<std::num::NonZero<u16>>>(), WIDENED);
    assert_eq!(verdict::<u64, u8>(), LOST);
    assert_eq!(verdict::<u64, i64>(), LOST);
    assert_eq!(verdict::<i64, u64>(), LOST);
    assert_eq!(verdict::<i128, u128>(), LOST);
    assert_eq!(verdict::<f64, f32>(), LOST);
    assert_eq!(verdict::<u32, f64>(), LOST);
    assert_eq!(verdict::<char, u32>(), LOST);
    assert_eq!(verdict::<bool, u8>(), LOST);
    assert_eq!(verdict::<Option<std::num::NonZero<u8>>, u8>(), LOST);
}

#[test]
fn containers_change_their_room() {
    assert_eq!(verdict::<[u8; 2], [u8; 3]>(), ROOM);
    assert_eq!(verdict::<[u8; 3], [u8; 2]>(), LOST);
    assert_eq!(verdict::<Array<u8, 2>, Array<u8, 3>>(), ROOM);
    assert_eq!(verdict::<Array<u8, 3>, Array<u8, 2>>(), LOST);
    assert_eq!(verdict::<List<u8, 2>, List<u8, 3>>(), ROOM);
    assert_eq!(verdict::<List<u8, 3>, List<u8, 2>>(), FITS);
    assert_eq!(verdict::<Ring<u8, 2>, Ring<u8, 3>>(), ROOM);
    assert_eq!(verdict::<Ring<u8, 3>, Ring<u8, 2>>(), FITS);
    assert_eq!(verdict::<Queue<u8, 2>, Queue<u8, 3>>(), ROOM);
    assert_eq!(verdict::<Queue<u8, 3>, Queue<u8, 2>>(), FITS);
    assert_eq!(verdict::<Slab<u8, 2>, Slab<u8, 3>>(), ROOM);
    assert_eq!(verdict::<Slab<u8, 3>, Slab<u8, 2>>(), FITS);
    assert_eq!(verdict::<Set<u8, 2>, Set<u8, 3>>(), ROOM);
    assert_eq!(verdict::<Set<u8, 3>, Set<u8, 2>>(), FITS);
    assert_eq!(verdict::<Map<u8, u8, 2>, Map<u8, u8, 3>>(), ROOM);
    assert_eq!(verdict::<Map<u8, u8, 3>, Map<u8, u8, 2>>(), FITS);
    assert_eq!(verdict::<SortedMap<u8, u8, 2>, SortedMap<u8, u8, 3>>(), ROOM);
    assert_eq!(verdict::<SortedMap<u8, u8, 3>, SortedMap<u8, u8, 2>>(), FITS);
    assert_eq!(verdict::<Text<8>, Text<16>>(), ROOM);
    assert_eq!(verdict::<Text<16>, Text<8>>(), FITS);
    assert_eq!(verdict::<Blob<8>, Blob<16>>(), ROOM);
    assert_eq!(verdict::<Blob<16>, Blob<8>>(), FITS);
}

#[test]
fn containers_become_others() {
    assert_eq!(verdict::<List<u8, 2>, Ring<u8, 2>>(), "kept");
    assert_eq!(verdict::<Ring<u8, 2>, Queue<u8, 2>>(), "kept");
    assert_eq!(verdict::<[u8; 2], List<u8, 2>>(), "kept");
    assert_eq!(verdict::<List<u8, 2>, [u8; 2]>(), LOST);
    assert_eq!(verdict::<Map<u8, u8, 2>, SortedMap<u8, u8, 2>>(), "kept");
    assert_eq!(verdict::<SortedMap<u8, u8, 2>, Map<u8, u8, 2>>(), "kept");
    assert_eq!(verdict::<Text<8>, Blob<8>>(), "kept");
    assert_eq!(verdict::<Blob<8>, Text<8>>(), LOST);
    assert_eq!(verdict::<u8, Maybe<u8>>(), "kept: in a `Maybe`");
    assert_eq!(verdict::<Maybe<u8>, u8>(), LOST);
    assert_eq!(verdict::<u8, Tracked<u8>>(), PLACE);
    assert_eq!(verdict::<Tracked<u8>, u8>(), PLACE);
    assert_eq!(verdict::<List<u8, 2>, Set<u8, 2>>(), LOST);
    assert_eq!(verdict::<Set<u8, 2>, Map<u8, u8, 2>>(), LOST);
}

#[test]
fn what_containers_hold_changes_by_the_same_rules() {
    assert_eq!(verdict::<List<u8, 2>, List<u16, 2>>(), WIDENED);
    assert_eq!(verdict::<List<u16, 2>, List<u8, 2>>(), LOST);
    assert_eq!(verdict::<Map<u8, u8, 2>, Map<u16, u8, 2>>(), WIDENED);
    assert_eq!(verdict::<Map<u16, u8, 2>, Map<u8, u8, 2>>(), LOST);
    assert_eq!(verdict::<SortedMap<u8, u8, 2>, SortedMap<u8, u16, 2>>(), WIDENED);
    assert_eq!(verdict::<Maybe<u8>, Maybe<u16>>(), WIDENED);
    assert_eq!(verdict::<Slab<u8, 2>, Slab<Text<4>, 2>>(), LOST);
    assert_eq!(verdict::<List<Text<8>, 2>, List<Text<4>, 2>>(), FITS);
}

mod v1 {
    use super::*;

    #[derive(SharedLayout)]
    #[repr(C)]
    #[shared(crate = "crate")]
    pub(super) struct Point {
        pub(super) x: f64,
        pub(super) y: f64,
    }

    #[derive(SharedLayout)]
    #[repr(C)]
    #[shared(crate = "crate")]
    pub(super) struct Board {
        pub(super) at: Point,
        pub(super) ticks: u64,
        pub(super) width: u64,
        pub(super) points: List<Point, 4>,
    }

    #[derive(SharedLayout)]
    #[repr(C, u64)]
    #[shared(crate = "crate")]
    #[allow(dead_code)]
    pub(super) enum Job {
        Idle,
        Run { pid: u64, nice: u64 },
        Stop,
    }
}

mod v2 {
    use super::*;

    #[derive(SharedLayout)]
    #[repr(C)]
    #[shared(crate = "crate")]
    pub(super) struct Point {
        pub(super) y: f64,
        pub(super) x: f64,
        pub(super) z: f64,
    }

    #[derive(SharedLayout)]
    #[repr(C)]
    #[shared(crate = "crate")]
    pub(super) struct Size {
        pub(super) width: u64,
        pub(super) height: u64,
    }

    #[derive(SharedLayout)]
    #[repr(C)]
    #[shared(crate = "crate")]
    pub(super) struct Board {
        #[shared(renamed_from("clock", "ticks"))]
        pub(super) steps: u64,
        pub(super) size: Size,
        pub(super) x: f64,
        #[shared(renamed_from = "at.y")]
        pub(super) row: f64,
        pub(super) points: List<Point, 4>,
    }

    #[derive(SharedLayout)]
    #[repr(C, u64)]
    #[shared(crate = "crate")]
    #[allow(dead_code)]
    pub(super) enum Job {
        #[shared(renamed_from = "Idle")]
        Wait,
        Run {
            pid: u64,
        },
        Sleep,
    }
}

#[test]
fn fields_match_by_name() {
    let (rows, losses) = change::<v1::Board, v2::Board>();
    assert_eq!(
        rows,
        [
            "ticks u64 `steps` kept: renamed",
            "points[..].z - f64 new: as in a new state",
            "at.y f64 `row` kept: moved",
            "width u64 `size.width` kept: moved",
            "at.x f64 `x` kept: moved",
            "size.height - u64 new: as in a new state",
        ]
    );
    assert_eq!(losses, [""; 0]);
    let (rows, losses) = change::<v2::Board, v1::Board>();
    assert_eq!(losses, ["steps", "size.height", "row", "points[..].z"], "{rows:#?}");
    assert!(rows.contains(&"size.width u64 `width` kept: moved".to_owned()), "{rows:#?}");
    assert!(rows.contains(&"x f64 `at.x` kept: moved".to_owned()), "{rows:#?}");
}

#[test]
fn variants_match_by_name() {
    let (rows, losses) = change::<v1::Job, v2::Job>();
    assert_eq!(
        rows,
        [
            "Idle a variant `Wait` kept: renamed",
            "Run.nice u64 - lost: no such field",
            "Stop a variant - kept unless a value is of this variant",
            "Sleep - a variant new",
        ]
    );
    assert_eq!(losses, ["Run.nice"]);
}

#[test]
fn what_is_allowed_is_no_loss() {
    let (program, origins) = Schema::with_origins(v1::Board::LAYOUT);
    let (old, new) = (Shapes::new(&Schema::of(v2::Board::LAYOUT)).unwrap(), Shapes::new(&program).unwrap());
    let plan = Plan::new(&old, &new, &origins);
    let losses = |paths: &[&str]| {
        let paths: Vec<String> = paths.iter().map(|path| (*path).to_owned()).collect();
        plan.losses(Allowed::Paths(&paths))
    };
    assert_eq!(losses(&["steps", "size"]), ["row", "points[..].z"]);
    assert_eq!(losses(&["steps", "size.height", "ro", "points"]), ["row"], "a path is no prefix of a name");
    assert_eq!(losses(&[""]), [""; 0]);
    assert_eq!(plan.losses(Allowed::All), [""; 0]);
}

/// Each type holds the one below it twice. That makes 2^40 paths, and some must be refused without a list of all of them.
#[test]
fn a_schema_of_many_paths_is_answered_at_once() {
    use crate::layout::{Field, Hooks, Kind, Layout};
    let tower = |leaf: &'static Layout| {
        let mut layout: &'static Layout = leaf;
        for level in 0..40 {
            let field = |name, offset| Field { name, offset, docs: "", renamed_from: &[], local: false, layout };
            let fields = Box::leak(Box::new([field("a", 0), field("b", layout.size)]));
            let (name, size) = (["A", "B"][level % 2], 2 * layout.size);
            let kind = Kind::Struct(fields);
            let hooks = Hooks::NONE;
            layout =
                Box::leak(Box::new(Layout { name, size, align: 8, version: 0, arguments: &[], docs: "", hooks, kind }));
        }
        layout
    };
    let (old, new) = (Schema::of(tower(u64::LAYOUT)), Schema::of(tower(i64::LAYOUT)));
    let table = old.compare(&new, &Default::default()).unwrap();
    assert_eq!(table.losses.len(), 100);
    assert!(table.to_string().len() < 10_000, "{table}");
}

mod plain {
    #[derive(crate::SharedLayout)]
    #[repr(C)]
    #[shared(crate = "crate")]
    pub(super) struct Inner {
        pub(super) a: u64,
    }
}

mod aligned {
    #[derive(crate::SharedLayout)]
    #[repr(C, align(64))]
    #[shared(crate = "crate")]
    pub(super) struct Other {
        pub(super) a: [u64; 8],
    }
}

/// A difference that changes no value is still named, because it is why the region is refused.
#[test]
fn names_are_differences() {
    #[derive(SharedLayout)]
    #[repr(C)]
    #[shared(crate = "crate")]
    struct Outer<T> {
        inner: T,
    }
    #[derive(SharedLayout)]
    #[repr(C)]
    #[shared(crate = "crate")]
    struct Renamed {
        a: u64,
    }
    let (rows, losses) = change::<List<plain::Inner, 4>, List<Renamed, 4>>();
    assert!(losses.is_empty());
    assert!(rows.iter().any(|row| row.contains("`Inner`") && row.contains("`Renamed`")), "{rows:?}");
    let (rows, _) = change::<Outer<[u64; 8]>, Outer<aligned::Other>>();
    assert!(rows.iter().any(|row| row.contains("Other")), "{rows:?}");
}
