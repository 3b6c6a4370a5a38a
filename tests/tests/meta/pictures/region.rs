//! What lies where in a region, by the words of a real one.

use crate::canvas::{BLUE, Canvas, Frame, GREEN, GREY, INK, MIST, SAND};
use shmstate::{List, SharedLayout, State, Text};
use std::path::Path;

/// The struct of the README.
#[derive(SharedLayout)]
#[repr(C)]
struct Board {
    ticks: u64,
    owner: Text<32>,
    samples: List<f64, 1024>,
}

/// The bytes of a region's file, and the numbers in them that the format chapter names.
pub struct Bytes(Vec<u8>);

impl Bytes {
    pub fn of(path: &Path) -> Bytes {
        Bytes(std::fs::read(path).unwrap())
    }

    pub fn long(&self, at: usize) -> u64 {
        u64::from_ne_bytes(self.0[at..at + 8].try_into().unwrap())
    }

    pub fn short(&self, at: usize) -> u64 {
        u32::from_ne_bytes(self.0[at..at + 4].try_into().unwrap()).into()
    }
}

struct Section {
    name: String,
    says: String,
    at: u64,
    fill: &'static str,
}

pub fn draw() -> Canvas {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("board");
    let _state = State::<Board>::create(&path).unwrap();
    let bytes = Bytes::of(&path);
    let (slots, copies, stride) = (bytes.short(96), bytes.short(100), bytes.long(168));
    let fixed = [
        ("identity", "format, size, fingerprint of the type, when and by which run of the machine".to_owned(), 0, MIST),
        ("control", "the writer's lock, the active version and copy, counters".to_owned(), bytes.long(120), SAND),
        ("slots", format!("{slots} of 64 bytes: one for each handle, with its pins"), bytes.long(128), SAND),
        ("readers", "which slots a writer has to look at".to_owned(), 512 + 64 * slots, SAND),
        (
            "since",
            "for each handle when it was attached".to_owned(),
            bytes.long(136) - (8 * slots).next_multiple_of(64),
            SAND,
        ),
        (
            "lines",
            format!("{copies} of 64 bytes: for each copy its version, and its position in the log"),
            bytes.long(136),
            SAND,
        ),
        ("log", "byte ranges that the last updates have changed".to_owned(), bytes.long(176), SAND),
        ("pages", "for each copy one bit per 4 KiB that it lacks".to_owned(), bytes.long(144), SAND),
        ("schema", "the type, as a JSON document".to_owned(), bytes.long(152), MIST),
    ];
    let mut sections: Vec<Section> =
        fixed.into_iter().map(|(name, says, at, fill)| Section { name: name.to_owned(), says, at, fill }).collect();
    sections.extend((0..copies).map(|copy| Section {
        name: format!("copy {copy}"),
        says: match copy {
            0 => format!("the state, {} bytes: active, which readers use in place", bytes.long(80)),
            _ => "the state once more: an update writes it, and activates it".to_owned(),
        },
        at: bytes.long(160) + copy * stride,
        fill: if copy == 0 { GREEN } else { BLUE },
    }));

    let (top, step, left, width) = (52.0, 34.0, 110.0, 110.0);
    let end = top + step * sections.len() as f64;
    let mut canvas = Canvas::new(760.0, end + 34.0, "What lies where in the file of a region")
        .text(20.0, 28.0, 16.0, INK, "A region: one file, mapped by every process")
        .text_before(left - 12.0, 46.0, 11.0, GREY, "offset")
        .text(left + width + 14.0, 46.0, 11.0, GREY, "not to scale");
    for (number, section) in sections.iter().enumerate() {
        let frame = Frame::new(left, top + step * number as f64, width, step);
        canvas = canvas
            .block(frame, section.fill)
            .text_around(frame.middle(), frame.y + 22.0, 13.0, INK, &section.name)
            .text_before(left - 12.0, frame.y + 5.0, 11.0, GREY, &section.at.to_string())
            .text(left + width + 14.0, frame.y + 22.0, 13.0, INK, &section.says);
    }
    canvas.text_before(left - 12.0, end + 5.0, 11.0, GREY, &bytes.long(24).to_string())
}
