//! What the derive generates: descriptions, flags, and the check of bytes.

use shmstate::{Argument, Field, Kind, Layout, List, Pod, Scalar, SharedLayout, Text, ValidityError};
use std::mem::MaybeUninit;

#[derive(SharedLayout, Clone, Copy, PartialEq, Debug)]
#[repr(u8)]
enum Color {
    Red,
    Green,
    Blue = 1 << 3,
    Last = Color::BASE + 1,
}

impl Color {
    const BASE: u8 = 100;
}

#[derive(SharedLayout)]
#[repr(C)]
#[shared(version = 3, size = 24, align = 8)]
struct Lamp {
    at: [f64; 2],
    #[shared(offset = 16)]
    color: Color,
    on: bool,
    _pad: [u8; 6],
}

#[derive(SharedLayout)]
#[repr(C)]
struct House {
    r#type: u64,
    name: Text<8>,
    lamps: List<Lamp, 4>,
    hall: [Lamp; 2],
    seen: Seen,
}

/// A tuple struct with containers.
#[derive(SharedLayout)]
#[repr(C)]
struct Seen(u64, List<List<u32, 2>, 2>);

#[derive(SharedLayout)]
#[repr(C)]
struct Pair<A, B, const N: usize>
where
    A: Default,
{
    first: [A; N],
    second: B,
}

trait Sensor {
    type Sample;
}

struct Thermometer;

impl Sensor for Thermometer {
    type Sample = f32;
}

#[derive(SharedLayout)]
#[repr(transparent)]
struct Wrapped<T>(T);

/// `S` itself is not held, so it need not be shareable.
#[derive(SharedLayout)]
#[repr(C)]
struct Log<S>
where
    S: Sensor,
{
    last: S::Sample,
    all: [<S as Sensor>::Sample; 3],
    wrapped: Wrapped<S::Sample>,
}

#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
struct Vec3 {
    x: f32,
    y: f32,
    z: f32,
}

#[derive(SharedLayout)]
#[repr(C)]
struct World<T> {
    #[shared(pod)]
    sun: Vec3,
    #[shared(pod)]
    moons: [Vec3; 2],
    #[shared(pod)]
    other: T,
    tail: List<Pod<Vec3>, 5>,
}

#[derive(SharedLayout)]
#[repr(u16)]
enum Level {
    Off = 0,
    High = 0x1234,
}

#[derive(SharedLayout)]
#[repr(u32)]
#[shared(size = 4, version = 9)]
enum Wide<const N: usize> {
    Zero,
    Top = u32::MAX,
}

/// More variants than a message names.
#[derive(SharedLayout)]
#[repr(u8)]
enum Digit {
    D0,
    D1,
    D2,
    D3,
    D4,
    D5,
    D6,
    D7,
    D8,
    D9,
}

/// Fields from a macro come in invisible parentheses.
macro_rules! made {
    ($name:ident, $field:ident: $ty:ty, $version:expr) => {
        #[derive(SharedLayout)]
        #[repr(C)]
        #[shared(version = $version)]
        struct $name {
            $field: $ty,
        }
    };
}

made!(Made, texts: List<Text<8>, 3>, 4);

fn fields(layout: &Layout) -> &'static [Field] {
    let Kind::Struct(fields) = layout.kind else { panic!("{} is no struct", layout.name) };
    fields
}

fn offsets(layout: &Layout) -> Vec<(&'static str, usize)> {
    fields(layout).iter().map(|field| (field.name, field.offset)).collect()
}

/// Whether zeroes, with `value` at each of `places`, are a `T`.
fn valid<T: SharedLayout>(places: impl IntoIterator<Item = usize>, value: u8) -> Result<(), String> {
    let mut bytes = MaybeUninit::<T>::zeroed();
    for place in places {
        assert!(place < size_of::<T>());
        let byte = bytes.as_mut_ptr().cast::<u8>().wrapping_add(place);
        // SAFETY: the place lies inside the value, as just checked.
        unsafe { byte.write(value) }
    }
    // SAFETY: aligned and initialised, and the only reference.
    unsafe { T::validate(bytes.as_ptr()) }.map_err(|invalid: ValidityError| invalid.to_string())
}

#[test]
fn a_struct_is_described() {
    let lamp = Lamp::LAYOUT;
    assert_eq!((lamp.name, lamp.size, lamp.align, lamp.version), ("Lamp", 24, 8, 3));
    assert_eq!(offsets(lamp), [("at", 0), ("color", 16), ("on", 17), ("_pad", 18)]);
    assert_eq!(fields(lamp)[0].layout, <[f64; 2]>::LAYOUT);
    assert_eq!(fields(lamp)[1].layout, Color::LAYOUT);
}

