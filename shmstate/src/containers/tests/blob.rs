//! Blobs against `Vec<u8>`.

#![expect(clippy::op_ref, reason = "comparing with references is what is tested")]

use super::workload::Script;
use crate::{Blob, List, SharedLayout};
use proptest::prelude::*;
use std::collections::HashSet;
use std::io::{ErrorKind, Write};

fn run<const N: usize>(numbers: &[u16]) {
    let mut s = Script::new(numbers);
    let (mut blob, mut vec) = (Blob::<N>::new(), vec![]);
    while !s.is_over() {
        let (len, byte) = (vec.len(), s.below(5) as u8);
        let more: Vec<u8> = (0..s.below(N + 2)).map(|n| n as u8).collect();
        let fits = len + more.len() <= N;
        match s.below(16) {
            0 => match blob.push(byte) {
                Ok(()) => vec.push(byte),
                Err(full) => assert_eq!((len, full.needed(), full.into_inner()), (N, N + 1, byte)),
            },
            1 => assert_eq!(blob.pop(), vec.pop()),
            2 => match blob.extend_from_slice(&more) {
                Ok(()) => vec.extend_from_slice(&more),
                Err(full) => assert_eq!((fits, full.needed()), (false, len + more.len())),
            },
            3 => {
                let taken = blob.try_extend(more.iter().copied()).map_err(crate::CapacityError::into_inner);
                assert_eq!(taken, more.get(N - len).map_or(Ok(()), |byte| Err(*byte)));
                vec.extend(more.iter().take(N - len));
            }
            4 => {
                let at = s.below(len + 1);
                if blob.insert(at, byte).is_ok() {
                    vec.insert(at, byte);
                } else {
                    assert_eq!(len, N);
                }
            }
            5 if len > 0 => {
                let at = s.below(len);
                assert_eq!(blob.remove(at), vec.remove(at));
            }
            6 if len > 0 => {
                let at = s.below(len);
                assert_eq!(blob.swap_remove(at), vec.swap_remove(at));
            }
            7 => {
                blob.retain(|old| *old != byte);
                vec.retain(|old| *old != byte);
            }
            8 => {
                let to = s.below(N + 2);
                match blob.resize(to, byte) {
                    Ok(()) => vec.resize(to, byte),
                    Err(full) => assert_eq!((to, full.into_inner()), (N + 1, byte)),
                }
            }
            9 => {
                let to = s.below(N + 2);
                blob.truncate(to);
                vec.truncate(to);
            }
            10 => {
                blob.clear();
                vec.clear();
            }
            11 => match blob.set(&more) {
                Ok(()) => vec = more,
                Err(full) => assert_eq!((more.len(), full.needed()), (N + 1, N + 1)),
            },
            12 => {
                let written = blob.write_all(&more);
                assert_eq!(written.map_err(|e| e.kind()), if fits { Ok(()) } else { Err(ErrorKind::WriteZero) });
                vec.extend(more.iter().take(N - len));
            }
            13 => {
                blob.sort_unstable_by(|a, b| b.cmp(a));
                vec.sort_unstable_by(|a, b| b.cmp(a));
            }
            14 => {
                blob.iter_mut().for_each(|old| *old ^= byte);
                vec.iter_mut().for_each(|old| *old ^= byte);
            }
            _ => blob = blob.clone(),
        }
        assert_eq!(blob, vec);
        assert_eq!((blob.len(), blob.remaining(), blob.is_full()), (vec.len(), N - vec.len(), vec.len() == N));
        // SAFETY: a value.
        assert!(unsafe { Blob::validate(&blob) }.is_ok());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn bytes_as_in_a_vec(numbers in prop::collection::vec(any::<u16>(), 1..300)) {
        run::<9>(&numbers);
        run::<1>(&numbers);
    }

    /// A blob compares, hashes and prints as its slice.
    #[test]
    fn traits_as_of_a_slice(a in prop::collection::vec(0u8..3, 0..5), b in prop::collection::vec(0u8..3, 0..5)) {
        let x = Blob::<5>::try_from(&a[..])?;
        let y = b.iter().copied().collect::<Blob<9>>();
        prop_assert_eq!(x == y, a == b);
        prop_assert_eq!([x == b, b == x, x == b[..], b[..] == x, x == &b[..], &b[..] == x], [a == b; 6]);
        prop_assert_eq!(x.partial_cmp(&y), a.partial_cmp(&b));
        prop_assert_eq!(format!("{x:?}"), format!("{a:?}"));
        prop_assert_eq!(HashSet::from([x.clone()]).contains(&b[..]), a == b);
        prop_assert_eq!((&x).into_iter().collect::<Vec<_>>(), a.iter().collect::<Vec<_>>());
    }

    /// A list of bytes is written to as a blob is.
    #[test]
    fn a_list_of_bytes_is_written_to(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..9), 0..6)) {
        let (mut list, mut blob) = (List::<u8, 20>::new(), Blob::<20>::new());
        for piece in pieces {
            prop_assert_eq!(list.write(&piece).unwrap(), blob.write(&piece).unwrap());
            prop_assert_eq!(&list[..], &blob[..]);
        }
    }
}
