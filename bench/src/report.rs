//! Tables for a terminal, and as Markdown.

use crate::environment;
use crate::op::Op;
use crate::results::{Better, Cell, Results, Table};
use crate::targets::Verdict;
use anyhow::{Context, Result};
use comfy_table::presets::{ASCII_MARKDOWN, UTF8_FULL_CONDENSED};
use comfy_table::{CellAlignment, ContentArrangement, TableStyle};
use std::fmt::Write;
use std::path::Path;

/// One table, with the reasons of what is missing below it.
fn show(table: &Table, style: TableStyle, heading: &str) -> String {
    let mut drawn = comfy_table::Table::new();
    drawn.load_style(style).set_content_arrangement(ContentArrangement::Disabled);
    drawn.set_header([String::new()].into_iter().chain(table.columns.iter().cloned()));
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for row in &table.rows {
        for why in row.cells.iter().filter_map(why) {
            match reasons.iter_mut().find(|(reason, _)| *reason == why) {
                Some((_, names)) if names.last() == Some(&row.name.as_str()) => {}
                Some((_, names)) => names.push(&row.name),
                None => reasons.push((why, vec![&row.name])),
            }
        }
        // A row of nothing but reasons is said below.
        if !row.cells.iter().all(|cell| matches!(cell, Cell::Cannot(_))) {
            let cells = row.cells.iter().enumerate().map(|(column, cell)| text(table, column, cell));
            drawn.add_row([row.name.clone()].into_iter().chain(cells));
        }
    }
    for column in drawn.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let mut out = format!("{heading}{}\n\n{drawn}\n", table.title);
    if !reasons.is_empty() {
        let said: Vec<String> = reasons.iter().map(|(why, names)| format!("{}: {why}", names.join(", "))).collect();
        let _ = writeln!(out, "\n— {}.", said.join(". "));
    }
    out
}

fn why(cell: &Cell) -> Option<&str> {
    match cell {
        Cell::Cannot(why) => Some(why),
        _ => None,
    }
}

fn text(table: &Table, column: usize, cell: &Cell) -> String {
    match cell {
        Cell::Cannot(_) => "—".to_owned(),
        Cell::Time(stat, _) | Cell::Figure(stat, ..) => {
            let mut text = cell.text(stat.median);
            // Of one round there is no spread, and none of what is a share already.
            if stat.rounds() > 1 && cell.better() != Better::Neither {
                let spread = 100.0 * (stat.high - stat.low) / 2.0 / stat.median.max(f64::MIN_POSITIVE);
                let _ = write!(text, " ±{spread:.0}%");
            }
            if let Some(best) = table.best(column).filter(|_| table.compared && cell.better() != Better::Neither) {
                let _ = write!(text, " ({})", ratio(stat.over(best)));
            }
            if let Cell::Time(_, Some(remark)) = cell {
                let _ = write!(text, " {remark}");
            }
            text
        }
    }
}

fn ratio(value: f64) -> String {
    match value {
        _ if value < 0.01 => format!("{value:.5}x"),
        _ if value < 10.0 => format!("{value:.2}x"),
        _ => format!("{value:.0}x"),
    }
}

const HEAD: &str = "# shmstate beside its peers\n\n\
                    `cargo run --release -p bench -- --gib 6 --markdown bench/RESULTS.md --charts bench/charts --readme README.md` \
                    writes this page, its charts, and the tables of the README.\n\n";

const LEGEND: &str = "Medians over interleaved rounds, half the distance of the quartiles, and the median ratio to the best peer \
                      (the racing seqlock is a floor and no peer): below 1 is less time or less memory, and of \
                      rates, above 1 is more. Latencies beside others are those of each eighth operation, and contain the clock. \
                      Peers without roll-back restore the old value by hand. A map is half full; peers without one keep a table \
                      of open addressing in its list, without shmstate's keyed hash.";

pub fn terminal(results: &Results, verdicts: &[Verdict]) -> String {
    let mut out = format!("{}.\n\n{LEGEND}\n\n", environment::line());
    for table in &results.tables {
        out += &show(table, UTF8_FULL_CONDENSED, "");
        out.push('\n');
    }
    finish(out, results, verdicts, UTF8_FULL_CONDENSED, "")
}

