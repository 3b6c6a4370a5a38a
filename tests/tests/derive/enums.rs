//! Enums with a payload: where their parts lie, which bytes are one, and what an update of one comes to.

use shmstate::{Field, Kind, Layout, List, Scalar, SharedLayout, State, Text, ValidityError, Variant};
use std::mem::MaybeUninit;

#[derive(SharedLayout, Clone, PartialEq, Debug)]
#[repr(C, u64)]
enum Event {
    Idle,
    /// Somewhere.
    Move {
        /// To the right.
        x: f64,
        on: bool,
        fast: bool,
    },
    Say(Text<16>, [u8; 3]) = 10,
    Many(List<Point, 3>),
    Done,
}

#[derive(SharedLayout, Clone, Copy, PartialEq, Debug)]
#[repr(C)]
struct Point {
    x: u32,
    on: bool,
    _pad: [u8; 3],
}

/// Without the `C`, fields follow the discriminant at once.
#[derive(SharedLayout, Clone, Copy, PartialEq, Debug)]
#[repr(u8)]
enum Tight {
    Nothing = Self::FIRST - 7,
    Letter(u8, u16),
    Wide { _pad: [u8; Self::FIRST as usize], wide: u64 },
    Deep(bool, Level, [bool; 2]) = 0x80,
}

impl Tight {
    const FIRST: u8 = 7;
}

#[derive(SharedLayout, Clone, Copy, PartialEq, Debug)]
#[repr(u16)]
enum Level {
    Low,
    High(u8),
}

/// All alignments, the discriminant as large as the largest.
#[derive(SharedLayout, Clone, Copy, PartialEq, Debug)]
#[repr(C, u32)]
enum Mixed {
    Empty,
    Two([u16; 3], [u8; 5]),
    One(u8),
    Four {
        a: u32,
        b: f32,
        #[shared(offset = 12)]
        c: u8,
    },
}

#[derive(SharedLayout, Clone, PartialEq, Debug)]
#[repr(C, u64)]
enum Slot<T: SharedLayout, const N: usize> {
    Free,
    One(T),
    More(List<T, N>, #[shared(pod)] [u64; 2]),
}

fn variants(layout: &Layout) -> &'static [Variant] {
    let Kind::Enum { variants, .. } = layout.kind else { panic!("{} is no enum", layout.name) };
    variants
}

fn offsets(fields: &'static [Field]) -> Vec<(&'static str, usize)> {
    fields.iter().map(|field| (field.name, field.offset)).collect()
}

/// Bytes from the start of `whole` to `part`.
fn offset<T, P>(whole: &T, part: &P) -> usize {
    std::ptr::from_ref(part).addr() - std::ptr::from_ref(whole).addr()
}

/// Whether zeroes, with these bytes in them, are a `T`.
fn valid<T: SharedLayout>(bytes: impl IntoIterator<Item = (usize, u8)>) -> Result<(), String> {
    let mut value = MaybeUninit::<T>::zeroed();
    for (place, byte) in bytes {
        assert!(place < size_of::<T>());
        // SAFETY: the place lies inside the value, as just checked.
        unsafe { value.as_mut_ptr().cast::<u8>().wrapping_add(place).write(byte) }
    }
    // SAFETY: aligned and initialised, and the only reference.
    unsafe { T::validate(value.as_ptr()) }.map_err(|invalid: ValidityError| invalid.to_string())
}

