//! One chart per table of times: sizes to the right, nanoseconds upwards, both on a logarithmic scale, one line for each.

use crate::results::{Table, time};
use std::fmt::Write;

const WIDTH: f64 = 860.0;
const HEIGHT: f64 = 420.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 200.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 40.0;
/// Told apart by people who see few colours, too (Okabe and Ito, and more).
const COLOURS: [&str; 11] = [
    "#d55e00", "#000000", "#999999", "#0072b2", "#009e73", "#e69f00", "#b8860b", "#cc79a7", "#56b4e9", "#7b68ee",
    "#8b4513",
];

/// Nothing, if there is nothing to draw.
pub fn svg(table: &Table) -> Option<String> {
    let values = table.rows.iter().flat_map(|row| &row.cells).filter_map(|cell| cell.value()).filter(|v| *v > 0.0);
    let (least, most) = values.fold((f64::MAX, 0.0f64), |(least, most), v| (least.min(v), most.max(v)));
    if most == 0.0 {
        return None;
    }
    let (low, high) = (least.log10().floor(), most.log10().ceil().max(least.log10().floor() + 1.0));
    let columns = table.columns.len().max(2) - 1;
    let x = |column: usize| LEFT + (WIDTH - LEFT - RIGHT) * column as f64 / columns as f64;
    let y = |value: f64| TOP + (HEIGHT - TOP - BOTTOM) * (high - value.log10()) / (high - low);

    let mut out = String::new();
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
         font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
         <text x=\"{LEFT}\" y=\"22\" font-size=\"15\">{}</text>\n",
        escape(&table.title)
    );
    for power in low as i32..=high as i32 {
        let value = 10f64.powi(power);
        let (y, to) = (y(value), WIDTH - RIGHT);
        let _ = writeln!(
            out,
            "<line x1=\"{LEFT}\" y1=\"{y:.1}\" x2=\"{to}\" y2=\"{y:.1}\" stroke=\"#ddd\"/>\
             <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            LEFT - 6.0,
            y + 4.0,
            round(value)
        );
    }
    for (column, name) in table.columns.iter().enumerate() {
        let (x, y) = (x(column), HEIGHT - BOTTOM + 18.0);
        let _ = writeln!(out, "<text x=\"{x:.1}\" y=\"{y}\" text-anchor=\"middle\">{}</text>", escape(name));
    }
    let drawn = table.rows.iter().zip(COLOURS.iter().cycle()).enumerate();
    for (index, (row, colour)) in drawn {
        let points = row.cells.iter().enumerate().filter_map(|(column, cell)| {
            let value = cell.value().filter(|v| *v > 0.0)?;
            Some((x(column), y(value), value))
        });
        let points: Vec<_> = points.collect();
        if points.is_empty() {
            continue;
        }
        let line: Vec<String> = points.iter().map(|(x, y, _)| format!("{x:.1},{y:.1}")).collect();
        let width = if index == 0 { 3 } else { 1 };
        let _ = writeln!(
            out,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{width}\"/>",
            line.join(" ")
        );
        for (x, y, value) in points {
            let _ = writeln!(
                out,
                "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{colour}\"><title>{}: {}</title></circle>",
                escape(&row.name),
                time(value)
            );
        }
        let (x, y) = (WIDTH - RIGHT + 14.0, TOP + 18.0 * index as f64);
        let _ = writeln!(
            out,
            "<line x1=\"{x}\" y1=\"{y}\" x2=\"{}\" y2=\"{y}\" stroke=\"{colour}\" stroke-width=\"3\"/>\
             <text x=\"{}\" y=\"{}\">{}</text>",
            x + 16.0,
            x + 22.0,
            y + 4.0,
            escape(&row.name)
        );
    }
    out.push_str("</svg>\n");
    Some(out)
}

/// A power of ten with its unit.
fn round(ns: f64) -> String {
    let text = time(ns);
    match text.split_once(' ') {
        Some((number, unit)) if number.contains('.') => {
            format!("{} {unit}", number.trim_end_matches('0').trim_end_matches('.'))
        }
        _ => text,
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The name of its file.
pub fn file_name(table: &Table) -> String {
    let words = table.title.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-").to_lowercase() + ".svg"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Stat;
    use crate::peers::Kind;
    use crate::results::{Cell, Row};

    #[test]
    fn the_scale_is_in_powers_of_ten() {
        let shown = [1.0, 10.0, 100.0, 1e3, 1e5, 1e9].map(round);
        assert_eq!(shown, ["1 ns", "10 ns", "100 ns", "1 µs", "100 µs", "1 s"]);
    }

    #[test]
    fn what_is_measured_is_drawn_and_nothing_else() {
        let mut table = Table::new("a & b", ["64 B", "4 KiB"], true);
        let cell = |ns| Stat::of(vec![ns]).map_or(Cell::Cannot(String::new()), |stat| Cell::Time(stat, None));
        table.rows.push(Row { cells: vec![cell(1.0), cell(100.0)], ..Row::new(Kind::Ours) });
        table.rows.push(Row { cells: vec![cell(10.0), Cell::Cannot("why".to_owned())], ..Row::new(Kind::Mutex) });
        table.rows.push(Row { cells: vec![Cell::Cannot("why".to_owned())], ..Row::new(Kind::Lmdb) });
        let svg = svg(&table).unwrap();
        assert_eq!((svg.matches("<polyline").count(), svg.matches("<circle").count()), (2, 3));
        assert!(svg.contains("points=\"70.0,380.0 660.0,40.0\"") && svg.contains("points=\"70.0,210.0\""), "{svg}");
        assert!(svg.contains("a &amp; b"));
    }
}
