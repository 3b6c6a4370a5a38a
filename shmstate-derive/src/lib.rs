//! `#[derive(SharedLayout)]` of [shmstate](https://docs.rs/shmstate).
//!
//! From syntax to code: `attr` and `model` read the input, `check` tells what is wrong with it (all of it at once, through
//! `ctxt`; `ways_out` knows what to use instead), `expand` writes the implementation, and `fallback` one that keeps a
//! mistake from causing more errors than its own.

mod attr;
mod check;
mod ctxt;
mod expand;
mod fallback;
mod model;
mod show;
mod ways_out;

use ctxt::Ctxt;
use model::Input;
use proc_macro::TokenStream;
use syn::DeriveInput;

/// Implements `SharedLayout` for a `#[repr(C)]` struct, or for an enum with `#[repr(u8)]` (or `u16`, `u32`, `u64`; with a
/// payload also `#[repr(C, u64)]` and the like), and proves while the program compiles that the type can live in shared
/// memory.
///
/// ```
/// use shmstate::{List, SharedLayout, Text};
///
/// #[derive(SharedLayout, Clone, Copy, PartialEq, Debug)]
/// #[repr(u8)]
/// enum Phase {
///     Idle, // a new state is all zeroes, so one variant has to be 0
///     Running,
/// }
///
/// #[derive(SharedLayout)]
/// #[repr(C)]
/// #[shared(version = 2, size = 24)]
/// struct Job {
///     name: Text<8>,
///     #[shared(offset = 16)]
///     phase: Phase,
///     _pad: [u8; 7],
/// }
///
/// #[derive(SharedLayout)]
/// #[repr(C)]
/// struct Queue<T, const N: usize> {
///     jobs: List<Job, N>,
///     extra: T,
/// }
///
/// let queue = Queue::<[f64; 4], 100>::boxed();
/// assert_eq!(Job::zeroed().phase, Phase::Idle);
/// assert_eq!((Job::LAYOUT.version, queue.jobs.len()), (2, 0));
/// ```
///
/// # Enums with a payload
///
/// ```
/// use shmstate::{List, SharedLayout, Text};
///
/// #[derive(SharedLayout)]
/// #[repr(C, u64)]
/// enum Task {
///     Idle, // the variant of value 0 has no fields: a new state has it
///     Copy { from: Text<24>, to: Text<24> },
///     Sum(List<f64, 100>),
/// }
///
/// let mut task = Task::zeroed();
/// task = Task::Sum(List::from([0.5, 1.5]));
/// if let Task::Sum(numbers) = &mut task {
///     numbers[1] += 1.0; // in an update, that marks one number and no more
///     assert_eq!(numbers.iter().sum::<f64>(), 3.0);
/// }
/// ```
///
/// The layout is the one that the Rust reference defines for these `repr`s: the discriminant, then the fields of the
/// variant. With the `C`, the fields of all variants start at one offset, the first that fits each of them; so the
/// discriminant has to be as large as their alignment, `u64` for containers. Without the `C`, the fields of each variant
/// follow the discriminant at once, and `_pad` fields can fill what is between. What lies behind the fields of the smaller
/// variants is part of the enum, and never looked at.
///
/// Clippy's `large_enum_variant` may suggest a `Box` for a container in a variant. There are none in shared memory: allow it.
///
/// An update that changes the variant of an enum with containers copies the whole enum to the other copies; one that
/// changes something inside of the variant costs what it touches, and the plain fields of the variant, as in a struct.
///
/// # Attributes
///
/// | on | write | for |
/// |---|---|---|
/// | the type | `#[shared(version = N)]` | a number of your own in the description: two versions never pass for the same layout |
/// | the type | `#[shared(size = N)]`, `#[shared(align = N)]` | a pin: the program does not compile if the size or the alignment, in bytes, is another one |
/// | a field | `#[shared(offset = N)]` | a pin of the field's offset in bytes |
/// | a field | `#[shared(pod)]` | a field of a foreign type that is `bytemuck::Pod + Send + Sync`; the description knows its name, size and alignment |
/// | a field | `#[shared(init = expression)]` | the value of the field in a new state, instead of zeroes; see [`boxed_init`](https://docs.rs/shmstate/latest/shmstate/trait.SharedLayout.html#method.boxed_init) |
/// | a field, a variant, the type | `#[shared(rename = "name")]` | another name in the description: what is renamed in the program keeps the name that other programs know |
/// | the type | `#[shared(crate = "path")]` | the path of shmstate, where it is not `::shmstate`: renamed in `Cargo.toml`, or re-exported by another crate |
///
/// Several keys may share one attribute: `#[shared(version = 2, size = 24)]`.
///
/// ```
/// use shmstate::{Kind, SharedLayout};
///
/// #[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
/// #[repr(C)]
/// struct Quat { x: f32, y: f32, z: f32, w: f32 } // think of a foreign crate's
///
/// #[derive(SharedLayout)]
/// #[repr(C)]
/// struct Pose {
///     #[shared(pod)]
///     turn: Quat,
///     ticks: u64,
/// }
///
/// let Kind::Struct(fields) = Pose::LAYOUT.kind else { unreachable!() };
/// assert_eq!((fields[0].layout.name, fields[0].layout.kind), ("Quat", Kind::Pod));
/// ```
///
/// A new state is all zeroes but for its `init` fields, also in structs that are fields, and in arrays of them:
///
/// ```
/// use shmstate::{SharedLayout, Text};
///
/// #[derive(SharedLayout)]
/// #[repr(C)]
/// struct Limits {
///     #[shared(init = 100)]
///     connections: u64,
///     refused: u64,
/// }
///
/// #[derive(SharedLayout)]
/// #[repr(C)]
/// struct Server {
///     #[shared(init = "unnamed".parse().unwrap())]
///     name: Text<32>,
///     limits: [Limits; 2],
/// }
///
/// let server = Server::boxed_init(); // as `State::create` fills it
/// assert_eq!(server.name, "unnamed");
/// assert_eq!((server.limits[1].connections, server.limits[1].refused), (100, 0));
/// ```
///
/// The documentation of the type, its fields and its variants goes into the description and into the region's schema, where
/// tools find it. It makes no difference to the layout, nor at run time.
///
/// # What is proved
///
/// * Every field is `SharedLayout`, or plain data under `#[shared(pod)]`: no pointers, no drop glue, no interior mutability.
/// * There is no padding, neither between fields nor behind the last: its bytes would be whatever lay there. Fill a gap with
///   a field such as `_pad: [u8; 7]`, or put the fields of larger alignment first. In an enum, there is none between the
///   discriminant and the fields, nor between fields.
/// * The type does not implement `Drop`: values in shared memory are copied as bytes.
/// * An enum has a variant of value 0, without fields; a struct has a field.
/// * Pins hold.
///
/// None of it can be switched off: there is no `skip_check`.
///
/// All mistakes of a type are reported at once, each where it was made, with what to write instead. Where the layout depends
/// on type parameters, it is proved for each use: where a struct has such a field, or where a state has such a type.
///
/// ```compile_fail
/// #[derive(shmstate::SharedLayout)]
/// #[repr(C)]
/// struct Padded {
///     on: bool, // seven unused bytes behind it
///     ticks: u64,
/// }
/// ```
///
/// ```compile_fail
/// #[derive(shmstate::SharedLayout)]
/// #[repr(C)]
/// struct Heap {
///     names: Vec<String>, // use `List<Text<N>, M>`
/// }
/// ```
///
/// A macro sees names, not types. A type of your own that is called like one of the standard library and takes type
/// arguments like it (`Option<T>`, `Mutex<T>`) is told apart by a path: write `self::Mutex<T>` or `crate::sync::Mutex<T>`.
///
/// # What is generated
///
/// One `unsafe impl SharedLayout`, and constants that hold the proofs, in one anonymous block. `LAYOUT` is the description
/// that the schema is made of; the other items are for shmstate alone. A type parameter that a field holds is bound by
/// `SharedLayout`; one of which a field holds an associated type only (`T::Item`) by `'static`, and the associated type by
/// `SharedLayout`; one that only `#[shared(pod)]` fields hold leaves it at what they need.
///
/// The derive needs no name in scope, not even the prelude. The generated code counts as a macro's: `#![forbid(unsafe_code)]`
/// does not refuse it.
#[proc_macro_derive(SharedLayout, attributes(shared))]
pub fn derive_shared_layout(input: TokenStream) -> TokenStream {
    let original = syn::parse_macro_input!(input as DeriveInput);
    let ctxt = Ctxt::default();
    let input = Input::read(&ctxt, &original);
    check::check(&ctxt, &input);
    let errors = ctxt.into_compile_errors();
    if errors.is_empty() {
        return expand::expand(&input).into();
    }
    fallback::fallback(&input, errors).into()
}