#[test]
fn raw_names_and_nested_types_are_described() {
    let house = House::LAYOUT;
    assert_eq!((house.name, house.version, house.size), ("House", 0, size_of::<House>()));
    let names: Vec<_> = fields(house).iter().map(|field| field.name).collect();
    assert_eq!(names, ["type", "name", "lamps", "hall", "seen"]);
    assert_eq!(fields(house)[2].offset, std::mem::offset_of!(House, lamps));
    let Kind::List { item, capacity: 4, .. } = fields(house)[2].layout.kind else { panic!("no list of 4") };
    assert_eq!(item, Lamp::LAYOUT);
    let Kind::Array { item, len: 2, .. } = fields(house)[3].layout.kind else { panic!("no array of 2") };
    assert_eq!(item, Lamp::LAYOUT);
    assert_eq!(offsets(Seen::LAYOUT), [("0", 0), ("1", 8)]);
}

#[test]
fn an_enum_is_described() {
    let Layout { name, size, align, version, kind, .. } = *Color::LAYOUT;
    assert_eq!((name, size, align, version), ("Color", 1, 1, 0));
    let Kind::Enum { repr: Scalar::U8, variants, .. } = kind else { panic!("no u8 enum") };
    let found: Vec<_> = variants.iter().map(|variant| (variant.name, variant.value)).collect();
    assert_eq!(found, [("Red", 0), ("Green", 1), ("Blue", 8), ("Last", 101)]);
    assert!(variants.iter().all(|variant| variant.docs.is_empty() && variant.fields.is_empty()));
    let Kind::Enum { repr: Scalar::U16, variants, .. } = Level::LAYOUT.kind else { panic!("no u16 enum") };
    assert_eq!((variants[1].name, variants[1].value), ("High", Level::High as u64));
    assert_eq!((Level::Off as u32, Level::LAYOUT.size, Level::LAYOUT.align), (0, 2, 2));
    let Kind::Enum { repr: Scalar::U32, variants, .. } = Wide::<7>::LAYOUT.kind else { panic!("no u32 enum") };
    assert_eq!((variants[1].name, variants[1].value), ("Top", u64::from(u32::MAX)));
    assert_eq!(Wide::<7>::LAYOUT.version, 9);
}

#[test]
fn a_generic_type_is_described_for_each_use() {
    let pair = Pair::<u16, Text<4>, 4>::LAYOUT;
    assert_eq!((pair.name, offsets(pair)), ("Pair", vec![("first", 0), ("second", 8)]));
    assert_eq!(fields(pair)[1].layout, Text::<4>::LAYOUT);
    let log = Log::<Thermometer>::LAYOUT;
    assert_eq!(offsets(log), [("last", 0), ("all", 4), ("wrapped", 16)]);
    assert_eq!(offsets(Wrapped::<char>::LAYOUT), [("0", 0)]);
    assert_eq!(offsets(Made::LAYOUT), [("texts", 0)]);
    assert_eq!(Made::LAYOUT.version, 4);
}

#[test]
fn a_generic_type_goes_by_its_arguments() {
    let given = Pair::<u16, Text<4>, 4>::LAYOUT.arguments;
    assert_eq!(given, [Argument::Type(u16::LAYOUT), Argument::Type(Text::<4>::LAYOUT), Argument::Const(4)]);
    assert_eq!(Log::<Thermometer>::LAYOUT.arguments, [Argument::Opaque], "its samples are fields");
    assert_eq!(
        World::<[u8; 4]>::LAYOUT.arguments,
        [Argument::Opaque],
        "plain data, which has no description of its own"
    );
    assert_eq!(Wide::<7>::LAYOUT.arguments, [Argument::Const(7)]);
    assert_eq!(House::LAYOUT.arguments, []);

    #[derive(SharedLayout)]
    #[repr(C)]
    struct Flags<const ON: bool, const LETTER: char, const LOW: i8> {
        on: u8,
    }
    let given = Flags::<true, 'x', -1>::LAYOUT.arguments;
    assert_eq!(given, [Argument::Const(1), Argument::Const('x' as i128), Argument::Const(-1)]);
}

