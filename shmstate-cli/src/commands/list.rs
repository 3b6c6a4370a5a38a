//! `ls`.

use crate::failure::Failure;
use crate::regions;
use comfy_table::{CellAlignment, Table, presets};
use serde_json::json;
use shmstate::ErrorKind;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Bytes of a block, as `stat` counts them.
const BLOCK: u64 = 512;

struct Row {
    name: String,
    size: u64,
    memory: u64,
    state: Result<Known, String>,
}

/// What an open region says of itself.
struct Known {
    type_name: String,
    version: u64,
    commits_per_second: f64,
    retired: bool,
    /// Whether no process has it open.
    orphaned: bool,
    /// How many handles processes have on it.
    handles: usize,
}

pub fn ls(out: &mut impl Write, dir: Option<PathBuf>, as_json: bool, rate_ms: u64) -> Result<bool, Failure> {
    let dir = dir.unwrap_or_else(regions::directory);
    let rows = rows(&dir, Duration::from_millis(rate_ms))?;
    if as_json {
        let rows: Vec<_> = rows.iter().map(object).collect();
        writeln!(out, "{}", serde_json::Value::from(rows))?;
        return Ok(true);
    }
    if rows.is_empty() {
        writeln!(out, "no regions in {}", dir.display())?;
        return Ok(true);
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["name", "type", "version", "commits/s", "handles", "size", "memory", ""]);
    for column in 2..=6 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    for row in &rows {
        let [type_name, version, rate, handles, note] = match &row.state {
            Ok(known) => [
                known.type_name.clone(),
                known.version.to_string(),
                format!("{:.0}", known.commits_per_second),
                known.handles.to_string(),
                match known {
                    Known { retired: true, .. } => "retired".into(),
                    Known { orphaned: true, .. } => "orphaned".into(),
                    _ => String::new(),
                },
            ],
            Err(why) => ["-".into(), "-".into(), "-".into(), "-".into(), why.clone()],
        };
        table.add_row([row.name.clone(), type_name, version, rate, handles, bytes(row.size), bytes(row.memory), note]);
    }
    writeln!(out, "{}", table.to_string().lines().map(str::trim_end).collect::<Vec<_>>().join("\n"))?;
    Ok(true)
}

fn rows(dir: &Path, moment: Duration) -> Result<Vec<Row>, Failure> {
    let files = regions::files(dir)?;
    let opened: Vec<_> = files.iter().map(|path| regions::open(path).map(|state| (state.version(), state))).collect();
    let began = Instant::now();
    if opened.iter().any(Result::is_ok) {
        std::thread::sleep(moment);
    }
    let mut rows = Vec::new();
    for (path, opened) in files.iter().zip(opened) {
        let found = std::fs::metadata(path);
        let state = opened.and_then(|(before, state)| {
            let version = state.version();
            let elapsed = began.elapsed().as_secs_f64().max(f64::MIN_POSITIVE);
            let (type_name, out_of_service) = match state.read(|value| value.type_name().to_owned()) {
                Err(error) if error.kind() == ErrorKind::Retired => ("-".into(), true),
                name => (name?, false),
            };
            let orphaned = super::remove::users_of(&state)?.is_empty();
            Ok(Known {
                type_name,
                version,
                commits_per_second: version.saturating_sub(before) as f64 / elapsed,
                retired: out_of_service || !state.is_current()?,
                orphaned,
                handles: state.handles()?.len(),
            })
        });
        rows.push(Row {
            name: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            size: found.as_ref().map_or(0, |found| found.len()),
            memory: found.as_ref().map_or(0, |found| found.blocks() * BLOCK),
            state: state.map_err(|error| error.to_string()),
        });
    }
    Ok(rows)
}

fn object(row: &Row) -> serde_json::Value {
    match &row.state {
        Ok(known) => json!({
            "name": row.name, "type": known.type_name, "version": known.version,
            "commits_per_second": known.commits_per_second, "handles": known.handles, "size": row.size,
            "memory": row.memory, "retired": known.retired, "orphaned": known.orphaned,
        }),
        Err(why) => json!({ "name": row.name, "size": row.size, "memory": row.memory, "error": why }),
    }
}

/// A number of bytes with three digits.
fn bytes(count: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut unit = 0;
    let mut value = count as f64;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    let digits = if unit == 0 || value >= 100.0 { 0 } else { 1 };
    format!("{value:.digits$} {}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    #[test]
    fn bytes_are_rounded() {
        assert_eq!(super::bytes(0), "0 B");
        assert_eq!(super::bytes(1536), "1.5 KiB");
        assert_eq!(super::bytes(300 << 20), "300 MiB");
    }
}
