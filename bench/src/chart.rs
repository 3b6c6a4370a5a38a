//! Charts: sizes, or scenes, to the right; times, rates or bytes upwards on a logarithmic scale; one line for each side.

use crate::results::{Results, Table, decimal, rate, time};
use std::fmt::Write;

const WIDTH: f64 = 900.0;
const HEIGHT: f64 = 430.0;
const LEFT: f64 = 90.0;
const RIGHT: f64 = 220.0;
const TOP: f64 = 50.0;
const BOTTOM: f64 = 50.0;
/// Distinguishable with reduced colour vision, too (Okabe and Ito, and more).
const COLOURS: [&str; 11] = [
    "#d55e00", "#000000", "#999999", "#0072b2", "#009e73", "#e69f00", "#b8860b", "#cc79a7", "#56b4e9", "#7b68ee",
    "#8b4513",
];

/// One column of several tables.
pub struct Series {
    pub title: String,
    pub column: &'static str,
    /// What it is called below, and the table's title.
    pub tables: Vec<(String, String)>,
}

pub struct Chart {
    pub title: String,
    labels: Vec<String>,
    lines: Vec<Line>,
    unit: fn(f64) -> String,
}

struct Line {
    name: String,
    /// It is what all have to be above: drawn with dashes.
    floor: bool,
    /// The place to the right, the value, and what it says.
    points: Vec<(usize, f64, String)>,
}

impl Chart {
    /// All columns of one table.
    pub fn of(table: &Table) -> Chart {
        let unit = if table.title == crate::workloads::lifecycle::MEMORY { decimal } else { time };
        let mut chart = Chart { title: table.title.clone(), labels: table.columns.clone(), lines: Vec::new(), unit };
        for row in &table.rows {
            for (place, cell) in row.cells.iter().enumerate() {
                chart.add(&row.name, !row.competes, place, cell.value(), unit);
            }
        }
        chart
    }

    /// As far as the tables are there.
    pub fn across(series: &Series, results: &Results) -> Chart {
        let unit = if series.column.starts_with('p') { time } else { rate };
        let mut chart = Chart { title: series.title.clone(), labels: Vec::new(), lines: Vec::new(), unit };
        for (label, title) in &series.tables {
            let Some(table) = results.table(title) else { continue };
            for row in &table.rows {
                let value = table.get(&row.name, series.column);
                chart.add(&row.name, !row.competes, chart.labels.len(), value, unit);
            }
            chart.labels.push(label.clone());
        }
        chart
    }

    fn add(&mut self, name: &str, apart: bool, place: usize, value: Option<f64>, text: fn(f64) -> String) {
        let index = self.lines.iter().position(|line| line.name == name).unwrap_or_else(|| {
            // The first one is ours, and it does not compete with itself.
            let floor = apart && !self.lines.is_empty();
            self.lines.push(Line { name: name.to_owned(), floor, points: Vec::new() });
            self.lines.len() - 1
        });
        if let Some(value) = value.filter(|value| *value > 0.0) {
            self.lines[index].points.push((place, value, text(value)));
        }
    }

    /// Nothing, if there is nothing to draw.
    pub fn svg(&self) -> Option<String> {
        let values = self.lines.iter().flat_map(|line| &line.points).map(|(_, value, _)| value.log10());
        let (least, most) = values.fold((f64::MAX, f64::MIN), |(least, most), v| (least.min(v), most.max(v)));
        if least > most {
            return None;
        }
        let (low, high) = (least.floor(), most.ceil().max(least.floor() + 1.0));
        let columns = self.labels.len().max(2) - 1;
        let x = |place: usize| LEFT + (WIDTH - LEFT - RIGHT) * place as f64 / columns as f64;
        let y = |value: f64| TOP + (HEIGHT - TOP - BOTTOM) * (high - value.log10()) / (high - low);

        let mut out = String::new();
        let _ = write!(
            out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
             font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
             <text x=\"{LEFT}\" y=\"26\" font-size=\"15\">{}</text>\n",
            escape(&self.title)
        );
        for power in low as i32..=high as i32 {
            let value = 10f64.powi(power);
            let (y, from, to) = (y(value), LEFT - 8.0, WIDTH - RIGHT + 8.0);
            let _ = writeln!(
                out,
                "<line x1=\"{from}\" y1=\"{y:.1}\" x2=\"{to}\" y2=\"{y:.1}\" stroke=\"#ddd\"/>\
                 <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                from - 6.0,
                y + 4.0,
                round(value, self.unit)
            );
        }
        for (place, name) in self.labels.iter().enumerate() {
            let (x, y) = (x(place), HEIGHT - BOTTOM + 26.0);
            let _ = writeln!(out, "<text x=\"{x:.1}\" y=\"{y}\" text-anchor=\"middle\">{}</text>", escape(name));
        }
        // Ours comes last, above the others.
        let mut shown = 0;
        let drawn: Vec<_> = self.lines.iter().zip(COLOURS.iter().cycle()).enumerate().collect();
        for (index, (line, colour)) in drawn.into_iter().rev() {
            let points: Vec<String> =
                line.points.iter().map(|(at, v, _)| format!("{:.1},{:.1}", x(*at), y(*v))).collect();
            let (width, dashes) = match (index, line.floor) {
                (0, _) => (3.5, ""),
                (_, true) => (1.5, " stroke-dasharray=\"5 4\""),
                _ => (1.5, ""),
            };
            if !points.is_empty() {
                let _ = writeln!(
                    out,
                    "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{width}\"{dashes}/>",
                    points.join(" ")
                );
            }
            for (place, value, text) in &line.points {
                let _ = writeln!(
                    out,
                    "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"3.5\" fill=\"{colour}\"><title>{}: {text}</title></circle>",
                    x(*place),
                    y(*value),
                    escape(&line.name),
                );
            }
        }
        for (line, colour) in self.lines.iter().zip(COLOURS.iter().cycle()) {
            if line.points.is_empty() {
                continue;
            }
            let (x, y) = (WIDTH - RIGHT + 24.0, TOP + 20.0 * f64::from(shown));
            shown += 1;
            let _ = writeln!(
                out,
                "<line x1=\"{x}\" y1=\"{y}\" x2=\"{}\" y2=\"{y}\" stroke=\"{colour}\" stroke-width=\"3\"/>\
                 <text x=\"{}\" y=\"{}\">{}</text>",
                x + 16.0,
                x + 22.0,
                y + 4.0,
                escape(&line.name)
            );
        }
        out.push_str("</svg>\n");
        Some(out)
    }

