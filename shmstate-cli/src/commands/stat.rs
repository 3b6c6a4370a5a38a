//! `stat`.

use crate::failure::Failure;
use crate::{processes, regions};
use comfy_table::{Table, presets};
use serde_json::json;
use shmstate::dynamic::Handle;
use shmstate::{Stats, TimeSpan};
use std::io::Write;
use std::path::Path;

pub fn stat(out: &mut impl Write, name: &Path, as_json: bool, prometheus: bool) -> Result<bool, Failure> {
    let state = regions::open(name)?;
    let (stats, handles) = (state.stats()?, state.handles()?);
    if as_json {
        let counters: serde_json::Map<_, _> =
            counters(&stats).into_iter().map(|(name, _, value)| (name.to_owned(), value.into())).collect();
        let handles: Vec<_> = handles.iter().map(object).collect();
        writeln!(out, "{}", json!({ "counters": counters, "handles": handles }))?;
    } else if prometheus {
        let region = label(&name.display().to_string());
        for (name, help, value) in counters(&stats) {
            let is_gauge = ["copies", "handles", "longest"].iter().any(|start| name.starts_with(start));
            let (kind, suffix) = if is_gauge { ("gauge", "") } else { ("counter", "_total") };
            writeln!(out, "# HELP shmstate_{name}{suffix} {help}\n# TYPE shmstate_{name}{suffix} {kind}")?;
            writeln!(out, "shmstate_{name}{suffix}{{region=\"{region}\"}} {value}")?;
        }
        writeln!(
            out,
            "# HELP shmstate_handles_attached Handles that processes have\n# TYPE shmstate_handles_attached gauge"
        )?;
        writeln!(out, "shmstate_handles_attached{{region=\"{region}\"}} {}", handles.len())?;
    } else {
        for (name, help, value) in counters(&stats) {
            writeln!(out, "{name:<20} {value:>14}  {help}")?;
        }
        writeln!(out)?;
        show(out, &handles)?;
    }
    Ok(true)
}

/// The name of each counter, what it counts, and its value.
fn counters(stats: &Stats) -> [(&'static str, &'static str, u64); 8] {
    [
        ("commits", "updates that were committed", stats.commits),
        ("roll_backs", "updates that were rolled back", stats.roll_backs),
        ("recoveries", "writers that died with the lock", stats.recoveries),
        ("pins_reclaimed", "dead readers that were in a writer's way", stats.pins_reclaimed),
        ("longest_wait_us", "microseconds: the longest wait of an update", stats.longest_wait.as_micros() as u64),
        ("copies", "copies in use", stats.copies as u64),
        ("copies_most", "copies that there can be", stats.max_copies as u64),
        ("handles_most", "handles that there can be", stats.handles as u64),
    ]
}

fn object(handle: &Handle) -> serde_json::Value {
    json!({
        "slot": handle.slot, "pid": handle.pid, "namespace": handle.namespace, "command": handle.command,
        "attached_s": handle.since.elapsed().map_or(0.0, TimeSpan::as_secs_f64), "pinned": handle.pinned, "writes": handle.writes, "alive": is_alive(handle),
    })
}

fn show(out: &mut impl Write, handles: &[Handle]) -> Result<(), Failure> {
    if handles.is_empty() {
        writeln!(out, "no process is attached")?;
        return Ok(());
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["slot", "process", "command", "attached for", "writes", "copies that it reads", ""]);
    for handle in handles {
        let pinned: Vec<String> = handle.pinned.iter().map(usize::to_string).collect();
        let note = match is_alive(handle) {
            Some(true) if processes::is_stopped(handle.pid) => "stopped",
            Some(true) => "",
            Some(false) => "dead",
            None => "in another PID namespace",
        };
        let writes = if handle.writes { "yes" } else { "" };
        table.add_row([
            &handle.slot.to_string(),
            &handle.pid.to_string(),
            &handle.command,
            &lasted(handle.since.elapsed().unwrap_or_default()),
            writes,
            &pinned.join(", "),
            note,
        ]);
    }
    writeln!(out, "{}", table.to_string().lines().map(str::trim_end).collect::<Vec<_>>().join("\n"))?;
    Ok(())
}

/// A time in its two largest units.
fn lasted(span: TimeSpan) -> String {
    let seconds = span.as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min {} s", seconds % 60),
        (0, _, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

/// Whether its process lives, as far as this one can see.
pub(super) fn is_alive(handle: &Handle) -> Option<bool> {
    use std::os::unix::fs::MetadataExt;
    let mine = std::fs::metadata("/proc/self/ns/pid").ok()?.ino();
    (u64::from(handle.namespace) == mine).then(|| Path::new(&format!("/proc/{}", handle.pid)).exists())
}

/// A text in a label of Prometheus.
fn label(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_two_units() {
        let lasted = |seconds| super::lasted(TimeSpan::from_secs(seconds));
        assert_eq!([0, 59].map(lasted), ["0 s", "59 s"]);
        assert_eq!([60, 3_599].map(lasted), ["1 min 0 s", "59 min 59 s"]);
        assert_eq!([3_600, 86_399, 86_400, 200_000].map(lasted), ["1 h 0 min", "23 h 59 min", "1 d 0 h", "2 d 7 h"]);
    }
}
