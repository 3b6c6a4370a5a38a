//! The contract of a type that may live in shared memory.

use super::derived::{Builder, Derived, Facts, Flags, Sealed};
use super::prove::Proved;
use super::walk::{self, Step, Walk};
use super::{Layout, Touched, ValidityError};
use crate::track::{DirtyRanges, Stamp};
use std::mem::MaybeUninit;

/// A type of fixed layout that several processes may share.
///
/// Derive it: `#[derive(SharedLayout)]` on a `#[repr(C)]` struct, or on an enum with `#[repr(u8)]` (or `u16`, `u32`, `u64`;
/// `#[repr(C, u64)]` and the like if it has a payload). The derive proves the layout while the program compiles, and its errors
/// name a replacement for what cannot be shared.
///
/// ```
/// use shmstate::{List, SharedLayout, Text};
///
/// #[derive(SharedLayout)]
/// #[repr(C)]
/// struct Board {
///     ticks: u64,
///     owner: Text<32>,
///     samples: List<f64, 1024>,
/// }
///
/// let mut board = Board::new_box_zeroed(); // on the heap, zeroed, never on the stack
/// board.samples.push(0.5)?;
/// assert_eq!(board.samples[0], 0.5);
/// # Ok::<_, shmstate::CapacityError<f64>>(())
/// ```
///
/// # Safety
/// An implementation promises, and the derive proves, that
/// * all-zero bytes are a value of the type, and so is every byte pattern that [`validate`](Self::validate) accepts;
/// * the type has no drop glue, no pointers, no interior mutability and no padding between or after its fields (an enum
///   may have bytes after the fields of a variant, which are never looked at), and its layout is the one that
///   [`LAYOUT`](Self::LAYOUT) describes, on every platform;
/// * the walks visit every field, as their documentation says.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot live in shared memory",
    label = "`{Self}` does not implement `SharedLayout`",
    note = "stand-ins of fixed size: `Vec<T>` → `shmstate::List<T, N>`, `String` → `shmstate::Text<N>`, `HashMap<K, V>` → `shmstate::Map<K, V, N>`, `Option<T>` → `shmstate::Maybe<T>`, `usize` → `u64` or `u32`, `NonZero<T>` → `Option<NonZero<T>>`",
    note = "times and addresses: `Duration` → `shmstate::TimeSpan`, `SystemTime` and `Instant` → `shmstate::Timestamp`, `IpAddr` and its kin → `shmstate::IpAddress`, `SocketAddr` and its kin → `shmstate::SocketAddress`",
    note = "a struct or enum of your own: add `#[derive(shmstate::SharedLayout)]` and `#[repr(C)]` (or `#[repr(u8)]` for an enum) to it",
    note = "plain data of another crate that is `bytemuck::Pod`: write `shmstate::Pod<T>`, or `#[shared(pod)]` on the field",
    note = "whatever else rkyv can archive: `shmstate::Archived<A, N>` (cargo feature `archived`), which is replaced as a whole"
)]
pub unsafe trait SharedLayout: Sized + Send + Sync + 'static {
    /// The description of the type.
    const LAYOUT: &'static Layout = {
        let () = Self::PROOFS;
        &Self::DERIVED.derived().layout.initialized_as::<Self>()
    };

    /// Whether the type holds a container that keeps marks. A type that holds none is copied as it is.
    #[doc(hidden)]
    const TRACKED: bool = Self::DERIVED.derived().flags.has(Flags::TRACKED);

    /// Whether there are byte patterns that are no value of the type, so that [`validate`](Self::validate) has to look.
    #[doc(hidden)]
    const CHECKED: bool = Self::DERIVED.derived().flags.has(Flags::CHECKED);

    /// Whether there are fields that do not start as zeroes, so that [`initialize`](Self::initialize) has to be called.
    #[doc(hidden)]
    const HAS_INIT: bool = Self::DERIVED.get().flags.has(Flags::HAS_INIT);

    /// What the derive gives instead of the constants above.
    #[doc(hidden)]
    const DERIVED: Derived = Derived::BY_HAND;

    /// The proofs of a derived generic type; those of other derived types are constants of their own.
    #[doc(hidden)]
    const PROOFS: () = ();

    /// The value that derived code starts from; no implementation gives it.
    #[doc(hidden)]
    const BUILDER: Builder<Self> = Builder::NEW;

    /// What a derived type has to know of a field of this type; no implementation gives it.
    #[doc(hidden)]
    const FACTS: Facts<Self> = Facts::of_shared();

    /// What the proofs of a derived type look at; no implementation gives it.
    #[doc(hidden)]
    const PROVED: &'static Sealed<Proved> = &Proved::of::<Self>();

    /// All that has to hold before a value of the type can exist. The `LAYOUT` of a generic type evaluates its proofs, for each
    /// set of arguments. So every function that makes or maps a value evaluates this constant: `const { Self::ASSERTIONS }`.
    #[doc(hidden)]
    const ASSERTIONS: () = {
        let _ = Self::LAYOUT;
    };

    /// Whether the `Default` of the type, if it has one, is all zeroes, so that a zeroed value need not be overwritten.
    #[doc(hidden)]
    const DEFAULT_IS_ZERO: bool = false;

    /// Gives the fields with `#[shared(init = …)]` their values, in a value that is zero otherwise.
    #[doc(hidden)]
    #[inline]
    fn initialize(this: &mut Self) {
        walk::initialize(this);
    }

    /// Sets the type's own fields with `#[shared(init = …)]`: the last step of [`initialize`](Self::initialize).
    #[doc(hidden)]
    #[inline]
    fn initialize_fields(this: &mut Self) {
        let _ = this;
    }

    /// Does a walk's step at each field of a derived type.
    ///
    /// # Safety
    /// `this` is aligned and points to as many bytes as the type has; an enum has the discriminant of a variant. What the
    /// walk's own function asks for holds.
    #[doc(hidden)]
    #[inline]
    unsafe fn walk<const STEP: Step>(this: *const Self, walk: &Walk<STEP>) {
        let _ = (this, walk);
    }

    /// Does a walk's step at `field`, a field of the value that is walked through; no implementation gives it.
    ///
    /// # Safety
    /// As for [`walk`](Self::walk).
    #[doc(hidden)]
    #[inline(always)]
    unsafe fn visit<const STEP: Step>(field: *const Self, walk: &Walk<STEP>) {
        // SAFETY: the caller's promise.
        unsafe { walk.shared(field) }
    }

    /// The same at field `index` of the enum at `this`; the index counts the fields of all variants, one variant after the other.
    /// The generated code uses the result in a line that is never reached; this tells the compiler the type of the field.
    ///
    /// # Safety
    /// As for [`walk`](Self::walk), which calls this; the enum has the variant of that field.
    #[doc(hidden)]
    #[inline(always)]
    unsafe fn visit_in<S: SharedLayout, const STEP: Step>(
        this: *const S,
        index: usize,
        walk: &Walk<STEP>,
    ) -> *const Self {
        let field = walk::field_of_variant(this, index);
        // SAFETY: the caller's promise.
        unsafe { walk.shared(field) }
        field
    }

    /// Requires that the type of `this` is shareable; no implementation gives it.
    #[doc(hidden)]
    fn is_shared(this: &Self) {
        let _ = this;
    }

    /// Stamps and clears every container that can be reached without passing through another one; `stamp` is that of
    /// the first byte of `*this`.
    ///
    /// # Safety
    /// `this` points to a valid value to which there is no other access.
    #[doc(hidden)]
    #[inline]
    unsafe fn stamp(this: *mut Self, stamp: Stamp) {
        // SAFETY: the caller's promise.
        unsafe { walk::stamp(this, stamp) }
    }

    /// Copies what is not tracked: plain fields, and the lengths of the containers that can be reached without passing
    /// through another one.
    ///
    /// # Safety
    /// `from` points to a valid value that does not change; `to` points to as much writable memory, of the same alignment, which
    /// does not overlap it. A tracked `*to` holds a value that was valid once, or, inside of containers, one whose parts may be of
    /// different versions; an untracked `*to` need not be initialised.
    #[doc(hidden)]
    #[inline]
    unsafe fn copy_plain(to: *mut Self, from: *const Self) {
        // SAFETY: the caller's promise.
        unsafe { walk::copy_plain(to, from) }
    }

    /// Adds to `touched` the bytes in which other copies may differ from `*source` after the transaction that wrote
    /// `*written`. `stamp` is that of the first byte of `*written`, in this transaction.
    ///
    /// With `NESTED`, everything counts; without it, only what [`copy_plain`](Self::copy_plain) leaves out.
    ///
    /// At a commit, a container in `*written` that has the stamp of another transaction or offset loses it.
    ///
    /// # Safety
    /// Both point to valid values that do not change. At a commit they are the same, and `written` comes from a pointer
    /// through which one may write; at a roll-back `source` is the active copy.
    #[doc(hidden)]
    #[inline(always)]
    unsafe fn collect_dirty<const NESTED: bool>(
        written: *const Self,
        source: *const Self,
        stamp: Stamp,
        touched: &mut DirtyRanges,
    ) {
        // SAFETY: the caller's promise.
        unsafe { walk::collect_dirty::<Self, NESTED>(written, source, stamp, touched) }
    }

    /// Checks that the bytes at `this` are a value of the type.
    ///
    /// # Errors
    /// [`ValidityError`] says which field is wrong, and why.
    ///
    /// # Safety
    /// `this` is aligned and points to as many initialised bytes as the type has, which do not change.
    #[doc(hidden)]
    #[inline]
    unsafe fn validate(this: *const Self) -> Result<(), ValidityError> {
        // SAFETY: the caller's promise.
        unsafe { walk::validate(this) }
    }

    /// Checks that the bytes at `this`, which were a value before those in `touched` changed, are still one. It looks only at the
    /// parts that have changed.
    ///
    /// # Errors
    /// As for [`validate`](Self::validate).
    ///
    /// # Safety
    /// As for [`validate`](Self::validate). `touched` belongs to a value of which `*this` is a part.
    #[doc(hidden)]
    #[inline]
    unsafe fn validate_touched(this: *const Self, touched: &Touched<'_>) -> Result<(), ValidityError> {
        // SAFETY: the caller's promise.
        unsafe { walk::validate_touched(this, touched) }
    }

    /// A value in which everything is zero, empty, `false`, or the enum's zero variant, whatever `#[shared(init = …)]`
    /// says.
    ///
    /// It is returned by value: for a large type prefer [`new_box_zeroed`](Self::new_box_zeroed), whose value is never on the
    /// stack.
    ///
    /// ```
    /// use shmstate::{SharedLayout, Text};
    ///
    /// let name = Text::<16>::zeroed();
    /// assert_eq!(name, "");
    /// ```
    #[must_use]
    fn zeroed() -> Self {
        const { Self::ASSERTIONS }
        // Not `mem::zeroed`: in a debug build, its frame has room for two values.
        let mut value = MaybeUninit::<Self>::uninit();
        // SAFETY: memory of one value.
        unsafe { value.as_mut_ptr().write_bytes(0, 1) }
        // SAFETY: all-zero bytes are a value of the type, by the contract of the trait; it is not read twice.
        unsafe { value.as_ptr().read() }
    }

    /// A zeroed value on the heap that never was on the stack, so that states of any size can be made in tests.
    ///
    /// ```
    /// use shmstate::{List, SharedLayout};
    ///
    /// let mut big = List::<u64, 10_000_000>::new_box_zeroed();
    /// big.push(1)?;
    /// # Ok::<_, shmstate::CapacityError<u64>>(())
    /// ```
    #[must_use]
    fn new_box_zeroed() -> Box<Self> {
        const { Self::ASSERTIONS }
        let layout = std::alloc::Layout::new::<Self>();
        let memory = if layout.size() == 0 {
            std::ptr::NonNull::dangling().as_ptr()
        } else {
            // SAFETY: the layout's size is not zero.
            unsafe { std::alloc::alloc_zeroed(layout) }.cast::<Self>()
        };
        if memory.is_null() {
            std::alloc::handle_alloc_error(layout);
        }
        // SAFETY: fresh memory from the global allocator (none for a type without bytes); all-zero bytes are a value
        // of the type, by the contract of the trait.
        unsafe { Box::from_raw(memory) }
    }

    /// The value that a new state starts with, on the heap. All bytes are zero, except that the fields with `#[shared(init = …)]`
    /// have their values, also in fields that are structs or arrays of structs. Items that the program puts into a container later
    /// have the values that it gives them.
    ///
    /// ```
    /// use shmstate::SharedLayout;
    ///
    /// #[derive(SharedLayout)]
    /// #[repr(C)]
    /// struct Limits {
    ///     #[shared(init = 100)]
    ///     connections: u64,
    ///     refused: u64,
    /// }
    ///
    /// let limits = Limits::new_box();
    /// assert_eq!((limits.connections, limits.refused), (100, 0));
    /// assert_eq!(Limits::new_box_zeroed().connections, 0);
    /// ```
    ///
    /// # Panics
    /// If an `init` expression panics.
    #[must_use]
    fn new_box() -> Box<Self> {
        const { Self::ASSERTIONS }
        let mut boxed = Self::new_box_zeroed();
        Self::initialize(&mut boxed);
        boxed
    }
    /// Gives `place` the value that a new state starts with, as [`new_box`](Self::new_box) does, but in place: a value of any size
    /// is replaced without passing over the stack.
    ///
    /// ```
    /// use shmstate::{Array, SharedLayout};
    ///
    /// let mut tables = Array::<[u64; 4], 2>::from([[1; 4], [2; 4]]);
    /// SharedLayout::reset(&mut tables[0]);
    /// assert_eq!(tables, [[0; 4], [2; 4]]);
    /// ```
    ///
    /// # Panics
    /// If an `init` expression panics; the fields that were not set before are zero then.
    #[inline]
    fn reset(place: &mut Self) {
        const { Self::ASSERTIONS }
        let bytes: *mut Self = place;
        // SAFETY: a place that is borrowed here; all-zero bytes are a value of the type, by the contract of the trait.
        unsafe { bytes.write_bytes(0, 1) }
        Self::initialize(place);
    }
}
