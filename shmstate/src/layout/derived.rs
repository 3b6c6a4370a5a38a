//! What derived implementations call at run time, and the bounds whose messages they borrow.

use super::{Invalid, Kind, Layout, pod_layout};
use crate::track::{Stamp, Touched};
use std::fmt::Write;

/// How many variants a message names before it gives up.
const NAMED: usize = 8;

/// Adds a whole `T`, whose first byte has the stamp `stamp`.
#[inline]
pub fn touch_whole<T>(stamp: Stamp, touched: &mut Touched) {
    touched.add(stamp.place(), size_of::<T>());
}

/// Checks that `value` is a discriminant of the enum that `layout` describes.
///
/// # Errors
/// [`Invalid`] names the variants that there are.
#[inline]
pub fn check_variant(layout: &'static Layout, value: u32) -> Result<(), Invalid> {
    match layout.kind {
        Kind::Enum { variants, .. } if variants.iter().any(|v| v.value == value) => Ok(()),
        _ => Err(no_variant(layout, value)),
    }
}

#[cold]
fn no_variant(layout: &Layout, value: u32) -> Invalid {
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
    Invalid::new(why)
}

/// What `#[shared(pod)]` asks of the field's type: [`bytemuck::Pod`], and that threads may share it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not plain data, as `#[shared(pod)]` promises",
    label = "`{Self}` is not `bytemuck::Pod + Send + Sync`",
    note = "`bytemuck::Pod` says that every byte pattern is a value; derive or implement it for `{Self}`",
    note = "a type that is `SharedLayout` itself needs no `#[shared(pod)]`: remove the attribute"
)]
pub trait PlainField: bytemuck::Pod + Send + Sync {}

#[diagnostic::do_not_recommend]
impl<T: bytemuck::Pod + Send + Sync> PlainField for T {}

/// [`pod_layout`] under the bound whose message speaks of the field.
#[must_use]
pub const fn plain_layout<T: PlainField>(name: &'static str) -> Layout {
    pod_layout::<T>(name)
}
