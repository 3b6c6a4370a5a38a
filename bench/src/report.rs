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
        Cell::Figure(_, text) => text.clone(),
        Cell::Time(stat, remark) => {
            let spread = 100.0 * (stat.high - stat.low) / 2.0 / stat.median.max(f64::MIN_POSITIVE);
            let mut text = format!("{} ±{spread:.0}%", time(stat.median));
            if let Some(best) = table.best(column).filter(|_| table.compared) {
                let _ = write!(text, " ({})", ratio(stat.over(best)));
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

const HEAD: &str = "# shmstate beside its peers\n\n\
                    `cargo run --release -p bench -- --markdown bench/RESULTS.md --charts bench/charts` \
                    writes this page.\n\n";

const LEGEND: &str = "Medians over interleaved rounds, half the distance of the quartiles, and the median ratio to the best peer \
                      (the racing seqlock is a floor and no peer). Latencies are those of each \
                      eighth operation, and contain the clock.";

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
    let mut out = format!("{HEAD}{LEGEND}\n\n");
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
