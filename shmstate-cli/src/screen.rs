//! Lines of a tree on a terminal.

use crate::lines::Line;
use anstyle::{AnsiColor, Color, Style};
use std::io::{Result, Write};

const LABEL: Style = AnsiColor::Cyan.on_default();
const NOTE: Style = AnsiColor::BrightBlack.on_default();
const CHANGED: Style =
    Style::new().fg_color(Some(Color::Ansi(AnsiColor::Black))).bg_color(Some(Color::Ansi(AnsiColor::Yellow)));

/// Writes the lines; those that `before` does not have as they are now are marked. Without `before`, none is. `note` is what
/// stands after a line.
pub fn write(out: &mut impl Write, lines: &[Line], before: &[Line], note: impl Fn(&Line) -> String) -> Result<()> {
    let width = lines.iter().map(|line| line.depth * 2 + line.label.chars().count()).max().unwrap_or(0).min(40);
    for line in lines {
        let (label, text) = (&line.label, &line.text);
        let gap = width.saturating_sub(line.depth * 2 + label.chars().count()) + 2;
        let changed = !before.is_empty() && !before.contains(line);
        let (on, off) =
            if changed { (CHANGED.render().to_string(), CHANGED.render_reset().to_string()) } else { <_>::default() };
        write!(out, "{:indent$}{LABEL}{label}{LABEL:#}{:gap$}{on}{text}{off}", "", "", indent = line.depth * 2)?;
        match note(line) {
            note if note.is_empty() => writeln!(out)?,
            note => writeln!(out, "  {NOTE}{note}{NOTE:#}")?,
        }
    }
    Ok(())
}
