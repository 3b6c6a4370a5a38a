//! The derive under names that get in its way: shadowed ones, missing ones, and another path to the crate.

#![forbid(unsafe_code)]
#![deny(missing_docs, unused_qualifications, clippy::all, clippy::pedantic, clippy::undocumented_unsafe_blocks)]
#![allow(clippy::wildcard_imports)]

/// Nothing is in scope but what is named.
#[no_implicit_prelude]
mod no_prelude {
    #[derive(::shmstate::SharedLayout)]
    #[repr(u8)]
    pub enum Color {
        Red,
        Green = 7,
    }

    #[derive(::shmstate::SharedLayout)]
    #[repr(C)]
    #[shared(version = 1)]
    pub struct Plain {
        pub on: bool,
        pub color: Color,
        #[shared(pod)]
        pub bytes: [u8; 6],
    }

    #[derive(::shmstate::SharedLayout)]
    #[repr(C, u64)]
    pub enum Job<T, const N: usize> {
        Idle,
        Run { items: ::shmstate::List<T, N>, on: bool },
        Wait(T, #[shared(pod)] [u8; 3]) = 7,
    }

    #[derive(::shmstate::SharedLayout)]
    #[repr(C)]
    pub struct Started {
        #[shared(init = 5)]
        pub value: u64,
        pub job: Job<u64, 2>,
    }

    #[derive(::shmstate::SharedLayout)]
    #[repr(C)]
    pub struct Holder<T, const N: usize> {
        pub items: ::shmstate::List<T, N>,
        pub plain: [Plain; 2],
        pub last: T,
    }
}

/// Everything that the generated code might lean on means something else here.
#[allow(dead_code, non_camel_case_types, non_upper_case_globals, clippy::upper_case_acronyms, clippy::module_inception)]
mod shadowed {
    use shmstate::SharedLayout;

    mod core {}
    mod std {}
    mod shmstate_derive {}
    mod __private {}
    struct Option;
    struct Result;
    struct Ok;
    struct Err;
    struct Some;
    struct None;
    struct Vec;
    struct String;
    struct Layout;
    struct Field;
    struct Kind;
    struct Stamp;
    struct DirtyRanges;
    struct Invalid;
    struct u8;
    struct u32;
    struct bool;
    struct usize;
    trait Send {}
    trait Sync {}
    trait Sized {}
    trait From {}
    const this: () = ();
    const stamp: () = ();
    const to: () = ();
    const from: () = ();
    const written: () = ();
    const source: () = ();
    const touched: () = ();
    const e: () = ();
    const N: () = ();
    const NESTED: () = ();
    const LAYOUT: () = ();
    const TRACKED: () = ();
    const CHECKED: () = ();
    const HAS_INIT: () = ();
    const value: () = ();
    const first: () = ();
    const tag: () = ();
    fn size_of() {}
    fn align_of() {}
    fn needs_drop() {}
    #[allow(unused_macros)]
    macro_rules! offset_of {
        () => {};
    }
    #[allow(unused_macros)]
    macro_rules! assert {
        () => {};
    }

    #[derive(SharedLayout)]
    #[repr(u16)]
    pub enum Self_ {
        Zero,
        One,
    }

    #[derive(SharedLayout)]
    #[repr(u8)]
    pub enum Option_<F, const NESTED: ::std::primitive::usize> {
        None,
        Some { __this: [u8_; 7], this: ::shmstate::List<F, NESTED>, source: u64 },
        stamp(i8, [i8; 6], ::shmstate::Text<8>),
    }
    type u8_ = ::std::primitive::u8;

    #[derive(SharedLayout)]
    #[repr(C)]
    pub struct State<F, const NESTED: ::std::primitive::usize> {
        #[shared(init = 1 + 2)]
        pub stamp: u64,
        pub touched: ::shmstate::List<F, NESTED>,
        pub this: ::shmstate::Text<8>,
        pub r#fn: [Self_; 4],
    }

