//! [`impl_deserialize!`](crate::impl_deserialize): structs whose fields are read where they lie.

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;
use std::fmt;
use std::marker::PhantomData;

/// Implements serde's `Deserialize` for a struct, in place of its derive, so that each field is read where it lies and none
/// passes over the stack: for [`deserialize_into`](crate::de::deserialize_into) and
/// [`deserialize_boxed`](crate::de::deserialize_boxed), and in containers.
///
/// It reads what serde's derive of `Serialize` writes. `field = "name"` is a field under another name. A field that is not
/// listed, such as padding, stays as it is; in a new value it is what a new state starts with. Other fields in the input are
/// passed over. A field that is missing is an error unless it is a [`Maybe`](crate::Maybe).
///
/// ```
/// use shmstate::{List, Maybe, SharedLayout, de};
///
/// #[derive(SharedLayout)]
/// #[repr(C)]
/// struct Board {
///     ticks: u64,
///     kind: u32,
///     _pad: u32,
///     limit: Maybe<u64>,
///     samples: List<f64, 1_000_000>,
/// }
///
/// shmstate::impl_deserialize!(Board { ticks, kind = "type", limit, samples });
///
/// let json = &mut serde_json::Deserializer::from_str(r#"{"ticks":1,"type":2,"samples":[0.5]}"#);
/// let board: Box<Board> = de::deserialize_boxed(json)?;
/// assert_eq!((board.ticks, board.kind, board.limit.is_none()), (1, 2, true));
/// assert_eq!(board.samples, [0.5]);
/// # Ok::<_, serde_json::Error>(())
/// ```
///
/// Parameters of a generic struct come first:
///
/// ```
/// # use shmstate::{List, SharedLayout, de};
/// # use serde::de::DeserializeOwned;
/// #[derive(SharedLayout)]
/// #[repr(C)]
/// struct Page<T> { items: List<T, 8> }
///
/// shmstate::impl_deserialize!([T: SharedLayout + DeserializeOwned] Page<T> { items });
/// # let page: Page<u8> = serde_json::from_str(r#"{"items":[1]}"#)?;
/// # assert_eq!(page.items, [1]);
/// # Ok::<_, serde_json::Error>(())
/// ```
#[macro_export]
macro_rules! impl_deserialize {
    ([$($generics:tt)*] $Struct:ty { $($field:ident $(= $name:literal)?),+ $(,)? }) => {
        impl<'de, $($generics)*> $crate::__private::Fields<'de> for $Struct {
            const NAMES: &'static [&'static str] = &[$($crate::impl_deserialize!(@name $field $($name)?)),+];

            fn read<D: $crate::__private::serde::Deserializer<'de>>(
                &mut self,
                name: &'static str,
                value: D,
            ) -> ::core::result::Result<(), D::Error> {
                $(if name == $crate::impl_deserialize!(@name $field $($name)?) {
                    return $crate::__private::serde::Deserialize::deserialize_in_place(value, &mut self.$field);
                })+
                ::core::unreachable!()
            }
        }

        impl<'de, $($generics)*> $crate::__private::serde::Deserialize<'de> for $Struct {
            fn deserialize<D: $crate::__private::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::core::result::Result<Self, D::Error> {
                let mut value = <Self as $crate::SharedLayout>::zeroed();
                <Self as $crate::SharedLayout>::reset(&mut value);
                Self::deserialize_in_place(deserializer, &mut value)?;
                ::core::result::Result::Ok(value)
            }

            fn deserialize_in_place<D: $crate::__private::serde::Deserializer<'de>>(
                deserializer: D,
                place: &mut Self,
            ) -> ::core::result::Result<(), D::Error> {
                $crate::__private::read_fields(deserializer, ::core::stringify!($Struct), place)
            }
        }
    };
    (@name $field:ident) => { ::core::stringify!($field) };
    (@name $field:ident $name:literal) => { $name };
    ($Struct:ty { $($fields:tt)+ }) => { $crate::impl_deserialize!([] $Struct { $($fields)+ }); };
}

/// A struct whose fields have names.
pub trait Fields<'de> {
    /// The names of the fields, in order.
    const NAMES: &'static [&'static str];

    /// Reads the field of that name where it lies.
    ///
    /// # Errors
    /// As the deserializer.
    fn read<D: Deserializer<'de>>(&mut self, name: &'static str, value: D) -> Result<(), D::Error>;
}

/// Reads all fields of a struct.
///
/// # Errors
/// As the deserializer; if a field is missing or comes twice.
pub fn read_fields<'de, S, D>(deserializer: D, name: &'static str, place: &mut S) -> Result<(), D::Error>
where
    S: Fields<'de>,
    D: Deserializer<'de>,
{
    deserializer.deserialize_struct(name, S::NAMES, Struct { place, name })
}

struct Struct<'a, S> {
    place: &'a mut S,
    name: &'static str,
}