#[test]
fn parts_lie_where_the_description_says() {
    let described = |layout, index: usize| offsets(variants(layout)[index].fields);
    let values: Vec<_> = variants(Event::LAYOUT).iter().map(|v| (v.name, v.value)).collect();
    assert_eq!(values, [("Idle", 0), ("Move", 1), ("Say", 10), ("Many", 11), ("Done", 12)]);
    let Kind::Enum { repr: Scalar::U64, .. } = Event::LAYOUT.kind else { panic!("no u64 enum") };
    assert_eq!(
        (variants(Event::LAYOUT)[1].docs, variants(Event::LAYOUT)[1].fields[0].docs),
        ("Somewhere.", "To the right.")
    );

    let event = Event::Move { x: 0.0, on: true, fast: false };
    let Event::Move { x, on, fast } = &event else { unreachable!() };
    let found = vec![("x", offset(&event, x)), ("on", offset(&event, on)), ("fast", offset(&event, fast))];
    assert_eq!(described(Event::LAYOUT, 1), found);
    let event = Event::Say(Text::new(), [0; 3]);
    let Event::Say(text, bytes) = &event else { unreachable!() };
    assert_eq!(described(Event::LAYOUT, 2), [("0", offset(&event, text)), ("1", offset(&event, bytes))]);
    let event = Event::Many(List::new());
    let Event::Many(list) = &event else { unreachable!() };
    assert_eq!(described(Event::LAYOUT, 3), [("0", offset(&event, list))]);

    let tight = Tight::Letter(1, 2);
    let Tight::Letter(a, b) = &tight else { unreachable!() };
    assert_eq!(described(Tight::LAYOUT, 1), [("0", offset(&tight, a)), ("1", offset(&tight, b))]);
    assert_eq!(offset(&tight, a), 1);
    let tight = Tight::Wide { _pad: [0; 7], wide: 3 };
    let Tight::Wide { _pad, wide } = &tight else { unreachable!() };
    assert_eq!(described(Tight::LAYOUT, 2), [("_pad", offset(&tight, _pad)), ("wide", offset(&tight, wide))]);
    assert_eq!(variants(Tight::LAYOUT).iter().map(|v| v.value).collect::<Vec<_>>(), [0, 1, 2, 0x80]);

    let mixed = Mixed::Two([1; 3], [2; 5]);
    let Mixed::Two(a, b) = &mixed else { unreachable!() };
    assert_eq!(described(Mixed::LAYOUT, 1), [("0", offset(&mixed, a)), ("1", offset(&mixed, b))]);
    assert_eq!((offset(&mixed, a), size_of::<Mixed>()), (4, 16));

    let slot = Slot::<u32, 5>::More(List::new(), [0; 2]);
    let Slot::More(list, pod) = &slot else { unreachable!() };
    assert_eq!(described(Slot::<u32, 5>::LAYOUT, 2), [("0", offset(&slot, list)), ("1", offset(&slot, pod))]);
    assert_eq!(described(Slot::<[u8; 3], 5>::LAYOUT, 1), [("0", 8)]);
}

#[test]
fn zeroes_are_the_variant_of_value_0() {
    assert_eq!(Event::zeroed(), Event::Idle);
    assert_eq!(Tight::zeroed(), Tight::Nothing);
    assert_eq!(*Slot::<u8, 3>::new_box_zeroed(), Slot::Free);
}

#[test]
fn bytes_that_are_no_value_are_refused_with_their_path() {
    let name = "(Idle = 0, Move = 1, Say = 10, Many = 11, Done = 12)";
    assert_eq!(valid::<Event>([(0, 2)]).unwrap_err(), format!("2 is no variant of `Event` {name}"));
    assert_eq!(valid::<Event>([(3, 1)]).unwrap_err(), format!("16777216 is no variant of `Event` {name}"));
    assert_eq!(valid::<Event>([(7, 1)]).unwrap_err(), format!("{} is no variant of `Event` {name}", 1u64 << 56));
    assert_eq!(valid::<Event>([(0, 1), (17, 1)]), Ok(()));
    assert_eq!(valid::<Event>([(0, 1), (17, 2)]).unwrap_err(), "`Move.fast`: 2 is no bool (0 or 1)");
    assert_eq!(valid::<Event>([(17, 2)]), Ok(()), "no bytes of another variant are looked at");
    assert_eq!(valid::<Event>([(0, 10), (16, 200)]), Ok(()), "a text of no bytes");
    let items = size_of::<Event>() - 3 * size_of::<Point>();
    assert_eq!(valid::<Event>([(0, 11), (8, 2), (items + 4, 1), (items + 20, 7)]), Ok(()));
    assert_eq!(
        valid::<Event>([(0, 11), (8, 2), (items + 12, 7)]).unwrap_err(),
        "`Many.0[1].on`: 7 is no bool (0 or 1)"
    );
    assert_eq!(valid::<Event>([(0, 11), (8, 4)]).unwrap_err(), "`Many.0`: a length of 4 in a list of capacity 3");
    assert_eq!(valid::<Tight>([(0, 0x80), (2, 1), (4, 9), (6, 1)]), Ok(()));
    assert_eq!(valid::<Tight>([(0, 0x80), (6, 3)]).unwrap_err(), "`Deep.2[0]`: 3 is no bool (0 or 1)");
    assert_eq!(
        valid::<Tight>([(0, 0x80), (2, 2)]).unwrap_err(),
        "`Deep.1`: 2 is no variant of `Level` (Low = 0, High = 1)"
    );
    assert_eq!(valid::<Slot<bool, 2>>([(0, 1), (8, 2)]).unwrap_err(), "`One.0`: 2 is no bool (0 or 1)");
}

