//! Containers that are made of others.

/// Implements `SharedLayout` for a `#[repr(C)]` struct of shareable fields without drop glue. Each walk goes from field to
/// field, as in what the derive writes; but where the fields' alignments differ there may be bytes between them, which
/// belong to the container and are never looked at.
///
/// The struct has a constant `PROVED`, evaluated while the program compiles, and a method `agree`, which says whether
/// fields that are values by themselves fit together.
macro_rules! composed {
    (impl[$($generics:tt)*] $Name:ident<$($param:ident),*> { $($field:ident: $ty:ty),* $(,)? }) => {
        // SAFETY: fields of shareable types without drop glue, so that zeroes are a value; nothing looks at what alignment
        // may leave between them. Each walk visits each field; `validate` sees whole values before it compares them.
        unsafe impl<$($generics)*> $crate::layout::SharedLayout for $Name<$($param),*> {
            const LAYOUT: &'static $crate::layout::Layout = &$crate::layout::Layout {
                name: stringify!($Name),
                size: size_of::<Self>(),
                align: align_of::<Self>(),
                version: 0,
                kind: {
                    let () = Self::PROVED;
                    $crate::layout::Kind::Struct(const { &[$($crate::layout::Field {
                        name: stringify!($field),
                        offset: std::mem::offset_of!(Self, $field),
                        layout: <$ty as $crate::layout::SharedLayout>::LAYOUT,
                    }),*] })
                },
            };
            const TRACKED: bool = true;
            const CHECKED: bool = true;

            #[inline]
            unsafe fn stamp(this: *mut Self, stamp: $crate::track::Stamp) {
                $(
                    let at = std::mem::offset_of!(Self, $field);
                    let (field, stamp) = (this.wrapping_byte_add(at).cast::<$ty>(), stamp.at(at));
                    if <$ty as $crate::layout::SharedLayout>::TRACKED {
                        // SAFETY: a field of `*this`, under the caller's promise for the whole.
                        unsafe { <$ty as $crate::layout::SharedLayout>::stamp(field, stamp) }
                    }
                )*
            }

            #[inline]
            unsafe fn copy_plain(to: *mut Self, from: *const Self) {
                $(
                    let at = std::mem::offset_of!(Self, $field);
                    let (to, from) = (to.wrapping_byte_add(at).cast::<$ty>(), from.wrapping_byte_add(at).cast::<$ty>());
                    if <$ty as $crate::layout::SharedLayout>::TRACKED || !$crate::mutant::planted("plain_field_stays") {
                        // SAFETY: the same field of both, under the caller's promise for the whole.
                        unsafe { <$ty as $crate::layout::SharedLayout>::copy_plain(to, from) }
                    }
                )*
            }

            #[inline]
            unsafe fn flatten<const NESTED: bool>(
                written: *const Self,
                source: *const Self,
                stamp: $crate::track::Stamp,
                touched: &mut $crate::track::Touched,
            ) {
                $(
                    let at = std::mem::offset_of!(Self, $field);
                    let written = written.wrapping_byte_add(at).cast::<$ty>();
                    let source = source.wrapping_byte_add(at).cast::<$ty>();
                    if <$ty as $crate::layout::SharedLayout>::TRACKED || !$crate::mutant::planted("inner_field_stays") {
                        // SAFETY: the same field of both, under the caller's promise for the whole.
                        unsafe {
                            <$ty as $crate::layout::SharedLayout>::flatten::<NESTED>(
                                written,
                                source,
                                stamp.at(at),
                                touched,
                            )
                        }
                    }
                )*
            }

            unsafe fn validate(this: *const Self) -> Result<(), $crate::layout::Invalid> {
                $(
                    let field = this.wrapping_byte_add(std::mem::offset_of!(Self, $field)).cast::<$ty>();
                    // SAFETY: a field of `*this`, under the caller's promise for the whole.
                    unsafe { <$ty as $crate::layout::SharedLayout>::validate(field) }
                        .map_err(|e| e.in_field(stringify!($field)))?;
                )*
                // SAFETY: the caller's promise; every field is a value.
                unsafe { &*this }.agree()
            }
        }
    };
}

pub(super) use composed;
