//! The order of the library's parts, by the table at the end of the design chapter.

use crate::canvas::{BLUE, Canvas, Frame, GREEN, GREY, INK, MIST, SAND};

pub fn draw() -> Canvas {
    let rows = crate::table(&crate::file("shmstate/docs/design.md"), "## Reading order of the code");
    assert!(rows.len() >= 10, "{rows:?}");
    let (left, top, width, step) = (70.0, 48.0, 130.0, 32.0);
    let end = top + step * rows.len() as f64;
    let longest = rows.iter().map(|row| row[1].chars().count()).max().unwrap_or(0) as f64;
    let mut canvas = Canvas::new(left + width + longest * 6.6 + 30.0, end + 20.0, "The floors of the library")
        .text(20.0, 28.0, 16.0, INK, "The floors of the library: imports lead down")
        .arrow((40.0, top), (40.0, end), GREY);
    for (number, row) in rows.iter().rev().enumerate() {
        let [part, job] = row.as_slice() else { panic!("{row:?}") };
        let fill = match part.as_str() {
            "commit" => GREEN,
            "os" | "region" => SAND,
            "state" | "golden" | "dynamic" => BLUE,
            _ => MIST,
        };
        let frame = Frame::new(left, top + step * number as f64, width, step);
        canvas = canvas.block(frame, fill).text_around(frame.middle(), frame.y + 21.0, 13.0, INK, part).text(
            left + width + 14.0,
            frame.y + 21.0,
            13.0,
            INK,
            job,
        );
    }
    canvas
}