#[test]
fn names_and_documentation_are_the_programs_choice() {
    /// A board.
    ///
    /// Of wood.
    #[derive(SharedLayout)]
    #[repr(C)]
    #[shared(rename = "Table")]
    struct Board {
        /// How often.
        #[shared(rename = "ticks")]
        count: u64,
        #[doc = "Why."]
        #[shared(rename = "on")]
        is_on: bool,
        mode: Mode,
        _pad: [u8; 6],
    }

    #[derive(SharedLayout)]
    #[repr(u8)]
    enum Mode {
        /// Nothing.
        #[shared(rename = "Nil")]
        None,
    }
    let board = Board::LAYOUT;
    assert_eq!((board.name, board.docs), ("Table", "A board.\n\nOf wood."));
    let found: Vec<_> = fields(board).iter().map(|field| (field.name, field.docs)).collect();
    assert_eq!(found, [("ticks", "How often."), ("on", "Why."), ("mode", ""), ("_pad", "")]);
    let Kind::Enum { variants, .. } = Mode::LAYOUT.kind else { panic!("no enum") };
    assert_eq!((variants[0].name, variants[0].docs), ("Nil", "Nothing."));
    assert_eq!(valid::<Board>([8], 2).unwrap_err(), "`on`: 2 is no bool (0 or 1)");
}

#[test]
fn a_type_may_name_itself_in_its_lengths() {
    #[derive(SharedLayout)]
    #[repr(C)]
    struct Frame {
        bytes: [u8; Self::LEN],
        list: List<u64, { Self::LEN / 4 }>,
    }
    impl Frame {
        const LEN: usize = 16;
    }
    assert_eq!(offsets(Frame::LAYOUT), [("bytes", 0), ("list", 16)]);
}

#[test]
fn plain_data_goes_by_its_name() {
    let world = World::<[u8; 4]>::LAYOUT;
    assert_eq!(offsets(world)[..4], [("sun", 0), ("moons", 12), ("other", 36), ("tail", 40)]);
    let sun = fields(world)[0].layout;
    assert_eq!((sun.name, sun.size, sun.align, sun.kind), ("Vec3", 12, 4, Kind::Pod));
    let Kind::Array { item, len: 2, .. } = fields(world)[1].layout.kind else { panic!("no array of 2") };
    assert_eq!(item, sun);
    assert_eq!(fields(world)[2].layout.size, 4);
}

#[test]
fn flags_are_those_of_the_fields() {
    fn flags<T: SharedLayout>() -> (bool, bool) {
        (T::TRACKED, T::CHECKED)
    }
    assert_eq!(flags::<Color>(), (false, true));
    assert_eq!(flags::<Lamp>(), (false, true));
    assert_eq!(flags::<Wrapped<u8>>(), (false, false));
    assert_eq!(flags::<Wrapped<Seen>>(), (true, true));
    assert_eq!(flags::<Pair<u64, u64, 2>>(), (false, false));
    assert_eq!(flags::<Pair<u64, bool, 2>>(), (false, true));
    assert_eq!(flags::<House>(), (true, true));
    assert_eq!(flags::<World<[u8; 4]>>(), (true, true));
}

#[test]
fn bytes_that_are_no_value_are_refused_with_their_path() {
    assert_eq!(valid::<Color>([0], 8), Ok(()));
    assert_eq!(valid::<Color>([0], 101), Ok(()));
    assert_eq!(
        valid::<Color>([0], 7).unwrap_err(),
        "7 is no variant of `Color` (Red = 0, Green = 1, Blue = 8, Last = 101)"
    );
    assert_eq!(valid::<Level>([0], 1).unwrap_err(), "1 is no variant of `Level` (Off = 0, High = 4660)");
    assert_eq!(valid::<Wide<1>>(0..4, 0xff), Ok(()));
    assert_eq!(
        valid::<Digit>([0], 10).unwrap_err(),
        "10 is no variant of `Digit` (D0 = 0, D1 = 1, D2 = 2, D3 = 3, D4 = 4, D5 = 5, D6 = 6, D7 = 7, and 2 more)"
    );
    let (color, on) = (std::mem::offset_of!(Lamp, color), std::mem::offset_of!(Lamp, on));
    assert_eq!(valid::<Lamp>([on], 1), Ok(()));
    assert_eq!(valid::<Lamp>([on], 2).unwrap_err(), "`on`: 2 is no bool (0 or 1)");
    let hall = std::mem::offset_of!(House, hall);
    let second = hall + size_of::<Lamp>() + color;
    assert_eq!(
        valid::<House>([second], 9).unwrap_err(),
        "`hall[1].color`: 9 is no variant of `Color` (Red = 0, Green = 1, Blue = 8, Last = 101)"
    );
    let seen = std::mem::offset_of!(House, seen) + std::mem::offset_of!(Seen, 1);
    assert_eq!(valid::<House>([seen], 3).unwrap_err(), "`seen.1`: a length of 3 in a list of capacity 2");
    assert_eq!(valid::<World<[u8; 4]>>(0..36, 0xff), Ok(()));
}
