//! Which copy each of five updates writes, while a reader stays in its closure: read from the region after each update.

use crate::canvas::{BLUE, Canvas, Frame, GREEN, GREY, INK, MIST, ORANGE};
use crate::region::Bytes;
use shmstate::State;
use std::path::Path;

const UPDATES: u64 = 5;
const COPIES: usize = 3;
/// The update after which the reader enters its closure.
const READS: u64 = 1;

/// What a region says at one moment: the active version and copy, and the version that each copy was published with.
struct Moment {
    version: u64,
    active: usize,
    published: Vec<Option<u64>>,
}

impl Moment {
    fn of(path: &Path) -> Moment {
        let bytes = Bytes::of(path);
        let (published, lines) = (bytes.long(320), bytes.long(136) as usize);
        let of_copy = |copy| Some(bytes.long(lines + 64 * copy + 8)).filter(|&version| version != u64::MAX);
        Moment {
            version: published >> 8,
            active: (published & 0x3f) as usize,
            published: (0..COPIES).map(of_copy).collect(),
        }
    }
}

fn moments() -> Vec<Moment> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("counter");
    let state = State::<u64>::options().copies(COPIES).create(&path).unwrap();
    let mut moments = vec![Moment::of(&path)];
    let update = |moments: &mut Vec<Moment>| {
        state.update(|counter| *counter += 1).unwrap();
        moments.push(Moment::of(&path));
    };
    (0..READS).for_each(|_| update(&mut moments));
    let read = state.read(|counter| {
        std::thread::scope(|scope| {
            scope.spawn(|| (READS..UPDATES).for_each(|_| update(&mut moments)));
        });
        *counter
    });
    assert_eq!(read.unwrap(), READS, "a reader sees one version");
    moments
}

pub fn draw() -> Canvas {
    let moments = moments();
    let (left, top, width, height) = (90.0, 78.0, 112.0, 56.0);
    let end = top + height * COPIES as f64;
    let mut canvas = Canvas::new(
        left + width * moments.len() as f64 + 20.0,
        end + 84.0,
        "Three copies over five updates",
    )
    .text(20.0, 28.0, 16.0, INK, "Three copies over five updates, while a reader stays in its closure");
    for copy in 0..COPIES {
        canvas = canvas.text_before(left - 12.0, top + height * copy as f64 + 32.0, 13.0, INK, &format!("copy {copy}"));
    }
    for (number, moment) in moments.iter().enumerate() {
        let x = left + width * number as f64;
        let title = if number == 0 { "created".to_owned() } else { format!("update {number}") };
        canvas = canvas.text_around(x + width / 2.0, top - 12.0, 13.0, INK, &title);
        for (copy, published) in moment.published.iter().enumerate() {
            let frame = Frame::new(x + 3.0, top + height * copy as f64 + 3.0, width - 6.0, height - 6.0);
            let is_active = copy == moment.active;
            let (fill, says) = match published {
                _ if is_active && number > 0 => (GREEN, "just published".to_owned()),
                _ if is_active => (GREEN, "active".to_owned()),
                Some(version) => (BLUE, format!("{} behind", moment.version - version)),
                None => (MIST, "never written".to_owned()),
            };
            let version = published.map_or("–".to_owned(), |version| format!("version {version}"));
            canvas = canvas
                .block(frame, fill)
                .text_around(frame.middle(), frame.y + 22.0, 13.0, INK, &version)
                .text_around(frame.middle(), frame.y + 40.0, 11.0, GREY, &says);
        }
    }
    let (begins, copy) = (READS as usize, moments[READS as usize].active);
    let pinned = Frame::new(
        left + width * begins as f64,
        top + height * copy as f64,
        width * (moments.len() - begins) as f64,
        height,
    );
    canvas
        .border(pinned, ORANGE)
        .text(
            left,
            end + 26.0,
            13.0,
            ORANGE,
            &format!("Orange: a reader is in version {READS}. No update writes that copy, and none waits for it."),
        )
        .text(
            left,
            end + 46.0,
            13.0,
            INK,
            "Green: the active copy, which new readers enter. An update writes another copy, and activates it.",
        )
        .text(
            left,
            end + 66.0,
            13.0,
            INK,
            "Before an update runs, its copy takes over what it lacks: only the bytes that changed.",
        )
}
