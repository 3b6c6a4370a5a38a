//! `diff`.

use crate::document::Document;
use crate::failure::Failure;
use crate::json_file;
use crate::progress::Busy;
use crate::regions;
use anstyle::{AnsiColor, Style};
use serde_json::Value as Json;
use std::io::Write;
use std::path::Path;

const GONE: Style = AnsiColor::Red.on_default();
const NEW: Style = AnsiColor::Green.on_default();

pub fn diff(out: &mut impl Write, one: &Path, other: &Path) -> Result<bool, Failure> {
    let busy = Busy::new("read");
    let ((one_layout, one), (other_layout, other)) = (read(one)?, read(other)?);
    drop(busy);
    let same_layout = match (one_layout, other_layout) {
        (Some(one), Some(other)) => print_layouts(out, &Document::of(&one)?, &Document::of(&other)?)?,
        // A value alone has none.
        _ => true,
    };
    Ok(print(out, &one, &other)? && same_layout)
}

/// The layout and the value of a region, or of a JSON file: an exported one, or of the value alone.
fn read(path: &Path) -> Result<(Option<String>, Json), Failure> {
    let wrong = |error| Failure::Argument(format!("{}: {error}", path.display()));
    let Some(text) = json_file::text(path)? else {
        let mut state = regions::open(path)?;
        let (schema, value) = regions::look(&mut state, |state| Ok((state.schema(), state.to_json("")?)))?;
        return Ok((Some(schema), serde_json::from_str(&value).map_err(wrong)?));
    };
    Ok(match serde_json::from_str(&text).map_err(wrong)? {
        Json::Object(mut members) if members.contains_key("shmstate_export") => {
            let layout = members.remove("schema").map(|schema| schema.to_string());
            (layout, members.remove("value").unwrap_or_default())
        }
        value => (None, value),
    })
}

/// Prints the fields that only one layout has as they are. Returns whether there is none.
fn print_layouts(out: &mut impl Write, one: &Document, other: &Document) -> Result<bool, Failure> {
    let (one, other) = (one.paths(), other.paths());
    let lines = one.iter().filter(|field| !other.contains(field)).map(|field| (GONE, '-', field));
    let lines: Vec<_> =
        lines.chain(other.iter().filter(|field| !one.contains(field)).map(|field| (NEW, '+', field))).collect();
    if !lines.is_empty() {
        writeln!(out, "layout:")?;
    }
    for (style, sign, (path, ty)) in &lines {
        writeln!(out, "{style}{sign} {path}: {ty}{style:#}")?;
    }
    if !lines.is_empty() {
        writeln!(out, "values:")?;
    }
    Ok(lines.is_empty())
}

/// Prints what differs, one line for each value on a side. Returns whether nothing does.
pub fn print(out: &mut impl Write, one: &Json, other: &Json) -> Result<bool, Failure> {
    print_part(out, "", one, other)
}

/// [`print`], of the part of a state that a path leads to.
pub fn print_part(out: &mut impl Write, path: &str, one: &Json, other: &Json) -> Result<bool, Failure> {
    let mut lines = Vec::new();
    compare(path, Some(one), Some(other), &mut lines);
    for (sign, path, value) in &lines {
        let style = if *sign == '-' { GONE } else { NEW };
        let path = if path.is_empty() { "the state" } else { path };
        writeln!(out, "{style}{sign} {path}: {value}{style:#}")?;
    }
    Ok(lines.is_empty())
}

fn compare(path: &str, one: Option<&Json>, other: Option<&Json>, lines: &mut Vec<(char, String, String)>) {
    match (one, other) {
        (one, other) if one == other => {}
        (Some(Json::Object(one)), Some(Json::Object(other))) => {
            for (name, value) in one {
                compare(&field(path, name), Some(value), other.get(name), lines);
            }
            for (name, value) in other.iter().filter(|(name, _)| !one.contains_key(*name)) {
                compare(&field(path, name), None, Some(value), lines);
            }
        }
        (Some(Json::Array(one)), Some(Json::Array(other))) => {
            for index in 0..one.len().max(other.len()) {
                compare(&format!("{path}[{index}]"), one.get(index), other.get(index), lines);
            }
        }
        (one, other) => {
            lines.extend(one.map(|value| ('-', path.to_owned(), value.to_string())));
            lines.extend(other.map(|value| ('+', path.to_owned(), value.to_string())));
        }
    }
}

fn field(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn diff(one: &str, other: &str) -> String {
        let mut out = Vec::new();
        let same = print(&mut out, &serde_json::from_str(one).unwrap(), &serde_json::from_str(other).unwrap())
            .is_ok_and(|same| same);
        assert_eq!(same, out.is_empty());
        anstream::adapter::strip_str(&String::from_utf8(out).unwrap()).to_string()
    }

    #[test]
    fn each_difference_is_named_by_its_path() {
        assert_eq!(diff(r#"{"a":[1,2]}"#, r#"{"a":[1,2]}"#), "");
        assert_eq!(
            diff(r#"{"a":[1,2],"b":0}"#, r#"{"a":[1,3,4],"c":{}}"#),
            "- a[1]: 2\n+ a[1]: 3\n+ a[2]: 4\n- b: 0\n+ c: {}\n"
        );
        assert_eq!(diff("1", "2"), "- the state: 1\n+ the state: 2\n");
    }
}
