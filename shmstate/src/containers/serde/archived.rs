//! An archive as the value in it.

use super::by_place;
use crate::containers::{Archivable, Archived};
use rkyv::api::high::HighDeserializer;
use rkyv::rancor::BoxedError;
use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Error as _, Serialize, Serializer};

/// As the value, or none: it is taken out of its archive for this.
impl<A, const N: usize> Serialize for Archived<A, N>
where
    A: Archivable<Archived: rkyv::Deserialize<A, HighDeserializer<BoxedError>>> + Serialize,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.deserialize().map_err(S::Error::custom)?.serialize(serializer)
    }
}

/// From the value, or none. It is archived, in at most `N` bytes.
impl<'de, A: Archivable + Deserialize<'de>, const N: usize> Deserialize<'de> for Archived<A, N> {
    by_place!();

    fn deserialize_in_place<D: Deserializer<'de>>(deserializer: D, place: &mut Self) -> Result<(), D::Error> {
        match Option::<A>::deserialize(deserializer)? {
            Some(value) => place.set(&value).map_err(D::Error::custom),
            None => {
                place.clear();
                Ok(())
            }
        }
    }
}

#[cfg(all(test, not(any(shmstate_loom, shmstate_shuttle))))]
mod tests {
    use super::super::tests::{refused, there_and_back};
    use super::*;

    #[test]
    fn there_and_back_again() {
        let mut names = Archived::<Vec<String>, 64>::new();
        there_and_back(&names, "null");
        names.set(&vec!["Zoë".to_owned()]).unwrap();
        there_and_back(&names, r#"["Zoë"]"#);
    }

    #[test]
    fn what_does_not_fit_is_refused_with_its_length() {
        let full = refused::<Archived<String, 16>>("\"a string that is too long\"");
        assert_eq!(full, "the archive is full: it holds at most 16, and 36 were needed");
    }
}
