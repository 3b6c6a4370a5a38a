//! Archived values: what is kept, what is refused, and what becomes of bytes that may be anything.

use crate::archived::ArchiveError;
use crate::layout::SharedLayout;
use crate::{Archived, List};
use proptest::prelude::*;
use rkyv::{Archive, Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::mem::MaybeUninit;

/// A bit of everything.
#[derive(Archive, Serialize, Deserialize, Clone, Debug, PartialEq)]
struct Config {
    name: String,
    shape: Shape,
    routes: Vec<(String, u16)>,
    limits: HashMap<String, u64>,
    tree: BTreeMap<u32, Option<Box<Shape>>>,
    on: bool,
    mark: char,
}

#[derive(Archive, Serialize, Deserialize, Clone, Debug, PartialEq)]
enum Shape {
    Nothing,
    Circle(f64),
    Polygon { points: Vec<(f32, f32)> },
}

/// An archive of the value, where the containers have it: 16 bytes of hash, 64 of the list's head.
type Kept = Archived<Config, 2048>;
const AT: usize = 80;

fn shapes() -> impl Strategy<Value = Shape> {
    prop_oneof![
        Just(Shape::Nothing),
        (-9.0..9.0).prop_map(Shape::Circle),
        prop::collection::vec((-9.0..9.0f32, -9.0..9.0f32), 0..5).prop_map(|points| Shape::Polygon { points }),
    ]
}

fn configs() -> impl Strategy<Value = Config> {
    let limits = prop::collection::hash_map(".{0,12}", any::<u64>(), 0..6);
    let tree = prop::collection::btree_map(any::<u32>(), prop::option::of(shapes().prop_map(Box::new)), 0..9);
    let routes = prop::collection::vec((".{0,20}", any::<u16>()), 0..6);
    (".{0,30}", shapes(), routes, limits, tree, any::<bool>(), any::<char>()).prop_map(
        |(name, shape, routes, limits, tree, on, mark)| Config { name, shape, routes, limits, tree, on, mark },
    )
}

/// Looks at all of it.
fn walk(kept: &Kept) -> Option<Config> {
    kept.deserialize().unwrap()
}

/// What attaching makes of such bytes.
fn validate(bytes: &[u8]) -> Result<Box<Kept>, String> {
    let mut kept = Box::<Kept>::new_uninit();
    assert_eq!(bytes.len(), size_of::<Kept>());
    let to: *mut MaybeUninit<u8> = kept.as_mut_ptr().cast();
    // SAFETY: the box is as large as the bytes.
    unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr().cast(), to, bytes.len()) }
    // SAFETY: aligned, initialised, private.
    unsafe { Kept::validate(kept.as_ptr()) }.map_err(|e| e.to_string())?;
    // SAFETY: just checked.
    Ok(unsafe { kept.assume_init() })
}

/// The bytes of a value, all of which are initialised.
fn bytes_of(kept: Box<Kept>) -> Vec<u8> {
    // SAFETY: integers; the capacity's rest was zeroed.
    unsafe { std::slice::from_raw_parts((&raw const *kept).cast(), size_of::<Kept>()) }.to_vec()
}

