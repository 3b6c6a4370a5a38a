//! What came out: tables of cells, by title, row and column.

use crate::measure::Stat;
use crate::peers::Kind;

/// Which figures are the better ones.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Better {
    Less,
    More,
    /// None is better than another, or none is compared.
    Neither,
}

pub enum Cell {
    /// Nanoseconds, and perhaps a remark.
    Time(Stat, Option<String>),
    /// Another number, and how to show it.
    Figure(Stat, fn(f64) -> String, Better),
    /// Why there is none.
    Cannot(String),
}

impl Cell {
    pub fn of(times: anyhow::Result<Vec<f64>>) -> Cell {
        match times.map(Stat::of) {
            Ok(Some(stat)) => Cell::Time(stat, None),
            Ok(None) => Cell::Cannot("not measured".to_owned()),
            Err(error) => Cell::Cannot(format!("failed: {error:#}")),
        }
    }

    pub fn figure(values: Vec<f64>, text: fn(f64) -> String, better: Better) -> Cell {
        let stat = Stat::of(values);
        stat.map_or(Cell::Cannot("not measured".to_owned()), |stat| Cell::Figure(stat, text, better))
    }

    pub fn stat(&self) -> Option<&Stat> {
        match self {
            Cell::Time(stat, _) | Cell::Figure(stat, ..) => Some(stat),
            Cell::Cannot(_) => None,
        }
    }

    pub fn value(&self) -> Option<f64> {
        self.stat().map(|stat| stat.median)
    }

    pub fn better(&self) -> Better {
        match self {
            Cell::Time(..) => Better::Less,
            Cell::Figure(_, _, better) => *better,
            Cell::Cannot(_) => Better::Neither,
        }
    }

    /// The number as people read it.
    pub fn text(&self, value: f64) -> String {
        match self {
            Cell::Figure(_, text, _) => text(value),
            _ => time(value),
        }
    }
}

pub struct Row {
    pub name: String,
    pub competes: bool,
    pub cells: Vec<Cell>,
}

impl Row {
    pub fn new(kind: Kind) -> Row {
        Row { name: kind.name().to_owned(), competes: kind.competes(), cells: Vec::new() }
    }
}

pub struct Table {
    pub title: String,
    pub columns: Vec<String>,
    pub rows: Vec<Row>,
    /// Whether there are peers among the rows.
    pub compared: bool,
}

impl Table {
    pub fn new(
        title: impl Into<String>,
        columns: impl IntoIterator<Item = impl Into<String>>,
        compared: bool,
    ) -> Table {
        let columns = columns.into_iter().map(Into::into).collect();
        Table { title: title.into(), columns, rows: Vec::new(), compared }
    }

    /// The best of a column among those that compete.
    pub fn best(&self, column: usize) -> Option<&Stat> {
        let cells = self.rows.iter().filter(|row| row.competes).filter_map(|row| row.cells.get(column));
        let better = cells.clone().map(Cell::better).find(|better| *better != Better::Neither)?;
        let stats = cells.filter_map(Cell::stat);
        match better {
            Better::More => stats.max_by(|a, b| a.median.total_cmp(&b.median)),
            _ => stats.min_by(|a, b| a.median.total_cmp(&b.median)),
        }
    }

    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column == name)
    }

    pub fn stat(&self, row: &str, column: &str) -> Option<&Stat> {
        self.row(row)?.cells.get(self.column(column)?)?.stat()
    }

    pub fn row(&self, name: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.name == name)
    }

    pub fn get(&self, row: &str, column: &str) -> Option<f64> {
        self.row(row)?.cells.get(self.column(column)?)?.value()
    }
}

#[derive(Default)]
pub struct Results {
    pub tables: Vec<Table>,
    pub notes: Vec<String>,
}

impl Results {
    pub fn table(&self, title: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.title == title)
    }

    pub fn get(&self, title: &str, row: &str, column: &str) -> Option<f64> {
        self.table(title)?.get(row, column)
    }
}