    /// Constants of the same names as the trait's.
    impl<F, const NESTED: ::std::primitive::usize> State<F, NESTED> {
        pub const LAYOUT: () = ();
        pub const TRACKED: () = ();
        pub const CHECKED: () = ();
        pub fn stamp() {}
        pub fn validate() {}
        pub fn initialize() {}
        pub const HAS_INIT: () = ();
    }
}

/// A crate that passes shmstate on, as a facade does.
pub mod facade {
    /// Documented.
    pub mod inner {
        pub use shmstate as renamed;
    }
}

mod through_facade {
    use super::facade::inner::renamed::{List, SharedLayout};

    // No other way leads to the crate from here.
    #[allow(unused_imports)]
    use self::nothing as shmstate;
    pub mod nothing {}

    #[derive(SharedLayout)]
    #[repr(u32)]
    #[shared(crate = "crate::facade::inner::renamed")]
    pub enum Level {
        Low,
        High,
    }

    #[derive(SharedLayout)]
    #[repr(C)]
    #[shared(crate = "super::facade::inner::renamed")]
    pub struct State {
        pub levels: List<Level, 4>,
        #[shared(pod)]
        pub raw: u64,
    }
}

/// Types that are local to a function, and private field types of a public type.
pub mod places {
    use shmstate::SharedLayout;

    #[derive(SharedLayout)]
    #[repr(C)]
    struct Private(u64);

    /// Documented.
    #[derive(SharedLayout)]
    #[repr(C)]
    pub struct Public {
        private: Private,
    }

    /// Documented.
    #[must_use]
    pub fn local() -> usize {
        #[derive(SharedLayout)]
        #[repr(C)]
        struct Local {
            public: Public,
        }
        let local = Local::zeroed();
        Local::LAYOUT.size + usize::try_from(local.public.private.0).unwrap_or(0)
    }
}

use shmstate::SharedLayout;

type Shadowed = shadowed::State<u64, 5>;

#[test]
fn nothing_is_in_the_way() {
    let holder = no_prelude::Holder::<u64, 3>::LAYOUT;
    assert_eq!((holder.name, holder.size), ("Holder", size_of::<no_prelude::Holder<u64, 3>>()));
    assert!(matches!(no_prelude::Color::zeroed(), no_prelude::Color::Red));
    assert!(!matches!(no_prelude::Plain::zeroed().color, no_prelude::Color::Green));

    assert_eq!(no_prelude::Started::new_box().value, 5);
    assert!(matches!(no_prelude::Started::zeroed().job, no_prelude::Job::Idle));

    assert_eq!(<Shadowed as SharedLayout>::LAYOUT.name, "State");
    assert_eq!(Shadowed::new_box().stamp, 3);
    assert_eq!(<shadowed::Option_<u64, 2> as SharedLayout>::LAYOUT.align, 8);
    assert_eq!((<Shadowed as SharedLayout>::TRACKED, <Shadowed as SharedLayout>::CHECKED), (true, true));
    assert!(matches!(Shadowed::zeroed().r#fn[3], shadowed::Self_::Zero));

    assert_eq!(through_facade::State::LAYOUT.name, "State");
    assert_eq!(through_facade::State::new_box_zeroed().levels.len(), 0);
    assert_eq!(places::local(), 8);
}

/// One error, which says what to write.
#[test]
fn a_renamed_dependency_is_told_once() {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = std::process::Command::new(cargo);
    command.args(["rustc", "--quiet", "--locked", "-p", "shmstate-tests-renamed", "--profile", "test"]);
    let output = command.args(["--", "--cfg", "untold", "--cap-lints", "allow"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let errors: Vec<_> = said.lines().filter(|line| line.starts_with("error") && !line.contains("could not")).collect();
    let expected = "error: shmstate is called `shared_state` in `Cargo.toml`, where the derive cannot see it: write \
                    `#[shared(crate = \"shared_state\")]` on `Board`";
    assert_eq!(errors, [expected], "{said}");
}