/// A kept value in memory of its own, zeroed before, so that all of its bytes can be looked at.
fn kept(config: &Config) -> Box<Kept> {
    let mut kept = Kept::new_box_zeroed();
    kept.set(config).unwrap();
    kept
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_set_is_there_wherever_it_is_moved(one in configs(), two in configs()) {
        let mut place = Kept::new_box_zeroed();
        prop_assert_eq!(walk(&place), None);
        place.set(&one).unwrap();
        prop_assert_eq!(walk(&place), Some(one.clone()));
        prop_assert_eq!(place.len(), Kept::needed(&one).unwrap());
        let mut other = kept(&two);
        std::mem::swap(&mut *place, &mut *other);
        prop_assert_eq!((walk(&place), walk(&other)), (Some(two.clone()), Some(one.clone())));
        let bytes = bytes_of(place);
        prop_assert_eq!(walk(&validate(&bytes).unwrap()), Some(two));
        let list = List::<Kept, 2>::from([(*other).clone()]);
        prop_assert_eq!(walk(&list[0]), Some(one));
    }

    /// Whatever is made of the bytes: what is not refused can be looked at in full. (Run with
    /// AddressSanitizer, this looks at every access.)
    #[test]
    fn hostile_bytes_are_refused_or_harmless(
        config in configs(),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        len in prop::option::of(0u32..3000),
    ) {
        let mut bytes = bytes_of(kept(&config));
        let used = Kept::needed(&config).unwrap();
        for (index, value) in flips {
            bytes[AT + index.index(used)] = value;
        }
        if let Some(len) = len {
            bytes[16..20].copy_from_slice(&len.to_ne_bytes());
        }
        // A thread that knows nothing but what was in this place before.
        let scribbled = std::thread::scope(|scope| scope.spawn(|| {
            let mut place = Kept::new_box_zeroed();
            place.set(&Config { name: config.name.clone() + "!", ..config.clone() }).unwrap();
            assert!(place.get().is_some());
            let to: *mut u8 = (&raw mut *place).cast();
            // SAFETY: the box is as large as the bytes; they are integers.
            unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len()) }
            let found = place.try_get().map(|found| found.is_some());
            // Every part of it can be looked at.
            assert_eq!(walk(&place).is_some(), found == Ok(true));
            found
        }).join());
        let Ok(scribbled) = scribbled else { panic!() };
        // To attach, the length has to be right as well.
        if let Ok(attached) = validate(&bytes) {
            prop_assert_eq!(scribbled, Ok(!attached.is_empty()));
        }
    }
}

#[test]
fn damage_is_refused() {
    let config = Config {
        name: "a name that is longer than what lies in a string itself".into(),
        shape: Shape::Circle(1.0),
        routes: vec![],
        limits: HashMap::new(),
        tree: BTreeMap::new(),
        on: true,
        mark: 'x',
    };
    let mut bytes = bytes_of(kept(&config));
    bytes[AT] = 0xff; // no UTF-8
    let error = validate(&bytes).map(drop).unwrap_err();
    assert!(error.starts_with("no archive of its type: "), "{error}");
    bytes[16..20].copy_from_slice(&3000u32.to_ne_bytes());
    assert_eq!(validate(&bytes).map(drop).unwrap_err(), "a length of 3000 in a list of capacity 2048");
}

#[test]
fn what_does_not_fit_leaves_the_old_value() {
    let mut names = Archived::<Vec<String>, 64>::new();
    names.set(&vec!["one".into()]).unwrap();
    let Err(ArchiveError::Full(full)) = names.set(&vec!["x".repeat(100)]) else { panic!() };
    assert_eq!((full.capacity(), full.needed()), (64, 116));
    assert_eq!(names.get().unwrap()[0], "one");
}

/// A list whose length is limited, and which may refuse to be archived or panic.
mod strict {
    use rkyv::bytecheck::Verify;
    use rkyv::rancor::{Fallible, Source, fail};
    use rkyv::{Archive, Serialize};

    #[derive(Debug, thiserror::Error)]
    #[error("it is odd")]
    struct Odd;

    #[derive(Archive, Serialize)]
    #[rkyv(bytecheck(verify))]
    pub(super) struct Even {
        pub(super) number: u32,
    }

    // SAFETY: it only looks.
    unsafe impl<C: Fallible<Error: Source> + ?Sized> Verify<C> for ArchivedEven {
        fn verify(&self, _: &mut C) -> Result<(), C::Error> {
            if self.number.to_native() % 2 == 1 {
                fail!(Odd);
            }
            Ok(())
        }
    }
}

#[test]
fn what_does_not_pass_its_own_check_is_refused() {
    let mut even = Archived::<strict::Even, 16>::new();
    even.set(&strict::Even { number: 2 }).unwrap();
    assert_eq!(even.get().unwrap().number, 2);
    let refused = even.set(&strict::Even { number: 3 }).unwrap_err();
    assert_eq!(refused.to_string(), "the value cannot be archived: it is odd");
    assert!(even.get().is_none());
}

