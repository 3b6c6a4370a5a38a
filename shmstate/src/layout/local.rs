//! Which bytes of a state belong to each machine alone.

use super::{Kind, Layout};
use std::ops::Range;

/// Types of this library that are structs. Which values exist in them depends on the state.
const OF_THE_LIBRARY: [&str; 12] =
    ["Array", "Blob", "Map", "Maybe", "Queue", "Ring", "Set", "Slab", "SortedMap", "Tracked", "Uuid", "Key"];

impl Layout {
    /// Adds the bytes of the local fields of a value at `start`, which has that path. It is an error if a local field is inside of
    /// a container or an enum.
    pub(crate) fn add_local(&self, start: usize, path: &str, ranges: &mut Vec<Range<usize>>) -> Result<(), String> {
        match self.kind {
            Kind::Struct(fields) if !OF_THE_LIBRARY.contains(&self.name) => {
                for field in fields {
                    let start = start + field.offset;
                    if field.local {
                        ranges.push(start..start + field.layout.size);
                    } else if field.layout.has_local() {
                        field.layout.add_local(start, &format!("{path}.{}", field.name), ranges)?;
                    }
                }
                Ok(())
            }
            Kind::Array { item, len } => {
                let items = if item.has_local() { len } else { 0 };
                (0..items).try_for_each(|i| item.add_local(start + i * item.size, &format!("{path}[{i}]"), ranges))
            }
            _ if self.has_local() => Err(format!(
                "`{path}`: a field with `#[shared(local)]` inside of a container or an enum, where what there is belongs to the \
                 state: make a field of the state's own struct local"
            )),
            _ => Ok(()),
        }
    }

    /// Whether a field of it is local, or a field of one of its parts.
    fn has_local(&self) -> bool {
        let any = |fields: &[super::Field]| fields.iter().any(|field| field.local || field.layout.has_local());
        match self.kind {
            Kind::Struct(fields) => any(fields),
            Kind::Enum { variants, .. } => variants.iter().any(|variant| any(variant.fields)),
            Kind::Array { item, .. } | Kind::List { item, .. } => item.has_local(),
            Kind::Scalar(_) | Kind::Text { .. } | Kind::Pod | Kind::Archive { .. } => false,
        }
    }
}

#[cfg(all(test, not(any(shmstate_loom, shmstate_shuttle))))]
mod tests {
    use crate::{Array, List, Map, Maybe, SharedLayout, State};

    #[derive(SharedLayout, Clone)]
    #[repr(C)]
    #[shared(crate = "crate")]
    struct Part {
        shared: u32,
        #[shared(local)]
        seen: u32,
    }

    #[derive(SharedLayout)]
    #[repr(C)]
    #[shared(crate = "crate")]
    struct Parts {
        #[shared(local)]
        first: u64,
        #[shared(local)]
        list: List<u64, 3>,
        part: Part,
        parts: [Part; 2],
    }

    #[test]
    fn local_fields_are_found_in_structs_and_arrays() {
        let list = 8..8 + size_of::<List<u64, 3>>();
        let end = list.end;
        let expected = vec![0..list.end, end + 4..end + 8, end + 12..end + 16, end + 20..end + 24];
        assert_eq!(State::<Parts>::local_bytes().unwrap(), expected);
        assert_eq!(State::<u64>::local_bytes().unwrap(), []);
    }

    #[test]
    fn local_fields_in_containers_are_refused() {
        fn refused<T: SharedLayout>() {
            let e = State::<T>::local_bytes().unwrap_err();
            assert!(e.to_string().contains("#[shared(local)]"), "{e}");
        }
        refused::<List<Part, 2>>();
        refused::<Map<u64, Part, 4>>();
        refused::<Maybe<Part>>();
        refused::<[Maybe<Part>; 2]>();
        refused::<Array<Part, 2>>();
    }
}
