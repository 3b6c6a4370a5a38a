//! A table for each type of the program.

use crate::document::{Document, Field, Kind};
use crate::failure::Failure;
use comfy_table::{CellAlignment, Table, presets};
use std::io::Write;

pub fn show(out: &mut impl Write, document: &Document) -> Result<(), Failure> {
    for (number, index) in document.of_the_program().enumerate() {
        if number > 0 {
            writeln!(out)?;
        }
        of_type(out, document, index)?;
    }
    Ok(())
}

fn of_type(out: &mut impl Write, document: &Document, index: usize) -> Result<(), Failure> {
    let ty = &document.types[index];
    let kind = match ty.kind {
        Kind::Struct(_) => "struct ",
        Kind::Enum { .. } => "enum ",
        _ => "",
    };
    writeln!(out, "{kind}{}: {} bytes, aligned to {}", document.name(index), ty.size, ty.align)?;
    for line in document.doc(index, "").lines() {
        writeln!(out, "{}", format!("  {}", line.trim()).trim_end())?;
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["  offset", "size", "name", "type", ""]);
    for column in 0..2 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    match &ty.kind {
        Kind::Struct(fields) => {
            for field in fields {
                row(&mut table, document, field, "", document.doc(index, &field.name));
            }
        }
        Kind::Enum { repr, variants } => {
            table.add_row(["0", "", "(discriminant)", repr, ""]);
            for variant in variants {
                let value = format!("= {}", variant.value);
                table.add_row(["", "", &variant.name, &value, first(document.doc(index, &variant.name))]);
                for field in &variant.fields {
                    let part = format!("{}.{}", variant.name, field.name);
                    row(&mut table, document, field, "  .", document.doc(index, &part));
                }
            }
        }
        _ => return Ok(()),
    }
    writeln!(out, "{}", table.to_string().lines().map(str::trim_end).collect::<Vec<_>>().join("\n"))?;
    Ok(())
}

fn row(table: &mut Table, document: &Document, field: &Field, before: &str, doc: &str) {
    table.add_row([
        field.offset.to_string(),
        document.types[field.ty].size.to_string(),
        format!("{before}{}", field.name),
        document.name(field.ty),
        first(doc).to_owned(),
    ]);
}

/// The first line of a documentation.
fn first(doc: &str) -> &str {
    doc.lines().next().unwrap_or_default().trim()
}