/// What a thread has checked it knows by its hash, and by its type.
#[test]
fn what_is_known_is_known_by_its_hash_and_type() {
    type Kept = Archived<strict::Even, 16>;
    let mut even = Kept::new_box_zeroed();
    let number = |even: &Kept| even.get().map(|even| even.number.to_native());
    even.set(&strict::Even { number: 2 }).unwrap();
    let base: *mut u8 = (&raw mut *even).cast();
    let put = |at: usize, bytes: &[u8]| {
        // SAFETY: inside of the box; integers, of which any are a value.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), base.wrapping_add(at), bytes.len()) }
    };
    assert_eq!(number(&even), Some(2));
    put(AT, &[3]);
    put(0, &[0xab; 16]);
    assert_eq!(number(&even), None, "odd, under another hash");
    // Another type of that size takes 3, which is known to this thread from then on, and no more of this one's type.
    let other: *const Archived<u32, 16> = base.cast();
    // SAFETY: of the same size and alignment; integers.
    assert_eq!(unsafe { &*other }.get(), Some(&3.into()));
    assert_eq!(number(&even), None, "odd, known as something else");
}

/// A chain of boxes.
#[derive(Archive, Serialize, Deserialize)]
#[rkyv(serialize_bounds(__S: rkyv::ser::Writer, __S::Error: rkyv::rancor::Source))]
#[rkyv(deserialize_bounds(__D::Error: rkyv::rancor::Source))]
#[rkyv(bytecheck(bounds(__C: rkyv::validation::ArchiveContext, __C::Error: rkyv::rancor::Source)))]
struct Chain {
    #[rkyv(omit_bounds)]
    next: Option<Box<Chain>>,
}

#[test]
fn nesting_has_an_end() {
    let chain = |depth| (0..depth).fold(Chain { next: None }, |chain, _| Chain { next: Some(Box::new(chain)) });
    let mut kept = Archived::<Chain, 4096>::new();
    kept.set(&chain(200)).unwrap();
    assert!(kept.get().is_some());
    assert!(matches!(kept.set(&chain(300)), Err(ArchiveError::Refused(_))));
    assert!(kept.get().is_none());
}

#[test]
fn a_panic_leaves_no_half_value() {
    thread_local!(static CALLS: std::cell::Cell<usize> = const { std::cell::Cell::new(usize::MAX) });
    struct Panics;
    impl Archive for Panics {
        type Archived = rkyv::Archived<u32>;
        type Resolver = ();
        fn resolve(&self, (): (), out: rkyv::Place<Self::Archived>) {
            7u32.resolve((), out);
        }
    }
    impl<S: rkyv::rancor::Fallible + ?Sized> Serialize<S> for Panics {
        fn serialize(&self, _: &mut S) -> Result<(), S::Error> {
            let mut left = CALLS.get();
            super::give_up(&mut left);
            CALLS.set(left);
            Ok(())
        }
    }
    let mut kept = Archived::<Panics, 16>::new();
    kept.set(&Panics).unwrap();
    assert_eq!(kept.get(), Some(&7.into()));
    CALLS.set(0);
    assert!(!super::survives(|| drop(kept.set(&Panics))), "in the first of two passes");
    assert_eq!(kept.get(), Some(&7.into()));
    CALLS.set(1);
    assert!(!super::survives(|| drop(kept.set(&Panics))), "in the second");
    assert!(kept.get().is_none() && kept.is_empty());
    // SAFETY: the only reference to a value.
    unsafe { Archived::validate(&raw const kept) }.unwrap();
}

/// A type may write more when it is asked again.
#[test]
fn what_grows_between_the_passes_is_refused() {
    thread_local!(static CALLS: std::cell::Cell<usize> = const { std::cell::Cell::new(0) });
    struct Grows;
    impl Archive for Grows {
        type Archived = rkyv::Archived<u32>;
        type Resolver = ();
        fn resolve(&self, (): (), out: rkyv::Place<Self::Archived>) {
            7u32.resolve((), out);
        }
    }
    impl<S: rkyv::rancor::Fallible + rkyv::ser::Writer + ?Sized> Serialize<S> for Grows {
        fn serialize(&self, serializer: &mut S) -> Result<(), S::Error> {
            CALLS.set(CALLS.get() + 1);
            serializer.write(&vec![0; 4 * CALLS.get()])
        }
    }
    let mut kept = Archived::<Grows, 64>::new();
    assert!(matches!(kept.set(&Grows), Err(ArchiveError::Refused(_))));
    assert!(kept.is_empty() && kept.get().is_none());
}