impl<'de, S: Fields<'de>> Visitor<'de> for Struct<'_, S> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "struct {}", self.name)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        let mut seen = vec![false; S::NAMES.len()];
        while let Some(index) = fields.next_key_seed(Index(S::NAMES))? {
            let Some(index) = index else {
                let IgnoredAny = fields.next_value()?;
                continue;
            };
            let name = S::NAMES[index];
            if std::mem::replace(&mut seen[index], true) {
                return Err(A::Error::duplicate_field(name));
            }
            fields.next_value_seed(Value { place: &mut *self.place, name })?;
        }
        let missing = S::NAMES.iter().zip(seen).filter(|(_, seen)| !seen);
        missing.map(|(name, _)| *name).try_for_each(|name| self.place.read(name, Missing(name, PhantomData)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        for (index, &name) in S::NAMES.iter().enumerate() {
            if fields.next_element_seed(Value { place: &mut *self.place, name })?.is_none() {
                return Err(A::Error::invalid_length(index, &self));
            }
        }
        Ok(())
    }
}

/// The value of one field.
struct Value<'a, S> {
    place: &'a mut S,
    name: &'static str,
}

impl<'de, S: Fields<'de>> DeserializeSeed<'de> for Value<'_, S> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<(), D::Error> {
        self.place.read(self.name, value)
    }
}

/// Which of the names comes, or none of them.
struct Index(&'static [&'static str]);

impl<'de> DeserializeSeed<'de> for Index {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, name: D) -> Result<Option<usize>, D::Error> {
        name.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Index {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a field")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Option<usize>, E> {
        Ok(self.0.iter().position(|known| *known == name))
    }

    fn visit_bytes<E: Error>(self, name: &[u8]) -> Result<Option<usize>, E> {
        Ok(self.0.iter().position(|known| known.as_bytes() == name))
    }

    fn visit_u64<E: Error>(self, index: u64) -> Result<Option<usize>, E> {
        Ok(usize::try_from(index).ok().filter(|index| *index < self.0.len()))
    }
}

/// What is read of a field that is not there: none of what may be absent.
struct Missing<E>(&'static str, PhantomData<E>);

impl<'de, E: Error> Deserializer<'de> for Missing<E> {
    type Error = E;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, E> {
        Err(E::missing_field(self.0))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, E> {
        visitor.visit_none()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct newtype_struct
        seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

#[cfg(all(test, not(any(shmstate_loom, shmstate_shuttle))))]
mod tests {
    use super::super::tests::refused;
    use crate::de::deserialize_boxed;
    use crate::{List, Map, Maybe, SharedLayout, Slab, Text};
    use serde_json::Deserializer;
    use std::thread;

    /// A megabyte of items.
    type Page = List<u64, { 1 << 17 }>;

    #[derive(SharedLayout)]
    #[repr(C)]
    #[shared(crate = "crate")]
    struct Chapter {
        number: u32,
        _pad: u32,
        page: Page,
    }

    #[derive(SharedLayout)]
    #[repr(C)]
    #[shared(crate = "crate")]
    struct Book {
        title: Text<16>,
        chapters: List<Chapter, 2>,
        by_name: Map<u64, Page, 2>,
        slab: Slab<Page, 2>,
        appendix: Maybe<Page>,
        #[shared(init = 7)]
        edition: u64,
        notes: Text<{ 1 << 20 }>,
        pad: [u64; 2],
    }

    #[derive(SharedLayout)]
    #[repr(C)]
    #[shared(crate = "crate")]
    struct Leaf {
        number: u64,
        page: List<u64, 4>,
    }

    impl_deserialize!(Leaf { number = "no", page });
    impl_deserialize!(Chapter { number = "no", page });
    impl_deserialize!(Book { title, chapters, by_name, slab, appendix, notes });

    const BOOK: &str = r#"{"title":"A","chapters":[{"no":1,"page":[1,2]},{"no":2,"page":[]}],"other":{"a":[1]},
        "by_name":{"5":[5],"6":[6]},"slab":[[1,[8]],[2,null]],"notes":"n"}"#;

    /// In a stack of a quarter of one page.
    #[test]
    fn structs_of_megabytes_pass_over_no_stack() {
        let read = || {
            let book: Box<Book> = deserialize_boxed(&mut Deserializer::from_str(BOOK)).unwrap();
            let pages: Vec<_> = book.chapters.iter().map(|chapter| (chapter.number, chapter.page.to_vec())).collect();
            assert_eq!(pages, [(1, vec![1, 2]), (2, vec![])]);
            assert_eq!((&*book.title, &*book.notes, book.edition), ("A", "n", 7));
            assert!(book.appendix.is_none() && book.by_name[&6] == [6] && book.slab.values().eq(&[[8]]));
        };
        thread::Builder::new().stack_size(256 << 10).spawn(read).unwrap().join().unwrap();
    }

    #[test]
    fn fields_that_are_missing_twice_there_or_wrong() {
        assert_eq!(refused::<Leaf>(r#"{"no":1}"#), "missing field `page`");
        assert_eq!(refused::<Leaf>(r#"{"no":1,"no":1,"page":[]}"#), "duplicate field `no`");
        assert_eq!(refused::<Leaf>("[1]"), "invalid length 1, expected struct Leaf");
        assert_eq!(refused::<Leaf>("7"), "invalid type: integer `7`, expected struct Leaf");
        assert!(serde_json::from_str::<Leaf>("[1,[3]]").is_ok_and(|leaf| leaf.page == [3]));
    }
}
