//! The bytes of each type of the program, eight in a row.

use crate::document::{Document, Field, Kind, integer_size};
use crate::failure::Failure;
use std::io::Write;

/// Bytes in a row.
const ROW: u64 = 8;
/// Columns of a byte, with the line before it.
const CELL: usize = 5;

/// Bytes with a name.
struct Part {
    start: u64,
    end: u64,
    label: String,
}

pub fn show(out: &mut impl Write, document: &Document) -> Result<(), Failure> {
    for (number, index) in document.of_the_program().enumerate() {
        if number > 0 {
            writeln!(out)?;
        }
        let ty = &document.types[index];
        writeln!(out, "{}: {} bytes, aligned to {}", document.name(index), ty.size, ty.align)?;
        match &ty.kind {
            Kind::Struct(fields) => draw(out, &parts(document, fields))?,
            Kind::Enum { repr, variants } => {
                for variant in variants {
                    writeln!(out, "  {} = {}", variant.name, variant.value)?;
                    let mut all = vec![Part { start: 0, end: integer_size(repr), label: repr.clone() }];
                    all.extend(parts(document, &variant.fields));
                    draw(out, &all)?;
                }
            }
            _ => draw(out, &[Part { start: 0, end: ty.size, label: document.name(index) }])?,
        }
    }
    Ok(())
}

fn parts(document: &Document, fields: &[Field]) -> Vec<Part> {
    let part = |field: &Field| Part {
        start: field.offset,
        end: field.offset + document.types[field.ty].size,
        label: format!("{}: {}", field.name, document.name(field.ty)),
    };
    fields.iter().map(part).filter(|part| part.start < part.end).collect()
}

fn draw(out: &mut impl Write, parts: &[Part]) -> Result<(), Failure> {
    let Some(end) = parts.last().map(|part| part.end) else { return Ok(()) };
    let mut row = 0;
    line(out, &[], &pieces(parts, 0))?;
    while row * ROW < end {
        let here = pieces(parts, row);
        write!(out, "{:>10} ", row * ROW)?;
        let mut column = 0;
        for piece in &here {
            let before = (piece.from - column) as usize * CELL;
            let width = (piece.to - piece.from) as usize * CELL - 1;
            let text: String = piece.label.chars().take(width.saturating_sub(1)).collect();
            write!(out, "{:before$}|{:<width$}", "", format!(" {text}"))?;
            column = piece.to;
        }
        writeln!(out, "|")?;
        // Rows with nothing but the part of the row before them are one line.
        let whole = here.last().map_or(row, |piece| piece.end / ROW);
        if whole > row + 2 {
            let text = format!("{} bytes in all", here.last().map_or(0, |piece| piece.end - piece.start));
            writeln!(out, "{:>10} :{text:^width$}:", "", width = ROW as usize * CELL - 1)?;
            row = whole - 1;
        }
        row += 1;
        line(out, &here, &pieces(parts, row))?;
    }
    Ok(())
}

/// What a row has of a part: the columns, in bytes, and the part.
struct Piece<'a> {
    from: u64,
    to: u64,
    start: u64,
    end: u64,
    label: &'a str,
}

fn pieces(parts: &[Part], row: u64) -> Vec<Piece<'_>> {
    let bytes = row * ROW..(row + 1) * ROW;
    let first = parts.partition_point(|part| part.end <= bytes.start);
    let here = parts[first..].iter().take_while(|part| part.start < bytes.end);
    here.map(|part| Piece {
        from: part.start.max(bytes.start) - bytes.start,
        to: part.end.min(bytes.end) - bytes.start,
        start: part.start,
        end: part.end,
        label: if part.start >= bytes.start { &part.label } else { "" },
    })
    .collect()
}

/// The line between two rows.
fn line(out: &mut impl Write, above: &[Piece<'_>], below: &[Piece<'_>]) -> Result<(), Failure> {
    let is_edge = |column: u64| [above, below].iter().any(|row| row.iter().any(|p| p.from == column || p.to == column));
    let is_inside =
        |column: u64| [above, below].iter().any(|row| row.iter().any(|p| p.from <= column && column < p.to));
    // A part that goes on is open.
    let goes_on = |column: u64| below.iter().any(|p| p.label.is_empty() && p.from <= column && column < p.to);
    let mut text = format!("{:>10} ", "");
    for column in 0..=ROW {
        text.push(if is_edge(column) {
            '+'
        } else if column < ROW && is_inside(column) && !goes_on(column) {
            '-'
        } else {
            ' '
        });
        if column < ROW {
            let fill = if is_inside(column) && !goes_on(column) { "-" } else { " " };
            text.push_str(&fill.repeat(CELL - 1));
        }
    }
    writeln!(out, "{}", text.trim_end())?;
    Ok(())
}
