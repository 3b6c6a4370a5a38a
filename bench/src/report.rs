//! Tables for a terminal, and as Markdown.

use crate::results::{Cell, Results, Table, time};
use crate::targets::Verdict;
use comfy_table::presets::{ASCII_MARKDOWN, UTF8_FULL_CONDENSED};
use comfy_table::{CellAlignment, ContentArrangement, TableStyle};
use std::fmt::Write;

/// One table, with the reasons of what is missing below it.
fn show(table: &Table, style: TableStyle, heading: &str) -> String {
    let mut drawn = comfy_table::Table::new();
    drawn.load_style(style).set_content_arrangement(ContentArrangement::Disabled);
    drawn.set_header([String::new()].into_iter().chain(table.columns.iter().cloned()));
    let mut reasons: Vec<String> = Vec::new();
    for row in &table.rows {
        if row.cells.iter().all(|cell| matches!(cell, Cell::Cannot(_))) {
            // A row of nothing but reasons is said below.
            let mut whys: Vec<&str> = row.cells.iter().filter_map(why).collect();
            whys.dedup();
            reasons.push(format!("{}: {}", row.name, whys.join("; ")));
            continue;
        }
        let mut cells = vec![row.name.clone()];
        for (column, cell) in row.cells.iter().enumerate() {
            cells.push(text(table, column, cell));
            if let Some(why) = why(cell) {
                let reason = format!("{}: {why}", row.name);
                if !reasons.contains(&reason) {
                    reasons.push(reason);
                }
            }
        }
        drawn.add_row(cells);
    }
    for column in drawn.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let mut out = format!("{heading}{}\n\n{drawn}\n", table.title);
    if !reasons.is_empty() {
        let _ = writeln!(out, "\n— {}.", reasons.join(". "));
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
        Cell::Figure(_, text) => text.clone(),
        Cell::Time(stat, remark) => {
            let spread = 100.0 * (stat.high - stat.low) / 2.0 / stat.median.max(f64::MIN_POSITIVE);
            let mut text = format!("{} ±{spread:.0}%", time(stat.median));
            if let Some(best) = table.best(column).filter(|_| table.compared) {
                let _ = write!(text, " ({})", ratio(stat.median / best));
            }
            if let Some(remark) = remark {
                let _ = write!(text, " {remark}");
            }
            text
        }
    }
}

fn ratio(value: f64) -> String {
    if value < 10.0 { format!("{value:.2}x") } else { format!("{value:.0}x") }
}

const LEGEND: &str = "Medians over interleaved rounds, half the distance of the quartiles, and the ratio to the best peer \
                      (the racing seqlock is a floor and no peer). \
                      Latencies contain the clock.";

pub fn terminal(results: &Results, verdicts: &[Verdict]) -> String {
    let mut out = format!("{LEGEND}\n\n");
    for table in &results.tables {
        out += &show(table, UTF8_FULL_CONDENSED, "");
        out.push('\n');
    }
    finish(out, results, verdicts, UTF8_FULL_CONDENSED, "")
}

/// `charts`: title and file of each.
pub fn markdown(results: &Results, verdicts: &[Verdict], charts: &[(String, String)]) -> String {
    let mut out = format!("{LEGEND}\n\n");
    for table in &results.tables {
        out += &show(table, ASCII_MARKDOWN, "### ");
        if let Some((title, file)) = charts.iter().find(|(title, _)| *title == table.title) {
            let _ = writeln!(out, "\n![{title}]({file})");
        }
        out.push('\n');
    }
    finish(out, results, verdicts, ASCII_MARKDOWN, "### ")
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
        let _ = writeln!(out, "\n{note}.");
    }
    out
}
