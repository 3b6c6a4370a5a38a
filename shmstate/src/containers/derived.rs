//! Containers that are made of other parts.

/// Implements the contract for a struct whose fields are listed in their order, as a derive would; only that there may be
/// gaps between the fields and after the last one, as alignment makes them: their bytes belong to the container and are
/// never looked at.
///
/// The function after `rebuild` puts entries where this program's code wants them: [`Hooks`](crate::layout::Hooks).
///
/// The type has a constant `PROVED`, evaluated before anything else. The function after `check` says what is wrong with a value
/// whose fields are values. The default is all zeroes, unless something else is said about that.
macro_rules! derived {
    (
        [$($generics:tt)*] $name:ident<$($argument:ident),*> { $($field:ident: $ty:ty,)* }
        $(check: $check:expr,)? $(default_is_zero: $zero:expr,)? $(rebuild: $rebuild:expr,)?
    ) => {
        // SAFETY: `#[repr(C)]` structs of fields that are shareable themselves, so without drop glue, pointers or interior
        // mutability; zeroes are a value of each field, and of the whole. The bytes in gaps are never looked at. The walk
        // visits every field.
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
                        renamed_from: &[],
                        local: false,
                    }),*] })
                },
            )$(.rebuilt_by({
                #[cfg(feature = "dynamic")]
                {
                    Some($rebuild)
                }
                #[cfg(not(feature = "dynamic"))]
                None
            }))?;
            const TRACKED: bool = false $(|| <$ty as $crate::layout::SharedLayout>::TRACKED)*;
            const CHECKED: bool = true;
            const DEFAULT_IS_ZERO: bool = true $(&& $zero)?;

            #[inline(always)]
            unsafe fn walk<const STEP: $crate::layout::Step>(this: *const Self, walk: &$crate::layout::Walk<STEP>) {
                $({
                    // SAFETY: a field of `*this`, under the caller's promise for the whole.
                    let field = unsafe { &raw const (*this).$field };
                    // SAFETY: the same.
                    unsafe { <$ty as $crate::layout::SharedLayout>::visit(field, walk) }
                })*
            }

            $(unsafe fn validate(this: *const Self) -> Result<(), $crate::layout::ValidityError> {
                // SAFETY: the caller's promise.
                unsafe { $crate::layout::validate_fields(this) }?;
                // SAFETY: the caller's promise; all fields are values, so that the whole is one.
                $check(unsafe { &*this })
            })?
        }
    };
}

pub(super) use derived;
