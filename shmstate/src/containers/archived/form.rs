//! How this program's build of `rkyv` lays archives out.
//!
//! A feature of a crate is on in a whole program as soon as one crate in it asks for it, so that it may change with any dependency.
//! For that reason, the form is part of the layout of a state that holds an archive.

use super::Archivable;
use crate::layout::{ArchiveForm, Kind, Layout, TypeName};
use rkyv::primitive::{ArchivedU16, ArchivedUsize};
use rkyv::rend::unaligned::{u16_ube, u16_ule};
use rkyv::rend::{u16_be, u16_le};

/// The numbers of 16 bits, of which one is that of this build.
trait Number {
    const BIG_ENDIAN: bool;
    const UNALIGNED: bool;
}

macro_rules! numbers {
    ($($ty:ty: $big_endian:literal, $unaligned:literal;)*) => {$(
        impl Number for $ty {
            const BIG_ENDIAN: bool = $big_endian;
            const UNALIGNED: bool = $unaligned;
        }
    )*};
}

numbers! {
    u16_le: false, false;
    u16_be: true, false;
    u16_ule: false, true;
    u16_ube: true, true;
}

/// What the features of `rkyv` make of archives in this program.
const FORM: ArchiveForm = ArchiveForm {
    big_endian: <ArchivedU16 as Number>::BIG_ENDIAN,
    pointer_width: size_of::<ArchivedUsize>() as u8 * 8,
    unaligned: <ArchivedU16 as Number>::UNALIGNED,
};

/// The description of the root of an archive of an `A`.
pub(super) const fn root_layout<A: Archivable>() -> Layout {
    Layout::of::<A::Archived>("root", Kind::Archive { of: TypeName::of::<A>(), form: FORM })
}

#[cfg(all(test, not(any(shmstate_loom, shmstate_shuttle))))]
mod tests {
    use super::*;

    /// The bytes of what is archived are those that the form says.
    #[test]
    fn the_form_is_that_of_the_bytes() {
        let form = |bytes: &[u8], align: usize, pointer_width| {
            let big_endian = bytes == [1, 2];
            assert!(big_endian || bytes == [2, 1]);
            ArchiveForm { big_endian, pointer_width, unaligned: align == 1 }
        };
        let bytes = rkyv::to_bytes::<rkyv::rancor::Error>(&0x0102_u16).unwrap();
        let width = rkyv::to_bytes::<rkyv::rancor::Error>(&0_usize).unwrap().len() as u8 * 8;
        assert_eq!(FORM, form(&bytes, align_of::<ArchivedU16>(), width));
    }
}
