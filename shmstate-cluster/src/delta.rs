//! Lists of byte ranges of a state.

use std::ops::Range;

/// Two ranges with fewer bytes than this between them are sent as one: a range has a head of 12 bytes.
const APART: usize = 16;

/// [`outside`], in fewer ranges: two ranges with few bytes between them become one.
pub(crate) fn joined_outside(ranges: &[Range<usize>], without: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut joined = outside(ranges, without);
    joined.dedup_by(|range, last| {
        let is_close = range.start - last.end < APART;
        // What was left out must not be bridged.
        let gap = without.partition_point(|gap| gap.end <= last.end);
        let joins = is_close && without.get(gap).is_none_or(|gap| gap.start >= range.start);
        if joins {
            last.end = range.end;
        }
        joins
    });
    joined
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
    fn ranges_with_few_bytes_between_them_are_one() {
        let ranges = [0..1, 5..6, 21..22, 38..40, 300..302, 303..304];
        assert_eq!(joined_outside(&ranges, &[]), [0..22, 38..40, 300..304]);
        assert_eq!(joined_outside(&ranges, &[2..3, 22..38, 302..303]), [0..1, 5..22, 38..40, 300..302, 303..304]);
        assert_eq!(joined_outside(&[0..10, 12..20], &[4..6, 10..11]), [0..4, 6..10, 12..20]);
    }

    #[test]
    fn gaps_are_taken_out() {
        assert_eq!(outside(&[0..10, 20..30], &[0..1, 5..6, 8..22, 29..40]), [1..5, 6..8, 22..29]);
        assert!(outside(&[3..7], &[0..10]).is_empty());
        assert_eq!(outside(&[3..7], &[7..9]), [3..7]);
        assert_eq!(union(&[0..2, 8..9], [1..3, 3..4, 20..20]), [0..4, 8..9]);
    }
}