#[test]
fn only_enums_with_containers_are_tracked() {
    fn tracked<T: SharedLayout>() -> bool {
        T::TRACKED
    }
    assert_eq!([tracked::<Event>(), tracked::<Slot<u8, 3>>(), tracked::<[Event; 2]>()], [true; 3]);
    assert_eq!([tracked::<Tight>(), tracked::<Mixed>(), tracked::<Level>()], [false; 3]);
}

#[derive(SharedLayout, Clone, PartialEq, Debug)]
#[repr(C)]
struct Board {
    event: Event,
    slots: [Slot<Event, 4>; 2],
    log: List<Event, 20>,
    tight: [Tight; 3],
}

/// Updates of many kinds, on states with 2 to 4 copies, one after the other and rolled back: after each, every handle reads
/// what a value on the heap has become in the same way.
#[test]
fn updates_change_variants_and_what_is_in_them() {
    type Step = fn(&mut Board);
    let steps: [Step; 12] = [
        |b| b.event = Event::Move { x: 1.5, on: true, fast: false },
        |b| b.event = Event::Many(List::from([Point { x: 7, on: true, _pad: [0; 3] }; 3])),
        |b| {
            if let Event::Many(points) = &mut b.event {
                points[0].x += 1;
                points.pop();
            }
        },
        |b| b.slots[0] = Slot::More(List::from([b.event.clone(), Event::Done]), [1, 2]),
        |b| b.slots.swap(0, 1),
        |b| {
            if let Slot::More(events, pod) = &mut b.slots[1] {
                events[0] = Event::Say("hello".parse().unwrap(), [1, 2, 3]);
                drop(events.push(Event::Many(List::new())));
                pod[1] += 1;
            }
        },
        |b| b.event = Event::Idle,
        |b| b.log.extend([Event::Done, Event::Many(List::from([Point { x: 9, on: false, _pad: [0; 3] }; 2]))]),
        |b| {
            if let Some(item) = b.log.get_mut(1) {
                std::mem::swap(&mut b.event, item);
            }
        },
        |b| {
            if let Event::Many(points) = &mut b.event {
                points[0].x += 1;
            }
        },
        |b| b.slots[0] = Slot::One(std::mem::replace(&mut b.event, Event::Done)),
        |b| {
            b.tight = [
                Tight::Letter(1, 2),
                Tight::Wide { _pad: [0; 7], wide: 1 },
                Tight::Deep(true, Level::High(1), [true; 2]),
            ]
        },
    ];
    let dir = tempfile::tempdir().unwrap();
    for copies in 2..5 {
        let state = State::<Board>::options().copies(copies).create(dir.path().join(format!("{copies}"))).unwrap();
        let mut expected = Board::new_box_zeroed();
        for round in 0..3 {
            for (number, step) in steps.iter().enumerate() {
                let before = expected.clone();
                let _: Result<(), ()> = state
                    .try_update(|board| {
                        steps[(number * 5 + round) % steps.len()](board);
                        step(board);
                        Err(())
                    })
                    .unwrap();
                assert_eq!(*state.snapshot().unwrap(), *before);
                step(&mut expected);
                state
                    .update(|board| {
                        assert_eq!(*board, *before, "{copies} copies, round {round}, before step {number}");
                        step(board);
                    })
                    .unwrap();
                state.read(|board| assert_eq!(*board, *expected)).unwrap();
            }
        }
    }
}

#[test]
fn a_damaged_discriminant_is_refused_at_the_door() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("board");
    let state = State::<Board>::options().init(|b| b.event = Event::Done).create(&path).unwrap();
    drop(state);
    let mut bytes = std::fs::read(&path).unwrap();
    let image = u64::from_le_bytes(bytes[160..168].try_into().unwrap()) as usize;
    assert_eq!(bytes[image], 12);
    bytes[image] = 13;
    std::fs::write(&path, bytes).unwrap();
    let error = State::<Board>::open(&path).unwrap_err().to_string();
    assert!(error.contains("`event`: 13 is no variant of `Event`"), "{error}");
}
