//! `stat` and `doctor`.

use crate::failure::Failure;
use anstyle::{AnsiColor, Style};
use comfy_table::{Table, presets};
use serde_json::json;
use shmstate::dynamic::{DynState, Handle};
use shmstate::{ErrorKind, Stats};
use std::io::Write;
use std::path::Path;

const ODD: Style = AnsiColor::Yellow.on_default();

pub fn stat(out: &mut impl Write, name: &Path, as_json: bool, prometheus: bool) -> Result<bool, Failure> {
    let state = DynState::open(name)?;
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
        "pinned": handle.pinned, "writes": handle.writes, "alive": is_alive(handle),
    })
}

fn show(out: &mut impl Write, handles: &[Handle]) -> Result<(), Failure> {
    if handles.is_empty() {
        writeln!(out, "no process is attached")?;
        return Ok(());
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["slot", "process", "command", "writes", "copies that it reads", ""]);
    for handle in handles {
        let pinned: Vec<String> = handle.pinned.iter().map(usize::to_string).collect();
        let note = match is_alive(handle) {
            Some(true) => "",
            Some(false) => "dead",
            None => "in another PID namespace",
        };
        let writes = if handle.writes { "yes" } else { "" };
        table.add_row([
            &handle.slot.to_string(),
            &handle.pid.to_string(),
            &handle.command,
            writes,
            &pinned.join(", "),
            note,
        ]);
    }
    writeln!(out, "{}", table.to_string().lines().map(str::trim_end).collect::<Vec<_>>().join("\n"))?;
    Ok(())
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

/// Prints what is odd, and what to do about it. Returns whether nothing is.
pub fn doctor(out: &mut impl Write, name: &Path) -> Result<bool, Failure> {
    let state = DynState::open(name)?;
    let mut odd: Vec<(String, &str)> = Vec::new();
    if !state.is_current()? {
        odd.push((
            "the name leads to another region, or to none".into(),
            "processes that still use this one have to open the name again",
        ));
    }
    match state.snapshot() {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::Corrupt => {
            odd.push((
                format!("the state is damaged: {error}"),
                "end all processes, remove the region, and build the state anew",
            ));
        }
        Err(error) if error.kind() == ErrorKind::Busy => {
            odd.push((
                "writers were too fast for a copy of the whole state".into(),
                "this is no damage: try again under less load",
            ));
        }
        Err(error) if error.kind() == ErrorKind::Retired => {
            odd.push((
                "the region is retired: another one has taken its place, and its state".into(),
                "remove this name, which is a second one of it or that of a copy; processes open the name of the other one",
            ));
        }
        Err(error) => return Err(error.into()),
    }
    let (handles, stats) = (state.handles()?, state.stats()?);
    for handle in handles.iter().filter(|handle| is_alive(handle) == Some(false)) {
        let what =
            format!("process {} (`{}`) died without leaving; it has slot {}", handle.pid, handle.command, handle.slot);
        let advice = match handle {
            Handle { writes: true, .. } => "it has the writer's lock: the next update takes it over by itself",
            Handle { pinned, .. } if !pinned.is_empty() => {
                "its copy is taken back when a writer needs it: nothing has to be done"
            }
            _ => "the next process that attaches takes its slot: nothing has to be done",
        };
        odd.push((what, advice));
    }
    let pinned = (0..stats.copies).filter(|copy| handles.iter().any(|handle| handle.pinned.contains(copy))).count();
    if pinned + 1 >= stats.copies && stats.copies >= stats.max_copies {
        odd.push((
            format!(
                "readers are in {pinned} of {} copies, and there can be no more: updates may have to wait",
                stats.copies
            ),
            "shorten the closures that read, or let a process move the state to more copies: `State::recreate`",
        ));
    }
    if handles.len() >= stats.handles {
        odd.push((
            format!("all {} handles are taken: no other process can attach", stats.handles),
            "share handles among threads, or let a process that has one move the state to more: `State::recreate`",
        ));
    }
    for (what, advice) in &odd {
        writeln!(out, "{ODD}{what}{ODD:#}\n  {advice}")?;
    }
    if odd.is_empty() {
        writeln!(out, "nothing odd: version {}, {} handles attached", stats.commits, handles.len())?;
    }
    Ok(odd.is_empty())
}
