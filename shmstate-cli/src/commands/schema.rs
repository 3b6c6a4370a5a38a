//! `schema`.

use crate::failure::Failure;
use comfy_table::{CellAlignment, Table, presets};
use serde_json::Value as Json;
use shmstate::dynamic::DynState;
use std::io::Write;
use std::path::Path;

pub fn schema(out: &mut impl Write, name: &Path, json: bool) -> Result<bool, Failure> {
    let document = DynState::open(name)?.schema();
    if json {
        writeln!(out, "{document}")?;
        return Ok(true);
    }
    // The library has checked the document.
    let document: Json = serde_json::from_str(&document).map_err(|error| Failure::Argument(error.to_string()))?;
    let schema = Schema { types: list(&document["types"]), docs: list(&document["docs"]) };
    let shown = (0..schema.types.len()).rev().filter(|&index| schema.is_the_programs_own(index));
    for (number, index) in shown.enumerate() {
        if number > 0 {
            writeln!(out)?;
        }
        schema.show(out, index)?;
    }
    Ok(true)
}

fn list(json: &Json) -> &[Json] {
    json.as_array().map_or(&[], Vec::as_slice)
}

struct Schema<'a> {
    types: &'a [Json],
    docs: &'a [Json],
}

impl Schema<'_> {
    /// Types of the library have no documentation of their own in a region, and are named with their capacity.
    fn is_the_programs_own(&self, index: usize) -> bool {
        const LIBRARY: [&str; 14] = [
            "Array",
            "Ring",
            "Queue",
            "Slab",
            "Place",
            "Key",
            "Set",
            "Table",
            "Map",
            "SortedMap",
            "Slots",
            "Maybe",
            "Tracked",
            "Blob",
        ];
        let ty = &self.types[index];
        let has_parts = matches!(ty["kind"].as_str(), Some("struct" | "enum"));
        let is_last = index + 1 == self.types.len();
        is_last || has_parts && !LIBRARY.contains(&ty["name"].as_str().unwrap_or_default())
    }

    /// The type as it would be written in Rust.
    fn name(&self, index: usize) -> String {
        let ty = &self.types[index];
        let of = |member: &str| self.name(ty[member].as_u64().unwrap_or(0) as usize);
        match ty["kind"].as_str() {
            Some("array") => format!("[{}; {}]", of("item"), ty["len"]),
            Some("list") => format!("List<{}, {}>", of("item"), ty["capacity"]),
            Some("text") => format!("Text<{}>", ty["capacity"]),
            _ => {
                let arguments: Vec<String> = list(&ty["arguments"])
                    .iter()
                    .map(|argument| match (argument["type"].as_u64(), argument["const"].as_str()) {
                        (Some(index), _) => self.name(index as usize),
                        (_, Some(number)) => number.to_owned(),
                        _ => "_".to_owned(),
                    })
                    .collect();
                let name = ty["name"].as_str().unwrap_or_default();
                if arguments.is_empty() { name.to_owned() } else { format!("{name}<{}>", arguments.join(", ")) }
            }
        }
    }

    fn doc(&self, index: usize, part: &str) -> &str {
        let is_it = |doc: &&Json| doc["type"] == index && doc["part"] == part;
        self.docs.iter().find(is_it).and_then(|doc| doc["text"].as_str()).unwrap_or_default()
    }

    fn show(&self, out: &mut impl Write, index: usize) -> Result<(), Failure> {
        let ty = &self.types[index];
        writeln!(
            out,
            "{} {}: {} bytes, aligned to {}",
            ty["kind"].as_str().unwrap_or_default(),
            self.name(index),
            ty["size"],
            ty["align"]
        )?;
        for line in self.doc(index, "").lines() {
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
        for field in list(&ty["fields"]) {
            self.row(&mut table, field, "", self.doc(index, field["name"].as_str().unwrap_or_default()));
        }
        if ty["kind"] == "enum" {
            table.add_row([
                "0".to_owned(),
                String::new(),
                "(discriminant)".to_owned(),
                ty["repr"].as_str().unwrap_or_default().to_owned(),
                String::new(),
            ]);
        }
        for variant in list(&ty["variants"]) {
            let name = variant["name"].as_str().unwrap_or_default();
            table.add_row([
                "".to_owned(),
                "".to_owned(),
                name.to_owned(),
                format!("= {}", variant["value"]),
                first(self.doc(index, name)),
            ]);
            for field in list(&variant["fields"]) {
                let part = format!("{name}.{}", field["name"].as_str().unwrap_or_default());
                self.row(&mut table, field, "  .", self.doc(index, &part));
            }
        }
        if table.row_count() > 0 {
            writeln!(out, "{}", table.to_string().lines().map(str::trim_end).collect::<Vec<_>>().join("\n"))?;
        }
        Ok(())
    }

    fn row(&self, table: &mut Table, field: &Json, before: &str, doc: &str) {
        let ty = field["type"].as_u64().unwrap_or(0) as usize;
        let name = format!("{before}{}", field["name"].as_str().unwrap_or_default());
        table.add_row([
            field["offset"].to_string(),
            self.types[ty]["size"].to_string(),
            name,
            self.name(ty),
            first(doc),
        ]);
    }
}

/// The first line of a documentation.
fn first(doc: &str) -> String {
    doc.lines().next().unwrap_or_default().trim().to_owned()
}
