//! What a writer's death leaves, by the table beside the code that sets it right.

use crate::canvas::{Canvas, Frame, GREEN, GREY, INK, MIST, ORANGE, SAND};

pub fn draw() -> Canvas {
    let rows = crate::table(&crate::file("shmstate/src/commit/recovery.rs"), "A writer's life");
    assert!(rows.len() >= 5, "{rows:?}");
    let (left, top, width, gap) = (20.0, 84.0, 158.0, 10.0);
    let total = (width + gap) * rows.len() as f64;
    let mut canvas = Canvas::new(total + 2.0 * left, 416.0, "What the death of a writer leaves")
        .text(left, 28.0, 16.0, INK, "An update, and what the death of its process leaves")
        .arrow((left, 60.0), (left + total - gap, 60.0), INK)
        .text(left, 52.0, 11.0, GREY, "the lock is taken")
        .text_before(left + total - gap - 10.0, 52.0, 11.0, GREY, "the lock is released");
    for (number, row) in rows.iter().enumerate() {
        let [died, left_behind, next] = row.as_slice() else { panic!("{row:?}") };
        let x = left + (width + gap) * number as f64;
        for (y, height, fill, title, says) in [
            (top, 78.0, MIST, "the process dies", died),
            (top + 92.0, 92.0, SAND, "what is there", left_behind),
            (top + 198.0, 92.0, GREEN, "what the next writer does", next),
        ] {
            let frame = Frame::new(x, y, width, height);
            let colour = if y == top { ORANGE } else { GREY };
            canvas = canvas.block(frame, fill).text(x + 8.0, y + 17.0, 11.0, colour, title).paragraph(
                x + 8.0,
                y + 36.0,
                width - 12.0,
                13.0,
                INK,
                says,
            );
        }
        canvas = canvas.arrow((x + width / 2.0, top + 78.0), (x + width / 2.0, top + 92.0), GREY).arrow(
            (x + width / 2.0, top + 184.0),
            (x + width / 2.0, top + 198.0),
            GREY,
        );
    }
    canvas.text(
        left,
        top + 316.0,
        13.0,
        GREY,
        "The active copy is never written: whatever a death leaves, readers go on.",
    )
}
