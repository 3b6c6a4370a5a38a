//! The walks over derived types: from field to field, each at its real offset.
//!
//! A derived type has one function, [`SharedLayout::walk`], that goes through its fields, for all walks. The walk decides what is
//! done at a field. Its step is a constant, so that each walk compiles to the same code as one written by hand.

use super::{Kind, Layout, SharedLayout, Touched, ValidityError};
use crate::track::{DirtyRanges, Stamp};
use std::fmt::Write;
use std::ptr::{null, null_mut};

/// How many variants a message names before it gives up.
const NAMED: usize = 8;

/// What a walk does at each field.
pub type Step = u8;

/// [`SharedLayout::stamp`].
const STAMP: Step = 0;
/// [`SharedLayout::copy_plain`].
const COPY: Step = 1;
/// [`SharedLayout::collect_dirty`].
const FLATTEN: Step = 2;
/// The same, inside of a container.
const FLATTEN_NESTED: Step = 3;
/// [`SharedLayout::validate`].
const VALIDATE: Step = 4;
/// [`SharedLayout::initialize`].
const INITIALIZE: Step = 5;
/// [`SharedLayout::validate_touched`].
const VALIDATE_TOUCHED: Step = 6;

/// A walk through the fields of one value.
pub struct Walk<const STEP: Step> {
    /// The value. Pointers to fields are made from this one.
    base: *mut u8,
    /// The value with which it is compared, or from which it takes over fields. In a walk that validates what is touched: the [`Touched`].
    other: *const u8,
    /// The stamp of the value's first byte.
    stamp: Stamp,
    touched: *mut DirtyRanges,
    /// The offset of the first field that holds no value, and why.
    refused: *mut Option<(usize, ValidityError)>,
}

impl<const STEP: Step> Walk<STEP> {
    #[inline(always)]
    fn over<T>(base: *mut T) -> Self {
        Walk { base: base.cast(), other: null(), stamp: Stamp::VOID, touched: null_mut(), refused: null_mut() }
    }

    /// Whether the walk gives fields the values of `#[shared(init = …)]` in their types.
    #[inline(always)]
    #[must_use]
    pub const fn initializes(&self) -> bool {
        STEP == INITIALIZE
    }

