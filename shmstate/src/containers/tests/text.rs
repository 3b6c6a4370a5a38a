//! Texts against `String`.

#![expect(clippy::op_ref, reason = "comparing with references is what is tested")]

use super::workload::Script;
use crate::Text;
use proptest::prelude::*;
use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Characters of one to four bytes.
const CHARS: [char; 6] = ['a', 'Z', 'ë', 'ж', '漢', '🦀'];

fn run<const N: usize>(numbers: &[u16]) {
    let mut s = Script::new(numbers);
    let (mut text, mut string) = (Text::<N>::new(), String::new());
    while !s.is_over() {
        let op = s.below(12);
        let more: String = (0..s.below(N.min(9))).map(|_| CHARS[s.below(6)]).collect();
        let before = string.clone();
        let (c, at) = (CHARS[s.below(6)], s.below(string.len() + 2));
        match op {
            0 => string.clone_from(&more),
            1 => string.push_str(&more),
            2 => string.push(c),
            3 => string.write_str(&more).unwrap(),
            _ => {}
        }
        let fits = string.len() <= N;
        match op {
            0 => assert_eq!(text.set(&more).map_err(|full| full.needed()), fits.then_some(()).ok_or(string.len())),
            1 => assert_eq!(text.push_str(&more).map_err(|full| full.needed()), fits.then_some(()).ok_or(string.len())),
            2 => assert_eq!(text.push(c).map_err(|full| full.into_inner()), fits.then_some(()).ok_or(c)),
            3 => assert_eq!(text.write_str(&more).is_ok(), fits),
            4 => assert_eq!(text.pop(), string.pop()),
            5 => {
                let panics = catch_unwind(AssertUnwindSafe(|| text.truncate(at))).is_err();
                assert_eq!(panics, at < string.len() && !string.is_char_boundary(at));
                if !panics {
                    string.truncate(at);
                }
            }
            6 => {
                let done = catch_unwind(AssertUnwindSafe(|| text.insert_str(at, &more)));
                assert_eq!(done.is_err(), !string.is_char_boundary(at));
                if let Ok(done) = done {
                    assert_eq!(done.is_ok(), string.len() + more.len() <= N);
                    if done.is_ok() {
                        string.insert_str(at, &more);
                    }
                }
            }
            7 => {
                let done = catch_unwind(AssertUnwindSafe(|| text.remove(at))).ok();
                assert_eq!(done, string.get(at..).and_then(|rest| rest.chars().next()));
                if done.is_some() {
                    string.remove(at);
                }
            }
            8 => {
                let done = catch_unwind(AssertUnwindSafe(|| text.insert(at, c)));
                assert_eq!(done.is_err(), !string.is_char_boundary(at));
                if let Ok(done) = done {
                    let fits = string.len() + c.len_utf8() <= N;
                    assert_eq!(done.map_err(|full| full.into_inner()), fits.then_some(()).ok_or(c));
                    if fits {
                        string.insert(at, c);
                    }
                }
            }
            9 => {
                text.retain(|other| other != c);
                string.retain(|other| other != c);
            }
            10 => {
                // Piece by piece, until there is no room: the pieces before that stay.
                let done = catch_unwind(AssertUnwindSafe(|| text.extend(more.chars())));
                let room = N - string.len();
                assert_eq!(done.is_err(), more.len() > room);
                let end = (0..=room.min(more.len())).rev().find(|&end| more.is_char_boundary(end));
                string.push_str(&more[..end.unwrap_or(0)]);
            }
            _ if at == 0 => {
                text.clear();
                string.clear();
            }
            _ => {
                text.as_mut_str().make_ascii_uppercase();
                string.make_ascii_uppercase();
            }
        }
        if !fits {
            string = before;
        }
        assert_eq!(text.as_str(), string);
        assert_eq!((text.remaining(), text.is_full()), (N - string.len(), string.len() == N));
        assert_eq!(text.clone(), text);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn small_as_a_string(numbers in prop::collection::vec(any::<u16>(), 1..300)) {
        run::<7>(&numbers);
    }

    #[test]
    fn large_as_a_string(numbers in prop::collection::vec(any::<u16>(), 1..300)) {
        run::<64>(&numbers);
    }

    /// A text compares, hashes and prints as its `str`.
    #[test]
    fn traits_as_of_a_str(a in "[aë漢]{0,4}", b in "[aë漢]{0,4}") {
        let x = Text::<16>::try_from(&a[..])?;
        let (y, z): (Text<12>, Text<16>) = (b.parse()?, b.parse()?);
        prop_assert_eq!(x == y, a == b);
        prop_assert_eq!([x == b, b == x, x == b[..], b[..] == x, x == &b[..], &b[..] == x], [a == b; 6]);
        let cow = Cow::from(&b);
        prop_assert_eq!([x == cow, cow == x], [a == b; 2]);
        prop_assert_eq!(x.partial_cmp(&y), a.partial_cmp(&b));
        prop_assert_eq!(x.cmp(&z), a.cmp(&b));
        prop_assert_eq!(HashSet::from([x.clone()]).contains(&b[..]), a == b);
        prop_assert_eq!(format!("{x:>5}|{x:?}"), format!("{a:>5}|{a:?}"));
        prop_assert_eq!(AsRef::<[u8]>::as_ref(&x), a.as_bytes());
        prop_assert_eq!(AsRef::<std::ffi::OsStr>::as_ref(&x), &a[..]);
        prop_assert_eq!(AsRef::<std::path::Path>::as_ref(&x), AsRef::<std::path::Path>::as_ref(&a));
        prop_assert_eq!(Text::<24>::from_iter([&a[..], &b]), a.clone() + &b);
        prop_assert_eq!(a.chars().chain(b.chars()).collect::<Text<24>>(), a.clone() + &b);
        prop_assert_eq!(AsRef::<str>::as_ref(&x), a);
    }
}

#[test]
fn an_empty_text_and_one_that_is_full() {
    let mut text = Text::<4>::default();
    assert_eq!((text.pop(), text.as_str(), text.capacity()), (None, "", 4));
    assert_eq!(write!(text, "{}", 1234), Ok(()));
    assert_eq!(write!(text, "{}", 5), Err(std::fmt::Error));
    let full = text.push('ë').unwrap_err();
    assert_eq!(full.to_string(), "the text is full: it holds at most 4, and 6 were needed");
    assert_eq!(text, "1234");
}

#[test]
fn a_refusal_that_panics_leaves_what_was_not_refused() {
    let mut text = Text::<8>::try_from("aëbëc").unwrap();
    let panics = catch_unwind(AssertUnwindSafe(|| {
        text.retain(|c| if c == 'b' { std::panic::resume_unwind(Box::new(())) } else { c != 'ë' });
    }));
    assert!(panics.is_err());
    assert_eq!(text, "abëc");
}