    /// The name of its file.
    pub fn file_name(&self) -> String {
        let words = self.title.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
        words.collect::<Vec<_>>().join("-").to_lowercase() + ".svg"
    }
}

/// A power of ten with its unit.
fn round(value: f64, unit: fn(f64) -> String) -> String {
    let text = unit(value);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Stat;
    use crate::peers::Kind;
    use crate::results::{Better, Cell, Row};

    #[test]
    fn the_scale_is_in_powers_of_ten() {
        let shown = [1.0, 10.0, 100.0, 1e3, 1e5, 1e9].map(|value| round(value, time));
        assert_eq!(shown, ["1 ns", "10 ns", "100 ns", "1 µs", "100 µs", "1 s"]);
        assert_eq!([1e3, 1e6].map(|value| round(value, rate)), ["1 k/s", "1 M/s"]);
    }

    #[test]
    fn what_is_measured_is_drawn_and_nothing_else() {
        let mut table = Table::new("a & b", ["64 B", "4 KiB"], true);
        let cell = |ns| Stat::of(vec![ns]).map_or(Cell::Cannot(String::new()), |stat| Cell::Time(stat, None));
        table.rows.push(Row { cells: vec![cell(1.0), cell(100.0)], ..Row::new(Kind::Ours) });
        table.rows.push(Row { cells: vec![cell(10.0), Cell::Cannot("why".to_owned())], ..Row::new(Kind::Mutex) });
        table.rows.push(Row { cells: vec![Cell::Cannot("why".to_owned())], ..Row::new(Kind::Lmdb) });
        let chart = Chart::of(&table);
        let svg = chart.svg().unwrap();
        assert_eq!((svg.matches("<polyline").count(), svg.matches("<circle").count()), (2, 3));
        assert!(svg.contains("points=\"90.0,380.0 680.0,50.0\"") && svg.contains("points=\"90.0,215.0\""), "{svg}");
        assert!(svg.contains("a &amp; b") && !svg.contains("LMDB"));
        assert_eq!(chart.file_name(), "a-b.svg");
    }

    #[test]
    fn a_chart_across_tables_has_a_place_for_each_that_is_there() {
        let table = |title: &str, value| {
            let mut table = Table::new(title, ["updates"], true);
            table.rows.push(Row { cells: vec![Cell::figure(vec![value], rate, Better::More)], ..Row::new(Kind::Ours) });
            table
        };
        let results = Results { tables: vec![table("one", 10.0), table("three", 1000.0)], notes: Vec::new() };
        let tables = ["one", "two", "three"].map(|name| (name.to_owned(), name.to_owned())).to_vec();
        let chart = Chart::across(&Series { title: "all".to_owned(), column: "updates", tables }, &results);
        assert_eq!(chart.labels, ["one", "three"]);
        let svg = chart.svg().unwrap();
        assert!(svg.contains("points=\"90.0,380.0 680.0,50.0\""), "{svg}");
        assert!(
            Chart::across(&Series { title: String::new(), column: "reads", tables: Vec::new() }, &results)
                .svg()
                .is_none()
        );
    }
}