    /// Does the step at `field`.
    ///
    /// # Safety
    /// It is a field of the value that is walked through, and what the walk's function asks for holds for that value.
    #[inline(always)]
    pub(super) unsafe fn shared<F: SharedLayout>(&self, field: *const F) {
        let offset = field.addr().wrapping_sub(self.base.addr());
        let (this, other) = (self.base.wrapping_add(offset).cast::<F>(), self.other.wrapping_add(offset).cast::<F>());
        match STEP {
            // SAFETY: a field, under the caller's promise for the whole.
            STAMP if F::TRACKED => unsafe { F::stamp(this, self.stamp.at(offset)) },
            // SAFETY: the same field of both, under the caller's promise for the whole.
            COPY => unsafe { F::copy_plain(this, other) },
            FLATTEN => {
                // SAFETY: the walk of `collect_dirty` has it from a `&mut`.
                let touched = unsafe { &mut *self.touched };
                // SAFETY: the same field of both, under the caller's promise for the whole.
                unsafe { F::collect_dirty::<false>(this, other, self.stamp.at(offset), touched) }
            }
            FLATTEN_NESTED => {
                // SAFETY: the walk of `collect_dirty` has it from a `&mut`.
                let touched = unsafe { &mut *self.touched };
                // SAFETY: the same field of both, under the caller's promise for the whole.
                unsafe { F::collect_dirty::<true>(this, other, self.stamp.at(offset), touched) }
            }
            VALIDATE if F::CHECKED => {
                // SAFETY: the walk of `validate` has it from a `&mut`.
                let refused = unsafe { &mut *self.refused };
                if refused.is_none() {
                    // SAFETY: a field, under the caller's promise for the whole.
                    let found = unsafe { F::validate(this) };
                    *refused = found.err().map(|invalid| (offset, invalid));
                }
            }
            VALIDATE_TOUCHED if F::CHECKED => {
                // SAFETY: the walk of `validate_touched` has it from a reference.
                let touched = unsafe { &*self.other.cast::<Touched<'_>>() };
                // SAFETY: the walk has it from a `&mut`.
                let refused = unsafe { &mut *self.refused };
                if refused.is_none() {
                    // SAFETY: a field, under the caller's promise for the whole.
                    let found = unsafe { F::validate_touched(this, touched) };
                    *refused = found.err().map(|invalid| (offset, invalid));
                }
            }
            // SAFETY: a field of a value that the walk of `initialize` has from a `&mut`.
            INITIALIZE if F::HAS_INIT => F::initialize(unsafe { &mut *this }),
            _ => {}
        }
    }

    /// Does the step at `field`, which is plain data.
    ///
    /// # Safety
    /// As for `shared`.
    #[inline(always)]
    pub unsafe fn plain<F>(&self, field: *const F) {
        let offset = field.addr().wrapping_sub(self.base.addr());
        match STEP {
            COPY => {
                let (this, other) = (self.base.wrapping_add(offset), self.other.wrapping_add(offset));
                // SAFETY: the same field of both, under the caller's promise for the whole.
                unsafe { std::ptr::copy_nonoverlapping(other, this, size_of::<F>()) }
            }
            FLATTEN_NESTED => {
                // SAFETY: the walk of `collect_dirty` has it from a `&mut`.
                unsafe { &mut *self.touched }.add(self.stamp.at(offset).offset(), size_of::<F>());
            }
            _ => {}
        }
    }

    /// [`SharedLayout::visit_in`] for a field of plain data.
    ///
    /// # Safety
    /// The same.
    #[inline(always)]
    pub unsafe fn plain_in<S: SharedLayout, F>(&self, this: *const S, index: usize) -> *const F {
        let field = field_of_variant(this, index);
        // SAFETY: the caller's promise.
        unsafe { self.plain(field) }
        field
    }
}

/// Field `index` of the fields of all variants, one variant after the other, of the enum at `this`.
#[inline(always)]
pub(super) fn field_of_variant<S: SharedLayout, F>(this: *const S, index: usize) -> *const F {
    let fields = const { S::DERIVED.get().parts().fields };
    this.wrapping_byte_add(fields[index].offset).cast()
}

/// The discriminant of the enum at `this`.
///
/// # Safety
/// It is initialised, and does not change.
#[inline(always)]
unsafe fn tag<T: SharedLayout>(this: *const T) -> u64 {
    match const { T::DERIVED.get().tag_size() } {
        // SAFETY: the discriminant lies at the start, as the constants of the derive have found out; the caller's promise.
        1 => u64::from(unsafe { this.cast::<u8>().read() }),
        // SAFETY: the same.
        2 => u64::from(unsafe { this.cast::<u16>().read() }),
        // SAFETY: the same.
        4 => u64::from(unsafe { this.cast::<u32>().read() }),
        // SAFETY: the same.
        8 => unsafe { this.cast::<u64>().read() },
        _ => 0,
    }
}

/// [`SharedLayout::initialize`] of a derived type.
#[inline]
pub(super) fn initialize<T: SharedLayout>(this: &mut T) {
    if T::HAS_INIT {
        let walk = Walk::<INITIALIZE>::over(this);
        // SAFETY: a valid value, which is this function's alone.
        unsafe { T::walk(&raw const *this, &walk) }
        T::initialize_fields(this);
    }
}

/// [`SharedLayout::stamp`] of a derived type.
///
/// # Safety
/// As there.
#[inline]
pub(super) unsafe fn stamp<T: SharedLayout>(this: *mut T, stamp: Stamp) {
    if T::TRACKED {
        let walk = Walk::<STAMP> { stamp, ..Walk::over(this) };
        // SAFETY: the caller's promise.
        unsafe { T::walk(this, &walk) }
    }
}

/// [`SharedLayout::copy_plain`] of a derived type.
///
/// # Safety
/// As there.
#[inline]
pub(super) unsafe fn copy_plain<T: SharedLayout>(to: *mut T, from: *const T) {
    let tag_size = const { T::DERIVED.get().tag_size() };
    // SAFETY: the caller's promise: a tracked `*to`, or each part of it, was valid once; a tracked enum has its discriminant.
    if T::TRACKED && (tag_size == 0 || same_variant(unsafe { tag(to) }, unsafe { tag(from) })) {
        let walk = Walk::<COPY> { other: from.cast(), ..Walk::over(to) };
        // SAFETY: the caller's promise.
        unsafe { T::walk(to, &walk) }
    } else {
        // SAFETY: the caller's promise; a value without containers is its bytes, and one of another variant, or of none,
        // is copied as it is.
        unsafe { std::ptr::copy_nonoverlapping(from, to, 1) }
    }
}

/// [`SharedLayout::collect_dirty`] of a derived type.
///
/// # Safety
/// As there.
#[inline(always)]
pub(super) unsafe fn collect_dirty<T: SharedLayout, const NESTED: bool>(
    written: *const T,
    source: *const T,
    stamp: Stamp,
    touched: &mut DirtyRanges,
) {
    if !T::TRACKED {
        if NESTED {
            touched.add(stamp.offset(), size_of::<T>());
        }
        return;
    }
    let tag_size = const { T::DERIVED.get().tag_size() };
    if tag_size > 0 {
        // The variant is not the source's: nothing that it holds says anything about the source.
        // SAFETY: the caller's promise: both are valid.
        if !source_has_variant(unsafe { tag(source) }, unsafe { tag(written) }) {
            return touched.add(stamp.offset(), size_of::<T>());
        }
        if NESTED {
            touched.add(stamp.offset(), tag_size);
        }
    }
    let (other, touched) = (source.cast(), &raw mut *touched);
    if NESTED {
        let walk = Walk::<FLATTEN_NESTED> { other, stamp, touched, ..Walk::over(written.cast_mut()) };
        // SAFETY: the caller's promise.
        unsafe { T::walk(written, &walk) }
    } else {
        let walk = Walk::<FLATTEN> { other, stamp, touched, ..Walk::over(written.cast_mut()) };
        // SAFETY: the caller's promise.
        unsafe { T::walk(written, &walk) }
    }
}

/// [`SharedLayout::validate`] of a derived type.
///
/// # Errors
/// As there.
///
/// # Safety
/// As there.
#[inline]
pub(crate) unsafe fn validate<T: SharedLayout>(this: *const T) -> Result<(), ValidityError> {
    if !T::CHECKED {
        return Ok(());
    }
    // SAFETY: the caller's promise.
    let tag = unsafe { tag(this) };
    if const { T::DERIVED.get().tag_size() } > 0 {
        check_variant(T::LAYOUT, tag)?;
    }
    let mut refused = None;
    let walk = Walk::<VALIDATE> { refused: &raw mut refused, ..Walk::over(this.cast_mut()) };
    // SAFETY: the caller's promise; the discriminant is that of a variant.
    unsafe { T::walk(this, &walk) }
    match refused {
        None => Ok(()),
        Some((offset, invalid)) => Err(in_field(T::LAYOUT, tag, offset, invalid)),
    }
}

/// [`SharedLayout::validate_touched`] of a derived type: a struct field by field. An enum is validated as a whole, because the same
/// bytes mean something else in another variant; so is a type that is not derived.
///
/// # Errors
/// As there.
///
/// # Safety
/// As there.
pub(super) unsafe fn validate_touched<T: SharedLayout>(
    this: *const T,
    touched: &Touched<'_>,
) -> Result<(), ValidityError> {
    if !T::CHECKED || !touched.meets(this) {
        return Ok(());
    }
    if !const { T::DERIVED.get().is_struct() } {
        // SAFETY: the caller's promise.
        return unsafe { T::validate(this) };
    }
    let mut refused = None;
    let other = (&raw const *touched).cast();
    let walk = Walk::<VALIDATE_TOUCHED> { refused: &raw mut refused, other, ..Walk::over(this.cast_mut()) };
    // SAFETY: the caller's promise.
    unsafe { T::walk(this, &walk) }
    match refused {
        None => Ok(()),
        Some((offset, invalid)) => Err(in_field(T::LAYOUT, 0, offset, invalid)),
    }
}

/// When a copy catches up: whether its variant, `old`, is the `active` one. If so, each field catches up for itself; otherwise, the
/// enum does so as a whole.
#[inline]
fn same_variant(old: u64, active: u64) -> bool {
    old == active
}

/// At the end of a transaction: whether the variant that was `written` is that of the `source`. At a commit it always is,
/// because both are the same value.
#[inline]
fn source_has_variant(source: u64, written: u64) -> bool {
    source == written
}

/// Checks that `value` is a discriminant of the enum that `layout` describes.
#[inline]
fn check_variant(layout: &'static Layout, value: u64) -> Result<(), ValidityError> {
    match layout.kind {
        Kind::Enum { variants, .. } if variants.iter().any(|v| v.value == value) => Ok(()),
        _ => Err(no_variant(layout, value)),
    }
}

#[cold]
fn no_variant(layout: &Layout, value: u64) -> ValidityError {
    let mut why = format!("{value} is no variant of `{}` (", layout.name);
    if let Kind::Enum { variants, .. } = layout.kind {
        for (i, variant) in variants.iter().take(NAMED).enumerate() {
            let comma = if i == 0 { "" } else { ", " };
            let _ = write!(why, "{comma}{} = {}", variant.name, variant.value);
        }
        if let Some(more) = variants.len().checked_sub(NAMED + 1) {
            let _ = write!(why, ", and {} more", more + 1);
        }
    }
    why.push(')');
    ValidityError::new(why)
}

/// `invalid`, with the names of the field at `offset`, and of the variant `tag`.
#[cold]
fn in_field(layout: &Layout, tag: u64, offset: usize, invalid: ValidityError) -> ValidityError {
    let (fields, variant) = match layout.kind {
        Kind::Struct(fields) => (fields, None),
        Kind::Enum { variants, .. } => match variants.iter().find(|variant| variant.value == tag) {
            Some(variant) => (variant.fields, Some(variant.name)),
            None => (&[][..], None),
        },
        _ => (&[][..], None),
    };
    let field = fields.iter().find(|field| field.offset == offset);
    let invalid = field.map_or(invalid.clone(), |field| invalid.in_field(field.name));
    match variant {
        Some(variant) => invalid.in_field(variant),
        None => invalid,
    }
}

#[cfg(all(test, not(any(shmstate_loom, shmstate_shuttle))))]
mod tests;
