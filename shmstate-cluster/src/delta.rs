//! Which bytes of a state have changed, as few as that can be said with.

use std::ops::Range;

/// Bytes between two ranges up to which they are sent as one: a range has a head of 12 bytes.
const APART: usize = 16;

/// The bytes among `ranges` in which two states differ, in order; without those in `without`, which are in order as well.
pub(crate) fn differing(
    before: &[u8],
    after: &[u8],
    ranges: &[Range<usize>],
    without: &[Range<usize>],
) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for range in outside(ranges, without) {
        for start in (range.start..range.end).step_by(64) {
            let block = start..(start + 64).min(range.end);
            if before[block.clone()] == after[block.clone()] {
                continue;
            }
            for at in block.filter(|at| before[*at] != after[*at]) {
                match found.last_mut() {
                    // What lies between them is in the same range, or was left out: it must not be bridged.
                    Some(last) if at < last.end + APART && last.start >= range.start => last.end = at + 1,
                    _ => found.push(at..at + 1),
                }
            }
        }
    }
    found
}

/// The ranges without the bytes of `without`. Both are in order and apart from each other, and so is the result.
pub(crate) fn outside(ranges: &[Range<usize>], without: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut left = Vec::with_capacity(ranges.len());
    for range in ranges {
        let mut start = range.start;
        let first = without.partition_point(|gap| gap.end <= range.start);
        for gap in without[first..].iter().take_while(|gap| gap.start < range.end) {
            left.push(start..gap.start);
            start = gap.end;
        }
        left.push(start..range.end);
    }
    left.retain(|range| !range.is_empty());
    left
}

/// The bytes of both, in order and apart from each other.
pub(crate) fn union(a: &[Range<usize>], b: impl IntoIterator<Item = Range<usize>>) -> Vec<Range<usize>> {
    let mut all: Vec<Range<usize>> = a.iter().cloned().chain(b).filter(|range| !range.is_empty()).collect();
    all.sort_unstable_by_key(|range| range.start);
    all.dedup_by(|range, last| {
        let meets = range.start <= last.end;
        if meets {
            last.end = last.end.max(range.end);
        }
        meets
    });
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_found_and_nothing_that_is_left_out() {
        let before = vec![0; 1000];
        let mut after = before.clone();
        for at in [0, 5, 100, 117, 300, 301, 640, 999] {
            after[at] = 1;
        }
        let all = [0..1000];
        assert_eq!(differing(&before, &after, &all, &[]), [0..6, 100..101, 117..118, 300..302, 640..641, 999..1000]);
        assert_eq!(differing(&before, &after, &[0..3, 4..101, 900..1000], &[]), [0..1, 5..6, 100..101, 999..1000]);
        assert_eq!(differing(&before, &after, &all, &[1..4, 100..301, 640..700]), [0..1, 5..6, 301..302, 999..1000]);
        assert!(differing(&before, &before, &all, &[]).is_empty());
    }

    #[test]
    fn gaps_are_taken_out() {
        assert_eq!(outside(&[0..10, 20..30], &[0..1, 5..6, 8..22, 29..40]), [1..5, 6..8, 22..29]);
        assert!(outside(&[3..7], &[0..10]).is_empty());
        assert_eq!(outside(&[3..7], &[7..9]), [3..7]);
        assert_eq!(union(&[0..2, 8..9], [1..3, 3..4, 20..20]), [0..4, 8..9]);
    }
}
