//! The contract of a type that may live in shared memory.

use super::{Invalid, Layout};
use crate::track::{Stamp, Touched};

/// A type of fixed layout that several processes may share.
///
/// Derive it: `#[derive(SharedLayout)]` on a `#[repr(C)]` struct, or on a fieldless enum with `#[repr(u8)]`,
/// `#[repr(u16)]` or `#[repr(u32)]`. The derive proves the layout while the program compiles, and its errors name what to
/// use in place of what cannot be shared.
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
/// let mut board = Board::boxed(); // on the heap, zeroed, never on the stack
/// board.samples.push(0.5)?;
/// assert_eq!(board.samples[0], 0.5);
/// # Ok::<_, shmstate::Full<f64>>(())
/// ```
///
/// # Safety
/// An implementation promises, and the derive proves, that
/// * all-zero bytes are a value of the type, and so is every byte pattern that [`validate`](Self::validate) accepts;
/// * the type has no drop glue, no pointers, no interior mutability and no padding between or behind its fields, and its
///   layout is the one that [`LAYOUT`](Self::LAYOUT) describes, on every platform;
/// * the walks visit every field, as their documentation says.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot live in shared memory",
    label = "`{Self}` does not implement `SharedLayout`",
    note = "stand-ins of fixed size: `Vec<T>` → `shmstate::List<T, N>`, `String` → `shmstate::Text<N>`, `Option<T>` → a `bool` beside a `T`, `usize` → `u64` or `u32`, `NonZero<T>` → `Option<NonZero<T>>`, `Duration` → `shmstate::TimeSpan`, `SystemTime` → `shmstate::Timestamp`, `IpAddr` → `shmstate::IpAddress`, whatever rkyv can archive → `shmstate::Archived<A, N>`",
    note = "a struct or enum of your own: add `#[derive(shmstate::SharedLayout)]` and `#[repr(C)]` (or `#[repr(u8)]` for an enum) to it",
    note = "plain data of another crate that is `bytemuck::Pod`: write `shmstate::Pod<T>`, or `#[shared(pod)]` on the field"
)]
pub unsafe trait SharedLayout: Sized + Send + Sync + 'static {
    /// The description of the type.
    const LAYOUT: &'static Layout;

    /// Whether the type holds a container that keeps marks. What does not is copied as it is.
    #[doc(hidden)]
    const TRACKED: bool;

    /// Whether there are byte patterns that are no value of the type, so that [`validate`](Self::validate) has to look.
    #[doc(hidden)]
    const CHECKED: bool;

    /// Stamps and clears every container that can be reached without passing through another one; `stamp` is that of
    /// the first byte of `*this`.
    ///
    /// # Safety
    /// `this` points to a valid value that nobody else accesses.
    #[doc(hidden)]
    #[inline]
    unsafe fn stamp(this: *mut Self, stamp: Stamp) {
        let _ = (this, stamp);
        debug_assert!(!Self::TRACKED);
    }

    /// Copies what is not tracked: plain fields, and the lengths of the containers that can be reached without passing
    /// through another one.
    ///
    /// # Safety
    /// `from` points to a valid value that nobody changes; `to` points to as much writable memory, of the same alignment,
    /// which does not overlap it and need not hold a valid value.
    #[doc(hidden)]
    #[inline]
    unsafe fn copy_plain(to: *mut Self, from: *const Self) {
        debug_assert!(!Self::TRACKED);
        // SAFETY: the caller's promise; a value without containers is its bytes.
        unsafe { std::ptr::copy_nonoverlapping(from, to, 1) }
    }

    /// Adds to `touched` the bytes in which other copies may differ from `*source` after the transaction that wrote
    /// `*written`. `stamp` is that of the first byte of `*written`, in this transaction.
    ///
    /// With `NESTED`, everything counts; without, only what [`copy_plain`](Self::copy_plain) leaves out.
    ///
    /// At a commit, containers in `*written` that bear the stamp of another transaction or place lose it.
    ///
    /// # Safety
    /// Both point to valid values that nobody changes. At a commit they are the same, and `written` comes from a pointer
    /// through which one may write; at a roll-back `source` is the active copy.
    #[doc(hidden)]
    #[inline]
    unsafe fn flatten<const NESTED: bool>(
        written: *const Self,
        source: *const Self,
        stamp: Stamp,
        touched: &mut Touched,
    ) {
        let _ = (written, source);
        debug_assert!(!Self::TRACKED);
        if NESTED {
            touched.add(stamp.place(), size_of::<Self>());
        }
    }

    /// Checks that the bytes at `this` are a value of the type.
    ///
    /// # Errors
    /// [`Invalid`] says which field is wrong, and why.
    ///
    /// # Safety
    /// `this` is aligned and points to as many initialised bytes as the type has, which nobody changes.
    #[doc(hidden)]
    #[inline]
    unsafe fn validate(this: *const Self) -> Result<(), Invalid> {
        let _ = this;
        debug_assert!(!Self::CHECKED);
        Ok(())
    }

    /// A value in which everything is zero, empty, `false`, or the enum's zero variant.
    ///
    /// It is returned by value: for a large type prefer [`boxed`](Self::boxed), which never passes over the stack.
    ///
    /// ```
    /// use shmstate::{SharedLayout, Text};
    ///
    /// let name = Text::<16>::zeroed();
    /// assert_eq!(name, "");
    /// ```
    #[must_use]
    fn zeroed() -> Self {
        // SAFETY: all-zero bytes are a value of the type, by the contract of the trait.
        unsafe { std::mem::zeroed() }
    }

    /// A zeroed value on the heap that never was on the stack, so that states of any size can be made in tests.
    ///
    /// ```
    /// use shmstate::{List, SharedLayout};
    ///
    /// let mut big = List::<u64, 10_000_000>::boxed();
    /// big.push(1)?;
    /// # Ok::<_, shmstate::Full<u64>>(())
    /// ```
    #[must_use]
    fn boxed() -> Box<Self> {
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
}
