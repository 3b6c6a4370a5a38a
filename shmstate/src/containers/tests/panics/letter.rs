//! A value that is archived by code that panics.

use super::call;
use crate::Archived;
use rkyv::rancor::Fallible;
use rkyv::ser::Writer;
use rkyv::{Archive, Place, Serialize};
use std::num::NonZero;

pub(super) type Kept = Archived<Letter, 96>;

/// What is archived: its bytes, then how many they are, which are no archive before that is there.
pub(super) struct Letter(pub(super) &'static str);

impl Archive for Letter {
    type Archived = rkyv::Archived<NonZero<u64>>;
    type Resolver = ();

    fn resolve(&self, (): (), out: Place<Self::Archived>) {
        call();
        NonZero::new(self.0.len() as u64).unwrap().resolve((), out);
        call();
    }
}

impl<S: Fallible + Writer + ?Sized> Serialize<S> for Letter {
    fn serialize(&self, serializer: &mut S) -> Result<(), S::Error> {
        call();
        serializer.write(self.0.as_bytes())?;
        call();
        serializer.write(&[0; 8][..self.0.len().next_multiple_of(8) - self.0.len()])
    }
}
