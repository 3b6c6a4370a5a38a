//! Holds the format chapter, and a region of the first release, against the code.

use super::geometry::{CONTROL, Geometry, HEADER, SLOTS};
use super::header::{FORMAT, MAGIC, RawHeader};
use crate::commit::{Control, CopyLine, Listed, MAX_COPIES, MAX_SLOTS, SlotLine};
use crate::track::{Pages, log_len};
use std::mem::offset_of;

const CHAPTER: &str = include_str!("../../docs/format.md");

/// The rows of the table under a heading: offset, bytes, field.
fn rows(heading: &str) -> Vec<(usize, usize, &'static str)> {
    let section = CHAPTER.split("\n## ").find(|s| s.starts_with(heading)).expect(heading);
    let table = section.split("```").nth(1).expect("a table").lines().skip(2);
    table
        .map(|line| {
            let mut words = line.split_whitespace();
            let mut number = || words.next().and_then(|w| w.parse().ok()).expect(line);
            (number(), number(), words.next().expect(line))
        })
        .collect()
}

/// Field by field: offset, size, name.
macro_rules! fields {
    ($ty:ty: $($field:ident),* $(,)?) => {{
        fn size<T, F>(_: impl Fn(&T) -> &F) -> usize { size_of::<F>() }
        vec![$((offset_of!($ty, $field), size(|v: &$ty| &v.$field), stringify!($field))),*]
    }};
}

#[test]
fn the_identity_is_as_written() {
    let fields = fields!(RawHeader: magic, format, byte_order, checksum, file_len, region_id, boot_id, created_ns, fingerprint,
        state_size, state_align, copies, slots, max_copies, schema_len, schema_checksum, control_at, slots_at, lines_at,
        pages_at, schema_at, images_at, stride, log_at, lineage, spare);
    assert_eq!(rows("Identity"), fields);
    assert_eq!(fields.iter().map(|f| f.1).sum::<usize>() as u64, HEADER);
    assert!(CHAPTER.contains(&format!("magic              \"{}\"", std::str::from_utf8(&MAGIC).unwrap())));
    assert!(CHAPTER.starts_with(&format!("# The format of a region, version {FORMAT}\n")));
    assert!(
        CHAPTER.contains(&format!("K: 2 to {MAX_COPIES}\n")) && CHAPTER.contains(&format!("S: 1 to {MAX_SLOTS}\n"))
    );
}

#[test]
fn the_control_words_are_as_written() {
    let control = CONTROL as usize;
    let at = |line: usize, offset: usize| control + line + offset;
    let (lock, active, counters) =
        (offset_of!(Control, lock), offset_of!(Control, active), offset_of!(Control, counters));
    let offsets: Vec<_> = rows("Control").into_iter().map(|(offset, _, field)| (offset, field)).collect();
    let expected = [
        (at(lock, offset_of!(Control, lock.word) - lock), "word"),
        (at(lock, offset_of!(Control, lock.bell) - lock), "bell"),
        (at(active, offset_of!(Control, active.published) - active), "published"),
        (at(active, offset_of!(Control, active.log_end) - active), "log_end"),
        (at(active, offset_of!(Control, active.append_limit) - active), "append_limit"),
        (at(active, offset_of!(Control, active.spilled) - active), "spilled"),
        (at(active, offset_of!(Control, active.turns_until) - active), "turns_until"),
        (at(active, offset_of!(Control, active.turns) - active), "turns"),
        (at(counters, offset_of!(Control, counters.used) - counters), "used"),
        (at(counters, offset_of!(Control, counters.ready) - counters), "ready"),
        (at(counters, offset_of!(Control, counters.recoveries) - counters), "recoveries"),
        (at(counters, offset_of!(Control, counters.roll_backs) - counters), "roll_backs"),
        (at(counters, offset_of!(Control, counters.reclaimed) - counters), "reclaimed"),
        (at(counters, offset_of!(Control, counters.longest_wait_ns) - counters), "longest_wait_ns"),
        (at(counters, offset_of!(Control, counters.copies) - counters), "copies"),
        (at(counters, offset_of!(Control, counters.elected) - counters), "elected"),
    ];
    assert_eq!(offsets, expected);
}

#[test]
fn slots_and_lines_are_as_written() {
    let slot = fields!(SlotLine: pins, namespace, pid, name, owner, listed);
    assert_eq!(rows("Slot"), slot);
    let mut line = fields!(CopyLine: sequence, synced, log_position, dirty_pages);
    line.push((28, size_of::<CopyLine>() - 28, "(unused)"));
    assert_eq!(rows("Copy's line"), line);
}

#[test]
fn the_sections_are_as_written() {
    let geometry = Geometry::new(2, 3, 64, 10 << 20, 100).unwrap();
    assert_eq!(SLOTS, 512);
    assert_eq!(geometry.readers(), 512 + 64 * 64);
    assert_eq!([1, 64, 448, 512, 65_536].map(Listed::words), [8, 8, 8, 16, 1040]);
    assert_eq!(geometry.since(), geometry.readers() + 8 * 8);
    assert_eq!(geometry.lines(), geometry.since() + 64 * 8);
    assert_eq!(Geometry::new(2, 2, 9, 8, 100).map(|few| few.lines() - few.since()), Some(16 * 8));
    assert_eq!(geometry.log(), geometry.lines() + 64 * 3);
    assert_eq!(geometry.pages(), geometry.log() + 8 * 4096);
    assert_eq!(
        [1, 4096, 4160, 64 << 10, 32 << 20, 64 << 20, 1 << 30].map(log_len),
        [64, 64, 128, 1024, 4096, 8192, 65_536]
    );
    let bits = (10_u64 << 20).div_ceil(4096).div_ceil(64);
    assert_eq!(Pages::words(10 << 20) as u64, bits + bits.div_ceil(64));
    assert_eq!(geometry.schema(), geometry.pages() + 8 * 3 * Pages::words(10 << 20) as u64);
    assert_eq!(geometry.images(), (geometry.schema() + 100).next_multiple_of(4096));
    assert_eq!(geometry.file_len(), geometry.images() + 3 * (10 << 20));
    assert_eq!(geometry.image(2), geometry.images() + 2 * (10 << 20));
}

#[test]
fn the_document_is_as_written() {
    use crate::layout::Schema;
    use crate::{List, SharedLayout, Text};

    /// What the workers share.
    #[derive(SharedLayout)]
    #[repr(C)]
    struct Board {
        ticks: u64,
        owner: Text<32>,
        /// The latest ones.
        samples: List<f64, 1024>,
    }
    let example = CHAPTER.split("```json\n").nth(1).expect("an example").split("```").next().unwrap();
    assert_eq!(Schema::of(Board::LAYOUT).pretty(), example);
    assert!(Schema::from_json(example).is_ok());
}
