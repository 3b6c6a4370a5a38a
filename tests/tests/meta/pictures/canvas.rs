//! Boxes, lines and text, as SVG that reads well on light and on dark pages.

use svg::Document;
use svg::node::element::{Line, Polygon, Rectangle, Text, Title};

/// Of text and of lines.
pub const INK: &str = "#1f2328";
/// Of what explains.
pub const GREY: &str = "#59636e";
pub const PAPER: &str = "#ffffff";
pub const BLUE: &str = "#cfe3f7";
pub const GREEN: &str = "#cdebd3";
pub const ORANGE: &str = "#d9480f";
pub const SAND: &str = "#f4ecd8";
pub const MIST: &str = "#eef1f4";

/// Pixels that a character takes, as a part of the size of the text: what lines are broken by.
const WIDTH_OF_A_CHARACTER: f64 = 0.53;

/// A corner, a width and a height, in pixels.
#[derive(Clone, Copy)]
pub struct Frame {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}

impl Frame {
    pub fn new(x: f64, y: f64, width: f64, height: f64) -> Frame {
        Frame { x, y, width, height }
    }

    pub fn middle(self) -> f64 {
        self.x + self.width / 2.0
    }
}

pub struct Canvas(Document);

impl Canvas {
    /// An empty picture; `title` is for screen readers.
    pub fn new(width: f64, height: f64, title: &str) -> Canvas {
        let document = Document::new()
            .set("viewBox", (0, 0, width, height))
            .set("width", width)
            .set("height", height)
            .set("role", "img")
            .set("style", "max-width: 100%; height: auto")
            .set("font-family", "system-ui, sans-serif")
            .add(Title::new(title));
        Canvas(document).fill(Frame::new(0.0, 0.0, width, height), PAPER)
    }

    fn fill(self, frame: Frame, fill: &str) -> Canvas {
        Canvas(self.0.add(rectangle(frame).set("fill", fill)))
    }

    /// A filled box with a thin border.
    pub fn block(self, frame: Frame, fill: &str) -> Canvas {
        Canvas(self.0.add(rectangle(frame).set("fill", fill).set("stroke", INK).set("rx", 3)))
    }

    /// A thick border without a filling.
    pub fn border(self, frame: Frame, colour: &str) -> Canvas {
        let border = rectangle(frame).set("fill", "none").set("stroke", colour).set("stroke-width", 3).set("rx", 5);
        Canvas(self.0.add(border))
    }

    fn words(self, x: f64, y: f64, size: f64, colour: &str, anchor: &str, words: &str) -> Canvas {
        let text = Text::new(words).set("x", x).set("y", y).set("font-size", size).set("fill", colour);
        Canvas(self.0.add(text.set("text-anchor", anchor)))
    }

    /// Text that begins at `x`, with its foot at `y`.
    pub fn text(self, x: f64, y: f64, size: f64, colour: &str, words: &str) -> Canvas {
        self.words(x, y, size, colour, "start", words)
    }

    /// Text that ends at `x`.
    pub fn text_before(self, x: f64, y: f64, size: f64, colour: &str, words: &str) -> Canvas {
        self.words(x, y, size, colour, "end", words)
    }

    /// Text around `x`.
    pub fn text_around(self, x: f64, y: f64, size: f64, colour: &str, words: &str) -> Canvas {
        self.words(x, y, size, colour, "middle", words)
    }

    /// Text in lines that are no longer than `width`.
    pub fn paragraph(mut self, x: f64, y: f64, width: f64, size: f64, colour: &str, words: &str) -> Canvas {
        for (number, line) in lines(words, (width / (size * WIDTH_OF_A_CHARACTER)) as usize).iter().enumerate() {
            self = self.text(x, y + number as f64 * size * 1.35, size, colour, line);
        }
        self
    }

    /// An arrow from one point to another, straight to the right or straight down.
    pub fn arrow(self, from: (f64, f64), to: (f64, f64), colour: &str) -> Canvas {
        let line = Line::new().set("x1", from.0).set("y1", from.1).set("x2", to.0).set("y2", to.1);
        let head = if from.1 == to.1 {
            [to, (to.0 - 8.0, to.1 - 4.0), (to.0 - 8.0, to.1 + 4.0)]
        } else {
            [to, (to.0 - 4.0, to.1 - 8.0), (to.0 + 4.0, to.1 - 8.0)]
        };
        let points: Vec<String> = head.iter().map(|(x, y)| format!("{x},{y}")).collect();
        let head = Polygon::new().set("points", points.join(" ")).set("fill", colour);
        Canvas(self.0.add(line.set("stroke", colour).set("stroke-width", 1.5)).add(head))
    }

    pub fn finish(self) -> String {
        format!("{}\n", self.0)
    }
}

fn rectangle(frame: Frame) -> Rectangle {
    Rectangle::new().set("x", frame.x).set("y", frame.y).set("width", frame.width).set("height", frame.height)
}

/// Breaks words into lines of at most `most` characters.
fn lines(words: &str, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + word.chars().count() < most => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
