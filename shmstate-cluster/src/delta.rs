//! Lists of bytes of a state.

use std::ops::Range;

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
    fn gaps_are_taken_out() {
        assert_eq!(outside(&[0..10, 20..30], &[0..1, 5..6, 8..22, 29..40]), [1..5, 6..8, 22..29]);
        assert!(outside(&[3..7], &[0..10]).is_empty());
        assert_eq!(outside(&[3..7], &[7..9]), [3..7]);
        assert_eq!(union(&[0..2, 8..9], [1..3, 3..4, 20..20]), [0..4, 8..9]);
    }
}