/// `charts`: title and file of each.
pub fn markdown(results: &Results, verdicts: &[Verdict], charts: &[(String, String)]) -> String {
    let mut out = format!("{HEAD}{}.\n\n{LEGEND}\n\n", environment::line());
    for table in &results.tables {
        out += &show(table, ASCII_MARKDOWN, "### ");
        if let Some((title, file)) = charts.iter().find(|(title, _)| *title == table.title) {
            let _ = writeln!(out, "\n![{title}]({file})");
        }
        out.push('\n');
    }
    // Those across several tables.
    for (title, file) in charts.iter().filter(|(title, _)| results.table(title).is_none()) {
        let _ = writeln!(out, "![{title}]({file})\n");
    }
    finish(out, results, verdicts, ASCII_MARKDOWN, "### ")
}

/// The rows of the README's table: this library, and one peer of each kind.
const FRONT_ROWS: [&str; 5] =
    ["shmstate", "robust mutex, in place", "iceoryx2 blackboard", "LMDB, no sync, write map", "Python Array"];

/// The sizes of the README's table.
const FRONT_SIZES: [&str; 3] = ["64 B", "64 KiB", "1 MiB"];

/// The README's table: a read and an update at a few sizes, as medians.
pub fn readme(results: &Results, verdicts: &[Verdict]) -> String {
    let met = verdicts.iter().filter(|verdict| verdict.met).count();
    let mut out = format!("{}: medians. Of {} aims, {met} were met.\n\n", environment::line(), verdicts.len());
    let cells: Vec<_> = [(Op::ReadOne, "read"), (Op::UpdateOne, "update")]
        .into_iter()
        .flat_map(|(op, verb)| FRONT_SIZES.map(|size| (op.title(), verb, size)))
        .collect();
    let heads: Vec<_> = cells.iter().map(|(_, verb, size)| format!("{verb}, {size}")).collect();
    let _ = writeln!(out, "| one element and the counter | {} |", heads.join(" | "));
    let _ = writeln!(out, "|---|{}", "---:|".repeat(heads.len()));
    for row in FRONT_ROWS {
        let values = cells.iter().map(|(title, _, size)| {
            let table = results.table(title)?;
            let cell = table.rows.iter().find(|other| other.name == row)?.cells.get(table.column(size)?)?;
            Some(cell.text(cell.value()?))
        });
        let values: Vec<_> = values.map(|value| value.unwrap_or_else(|| "—".to_owned())).collect();
        let _ = writeln!(out, "| {row} | {} |", values.join(" | "));
    }
    out.push('\n');
    out
}

/// The file's text, with another one between the two lines that mark the place.
pub fn between(file: &Path, text: &str) -> Result<String> {
    const MARKS: [&str; 2] = ["<!-- bench -->\n", "<!-- /bench -->\n"];
    let old = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let parts = old.split_once(MARKS[0]).and_then(|(head, rest)| Some((head, rest.split_once(MARKS[1])?.1)));
    let (head, tail) = parts.with_context(|| {
        format!("{} has no lines `{}` and `{}`, to write between", file.display(), MARKS[0].trim(), MARKS[1].trim())
    })?;
    Ok(format!("{head}{}\n{text}{}{tail}", MARKS[0], MARKS[1]))
}

fn finish(mut out: String, results: &Results, verdicts: &[Verdict], style: TableStyle, heading: &str) -> String {
    let mut drawn = comfy_table::Table::new();
    drawn.load_style(style).set_content_arrangement(ContentArrangement::Disabled);
    drawn.set_header(["aim", "at most or at least", "measured", ""]);
    for verdict in verdicts {
        let met = if verdict.met { "met" } else { "missed" };
        drawn.add_row([&verdict.aim, &verdict.bound, &verdict.measured, met]);
    }
    let _ = writeln!(out, "{heading}what is aimed at\n\n{drawn}");
    for note in &results.notes {
        let _ = writeln!(out, "\nNote: {note}.");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_between_the_marks_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("README.md");
        std::fs::write(&file, "a\n<!-- bench -->\nold\n<!-- /bench -->\nb\n").unwrap();
        let text = between(&file, "new\n").unwrap();
        assert_eq!(text, "a\n<!-- bench -->\n\nnew\n<!-- /bench -->\nb\n");
        std::fs::write(&file, "a\n").unwrap();
        assert!(between(&file, "new\n").unwrap_err().to_string().contains("<!-- bench -->"));
    }
}
