//! The pages of a state: which bytes each one has, and how it is stored.

use std::ops::Range;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Bytes of the digest before those of a page.
const DIGEST: usize = 8;

/// How the bytes of a state are cut.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pages {
    /// Bytes of the state.
    pub(crate) size: usize,
    /// Bytes of a page; the last one may be shorter.
    pub(crate) page: usize,
}

impl Pages {
    pub(crate) fn count(self) -> u64 {
        self.size.div_ceil(self.page) as u64
    }

    /// The bytes of a page that there is.
    pub(crate) fn bytes(self, number: u64) -> Range<usize> {
        let start = number as usize * self.page;
        start..(start + self.page).min(self.size)
    }

    /// The pages that these bytes lie in, each once; the ranges are in order.
    pub(crate) fn touched(self, ranges: &[Range<usize>]) -> Vec<u64> {
        let mut numbers: Vec<u64> = Vec::new();
        for range in ranges.iter().filter(|range| !range.is_empty()) {
            let (first, last) = (range.start / self.page, (range.end - 1) / self.page);
            let next = numbers.last().map_or(0, |last| last + 1);
            numbers.extend((first as u64).max(next)..=last as u64);
        }
        numbers
    }
}

/// The digest of a page; those of all pages are summed, so that one of another place or version makes another sum.
pub(crate) fn digest(number: u64, bytes: &[u8]) -> u64 {
    xxh3_64_with_seed(bytes, number)
}

/// How a page is kept: after its digest.
pub(crate) fn kept(digest: u64, bytes: &[u8], to: &mut Vec<u8>) {
    to.clear();
    to.extend(digest.to_le_bytes());
    to.extend(bytes);
}

/// The digest and the bytes of a page that is kept.
pub(crate) fn parts(kept: &[u8]) -> Option<(u64, &[u8])> {
    let (digest, bytes) = kept.split_first_chunk::<DIGEST>()?;
    Some((u64::from_le_bytes(*digest), bytes))
}

/// Whether a page needs not be kept.
pub(crate) fn is_zero(bytes: &[u8]) -> bool {
    let (words, rest) = bytes.as_chunks::<16>();
    words.iter().all(|word| u128::from_ne_bytes(*word) == 0) && rest.iter().all(|byte| *byte == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_page_is_touched_once() {
        let pages = Pages { size: 1001, page: 100 };
        assert_eq!((pages.count(), pages.bytes(9), pages.bytes(10)), (11, 900..1000, 1000..1001));
        let touched = pages.touched(&[0..1, 1..2, 99..101, 150..150, 250..251, 299..500, 1000..1001]);
        assert_eq!(touched, [0, 1, 2, 3, 4, 10]);
        assert_eq!(pages.touched(&[0..1001]).len(), 11);
    }

    #[test]
    fn zeroes_are_seen() {
        let mut bytes = [0; 37];
        assert!(is_zero(&bytes));
        for at in 0..bytes.len() {
            bytes[at] = 1;
            assert!(!is_zero(&bytes));
            bytes[at] = 0;
        }
    }
}
