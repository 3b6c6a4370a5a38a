//! Containers that are made of other parts: their walks go from field to field.

/// Implements the contract for a struct whose fields are listed in their order, as a derive would; only that there may be
/// gaps between the fields and after the last one, as alignment makes them: their bytes belong to the container and are
/// never looked at.
///
/// The type has a constant `PROVED`, evaluated before anything else, and a method `check` that says what is wrong with a
/// value whose fields are values. Its default is all zeroes, unless something else is said about that after the fields.
macro_rules! composed {
    ([$($generics:tt)*] $name:ident<$($argument:ident),*> { $($field:ident: $ty:ty,)* }) => {
        $crate::containers::composed::composed! {
            [$($generics)*] $name<$($argument),*> { $($field: $ty,)* } default_is_zero: true
        }
    };
    (
        [$($generics:tt)*] $name:ident<$($argument:ident),*> { $($field:ident: $ty:ty,)* }
        default_is_zero: $zero:expr
    ) => {
        // SAFETY: `#[repr(C)]` structs of fields that are shareable themselves, so without drop glue, pointers or interior
        // mutability; zeroes are a value of each field, and of the whole. The bytes in gaps are never looked at. The walks
        // visit every field.
        unsafe impl<$($generics)*> $crate::layout::SharedLayout for $name<$($argument),*> {
            const LAYOUT: &'static $crate::layout::Layout = &$crate::layout::Layout::of::<Self>(
                stringify!($name),
                {
                    let () = Self::PROVED;
                    $crate::layout::Kind::Struct(const { &[$($crate::layout::Field {
                        name: stringify!($field),
                        offset: std::mem::offset_of!(Self, $field),
                        layout: <$ty as $crate::layout::SharedLayout>::LAYOUT,
                        docs: "",
                    }),*] })
                },
            );
            const TRACKED: bool = false $(|| <$ty as $crate::layout::SharedLayout>::TRACKED)*;
            const CHECKED: bool = true;
            const DEFAULT_IS_ZERO: bool = $zero;

            #[inline]
            unsafe fn stamp(this: *mut Self, stamp: $crate::track::Stamp) {
                $(if <$ty as $crate::layout::SharedLayout>::TRACKED {
                    let at = stamp.at(std::mem::offset_of!(Self, $field));
                    // SAFETY: a field of `*this`, under the caller's promise for the whole.
                    unsafe { <$ty as $crate::layout::SharedLayout>::stamp(&raw mut (*this).$field, at) }
                })*
            }

            #[inline]
            unsafe fn copy_plain(to: *mut Self, from: *const Self) {
                if !Self::TRACKED {
                    // SAFETY: the caller's promise; a value without containers is its bytes.
                    return unsafe { std::ptr::copy_nonoverlapping(from, to, 1) };
                }
                $({
                    // SAFETY: the same field of both, under the caller's promise for the whole.
                    let (to, from) = unsafe { (&raw mut (*to).$field, &raw const (*from).$field) };
                    // SAFETY: the same.
                    unsafe { <$ty as $crate::layout::SharedLayout>::copy_plain(to, from) }
                })*
            }

            #[inline]
            unsafe fn flatten<const NESTED: bool>(
                written: *const Self,
                source: *const Self,
                stamp: $crate::track::Stamp,
                touched: &mut $crate::track::Touched,
            ) {
                if !Self::TRACKED {
                    if NESTED {
                        touched.add(stamp.place(), size_of::<Self>());
                    }
                    return;
                }
                $({
                    let at = stamp.at(std::mem::offset_of!(Self, $field));
                    // SAFETY: the same field of both, under the caller's promise for the whole.
                    let (written, source) = unsafe { (&raw const (*written).$field, &raw const (*source).$field) };
                    // SAFETY: the same.
                    unsafe {
                        <$ty as $crate::layout::SharedLayout>::flatten::<NESTED>(written, source, at, touched)
                    }
                })*
            }

            unsafe fn validate(this: *const Self) -> Result<(), $crate::layout::ValidityError> {
                $(if <$ty as $crate::layout::SharedLayout>::CHECKED {
                    // SAFETY: a field of `*this`, under the caller's promise for the whole.
                    let field = unsafe { &raw const (*this).$field };
                    // SAFETY: the same.
                    unsafe { <$ty as $crate::layout::SharedLayout>::validate(field) }
                        .map_err(|e| e.in_field(stringify!($field)))?;
                })*
                // SAFETY: the caller's promise; all fields are values, so that the whole is one.
                unsafe { &*this }.check()
            }
        }
    };
}

pub(super) use composed;