/// How many per second.
pub fn rate(value: f64) -> String {
    match value {
        _ if value >= 1e6 => format!("{:.2} M/s", value / 1e6),
        _ if value >= 1e3 => format!("{:.1} k/s", value / 1e3),
        _ if value >= 10.0 => format!("{value:.0} /s"),
        _ => format!("{value:.1} /s"),
    }
}

pub fn factor(value: f64) -> String {
    format!("{value:.2}x")
}

pub fn percent(value: f64) -> String {
    format!("{:.1} %", 100.0 * value)
}

pub fn whole(value: f64) -> String {
    format!("{value:.0}")
}

/// In powers of a thousand, as the scale of a chart is.
pub fn decimal(bytes: f64) -> String {
    match bytes {
        _ if bytes >= 1e9 => format!("{:.1} GB", bytes / 1e9),
        _ if bytes >= 1e6 => format!("{:.1} MB", bytes / 1e6),
        _ if bytes >= 1e3 => format!("{:.1} kB", bytes / 1e3),
        _ => format!("{bytes:.0} B"),
    }
}

pub fn kib(bytes: f64) -> String {
    format!("{:.0} KiB", bytes / 1024.0)
}

/// Nanoseconds with a unit, three digits that matter.
pub fn time(ns: f64) -> String {
    let (value, unit) = match ns {
        _ if ns < 1e3 => (ns, "ns"),
        _ if ns < 1e6 => (ns / 1e3, "µs"),
        _ if ns < 1e9 => (ns / 1e6, "ms"),
        _ => (ns / 1e9, "s"),
    };
    match value {
        _ if value < 9.995 => format!("{value:.2} {unit}"),
        _ if value < 99.95 => format!("{value:.1} {unit}"),
        _ => format!("{value:.0} {unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_is_the_fastest_that_competes() {
        let mut table = Table::new("title", ["64 B"], true);
        for (kind, ns) in [(Kind::Ours, 1.0), (Kind::Seqlock, 2.0), (Kind::Mutex, 4.0), (Kind::Lmdb, 8.0)] {
            table.rows.push(Row { cells: vec![Cell::of(Ok(vec![ns]))], ..Row::new(kind) });
        }
        table.rows.push(Row { cells: vec![Cell::Cannot("why".to_owned())], ..Row::new(Kind::Sqlite) });
        assert_eq!(table.best(0).map(|stat| stat.median), Some(4.0));
        let results = Results { tables: vec![table], notes: Vec::new() };
        assert_eq!(results.get("title", Kind::Seqlock.name(), "64 B"), Some(2.0));
        assert_eq!(results.get("title", Kind::Sqlite.name(), "64 B"), None);
    }

    #[test]
    fn the_best_rate_is_the_highest() {
        let mut table = Table::new("title", ["updates", "torn"], true);
        for (kind, per_second) in [(Kind::Ours, 9.0), (Kind::Mutex, 4.0), (Kind::Lmdb, 8.0)] {
            let cells = vec![
                Cell::figure(vec![per_second], rate, Better::More),
                Cell::figure(vec![1.0], whole, Better::Neither),
            ];
            table.rows.push(Row { cells, ..Row::new(kind) });
        }
        assert_eq!(table.best(0).map(|stat| stat.median), Some(8.0));
        assert!(table.best(1).is_none());
    }

    #[test]
    fn a_rate_below_one_is_not_none() {
        let shown = [0.1, 9.0, 12.3, 1234.0, 1.5e6].map(rate);
        assert_eq!(shown, ["0.1 /s", "9.0 /s", "12 /s", "1.2 k/s", "1.50 M/s"]);
    }

    #[test]
    fn times_have_three_digits() {
        let shown = [1.234, 12.34, 99.96, 123.4, 1234.0, 1.5e6, 2e9].map(time);
        assert_eq!(shown, ["1.23 ns", "12.3 ns", "100 ns", "123 ns", "1.23 µs", "1.50 ms", "2.00 s"]);
    }
}
